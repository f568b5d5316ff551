"""What a run leaves in the lake: clusters, their members, and the links between recordings, as Parquet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipeline.duplicates import packing
from pipeline.duplicates.describe import Described, Keys
from pipeline.duplicates.shares import day_text
from pipeline.duplicates.verify import LINK, STRETCH, Verified, is_whole
from schemas.copies import Cluster, Copy, bearer_of, is_at_odds, relation_of
from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.flags import Flag, Span
from schemas.known import Known, Match, MatchKind
from schemas.policy import Policy, judge
from schemas.release import SoundRecording
from schemas.screening import Intake, derived_id

SHOWN = 200  # members in one noun; the table has them all
BUCKET_MEMBERS = 200_000

_TEXT, _COUNT, _REAL = pa.string(), pa.int64(), pa.float64()
STRETCH_FIELDS = [name for name in STRETCH.names or () if name != "link"]
CLUSTERS = pa.schema(
    [
        ("cluster_id", _TEXT), ("size", _COUNT), ("titles", _COUNT), ("artists", _COUNT), ("senders", _COUNT),
        ("declared_levels", pa.list_(_TEXT)), ("earliest_key", _TEXT), ("earliest_isrc", _TEXT),
        ("earliest_title", _TEXT), ("earliest_artist", _TEXT), ("earliest_sender", _TEXT), ("released_on", _TEXT),
        ("bearer_key", _TEXT), ("at_odds_key", _TEXT), ("flag_code", _TEXT), ("flag_severity", _TEXT),
        ("explanation", _TEXT),
    ]
)  # fmt: skip
MEMBERS = pa.schema(
    [
        ("cluster_id", _TEXT), ("recording_key", _TEXT), ("isrc", _TEXT), ("title", _TEXT), ("display_artist", _TEXT),
        ("sender_id", _TEXT), ("released_on", _TEXT), ("relation", _TEXT), ("declared_level", _TEXT),
        ("signal_hash", _TEXT), ("audio_uri", _TEXT),
    ]
)  # fmt: skip
LINKS = pa.schema(
    [
        ("recording_key", _TEXT), ("other_key", _TEXT), ("is_whole", pa.bool_()), ("speed", _REAL),
        ("pitch_semitones", _REAL), ("own_start_s", _REAL), ("own_end_s", _REAL), ("other_start_s", _REAL),
        ("other_end_s", _REAL), ("own_share", _REAL), ("other_share", _REAL), ("votes", _REAL),
        ("stretches", pa.list_(pa.struct([(name, _REAL) for name in STRETCH_FIELDS]))),
    ]
)  # fmt: skip
NAMESAKES = pa.schema(
    [
        ("recording_key", _TEXT), ("isrc", _TEXT), ("other_key", _TEXT), ("other_title", _TEXT),
        ("other_artist", _TEXT), ("other_sender", _TEXT), ("other_duration_s", _REAL), ("other_declared_level", _TEXT),
    ]
)  # fmt: skip
_LINK_FIELDS = [name for name in LINK.names or () if name not in ("later", "earlier")]

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """What Write wrote for a bucket of clusters."""

    clusters: str
    members: str
    count: int
    recordings: int
    largest: int
    flagged: int


def buckets(members: str) -> list[tuple[int, int]]:
    """Cut the centres into ranges of numbers that some 200,000 members belong to; a larger cluster has its own."""
    centres = np.sort(np.asarray(np.load(members, mmap_mode="r")["centre"]))
    cuts = [*np.unique(centres[::BUCKET_MEMBERS]).tolist(), packing.MAX_RECORDINGS]
    return list(pairwise(cuts))


def write_clusters(bucket: tuple[int, int], described: Sequence[Described], policy: Policy, folder: Path) -> Written:
    """Write the clusters whose centre lies in a range, with their members and the one flag of each."""
    low, high = bucket
    dataset = ds.dataset([one.members for one in described], format="parquet")
    field = ds.field("centre")
    table = dataset.to_table(filter=(field >= low) & (field < high)).sort_by(
        [("centre", "ascending"), ("rank", "ascending")]
    )
    names = {kind: folder / kind / f"part-{low:010}.parquet" for kind in ("clusters", "members")}
    counts = [0, 0, 0, 0]
    with _Writer(names["clusters"], CLUSTERS) as clusters, _Writer(names["members"], MEMBERS) as members:
        for _, rows in groupby(_streamed(table), key=itemgetter("centre")):
            star = _Star(rows)
            for row in star.member_rows():
                members.add(row)
            flag = flag_of(star.cluster, policy, star.kind)
            clusters.add(_cluster_row(star, flag))
            size = star.cluster.size
            counts = [counts[0] + 1, counts[1] + size, max(counts[2], size), counts[3] + (flag is not None)]
    return Written(str(names["clusters"]), str(names["members"]), *counts)


def _streamed(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()


class _Star:
    """One cluster, made while its rows are written: of a large one only the first members stay in memory."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self._rows = rows
        self.levels: set[str] = set()
        self._names: dict[str, set[int]] = {"title": set(), "display_artist": set(), "sender_id": set()}
        self._shown: list[Copy] = []
        self._at_odds: str | None = None
        self._differing: set[str] = set()
        self._equal: set[str] = set()
        self._size = 0

    def member_rows(self) -> Iterator[dict[str, Any]]:
        """Yield the row of each member, the earliest first; `cluster` is whole when all are taken."""
        first: SimpleNamespace | None = None
        for row in self._rows:
            own = SimpleNamespace(**row)
            relation = relation_of(own, first) if first else None
            first = first or own
            copy = _copy(row, relation)
            self._take(copy, row)
            self._weigh(copy, own, first)
            yield {
                **copy.model_dump(mode="json"),
                "cluster_id": cluster_id(first.recording_key),
                **{name: row[name] for name in ("declared_level", "signal_hash", "audio_uri")},
            }

    def _weigh(self, copy: Copy, own: SimpleNamespace, first: SimpleNamespace) -> None:
        """Note the first that is declared in another way; the bearer goes before, and it is among those shown."""
        if own.signal_hash != first.signal_hash and is_at_odds(
            copy.relation, Level(own.declared_level), Level(first.declared_level)
        ):
            self._at_odds = self._at_odds or copy.recording_key
            if len(self._shown) <= SHOWN:
                self._differing.add(copy.recording_key)
        if own.signal_hash is not None and own.signal_hash == first.signal_hash and len(self._shown) <= SHOWN:
            self._equal.add(copy.recording_key)

    def _take(self, copy: Copy, row: dict[str, Any]) -> None:
        self._size += 1
        self.levels.add(row["declared_level"])
        for name, seen in self._names.items():
            seen.add(hash(row[name]))
        if len(self._shown) <= SHOWN:
            self._shown.append(copy)

    @property
    def kind(self) -> MatchKind:
        """How the bearer is the same as the earliest."""
        return MatchKind.SAME_SIGNAL if self.cluster.bearer in self._equal else MatchKind.FINGERPRINT

    @property
    def cluster(self) -> Cluster:
        earliest, *others = self._shown
        titles, artists, senders = (len(seen) for seen in self._names.values())
        bearer = bearer_of(others)
        return Cluster(
            id=cluster_id(earliest.recording_key),
            earliest=earliest,
            bearer=bearer,
            at_odds=bearer if bearer in self._differing else self._at_odds,
            size=self._size,
            titles=titles,
            artists=artists,
            senders=senders,
            members=tuple(others),
        )


