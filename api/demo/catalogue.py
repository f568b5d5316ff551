"""Writes the demonstration's catalogue: sounds, messages and completion markers, as four senders would.

The layout is the batch profile of ERN-C-SFTP 1.6::

    landing/N_<BatchId>/<ICPN>/<ICPN>.xml
                              /resources/<ISRC>.flac
                       /BatchComplete_<BatchId>.xml     written last
    trust.pem                                           the root that signed the AI file
"""

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile

from api.demo import sound
from api.demo.content import BATCHES, BatchSheet, ReleaseSheet, Track
from api.demo.instruments import RATE, Samples
from api.demo.messages import Delivered, to_manifest, to_message
from api.demo.pieces import PIECES
from api.demo.signing import Certificates, make_certificates, sign
from schemas.ern import write_batch_manifest, write_message
from schemas.release import HashSum, Message, MessageInBatch

GENERATOR = "Tunewright Studio"  # an invented tool
STACK_S = 31.0  # just past the 30 seconds from which a stream is paid
SPED_UP = 1.05
NOISE_S, SILENCE_S, BROKEN_S = 12.0, 20.0, 40.0
MIME = "audio/mpeg"


def tracks() -> Iterator[Track]:
    """List all recordings in the order of their deliveries."""
    for batch in BATCHES:
        for release in batch.releases:
            yield from release.tracks


def is_written(home: Path) -> bool:
    """Whether the whole catalogue lies there: its folder gets its name when it is complete."""
    return _landing(home).is_dir()


def trust_anchor(home: Path) -> Path:
    """Where the root certificate lies that the demonstration trusts (PEM)."""
    return home / "trust.pem"


def write_catalogue(home: Path, on_track: Callable[[str], None]) -> None:
    """Write the catalogue below ``home``, all or nothing.

    Parameters
    ----------
    home
        The demonstration's folder.
    on_track
        Told the title of each recording once it is written.
    """
    partial = home / "landing.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    certificates = make_certificates(GENERATOR)
    trust_anchor(home).write_bytes(certificates.root)
    studio = _Studio(certificates)
    for batch in BATCHES:
        _write_batch(partial / f"N_{batch.batch_id}", batch, studio, on_track)
    partial.rename(_landing(home))


def _landing(home: Path) -> Path:
    return home / "landing"


class _Studio:
    """Makes each track's file; remembers the bytes, because the thief copies a finished file."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._finished: dict[str, bytes] = {}
        self._special: Mapping[str, Callable[[], Samples]] = {
            "lantern_street_sped_up": lambda: sound.at_speed(self._published("lantern_street"), SPED_UP),
            "white_noise": lambda: sound.white_noise(NOISE_S, seed=7),
            "silence": lambda: sound.silence(SILENCE_S),
        }

    def make(self, track: Track) -> tuple[bytes, float]:
        """Give a track's file and its length in seconds."""
        if track.sound == "broken_upload":
            return sound.broken_flac(BROKEN_S), BROKEN_S
        samples = self._samples(track.sound)
        data = sound.encode(samples, track.form)
        if track.sound == "sunrise":
            data = sign(data, MIME, track.title, GENERATOR, self._certificates)
        self._finished[track.sound] = data
        return data, round(len(samples) / RATE, 3)

    def _samples(self, name: str) -> Samples:
        if name in self._special:
            return self._special[name]()
        return sound.perform(PIECES[name], STACK_S if name.startswith("mist_study") else None)

    def _published(self, name: str) -> Samples:
        samples, _ = soundfile.read(io.BytesIO(self._finished[name]), dtype="float32")
        return np.asarray(samples, dtype=np.float32)


def _write_batch(folder: Path, batch: BatchSheet, studio: _Studio, on_track: Callable[[str], None]) -> None:
    lines = []
    for sheet in batch.releases:
        files = _write_sounds(folder / sheet.icpn / "resources", sheet, studio, on_track)
        message = to_message(batch, sheet, files)
        data = write_message(message)
        path = folder / sheet.icpn / f"{sheet.icpn}.xml"
        path.write_bytes(data)
        lines.append(_line(message, sheet, path.relative_to(folder), data))
    marker = folder / f"BatchComplete_{batch.batch_id}.xml"
    marker.write_bytes(write_batch_manifest(to_manifest(batch, tuple(lines)), f"/{folder.name}"))


def _write_sounds(
    folder: Path, sheet: ReleaseSheet, studio: _Studio, on_track: Callable[[str], None]
) -> dict[str, Delivered]:
    folder.mkdir(parents=True)
    files = {}
    for track in sheet.tracks:
        if track.sound:
            data, seconds = studio.make(track)
            name = f"{track.isrc}.{track.form}"
            (folder / name).write_bytes(data)
            files[track.sound] = Delivered(name, len(data), hashlib.sha256(data).hexdigest(), seconds)
        on_track(track.title)
    return files


def _line(message: Message, sheet: ReleaseSheet, path: Path, data: bytes) -> MessageInBatch:
    return MessageInBatch(
        url=path.as_posix(),
        message_id=message.message_id,
        release_id=sheet.icpn,
        hash_sum=HashSum(algorithm="SHA-256", value=hashlib.sha256(data).hexdigest()),
    )
