"""The graph: references travel through Beam, arrays through the scratch folder."""

import json
import logging
import math
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.duplicates import describe, join, namesakes, packing, results, sketch, stars, twins, verify
from pipeline.duplicates.keys import PAIRED_FROM, paired_keys, wide_keys
from pipeline.duplicates.shares import About, Share, shares_of
from pipeline.lake import Lake
from pipeline.progress import cpu_seconds, peak_rss_mb
from schemas.errors import LinerError
from schemas.policy import Policy, house_policy

KEYS, PAIRED_KEYS = 1024, 1536  # of a recording, as expected, to choose how many ranges there are
MAX_RANGES = 16_384
CHUNK = 4096  # recordings whose candidates are compared in one go
MAX_CHUNKS = 4096
PROCESSES_FROM = 20_000  # recordings that are worth the seconds in which worker processes start


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compare, and with what.

    Attributes
    ----------
    lake
        Folder that `liner scan` wrote.
    scratch
        Folder for what is in work, seen by all workers; None for one inside the lake.
    workers
        Steps at once.
    policy
        Says which clusters are flagged; None for the house policy.
    keys_of
        Chooses the keys of a fingerprint; None for what fits the number of recordings.
    compare
        Lays one fingerprint on another.
    """

    lake: Path
    scratch: Path | None = None
    workers: int = 1
    policy: Policy | None = None
    keys_of: sketch.KeysOf | None = None
    compare: verify.Compare = verify.aligned


def find_duplicates(plan: Plan) -> dict[str, Any]:
    """Compare every recording of a lake with every other, and write clusters, members and links into it.

    Returns
    -------
    dict
        What was done: counts, seconds, CPU seconds, peak memory in MB, bytes that went through the scratch folder.

    Raises
    ------
    InvalidInput
        There is no lake.
    LakeUnusable
        It cannot be written.
    """
    began, cpu_before = time.monotonic(), cpu_seconds()
    shares_of(plan.lake)  # a folder that is no lake is refused before anything is written
    Lake(plan.lake).tidy()  # one row for each recording
    shares = shares_of(plan.lake)
    scratch = (plan.scratch or plan.lake) / f".duplicates-{uuid.uuid4().hex[:12]}"
    scratch.mkdir(parents=True)
    try:
        _run(plan, shares, scratch)
        summary = json.loads((scratch / "summary.json").read_bytes())
        summary["shuffle_mb"] = round(sum(f.stat().st_size for f in scratch.glob("*.*")) / 1e6, 1)
        _publish(scratch / "results", plan.lake / "duplicates")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    seconds = {"seconds": round(time.monotonic() - began, 2), "cpu_seconds": round(cpu_seconds() - cpu_before, 2)}
    return {**summary, **seconds, "peak_rss_mb": round(max(peak_rss_mb()), 1)}


def _run(plan: Plan, shares: Sequence[Share], scratch: Path) -> None:
    is_large = plan.workers > 1 and sum(share.rows for share in shares) >= PROCESSES_FROM
    options = PipelineOptions(
        [
            "--runner=FnApiRunner",
            f"--direct_running_mode={'multi_processing' if is_large else 'multi_threading'}",
            f"--direct_num_workers={plan.workers}",
            "--default_sdk_harness_log_level=ERROR",
        ]
    )
    try:
        with beam.Pipeline(options=options) as pipeline:
            _ = pipeline | "Duplicates" >> FindDuplicates(shares, scratch, plan)
    except Exception as error:
        logging.getLogger("liner.pipeline").exception("the comparison failed")
        cause = str(error).strip().splitlines() or [type(error).__name__]
        raise LinerError(
            f"The comparison ended early: {cause[-1]}",
            mend="Make room for --scratch, and run it again; the lake is whole.",
        ) from error


def _publish(made: Path, target: Path) -> None:
    """Put the new tables in the place of the old ones."""
    old = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


class FindDuplicates(beam.PTransform):
    """Shares of a lake in, clusters, members and links in ``scratch/results`` out.

    Parameters
    ----------
    scratch
        A folder that every worker sees.
    """

    def __init__(self, shares: Sequence[Share], scratch: Path, plan: Plan) -> None:
        super().__init__()
        self.shares = list(shares)
        self.scratch = scratch
        self.policy = plan.policy or house_policy()
        self.compare = plan.compare
        total = sum(share.rows for share in self.shares)
        is_huge = total >= PAIRED_FROM
        self.keys_of = plan.keys_of or (paired_keys if is_huge else wide_keys)
        self.ranges = min(MAX_RANGES, packing.ranges_for(total * (PAIRED_KEYS if is_huge else KEYS)))

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        """Chain the steps; each one's references are a side input of the next, which so waits for all of them."""
        for kind in ("results/clusters", "results/members", "results/links", "results/namesakes"):
            (self.scratch / kind).mkdir(parents=True, exist_ok=True)
        shares = _spread(begin, "Shares", self.shares)
        sketched = shares | "Sketch" >> beam.Map(sketch.sketch, self.scratch, self.keys_of)
        twin = self._twins(begin, sketched, "sounds", "signal")
        named = _once(begin, "Named", self._named, _all(self._twins(begin, sketched, "isrcs", "isrc")), _all(sketched))
        joined = _spread(begin, "KeyRanges", range(self.ranges)) | "Join" >> beam.Map(
            self._join, _all(sketched), _all(twin)
        )
        counted = _spread(begin, "PairRanges", range(self.ranges)) | "Count" >> beam.Map(
            self._count, _all(joined), _all(sketched)
        )
        sifted = self._sift(begin, sketched, counted)
        picked = _spread(begin, "PickShares", self.shares) | "Pick" >> beam.Map(self._pick, _all(sifted), _all(named))
        verified = sifted | "SpreadSifted" >> beam.Reshuffle() | "Verify" >> beam.Map(self._verify, _all(picked))
        star = _once(begin, "Stars", self._stars, _all(verified), _all(twin), _all(sketched))
        apart = _spread(begin, "NamedChunks", self._chunks()) | "Namesakes" >> beam.Map(
            self._namesakes, _all(named), _all(star), _all(picked)
        )
        described = shares | "Describe" >> beam.Map(
            self._describe, _all(star), _all(verified), _all(apart), _all(sketched)
        )
        written = (
            star
            | "Buckets" >> beam.FlatMap(results.buckets)
            | "SpreadBuckets" >> beam.Reshuffle()
            | "WriteClusters" >> beam.Map(self._write_clusters, _all(described))
        )
        links = verified | "WriteLinks" >> beam.Map(self._write_links, _all(described))
        two_sounds = _once(begin, "WriteNamesakes", self._write_namesakes, _all(apart), _all(described))
        steps = (sketched, twin, joined, counted, sifted, verified, written, two_sounds, links)
        return _once(begin, "Summary", self._summary, *map(_all, steps))

    def _twins(
        self, begin: beam.pvalue.PBegin, sketched: beam.PCollection, postings: str, name: str
    ) -> beam.PCollection:
        """Find what is equal in a field of `About`, by its postings."""
        found = _spread(begin, f"Ranges_{name}", range(max(1, self.ranges // 32))) | f"Twins_{name}" >> beam.Map(
            self._twins_of, _all(sketched), postings, name
        )
        return _once(begin, f"MergeTwins_{name}", twins.merged, _all(found), self.scratch / f"twins-of-{name}.npy")

    def _twins_of(self, index: int, done: list[sketch.Sketched], postings: str, name: str) -> str:
        files = [getattr(one, postings) for one in done]
        of_range = packing.one_range(files, index, max(1, self.ranges // 32))
        return twins.twins(of_range, self._about(done), self.scratch / f"{name}-{index:06}.npy", name)

    def _named(self, equal: list[str], done: list[sketch.Sketched]) -> namesakes.Named:
        return namesakes.named(np.load(equal[0]), self._about(done), self.scratch / "named.npy")

    def _namesakes(
        self,
        chunk: tuple[int, int],
        named: list[namesakes.Named],
        star: list[str],
        picked: list[verify.Picked],
    ) -> namesakes.Named:
        pairs = np.load(named[0].pairs, mmap_mode="r")
        low, high = np.searchsorted(pairs["number"], chunk)
        target = self.scratch / f"apart-{chunk[0]:010}.npy"
        return namesakes.namesakes(
            np.array(pairs[low:high]), star[0], verify.Fingerprints(picked), self.compare, target
        )

    def _join(self, index: int, done: list[sketch.Sketched], twin: list[str]) -> join.Joined:
        postings = packing.one_range([one.keys for one in done], index, self.ranges)
        postings = twins.without_twins(postings, twin[0])
        return join.join(postings, self._about(done), self.scratch / f"pairs-{index:06}.npy")

    def _count(self, index: int, done: list[join.Joined], sketched: list[sketch.Sketched]) -> join.Candidates:
        values = packing.one_range([one.pairs for one in done], index, self.ranges)
        return join.count(values, self._about(sketched), self.scratch / f"candidates-{index:06}.npy")

    def _sift(
        self, begin: beam.pvalue.PBegin, sketched: beam.PCollection, counted: beam.PCollection
    ) -> beam.PCollection:
        return _spread(begin, "Chunks", self._chunks()) | "Sift" >> beam.Map(
            self._sift_chunk, _all(counted), _all(sketched)
        )

    def _chunks(self) -> list[tuple[int, int]]:
        total = sum(share.rows for share in self.shares)
        return list(packing.chunks(total, max(CHUNK, math.ceil(total / MAX_CHUNKS))))

    def _sift_chunk(
        self, chunk: tuple[int, int], counted: list[join.Candidates], done: list[sketch.Sketched]
    ) -> join.Sifted:
        candidates = join.candidates_of([one.path for one in counted], *chunk)
        target = self.scratch / f"sifted-{chunk[0]:010}.npy"
        return join.sift(candidates, sketch.WideKeys(self.shares, done), target)

    def _pick(self, share: Share, sifted: list[join.Sifted], named: list[namesakes.Named]) -> verify.Picked:
        files = [*(one.numbers for one in sifted), named[0].numbers]
        wanted = packing.numbers_between(files, share.base, share.base + share.rows)
        return verify.pick(share, wanted, self.scratch)

    def _verify(self, sifted: join.Sifted, picked: list[verify.Picked]) -> verify.Verified:
        target = self.scratch / Path(sifted.path).name.replace("sifted", "links")
        return verify.verify(np.load(sifted.path), verify.Fingerprints(picked), self.compare, target)

    def _stars(self, done: list[verify.Verified], twin: list[str], sketched: list[sketch.Sketched]) -> str:
        return stars.stars([one.links for one in done], twin[0], self._about(sketched).total, self.scratch)

    def _describe(
        self,
        share: Share,
        star: list[str],
        done: list[verify.Verified],
        apart: list[namesakes.Named],
        sketched: list[sketch.Sketched],
    ) -> describe.Described:
        about = next(one.about for one in sketched if one.index == share.index)
        linked, named = (
            packing.numbers_between([one.numbers for one in files], share.base, share.base + share.rows)
            for files in (done, apart)
        )
        return describe.describe(share, star[0], linked, named, about)

    def _write_clusters(self, bucket: tuple[int, int], described: list[describe.Described]) -> results.Written:
        return results.write_clusters(bucket, described, self.policy, self.scratch / "results")

    def _write_links(self, done: verify.Verified, described: list[describe.Described]) -> str:
        return results.write_links(done, described, self.scratch / "results" / "links")

    def _write_namesakes(self, apart: list[namesakes.Named], described: list[describe.Described]) -> int:
        pairs = packing.joined(sorted(one.pairs for one in apart), twins.TWIN)
        target = self.scratch / "results" / "namesakes" / "part-0000000000.parquet"
        return results.write_namesakes(pairs, described, target)

    def _about(self, done: Sequence[sketch.Sketched]) -> About:
        return About(self.shares, [one.about for one in sorted(done, key=lambda one: one.index)])

    def _summary(self, *steps: list[Any]) -> str:
        sketched, twin, joined, counted, sifted, verified, written, two_sounds, _ = steps
        summary = {
            "recordings": sum(share.rows for share in self.shares),
            "compared": sum(one.compared for one in sketched),
            "unusable": sum(one.unusable for one in sketched),
            "twins": len(np.load(twin[0], mmap_mode="r")),
            "postings": sum(one.postings for one in sketched),
            "hot_keys": sum(one.hot_keys for one in joined),
            "hot_postings": sum(one.hot_postings for one in joined),
            "pairs": sum(one.count for one in joined),
            "candidates": sum(one.count for one in counted),
            "sifted": sum(one.count for one in sifted),
            "compared_pairs": sum(one.tried for one in verified),
            "links": sum(one.found for one in verified),
            "clusters": sum(one.count for one in written),
            "in_clusters": sum(one.recordings for one in written),
            "largest_cluster": max((one.largest for one in written), default=0),
            "flagged": sum(one.flagged for one in written),
            "two_sounds": two_sounds[0],
        }
        path = self.scratch / "summary.json"
        path.write_text(json.dumps(summary))
        return str(path)


def _spread(begin: beam.pvalue.PBegin, name: str, elements: Sequence[Any]) -> beam.PCollection:
    """Start with elements, each of which may go to another worker."""
    return begin | name >> beam.Create(list(elements), reshuffle=True)


def _once(begin: beam.pvalue.PBegin, name: str, work: Callable[..., Any], *inputs: Any) -> beam.PCollection:
    """Do something once, when its inputs are whole."""
    start = begin | f"{name}Once" >> beam.Create([None])
    return start | name >> beam.Map(lambda _, *given: work(*given), *inputs)


def _all(collection: beam.PCollection) -> beam.pvalue.AsList:
    return beam.pvalue.AsList(collection)
