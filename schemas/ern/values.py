"""Texts of XML Schema types to Python values; what is not of the type gives None."""

import math
import re
from datetime import UTC, datetime

_DURATION = re.compile(
    r"P(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?", re.ASCII
)
_DECIMAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_HERTZ = {"": 1.0, "Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}


def parse_duration(text: str) -> float | None:
    """Read an ``xs:duration`` of days to seconds.

    Returns
    -------
    float or None
        Seconds; None for months and years, negative durations and what is none.

    Examples
    --------
    >>> parse_duration("PT4M39.5S")
    279.5
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    # Rounded, so that minutes and milliseconds add up to the float that the decimal text would be.
    return round(((days * 24 + hours) * 60 + minutes) * 60 + seconds, 6)


def format_duration(seconds: float) -> str:
    """Write seconds as an ``xs:duration``, to the millisecond.

    Examples
    --------
    >>> format_duration(279.5)
    'PT4M39.5S'
    """
    minutes, rest = divmod(round(seconds, 3), 60)
    text = f"{rest:.3f}".rstrip("0").rstrip(".")
    return f"PT{minutes:.0f}M{text}S" if minutes else f"PT{text}S"


def parse_time(text: str) -> datetime | None:
    """Read an ``xs:dateTime``; one without a zone is taken as UTC.

    Returns
    -------
    datetime or None
        Aware, in UTC.
    """
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_flag(text: str) -> bool | None:
    """Read an ``xs:boolean``; None where it is none."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def parse_number(text: str) -> float | None:
    """Read a decimal that is not negative; None where it is none."""
    return float(text) if _DECIMAL.fullmatch(text) else None


def parse_count(text: str) -> int | None:
    """Read a whole number that is not negative; None where it is none."""
    number = parse_number(text)
    return int(number) if number is not None and number == math.floor(number) else None


def parse_frequency(text: str, unit: str) -> float | None:
    """Read a frequency in a unit of DDEX (Hz where none is given).

    Returns
    -------
    float or None
        Hertz.
    """
    number, factor = parse_number(text), _HERTZ.get(unit)
    return None if number is None or factor is None else number * factor