def cluster_id(earliest_key: str) -> str:
    """Name a cluster after its earliest recording."""
    return derived_id("dup", earliest_key)


def _copy(row: dict[str, Any], relation: Any) -> Copy:
    names = ("recording_key", "isrc", "title", "display_artist", "sender_id")
    return Copy(
        **{n: row[n] for n in names}, released_on=day_text(row["rank"] >> packing.NUMBER_BITS), relation=relation
    )


def flag_of(cluster: Cluster, policy: Policy, kind: MatchKind = MatchKind.FINGERPRINT) -> Flag | None:
    """Judge a cluster by the policy, as a screening of its bearer would be."""
    bearer = next((member for member in cluster.members if member.recording_key == cluster.bearer), None)
    if bearer is None:
        return None
    first, whole = cluster.earliest, Span(start_s=0.0, end_s=float("inf"))
    match = Match(
        kind=kind, recording_key=first.recording_key, isrc=first.isrc, title=first.title,
        display_artist=first.display_artist, sender_id=first.sender_id, own=whole, other=whole, score=0.0,
        own_share=1.0, other_share=1.0, relation=bearer.relation, released_on=first.released_on,
    )  # fmt: skip
    recording = SoundRecording(reference="", isrc=bearer.isrc, title=bearer.title, display_artist=bearer.display_artist)
    intake = Intake(
        recording_key=bearer.recording_key, source_key="", delivery_id="", delivery_path="",
        sender_id=bearer.sender_id, recording=recording,
    )  # fmt: skip
    known = Known(matches=(match,), cluster=cluster)
    return next(iter(judge(Evidence(intake=intake, known=known), (), policy)), None)


