"""The one base of all nouns: immutable, strict about names, JSON in and out."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A noun of liner: unknown fields are refused and values never change in place."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")


_NONE_TOLD: set[str] = set()


class Part(Model):
    """A noun that a message may hold a hundred thousand of.

    It does not remember which of its fields were given: that set is a third of such a noun's memory. So
    ``exclude_unset`` is not for parts.
    """

    def model_post_init(self, _: object, /) -> None:
        """Share one empty set among all parts; pydantic copies it where it changes it."""
        object.__setattr__(self, "__pydantic_fields_set__", _NONE_TOLD)
