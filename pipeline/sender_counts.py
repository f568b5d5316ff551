"""Count one sender's last month beside its own year before, in the index of `pipeline.senders`."""

import sqlite3
from collections.abc import Sequence
from datetime import date

from schemas.senders import FEWEST, HISTORY_DAYS, WINDOW_DAYS, YOUNG_DAYS, SenderRecord

_WITHIN = "sender = ? AND is_open = 0 AND day > ? AND day <= ?"
_TOTALS = f"""
SELECT count(DISTINCT recording), count(DISTINCT release), count(DISTINCT artist), avg(is_short), avg(flagged),
       avg(upheld)
FROM arrival WHERE {_WITHIN}
"""  # noqa: S608 - no input
_NEW = f"""
SELECT avg(first > ?) FROM (
    SELECT (SELECT min(b.day) FROM arrival b WHERE b.sender = a.sender AND b.artist = a.artist AND b.is_open = 0)
    AS first FROM arrival a WHERE {_WITHIN} GROUP BY release
)
"""  # noqa: S608 - no input
_SOUND = f"""
SELECT 1.0 - count(DISTINCT sound) * 1.0 / count(DISTINCT recording) FROM arrival
WHERE {_WITHIN} AND sound IS NOT NULL
"""  # noqa: S608 - no input
_COVER = f"""
SELECT avg(artists > 1) FROM (
    SELECT max(shared.artists) AS artists FROM arrival a JOIN (
        SELECT cover, count(DISTINCT artist) AS artists FROM arrival
        WHERE {_WITHIN} AND cover IS NOT NULL GROUP BY cover
    ) shared ON shared.cover = a.cover WHERE a.{_WITHIN.replace(" AND ", " AND a.")} GROUP BY a.release
)
"""  # noqa: S608 - no input
_TITLES = f"""
SELECT total(titles) FROM (
    SELECT count(DISTINCT recording) AS titles FROM arrival WHERE {_WITHIN} AND instr(words, ' ') > 0
    GROUP BY words HAVING count(DISTINCT title) > 1 AND count(DISTINCT recording) > 2
)
"""  # noqa: S608 - no input


def counted(db: sqlite3.Connection, sender: str, day: int) -> SenderRecord | None:
    """Count what a sender did up to a day, in runs that are closed; None for who did nothing in its year."""
    first = _one(db, "SELECT min(day) FROM arrival WHERE sender = ? AND is_open = 0", (sender,))
    if first is None or first > day:
        return None
    since = day - WINDOW_DAYS
    window, before = (sender, since, day), (sender, since - HISTORY_DAYS, since)
    recordings, releases, artists, short, flagged, upheld = db.execute(_TOTALS, window).fetchone()
    _, past_releases, _, _, usual_flagged, _ = db.execute(_TOTALS, before).fetchone()
    usual = _usual(past_releases, since, int(first))
    has_past = usual is not None and past_releases >= FEWEST
    return SenderRecord(
        sender=sender,
        until=date.fromordinal(min(day, date.max.toordinal())).isoformat(),
        known_days=int(day - first),
        recordings=recordings,
        releases=releases,
        artists=artists,
        past_releases=past_releases,
        usual_releases=usual,
        burst_ratio=None if usual is None else releases / max(usual, 1.0),
        new_artist_share=_one(db, _NEW, (since, *window)) if has_past and releases >= FEWEST else None,
        usual_new_artist_share=_one(db, _NEW, (since - HISTORY_DAYS, *before)) if has_past else None,
        **_shares(db, window, recordings, releases),
        short_stack_share=short if recordings >= FEWEST else None,
        flagged_share=flagged if recordings >= FEWEST else None,
        usual_flagged_share=usual_flagged if has_past else None,
        upheld_share=upheld,
    )


def _usual(past_releases: int, since: int, first: int) -> float | None:
    """Give the releases that a sender's own past would have brought in one window; None for a short past."""
    days = min(since - first, HISTORY_DAYS)
    return past_releases * WINDOW_DAYS / days if days >= YOUNG_DAYS else None


def _shares(
    db: sqlite3.Connection, window: tuple[str, int, int], recordings: int, releases: int
) -> dict[str, float | None]:
    heard = recordings >= FEWEST
    permuted = _one(db, _TITLES, window)
    return {
        "sound_reuse_share": _bounded(_one(db, _SOUND, window)) if heard else None,
        "cover_reuse_share": _one(db, _COVER, (*window, *window)) if releases >= FEWEST else None,
        "permuted_title_share": _bounded((permuted or 0.0) / recordings) if heard else None,
    }


def _bounded(share: float | None) -> float | None:
    return None if share is None else min(max(share, 0.0), 1.0)


def _one(db: sqlite3.Connection, query: str, values: Sequence[object]) -> float | None:
    (value,) = db.execute(query, values).fetchone()
    return None if value is None else float(value)
