"""One contender of the listening benchmark in a process of its own: reads paths, answers with what each cost.

Run as ``python contenders.py NAME``. Each line of standard input is the path of a sound file; each line of output
is a JSON object with the CPU seconds of this process for it and its peak memory so far in MiB. Libraries are loaded
by the contender that needs them, so that essentia may live in an environment without liner.
"""

import json
import resource
import sys
from collections.abc import Callable
from importlib import import_module

Contender = Callable[[str], object]


def main() -> None:
    """Serve paths until standard input ends."""
    run = CONTENDERS[sys.argv[1]]()
    for line in sys.stdin:
        before = _cpu_s()
        run(line.rstrip("\n"))
        print(json.dumps({"cpu_s": _cpu_s() - before, "peak_mb": _peak_mb()}), flush=True)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def decode() -> Contender:
    """Read with soundfile and take (L + R) / 2: the floor."""
    soundfile, half = import_module("soundfile"), import_module("numpy").float32(0.5)

    def run(path: str) -> object:
        samples, _ = soundfile.read(path, dtype="float32")
        return (samples[:, 0] + samples[:, 1]) * half

    return run


def descriptors() -> Contender:
    """Decode, and measure liner's descriptors."""
    open_source = import_module("classifiers.decode").SoundfileSource
    listen_to = import_module("classifiers.descriptors").Descriptors

    def run(path: str) -> object:
        with open_source(path) as source:
            ears = listen_to(source.sample_rate_hz, source.channels)
            for block in source.blocks():
                ears.push(block)
        return ears.heard()

    return run


def fingerprint() -> Contender:
    """Decode, and take liner's fingerprint."""
    reader, find = import_module("classifiers.decode"), import_module("classifiers.landmarks").LandmarkFinder
    pack = import_module("classifiers.fingerprint").pack

    def run(path: str) -> object:
        with reader.SoundfileSource(path) as source:
            finder = find(source.sample_rate_hz)
            for block in source.blocks():
                finder.push(reader.mixed(block))
        return pack(finder.landmarks())

    return run


def synthetic() -> Contender:
    """Decode, and give liner's synthetic score."""
    reader, score = import_module("classifiers.decode"), import_module("classifiers.synthetic.ear").SyntheticEar

    def run(path: str) -> object:
        with reader.SoundfileSource(path) as source:
            ear = score(source.sample_rate_hz, source.codec)
            for block in source.blocks():
                ear.push(reader.mixed(block))
        return ear.heard()

    return run


def listen() -> Contender:
    """Do all that a screening hears of: decoding, descriptors, fingerprint, synthetic score, hashes, tags."""
    hear, limits = import_module("classifiers.hearing").listen, import_module("classifiers.listening").Limits()
    return lambda path: hear(path, limits=limits, progress=lambda _heard_s: None)


def librosa_shared() -> Contender:
    """Load with librosa, make one power spectrum and derive everything from it."""
    librosa, np = import_module("librosa"), import_module("numpy")

    def run(path: str) -> object:
        y, sr = librosa.load(path)
        magnitude = np.abs(librosa.stft(y))
        power = magnitude**2
        mel_db = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=sr))
        chroma = librosa.feature.chroma_stft(S=power, sr=sr, tuning=0.0)
        onsets = librosa.onset.onset_strength(S=mel_db, sr=sr)
        feature = librosa.feature
        shapes = (feature.spectral_centroid, feature.spectral_bandwidth, feature.spectral_rolloff)
        return [
            feature.rms(S=magnitude),
            feature.zero_crossing_rate(y),
            *(shape(S=magnitude, sr=sr) for shape in shapes),
            feature.spectral_flatness(S=magnitude),
            feature.spectral_contrast(S=magnitude, sr=sr),
            feature.mfcc(S=mel_db, sr=sr),
            feature.tonnetz(chroma=chroma, sr=sr),
            librosa.onset.onset_detect(onset_envelope=onsets, sr=sr),
            librosa.beat.beat_track(onset_envelope=onsets, sr=sr),
            feature.tempo(onset_envelope=onsets, sr=sr),
        ]

    return run


def librosa_naive() -> Contender:
    """Load with librosa and take each feature from the wave, as a first script does; no HPSS, recurrence, loudness."""
    librosa = import_module("librosa")

    def run(path: str) -> object:
        y, sr = librosa.load(path)
        feature = librosa.feature
        plain = (feature.rms, feature.zero_crossing_rate, feature.spectral_flatness)
        rated = (
            *(feature.spectral_centroid, feature.spectral_bandwidth, feature.spectral_rolloff),
            *(feature.spectral_contrast, feature.melspectrogram, feature.mfcc),
            *(feature.chroma_stft, feature.chroma_cqt, feature.tonnetz, feature.tempo, feature.tempogram),
            *(librosa.onset.onset_strength, librosa.onset.onset_detect, librosa.beat.beat_track),
        )
        return [*(take(y=y) for take in plain), *(take(y=y, sr=sr) for take in rated)]

    return run


def essentia() -> Contender:
    """Run MusicExtractor; essentia is AGPL, so it is a peer here and nothing else."""
    log = import_module("essentia").log
    log.infoActive = log.warningActive = False
    extract: Contender = import_module("essentia.standard").MusicExtractor()
    return extract


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "decode": decode,
    "descriptors": descriptors,
    "fingerprint": fingerprint,
    "synthetic": synthetic,
    "listen": listen,
    "librosa_shared": librosa_shared,
    "librosa_naive": librosa_naive,
    "essentia": essentia,
}

if __name__ == "__main__":
    main()
