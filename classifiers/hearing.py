"""Listen to one file in this process: decode once, derive everything. Runs in the listener's child."""

import hashlib
import importlib
import resource
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers import versions
from classifiers.decode import Block, DecodeError, Source, mixed, openers
from classifiers.lengths import shortfall
from classifiers.listening import Limits, Listening
from classifiers.models.active import names_in_use
from classifiers.mpeg import read_mpeg
from classifiers.provenance import find_provenance
from schemas.errors import AudioLimitExceeded, AudioUnreadable
from schemas.screening import AudioFacts, Heard

Progress = Callable[[float], None]

_MEND = "Deliver a WAV, FLAC, MP3, M4A or Ogg file that plays from start to end."
_READ_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_FRESH_PARTS = 16  # parts read per fresh allowance: less than 0.7 MB a second is a source that stands still
_EMPTY_PARTS = 64  # parts of zeros in a row that no compressed sound holds
_PLAIN_HEADS = (b"RIFF", b"RF64", b"FORM", b"riff", b"caff", b".snd", b"DSD ", b"Crea")  # silence is zeros there


def listen(
    path: str, *, algorithms: Sequence[str] = (), deep: bool = True, limits: Limits, progress: Progress
) -> Listening:
    """Decode a file once and derive facts, provenance and, when ``deep``, signals and fingerprint.

    Raises
    ------
    AudioUnreadable
        The file is no regular file, is empty, or no decoder makes a signal out of it.
    AudioLimitExceeded
        It lasts longer than the limits allow.
    """
    began = _cpu_s()
    if deep:
        _load_ears()
    progress(0)  # before the file is touched: a mount that is gone holds up the very first look
    _refuse_odd_file(path)
    found = find_provenance(path)
    hash_sums = _hash_sums(path, algorithms, progress)
    facts, heard, fingerprint = _decoded(path, hash_sums, _Job(deep, limits, progress))
    found = found.model_copy(update={"audio": facts})
    models = versions.models(names_in_use()) if deep else ()
    return Listening(found=found, heard=heard, fingerprint=fingerprint, models=models, cpu_s=_cpu_s() - began)


def _load_ears() -> None:
    """Load what takes seconds the first time, before a file's time begins."""
    for name in ("descriptors", "landmarks", "fingerprint", "functional", "synthetic.ear"):
        importlib.import_module(f"classifiers.{name}")


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _refuse_odd_file(path: str) -> None:
    name = Path(path).name
    try:
        status = Path(path).stat()
    except OSError as error:
        raise AudioUnreadable(f"{name} cannot be opened: {error.strerror}.", mend="Check path and rights.") from error
    if not stat.S_ISREG(status.st_mode):  # a pipe or device would wait for ever
        raise AudioUnreadable(f"{name} is not a regular file.", mend=_MEND)
    if status.st_size == 0:
        raise AudioUnreadable(f"{name} is empty.", mend="Upload the file again.")
    # Decoders look for a beginning to the file's end, and a hole of two gigabytes costs nobody anything to send.
    with Path(path).open("rb") as file:
        if not any(file.read(_HEAD_BYTES)):
            raise AudioUnreadable(f"{name} begins with nothing but zeros.", mend="Upload the file again.")


def _hash_sums(path: str, algorithms: Sequence[str], progress: Progress) -> dict[str, str]:
    """Digest the file under the names that were asked for, and as ``""`` its SHA-256.

    Reading counts as progress, not against the sound: hours of plain samples are gigabytes.
    """
    digests = {"": hashlib.sha256()}
    for name in algorithms:
        known = name.lower().replace("-", "").replace("_", "")
        if known in hashlib.algorithms_available and not known.startswith("shake"):
            digests[name] = hashlib.new(known, usedforsecurity=False)
    for number, part in enumerate(_parts(path), 1):
        for digest in digests.values():
            digest.update(part)
        if number % _FRESH_PARTS == 0:
            progress(0)
    progress(0)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def _parts(path: str) -> Iterator[bytes]:
    """Read the whole file; refuse a compressed one with a hole, through which a decoder would search for frames."""
    empty, empties = bytes(_READ_BYTES), 0
    with Path(path).open("rb") as file:
        is_plain = file.read(4) in _PLAIN_HEADS
        file.seek(0)
        while part := file.read(_READ_BYTES):
            empties = empties + 1 if part == empty else 0
            if empties == _EMPTY_PARTS and not is_plain:
                raise AudioUnreadable(
                    f"{Path(path).name} holds {_EMPTY_PARTS} MB of nothing but zeros before byte {file.tell()}.",
                    mend="The upload is incomplete: upload the file again.",
                )
            yield part


@dataclass(frozen=True)
class _Job:
    """What is wanted of the sound, and how much it may cost."""

    deep: bool
    limits: Limits
    progress: Progress


