"""Tags of any container as (key, value) pairs, and what in them a generator left.

Keys are lower-case and without the container's own prefixes, so that one table of patterns
(`generators.toml`) serves ID3, Vorbis comments, MP4 atoms, APE, ASF and RIFF INFO.
"""

import re
import struct
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import mutagen
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3

from schemas.screening import GeneratorTag

MAX_VALUE_CHARS = 500  # of a tag's value, kept as evidence
_SEARCHED_CHARS = 100_000
_MAX_INFO_BYTES = 1 << 20
_MAX_CHUNKS = 10_000
_COMMENTS = {"comm", "icmt", "©cmt", "comment", "comments", "wm/comments"}


@dataclass(frozen=True)
class Pattern:
    """One row of the table: how a tool's tag is recognised, and who says so."""

    tool: str
    key: re.Pattern[str]
    value: re.Pattern[str]
    source: str
    states_ai: bool


@cache
def patterns() -> tuple[Pattern, ...]:
    """Read the table of generator tags."""
    table = tomllib.loads(resources.files("classifiers").joinpath("generators.toml").read_text("utf-8"))
    return tuple(
        Pattern(
            tool=row["tool"],
            key=re.compile(row["key"], re.IGNORECASE),
            value=re.compile(row["value"], re.IGNORECASE),
            source=f"{row['source']} ({row['date']})",
            states_ai=row.get("states_ai", True),
        )
        for row in table["tag"]
    )


@dataclass(frozen=True)
class Tags:
    """A file's tags as mutagen opened them.

    Attributes
    ----------
    container
        By the file's own format; None where that is not known.
    id3
        ID3v2 in front of any container; C2PA puts one before FLAC.
    """

    container: Any
    id3: Any


@dataclass(frozen=True)
class HiddenStore:
    """A C2PA manifest store where the C2PA library does not look, and what that place is."""

    place: str
    data: bytes


def open_tags(path: str) -> Tags:
    """Open a file's tags; damaged ones are as good as none."""
    return Tags(_container_tags(path), _id3_tags(path))


def generator_tags(path: str) -> tuple[GeneratorTag, ...]:
    """Find the tags of a file that a generator or service left, each once."""
    return match(read_tags(path, open_tags(path)))


def match(pairs: Iterable[tuple[str, str]]) -> tuple[GeneratorTag, ...]:
    """Find what a generator or service left among keys and texts, each once."""
    found = {}
    for key, value in pairs:
        for pattern in patterns():
            if pattern.key.fullmatch(key) and pattern.value.search(value[:_SEARCHED_CHARS]):
                tag = GeneratorTag(
                    tool=pattern.tool,
                    key=key,
                    value=value[:MAX_VALUE_CHARS],
                    is_ai_statement=pattern.states_ai,
                    source=pattern.source,
                )
                found[tag.tool, tag.key, tag.value] = tag
    return tuple(found.values())


def read_tags(path: str, opened: Tags) -> Iterator[tuple[str, str]]:
    """Yield the textual tags of a file; damaged tags give what can be read of them, or nothing."""
    for tags in (opened.container, opened.id3):
        for key, value in (tags or {}).items():
            for text in _texts(value):
                yield _plain_key(key), text
    yield from _riff_info(path)


def hidden_store(opened: Tags) -> HiddenStore | None:
    """Find a C2PA manifest store in an ID3 ``GEOB`` frame of another MIME type, which the C2PA library passes over."""
    for frame in opened.id3.getall("GEOB") if opened.id3 else ():
        head = bytes(frame.data[:64])
        if b"jumb" in head and b"c2pa" in head:
            place = f"ID3 GEOB frame with MIME type {frame.mime or 'none'}, {len(frame.data)} bytes"
            return HiddenStore(place, bytes(frame.data))
    return None


def _container_tags(path: str) -> Any:
    try:
        if _is_musepack(path):  # mutagen's reader of its stream never ends on some bytes; the tag is APEv2
            return APEv2(path)
        return mutagen.File(path)
    except Exception:  # noqa: BLE001 - mutagen's parsers raise many things on damaged files; a miss is nothing
        return None


def _is_musepack(path: str) -> bool:
    """Whether mutagen would take a file for Musepack: by its first bytes or its name."""
    with Path(path).open("rb") as file:
        return file.read(4).startswith((b"MPCK", b"MP+")) or path.lower().endswith(".mpc")


def _id3_tags(path: str) -> Any:
    """ID3v2 in front of any container; C2PA puts one before FLAC."""
    try:
        return ID3(path)
    except Exception:  # noqa: BLE001 - as above
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, bytes):
        yield bytes(value).decode("utf-8", "replace")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif hasattr(value, "text"):  # ID3 text frames and comments
        yield from _texts(value.text)
    elif hasattr(value, "url"):
        yield str(value.url)
    elif isinstance(value, str | int | float):
        yield str(value)
    elif hasattr(value, "value"):  # APE and ASF
        yield from _texts(value.value)


def _plain_key(key: str) -> str:
    plain = key.lower().removeprefix("txxx:").removeprefix("----:com.apple.itunes:")
    first = plain.split(":", 1)[0]
    return "comment" if first in _COMMENTS else first if first in {"woas", "uslt"} else plain


def _riff_info(path: str) -> Iterator[tuple[str, str]]:
    """INFO list of a WAV file, which mutagen leaves out."""
    with Path(path).open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return
        for _ in range(_MAX_CHUNKS):
            head = file.read(8)
            if len(head) < 8 or not any(head[:4]):  # zeros behind the sound would be chunks of nothing, by the million
                return
            name, size = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"LIST" and size <= _MAX_INFO_BYTES:
                yield from _info_entries(file.read(size))
                file.seek(size & 1, 1)
            else:
                file.seek(size + (size & 1), 1)


def _info_entries(data: bytes) -> Iterator[tuple[str, str]]:
    at = 4
    while data[:4] == b"INFO" and at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        value = data[at + 8 : at + 8 + size].split(b"\0", 1)[0]
        yield _plain_key(data[at : at + 4].decode("latin-1")), value.decode("utf-8", "replace")
        at += 8 + size + (size & 1)
