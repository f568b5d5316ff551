"""Which pictures a recording comes with: those that its message lists for its release."""

import contextlib
from pathlib import Path

from schemas.errors import UnsafePath
from schemas.package import Package, PackageFile, resolve
from schemas.release import Image, Message
from schemas.screening import Artwork

MAX_IMAGES = 1_000  # of one message that are looked up
MAX_ARTWORK = 8  # pictures of one release


def artwork_of(package: Package, message: Message) -> dict[str | None, tuple[Artwork, ...]]:
    """List the pictures of each release by its key; under None those for a recording of no release."""
    files = {f.path: f for f in package.files if f.refused is None}
    pictures = {i.reference: _artwork(i, package, message, files) for i in message.images[:MAX_IMAGES]}
    first = tuple(pictures.values())[:MAX_ARTWORK]
    listed: dict[str | None, tuple[Artwork, ...]] = {None: first}
    for release in message.releases:
        own = tuple(pictures[r] for r in release.resource_references if r in pictures)[:MAX_ARTWORK]
        listed[release.key] = own or first
    return listed


def _artwork(image: Image, package: Package, message: Message, files: dict[str, PackageFile]) -> Artwork:
    uri = None
    for reference in image.files:
        with contextlib.suppress(UnsafePath):  # PKG-009 says so
            path = resolve(message.path, reference.uri, files.keys())
            uri = str(Path(package.root, path)) if path in files and uri is None else uri
    level = image.disclosure.level
    return Artwork(reference=image.reference or "", kind=image.kind, level=level, uri=uri, at=image.at)
