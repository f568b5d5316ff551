"""Creators have no account: a link of their own shows them a decision on their recording, and lets them appeal.

Whoever may see the case makes the link, the label as a rule, and hands it on. The tables keep its hash alone. It is for
one decision and one creator, works until some time after the appeal window, and shows nothing of the label's other
recordings. What it files is the creator's appeal, with the same window, other reviewer and answer as a label's.
"""

import secrets
from datetime import timedelta

from sqlmodel import Session

from api.public_appeals import AppealCreate, AppealPublic, AppealView, AttachmentPublic
from api.public_creators import CreatorLink, CreatorView
from api.services import appeals, cases, clock
from api.services.access import Actor, Permission, Role, require_permission
from api.services.keys import digest
from api.services.texts import plain
from api.settings import Settings
from api.store import appeals as appeal_store
from api.store import cases as case_store
from api.store import creators as store
from api.store import events
from api.store.database import Database
from api.tables import AppealRow, AttachmentRow, CaseRow, CreatorLinkRow, DecisionRow
from schemas.appeals import AppealState, Party, open_until, refuse_appeal
from schemas.cases import Action
from schemas.errors import InvalidInput, InvalidTransition, NotFound
from schemas.events import EventKind

PATH = "/creator"
LASTS = timedelta(days=90)  # beyond the appeal window: the answer is to be read, too
NAME = "creator's link"  # who events say it was; no key can have this name
MEND = "Ask whoever gave you the link for a new one."


def make(db: Database, actor: Actor, settings: Settings, case_id: str, creator: str) -> CreatorLink:
    """Make a link to the last decision on a case; it is in this answer and nowhere else.

    Raises
    ------
    NotAllowed, NotFound
        The actor neither appeals nor reviews; the case is not the actor's to see.
    InvalidTransition, AppealTooLate
        Nothing is decided, the decision restricts nothing, or the six months are over.
    """
    if not actor.may(Permission.APPEAL):
        require_permission(actor, Permission.REVIEW)
    seen = cases.view(db, actor, case_id).case  # refuses what is not the actor's to see
    if not (seen.account or seen.sender_id):
        raise InvalidTransition("Nobody is known to have delivered this.", mend="Answer the creator yourself.")
    token, now, name = secrets.token_urlsafe(32), clock.now(), plain(creator.strip())
    if not name:
        raise InvalidInput("The link is for nobody.", mend="Name the creator as the reviewers should read it.")
    with db.write() as session:
        decision = appeal_store.last_decision(session, case_id)
        if decision is None:
            raise InvalidTransition("Nothing is decided about this case.", mend="Wait for the decision.")
        refuse_appeal(Action(decision.action), decision.decided_at, now)
        row = CreatorLinkRow(
            digest=digest(token),
            decision_id=decision.id,
            creator=name,
            made_by=actor.name,
            made_at=now,
            expires_at=open_until(decision.decided_at) + LASTS,
        )
        session.add(row)
        store.end_others(session, row, now)
        told = {"decision": decision.id, "until": row.expires_at.isoformat()}
        events.record(session, EventKind.CREATOR_LINKED, actor=actor.name, at=now, case_id=case_id, **told)
    url = f"{settings.public_url}{PATH}/{token}"
    return CreatorLink(url=url, creator=name, decision_id=row.decision_id, expires_at=row.expires_at)


def look(db: Database, token: str) -> CreatorView:
    """Read what a link shows: the recording, what was decided and why, and where an appeal stands.

    Raises
    ------
    NotFound
        The link is none of ours, is too old, or was replaced by another.
    """
    with db.read() as session:
        row, decision, case = _open(session, token)
        filed = appeal_store.of_decision(session, decision.id, Party.CREATOR)
        creator = _creator(case)
        sent = appeal_store.attachments(session, filed.id) if filed and filed.creator == row.creator else ()
    about = cases.view(db, creator, case.id)
    own = appeals.view(db, creator, filed.id).appeal if filed else None
    return CreatorView(
        creator=row.creator,
        title=about.case.title,
        artist=about.case.artist,
        isrc=about.case.isrc,
        decision=next(one for one in about.decisions if one.id == decision.id),
        is_last=about.decisions[-1].id == decision.id,
        appeal=own,
        proofs=tuple(AttachmentPublic.model_validate(_shown(one)) for one in sent if one.added_by == NAME),
        may_attach=own is not None and _is_open(own, row.creator),
        expires_at=row.expires_at,
    )


def appeal(db: Database, settings: Settings, token: str, text: str) -> AppealView:
    """Appeal as the creator whom the link is for; refused as a label's appeal is."""
    with db.read() as session:
        row, decision, case = _open(session, token)
    wanted = AppealCreate(decision_id=decision.id, text=text, party=Party.CREATOR, creator=row.creator)
    return appeals.file(db, _creator(case), settings, wanted)


def own_appeal(db: Database, token: str) -> tuple[Actor, str]:
    """Find the appeal that the holder of a link filed, and as whom they act on it.

    Raises
    ------
    NotFound
        The link is none that works.
    InvalidTransition
        They filed none, or it is answered: it takes no proofs.
    """
    with db.read() as session:
        row, decision, case = _open(session, token)
        filed = appeal_store.of_decision(session, decision.id, Party.CREATOR)
    if filed is None or not _is_open(filed, row.creator):
        raise InvalidTransition("There is no open appeal of yours.", mend="Appeal first, on the link's page.")
    return _creator(case), filed.id


def _is_open(filed: AppealRow | AppealPublic, creator: str) -> bool:
    return filed.creator == creator and filed.state == AppealState.OPEN


def _shown(row: AttachmentRow) -> dict[str, object]:
    return row.model_dump(exclude={"appeal_id", "added_by"})


def _open(session: Session, token: str) -> tuple[CreatorLinkRow, DecisionRow, CaseRow]:
    row = store.find(session, digest(token)) if token.isascii() and len(token) < 100 else None
    decision = appeal_store.decision(session, row.decision_id) if row else None
    case = case_store.find(session, decision.case_id) if decision else None
    if row is None or decision is None or case is None or row.ended_at or row.expires_at <= clock.now():
        raise NotFound("This link is none of ours, is too old, or was replaced by a newer one.", mend=MEND)
    return row, decision, case


def _creator(case: CaseRow) -> Actor:
    """Give the creator the sight of a label that delivered this one case."""
    return Actor(name=NAME, role=Role.LABEL, account=case.account or None, dpids=(case.sender_id,))
