"""Counts of things in the lines that commands print."""


def many(count: int, one: str, several: str | None = None) -> str:
    """Count things in words.

    Examples
    --------
    >>> many(1, "entry", "entries"), many(2, "recording"), many(0, "key")
    ('1 entry', '2 recordings', '0 keys')
    """
    return f"{count} {one if count == 1 else several or one + 's'}"
