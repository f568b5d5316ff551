"""The catalogue's own index as the finder of candidates: an evaluation measures what a lake would do.

The join adds up the same bits of the same keys as a look-up, and then sifts by the wide ones. Both differ in what they
make of keys that more than 32 recordings have; among some thousand tracks there are hardly any.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from classifiers.matching_library import Finder, Named
from pipeline.catalogue import Catalogue
from pipeline.compare import likeliest
from pipeline.duplicates.join import MIN_WIDE
from pipeline.duplicates.keys import wide_keys
from pipeline.sound import Sound
from schemas.disclosure import Level


@contextmanager
def finder_over(fingerprints: Mapping[str, bytes]) -> Iterator[Finder]:
    """Index recordings by name in a catalogue that lasts as long as the block.

    Yields
    ------
    Finder
        Names, for a fingerprint, the recordings that `liner scan` and `liner duplicates` would compare it with.
    """
    with TemporaryDirectory() as folder, closing(Catalogue(Path(folder))) as catalogue:
        names = {catalogue.add(_sound(name, packed)).number: name for name, packed in fingerprints.items()}
        wide = lru_cache(maxsize=len(names))(wide_keys)

        def find(fingerprint: bytes) -> Named:
            own, alike = wide_keys(fingerprint), catalogue.alike(_sound("", fingerprint))
            every = [names[one.number] for one in alike]
            sifted = [name for name in every if len(np.intersect1d(own, wide(fingerprints[name]))) >= MIN_WIDE]
            return Named(asked=[names[number] for number in likeliest(alike)], joined=sifted)

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
