"""What the API takes and gives about second opinions: samples, opinions, agreement."""

from pydantic import Field

from api.public import VersionCreate
from schemas.base import Model
from schemas.cases import Action, StatementOfReasons
from schemas.review import SampleKind
from schemas.screening import Screening


class OpinionCreate(Model):
    """A blind second opinion."""

    action: Action
    reason: str = Field(min_length=3, max_length=5000)


class SettleCreate(VersionCreate):
    """Let a disputed decision go on, or put another in its place.

    Attributes
    ----------
    release
        True lets the first decision go on; False puts ``action``, ``reason`` and ``statement`` in its place.
    """

    release: bool
    action: Action | None = None
    reason: str = Field(min_length=3, max_length=5000)
    statement: StatementOfReasons | None = None


class GoldenCreate(VersionCreate):
    """Name a decided case a golden item: what is known to be right there."""

    action: Action


class GoldenPublic(Model):
    """A new golden item."""

    sample_id: str


class SamplePublic(Model):
    """A case to look at blindly: nothing says why it is asked for, nor what others decided."""

    id: str
    title: str
    artist: str
    screening: Screening


class SampleNext(Model):
    """The next sample for the asker; None where there is none."""

    sample: SamplePublic | None


class OpinionResult(Model):
    """What an opinion led to: the first answer can be shown now.

    Attributes
    ----------
    agrees
        Whether both came to the same action.
    """

    sample_id: str
    kind: SampleKind
    agrees: bool
    first: Action


class AgreementPublic(Model):
    """How far people agree under a policy: Cohen's kappa, with the ends of its 95 % interval.

    Attributes
    ----------
    pairs
        Number of cases that two people decided independently.
    observed
        Share of them with the same action, from 0 to 1.
    kappa, low, high
        From -1 to 1, 1 is full agreement, 0 what chance gives; None where it is not defined.
    """

    policy: str
    pairs: int
    observed: float | None
    kappa: float | None
    low: float | None
    high: float | None


class AccuracyPublic(Model):
    """How often people find what is known to be right: golden items, with Wilson's 95 % interval."""

    policy: str
    reviewer: str
    answers: int
    right: int
    share: float | None
    low: float | None
    high: float | None


class QualityPublic(Model):
    """Agreement and accuracy per policy; a reviewer of ``""`` is everybody."""

    agreement: tuple[AgreementPublic, ...]
    accuracy: tuple[AccuracyPublic, ...]
