"""Fuzz one target in this process, until its time is up: `python -m benchmarks.fuzz.one TARGET SECONDS FOLDER`."""

import sys
import warnings
from pathlib import Path

import atheris

from benchmarks.fuzz.shared import SHARED

LIMITS = ["-timeout=10", "-rss_limit_mb=3000", "-print_final_stats=1", "-max_len=200000", "-use_value_profile=1"]


def main() -> None:
    """Fuzz; the C library ends the process."""
    name, seconds, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    with atheris.instrument_imports(include=_instrumented(name), enable_loader_override=False):
        from benchmarks.fuzz.targets import TARGETS, WORDS  # noqa: PLC0415 - so that what it loads is instrumented

    warnings.simplefilter("ignore")
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(TARGETS[name].seeds(SHARED)):
        (seeds / f"{number:04}").write_bytes(data)
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS.split()), "ascii")
    options = [*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", f"-dict={words}"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], TARGETS[name].run)
    atheris.Fuzz()


def _instrumented(name: str) -> list[str]:
    """Name our own packages, and the parser that a target leans on."""
    return [
        "schemas",
        "classifiers",
        *{"tags": ["mutagen"], "provenance": ["mutagen"], "identifiers": ["stdnum"]}.get(name, []),
    ]


if __name__ == "__main__":
    main()
