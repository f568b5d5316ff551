"""Findings on real messages, for a person to judge: drawn at random, with what they point to; and counts by version.

`python -m benchmarks.precision draw --seed 1 [--count 50]` prints findings with their source excerpt as Markdown;
`python -m benchmarks.precision counts` prints what was read and refused by ERN version, the findings by rule, and the
rules that never fire. Both read the sample messages of the reference data (``LINER_SHARED``).
"""

import argparse
import csv
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.cli.reporting import Sources
from pipeline.check import check_paths
from schemas.ern.xsd import SchemaFolder
from schemas.findings import Finding
from schemas.rules import RULES, Scope

SHARED = Path(os.environ.get("LINER_SHARED", Path(__file__).parents[2] / "shared"))
SAMPLES = SHARED / "ddex/samples"
GENUINE = ("official", "real")  # what categories of the manifest begin with
ASKED_OF_A_MESSAGE = {Scope.READER, Scope.MESSAGE, Scope.PACKAGE}


@dataclass(frozen=True)
class Sample:
    """One sample message: its file, its version as the manifest has it, its category, and what was found."""

    file: str
    version: str
    category: str
    is_read: bool
    findings: tuple[Finding, ...]


def main() -> None:
    """Draw findings or count them."""
    parser = argparse.ArgumentParser(prog="benchmarks.precision")
    parser.add_argument("what", choices=("draw", "counts"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--xsd", action="store_true", help="also compare with the schemas of the reference data")
    options = parser.parse_args()
    samples = list(checked(SchemaFolder(SHARED / "ddex/xsd") if options.xsd else None))
    lines = draw(samples, options.seed, options.count) if options.what == "draw" else counts(samples)
    print("\n".join(lines))


def checked(schemas: SchemaFolder | None) -> Iterator[Sample]:
    """Check every sample by itself, as `liner check FILE` does."""
    for row in csv.DictReader((SAMPLES / "MANIFEST.csv").read_text("utf-8").splitlines()):
        report = check_paths([SAMPLES / row["file"]], listen=False, xsd=schemas)
        is_read = all(message.error is None for message in report.messages)
        yield Sample(row["file"], row["ern"], row["category"], is_read, report.findings)


def draw(samples: list[Sample], seed: int, count: int) -> Iterator[str]:
    """Draw findings of official and real messages, each as likely as any other, and show them with their source."""
    pool = [(s, f) for s in samples if s.category.startswith(GENUINE) for f in s.findings]
    sources = Sources()
    yield f"{len(pool):,} findings on official and real messages; {count} of them, seed {seed}.\n"
    for number, (sample, one) in enumerate(random.Random(seed).sample(pool, min(count, len(pool))), start=1):  # noqa: S311
        excerpt = sources.excerpt(one)
        yield f"{number}. **{one.rule}** {one.severity}, {sample.file}:{one.location.line} ({sample.version})"
        yield f"   {one.message}"
        yield f"   `{excerpt.text if excerpt else one.location.xpath}`"


def counts(samples: list[Sample]) -> Iterator[str]:
    """Write the two tables."""
    versions = sorted({s.version for s in samples})
    by_rule: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        by_rule["read" if sample.is_read else "refused"][sample.version] += 1
        for one in sample.findings:
            by_rule[one.rule][sample.version] += 1
    yield f"| | {' | '.join(versions)} | all |\n|---|{'---|' * (len(versions) + 1)}"
    for name in ("read", "refused", *sorted(set(by_rule) - {"read", "refused"})):
        row = by_rule[name]
        yield f"| {name} | {' | '.join(str(row[v] or '') for v in versions)} | {sum(row.values())} |"
    silent = [r for r in sorted(RULES) if r not in by_rule]
    asked = [r for r in silent if RULES[r].scope in ASKED_OF_A_MESSAGE]
    yield f"\nNever on these samples, though asked: {', '.join(asked)}."
    yield f"Asked only with a sound file, a history or a platform: {', '.join(r for r in silent if r not in asked)}."


if __name__ == "__main__":
    main()
