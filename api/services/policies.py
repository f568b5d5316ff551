"""Policies and models as versions: draft, shadow, simulate, approve by a second person, live, roll back.

Every function takes who asks and checks what they may, so that a console, a key or a chat can call it alike. What
goes live was simulated for exactly its text, against what was live then; who wrote it never approves it.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.public_policies import (
    PoliciesPublic,
    PolicyCreate,
    PolicyPublic,
    PolicyText,
    RollBackCreate,
    SimulateCreate,
    SweepCreate,
    SweepPublic,
)
from api.services import clock, simulate
from api.services import policy_views as views
from api.services.access import Actor, Permission, require_permission
from api.services.promoting import promoting
from api.services.texts import plain
from api.store import events
from api.store import policies as store
from api.store.database import Database
from api.tables import PolicyRow
from schemas import steering
from schemas.errors import BrokenPolicy, InvalidInput, InvalidTransition, NotAllowed, NotFound, StaleVersion
from schemas.events import EventKind
from schemas.policy import parse_policy
from schemas.policy_text import find_knob, find_problems, knobs
from schemas.steering import VersionKind, VersionState

PACKAGED = "liner"
NEWEST = 200


@dataclass
class _Held:
    """A version that nobody else can change until the transaction ends."""

    session: Session
    actor: Actor
    row: PolicyRow
    now: datetime

    def advance(self, kind: EventKind, *, state: VersionState | None = None, **payload: Any) -> None:
        """Write the next state and its event."""
        self.row.state = state or self.row.state
        self.row.version += 1
        self.row.updated_by, self.row.updated_at = self.actor.name, self.now
        self.session.add(self.row)
        self.session.flush()
        told = {"policy": self.row.id, "ref": self.row.ref, **payload}
        events.record(self.session, kind, actor=self.actor.name, at=self.now, **told)


def keep_packaged(db: Database, text: str) -> None:
    """Keep the policy that comes with liner: it is live until people approve another, and stays readable after."""
    ref = parse_policy(text).ref
    with db.read() as session:
        if store.by_ref(session, ref) is not None:
            return
    try:
        with db.write() as session:
            _keep(session, ref, text)
    except IntegrityError:
        return  # another process started at the same moment and kept it


def newest(db: Database, actor: Actor) -> PoliciesPublic:
    """List versions, the last changed first."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        return PoliciesPublic(policies=tuple(views.brief(row) for row in store.newest(session, NEWEST)))


def view(db: Database, actor: Actor, version_id: str) -> PolicyPublic:
    """Read a version: its text, what it changes, its simulated effect, and what may be done with it."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        return views.public(session, actor, _found(store.find(session, version_id), version_id))


def live(db: Database, actor: Actor, kind: VersionKind = VersionKind.POLICY) -> PolicyText:
    """Read what is live."""
    require_permission(actor, Permission.CONSOLE if actor.may(Permission.CONSOLE) else Permission.SCREEN)
    with db.read() as session:
        row = store.live(session, kind)
        if row is None:
            raise NotFound(f"No {kind} is live.", mend="Draft one and have it approved.")
        return views.pinned(row)


def text_of(db: Database, actor: Actor, ref: str) -> PolicyText:
    """Read the text that a decision pinned, as it was on its day: a text never changes once it is no draft."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        row = store.by_ref(session, ref)
        if row is None:
            raise NotFound(f"The text of {plain(ref, 100)} was never kept here.", mend="Draft its file; then it is.")
        return views.pinned(row)


def draft(db: Database, actor: Actor, wanted: PolicyCreate) -> PolicyPublic:
    """Propose a version.

    Raises
    ------
    BrokenPolicy
        The text has mistakes; each is named with its line.
    NotFound, InvalidInput
        There is no such model.
    """
    require_permission(actor, Permission.STEER)
    ref, now = _checked(wanted.kind, wanted.text), clock.now()
    with db.write() as session:
        row = PolicyRow(
            id=f"pol_{secrets.token_hex(16)}",
            kind=wanted.kind,
            ref=ref,
            text=wanted.text,
            why=plain(wanted.why),
            state=VersionState.DRAFT,
            author=actor.name,
            made_at=now,
            updated_by=actor.name,
            updated_at=now,
        )
        session.add(row)
        session.flush()
        events.record(session, EventKind.POLICY_DRAFTED, actor=actor.name, at=now, policy=row.id, ref=ref)
        return views.public(session, actor, row)


