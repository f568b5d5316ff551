"""Which pictures a recording comes with: those that its message lists for its release."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from pipeline.storage import localised
from schemas.errors import AudioUnreadable, UnsafePath
from schemas.package import Package, PackageFile, resolve
from schemas.release import Image, Message
from schemas.screening import Artwork, Found, Intake, Picture

MAX_IMAGES = 1_000  # of one message that are looked up
MAX_ARTWORK = 8  # pictures of one release
MAX_SEEN = 256  # pictures that are remembered: those of the releases in work


class Gallery:
    """Looks at the image files of releases, at each once for all recordings of its release.

    Parameters
    ----------
    look
        Looks at one local image file, as `classifiers.listener.Listener.look` does.
    """

    def __init__(self, look: Callable[[str], Picture]) -> None:
        self._look = look
        self._seen: dict[str, Picture] = {}

    def hang(self, intake: Intake, found: Found) -> Found:
        """Put what the pictures of a recording's release carry beside what its sound file does."""
        pictures = tuple(self._picture(one.uri) for one in intake.artwork if one.uri)
        return found.model_copy(update={"pictures": (*pictures, *found.pictures)}) if pictures else found

    def _picture(self, uri: str) -> Picture:
        if uri not in self._seen:
            while len(self._seen) >= MAX_SEEN:
                self._seen.pop(next(iter(self._seen)))
            self._seen[uri] = self._looked(uri)
        return self._seen[uri]

    def _looked(self, uri: str) -> Picture:
        try:
            with localised(uri) as path:
                return self._look(path).model_copy(update={"place": uri})
        except AudioUnreadable as error:  # a picture that cannot be had says why, and stops nothing
            return Picture(place=uri, fault=error.message)


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
