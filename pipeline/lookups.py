"""What a recording's intake needs of its message and package, found once for all recordings.

A message of ten thousand tracks has ten thousand track releases: whoever looks through all of them for each
recording takes minutes.
"""

from functools import cached_property
from pathlib import Path

from pipeline.artwork import artwork_of
from schemas.errors import UnsafePath
from schemas.package import Package, PackageFile, resolve
from schemas.release import Message, Release, SoundRecording
from schemas.screening import Artwork


class Lookups:
    """Releases, territories, pictures and files of one message.

    Parameters
    ----------
    package
        The delivery that the message came in.
    message
        One of its messages.
    """

    def __init__(self, package: Package, message: Message) -> None:
        self._message = message
        self._root = package.root
        self._artwork = artwork_of(package, message)
        self._files = {f.path: f for f in package.files if f.refused is None}

    def release_of(self, recording: SoundRecording) -> Release | None:
        """Choose the main release that uses the recording; else the main one; else any that does."""
        user = self._users.get(recording.reference)
        return user if user and user.is_main else self._message.main_release or user

    @cached_property
    def _users(self) -> dict[str, Release]:
        """Each resource's first user, main releases before others."""
        users: dict[str, Release] = {}
        for release in sorted(self._message.releases, key=lambda r: not r.is_main):
            for reference in release.resource_references:
                users.setdefault(reference, release)
        return users

    def territories_of(self, release: Release) -> tuple[str, ...]:
        """List where a release may be used, as its own words or its deals say."""
        own = tuple(t.value for t in release.territories)
        return tuple(dict.fromkeys(own)) if own else tuple(self._by_deal.get(release.reference, ()))

    @cached_property
    def _by_deal(self) -> dict[str, dict[str, None]]:
        territories: dict[str, dict[str, None]] = {}
        for deal in self._message.deals:
            values = dict.fromkeys(t.value for t in deal.territories)
            for reference in deal.release_references:
                territories.setdefault(reference, {}).update(values)
        return territories

    def audio_of(self, recording: SoundRecording) -> PackageFile | None:
        """Find the first file of the recording that is there and may be opened."""
        for reference in recording.files:
            try:
                path = resolve(self._message.path, reference.uri, self._files.keys())
            except UnsafePath:
                continue  # PKG-009 says so
            if path in self._files:
                return self._files[path]
        return None

    def artwork_of(self, release: Release | None) -> tuple[Artwork, ...]:
        """List the pictures of a release."""
        return self._artwork.get(release.key if release else None, self._artwork[None])

    def stamps_of(self, artwork: tuple[Artwork, ...]) -> list[str | None]:
        """Give what changes with the bytes of each picture that is there."""
        return [stamp(self._by_uri.get(one.uri)) for one in artwork if one.uri]

    @cached_property
    def _by_uri(self) -> dict[str, PackageFile]:
        return {str(Path(self._root, path)): file for path, file in self._files.items()}


def stamp(file: PackageFile | None) -> str | None:
    """Give what changes with a file's bytes, without reading them."""
    return f"{file.path} {file.size} {file.modified_ns}" if file else None
