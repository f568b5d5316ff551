"""What the decide form sends, checked field by field before the service sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from api.console.views.decide import prefilled
from schemas.cases import Action, StatementOfReasons
from schemas.errors import InvalidInput
from schemas.reasons import unfilled
from schemas.screening import Screening

MAX_REASON = 5000
_PART_FIELDS = {"territories": "(a)", "facts": "(b)", "ground": "(d, e)", "explanation": "(d, e)", "redress": "(f)"}


@dataclass(frozen=True, slots=True)
class DecideForm:
    """A form without errors: what to decide, at which version, with which statement."""

    version: int
    action: Action
    reason: str
    note: str
    statement: StatementOfReasons | None


class FormErrors(Exception):
    """What is wrong, by field name; nothing that was typed is lost."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def read_decide_form(form: Mapping[str, str], now: datetime) -> DecideForm:
    """Turn a sent form into a decision's parts, or raise `FormErrors` naming every wrong field."""
    errors: dict[str, str] = {}
    action = _action(form.get("action", ""), errors)
    reason = form.get("reason", "").strip()
    if not 3 <= len(reason) <= MAX_REASON:
        errors["reason"] = f"Give a reason of 3 to {MAX_REASON:,} characters."
    statement = _statement(form, now, errors) if action and action.is_restricting else None
    version = read_version(form)
    if errors or action is None:
        raise FormErrors(errors)
    return DecideForm(version, action, reason, form.get("note", "").strip()[:MAX_REASON], statement)


def read_version(form: Mapping[str, str]) -> int:
    """Read the version of the case that the form was made for; `InvalidInput` where it is lost."""
    text = form.get("version", "")
    if not (text.isdecimal() and 0 < len(text) < 10):
        raise InvalidInput("The form lost the version of its case.", mend="Open the case again.")
    return int(text)


def read_reopen_form(form: Mapping[str, str]) -> str:
    """Read why a case is reopened; `InvalidInput` where nothing is said."""
    reason = form.get("reason", "").strip()
    if not 3 <= len(reason) <= MAX_REASON:
        raise InvalidInput("Reopening needs a reason of at least 3 characters.", mend="Say why.")
    return reason


def read_action(form: Mapping[str, str]) -> Action:
    """Read the action that was chosen; `InvalidInput` where none was."""
    try:
        return Action(form.get("action", ""))
    except ValueError as error:
        raise InvalidInput("No action was chosen.", mend="Choose what to do.") from error


def read_text(form: Mapping[str, str], name: str, what: str) -> str:
    """Read a field that has to say something."""
    text = form.get(name, "").strip()
    if not text or len(text) > MAX_REASON:
        raise InvalidInput(f"This needs {what}, of at most {MAX_REASON:,} characters.", mend="Fill it in.")
    return text


def read_reason(form: Mapping[str, str]) -> str:
    """Read why something is done; `InvalidInput` where less than three characters say so."""
    reason = form.get("reason", "").strip()
    if not 3 <= len(reason) <= MAX_REASON:
        raise InvalidInput(f"This needs a reason of 3 to {MAX_REASON:,} characters.", mend="Say why.")
    return reason


def read_statement(
    screening: Screening | None, form: Mapping[str, str], action: Action | None
) -> StatementOfReasons | None:
    """Read a statement whose facts and ground are the recording's own; None where nothing is restricted."""
    if action is None or not action.is_restricting:
        return None
    explanation = form.get("explanation", "").strip()
    if screening is None:  # many cases: the facts of each are filled in for itself
        return StatementOfReasons(explanation=explanation)
    own = prefilled(screening)
    return StatementOfReasons(facts=own.get("facts", ""), ground=own["ground"], explanation=explanation)


def _action(value: str, errors: dict[str, str]) -> Action | None:
    try:
        return Action(value)
    except ValueError:
        errors["action"] = "Choose what to do."
        return None


def _statement(form: Mapping[str, str], now: datetime, errors: dict[str, str]) -> StatementOfReasons:
    for name, letter in _PART_FIELDS.items():
        if not form.get(name, "").replace(",", " ").strip():  # a list of commas is empty too
            errors[name] = f"Art. 17(3){letter} asks for this part."
        elif places := unfilled(form.get(name, "")):
            errors[name] = f"Fill in {', '.join(f'{{{place}}}' for place in places)}."
    return StatementOfReasons(
        facts=form.get("facts", "").strip(),
        ground=form.get("ground", "").strip(),
        explanation=form.get("explanation", "").strip(),
        is_illegal_content=form.get("ground_kind") == "law",
        territories=tuple(part.strip() for part in form.get("territories", "").split(",") if part.strip()),
        ends_at=_end(form.get("ends_at", "").strip(), now, errors),
        redress=form.get("redress", "").strip(),
    )


def _end(text: str, now: datetime, errors: dict[str, str]) -> datetime | None:
    if not text:
        return None
    try:
        end = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        errors["ends_at"] = "Write the date as 2027-01-31, or leave it empty for an open end."
        return None
    if end <= now:
        errors["ends_at"] = "The end must lie in the future; leave it empty for an open end."
    return end
