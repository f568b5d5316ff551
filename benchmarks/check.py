"""The validator beside the libraries below it: megabytes of messages a second on one core, and one huge message.

The messages are DDEX's own and others' samples, read from the folder that ``LINER_SHARED`` names or that lies
beside the checkout; without it only the huge message is measured, which is made here. All ways take turns in one
process, so that a busy machine is busy for all of them alike; the best of the turns counts, with the median beside
it.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from api.cli.app import COLLECT_AFTER
from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.ern import read_message, write_message
from schemas.ern.source import parse_xml
from schemas.ern.xsd import SchemaFolder
from schemas.evidence import Evidence
from schemas.release import (
    Deal,
    DisplayArtist,
    FileReference,
    HashSum,
    Identified,
    Message,
    MessageKind,
    Party,
    Release,
    SoundRecording,
)
from schemas.rules import Scope, run
from schemas.screening import Intake

SHARED = Path(os.environ.get("LINER_SHARED", Path(__file__).parents[2] / "shared"))
TURNS = 7
RECORDINGS = 10_000
ROLES = (
    "Composer",
    "Lyricist",
    "LeadVocalist",
    "Guitarist",
    "Drummer",
    "Arranger",
    "Conductor",
    "Producer",
    "MixingEngineer",
    "MasteringEngineer",
)
WORLD = Identified(scheme="Territory", value="Worldwide")
# The whole command, start included, in a process of its own: what a user waits for.
CHECK = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
command = [sys.executable, "-P", "-c", "from api.cli.app import main; main()", "check", "--format", "json", sys.argv[1]]
done = subprocess.run(command, stdout=subprocess.PIPE)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = {"wall_s": time.perf_counter() - start, "cpu_s": used.ru_utime + used.ru_stime}
(message,) = json.loads(done.stdout)["messages"]
print(json.dumps(seconds | {"peak_mb": used.ru_maxrss / 1024, "recordings": len(message["recordings"])}))
"""


def main() -> None:
    """Measure and print both tables."""
    gc.set_threshold(COLLECT_AFTER)  # as the command does
    samples = sorted((SHARED / "ddex" / "samples").rglob("*.xml"))
    if samples:
        _print_speed(_readable(samples), SHARED / "ddex" / "xsd")
    else:
        print(f"\nno sample messages below {SHARED}: speed over real messages not measured")
    _print_huge()


def _readable(paths: list[Path]) -> list[tuple[str, bytes]]:
    """Take what is a message of a known version; the others are refused at once and would flatter the speed."""
    messages = [(path.name, path.read_bytes()) for path in paths]
    return [(name, data) for name, data in messages if read_message(data, name).message]


def _print_speed(messages: list[tuple[str, bytes]], schemas: Path) -> None:
    ways = _ways(messages, schemas)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            start = time.process_time()
            for path, data in way.messages:
                way.check(path, data)
            seconds[name].append(time.process_time() - start)
    size = sum(len(data) for _, data in messages) / 1e6
    print(f"\n{len(messages)} sample messages, {size:.1f} MB; MB of XML a CPU second, best and median of {TURNS} turns")
    for name, all_turns in seconds.items():
        size = sum(len(data) for _, data in ways[name].messages) / 1e6
        print(f"  {name:44}{size / min(all_turns):7.1f}{size / statistics.median(all_turns):7.1f}")


@dataclass(frozen=True)
class _Way:
    """One way of checking, and what it is asked about."""

    messages: list[tuple[str, bytes]]
    check: Callable[[str, bytes], object]


def _ways(messages: list[tuple[str, bytes]], schemas: Path) -> dict[str, _Way]:
    ways = {
        "lxml, parsing alone": _Way(messages, lambda _, data: etree.fromstring(data)),
        "reader": _Way(messages, lambda path, data: read_message(data, path)),
        "reader and all rules": _Way(messages, _check),
    }
    if schemas.is_dir():
        folder = SchemaFolder(schemas)
        ways["XSD alone"] = _Way(messages, lambda path, data: [*folder.validate(data, path)])
        ways["reader, all rules and XSD"] = _Way(messages, lambda path, data: _check_all(path, data, folder))
        some = [(path, data) for path, data in messages if folder.schematron.has_set(parse_xml(data))]
        name = f"Schematron through Saxon, {len(some)} messages"
        ways[name] = _Way(some, lambda path, data: [*folder.schematron.findings(parse_xml(data), path)])
    return ways


