"""The contained listener: what a file does to a decoder costs the child, never the caller."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from sounds import RATE, music, noise, tone, write

from classifiers import hearing, listener_child
from classifiers.channel import Channel, ChannelTimeout
from classifiers.listener import Listener
from classifiers.listening import Limits
from schemas.errors import AudioLimitExceeded, AudioUnreadable, InvalidInput, ListenerCrashed


@pytest.fixture(scope="module")
def listener():
    with Listener() as started:
        yield started


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    return write(tmp_path_factory.mktemp("sounds") / "song.flac", music(8, seed=1))


def test_facts_signals_and_fingerprint_of_a_file(listener, song):
    listening = listener.listen(song, algorithms=["MD5", "SHA-1", "no such hash"])
    audio = listening.found.audio
    assert (audio.container, audio.codec, audio.sample_rate_hz, audio.channels) == ("flac", "flac", RATE, 2)
    assert (audio.bits_per_sample, audio.duration_s, audio.size) == (16, 8.0, Path(song).stat().st_size)
    assert {name: len(value) for name, value in audio.hash_sums.items()} == {"MD5": 32, "SHA-1": 40}
    assert listening.heard.signal("loudness_lufs") is not None
    assert listening.fingerprint
    assert listening.cpu_s > 0


def test_facts_alone_when_not_deep(listener, song):
    listening = listener.listen(song, deep=False)
    assert listening.found.audio.duration_s == 8.0
    assert listening.heard.signals == ()
    assert listening.fingerprint is None


def test_the_signal_hash_is_the_sound_not_the_file(listener, song, tmp_path):
    samples, rate = soundfile.read(song, dtype="int16")
    other = write(tmp_path / "song.wav", samples, rate)
    first, second = (listener.listen(path, deep=False).found.audio for path in (song, other))
    assert first.signal_hash == second.signal_hash
    assert first.sha256 != second.sha256


def make_empty(path):
    path.write_bytes(b"")


def make_text(path):
    path.write_text("This is no sound. " * 200)


def make_head_only(path):
    path.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x44\xac\x00\x00\x88X\x01\x00")


def make_playlist(path):
    path.write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize("make", [make_empty, make_text, make_head_only, make_playlist, os.mkfifo, Path.mkdir])
def test_what_is_no_sound_is_refused_by_name(listener, tmp_path, make):
    path = tmp_path / "upload.wav"
    make(path)
    with pytest.raises(AudioUnreadable, match=r"upload\.wav") as caught:
        listener.listen(str(path))
    assert caught.value.mend


def test_a_missing_file_and_an_undecodable_name(listener, tmp_path):
    for name in ("nowhere.flac", "odd\udcff.flac"):
        with pytest.raises(AudioUnreadable, match="cannot be opened"):
            listener.listen(str(tmp_path / name))


def test_decoders_print_nothing(listener, tmp_path, capfd):
    path = tmp_path / "torn.mp3"
    soundfile.write(path, music(3, seed=2), RATE)
    torn = bytearray(path.read_bytes())
    torn[5000:9000] = bytes(4000)
    path.write_bytes(torn)
    listener.listen(str(path))
    assert capfd.readouterr() == ("", "")


def test_a_crash_is_named_and_the_next_file_is_heard(song):
    with Listener() as listener:
        listener.listen(song, deep=False)
        pid = listener.pid
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(ListenerCrashed, match=r"song\.flac \(SIGKILL\)"):
            listener.listen(song, deep=False)
        assert listener.listen(song, deep=False).found.audio.duration_s == 8.0
        assert listener.pid != pid


def test_what_liner_itself_gets_wrong_is_not_laid_to_the_file(monkeypatch):
    def fail(*_):
        raise ValueError("cannot reshape")

    monkeypatch.setattr(listener_child, "_listened", fail)
    free = SimpleNamespace(lifted=lambda: None, memory_bytes=0)

    answer = listener_child._answer({"do": "listen", "path": "/in/song.flac"}, None, Limits(), free)

    assert answer["error"] == ListenerCrashed.code
    assert answer["message"] == "song.flac could not be heard, for liner failed: ValueError: cannot reshape"
    assert "may well be whole" in answer["mend"]


def test_a_hang_is_ended_and_the_next_file_is_heard(song):
    with Listener(Limits(start_s=0.5)) as listener:
        os.kill(listener.pid, signal.SIGSTOP)
        with pytest.raises(AudioLimitExceeded, match="longer than the limits"):
            listener.listen(song, deep=False)
        listener.limits = Limits()
        assert listener.listen(song, deep=False).found.audio.duration_s == 8.0


def test_what_stands_still_is_ended_however_much_was_heard():
    read_fd, write_fd = os.pipe()
    listener = Listener(Limits(stall_s=0.05))
    try:
        child = Channel(read_fd, write_fd)
        child.send({"heard_s": 0})
        child.send({"heard_s": 36_000.0})  # fifty minutes on the clock would be fair by now
        began = time.monotonic()
        with pytest.raises(ChannelTimeout):
            listener._answer(child)
        assert time.monotonic() - began < 5
    finally:
        os.close(read_fd)
        os.close(write_fd)


def test_a_file_that_cannot_be_opened_for_long_is_ended(song):
    """A lease holds up whoever opens the file, as a network mount does whose server is gone."""
    with Listener() as listener:
        listener.listen(song, deep=False)
        listener.limits = Limits(floor_s=0.2, seconds_per_minute=0.1)
        before = signal.signal(signal.SIGIO, signal.SIG_IGN)
        try:
            with Path(song).open("rb+") as held:
                fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
                with pytest.raises(AudioLimitExceeded, match="longer than the limits"):
                    listener.listen(song, deep=False)
        finally:
            signal.signal(signal.SIGIO, before)
        listener.limits = Limits()
        assert listener.listen(song, deep=False).found.audio.duration_s == 8.0


@pytest.mark.parametrize(("ending", "is_heard"), [("flac", False), ("mp3", False), ("wav", True)])
def test_a_hole_behind_a_good_head_costs_little(listener, tmp_path, ending, is_heard):
    path = Path(write(tmp_path / f"upload.{ending}", music(2, seed=4)))
    os.truncate(path, 72 * 2**20)  # of plain samples it would be silence
    if is_heard:
        assert listener.listen(str(path), deep=False).found.audio.size == 72 * 2**20
        return
    with pytest.raises(AudioUnreadable, match="64 MB of nothing but zeros") as caught:
        listener.listen(str(path))
    assert "incomplete" in caught.value.mend


def test_reading_gigabytes_is_no_sound_that_costs_too_much(tmp_path):
    """Each sixteenth megabyte begins anew: the limit is for decoding, and for a source that stands still."""
    path = tmp_path / "long.wav"
    path.write_bytes(b"RIFF")
    os.truncate(path, 40 * 2**20)
    told: list[float] = []
    hearing._hash_sums(str(path), ["MD5"], told.append)
    assert told == [0, 0, 0]


SPINS = """
from classifiers.allowance import Allowance
from classifiers.listening import Limits
Allowance(Limits(cpu_s_per_minute=0.01)).raised(0)
while True:
    pass
