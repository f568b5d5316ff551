"""The form of a JSON submission, version 1.

The models refuse what they do not know, so that a misspelt ``contians_ai`` is told to the
label instead of being read as silence.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from schemas.base import Model
from schemas.disclosure import Agent, Level
from schemas.submission.examples import EXAMPLES

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
OptionalText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


def _to_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is out of range") from error


Time = Annotated[AwareDatetime, AfterValidator(_to_utc)]


class SubmittedHash(Model):
    """A file's hash in hexadecimal; ``algorithm`` is ``SHA-256``, ``MD5`` ..."""

    algorithm: Text
    value: Text


class SubmittedContribution(Model):
    """Who or what made a part: a person with a name, or generative AI.

    Attributes
    ----------
    role
        A DDEX role such as ``LeadVocalist``, ``Lyricist``, ``Composer``, ``StudioProducer``.
    ai
        How much of the contribution AI made; for ``generative_ai`` it is ``all`` unless said otherwise.
    """

    role: Text
    agent: Agent = Agent.HUMAN
    name: OptionalText = ""
    instrument: OptionalText = ""
    ai: Level | None = None

    @model_validator(mode="after")
    def _human_has_a_name(self) -> Self:
        if self.agent is Agent.HUMAN and not self.name:
            raise ValueError("a human contribution needs a name")
        return self


class SubmittedDisclosure(Model):
    """What the label states about AI; ``contains_ai`` left out means that nothing is stated."""

    contains_ai: Level = Level.UNDECLARED
    contributions: tuple[SubmittedContribution, ...] = ()


class SubmittedFile(Model):
    """What has a file; ``file`` is its path relative to the submission."""

    file: Text
    hash: SubmittedHash | None = None
    disclosure: SubmittedDisclosure = SubmittedDisclosure()


class SubmittedRecording(SubmittedFile):
    """One recording."""

    title: Text
    artist: Text
    isrc: Text | None = None
    iswc: Text | None = None
    duration_s: Seconds | None = None
    language: Text | None = None
    genres: tuple[Text, ...] = ()
    has_vocals: bool | None = None
    is_instrumental: bool | None = None


class SubmittedCover(SubmittedFile):
    """The front cover."""


class SubmittedRelease(Model):
    """What the recordings are released as."""

    title: Text
    artist: Text
    label: OptionalText = ""
    kind: OptionalText = ""
    icpn: Text | None = None
    grid: Text | None = None
    date: Day | None = None
    territories: tuple[Text, ...] = ()
    genres: tuple[Text, ...] = ()
    contains_ai: Level = Level.UNDECLARED
    cover: SubmittedCover | None = None


class SubmittedSender(Model):
    """Who submits."""

    name: Text
    dpid: Text | None = None


class Submission(Model):
    """A whole submission."""

    liner: Literal["submission/1"]
    id: Text
    created_at: Time | None = None
    test: bool = False
    sender: SubmittedSender
    release: SubmittedRelease
    recordings: tuple[SubmittedRecording, ...]

    @model_validator(mode="after")
    def _something_is_submitted(self) -> Self:
        if not self.recordings:
            raise ValueError("there is no recording")
        return self


def json_schema(ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """Describe the form as JSON Schema (draft 2020-12), for editors and other people's checks.

    Parameters
    ----------
    ref_template
        Where the parts are to be found; OpenAPI keeps them elsewhere.
    """
    described = Submission.model_json_schema(ref_template=ref_template, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:liner:submission:1",
        **described,
        "description": "A delivery's metadata for labels without DDEX, version 1: docs/submission.md.",
        "examples": list(EXAMPLES),
    }
