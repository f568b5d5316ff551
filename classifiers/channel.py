"""Messages between a listener and its child: JSON with a length in front, over two pipes.

JSON and never pickle: a child that a hostile file took over must not be able to hand its parent
objects that run code.
"""

import json
import os
import select
import struct
import time
from typing import Any

Message = dict[str, Any]

MAX_MESSAGE_BYTES = 64 * 1024 * 1024  # a minute of excerpt in base64, with room to spare
_LENGTH = struct.Struct(">I")


class ChannelClosed(Exception):
    """The other side is gone, or speaks nonsense."""


class ChannelTimeout(Exception):
    """Nothing complete arrived before the deadline."""


class Channel:
    """One side of the conversation.

    Parameters
    ----------
    read_fd, write_fd
        Pipe ends; the channel does not own them.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    def send(self, message: Message) -> None:
        """Write one message; raises `ChannelClosed` where nobody reads any more."""
        payload = json.dumps(message).encode()
        view = memoryview(_LENGTH.pack(len(payload)) + payload)
        try:
            while view:
                view = view[os.write(self._write_fd, view) :]
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self, deadline: float | None = None) -> Message:
        """Read one message, waiting no longer than until ``deadline`` (`time.monotonic` seconds)."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
        if length > MAX_MESSAGE_BYTES:
            raise ChannelClosed(f"message of {length} bytes")
        try:
            message: Message = json.loads(self._exactly(length, deadline))
        except ValueError as error:
            raise ChannelClosed(str(error)) from error
        return message

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._wait(deadline)
            part = os.read(self._read_fd, size - len(parts))
            if not part:
                raise ChannelClosed("end of stream")
            parts += part
        return bytes(parts)

    def _wait(self, deadline: float | None) -> None:
        if deadline is None:
            return
        poll = select.poll()  # unlike select(), not bound to file descriptors below 1024
        poll.register(self._read_fd, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise ChannelTimeout
