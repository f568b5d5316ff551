"""Second opinions: blind, on decisions that are held back, on a share of all decisions, and on golden items.

Whoever is asked sees the evidence and nothing else: not why the case is asked for, not what others decided. A held
decision goes on when the second person says the same; where they say something else, a senior moderator lets the
first go on or puts another in its place.
"""

import secrets
from itertools import groupby

from sqlmodel import Session

from api.public import CaseView
from api.public_quality import (
    AccuracyPublic,
    AgreementPublic,
    OpinionResult,
    QualityPublic,
    SampleNext,
    SamplePublic,
)
from api.services import cases, clock, drafts, seeing
from api.services.access import Actor, Permission, require_permission
from api.services.locking import Locked, lock, locked
from api.services.texts import plain
from api.store import cases as case_store
from api.store import drafts as draft_store
from api.store import events, samples, screenings
from api.store.database import Database
from api.store.samples import Pair
from api.tables import CaseRow, DraftRow, OpinionRow, SampleRow
from schemas.agreement import cohen_kappa, observed_agreement, share
from schemas.cases import Action, CaseState, StatementOfReasons
from schemas.errors import InvalidInput, InvalidTransition, NotAllowed, NotFound
from schemas.events import EventKind
from schemas.review import ReviewRules, SampleKind
from schemas.screening import Screening


def next_sample(db: Database, actor: Actor, *, after: str = "") -> SampleNext:
    """Give the next case that the actor is asked about, held ones first; ``after`` is left out."""
    require_permission(actor, Permission.REVIEW)
    with db.read() as session:
        row = samples.next_for(session, actor.name, after=after)
        return SampleNext(sample=_public(session, row) if row else None)


def view(db: Database, actor: Actor, sample_id: str) -> SamplePublic:
    """Read a sample to answer it."""
    require_permission(actor, Permission.REVIEW)
    with db.read() as session:
        return _public(session, _answerable(session, actor, sample_id))


def blind(db: Database, actor: Actor, sample_id: str) -> CaseView:
    """Read a sample as a case that nobody has touched: for a page that shows cases."""
    require_permission(actor, Permission.REVIEW)
    with db.read() as session:
        row = _answerable(session, actor, sample_id)
        found = case_store.to_public(session, [_case(session, row)])[0]
        untouched = {"state": CaseState.OPEN, "claim": None, "park": None, "decision": None, "version": 1}
        return CaseView(
            case=found.model_copy(update=untouched),
            screening=_screening(session, row),
            decisions=(),
            events=(),
            allowed_actions=(),
        )


def give(
    db: Database, actor: Actor, sample_id: str, *, action: Action, reason: str, rules: ReviewRules
) -> OpinionResult:
    """Say what one would decide; on a held decision this lets it go on, or makes it a senior's to settle.

    Raises
    ------
    NotFound, NotAllowed, InvalidTransition
        There is no such sample, it is the actor's own, or it is answered already.
    """
    require_permission(actor, Permission.REVIEW)
    with db.write() as session:
        row = _answerable(session, actor, sample_id)
        now = clock.now()
        opinion = OpinionRow(sample_id=row.id, reviewer=actor.name, action=action, reason=plain(reason), given_at=now)
        session.add(opinion)
        held = lock(session, actor, row.case_id)
        events.record(session, EventKind.OPINION_GIVEN, actor=actor.name, at=now, case_id=row.case_id, sample=row.id)
        if row.kind == SampleKind.DOUBLE:
            row.closed_at = now
            session.add(row)
        elif row.kind == SampleKind.HOLD:
            _answer_hold(held, row, action, rules)
        return OpinionResult(
            sample_id=row.id, kind=SampleKind(row.kind), agrees=action == row.action, first=Action(row.action)
        )


def settle(
    db: Database,
    actor: Actor,
    case_id: str,
    *,
    release: bool,
    action: Action | None,
    reason: str,
    rules: ReviewRules,
    statement: StatementOfReasons | None = None,
    expected_version: int,
) -> CaseView:
    """End a dispute: let the first decision go on, or put another in its place; nothing holds that back again.

    Raises
    ------
    NotAllowed, InvalidTransition, InvalidInput
        The actor is no senior or decided first; there is no dispute; no action is named to put in its place.
    """
    require_permission(actor, Permission.SETTLE)
    with locked(db, actor, case_id, expected_version) as held:
        draft = _disputed(held)
        if draft.drafted_by == actor.name:
            raise NotAllowed("Who decided first does not settle it.", mend="Ask another senior moderator.")
        if release:
            drafts.confirm(held, draft, rules, why=f"settled: {plain(reason)}")
        elif action is None:
            raise InvalidInput("Name the action to put in its place.", mend="Send action, or release true.")
        else:
            drafts.discard(held, draft, why=f"settled: {plain(reason)}")
            screening = screenings.of_case(held.session, held.row)
            decision = cases.made(held, action, reason, statement, policy=screening.versions.policy)
            drafts.make(held, decision, screening, rules, is_final=True)
        held.session.flush()
        return seeing.view(held.session, actor, held.row, held.now)


