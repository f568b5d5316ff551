"""The known layer: matches, the copies that form a cluster, namesakes, names that recall others, the sender's past.

What was not counted is left out or said to be unknown; a rate is shown beside what was usual for the same sender,
since a large sender does nothing wrong by being large.
"""

from collections.abc import Iterator

from api.console.views import words
from api.console.views.columns import LayerView, Row
from api.console.views.matches import LEVELS, RELATIONS, is_whole, match_views
from schemas.copies import Cluster, Copy, Namesake
from schemas.flags import Flag, Layer
from schemas.known import Known, Match
from schemas.senders import WINDOW_DAYS, YOUNG_DAYS, Likeness, Resemblance, SenderRecord

MOST_COPIES = 8


def known_view(known: Known, flags: tuple[Flag, ...]) -> LayerView:
    """Say what the catalogue and the sender's past say."""
    own = [flag for flag in flags if Layer.KNOWN in flag.layers]
    matches = match_views(known)
    headline, sentence = _compared(known.matches)
    if own and not known.matches:
        headline = own[0].title
    rows = (
        *_of_cluster(known.cluster),
        *(_namesake(one) for one in known.namesakes or ()),
        *(_resemblance(one) for one in known.resemblances),
        *_of_sender(known.sender, {flag.signal: flag.code for flag in own if flag.signal}),
    )
    headline = matches[0].how if matches else headline
    return LayerView("known", "Known", "what the catalogue says", headline, sentence, rows, bool(own), matches)


def _compared(matches: tuple[Match, ...] | None) -> tuple[str, str]:
    if matches is None:
        return "Not compared", "This sound was not compared with the catalogue."
    if not matches:
        return "No match", "No other recording of the catalogue has this sound, as far as it was delivered here."
    shares = "The same sound as" if all(is_whole(match) for match in matches) else "Shares sound with"
    return "", f"{shares} {words.plural(len(matches), 'other recording')} in the catalogue."


def _of_cluster(cluster: Cluster | None) -> Iterator[Row]:
    if cluster is None:
        return
    yield Row("Copies", cluster.describe())
    for copy in cluster.members[:MOST_COPIES]:
        yield Row("", _named(copy), RELATIONS[copy.relation] if copy.relation else "The earliest.")
    rest = cluster.size - 1 - min(len(cluster.members), MOST_COPIES)
    if rest > 0:
        yield Row("", f"and {words.plural(rest, 'more recording')}")


def _named(copy: Copy | Namesake) -> str:
    title = f"“{copy.title}”" if copy.title else copy.recording_key
    by = f" by {copy.display_artist}" if copy.display_artist else ""
    return f"{title}{by}, {copy.isrc or 'no ISRC'}"


def _namesake(other: Namesake) -> Row:
    declared = f", declared {LEVELS[other.declared]}" if other.declared in LEVELS else ""
    return Row(
        "Same ISRC, other sound", f"{_named(other)}, {words.clock(other.duration_s)}{declared}",
        "An ISRC names one recording; one of the two bears it wrongly.",
    )  # fmt: skip


def _resemblance(found: Resemblance) -> Row:
    senders = words.plural(found.senders, "sender")
    if found.kind is Likeness.LOOK_ALIKE:
        note = f"Other letters that look the same; {senders} brought that artist."
        return Row("Looks like", f"“{found.name}” is written like “{found.other}”", note)
    return Row("Names another artist", f"“{found.other}”, who is not credited", f"{senders} brought that artist.")


def _of_sender(record: SenderRecord | None, raised: dict[str, str]) -> Iterator[Row]:
    if record is None:
        return
    yield Row("Sender", f"{WINDOW_DAYS} days to {record.until}", _past(record))
    for name, term, value, usual in _figures(record):
        if value:
            raises = f"raises {raised[f'sender_{name}']}" if f"sender_{name}" in raised else ""
            yield Row(term, value, "; ".join(filter(None, (usual, raises))))


def _past(record: SenderRecord) -> str:
    if record.burst_ratio is None or record.known_days < YOUNG_DAYS:
        return f"Known for {words.plural(record.known_days, 'day')}: too short a past to have a usual month."
    return f"Known for {words.plural(record.known_days, 'day')}; compared with its own year before."


def _figures(record: SenderRecord) -> tuple[tuple[str, str, str, str], ...]:
    """List name of the measure, term, value, and what was usual; an empty value where nothing was counted."""
    usual = words.number(record.usual_releases) if record.usual_releases is not None else ""
    times = f", {words.number(record.burst_ratio)} times its usual month" if record.burst_ratio is not None else ""
    return (
        ("burst_ratio", "Releases", f"{record.releases:,}{times}", f"usually {usual}" if usual else ""),
        ("new_artist_share", "By new artists", _share(record.new_artist_share), _usual(record.usual_new_artist_share)),
        ("sound_reuse_share", "With a sound it already has", _share(record.sound_reuse_share), ""),
        ("cover_reuse_share", "With another artist's cover", _share(record.cover_reuse_share), ""),
        ("permuted_title_share", "With the same words as titles", _share(record.permuted_title_share), ""),
        ("short_stack_share", "Just over 30 seconds long", _share(record.short_stack_share), ""),
        ("flagged_share", "Flagged", _share(record.flagged_share), _usual(record.usual_flagged_share)),
        ("upheld_share", "Flags upheld by people", _share(record.upheld_share), ""),
    )


def _share(share: float | None) -> str:
    return "" if share is None else words.percent(share)


def _usual(share: float | None) -> str:
    return "" if share is None else f"usually {words.percent(share)}"
