"""The time, in one place that a test can set."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present, aware and in UTC."""
    return datetime.now(UTC)