"""
GROWS = """
from classifiers.allowance import Allowance
from classifiers.listening import Limits
allowance = Allowance(Limits(listening_bytes=64 * 2**20, listening_bytes_per_hour=512 * 2**20))
for heard_s, lifted in ((0, False), (3600, False), (0, True)):
    allowance.raised(heard_s)
    if lifted:
        allowance.lifted()
    try:
        bytearray(200 * 2**20)
    except MemoryError:
        print("too much")
    else:
        print("enough")
"""


def alone(code):
    return subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)


def test_what_spins_is_ended_by_its_processor_time():
    assert alone(SPINS).returncode == -signal.SIGXCPU


def test_what_grows_meets_an_end_that_moves_with_the_sound():
    assert alone(GROWS).stdout.split("\n")[:3] == ["too much", "enough", "enough"]


def test_a_file_that_took_too_much_processor_time_is_said_to_have(song):
    with Listener() as listener:
        listener.listen(song, deep=False)
        os.kill(listener.pid, signal.SIGSTOP)
        threading.Timer(0.2, os.kill, (listener.pid, signal.SIGXCPU)).start()
        threading.Timer(0.4, os.kill, (listener.pid, signal.SIGCONT)).start()
        with pytest.raises(AudioLimitExceeded, match="5 seconds of processor time for a minute"):
            listener.listen(song, deep=False)
        assert listener.listen(song, deep=False).found.audio.duration_s == 8.0


def test_too_long_a_sound_is_refused(song):
    with Listener(Limits(max_duration_s=3.0)) as listener, pytest.raises(AudioLimitExceeded, match="lasts longer"):
        listener.listen(song)


def test_too_little_memory_is_an_error_not_a_crash_of_the_caller(song):
    with Listener(Limits(memory_bytes=48 * 2**20)) as listener, pytest.raises(AudioUnreadable):
        listener.listen(song)


def test_one_listener_serves_several_threads(listener, song):
    with ThreadPoolExecutor(4) as pool:
        heard = list(pool.map(lambda _: listener.listen(song, deep=False).found.audio.sha256, range(8)))
    assert len(set(heard)) == 1


def test_the_child_ends_with_its_parent():
    code = (
        "import os, signal; from classifiers.listener import Listener; l = Listener(); l.start();"
        "print(l.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    child = int(parent.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_the_parent_stays_light():
    code = (
        "import sys, classifiers.listener, classifiers.versions;"
        "print([m for m in ('numpy', 'librosa', 'soundfile', 'av', 'c2pa') if m in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_waveform_excerpt_and_spectrogram_show_the_same_stretch(listener, tmp_path):
    sound = np.concatenate([np.zeros(2 * RATE, np.float32), tone(1, 3000.0, level=0.5), np.zeros(RATE, np.float32)])
    path = write(tmp_path / "beep.flac", sound)
    peaks = np.array(listener.waveform_peaks(path, 1.0, 4.0, 30))
    assert np.flatnonzero(peaks[:, 1] > 0.4).tolist() == list(range(10, 20))
    assert np.allclose(peaks[10:20, 0], -peaks[10:20, 1], atol=0.01)
    samples, rate = soundfile.read(_saved(tmp_path / "cut.wav", listener.excerpt(path, 1.5, 2.5)))
    assert (len(samples), rate) == (RATE, RATE)
    assert np.flatnonzero(np.abs(samples) > 0.4)[0] == pytest.approx(RATE / 2, abs=10)
    pixels = _pixels(listener.spectrogram_png(path, 1.0, 4.0, width=60, height=100, max_hz=10_000))
    row, column = np.unravel_index(pixels.argmax(), pixels.shape)
    assert 20 <= column < 40
    assert row == pytest.approx(100 - 30, abs=2)
    assert pixels[:, :17].max() < 40


def test_a_stretch_of_mp3_is_where_it_is_in_the_whole(listener, tmp_path):
    path = write(tmp_path / "song.mp3", music(6, seed=3))
    whole, rate = soundfile.read(path, dtype="int16")
    cut, _ = soundfile.read(_saved(tmp_path / "cut.wav", listener.excerpt(path, 2.0, 4.0)), dtype="int16")
    assert np.abs(whole[2 * rate : 4 * rate].astype(int) - cut).max() <= 1


def test_pictures_are_bounded(listener, song):
    for ask in (
        lambda: listener.waveform_peaks(song, 0, 5, 0),
        lambda: listener.waveform_peaks(song, 5, 5, 10),
        lambda: listener.waveform_peaks(song, -1, 5, 10),
        lambda: listener.spectrogram_png(song, 0, 5, width=100_000, height=100),
    ):
        with pytest.raises(InvalidInput):
            ask()
    with pytest.raises(AudioLimitExceeded):
        listener.excerpt(song, 0, 3600)
    with pytest.raises(AudioUnreadable, match="ends before"):
        listener.excerpt(song, 100, 101)


def test_a_long_file_costs_no_more_memory(listener, tmp_path):
    path = tmp_path / "long.wav"
    minute = (noise(60, rate=8000) * 32767).astype(np.int16)
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(minute)
    before = _peak_mb(listener)
    listening = listener.listen(str(path))
    assert listening.found.audio.duration_s == 3600
    assert _peak_mb(listener) - before < 60


@pytest.mark.shared
def test_odd_and_broken_files_give_a_listening_or_a_named_error_within_the_limits(listener, shared):
    """Each is heard under limits that end it at 5 s of processor time and 400 MiB of its own: none reaches one."""
    files = sorted(p for p in (shared / "broken").rglob("*") if p.is_file() and p.suffix not in {".csv", ".md"})
    outcomes = [_outcome(listener, path) for path in files]
    assert {type(outcome) for outcome in outcomes} == {float, AudioUnreadable}  # no crash, no limit
    assert len(files) > 350
    assert sum(isinstance(outcome, float) for outcome in outcomes) > 190
    assert _peak_mb(listener) < 500


def _outcome(listener, path):
    try:
        return listener.listen(str(path)).found.audio.duration_s
    except AudioUnreadable as error:
        return error


def _saved(path, data):
    path.write_bytes(data)
    return path


def _pixels(png):
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(int)


def _peak_mb(listener):
    status = Path(f"/proc/{listener.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