def _check(path: str, data: bytes) -> None:
    """Read a message and ask every rule that asks messages and recordings."""
    reading = read_message(data, path)
    if message := reading.message:
        [*run(Scope.MESSAGE, message)]
        for recording in message.sound_recordings:
            [*run(Scope.RECORDING, Evidence(intake=_intake(recording)))]


def _check_all(path: str, data: bytes, folder: SchemaFolder) -> None:
    _check(path, data)
    [*folder.validate(data, path)]


def _intake(recording: SoundRecording) -> Intake:
    return Intake(recording_key="r", source_key="s", delivery_id="d", delivery_path="d", recording=recording)


def _print_huge() -> None:
    with tempfile.TemporaryDirectory(prefix="liner-bench-") as folder:
        path = Path(folder) / "huge.xml"
        path.write_bytes(write_message(huge_message()))
        result = json.loads(subprocess.check_output([sys.executable, "-P", "-c", CHECK, str(path)]))
        size = path.stat().st_size / 1e6
    print(f"\nliner check, one message of {size:.0f} MB and {result['recordings']:,} recordings, start included")
    print(f"  {result['wall_s']:.1f} s by the clock, {result['cpu_s']:.1f} CPU s, peak {result['peak_mb']:.0f} MB")


def huge_message() -> Message:
    """Make a release of `RECORDINGS` recordings, each with as many credits as it has roles."""
    recordings = tuple(_recording(number) for number in range(1, RECORDINGS + 1))
    references = tuple(recording.reference for recording in recordings)
    tracks = tuple(_release(number, (reference,)) for number, reference in enumerate(references, start=1))
    deal = Deal(
        release_references=tuple(f"R{number}" for number in range(RECORDINGS + 1)),
        territories=(WORLD,),
        use_types=("OnDemandStream",),
        commercial_models=("SubscriptionModel",),
        starts_at="2026-01-01",
    )
    sender = Party(name="Harbour Records", ids=(Identified(scheme="DPID", value="PADPIDA2014120301Z"),))
    return Message(
        kind=MessageKind.NEW_RELEASE,
        message_id="huge",
        thread_id="huge",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        control_type="LiveMessage",
        sender=sender,
        recipients=(sender,),
        parties=tuple(Party(reference=f"P{number}", name=f"Person {number}") for number in range(1, 501)),
        releases=(_release(0, references), *tracks),
        sound_recordings=recordings,
        deals=(deal,),
    )


def _recording(number: int) -> SoundRecording:
    isrc = f"QZABC26{number % 100_000:05}"
    artist = f"P{number % 500 + 1}"
    return SoundRecording(
        reference=f"A{number}",
        isrc=isrc,
        ids=(Identified(scheme="ISRC", value=isrc),),
        title=f"Harbour light number {number}",
        display_artist=f"Person {number % 500 + 1}",
        display_artists=(DisplayArtist(party_reference=artist, name=artist, roles=("MainArtist",)),),
        disclosure=Disclosure(
            level=Level.PARTLY,
            text="Partly",
            can_declare=True,
            contributions=tuple(_credit(number + place, role) for place, role in enumerate(ROLES)),
        ),
        duration_s=180.0,
        files=(FileReference(uri=f"resources/{isrc}.flac", hash_sum=HashSum(algorithm="SHA-256", value="0" * 64)),),
    )


def _credit(person: int, role: str) -> Contribution:
    number = person % 500 + 1
    level = Level.PARTLY if role == "MasteringEngineer" else Level.NONE
    return Contribution(
        agent=Agent.HUMAN,
        name=f"Person {number}",
        party_reference=f"P{number}",
        roles=(role,),
        ai=level,
        ai_text=level.value.title(),
    )


def _release(number: int, references: tuple[str, ...]) -> Release:
    icpn = "4006381333931"
    return Release(
        reference=f"R{number}",
        is_main=number == 0,
        kind="Album" if number == 0 else "",
        ids=(Identified(scheme="ICPN", value=icpn),)
        if number == 0
        else (Identified(scheme="Proprietary", value=f"{icpn}_{number}", namespace="PADPIDA2014120301Z"),),
        title="Harbour lights",
        display_artist="Various",
        label="Harbour Records",
        resource_references=references,
        release_date="2026-01-01",
        territories=(WORLD,),
    )