_Result = tuple[AudioFacts, Heard, bytes | None]


def _decoded(path: str, hash_sums: dict[str, str], job: _Job) -> _Result:
    causes = []
    for opener in openers(path):
        try:
            with opener(path) as source:
                return _heard_of(source, path, hash_sums, job)
        except DecodeError as error:
            causes.append(str(error))
    raise AudioUnreadable(f"{Path(path).name} cannot be decoded: {'; '.join(dict.fromkeys(causes))}.", mend=_MEND)


def _heard_of(source: Source, path: str, hash_sums: dict[str, str], job: _Job) -> _Result:
    frames, signal_hash = 0, hashlib.sha256()
    ears = _Ears(source) if job.deep else None
    for block in _within(source, job):
        frames += len(block)
        signal_hash.update(_pcm16(ears.push(block) if ears else mixed(block)))
    if frames == 0:
        raise DecodeError("it holds no sound")
    facts = _facts(source, path, hash_sums, frames / source.sample_rate_hz, signal_hash.hexdigest())
    coded_bps = facts.bit_rate_bps / facts.channels if facts.bit_rate_bps else None
    return (facts, *ears.results(coded_bps)) if ears else (facts, Heard(), None)


class _Ears:
    """Everything that listens to one source; the libraries are loaded when first needed.

    Two places to attach what else wants to hear: `push` hands on the mix-down of every block, once decoded
    and once mixed (a collector of windows takes a copy of what it keeps); `classifiers.descriptors` hands
    every chunk of the shared spectra to whoever derives from them.
    """

    def __init__(self, source: Source) -> None:
        from classifiers.descriptors import Descriptors  # noqa: PLC0415 - librosa takes seconds to load
        from classifiers.landmarks import LandmarkFinder  # noqa: PLC0415
        from classifiers.synthetic.ear import SyntheticEar  # noqa: PLC0415

        self._synthetic = SyntheticEar(source.sample_rate_hz, source.codec)
        self._descriptors = Descriptors(source.sample_rate_hz, source.channels)
        self._finder = LandmarkFinder(source.sample_rate_hz)

    def push(self, block: Block) -> npt.NDArray[np.float32]:
        """Take the next samples and give their mix-down."""
        mono = self._descriptors.push(block)
        self._finder.push(mono)
        self._synthetic.push(mono)
        return mono

    def results(self, coded_bps: float | None = None) -> tuple[Heard, bytes | None]:
        """Signals, and the packed fingerprint; ``coded_bps`` is the bit rate of one channel."""
        from classifiers.fingerprint import pack  # noqa: PLC0415
        from classifiers.functional import with_functional  # noqa: PLC0415

        fingerprint = pack(self._finder.landmarks())  # first: what it takes of a long sound is then free for the rest
        heard = self._descriptors.heard()
        joined = self._synthetic.joined(heard, coded_bps).model_copy(update={"curves": heard.curves})
        return with_functional(joined), fingerprint


def _within(source: Source, job: _Job) -> Iterator[Block]:
    frames, longest_s = 0, job.limits.max_duration_s
    for block in source.blocks():
        yield block
        frames += len(block)
        heard_s = frames / source.sample_rate_hz
        job.progress(heard_s)
        if heard_s > longest_s:
            raise AudioLimitExceeded(
                f"The sound lasts longer than {longest_s / 3600:g} hours.",
                mend="Deliver it in parts, or raise the listener's limits.",
            )


def _pcm16(mono: npt.NDArray[np.float32]) -> memoryview:
    """Mono as 16-bit samples: equal for the same signal in another container or under other tags."""
    scaled = mono * np.float32(32768)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32768, 32767, out=scaled)
    return scaled.astype("<i2").data


def _facts(source: Source, path: str, hash_sums: dict[str, str], duration_s: float, signal_hash: str) -> AudioFacts:
    size = Path(path).stat().st_size
    audio_bytes = read_mpeg(path).audio_bytes if source.codec == "mp3" and source.container == "mp3" else size
    return AudioFacts(
        container=source.container,
        codec=source.codec,
        sample_rate_hz=source.sample_rate_hz,
        channels=source.channels,
        bits_per_sample=source.bits_per_sample,
        bit_rate_bps=source.bit_rate_bps or round(audio_bytes * 8 / duration_s),
        duration_s=duration_s,
        size=size,
        sha256=hash_sums[""],
        signal_hash=signal_hash,
        hash_sums={name: value for name, value in hash_sums.items() if name},
        decoder=source.decoder,
        damage=tuple(_damage(source, path, duration_s)),
    )


def _damage(source: Source, path: str, duration_s: float) -> Iterator[str]:
    if missing := shortfall(path, source, duration_s):
        yield missing
    if source.odd_samples:
        yield f"{source.odd_samples:,} samples are no numbers, or 36 dB and more over full scale."