def edit(db: Database, actor: Actor, version_id: str, *, text: str, why: str, expected_version: int) -> PolicyPublic:
    """Change a draft's text; its simulation is void then."""
    with _locked(db, actor, version_id, expected_version) as held:
        steering.edit(VersionState(held.row.state))
        if held.row.author != actor.name:
            raise NotAllowed("Only its author changes a draft.", mend="Make a draft of your own from it.")
        held.row.ref, held.row.text, held.row.why = _checked(VersionKind(held.row.kind), text), text, plain(why)
        held.row.simulation = None
        held.advance(EventKind.POLICY_EDITED)
        return views.public(held.session, actor, held.row)


def shadow(db: Database, actor: Actor, version_id: str, *, expected_version: int) -> PolicyPublic:
    """Judge what comes in by this version, too; its flags are counted apart and shown to nobody as flags."""
    with _locked(db, actor, version_id, expected_version) as held:
        if held.row.kind != VersionKind.POLICY:
            raise InvalidTransition("A model cannot be shadowed.", mend="Simulate it: it scores what was kept.")
        held.advance(EventKind.POLICY_SHADOWED, state=steering.shadow(VersionState(held.row.state)))
        return views.public(held.session, actor, held.row)


def discard(db: Database, actor: Actor, version_id: str, *, expected_version: int) -> PolicyPublic:
    """Put a proposal away."""
    with _locked(db, actor, version_id, expected_version) as held:
        held.advance(EventKind.POLICY_DISCARDED, state=steering.discard(VersionState(held.row.state)))
        return views.public(held.session, actor, held.row)


def simulate_effect(db: Database, actor: Actor, version_id: str, wanted: SimulateCreate) -> PolicyPublic:
    """Judge the past by this version and the live one, and keep the outcome with the version."""
    require_permission(actor, Permission.STEER)
    with db.read() as session:
        row = _found(store.find(session, version_id), version_id)
        current, policy = views.live_text(session, row.kind), views.live_text(session, VersionKind.POLICY)
    _require_proposed(row)
    size = {"days": wanted.days, "sample": wanted.sample}
    if row.kind == VersionKind.MODEL:
        found = simulate.of_model(db, row.ref, current, policy, **size)
    else:
        found = simulate.of_policy(db, row.text, policy, **size)
    with _locked(db, actor, version_id, wanted.expected_version) as held:
        _require_proposed(held.row)
        held.row.simulation = found.model_dump_json()
        held.advance(EventKind.POLICY_SIMULATED, live=found.live_ref)
        return views.public(held.session, actor, held.row)


def sweep(db: Database, actor: Actor, version_id: str, wanted: SweepCreate) -> SweepPublic:
    """Try values of one threshold of a version; nothing is changed.

    Raises
    ------
    InvalidInput
        The version states no such threshold.
    """
    require_permission(actor, Permission.STEER)
    with db.read() as session:
        row = _found(store.find(session, version_id), version_id)
    policy = parse_policy(row.text) if row.kind == VersionKind.POLICY else None
    knob = find_knob(knobs(policy) if policy else (), wanted.code, wanted.signal, wanted.bound)
    if policy is None or knob is None:
        raise InvalidInput("The version states no such threshold.", mend="Choose one that it names.")
    past, points = simulate.of_threshold(db, policy, knob, wanted.values, days=wanted.days, sample=wanted.sample)
    return SweepPublic(
        knob=knob, judged=len(past.incoming), judged_of=past.incoming_total, decided=len(past.decided), points=points
    )


def approve(db: Database, actor: Actor, version_id: str, *, expected_version: int) -> PolicyPublic:
    """Let a version go live, as a second person who saw its simulated effect.

    Raises
    ------
    NotAllowed
        The actor wrote it.
    InvalidTransition
        It was not simulated against what is live now, or is no proposal.
    """
    with promoting() as use, _locked(db, actor, version_id, expected_version) as held:
        before = store.lock_live(held.session, VersionKind(held.row.kind))
        _refuse_approval(held.session, actor, held.row)
        if before is not None:
            _retire(held.session, before, held.now)
        held.row.approved_by, held.row.live_at = actor.name, held.now
        state = steering.approve(VersionState(held.row.state))
        digest = hashlib.sha256(held.row.text.encode()).hexdigest()
        told = {"author": held.row.author, "before": before.ref if before else "", "sha256": digest}
        held.advance(EventKind.POLICY_APPROVED, state=state, **told)
        use(held.row)
        return views.public(held.session, actor, held.row)


