"""What a file says of its own making: embedded C2PA manifests, tags of generators, and what its pictures say."""

import os
from pathlib import Path

import c2pa

from classifiers.artwork import embedded_pictures
from classifiers.manifests import TRUST_ANCHORS, read_stream
from classifiers.tags import Tags, hidden_store, match, open_tags, read_tags
from schemas.screening import Found, Manifest


def find_provenance(path: str, trust_anchors: str | None = None) -> Found:
    """Read manifest, tags and embedded pictures; the facts of the sound are left to the decoder.

    Parameters
    ----------
    trust_anchors
        PEM file of root certificates; default is the environment's ``LINER_TRUST_ANCHORS``.
    """
    anchors = trust_anchors or os.environ.get(TRUST_ANCHORS) or None
    tags = open_tags(path)
    manifest, unread = _manifest_and_rest(path, tags, anchors)
    return Found(
        manifest=manifest,
        unread_manifest=unread,
        tags=match(read_tags(path, tags)),
        pictures=embedded_pictures(tags.container, tags.id3, anchors),
    )


def _manifest_and_rest(path: str, tags: Tags, anchors: str | None) -> tuple[Manifest | None, str | None]:
    """Read the manifest where the library looks for it, else where our own scan finds it; name what stays closed."""
    try:
        if manifest := read_manifest(path, anchors):
            return manifest, None
    except c2pa.C2paError as error:
        return None, f"C2PA data that cannot be read: {str(error)[:200]}"
    hidden = hidden_store(tags)
    if hidden is None:
        return None, None
    try:
        return read_manifest(path, anchors, store=hidden.data), hidden.place
    except c2pa.C2paError:
        return None, hidden.place


def read_manifest(path: str, trust_anchors: str | None = None, *, store: bytes | None = None) -> Manifest | None:
    """Read and validate the embedded manifest of a sound file without any network; None where there is none.

    Raises
    ------
    c2pa.C2paError
        There is C2PA data, and it cannot be read.
    """
    mime = _mime_type(path)
    if mime is None:
        return None
    with Path(path).open("rb") as file:
        return read_stream(mime, file, trust_anchors, store=store)


def _mime_type(path: str) -> str | None:
    """Name the container by its first bytes, as far as the C2PA library reads it."""
    with Path(path).open("rb") as file:
        head = file.read(12)
        if head[:3] == b"ID3" and len(head) >= 10:
            a, b, c, d = (byte & 0x7F for byte in head[6:10])
            file.seek(10 + (a << 21 | b << 14 | c << 7 | d))
            return "audio/flac" if file.read(4) == b"fLaC" else "audio/mpeg"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "audio/wav"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    return "audio/mpeg" if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 else None
