"""The contained listener: one child process decodes and computes, within limits.

Audio decoders are native code fed by strangers. Whatever a file does to one costs the child:
the parent gets a named error and the next call a fresh child. The parent imports neither numpy
nor a decoder, so that a worker or a web process stays light.
"""

import base64
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from classifiers.channel import Channel, ChannelClosed, ChannelTimeout, Message
from classifiers.listening import Limits, Listening
from schemas.errors import AudioLimitExceeded, AudioUnreadable, InvalidInput, LinerError, ListenerCrashed
from schemas.screening import Picture
from schemas.stems import StemReport

_CHILD = (sys.executable, "-P", "-m", "classifiers.listener_child")
_KINDS = (AudioUnreadable, AudioLimitExceeded, InvalidInput, ListenerCrashed)
_ERRORS: dict[str, type[LinerError]] = {kind.code: kind for kind in _KINDS}
_STOP_S = 2.0  # a child that was told to end and does not is killed


class Listener:
    """Listens to files in a child process, one at a time; safe to call from several threads.

    For two files at once use two listeners. The child starts with the first call, or with `start`.

    Parameters
    ----------
    limits
        Time, memory and length that one file may cost.
    trust_anchors
        PEM file of C2PA root certificates; default is the environment's ``LINER_TRUST_ANCHORS``,
        without which no manifest is *trusted*.

    Examples
    --------
    >>> with Listener() as listener:  # doctest: +SKIP
    ...     listening = listener.listen("song.flac")
    """

    def __init__(self, limits: Limits | None = None, *, trust_anchors: Path | None = None) -> None:
        self.limits = limits or Limits()
        self._trust_anchors = trust_anchors
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the child unless it runs."""
        with self._lock:
            self._started()

    def close(self) -> None:
        """End the child; the listener may be started again."""
        with self._lock:
            self._end(patience_s=_STOP_S)

    def listen(self, path: str, *, algorithms: Sequence[str] = (), deep: bool = True) -> Listening:
        """Listen to one file.

        Parameters
        ----------
        path
            A regular local file.
        algorithms
            Hash algorithms as a message names them (``MD5``, ``SHA-256`` ...); unknown ones are left out.
        deep
            False for facts and provenance alone, without signals and fingerprint.

        Raises
        ------
        AudioUnreadable
            No decoder makes a signal out of the bytes.
        AudioLimitExceeded
            The file costs more than the limits allow.
        ListenerCrashed
            The child died on the file; the next call gets a new one.
        """
        result = self._ask({"do": "listen", "path": path, "algorithms": list(algorithms), "deep": deep})
        return Listening.model_validate(result)

    def look(self, path: str) -> Picture:
        """Look at an image file for what it says of its making; no pixel is decoded.

        Raises
        ------
        AudioUnreadable
            The file cannot be opened.
        ListenerCrashed
            The child died on the file; the next call gets a new one.
        """
        return Picture.model_validate(self._ask({"do": "look", "path": path}))

    def waveform_peaks(self, path: str, start_s: float, end_s: float, points: int) -> list[tuple[float, float]]:
        """Lowest and highest sample of each of ``points`` equal stretches, in [-1, 1]."""
        request = {"do": "waveform_peaks", "path": path, "start_s": start_s, "end_s": end_s, "points": points}
        return [(low, high) for low, high in self._ask(request)]

    def spectrogram_png(
        self, path: str, start_s: float, end_s: float, *, width: int, height: int, max_hz: float | None = None
    ) -> bytes:
        """Spectrogram of a stretch as PNG, low frequencies at the bottom."""
        request = {"do": "spectrogram_png", "path": path, "start_s": start_s, "end_s": end_s}
        return base64.b64decode(self._ask({**request, "width": width, "height": height, "max_hz": max_hz}))

    def excerpt(self, path: str, start_s: float, end_s: float) -> bytes:
        """Cut a stretch as a 16-bit WAV file, decoded as for everything else."""
        request = {"do": "excerpt", "path": path, "start_s": start_s, "end_s": end_s}
        return base64.b64decode(self._ask(request))

    def matching_png(
        self,
        path: str,
        other: str,
        own_s: tuple[float, float],
        other_s: tuple[float, float],
        *,
        width: int,
        height: int,
    ) -> bytes:
        """Landmarks of a stretch that two files share, as PNG: `classifiers.matching_files`."""
        request = {"do": "matching_png", "path": path, "other": other, "own_s": own_s, "other_s": other_s}
        return base64.b64decode(self._ask({**request, "width": width, "height": height}))

    def stem_report(self, path: str, stems: Sequence[str], names: Sequence[str]) -> StemReport:
        """Measure how much of a recording its stems explain: `classifiers.stems`."""
        request = {"do": "stem_report", "path": path, "stems": list(stems), "names": list(names)}
        return StemReport.model_validate(self._ask(request))

    def stem_excerpt(
        self, path: str, stems: Sequence[str], lags_s: Sequence[float], start_s: float, end_s: float, *, part: str
    ) -> bytes:
        """Make a stretch of what stems explain of a recording, or of what they leave, audible as WAV."""
        request = {"do": "stem_excerpt", "path": path, "stems": list(stems), "lags_s": list(lags_s)}
        return base64.b64decode(self._ask({**request, "start_s": start_s, "end_s": end_s, "part": part}))

    def _ask(self, request: Message) -> Any:
        with self._lock:
            try:
                channel = self._started()
                channel.send(request)
                answer = self._answer(channel)
            except ChannelTimeout as error:
                self._end(patience_s=0)
                raise self._too_slow(request["path"]) from error
            except ChannelClosed as error:
                raise self._crashed(request["path"]) from error
            except BaseException:  # an interrupt leaves half an answer in the pipe
                self._end(patience_s=0)
                raise
        if "error" in answer:
            kind = _ERRORS.get(answer["error"], AudioUnreadable)
            raise kind(answer["message"], mend=answer["mend"])
        return answer["result"]

    def _answer(self, channel: Channel) -> Message:
        began = time.monotonic()
        deadline = began + self.limits.start_s
        while True:
            message = channel.receive(deadline)
            if "heard_s" not in message:
                return message
            if message["heard_s"] == 0:
                began = time.monotonic()
            fair = began + self.limits.allowance_s(message["heard_s"])
            deadline = min(fair, time.monotonic() + self.limits.stall_s)

    def _started(self) -> Channel:
        if self._child and self._channel and self._child.poll() is None:
            return self._channel
        self._end(patience_s=0)
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            _CHILD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=self._environment(),
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        assert self._child.stdin  # noqa: S101 - pipes were asked for
        assert self._child.stdout  # noqa: S101
        self._channel = Channel(self._child.stdout.fileno(), self._child.stdin.fileno())
        self._channel.send({"limits": self.limits.model_dump()})
        return self._channel

    def _environment(self) -> dict[str, str]:
        # Parallel work is one listener per core; threads inside numpy would only fight over the cores.
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
        anchors = {"LINER_TRUST_ANCHORS": str(self._trust_anchors)} if self._trust_anchors else {}
        return {**os.environ, **threads, **anchors}

    def _end(self, *, patience_s: float) -> int | None:
        child, self._child, self._channel = self._child, None, None
        if child is None:
            return None
        if child.stdin:
            child.stdin.close()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # one that hangs in the kernel dies when that lets go
                child.wait(_STOP_S)
        if child.stdout:
            child.stdout.close()
        return child.returncode

    def _too_slow(self, path: str) -> AudioLimitExceeded:
        return AudioLimitExceeded(
            f"{Path(path).name} took longer than the limits allow "
            f"({self.limits.floor_s:g} s and {self.limits.seconds_per_minute:g} s per minute of sound, "
            f"{self.limits.stall_s:g} s without anything new).",
            mend="See that its storage answers; else encode the file anew from its master, or raise the limits.",
        )

    def _too_costly(self, path: str) -> AudioLimitExceeded:
        return AudioLimitExceeded(
            f"{Path(path).name} took more than {self.limits.cpu_s_per_minute:g} seconds of processor time for a minute "
            "of sound.",
            mend="Encode the file anew from its master, or raise the listener's limits.",
        )

    def _crashed(self, path: str) -> AudioUnreadable:
        code = self._end(patience_s=_STOP_S)
        if code == -signal.SIGXCPU:
            return self._too_costly(path)
        cause = f"exit code {code}"
        with contextlib.suppress(ValueError):
            cause = signal.Signals(-(code or 0)).name
        return ListenerCrashed(
            f"The decoder process died on {Path(path).name} ({cause}).",
            mend="The file is damaged in a way that breaks its decoder; encode it anew from its master.",
        )
