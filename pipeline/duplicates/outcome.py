"""What a run found, taken into the screenings: the cluster of each member, its match, and one flag for all.

A screening says of its recording what the stream knew when it came. A run over the whole lake may know more. So the
screenings of members whose cluster is another one by now are judged again, kept, and delivered as those of
`liner scan`; nobody listens again. Of a very large cluster the members that a noun can carry are written to.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipeline.deliver import ClientFactory, Courier
from pipeline.duplicates.results import SHOWN, STRETCH_FIELDS
from pipeline.keep import Keeper
from pipeline.lake import Lake
from pipeline.screened import Screened
from schemas.copies import Cluster, Copy
from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.findings import Finding
from schemas.flags import Span
from schemas.known import Match, MatchKind, Segment
from schemas.policy import Policy, judge
from schemas.rules import Scope, run
from schemas.screening import Screening, derived_id

AT_ONCE = 2000  # members whose screenings are in memory
BATCH_ROWS = 1000
COPY_RULES = frozenset({"HIS-006"})

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Star:
    """A cluster as the tables hold it: the noun, and what each member that it carries declares, the earliest first."""

    cluster: Cluster
    declared: Mapping[str, Level]


def take_into(lake: Path, policy: Policy, review: ClientFactory | None) -> tuple[int, Counter[str]]:
    """Keep the screenings that another cluster changes, and deliver them.

    Parameters
    ----------
    review
        Makes a client of the review API; None to deliver nothing.

    Returns
    -------
    tuple
        How many screenings are new, and the answers of the review API.

    Raises
    ------
    LakeUnusable
        The lake cannot be written.
    """
    count, delivered = 0, Counter[str]()
    with contextlib.closing(Keeper(lake, delivers=review is not None)) as keeper:
        for count, screening in enumerate(judged_again(lake, policy), start=1):  # noqa: B007 - the last one counts
            keeper.keep(Screened(screening, is_heard_before=True))
        keeper.flush()
    if review is not None:
        with contextlib.closing(Courier(lake, review)) as courier:
            delivered, _ = courier.deliver_all()
    Lake(lake).tidy()
    return count, delivered


def judged_again(lake: Path, policy: Policy) -> Iterator[Screening]:
    """Yield the screenings that another cluster changes, judged by a policy.

    Parameters
    ----------
    lake
        With what `liner duplicates` wrote.
    """
    for stars in _some(stars_of(lake)):
        of = {key: star for star in stars for key in star.declared}
        links = _links(lake, of)
        held = list(_newest(Lake(lake), of))
        signals = {one.intake.recording_key: _signal(one) for one in held}
        for old in held:
            own = _Own(old, of[old.intake.recording_key], links, signals)
            if own.is_other:
                yield own.judged(policy)


class _Own:
    """One screening beside the star that its recording belongs to."""

    def __init__(
        self, old: Screening, star: Star, links: Mapping[tuple[str, str], Row], signals: Mapping[str, str | None]
    ) -> None:
        self._old, self._star, self._signals = old, star, signals
        self._key = old.intake.recording_key
        self._link = links.get((self._key, star.cluster.earliest.recording_key))

    @property
    def is_other(self) -> bool:
        """Whether the screening does not say the same: who belongs to it, and at whom it is flagged."""
        before, after = self._old.known.cluster, self._star.cluster
        return before is None or _said(before) != _said(after)

    def judged(self, policy: Policy) -> Screening:
        """Give the screening with the cluster and a match with its earliest, under another id."""
        known = self._old.known.model_copy(update={"cluster": self._star.cluster, "matches": self._matches()})
        old = self._old
        evidence = Evidence(intake=old.intake, found=old.found, heard=old.heard, known=known, fused=old.fused)
        findings = _findings(old, evidence)
        return old.model_copy(
            update={
                "id": derived_id("scr", old.id, policy.ref, known.model_dump_json()),
                "versions": old.versions.model_copy(update={"policy": policy.ref}),
                "screened_at": datetime.now(UTC),
                "known": known,
                "findings": findings,
                "flags": judge(evidence, findings, policy),
            }
        )

    def _matches(self) -> tuple[Match, ...]:
        before = self._old.known.matches or ()
        first = self._star.cluster.earliest.recording_key
        if first == self._key or any(one.recording_key == first for one in before):
            return before
        return (self._match(), *before)

    def _match(self) -> Match:
        """Say how the recording lies on the earliest; without a link its samples are those of another member."""
        first = self._star.cluster.earliest
        own = next(m for m in self._star.cluster.members if m.recording_key == self._key)
        return Match(
            recording_key=first.recording_key,
            isrc=first.isrc,
            title=first.title,
            display_artist=first.display_artist,
            sender_id=first.sender_id,
            released_on=first.released_on,
            relation=own.relation,
            declared=self._star.declared[first.recording_key],
            **(_laid(self._link) if self._link else self._whole(first.recording_key)),
        )

    def _whole(self, first: str) -> dict[str, Any]:
        seconds = self._old.found.audio.duration_s if self._old.found.audio else 0.0
        whole = Span(start_s=0.0, end_s=seconds)
        is_equal = _signal(self._old) is not None and _signal(self._old) == self._signals.get(first)
        kind = MatchKind.SAME_SIGNAL if is_equal else MatchKind.FINGERPRINT
        return {"kind": kind, "own": whole, "other": whole, "score": seconds, "own_share": 1.0, "other_share": 1.0}


def _findings(old: Screening, evidence: Evidence) -> tuple[Finding, ...]:
    """Hold the recording against its copies once more; every other finding stays."""
    kept = (one for one in old.findings if one.rule not in COPY_RULES)
    return (*kept, *(one for one in run(Scope.RECORDING, evidence) if one.rule in COPY_RULES))


def _said(cluster: Cluster) -> tuple[Any, ...]:
    return cluster.id, cluster.size, cluster.bearer, {member.recording_key for member in cluster.members}


def _signal(screening: Screening) -> str | None:
    return screening.found.audio.signal_hash if screening.found.audio else None


def _laid(link: Row) -> dict[str, Any]:
    segments = tuple(
        Segment(own=own, other=other, speed=one["speed"], pitch_semitones=one["pitch_semitones"])
        for one in link["stretches"]
        for own, other in [_spans(one)]
    )
    own, other = _spans(link)
    same = {name: link[name] for name in ("speed", "pitch_semitones", "own_share", "other_share")}
    return {
        "kind": MatchKind.FINGERPRINT, "own": own, "other": other, "score": link["votes"], "segments": segments, **same
    }  # fmt: skip


def _spans(row: Row) -> tuple[Span, Span]:
    start, end, other_start, other_end = (row[name] for name in STRETCH_FIELDS[:4])
    return Span(start_s=start, end_s=end), Span(start_s=other_start, end_s=other_end)


# --- reading


def stars_of(lake: Path) -> Iterator[Star]:
    """Read the clusters of the last run, one after the other."""
    for path in sorted((lake / "duplicates" / "clusters").glob("*.parquet")):
        members = groupby(_rows(path.parent.parent / "members" / path.name), key=itemgetter("cluster_id"))
        for row, (_, group) in zip(_rows(path), members, strict=True):
            yield _star(row, list(islice(group, SHOWN + 1)))


def _star(row: Row, members: Sequence[Row]) -> Star:
    first, *others = (Copy(**{name: one[name] for name in Copy.model_fields}) for one in members)
    cluster = Cluster(
        id=row["cluster_id"],
        earliest=first,
        bearer=row["bearer_key"],
        size=row["size"],
        titles=row["titles"],
        artists=row["artists"],
        senders=row["senders"],
        members=tuple(others),
    )
    return Star(cluster, {one["recording_key"]: Level(one["declared_level"]) for one in members})


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            yield from batch.to_pylist()


def _some(stars: Iterator[Star]) -> Iterator[list[Star]]:
    """Gather stars until they have so many members that a lake is worth reading for them."""
    gathered: list[Star] = []
    count = 0
    for star in stars:
        gathered.append(star)
        count += len(star.declared)
        if count >= AT_ONCE:
            yield gathered
            gathered, count = [], 0
    if gathered:
        yield gathered


def _links(lake: Path, of: Mapping[str, Star]) -> dict[tuple[str, str], Row]:
    """Read how members lie on the earliest of their star."""
    paths = [str(path) for path in (lake / "duplicates" / "links").glob("*.parquet")]
    wanted = ds.field("recording_key").isin(list(of)) & ds.field("is_whole")
    found: dict[tuple[str, str], Row] = {}
    for batch in ds.dataset(paths, format="parquet").to_batches(filter=wanted) if paths else ():
        found |= {(row["recording_key"], row["other_key"]): row for row in batch.to_pylist()}
    return found


def _newest(lake: Lake, of: Mapping[str, Star]) -> Iterator[Screening]:
    """Yield the newest screening of each delivery of some recordings."""
    dataset = ds.dataset([str(path) for path in lake.parts("screenings")], format="parquet")
    wanted = ds.field("recording_key").isin(list(of))
    newest: dict[str, tuple[datetime, str]] = {}
    for batch in dataset.to_batches(columns=["source_key", "screened_at", "screening"], filter=wanted):
        for row in batch.to_pylist():
            found = (row["screened_at"], row["screening"])
            newest[row["source_key"]] = max(newest.get(row["source_key"], found), found)
    yield from (Screening.model_validate_json(screening) for _, screening in newest.values())
