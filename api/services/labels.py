"""Decisions as a labelled set: what people concluded, on which evidence, and where they disagree.

Taste has no single answer, so disagreement stays data: what others said blindly, and how territories differ, are
columns. Left out is what is no answer: questions to the label, cases that are open again, decisions that were
overturned on appeal or recalled.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Session

from api.services.access import Actor, Permission, require_permission
from api.store import labels as store
from api.store.database import Database
from api.store.labels import Labelled, Opinion
from schemas.base import Model
from schemas.cases import Action, CaseState
from schemas.screening import Screening

WORLD = "Worldwide"


class LeftOut(StrEnum):
    """Why a decided case is no label."""

    UNSURE = "unsure"  # the last word was a question, or the case is open again
    OVERTURNED = "overturned"  # on appeal
    RECALLED = "recalled"  # what it rested on was taken back
    UNLIKE = "no recording"  # a delivery that could not be read


class LabelledSignal(Model):
    """A signal as it was measured when people decided."""

    name: str
    value: float
    probability: float | None
    model: str


class OpinionLabel(Model):
    """What another person said without knowing the decision."""

    reviewer: str
    action: Action


class TerritoryLabel(Model):
    """What holds in a territory; ``Worldwide`` for all that no other decision names."""

    territory: str
    action: Action


class Label(Model):
    """One labelled recording.

    Attributes
    ----------
    action, is_upheld
        What was decided, and whether that restricts the recording.
    policy, engine, models
        What made the screening that people saw.
    reviewer
        A pseudonym: the same person has the same one within a set that was made with one secret.
    agreement
        Share of blind opinions that equal the decision, from 0 to 1; None where nobody else looked.
    moderators_disagree, territories_disagree
        Whether people, or the decisions in different territories on the same ISRC, come to different actions.
    """

    case_id: str
    decision_id: str
    screening_id: str
    recording_key: str
    isrc: str
    audio_sha256: str
    sender_id: str
    genres: tuple[str, ...]
    territories: tuple[str, ...]
    declared: str
    action: Action
    is_upheld: bool
    decided_at: datetime
    is_second_looked: bool
    reviewer: str
    opinions: tuple[OpinionLabel, ...]
    agreement: float | None
    moderators_disagree: bool
    by_territory: tuple[TerritoryLabel, ...]
    territories_disagree: bool
    policy: str
    engine: str
    models: tuple[str, ...]
    flags: tuple[str, ...]
    signals: tuple[LabelledSignal, ...]


class Page(NamedTuple):
    """Some labels, and how many decided cases beside them are none, by reason."""

    labels: list[Label]
    left_out: Counter[LeftOut]


def export(db: Database, actor: Actor, *, secret: bytes) -> Iterator[Page]:
    """Read the labelled set of one moment, a few hundred at a time.

    Parameters
    ----------
    secret
        Makes the pseudonyms: keep it to compare sets, throw it away to make them untraceable.
    """
    require_permission(actor, Permission.STEER)
    with db.snapshot() as session:
        for rows in store.walk(session):
            yield _page(session, rows, secret)


def pseudonym(name: str, secret: bytes) -> str:
    """Name a reviewer so that nobody without the secret can tell who it is."""
    return "rev_" + hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()[:16]


def _page(session: Session, rows: Sequence[Labelled], secret: bytes) -> Page:
    left_out = Counter(why for row in rows if (why := _left_out(row)))
    kept = [row for row in rows if not _left_out(row)]
    said = store.opinions(session, [row.screening.id for row in kept])
    standing = store.decisions_by_isrc(session, [row.case.isrc for row in kept if row.case.isrc])
    made = [
        _label(row, said.get((row.case.id, row.screening.id), []), standing.get(row.case.isrc, []), secret)
        for row in kept
    ]
    return Page(made, left_out)


def _left_out(row: Labelled) -> LeftOut | None:
    if row.is_overturned:
        return LeftOut.OVERTURNED
    if row.is_recalled:
        return LeftOut.RECALLED
    if row.case.state != CaseState.DECIDED or row.decision.action == Action.ASK:
        return LeftOut.UNSURE
    return LeftOut.UNLIKE if row.case.kind != "recording" else None


def _label(row: Labelled, said: Sequence[Opinion], standing: Sequence[tuple[str, str | None]], secret: bytes) -> Label:
    screening = Screening.model_validate_json(row.screening.document)
    recording, audio = screening.intake.recording, screening.found.audio
    others = [one for one in said if one.reviewer != row.decision.decided_by]
    agreeing = sum(one.action == row.decision.action for one in others)
    territories = _by_territory(standing or [(row.decision.action, row.decision.statement)])
    return Label(
        case_id=row.case.id,
        decision_id=row.decision.id,
        screening_id=row.screening.id,
        recording_key=row.case.recording_key,
        isrc=row.case.isrc,
        audio_sha256=audio.sha256 if audio else "",
        sender_id=row.case.sender_id,
        genres=recording.genres if recording else (),
        territories=screening.intake.territories,
        declared=str(screening.declared.level),
        action=Action(row.decision.action),
        is_upheld=Action(row.decision.action).is_restricting,
        decided_at=row.decision.decided_at,
        is_second_looked=row.decision.confirmed_by is not None,
        reviewer=pseudonym(row.decision.decided_by, secret),
        opinions=tuple(
            OpinionLabel(reviewer=pseudonym(one.reviewer, secret), action=Action(one.action)) for one in others
        ),
        agreement=agreeing / len(others) if others else None,
        moderators_disagree=agreeing < len(others),
        by_territory=territories,
        territories_disagree=len({one.action for one in territories}) > 1,
        policy=row.decision.policy,
        engine=screening.versions.engine,
        models=screening.versions.models,
        flags=tuple(flag.code for flag in screening.flags),
        signals=tuple(
            LabelledSignal(name=one.name, value=one.value, probability=one.probability, model=one.model)
            for one in screening.heard.signals
        ),
    )


def _by_territory(standing: Sequence[tuple[str, str | None]]) -> tuple[TerritoryLabel, ...]:
    """Say what holds where: a restriction in some territories leaves the rest of the world approved."""
    found: dict[str, Action] = {}
    for action, statement in standing:
        places = tuple(json.loads(statement).get("territories", ())) if statement else ()
        for place in places or (WORLD,):
            found[place] = _graver(found.get(place), Action(action))
    if found and WORLD not in found:
        found[WORLD] = Action.APPROVE
    return tuple(TerritoryLabel(territory=place, action=action) for place, action in sorted(found.items()))


def _graver(one: Action | None, other: Action) -> Action:
    order = tuple(Action)
    return other if one is None else max(one, other, key=order.index)
