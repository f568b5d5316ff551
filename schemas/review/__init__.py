"""How decisions are checked before they have an effect: time to undo, second opinions, samples.

The rules are data (TOML): ``house`` and ``at-once`` come with liner, any other is named by its path. They decide
how long a decision stays a draft, when a second person has to look, and which share of decisions is looked at
twice to measure agreement. Nothing here knows a database.
"""

import hashlib
import tomllib
from datetime import timedelta
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Model
from schemas.cases import Action
from schemas.errors import InvalidPolicy

PACKAGED = ("house", "at-once")
DAY_S = 24 * 3600


class SampleKind(StrEnum):
    """Why a case is looked at blindly."""

    GOLDEN = "golden"  # the right answer is known: accuracy
    DOUBLE = "double"  # a share of all decisions: agreement
    HOLD = "hold"  # a decision has no effect before a second person looked


class ItemStatus(StrEnum):
    """What became of one case of a batch."""

    PLANNED = "planned"
    EXCEPTED = "excepted"
    REFUSED = "refused"
    CONFLICT = "conflict"
    DONE = "done"
    UNDONE = "undone"


class HoldRule(Model):
    """When a decision waits for a second opinion: all conditions that are given have to hold.

    Attributes
    ----------
    actions
        The actions that it is about.
    decisions_below
        The person has made fewer decisions than this.
    probability_below
        The highest probability among the signals behind the flags is lower; without any it does not apply.
    release_cases_from
        The release has at least this many cases.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    title: str
    actions: tuple[Action, ...] = Field(min_length=1)
    decisions_below: int | None = Field(default=None, ge=1)
    probability_below: float | None = Field(default=None, gt=0, le=1)
    release_cases_from: int | None = Field(default=None, ge=2)

    def applies(self, facts: "HoldFacts") -> bool:
        """Whether a decision with these facts waits."""
        return (
            facts.action in self.actions
            and (self.decisions_below is None or facts.decisions_made < self.decisions_below)
            and (self.release_cases_from is None or facts.release_cases >= self.release_cases_from)
            and (
                self.probability_below is None
                or (facts.probability is not None and facts.probability < self.probability_below)
            )
        )


class HoldFacts(Model):
    """What the rules look at: the action, who decides, how sure the signals are, how large the release is."""

    action: Action
    decisions_made: int = Field(ge=0)
    probability: float | None = None
    release_cases: int = Field(default=1, ge=0)


class ReviewRules(Model):
    """How decisions are checked before and after they have an effect.

    Attributes
    ----------
    undo_s
        Seconds that a decision stays a draft, by action; 0 publishes at once.
    batch_undo_s
        The same for each decision of a batch, at least.
    hold_hours
        After this a held decision that nobody looked at lapses: its case returns to the queue.
    second_review
        The rules that hold a decision.
    sample_share
        Share of decisions, from 0 to 1, that another person looks at blindly after they are published.
    """

    name: str = "own"
    undo_s: dict[Action, int] = Field(default_factory=dict)
    batch_undo_s: int = Field(default=0, ge=0, le=DAY_S)
    hold_hours: int = Field(default=72, ge=1, le=24 * 90)
    second_review: tuple[HoldRule, ...] = ()
    sample_share: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _refuse_odd_windows(self) -> Self:
        if any(not 0 <= seconds <= DAY_S for seconds in self.undo_s.values()):
            raise ValueError("undo_s: a window has 0 to 86,400 seconds")
        return self

    def undo_window(self, action: Action, *, is_batch: bool = False) -> timedelta:
        """Give the time between a decision and its effect."""
        seconds = self.undo_s.get(action, 0)
        return timedelta(seconds=max(seconds, self.batch_undo_s) if is_batch else seconds)

    def may_hold(self, action: Action) -> bool:
        """Whether any rule is about an action: else nobody needs to look for the facts."""
        return any(action in rule.actions for rule in self.second_review)

    def holds(self, facts: HoldFacts) -> tuple[HoldRule, ...]:
        """Name the rules that make this decision wait for a second opinion."""
        return tuple(rule for rule in self.second_review if rule.applies(facts))


AT_ONCE = ReviewRules(name="at-once")


def is_sampled(key: str, share: float) -> bool:
    """Draw a share of things by their name: anybody can check afterwards that nobody chose.

    Examples
    --------
    >>> is_sampled("dec_1", 0.0), is_sampled("dec_1", 1.0)
    (False, True)
    """
    drawn = int.from_bytes(hashlib.sha256(f"sample:{key}".encode()).digest()[:8], "big")
    return drawn < share * 2**64


def load_rules(name: str) -> ReviewRules:
    """Load the rules that come with liner by name, or others by path.

    Raises
    ------
    InvalidPolicy
        There is no such file, or it cannot be applied.
    """
    try:
        if name in PACKAGED:
            text = resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
        else:
            text = Path(name).expanduser().read_text("utf-8")
        return ReviewRules.model_validate({"name": name, **tomllib.loads(text)})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidPolicy(
            f"The review rules {name} cannot be read: {error}.", mend=f"Name a file, or one of {', '.join(PACKAGED)}."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidPolicy(f"The review rules {name}: {where}: {first['msg']}.", mend="See docs/api.md.") from error
