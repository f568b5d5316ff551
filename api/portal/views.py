"""View models of the labels' pages: nouns in, words out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.console.views.decide import action_label
from api.console.views.words import Stamp, stamp
from api.public import CaseView, DecisionPublic
from api.public_appeals import AppealPublic
from api.public_deliveries import DeliveryPublic
from api.public_uploads import CheckedItem, CheckPublic, DraftFile, DraftPublic
from schemas.appeals import Outcome, open_until
from schemas.cases import Action, CaseState
from schemas.findings import Finding, Severity
from schemas.rules import RULES
from schemas.screening import Screening

MARKS = {Severity.ERROR: "high", Severity.WARNING: "medium", Severity.INFO: "low"}
UNITS = ((2**30, "GB"), (2**20, "MB"), (2**10, "kB"))
EFFECTS = {
    Action.APPROVE: "Goes live as declared.",
    Action.ASK: "Waits for your answer: correct and send again.",
    Action.LABEL: "Goes live, labelled as AI.",
    Action.DEMOTE: "Goes live, not recommended.",
    Action.REMOVE: "Does not go live.",
}


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding with its mend; ``line`` where the message has lines."""

    rule: str
    title: str
    severity: str
    mark: str
    message: str
    why: str
    mend: str
    place: str
    line: int | None


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of a draft: how much of it is here."""

    name: str
    size: str
    percent: int
    is_whole: bool
    is_text: bool


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft with what is wrong with it."""

    id: str
    corrects: str | None
    expires: Stamp
    files: tuple[FileLine, ...]
    findings: tuple[FindingLine, ...]
    recordings: tuple[CheckedItem, ...]
    verdict: str
    is_ready: bool
    message: str
    max_files: int


@dataclass(frozen=True, slots=True)
class RecordingLine:
    """A recording of a delivery on its way: received, heard, in review, decided."""

    title: str
    artist: str
    isrc: str
    step: int
    state: str
    sentence: str
    href: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery with its recordings and what the rules found."""

    id: str
    received: Stamp
    files: int
    size: str
    recordings: tuple[RecordingLine, ...]
    findings: tuple[FindingLine, ...]


STEPS = ("Received", "Heard", "In review", "Decided")


def finding_lines(findings: Iterable[Finding]) -> tuple[FindingLine, ...]:
    """Put findings into words, in their order."""
    return tuple(_finding(one) for one in findings)


def draft_view(draft: DraftPublic, check: CheckPublic, now: datetime, *, max_files: int) -> DraftView:
    """Bring a draft into the order in which a label works on it."""
    texts = [name for name in check.messages if not name.lower().endswith(".xlsx")]
    return DraftView(
        id=draft.id,
        corrects=draft.corrects,
        expires=stamp(draft.expires_at, now),
        files=tuple(_file(file, texts) for file in draft.files),
        findings=finding_lines(check.findings),
        recordings=check.recordings,
        verdict=_verdict(check),
        is_ready=check.is_ready,
        message=texts[0] if texts else "",
        max_files=max_files,
    )


def delivery_view(
    delivery: DeliveryPublic,
    items: Iterable[CheckedItem],
    findings: Iterable[Finding],
    heard: Mapping[tuple[str, str], tuple[Screening, CaseView | None]],
    now: datetime,
) -> DeliveryView:
    """Show where each recording of a delivery stands.

    Parameters
    ----------
    heard
        Screenings with their cases by message and reference.
    """
    return DeliveryView(
        id=delivery.id,
        received=stamp(delivery.received_at, now),
        files=len(delivery.files),
        size=size(delivery.size),
        recordings=tuple(_recording(item, heard.get((item.message, item.reference)), now) for item in items),
        findings=finding_lines(findings),
    )


def standing(case: CaseView | None, now: datetime) -> tuple[int, str, str]:
    """Say how far a recording is: a step of `STEPS`, its name, and a sentence."""
    if case is None:
        return 1, "Heard", "Nothing stood out; nobody needs to look."
    decision = case.decisions[-1] if case.decisions else None
    if case.case.state is CaseState.WAITING:
        return 2, "Your answer", decision.reason if decision else "A moderator asks you something."
    if case.case.state is CaseState.DECIDED and decision:
        return 3, action_label(decision.action), f"{EFFECTS[decision.action]} {stamp(decision.decided_at, now).text}"
    return 2, "In review", "A person looks at it."


def appeal_until(decision: DecisionPublic, now: datetime) -> Stamp | None:
    """Say until when a decision can be appealed; None where it cannot."""
    if not decision.action.is_restricting or now > open_until(decision.decided_at):
        return None
    return stamp(open_until(decision.decided_at), now)


def appeal_sentence(appeal: AppealPublic, now: datetime) -> str:
    """Say where an appeal stands."""
    if appeal.outcome is Outcome.REVERSED:
        return "Reversed: the decision no longer applies."
    if appeal.outcome is Outcome.UPHELD:
        return "Upheld: the decision stands."
    if appeal.state == "withdrawn":
        return "Withdrawn."
    due = f"Another person answers until {stamp(appeal.due_at, now).text}."
    return f"Overdue. {due}" if appeal.is_overdue else due


def size(number: int) -> str:
    """Write a number of bytes as a person reads it.

    Examples
    --------
    >>> size(512), size(50 * 2**20)
    ('512 bytes', '50.0 MB')
    """
    unit = next(((bytes_, name) for bytes_, name in UNITS if number >= bytes_), None)
    return f"{number / unit[0]:.1f} {unit[1]}" if unit else f"{number} bytes"


def _finding(finding: Finding) -> FindingLine:
    rule = RULES.get(finding.rule)
    where = finding.location
    return FindingLine(
        rule=finding.rule,
        title=rule.title if rule else finding.rule,
        severity=str(finding.severity),
        mark=MARKS[finding.severity],
        message=finding.message,
        why=finding.why,
        mend=finding.mend,
        place=f"{where.path}, line {where.line}" if where.line else where.path,
        line=where.line,
    )


def _file(file: DraftFile, texts: list[str]) -> FileLine:
    percent = 100 if file.upload is None else int(100 * file.received / max(file.size, 1))
    return FileLine(
        name=file.name,
        size=size(file.size),
        percent=percent,
        is_whole=file.upload is None,
        is_text=file.name in texts,
    )


def _verdict(check: CheckPublic) -> str:
    if not check.messages:
        return "Add a message first: an ERN message, or a submission in JSON, CSV or XLSX."
    errors = sum(one.severity is Severity.ERROR for one in check.findings)
    if errors:
        return f"{errors} thing{'s have' if errors > 1 else ' has'} to be mended."
    if check.findings:
        return "No errors. What is left below is worth a look."
    return "No findings."


def _recording(item: CheckedItem, found: tuple[Screening, CaseView | None] | None, now: datetime) -> RecordingLine:
    case = found[1] if found else None
    step, state, sentence = standing(case, now) if found else (0, "Received", "Waits to be listened to.")
    return RecordingLine(
        title=item.title or item.reference,
        artist=item.artist,
        isrc=item.isrc or "",
        step=step,
        state=state,
        sentence=sentence,
        href=f"/portal/cases/{case.case.id}" if case else "",
    )
