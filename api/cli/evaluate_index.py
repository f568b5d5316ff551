"""The catalogue's own index as the finder of candidates: an evaluation measures what a lake would do."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from classifiers.matching_library import Finder
from pipeline.catalogue import Catalogue
from pipeline.compare import MAX_COMPARED
from pipeline.sound import Sound
from schemas.disclosure import Level


@contextmanager
def finder_over(fingerprints: Mapping[str, bytes]) -> Iterator[Finder]:
    """Index recordings by name in a catalogue that lasts as long as the block.

    Yields
    ------
    Finder
        Names, for a fingerprint, the recordings that the catalogue would compare it with.
    """
    with TemporaryDirectory() as folder, closing(Catalogue(Path(folder))) as catalogue:
        names = {catalogue.add(_sound(name, packed)).number: name for name, packed in fingerprints.items()}

        def find(fingerprint: bytes) -> list[str]:
            own = _sound("", fingerprint)
            ranked = (islice(catalogue.alike(own, asks_more=more), MAX_COMPARED) for more in (False, True))
            return [names[number] for number in dict.fromkeys(number for part in ranked for number, _ in part)]

        yield find


def _sound(name: str, fingerprint: bytes) -> Sound:
    return Sound(
        recording_key=name,
        signal_hash=None,
        audio_sha256=None,
        isrc=None,
        title="",
        display_artist="",
        sender_id=None,
        rights_holder="",
        audio_uri=None,
        duration_s=0.0,
        day=0,
        delivered_at="",
        declared=Level.UNDECLARED.value,
        fingerprint=fingerprint,
    )