def _cluster_row(star: _Star, flag: Flag | None) -> dict[str, Any]:
    cluster, first = star.cluster, star.cluster.earliest
    return {
        "cluster_id": cluster.id,
        "size": cluster.size,
        "titles": cluster.titles,
        "artists": cluster.artists,
        "senders": cluster.senders,
        "declared_levels": sorted(star.levels),
        "earliest_key": first.recording_key,
        "earliest_isrc": first.isrc,
        "earliest_title": first.title,
        "earliest_artist": first.display_artist,
        "earliest_sender": first.sender_id,
        "released_on": first.released_on,
        "bearer_key": cluster.bearer,
        "at_odds_key": cluster.at_odds,
        "flag_code": flag.code if flag else None,
        "flag_severity": flag.severity.value if flag else None,
        "explanation": cluster.describe(),
    }


def write_links(done: Verified, described: Sequence[Described], folder: Path) -> str:
    """Write a file of links with the recordings' keys and all shared stretches."""
    links: npt.NDArray[Any] = np.load(done.links)
    stretches = _stretches(np.load(done.stretches), len(links))
    keys = Keys(described)
    own, other = (keys[packing.posting_numbers(links[side])] for side in ("later", "earlier"))
    rows = [
        {
            "recording_key": own[n],
            "other_key": other[n],
            "stretches": stretches[n],
            **dict(zip(_LINK_FIELDS, values, strict=True)),
        }
        for n, values in enumerate(links[_LINK_FIELDS].tolist())
    ]
    target = folder / f"part-{Path(done.links).stem}.parquet"
    with _Writer(target, LINKS) as writer:
        for row in rows:
            writer.add({**row, "is_whole": is_whole(row["own_share"], row["other_share"])})
    return str(target)


def write_namesakes(apart: npt.NDArray[Any], described: Sequence[Described], target: Path) -> int:
    """Write the recordings of one ISRC and another sound, with what is known of the earliest that bears it.

    Parameters
    ----------
    apart
        Of `pipeline.duplicates.twins.TWIN`, by number.
    """
    dataset = ds.dataset([one.members for one in described], format="parquet")
    with _Writer(target, NAMESAKES) as writer:
        for start, stop in packing.chunks(len(apart), BUCKET_MEMBERS):
            pairs = apart[start:stop]
            wanted = ds.field("number").isin(np.union1d(pairs["number"], pairs["first"]))
            rows = {row["number"]: row for row in _streamed(dataset.to_table(filter=wanted))}
            for own, other in pairs.tolist():
                writer.add(_namesake_row(rows[own], rows[other]))
    return len(apart)


def _namesake_row(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        "recording_key": own["recording_key"],
        "isrc": own["isrc"],
        "other_key": other["recording_key"],
        "other_title": other["title"],
        "other_artist": other["display_artist"],
        "other_sender": other["sender_id"],
        "other_duration_s": other["duration_s"],
        "other_declared_level": other["declared_level"],
    }


def _stretches(rows: npt.NDArray[Any], links: int) -> list[Rows]:
    """Give each link its own stretches."""
    ends = np.searchsorted(rows["link"], np.arange(links + 1))
    plain = [dict(zip(STRETCH_FIELDS, values, strict=True)) for values in rows[STRETCH_FIELDS].tolist()]
    return [plain[start:stop] for start, stop in pairwise(ends.tolist())]


class _Writer:
    """A Parquet file, written in groups of rows, that appears under its name when it is whole."""

    def __init__(self, target: Path, schema: pa.Schema) -> None:
        self._target, self._schema = target, schema
        self._aside = target.with_name(f".{target.name}.tmp")
        self._rows: Rows = []

    def __enter__(self) -> Self:
        self._file = pq.ParquetWriter(self._aside, self._schema, compression="zstd")
        return self

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) >= 16_384:
            self._flush()

    def _flush(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows = []

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._flush()
        self._file.close()
        if kind is None:
            self._aside.replace(self._target)
