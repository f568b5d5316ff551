"""Flags as chips and as explained contradictions, with every stretch to listen to numbered."""

from dataclasses import dataclass

from api.console.views.words import from_code, quantity, signal_name, stretch
from schemas.flags import Flag


@dataclass(frozen=True, slots=True)
class Chip:
    """A flag in a list; the severity names its word, shape and colour."""

    code: str
    title: str
    severity: str


@dataclass(frozen=True, slots=True)
class EvidenceSpan:
    """A stretch that supports a flag; ``number`` counts over the whole page, from 1."""

    number: int
    start_s: float
    end_s: float
    label: str
    note: str
    severity: str
    title: str


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag as the case page explains it."""

    chip: Chip
    explanation: str
    layers: str
    measure: str
    spans: tuple[EvidenceSpan, ...]


def chip(flag: Flag) -> Chip:
    """Make a flag fit a list."""
    return Chip(flag.code, flag.title, str(flag.severity))


def contradictions_first(flags: tuple[Flag, ...]) -> list[Flag]:
    """Put what contradicts (two layers or more) before what stands alone; among those, the gravest first."""
    return sorted(flags, key=lambda flag: (len(flag.layers) < 2, -flag.severity.weight, -len(flag.layers), flag.code))


def flag_views(flags: tuple[Flag, ...]) -> tuple[FlagView, ...]:
    """Explain all flags, contradictions first, and number their stretches through."""
    views: list[FlagView] = []
    count = 0
    for flag in contradictions_first(flags):
        spans = _spans(flag, count)
        count += len(spans)
        views.append(FlagView(chip(flag), flag.explanation, _layers(flag), _measure(flag), spans))
    return tuple(views)


def all_spans(views: tuple[FlagView, ...]) -> tuple[EvidenceSpan, ...]:
    """List the stretches of all flags in the order of their numbers."""
    return tuple(span for view in views for span in view.spans)


def _spans(flag: Flag, before: int) -> tuple[EvidenceSpan, ...]:
    return tuple(
        EvidenceSpan(
            number=before + n,
            start_s=span.start_s,
            end_s=span.end_s,
            label=stretch(span.start_s, span.end_s),
            note=span.note,
            severity=str(flag.severity),
            title=flag.title,
        )
        for n, span in enumerate(flag.spans, start=1)
    )


def _layers(flag: Flag) -> str:
    joint = " against " if len(flag.layers) > 1 else ""
    return joint.join(from_code(layer) for layer in flag.layers)


def _measure(flag: Flag) -> str:
    if flag.value is None:
        return ""
    signal = flag.signal or ""
    limit = f", limit {quantity(signal, flag.threshold)}" if flag.threshold is not None else ""
    return f"{signal_name(signal) or 'Value'} {quantity(signal, flag.value)}{limit}"
