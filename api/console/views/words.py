"""Numbers, times and names as a person reads them.

Conventions
-----------
Seconds become ``m:ss``; times stay in UTC and are written out, never "yesterday"; ages are one
number and one unit, since nobody triages by the second.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from schemas.screening import Signal

_AGES = (("d", 86_400), ("h", 3_600), ("min", 60))  # in seconds
_UNITS = {"s": "s", "hz": "Hz", "lufs": "LUFS", "lu": "LU", "db": "dB", "dbfs": "dBFS", "bpm": "BPM"}
_INITIALISMS = {"lufs": "LUFS", "bpm": "BPM", "c2pa": "C2PA", "ai": "AI", "dc": "DC", "rms": "RMS"}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment for a ``<time>`` element: machine form, text in UTC, and how long ago."""

    iso: str
    text: str
    ago: str


def stamp(at: datetime, now: datetime) -> Stamp:
    """Put a moment into the forms that a page needs."""
    iso = at.astimezone(UTC).isoformat(timespec="seconds")
    return Stamp(iso, f"{iso[:10]} {iso[11:16]} UTC", ago(at, now))


def ago(at: datetime, now: datetime) -> str:
    """Tell how long ago ``at`` was, in the largest unit that fits.

    Examples
    --------
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> ago(noon, noon.replace(hour=13, minute=35)), ago(noon, noon)
    ('1 h', 'now')
    """
    seconds = (now - at).total_seconds()
    for name, unit_s in _AGES:
        if seconds >= unit_s:
            return f"{int(seconds // unit_s)} {name}"
    return "now"


def clock(seconds: float) -> str:
    """Write a position in a recording.

    Examples
    --------
    >>> clock(41.4), clock(3725)
    ('0:41', '1:02:05')
    """
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def stretch(start_s: float, end_s: float) -> str:
    """Write a stretch of a recording to the nearest second, e.g. ``0:41-0:58`` with an en dash."""
    return f"{clock(round(start_s))}–{clock(round(end_s))}"  # noqa: RUF001 - a range takes an en dash


def size(count: int) -> str:
    """Write a number of bytes with the decimal unit that fits."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def signal_name(name: str) -> str:
    """Name a signal in words, without the unit that its suffix carries.

    Examples
    --------
    >>> signal_name("bandwidth_cutoff_hz"), signal_name("loudness_lufs")
    ('Bandwidth cutoff', 'Loudness')
    """
    parts = name.split("_")
    if parts[-1] in _UNITS and len(parts) > 1:
        parts.pop()
    words = " ".join(_INITIALISMS.get(part, part) for part in parts)
    return words[:1].upper() + words[1:]


def signal_value(signal: Signal) -> str:
    """Write what was measured; a calibrated probability says more than the value behind it, and at which odds."""
    if signal.probability is not None:
        low, high = signal.interval or (None, None)
        between = "" if low is None or high is None else f" ({percent(low)} to {percent(high)})"
        return f"{percent(signal.probability)} at even odds{between}"
    return quantity(signal.name, signal.value)


def quantity(name: str, value: float) -> str:
    r"""Write a value with the unit that the name of its signal carries; a share becomes per cent.

    Examples
    --------
    >>> quantity("loudness_lufs", -9.31), quantity("silence_share", 0.5), quantity("flatness", 0.0417)
    ('-9.31\xa0LUFS', '50\xa0%', '0.0417')
    """
    unit = name.rpartition("_")[2]
    if unit == "share":
        return percent(value)
    return f"{number(value)}\N{NO-BREAK SPACE}{_UNITS[unit]}" if unit in _UNITS else number(value)


def percent(share: float) -> str:
    """Write a share in [0, 1] as per cent with three significant digits."""
    return f"{number(share * 100)}\N{NO-BREAK SPACE}%"


def number(value: float) -> str:
    """Write a number with three significant digits, and whole from 100 on; never with an exponent.

    Examples
    --------
    >>> number(0.93412), number(-9.8), number(16012.4), number(0.0000613)
    ('0.934', '-9.8', '16012', '0.00006')
    """
    if abs(value) >= 100:
        return f"{value:.0f}"
    if 0 < abs(value) < 0.001:
        return f"{Decimal(f'{value:.1g}'):f}"
    return f"{value:.3g}"


def hours(value: float) -> str:
    """Write hours of work in the unit in which a person would plan them.

    Examples
    --------
    >>> hours(0.00006), hours(0.21), hours(7.25), hours(0)
    ('under 1 min', '13 min', '7.25 h', 'none')
    """
    if not value:
        return "none"
    minutes = value * 60
    if minutes < 1:
        return "under 1 min"
    return f"{minutes:.0f} min" if minutes < 60 else f"{number(value)} h"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Count things, e.g. ``1 flag``, ``3 flags``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def from_code(text: str) -> str:
    """Turn ``post_production`` or ``generative_ai`` into words."""
    return " ".join(_INITIALISMS.get(part, part) for part in text.split("_"))
