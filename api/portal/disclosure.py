"""A form that writes a correct disclosure for labels without DDEX, and shows what platforms will make of it."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response

from api.console.session import Form
from api.console.views.message import Notice
from api.deps import AppSettings, Db
from api.portal.pages import Label, page, redirect
from api.portal.views import FindingLine, finding_lines
from api.services import clock, drafting
from api.services.access import Actor
from schemas import targets
from schemas.credits import DEGREES, credit_card
from schemas.disclosing import LABELS, LEVELS, Made, Maker, Part, disclosure, in_ddex_words, release_level, voice
from schemas.disclosure import Level
from schemas.ern.writer import write_message
from schemas.errors import InvalidInput, LinerError
from schemas.evidence import Evidence
from schemas.findings import Finding
from schemas.release import Deal, Identified, Message, Party, SoundRecording
from schemas.rules import Scope, run
from schemas.screening import Intake
from schemas.submission import read_submission

router = APIRouter(include_in_schema=False)
MAX_RECORDINGS = 30
FILE = "release.json"
MAKERS = {
    Maker.NOBODY: "does not apply",
    Maker.PERSON: "a person",
    Maker.HELPED: "a person, with AI's help",
    Maker.MACHINE: "AI alone",
}
GATES = {
    targets.Gate.OPEN: "takes it",
    targets.Gate.PERSON: "lets a person there decide",
    targets.Gate.REFUSED: "does not take it",
    targets.Gate.UNKNOWN: "cannot tell: nothing is declared",
}
RELEASE = ("title", "artist", "label", "kind", "icpn", "date")


@dataclass(frozen=True, slots=True)
class Preview:
    """What one recording's disclosure leads to."""

    title: str
    card: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What the form makes: the submission, how it reads back, and what there is to say about it."""

    text: str
    message: Message | None
    findings: tuple[Finding, ...]


@router.get("/portal/disclosure")
def show(actor: Label) -> Response:
    """Show the empty form."""
    return _page(actor, {"recordings": "1"}, None)


@router.post("/portal/disclosure")
def make(db: Db, actor: Label, settings: AppSettings, form: Form) -> Response:
    """Preview, download, or begin a delivery with what the form says."""
    wanted, typed = form.get("do", "preview"), dict(form)
    if wanted == "add":
        typed["recordings"] = str(min(MAX_RECORDINGS, _count(form) + 1))
        return _page(actor, typed, None)
    written = write(form, clock.now())
    if wanted == "json":
        return _download(written.text.encode(), FILE, "application/json")
    if wanted == "ern":
        try:
            return _download(write_ern(written, form), "message.xml", "application/xml")
        except LinerError as error:
            return _page(actor, typed, written, problem=f"{error.message} {error.mend}".rstrip())
    if wanted == "deliver":
        draft = drafting.create(db, actor, settings, None)
        drafting.write_text(db, actor, settings, draft.id, name=FILE, text=written.text)
        return redirect(f"/portal/drafts/{draft.id}")
    return _page(actor, typed, written)


def write(form: Mapping[str, str], now: datetime) -> Written:
    """Make the submission from the form, and check it by the rules as if it had been sent."""
    recordings = [_recording(form, number) for number in range(_count(form))]
    levels = [Level(one["disclosure"].get("contains_ai", Level.UNDECLARED)) for one in recordings]
    release: dict[str, Any] = {
        name: form[f"release_{name}"].strip() for name in RELEASE if _has(form, f"release_{name}")
    }
    release["territories"] = ["Worldwide"]
    whole = release_level(levels)
    if whole is not Level.UNDECLARED:
        release["contains_ai"] = whole.value
    if _has(form, "cover_file"):
        release["cover"] = _cover(form)
    sender = {"name": form.get("sender", "").strip(), **_given(form, dpid="sender_dpid")}
    content = {
        "liner": "submission/1",
        "id": form.get("id", "").strip() or f"form-{now:%Y%m%d}-{secrets.token_hex(4)}",
        "created_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "sender": sender,
        "release": release,
        "recordings": recordings,
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    reading = read_submission(text.encode(), FILE)
    found = list(reading.findings)
    if reading.message is not None:
        found += _ruled(reading.message)
    return Written(text, reading.message, tuple(dict.fromkeys(found)))


def write_ern(written: Written, form: Mapping[str, str]) -> bytes:
    """Write the same as an ERN 4.3.2 message.

    Raises
    ------
    InvalidInput
        Something is missing that DDEX demands: party ids, durations.
    """
    if written.message is None:
        raise InvalidInput("The form is not complete yet.", mend="Mend the findings first.")
    message = in_ddex_words(written.message)
    if not message.sender.ids:
        raise InvalidInput("DDEX needs your party id (DPID).", mend="Get one free of charge from ddex.net.")
    recipient = form.get("recipient_dpid", "").strip()
    if not recipient:
        raise InvalidInput("DDEX needs the recipient's party id (DPID).", mend="Ask your distributor for it.")
    to = Party(ids=(Identified(scheme="DPID", value=recipient),))
    release = message.releases[0].model_copy(update={"kind": message.releases[0].kind or "Single"})
    deal = Deal(
        release_references=(release.reference,),
        territories=(Identified(scheme="Territory", value="Worldwide"),),
        use_types=("OnDemandStream", "PermanentDownload"),
        commercial_models=("SubscriptionModel",),
        starts_at=release.release_date if release.release_date and len(release.release_date) == 10 else None,
    )
    deals = (deal,) if deal.starts_at else ()
    whole = message.model_copy(update={"recipients": (to,), "releases": (release,), "deals": deals})
    return write_message(whole)


def previews(message: Message) -> tuple[Preview, ...]:
    """Say what each platform will make of each recording."""
    return tuple(_preview(one, message) for one in message.sound_recordings)


def _preview(recording: SoundRecording, message: Message) -> Preview:
    card = credit_card(recording.disclosure, title=recording.title, artist=recording.display_artist)
    kid = targets.distrokid_credits(recording)
    spotify = ", ".join(targets.spotify_credits(recording))
    apple = ", ".join(targets.apple_flags(recording, message.images).names)
    lines = (
        ("Spotify", f"AI credits: {spotify}" if spotify else "no AI credit"),
        ("Apple Music", f"transparency tags: {apple}" if apple else "no transparency tag"),
        (
            "DistroKid",
            f"lyrics {DEGREES[kid.lyrics]}, composition {DEGREES[kid.composition]}, audio {DEGREES[kid.audio]}",
        ),
        ("Bandcamp", GATES[targets.bandcamp_gate(recording)]),
        ("Believe, TuneCore", GATES[targets.believe_gate(recording)]),
    )
    return Preview(recording.title, f"{card.summary} {card.text}", lines)


def _ruled(message: Message) -> list[Finding]:
    found = list(run(Scope.MESSAGE, message))
    for recording in message.sound_recordings:
        intake = Intake(
            recording_key=recording.reference,
            source_key=message.sha256,
            delivery_id="form",
            delivery_path="form",
            message_path=FILE,
            recording=recording,
        )
        found += run(Scope.RECORDING, Evidence(intake=intake))
    return found


def _recording(form: Mapping[str, str], number: int) -> dict[str, Any]:
    made = [
        Made(part=part, maker=_maker(form, number, part), name=form.get(f"r{number}_{part.name}_name", ""))
        for part in Part
    ]
    artist = form.get(f"r{number}_artist", "").strip() or form.get("release_artist", "").strip()
    names = {name: f"r{number}_{name}" for name in ("isrc", "iswc", "language")}
    duration = form.get(f"r{number}_duration_s", "").strip()
    digest = form.get(f"r{number}_hash", "").strip()
    return {
        "title": form.get(f"r{number}_title", "").strip(),
        "artist": artist,
        "file": form.get(f"r{number}_file", "").strip(),
        **_given(form, **names),
        **({"duration_s": float(duration)} if _is_number(duration) else {}),
        **({"hash": {"algorithm": "SHA-256", "value": digest}} if digest else {}),
        **voice(made),
        "disclosure": disclosure(made, artist=artist),
    }


def _cover(form: Mapping[str, str]) -> dict[str, Any]:
    maker = _choice(form.get("cover_maker", ""))
    stated = {} if maker is Maker.NOBODY else {"disclosure": {"contains_ai": LEVELS[maker].value}}
    digest = form.get("cover_hash", "").strip()
    hashed = {"hash": {"algorithm": "SHA-256", "value": digest}} if digest else {}
    return {"file": form["cover_file"].strip(), **hashed, **stated}


def _maker(form: Mapping[str, str], number: int, part: Part) -> Maker:
    return _choice(form.get(f"r{number}_{part.name}", ""))


def _choice(value: str) -> Maker:
    return Maker(value) if value in set(Maker) else Maker.NOBODY


def _count(form: Mapping[str, str]) -> int:
    text = form.get("recordings", "1")
    return min(MAX_RECORDINGS, max(1, int(text))) if text.isdecimal() and len(text) < 4 else 1


def _has(form: Mapping[str, str], name: str) -> bool:
    return bool(form.get(name, "").strip())


def _given(form: Mapping[str, str], **fields: str) -> dict[str, str]:
    return {name: form[field].strip() for name, field in fields.items() if _has(form, field)}


def _is_number(text: str) -> bool:
    try:
        return 0 < float(text) < 86_400
    except ValueError:
        return False


def _download(data: bytes, name: str, kind: str) -> Response:
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _page(actor: Actor, typed: Mapping[str, str], written: Written | None, *, problem: str = "") -> Response:
    lines: tuple[FindingLine, ...] = finding_lines(written.findings) if written else ()
    shown = previews(written.message) if written and written.message else ()
    return page(
        "disclosure.html",
        actor,
        status=422 if problem else 200,
        typed=typed,
        count=_count(typed),
        parts=[(part.name, LABELS[part]) for part in Part],
        makers=MAKERS.items(),
        is_written=written is not None,
        findings=lines,
        previews=shown,
        submission=written.text if written else "",
        notice=Notice(problem, is_problem=True) if problem else None,
    )
