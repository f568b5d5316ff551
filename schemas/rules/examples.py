"""An example for each rule: what triggers it, and the same mended."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Example:
    """What triggers a rule, and the same mended: XML of ERN 4.3.2, or the situation in words."""

    wrong: str
    right: str

    @property
    def is_xml(self) -> bool:
        """Whether both are pieces of a message."""
        return self.wrong.startswith("<") and self.right.startswith("<")


@cache
def examples() -> dict[str, Example]:
    """Read the examples by rule id; only who shows rules pays for it."""
    table = tomllib.loads(resources.files("schemas.rules").joinpath("examples.toml").read_text("utf-8"))
    return {rule_id: Example(one["wrong"].strip(), one["right"].strip()) for rule_id, one in table.items()}
