"""Typed settings, read from the environment (``LINER_*``); everything has a working default."""

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import InvalidInput

PREFIX = "LINER_"
MIB = 1024 * 1024
GIB = 1024 * MIB


def _expand(path: Path) -> Path:
    return path.expanduser()


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise ValueError("is no http or https address")
    return url.rstrip("/")


def _database_url(url: str) -> str:
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("is neither sqlite:///PATH nor postgresql://USER@HOST/NAME")
    return url


Folder = Annotated[Path, AfterValidator(_expand)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]


def _below_home(name: str) -> Any:
    def default(data: dict[str, Any]) -> Path:
        return Path(data.get("home", ".liner")) / name

    return Field(default_factory=default)


def _default_database(data: dict[str, Any]) -> str:
    return f"sqlite:///{Path(data.get('home', '.liner')) / 'review.db'}"


class Settings(BaseSettings):
    """What liner may be told from outside.

    Attributes
    ----------
    home
        Folder of everything that liner writes by default.
    database_url
        ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``.
    landing, lake
        Folder that deliveries enter through; folder of the Parquet parts.
    registry
        Folder of one's own models and calibrations (docs/models.md); read where models are loaded.
    review_url, review_key
        A review API to deliver to; without the address the API is called in the same process.
    public_url
        The address people reach the console by; ``https`` makes its cookies secure.
    session_hours, sign_in_minutes
        Life of a console session (hours) and of a one-time sign-in link (minutes).
    rate_per_key, rate_per_address
        Requests per second of one key, and of one address without a good key; five seconds' worth may come at once,
        0 is no limit.
    review_rules
        The rules of undo, second opinions and samples: ``house``, ``at-once``, or the path of a TOML file.
    max_file_bytes, max_message_bytes, max_delivery_bytes, max_delivery_files
        Limits of one uploaded file, message and delivery.
    max_body_bytes
        Limit of any other request's body.
    attachments
        Folder of what labels attach to appeals.
    appeal_days
        Days until an appeal is to be answered.
    draft_days
        Days without a byte after which a delivery that was never sent is thrown away.
    webhook_private
        Whether webhooks may call private addresses, this machine's included; for tests and closed networks.
    slack_signing_secret, slack_bot_token, slack_api_url
        What signs requests of the Slack app, what opens its modals, and where (docs/chat.md).
    oidc_issuer, oidc_client_id, oidc_client_secret, oidc_scopes
        The OpenID provider that people sign in with, and what we are there (docs/sign-in.md).
    oidc_name_claim, oidc_role_claim, oidc_roles, oidc_account_claim
        Which claims name the person, their groups and a label's account; ``GROUP=ROLE`` pairs with commas.
    smtp_url, smtp_from
        ``smtp://USER:PASSWORD@HOST:PORT`` (``smtps`` for TLS from the start) and the sender of mails.

    Raises
    ------
    InvalidInput
        A value that cannot be used, or a ``LINER_`` name that looks like a slip of the pen.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Folder = Path(".liner")
    database_url: DatabaseUrl = Field(default_factory=_default_database)
    landing: Folder = _below_home("landing")
    lake: Folder = _below_home("lake")
    registry: Folder = _below_home("models")
    review_url: HttpUrl = ""
    review_key: SecretStr = SecretStr("")
    public_url: HttpUrl = "http://127.0.0.1:8000"
    session_hours: int = Field(default=12, ge=1, le=24 * 30)
    sign_in_minutes: int = Field(default=60, ge=1, le=24 * 60)
    review_rules: str = "house"
    rate_per_key: float = Field(default=100.0, ge=0)
    rate_per_address: float = Field(default=20.0, ge=0)
    max_file_bytes: int = Field(default=4 * GIB, ge=1)
    max_message_bytes: int = Field(default=64 * MIB, ge=1)
    max_delivery_bytes: int = Field(default=32 * GIB, ge=1)
    max_delivery_files: int = Field(default=1000, ge=1)
    max_body_bytes: int = Field(default=64 * MIB, ge=1)
    attachments: Folder = _below_home("attachments")
    appeal_days: int = Field(default=14, ge=1, le=184)
    draft_days: int = Field(default=14, ge=1, le=365)
    webhook_private: bool = False
    slack_signing_secret: SecretStr = SecretStr("")
    slack_bot_token: SecretStr = SecretStr("")
    slack_api_url: HttpUrl = "https://slack.com/api"
    oidc_issuer: str = Field(default="", pattern=r"^(https?://\S+)?$")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scopes: str = "openid profile email"
    oidc_name_claim: str = "preferred_username"
    oidc_role_claim: str = "groups"
    oidc_roles: str = ""
    oidc_account_claim: str = "liner_account"
    smtp_url: SecretStr = SecretStr("")
    smtp_from: str = Field(default="liner@localhost", pattern=r"^[^\s<>@]+@[^\s<>@]+$")

    def __init__(self, **values: Any) -> None:
        _refuse_near_misses()
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _as_sentence(error) from error

    @model_validator(mode="after")
    def _refuse_nested_lake(self) -> Self:
        if self.lake.resolve().is_relative_to(self.landing.resolve()):
            raise ValueError("LINER_LAKE lies within LINER_LANDING: results would be read as deliveries")
        return self

    @property
    def is_secure(self) -> bool:
        """Whether people reach the console over https."""
        return self.public_url.startswith("https://")


def _as_sentence(error: ValidationError) -> InvalidInput:
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return InvalidInput(f"{message}.", mend="Choose another folder for one of the two.")
    name = f"{PREFIX}{str(first['loc'][0]).upper()}"
    is_secret = first["loc"][0] in {
        "review_key",
        "database_url",
        "smtp_url",
        "slack_signing_secret",
        "slack_bot_token",
        "oidc_client_secret",
    }
    given = "" if is_secret else f" ({first['input']!r})"
    return InvalidInput(f"The setting {name}{given}: {message}.", mend=f"Correct {name}, or unset it.")


def _refuse_near_misses() -> None:
    """Refuse LINER_DATABSE_URL: a misspelt name would quietly leave the default in force."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            if close:
                raise InvalidInput(f"There is no setting {name}.", mend=f"Did you mean {close[0]}?")
