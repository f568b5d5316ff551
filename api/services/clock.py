"""The time, in one place that a test can set."""

from datetime import UTC, datetime

from schemas.errors import InvalidInput


def now() -> datetime:
    """Give the present, aware and in UTC."""
    return datetime.now(UTC)


def to_utc(moment: datetime) -> datetime:
    """Give a moment in UTC; `InvalidInput` for one beyond the calendar, such as the year 1 east of Greenwich."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput("The time lies beyond the calendar.", mend="Give a later or earlier one.") from error