def make_golden(db: Database, actor: Actor, case_id: str, *, action: Action, expected_version: int) -> str:
    """Make a decided case a golden item, with what is known to be right; return the sample's id."""
    require_permission(actor, Permission.SETTLE)
    with locked(db, actor, case_id, expected_version) as held:
        if held.case.state is not CaseState.DECIDED or held.case.decision is None:
            raise InvalidTransition("Only a decided case can be a golden item.", mend="Decide it first.")
        row = SampleRow(
            id=f"smp_{secrets.token_hex(16)}",
            kind=SampleKind.GOLDEN,
            case_id=case_id,
            screening_id=held.row.screening_id,
            policy=held.case.decision.policy,
            action=action,
            made_by=actor.name,
            created_at=held.now,
        )
        held.session.add(row)
        events.record(
            held.session, EventKind.SAMPLE_DRAWN, actor=actor.name, at=held.now, case_id=case_id, sample=row.id
        )
        return row.id


def quality(db: Database, actor: Actor) -> QualityPublic:
    """Say how far people agree, and how often they are right, policy by policy."""
    require_permission(actor, Permission.OVERSEE)
    with db.read() as session:
        doubles = samples.pairs(session, [SampleKind.DOUBLE, SampleKind.HOLD])
        golden = samples.pairs(session, [SampleKind.GOLDEN])
    agreement = [_agreement(policy, pairs) for policy, pairs in _by_policy(doubles)]
    accuracy = [one for policy, pairs in _by_policy(golden) for one in _accuracies(policy, pairs)]
    return QualityPublic(agreement=tuple(agreement), accuracy=tuple(accuracy))


def _answer_hold(held: Locked, row: SampleRow, action: Action, rules: ReviewRules) -> None:
    draft = draft_store.of_case(held.session, row.case_id)
    if draft is not None and action == draft.action:
        drafts.confirm(held, draft, rules, why="a second person came to the same")


def _disputed(held: Locked) -> DraftRow:
    found = samples.open_hold(held.session, held.row.id)
    draft = draft_store.of_case(held.session, held.row.id)
    opinions = samples.opinions(held.session, found.id) if found else ()
    if draft is None or all(one.action == draft.action for one in opinions):
        raise InvalidTransition("There is no disagreement to settle.", mend="Give a second opinion.")
    return draft


def _answerable(session: Session, actor: Actor, sample_id: str) -> SampleRow:
    row = samples.find(session, sample_id)
    if row is None:
        raise NotFound(f"There is no sample {sample_id[:80]}.", mend="Ask for the next one.")
    if row.closed_at is not None or any(one.reviewer == actor.name for one in samples.opinions(session, row.id)):
        raise InvalidTransition("This sample is answered already.", mend="Ask for the next one.")
    if row.made_by == actor.name:
        raise NotAllowed("A second opinion has to be somebody else's.", mend="Ask for the next one.")
    return row


def _public(session: Session, row: SampleRow) -> SamplePublic:
    screening = _screening(session, row)
    recording = screening.intake.recording
    return SamplePublic(
        id=row.id,
        title=screening.intake.title,
        artist=recording.display_artist if recording else "",
        screening=screening,
    )


def _case(session: Session, row: SampleRow) -> CaseRow:
    found = case_store.find(session, row.case_id)
    if found is None:
        raise NotFound(f"There is no case {row.case_id}.")
    return found


def _screening(session: Session, row: SampleRow) -> Screening:
    return screenings.document(screenings.rows(session, [row.screening_id])[row.screening_id])


def _by_policy(pairs: list[Pair]) -> list[tuple[str, list[Pair]]]:
    ordered = sorted(pairs, key=lambda pair: pair.policy)
    return [(policy, list(group)) for policy, group in groupby(ordered, key=lambda pair: pair.policy)]


def _agreement(policy: str, pairs: list[Pair]) -> AgreementPublic:
    both = [(one.first, one.second) for one in pairs]
    kappa = cohen_kappa(both)
    return AgreementPublic(
        policy=policy,
        pairs=len(both),
        observed=observed_agreement(both),
        kappa=kappa.value,
        low=kappa.low,
        high=kappa.high,
    )


def _accuracies(policy: str, pairs: list[Pair]) -> list[AccuracyPublic]:
    names = sorted({one.second_by for one in pairs})
    groups = [("", pairs), *((name, [one for one in pairs if one.second_by == name]) for name in names)]
    return [_accuracy(policy, name, group) for name, group in groups]


def _accuracy(policy: str, reviewer: str, pairs: list[Pair]) -> AccuracyPublic:
    right = sum(one.first == one.second for one in pairs)
    found = share(right, len(pairs))
    return AccuracyPublic(
        policy=policy,
        reviewer=reviewer,
        answers=len(pairs),
        right=right,
        share=found.value,
        low=found.low,
        high=found.high,
    )
