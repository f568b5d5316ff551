"""A profile makes severities a policy: what a rule weighs for one platform, with reason, source and date.

A profile is a TOML file (docs/profiles.md). It raises, lowers or mutes rules, and may name the TGT rule that
says what its platform would make of a declaration. Applying one is a pure function over findings.
"""

import datetime as dt
import tomllib
from collections.abc import Iterable
from enum import StrEnum
from importlib import resources
from typing import Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Model
from schemas.errors import InvalidProfile
from schemas.findings import Finding, Severity
from schemas.rules import RULES, Scope

SEE = "See docs/profiles.md for the form, and liner rules for the ids."


class Weight(StrEnum):
    """What a profile makes of a rule."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    MUTE = "mute"


class Basis(StrEnum):
    """How well an entry is founded."""

    SOURCED = "sourced"  # the platform's own page, named in the entry
    SECOND_HAND = "second-hand"  # press, blogs or notes of others
    HOUSE = "house"  # our own reading of the platform's rules


class Entry(Model):
    """One rule's weight.

    Attributes
    ----------
    date
        When the platform's rule began, or was read.
    """

    id: str
    severity: Weight
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)
    basis: Basis
    date: dt.date


class Profile(Model):
    """A named, dated set of weights.

    Attributes
    ----------
    target
        The TGT rule of the platform; only this one of its group is asked. None for no platform.
    entries
        At most one for each rule; all other rules keep their own severity.
    """

    id: str
    version: dt.date
    title: str
    description: str
    target: str | None = None
    entries: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _names_known_rules_once(self) -> Self:
        ids = [entry.id for entry in self.entries]
        if unknown := [one for one in ids if one not in RULES]:
            raise ValueError(f"there is no rule {unknown[0]}")
        if twice := [one for one in ids if ids.count(one) > 1]:
            raise ValueError(f"rule {twice[0]} is listed twice")
        if self.target and (self.target not in RULES or RULES[self.target].scope is not Scope.TARGET):
            raise ValueError(f"{self.target} is no rule of the TGT group")
        return self

    def entry(self, rule_id: str) -> Entry | None:
        """Look up what the profile says about a rule."""
        return next((entry for entry in self.entries if entry.id == rule_id), None)

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """Give findings the profile's severities, and leave out those of muted rules; the order stays."""
        weights = {entry.id: entry.severity for entry in self.entries}
        kept = (one for one in findings if weights.get(one.rule) is not Weight.MUTE)
        return [_weighed(one, weights.get(one.rule)) for one in kept]


def _weighed(one: Finding, weight: Weight | None) -> Finding:
    return one if weight is None else one.model_copy(update={"severity": Severity(weight.value)})


def shipped_profiles() -> tuple[str, ...]:
    """List the profiles that ship with liner, in the order of the alphabet."""
    files = resources.files("schemas").joinpath("profiles").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


def shipped_profile(name: str) -> Profile:
    """Read a profile that ships with liner.

    Raises
    ------
    InvalidProfile
        If there is none of that name.
    """
    if name not in shipped_profiles():
        names = ", ".join(shipped_profiles())
        raise InvalidProfile(f"There is no profile {name!r}.", mend=f"Choose one of {names}, or name a .toml file.")
    file = resources.files("schemas").joinpath("profiles", f"{name}.toml")
    return parse_profile(file.read_text("utf-8"), path=file.name)


def parse_profile(text: str, *, path: str = "profile") -> Profile:
    """Read a profile from TOML; `InvalidProfile` names the file and the first thing that is wrong."""
    try:
        data = tomllib.loads(text)
        return Profile.model_validate({**data.get("profile", {}), "entries": data.get("rule", [])})
    except tomllib.TOMLDecodeError as error:
        raise InvalidProfile(f"{path} is not TOML: {error}", mend="Mend the line that the message names.") from error
    except (ValidationError, TypeError) as error:
        raise InvalidProfile(f"{path}: {_first(error)}", mend=SEE) from error


def _first(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "[profile] is a table and [[rule]] a list of tables"
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
