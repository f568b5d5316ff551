"""What is fuzzed: each target takes bytes and must return, whatever they are.

A target raises only where liner is wrong: a reader that raises, a correction that breaks its message, a parser that is
not idempotent. Time and memory are the fuzzer's to watch.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from classifiers.artwork import look_at
from classifiers.provenance import find_provenance
from classifiers.tags import generator_tags
from schemas.answers.sarif import to_sarif
from schemas.credits import credit_card, to_json_ld
from schemas.ern import read_message
from schemas.errors import InvalidIdentifier
from schemas.identifiers import PARSERS
from schemas.reading import Reading
from schemas.report import CheckReport
from schemas.rules import Scope, run
from schemas.submission import is_table, is_workbook_table, read_submission, read_table, read_workbook
from schemas.submission.template import template_csv, template_xlsx
from schemas.suggest import suggest

MAX_SEED = 60_000
MEMORY = Path("/dev/shm")  # noqa: S108 - a file in memory, where there is that


@dataclass(frozen=True)
class Target:
    """One thing that is fuzzed.

    Attributes
    ----------
    run
        Takes the bytes; raises where liner is wrong.
    seeds
        Yields inputs to start from, out of the reference data where that is there.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[Path], Iterator[bytes]]


def fuzz_ern(data: bytes) -> None:
    """Read a message, ask all rules of a message, correct it, and write the answers."""
    _judged(read_message(data, "m.xml"))
    suggestion = suggest(data, "m.xml")
    if suggestion.corrections and read_message(suggestion.data, "m.xml").message is None:
        raise AssertionError("a correction broke the message")
    if suggest(suggestion.data, "m.xml").corrections:
        raise AssertionError("a corrected message has more to correct")


def fuzz_submission(data: bytes) -> None:
    """Read a submission as JSON, CSV and workbook."""
    is_table(data)
    _judged(read_submission(data, "a.json"))
    _judged(read_table(data, "a.csv"))
    if data.startswith(b"PK"):
        is_workbook_table(data)
        _judged(read_workbook(data, "a.xlsx"))


def fuzz_provenance(data: bytes) -> None:
    """Look for manifests, tags and pictures in a sound file: GEOB, RIFF, FLAC, MP4 and Ogg."""
    find_provenance(_file(data))


def fuzz_tags(data: bytes) -> None:
    """Read tags alone, without the C2PA library."""
    generator_tags(_file(data))


def fuzz_pictures(data: bytes) -> None:
    """Look at a picture."""
    look_at(data, "cover")


def fuzz_identifiers(data: bytes) -> None:
    """Parse as every identifier; what comes out goes in again unchanged."""
    text = data.decode("utf-8", "replace")
    for name, parse in PARSERS.items():
        try:
            once = parse(text)
        except InvalidIdentifier:
            continue
        if parse(once) != once:
            raise AssertionError(f"{name}: {text!r} becomes {once!r} becomes {parse(once)!r}")


def _judged(reading: Reading) -> None:
    findings = list(reading.findings)
    if message := reading.message:
        findings += run(Scope.MESSAGE, message)
        for one in message.sound_recordings:
            to_json_ld(credit_card(one.disclosure, title=one.title))
    to_sarif(CheckReport(findings=tuple(findings)), engine="liner-0", base="/")


def _file(data: bytes) -> str:
    folder = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
    path = folder / f"liner-fuzz-{os.getpid()}"
    path.write_bytes(data)
    return str(path)


# --- seeds


def _files(*patterns: str) -> Callable[[Path], Iterator[bytes]]:
    def seeds(shared: Path) -> Iterator[bytes]:
        for pattern in patterns:
            for path in sorted(shared.glob(pattern)):
                if path.is_file() and 0 < path.stat().st_size <= MAX_SEED:
                    yield path.read_bytes()

    return seeds


def _submissions(shared: Path) -> Iterator[bytes]:
    del shared
    yield from (template_csv(example=True), template_xlsx(example=True))
    yield (
        b'{"liner": "submission/1", "id": "1", "created_at": "2026-11-22T12:00:00Z", "sender": {"name": "A"}, '
        b'"release": {"title": "B", "artist": "C", "contains_ai": "partly", "territories": ["US"]}, '
        b'"recordings": [{"title": "B", "artist": "C", "file": "a.wav", "duration_s": 2.5, '
        b'"disclosure": {"contains_ai": "partly", "contributions": '
        b'[{"role": "Composer", "agent": "human", "name": "D", "ai": "none"}]}}]}'
    )


def _identifiers(shared: Path) -> Iterator[bytes]:
    del shared
    genuine = "USS1Z9900001 4006381333931 A1-2425G-ABC1234002-M 000000012281955X 00052210040 T-034.524.680-1"
    yield from (text.encode() for text in (*genuine.split(), "PA-DPIDA-202401120D-9", str(datetime.now(UTC).year)))


def _pictures(shared: Path) -> Iterator[bytes]:
    del shared
    yield b"\x89PNG\r\n\x1a\n\0\0\0\x0etEXtparameters\0ab\0\0\0\0\0\0\0\x05iTXta\0\0\0\0\0\0\0\0"
    yield b"\xff\xd8\xff\xe1\0\x24Exif\0\0II*\0\x08\0\0\0\1\0\x0e\1\2\0\4\0\0\0abcd\xff\xed\0\x14Photoshop 3.0\x008BIM"
    yield b"RIFF\x20\0\0\0WEBPXMP \x0c\0\0\0<a><b/></a>  "
    yield b"MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x1a\0\0\0\0\0\1\x92\x86\0\7\0\0\0\x0a\0\0\0\x30UNICODE\0\0a"


TARGETS = {
    "ern": Target(fuzz_ern, _files("ddex/samples/constructed/*.xml", "ddex/samples/*/1*.xml")),
    "submission": Target(fuzz_submission, _submissions),
    "provenance": Target(fuzz_provenance, _files("c2pa/*", "broken/*/*")),
    "tags": Target(fuzz_tags, _files("broken/*/*", "c2pa/*")),
    "pictures": Target(fuzz_pictures, _pictures),
    "identifiers": Target(fuzz_identifiers, _identifiers),
}
WORDS = """
ContainsAI AiContribution SpecialContributor GenerativeAI UserDefined All None Partly SoundRecording Release Image
ResourceList ReleaseList DealList PartyList Contributor Role Value MessageHeader NewReleaseMessage ISRC ICPN
http://ddex.net/xml/ern/432 http://ddex.net/xml/ern/382 <!DOCTYPE &amp; <![CDATA[ submission/1 GEOB APIC TXXX COMM
jumb c2pa RIFF WAVE LIST INFO ICMT fLaC OggS ftyp moov udta meta ilst ---- mean name data covr tEXt zTXt iTXt caBX
Exif 8BIM aigc Label
"""
"""What the fuzzer may write without having to find it: words of the formats."""
