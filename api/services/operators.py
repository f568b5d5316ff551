"""What is told to those who run the review, and to no label: alerts of due times, and recalls."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import Session

from api.console.views.words import plural
from api.store import recalls
from schemas.events import EventKind

KINDS = (EventKind.ALERT_RAISED, EventKind.RECALLED)
SHOWN = 10  # cases and appeals that a mail or a card names


def about(session: Session, kind: str, payload: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """Say what an event means: its numbers, the first cases with titles and addresses, and where to look."""
    if kind == EventKind.RECALLED:
        return {**payload, "url": f"{public_url}/console/recalls/{payload['recall']}"}
    named = [*payload["first_cases"], *payload["first_appeals"]]
    titles = recalls.described(session, [one["case"] for one in named])
    return {
        **{name: payload[name] for name in ("cases", "appeals", "queues")},
        "first_cases": [
            _named(one, titles, f"{public_url}/console/cases/{one['case']}") for one in payload["first_cases"]
        ],
        "first_appeals": [
            _named(one, titles, f"{public_url}/console/appeals/{one['appeal']}") for one in payload["first_appeals"]
        ],
        "url": f"{public_url}/console?filter=late" if payload["cases"] else f"{public_url}/console/appeals?show=late",
    }


def sentences(kind: str, data: Mapping[str, Any]) -> list[str]:
    """Put it into sentences, for a mail or a card."""
    if kind == EventKind.RECALLED:
        return _recall(data)
    told = [_counted("case", data["cases"]), _counted("appeal", data["appeals"])]
    queues = ", ".join(f"{name}: {sum(found.values())}" for name, found in data["queues"].items())
    named = [*data["first_cases"], *data["first_appeals"]][:SHOWN]
    more = sum(data["cases"].values()) + sum(data["appeals"].values()) - len(named)
    return [
        *filter(None, told),
        *([f"By queue: {queues}."] if len(data["queues"]) > 1 else []),
        "\n".join(f"{_when(one)}: {one['title']} ({one['url']})" for one in named),
        *([f"And {more:,} more."] if more else []),
    ]


def only(payload: Mapping[str, Any], is_wanted: Callable[[str], bool]) -> dict[str, Any] | None:
    """Leave of an alert the listed cases and appeals that are wanted; None where none is."""
    kept = {name: [one for one in payload[name] if is_wanted(one["case"])] for name in ("first_cases", "first_appeals")}
    if not any(kept.values()):
        return None
    by_queue: dict[str, Counter[str]] = {}
    for one in kept["first_cases"]:
        by_queue.setdefault(one["queue"], Counter())[one["stage"]] += 1
    return {
        **kept,
        "cases": Counter(one["stage"] for one in kept["first_cases"]),
        "appeals": Counter(one["stage"] for one in kept["first_appeals"]),
        "queues": by_queue,
    }


def _recall(data: Mapping[str, Any]) -> list[str]:
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(data["cases"].items())) or "none"
    return [f"The {data['what']} {data['subject']} was recalled.", str(data["reason"]), f"Cases: {counts}."]


def _counted(what: str, counts: Mapping[str, int]) -> str:
    late, soon = counts.get("late", 0), counts.get("soon", 0)
    parts = (f"{plural(late, what)} late" if late else "", f"{plural(soon, what)} due soon" if soon else "")
    return ", ".join(filter(None, parts)) + ("." if late or soon else "")


def _when(one: Mapping[str, Any]) -> str:
    moment = str(one["due_at"])[:16].replace("T", " ")
    return f"{'was due' if one['stage'] == 'late' else 'due'} {moment} UTC"


def _named(one: Mapping[str, Any], titles: Mapping[str, Any], url: str) -> dict[str, Any]:
    row = titles.get(one["case"])
    return {**one, "title": row.title if row else one["case"], "url": url}
