"""What people set for themselves in the console."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Model


class Preferences(Model):
    """What a person set for themselves.

    Attributes
    ----------
    keys
        Other keys for actions: the key an action has on its button, and the one it should have.
    volume_cap
        The loudest that sound may be, a share of the device's volume; 0 for no sound at all.
    break_minutes
        Remind of a rest after so long; 0 never.
    """

    keys: dict[Annotated[str, Field(min_length=1, max_length=12)], Annotated[str, Field(max_length=12)]] = Field(
        default_factory=dict, max_length=60
    )
    volume_cap: float = Field(default=0.8, ge=0.0, le=1.0)
    break_minutes: int = Field(default=45, ge=0, le=480)

    @model_validator(mode="after")
    def _refuse_double_keys(self) -> Self:
        used = [key for key in self.keys.values() if key]
        if len(set(used)) < len(used):
            raise ValueError("two actions have the same key")
        return self
