"""A server with something of every kind in it, so that every page can be opened with something to show."""

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from fixtures_browser import Server, contradiction, plain_case, seed_all, write_tune

from api.public import QueueFilters
from api.public_appeals import AppealCreate
from api.public_batches import BatchCreate
from api.public_keys import KeyCreate
from api.public_policies import PolicyCreate, RecallCreate, SimulateCreate
from api.public_queues import QueueSet, ViewCreate
from api.public_webhooks import WebhookCreate
from api.services import (
    appeals,
    batches,
    cases,
    chat,
    creators,
    deliveries,
    draft_folder,
    drafting,
    keys,
    links,
    policies,
    queues,
    recall,
    second,
    webhooks,
)
from api.services.access import Actor, Role
from api.tables import AttachmentRow, WebhookRow
from schemas.appeals import AttachmentKind
from schemas.cases import Action, StatementOfReasons
from schemas.policy import house_policy, house_text
from schemas.review import load_rules
from schemas.steering import RecallKind
from schemas.stems import StemMatch, StemReport

SUE, ROOT = Actor("sue", Role.SENIOR), Actor("root", Role.ADMIN)
BEN = Actor("ben", Role.MODERATOR)
NOVA = Actor("nova", Role.LABEL, account="nova")
STATEMENT = StatementOfReasons(facts="The voice was cloned.", ground="Terms 4.2", explanation="No licence.")
SUBMISSION = """{"liner": "submission/1", "id": "s-1", "sender": {"name": "Saltmarsh Records"},
 "release": {"title": "Tide Tables", "artist": "Ada Brandt"},
 "recordings": [{"title": "Harbour Lights", "artist": "Ada Brandt", "file": "harbour.wav",
  "disclosure": {"contains_ai": "none", "contributions": [{"role": "Composer", "agent": "generative_ai"}]}}]}"""
STEMS = StemReport(
    method="stems-1",
    duration_s=24,
    residual_db=-31.5,
    chance_db=-0.4,
    explained=0.993,
    every_s=1,
    over_time=tuple(-30.0 - at % 5 for at in range(24)),
    stems=(StemMatch(name="voice.wav", lag_s=0.01, correlation=0.97, alone_db=-11.0),),
)


def furnish(server: Server) -> dict[str, str]:
    """Fill a server; give the ids that its pages' addresses are filled with, by the names of their parts."""
    seed_all(server)
    for name, role in (("maya", Role.MODERATOR), ("ben", Role.MODERATOR), ("sue", Role.SENIOR), ("root", Role.ADMIN)):
        keys.create(server.database, keys.TERMINAL, KeyCreate(name=name, role=role))
    keys.create(server.database, keys.TERMINAL, KeyCreate(name="nova", role=Role.LABEL, account="nova"))
    return {
        "case_id": server.case_id(),
        **_queues(server),
        **_trust(server),
        **_policies(server),
        **_portal(server),
        **_approval(server),
    }


def _queues(server: Server) -> dict[str, str]:
    db = server.database
    queues.put(db, SUE, "urgent", QueueSet(title="Urgent", sla_hours=4))
    view = queues.save_view(db, SUE, ViewCreate(name="Noise", filter="rule:SPM"))
    wanted = BatchCreate(filters=QueueFilters(code="SPM-004"), action=Action.APPROVE, reason="Heard them all.")
    return {"view_id": view.id, "batch_id": batches.preview(db, SUE, wanted).id}


def _trust(server: Server) -> dict[str, str]:
    """A recall that reopened a case, and a removal that waits for a second opinion."""
    db, careful = server.database, load_rules("house")
    case = cases.view(db, BEN, server.case_id("rec_4")).case
    cases.decide(
        db, BEN, case.id, action=Action.APPROVE, reason="Heard.", rules=load_rules("at-once"),
        expected_version=case.version,
    )  # fmt: skip
    made = RecallCreate(kind=RecallKind.RULE, subject="SPM-004", reason="It takes rain for noise.", dry_run=False)
    recalled = recall.recall(db, SUE, made).id
    case = cases.view(db, BEN, server.case_id("rec_5")).case
    cases.decide(
        db, BEN, case.id, action=Action.REMOVE, reason="Cloned.", statement=STATEMENT, rules=careful,
        expected_version=case.version,
    )  # fmt: skip
    sample = second.next_sample(db, SUE).sample
    assert sample
    return {"recall_id": recalled, "sample_id": sample.id}


