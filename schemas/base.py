"""The one base of all nouns: immutable, strict about names, JSON in and out."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A noun of liner: unknown fields are refused and values never change in place."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")
