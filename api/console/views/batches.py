"""Batches: the form, the preview case by case, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.console.views.decide import action_label
from api.console.views.queue import asked
from api.console.views.words import Stamp, plural, stamp
from api.public import QueueFilters
from api.public_batches import BatchItemPublic, BatchPublic
from schemas.cases import Action
from schemas.review import ItemStatus

_ACTIONS = tuple((str(action), action_label(action)) for action in Action)
_WORDS = {
    ItemStatus.PLANNED: "planned",
    ItemStatus.EXCEPTED: "left alone",
    ItemStatus.REFUSED: "refused",
    ItemStatus.CONFLICT: "changed meanwhile",
    ItemStatus.DONE: "decided",
    ItemStatus.UNDONE: "undone",
}


@dataclass(frozen=True, slots=True)
class BatchForm:
    """What to decide alike: the cases in words, and what names them to the server."""

    about: str
    hidden: tuple[tuple[str, str], ...]
    actions: tuple[tuple[str, str], ...] = _ACTIONS


@dataclass(frozen=True, slots=True)
class ItemView:
    """One case of a batch."""

    case_id: str
    title: str
    artist: str
    codes: str
    action: str
    status: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as its page or the list shows it."""

    id: str
    about: str
    action: str
    reason: str
    made_by: str
    made: Stamp
    counts: str
    planned: str
    is_planned: bool
    is_undoable: bool
    items: tuple[ItemView, ...]
    actions: tuple[tuple[str, str], ...] = _ACTIONS


def batch_form(query: Mapping[str, str], cases: int) -> BatchForm:
    """Make the form for a release or for the queue's filters, as the address names them."""
    release_of = query.get("release_of", "")[:64]
    if release_of:
        return BatchForm(f"The {plural(cases, 'case')} of this release.", (("release_of", release_of),))
    names = ("filter", "state", "severity", "code", "q")
    hidden = tuple((name, query[name]) for name in names if query.get(name))
    words = ", ".join(f"{name} {value}" for name, value in hidden)
    return BatchForm(f"{plural(cases, 'case')}: {words}." if words else f"All {plural(cases, 'open case')}.", hidden)


def batch_filters(query: Mapping[str, str]) -> QueueFilters:
    """Read the queue's filters of an address or a form."""
    return asked(query)


def batch_view(batch: BatchPublic, *, viewer: str, now: datetime) -> BatchView:
    """Bring a batch into the form that is shown; only who previewed it may apply it."""
    planned = batch.counts.get(ItemStatus.PLANNED, 0)
    return BatchView(
        id=batch.id,
        about=batch.about,
        action=action_label(batch.action),
        reason=batch.reason,
        made_by=batch.made_by,
        made=stamp(batch.made_at, now),
        counts=", ".join(f"{count} {_WORDS[ItemStatus(status)]}" for status, count in sorted(batch.counts.items())),
        planned=plural(planned, "case"),
        is_planned=batch.applied_at is None and planned > 0 and batch.made_by == viewer,
        is_undoable=batch.is_undoable,
        items=tuple(_item(item) for item in batch.items),
    )


def _item(item: BatchItemPublic) -> ItemView:
    return ItemView(
        case_id=item.case_id,
        title=item.title or item.case_id,
        artist=item.artist,
        codes=" ".join(item.codes),
        action=action_label(item.action) if item.action else "",
        status=str(item.status),
        label=" ".join(filter(None, (action_label(item.action) if item.action else "", f"({_WORDS[item.status]})"))),
        detail=item.detail,
    )