def _policies(server: Server) -> dict[str, str]:
    db = server.database
    text = house_text().replace('version = "', 'version = "trial of ', 1).replace("at_least = 0.9", "at_least = 0.8", 1)
    draft = policies.draft(db, SUE, PolicyCreate(text=text, why="Too much is missed."))
    draft = policies.simulate_effect(db, SUE, draft.id, SimulateCreate(expected_version=draft.version))
    return {"version_id": draft.id, "ref": quote(house_policy().ref)}


def _portal(server: Server) -> dict[str, str]:
    """A label's draft, delivery, decided case with an appeal and stems, and webhook."""
    db, settings = server.database, server.settings
    tune = settings.landing / "accounts" / "nova" / "dlv_1" / "harbour.wav"
    write_tune(tune)
    for made, key in ((contradiction(tune, tune), "rec_nova"), (plain_case(77, tune), "rec_nova_open")):
        intake = made.intake.model_copy(update={"account": "nova", "recording_key": key})
        server.seed(made.model_copy(update={"id": f"scr_{key}", "intake": intake}))
    (case,) = (one for one in cases.queue(db, NOVA, QueueFilters()).cases if one.title == "Harbour Lights")
    cases.decide(
        db, BEN, case.id, action=Action.REMOVE, reason="Cloned.", statement=STATEMENT, rules=load_rules("at-once"),
        expected_version=case.version,
    )  # fmt: skip
    draft = drafting.create(db, NOVA, settings, "nova")
    drafting.write_text(db, NOVA, settings, draft.id, name="release.json", text=SUBMISSION)
    sent = drafting.create(db, NOVA, settings, "nova")
    drafting.write_text(db, NOVA, settings, sent.id, name="release.json", text=SUBMISSION)
    write_tune(draft_folder.folder_of(settings, "nova", sent.id) / "resources" / "harbour.wav", seconds=1)
    drafting.send(db, NOVA, settings, sent.id)
    link = creators.make(db, NOVA, settings, case.id, "Ada Brandt")
    hook = webhooks.register(db, NOVA, settings, WebhookCreate(url="http://127.0.0.1:9/hook"))
    webhooks.test(db, NOVA, hook.webhook.id)
    return {
        "own_case_id": case.id,
        "token": link.url.rsplit("/", 1)[1],
        "draft_id": draft.id,
        "name": "release.json",
        "delivery_id": deliveries.every(db, NOVA, cursor=None, limit=1).deliveries[0].id,
        "webhook_id": hook.webhook.id,
        "appeal_id": _appeal(server, case.id),
    }


def _appeal(server: Server, case_id: str) -> str:
    db = server.database
    decision = cases.view(db, NOVA, case_id).decisions[-1]
    made = AppealCreate(decision_id=decision.id, text="I sang this myself; here is the voice alone.")
    appeal = appeals.file(db, NOVA, server.settings, made).appeal
    with db.write() as session:
        session.add(
            AttachmentRow(
                id="att_" + "a" * 24, appeal_id=appeal.id, kind=AttachmentKind.STEM, name="voice.wav", size=1000,
                sha256="5e" * 32, added_by="nova", added_at=datetime.now(UTC),
            )
        )  # fmt: skip
    appeals.keep_stems(db, SUE, appeal.id, STEMS)
    appeals.note(db, SUE, appeal.id, "Asked the engineer.")
    return str(appeal.id)


def _approval(server: Server) -> dict[str, str]:
    """A link of a mail that approves."""
    hook_id, case = f"whk_{secrets.token_hex(12)}", cases.view(server.database, SUE, server.case_id()).case
    with server.database.write() as session:
        hook = WebhookRow(
            id=hook_id, url="mailto:maya@example.test", kinds="", secret="s", made_by="root", made_at=datetime.now(UTC)
        )  # fmt: skip
        session.add(hook)
        session.flush()
        row = chat.granted(session, "case", case.id, case.version, life=timedelta(days=1), hook=hook_id, holder="maya")
        return {"approval_id": row.id, "signature": links.sign("s", row.id)}
