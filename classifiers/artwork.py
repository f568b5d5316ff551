"""Cover art: pictures inside a sound file, and image files of a release, as far as they tell of their making.

What is looked for is the same as in sound: a C2PA manifest, IPTC's digital source type, and what generators write.
Only a positive statement of AI is evidence; a picture that says nothing says nothing.
"""

import base64
import binascii
import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

import c2pa
from mutagen.flac import Picture as FlacPicture

from classifiers.images import read_file, read_words
from classifiers.manifests import once, read_stream
from classifiers.tags import match
from schemas.errors import AudioUnreadable
from schemas.screening import Picture

MAX_PICTURES = 8  # of one sound file
MAX_EMBEDDED = 16 * 2**20  # bytes of one picture inside a sound file

_MIMES = {name: f"image/{name}" for name in ("jpeg", "png", "webp", "tiff", "gif", "avif")} | {"heif": "image/heif"}
_KINDS = {3: "front cover", 4: "back cover", 5: "leaflet page", 6: "media", 8: "artist"}


def look_at_file(path: str, trust_anchors: str | None = None) -> Picture:
    """Look at an image file.

    Raises
    ------
    AudioUnreadable
        The file cannot be opened.
    """
    try:
        data = read_file(path)
    except OSError as error:
        raise AudioUnreadable(f"{path} cannot be opened: {error.strerror}.", mend="Check path and rights.") from error
    return look_at(data, path, trust_anchors)


def look_at(data: bytes, place: str, trust_anchors: str | None = None) -> Picture:
    """Look at a picture's bytes; never raises for what is in them.

    Parameters
    ----------
    place
        What the picture is called.
    trust_anchors
        PEM file of root certificates, as in `classifiers.provenance.find_provenance`.
    """
    words = read_words(data)
    manifest, unread = None, None
    if words.has_manifest or words.format == "heif":
        try:
            manifest = read_stream(_MIMES[words.format], io.BytesIO(data), trust_anchors)
        except c2pa.C2paError as error:
            unread = f"C2PA data that cannot be read: {str(error)[:200]}"
        if manifest is None and unread is None and words.has_manifest:
            unread = "C2PA data that the library passes over"
    return Picture(
        place=place,
        format=words.format,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        digital_source_types=once(words.source_types),
        manifest=manifest,
        unread_manifest=unread,
        tags=match(words.texts),
        fault=words.fault or (None if words.format else "no picture of a known format"),
    )


def embedded_pictures(container: Any, id3: Any, trust_anchors: str | None = None) -> tuple[Picture, ...]:
    """Look at the pictures in a sound file's tags.

    Parameters
    ----------
    container, id3
        What mutagen made of the file, and the ID3 tag in front of it; either may be None.
    """
    found: dict[bytes, Picture] = {}
    for kind, data in _pictures(container, id3):
        if len(found) >= MAX_PICTURES:
            break
        place = f"embedded: {kind}"
        if len(data) > MAX_EMBEDDED:
            found[data[:64]] = Picture(place=place, size=len(data), fault=f"more than {MAX_EMBEDDED >> 20} MB")
        elif data not in found:
            found[data] = look_at(data, place, trust_anchors)
    return tuple(found.values())


def _pictures(container: Any, id3: Any) -> Iterator[tuple[str, bytes]]:
    of_container: Any = getattr(container, "tags", None)
    for tags in (id3, of_container):
        if hasattr(tags, "getall"):  # ID3, also that of WAV and AIFF
            yield from ((_kind(frame.type), bytes(frame.data)) for frame in tags.getall("APIC"))
        elif tags is not None:
            yield from _of_comments(tags)
    for picture in getattr(container, "pictures", ()):  # FLAC
        yield _kind(picture.type), bytes(picture.data)


def _of_comments(tags: Any) -> Iterator[tuple[str, bytes]]:
    """MP4 covers, and pictures that Vorbis comments hold as base64."""
    for cover in _values(tags, "covr"):
        yield "cover", bytes(cover)
    for text in _values(tags, "metadata_block_picture"):
        try:
            picture = FlacPicture(base64.b64decode(str(text), validate=False))
        except Exception:  # noqa: BLE001, S112 - mutagen raises many things; a miss is nothing
            continue
        yield _kind(picture.type), bytes(picture.data)
    for text in _values(tags, "coverart"):
        try:
            yield "cover", base64.b64decode(str(text), validate=False)
        except (binascii.Error, ValueError):
            continue


def _values(tags: Any, key: str) -> Iterable[Any]:
    try:
        value = tags.get(key) or ()
    except (ValueError, KeyError, AttributeError):  # Vorbis comments refuse odd keys
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _kind(number: int) -> str:
    return _KINDS.get(int(number), "picture")