def roll_back(db: Database, actor: Actor, wanted: RollBackCreate) -> PolicyPublic:
    """Put back what was live before, at once: what harms is not discussed while it runs."""
    require_permission(actor, Permission.STEER)
    with promoting() as use, db.write() as session:
        now, current = clock.now(), store.lock_live(session, wanted.kind)
        before = _before(session, current) if current else None
        if current is None or before is None:
            raise InvalidTransition("Nothing was live before.", mend="Draft another version.")
        _retire(session, current, now)
        held = _Held(session, actor, before, now)
        held.row.retired_at = None
        state = steering.restore(VersionState(before.state))
        told = {"from": current.ref, "reason": plain(wanted.reason)}
        held.advance(EventKind.POLICY_ROLLED_BACK, state=state, **told)
        use(before)
        return views.public(session, actor, before)


def _before(session: Session, current: PolicyRow) -> PolicyRow | None:
    """Find what was live before; rolling back twice goes further back, not to and fro."""
    retired = store.in_state(session, VersionKind(current.kind), VersionState.RETIRED)
    return next((row for row in retired if row.live_at and current.live_at and row.live_at < current.live_at), None)


def _keep(session: Session, ref: str, text: str) -> None:
    now, current = clock.now(), store.lock_live(session, VersionKind.POLICY)
    is_live = current is None or current.approved_by == PACKAGED
    if current is not None and is_live:
        _retire(session, current, now)
    session.add(
        PolicyRow(
            id=f"pol_{secrets.token_hex(16)}",
            kind=VersionKind.POLICY,
            ref=ref,
            text=text,
            why="Comes with liner.",
            state=VersionState.LIVE if is_live else VersionState.RETIRED,
            author=PACKAGED,
            made_at=now,
            updated_by=PACKAGED,
            updated_at=now,
            approved_by=PACKAGED,
            live_at=now if is_live else None,
        )
    )


def _retire(session: Session, row: PolicyRow, now: datetime) -> None:
    row.state = steering.retire(VersionState(row.state))
    row.retired_at, row.updated_at = now, now
    row.version += 1
    session.add(row)
    session.flush()  # before another goes live: only one may be


@contextmanager
def _locked(db: Database, actor: Actor, version_id: str, expected: int) -> Iterator[_Held]:
    require_permission(actor, Permission.STEER)
    with db.write() as session:
        row = _found(store.lock(session, version_id), version_id)
        if row.version != expected:
            at = f"{row.updated_at:%Y-%m-%d %H:%M:%S} UTC"
            raise StaleVersion(
                row.id,
                expected=expected,
                actual=row.version,
                changed_by=row.updated_by,
                changed_at=at,
                change=row.state,
            )
        yield _Held(session, actor, row, clock.now())


def _found(row: PolicyRow | None, version_id: str) -> PolicyRow:
    if row is None:
        raise NotFound(f"There is no version {version_id[:80]}.", mend="Look it up in the list of policies.")
    return row


def _checked(kind: VersionKind, text: str) -> str:
    """Give what screenings will pin, or refuse the text with every mistake."""
    if kind is VersionKind.MODEL:
        simulate.load_model(text.strip())
        return text.strip()
    if "\0" in text:
        raise BrokenPolicy([(text[: text.index("\0")].count("\n") + 1, "a NUL character")])
    problems = find_problems(text)
    if problems:
        raise BrokenPolicy([(one.line, one.message) for one in problems])
    return parse_policy(text).ref


def _require_proposed(row: PolicyRow) -> None:
    if not VersionState(row.state).is_proposed:
        raise InvalidTransition(f"A {row.state} version is not simulated.", mend="Make a draft from it.")


def _refuse_approval(session: Session, actor: Actor, row: PolicyRow) -> None:
    why = views.refusals(session, actor, row)["approve"]
    if not why:
        return
    if row.author == actor.name:
        raise NotAllowed(why, mend="Ask another senior moderator or administrator.")
    raise InvalidTransition(why, mend="Simulate it, look at the effect, then approve.")
