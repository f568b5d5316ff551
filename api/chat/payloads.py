"""What Slack sends: clicks, sent modals and typed commands, read strictly where we use it and not at all elsewhere."""

import json
from typing import Annotated, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.errors import InvalidInput

MAX_FIELDS = 50  # of a form: Slack sends about fifteen
Id = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,40}$")]
Stamp = Annotated[str, Field(pattern=r"^[0-9.]{0,40}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,200}$")]
Url = Annotated[str, Field(max_length=2000)]
Words = Annotated[str, Field(max_length=10_000)]


class _Given(BaseModel):
    """Slack adds members when it likes; those that nobody here uses are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Team(_Given):
    """A workspace."""

    id: Id


class User(_Given):
    """Who acted; the id alone says who, names are theirs to change."""

    id: Id
    team_id: Id | None = None


class _ByUser(_Given):
    user: User
    team: Team | None = None

    @property
    def team_id(self) -> str:
        """The workspace; of an organisation's app the user names it."""
        return self.team.id if self.team else self.user.team_id or ""

    @property
    def user_id(self) -> str:
        """Who acted."""
        return self.user.id


class Pressed(_Given):
    """A button that was pressed."""

    action_id: Name
    value: Name = ""
    action_ts: Stamp = ""


class Place(_Given):
    """Where the card stands."""

    message_ts: Stamp = ""


class Click(_ByUser):
    """Somebody pressed a button on a card."""

    type: Literal["block_actions"]
    actions: Annotated[tuple[Pressed, ...], Field(min_length=1, max_length=25)]
    trigger_id: Annotated[str, Field(max_length=200)] = ""
    response_url: Url = ""
    container: Place = Place()


class Chosen(_Given):
    """The option of a list that was chosen."""

    value: Name


class Typed(_Given):
    """One field of a modal."""

    value: Words | None = None
    selected_option: Chosen | None = None

    @property
    def text(self) -> str:
        """What was typed or chosen."""
        return self.selected_option.value if self.selected_option else self.value or ""


class State(_Given):
    """The fields of a modal by block and action."""

    values: dict[str, dict[str, Typed]] = Field(default_factory=dict)


class View(_Given):
    """A modal as it was sent."""

    callback_id: Name
    private_metadata: Annotated[str, Field(max_length=3000)] = ""
    state: State = State()

    @property
    def fields(self) -> dict[str, str]:
        """What was typed, by block."""
        return {block: next(iter(of.values())).text for block, of in self.state.values.items() if of}


class Submission(_ByUser):
    """Somebody sent a modal."""

    type: Literal["view_submission"]
    view: View


class Command(_Given):
    """Somebody typed a command."""

    command: Annotated[str, Field(max_length=40)]
    text: Annotated[str, Field(max_length=200)] = ""
    team_id: Id
    user_id: Id


class Other(_Given):
    """Anything else: taken note of, and left alone."""

    type: str = ""


Payload = Click | Submission | Command | Other
_INTERACTION: TypeAdapter[Click | Submission] = TypeAdapter(Annotated[Click | Submission, Field(discriminator="type")])
_KNOWN = {"block_actions", "view_submission"}


def read(body: bytes) -> Payload:
    """Read a signed body.

    Raises
    ------
    InvalidInput
        It is no form, or its payload is not what Slack's documentation says.
    """
    try:
        form = {
            name: values[0]
            for name, values in parse_qs(
                body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS
            ).items()
        }
        if "payload" not in form:
            return Command.model_validate(form) if "command" in form else Other()
        kind = Other.model_validate_json(form["payload"])
        return _INTERACTION.validate_json(form["payload"]) if kind.type in _KNOWN else kind
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(map(str, first["loc"])) if first else "body"
        raise InvalidInput(f"The payload is not Slack's: {where[:80]}.", mend="See docs/chat.md.") from error


def metadata(text: str) -> dict[str, str]:
    """Read what a modal carries for us; nothing where it is not ours."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {name: one for name, one in found.items() if isinstance(one, str)} if isinstance(found, dict) else {}
