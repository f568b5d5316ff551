"""The child of `classifiers.listener`: reads requests from its standard input until that closes.

It writes no file, keeps no more memory than it was given, prints nothing, and ends with its
parent. Libraries are loaded when first needed, so that facts alone cost little.
"""

import base64
import os
import resource
import threading
import time
from collections.abc import Callable
from typing import Any

from classifiers.allowance import Allowance
from classifiers.channel import Channel, ChannelClosed, Message
from classifiers.listening import Limits
from schemas.errors import AudioLimitExceeded, LinerError, ListenerCrashed

_WATCH_S = 1.0
_TELL_S = 0.5


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    channel = _private_channel()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
        limits = Limits.model_validate(channel.receive()["limits"])
        _confine(limits)
        allowance = Allowance(limits)
        while True:
            channel.send(_answer(channel.receive(), channel, limits, allowance))
    except ChannelClosed:
        return


def _private_channel() -> Channel:
    """Take the pipes for ourselves: what a native library prints goes nowhere."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    return Channel(requests, answers)


def _confine(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def _end_with_parent(parent: int) -> None:
    """Leave when the parent is gone, even in the middle of a file."""
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(0)


def _answer(request: Message, channel: Channel, limits: Limits, allowance: Allowance) -> Message:
    what, path = request.pop("do"), request.pop("path")
    try:
        if what == "listen":
            return {"result": _listened(path, request, _Progress(channel, allowance), limits)}
        return {"result": _do(what, path, request, channel)}
    except ChannelClosed:
        raise
    except MemoryError:
        error: LinerError = AudioLimitExceeded(
            f"{os.path.basename(path)} needs more memory than {allowance.memory_bytes // 2**20} MiB.",  # noqa: PTH119
            mend="Deliver stereo or mono at 192 kHz or less, without oversized tags.",
        )
    except LinerError as known:
        error = known
    except Exception as unknown:  # noqa: BLE001 - this is the border; what decoders refuse has a name of its own
        error = ListenerCrashed(
            f"{os.path.basename(path)} could not be heard, for liner failed: {type(unknown).__name__}: {unknown}",  # noqa: PTH119
            mend="The file may well be whole: report this to whoever runs liner, and have the sound checked by ear.",
        )
    finally:
        allowance.lifted()
    return {"error": error.code, "message": error.message, "mend": error.mend}


def _listened(path: str, request: Message, progress: "_Progress", limits: Limits) -> Any:
    from classifiers.hearing import listen  # noqa: PLC0415 - loads numpy and decoders

    return listen(path, limits=limits, progress=progress, **request).model_dump(mode="json")


def _do(what: str, path: str, request: Message, channel: Channel) -> Any:
    if what == "look":
        from classifiers.artwork import look_at_file  # noqa: PLC0415

        channel.send({"heard_s": 0})
        return look_at_file(path, os.environ.get("LINER_TRUST_ANCHORS") or None).model_dump(mode="json")
    if what == "matching_png":
        from classifiers.matching_files import matching_png  # noqa: PLC0415

        channel.send({"heard_s": 0})
        return base64.b64encode(matching_png(path, **request)).decode()
    if what in {"stem_report", "stem_excerpt"}:
        from classifiers import stems  # noqa: PLC0415

        if what == "stem_report":
            return stems.report(path, progress=_Progress(channel), **request)
        channel.send({"heard_s": 0})
        return base64.b64encode(stems.excerpt(path, **request)).decode()
    from classifiers import pictures  # noqa: PLC0415

    channel.send({"heard_s": 0})
    draw: dict[str, Callable[..., Any]] = {
        "waveform_peaks": pictures.waveform_peaks,
        "spectrogram_png": pictures.spectrogram_png,
        "excerpt": pictures.excerpt,
    }
    result = draw[what](path, **request)
    return base64.b64encode(result).decode() if isinstance(result, bytes) else result


class _Progress:
    """Tells the parent how far it is, twice a second at most: each message wakes it. Then the file may cost more."""

    def __init__(self, channel: Channel, allowance: Allowance | None = None) -> None:
        self._channel, self._allowance, self._last = channel, allowance, -_TELL_S

    def __call__(self, heard_s: float) -> None:
        now = time.monotonic()
        if heard_s == 0 or now - self._last >= _TELL_S:
            if self._allowance:
                self._allowance.raised(heard_s)
            self._channel.send({"heard_s": heard_s})
            self._last = now


if __name__ == "__main__":
    main()
