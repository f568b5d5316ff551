"""A multipart body on its way to disk: chunk by chunk, no file ever whole in memory.

`Upload` is fed with chunks and writes the parts ``message`` (one) and ``audio`` (any number) into
a folder. It knows no web framework; what it refuses it raises as liner's errors.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.public_deliveries import DeliveryFile
from api.services.filenames import RESOURCES, audio_name, folded, message_name
from api.settings import Settings
from schemas.errors import InvalidInput, LandingUnusable, TooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MESSAGE = "message"
AUDIO = "audio"
MAX_HEADER_BYTES = 8192
FORM = "Send multipart/form-data with one `message` file and any number of `audio` files."


@dataclass
class _Part:
    """The part that is being written."""

    field: str
    name: str
    stream: BinaryIO
    limit: int
    size: int = 0


@dataclass
class Upload:
    """One delivery's body.

    Attributes
    ----------
    folder
        Where the message goes; audio goes to ``resources`` below it.
    files
        What was written so far; the message's name is ``message``.
    """

    folder: Path
    settings: Settings
    content_type: str
    message: str | None = None
    files: list[DeliveryFile] = field(default_factory=list)
    _parser: MultipartParser = field(init=False, repr=False)
    _header: list[bytes] = field(default_factory=lambda: [b"", b""], repr=False)
    _headers: dict[str, bytes] = field(default_factory=dict, repr=False)
    _part: _Part | None = None
    _seen: set[str] = field(default_factory=set, repr=False)
    _is_complete: bool = False

    def __post_init__(self) -> None:
        """Prepare to read parts; a body that is no multipart form is refused at once."""
        kind, options = parse_options_header(self.content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise InvalidInput("The body is not multipart/form-data.", mend=FORM)
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise InvalidInput("The multipart boundary is too long.", mend=FORM) from error

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidInput("The multipart body is broken.", mend=FORM) from error
        except OSError as error:
            raise LandingUnusable(
                f"The landing zone cannot be written: {error.strerror}.", mend="Try later."
            ) from error

    def finish(self) -> str:
        """End the upload and give the message's name; a cut body or a missing message is refused."""
        if not self._is_complete:
            raise InvalidInput("The multipart body ends before its last boundary.", mend="Send it again.")
        if self.message is None:
            raise InvalidInput("The delivery has no message.", mend=FORM)
        return self.message

    def abort(self) -> None:
        """Let go of the file that is being written."""
        if self._part:
            with suppress(OSError):  # what is still to be written may find no room either
                self._part.stream.close()
            self._part = None

    def _begin(self) -> None:
        self._headers.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]
        if len(self._header[1]) > MAX_HEADER_BYTES:
            raise TooLarge("A part's header is too long.")

    def _on_header_end(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value
        self._header = [b"", b""]

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        part, name = (options.get(key, b"").decode("utf-8", "surrogateescape") for key in (b"name", b"filename"))
        if part not in {MESSAGE, AUDIO}:
            raise InvalidInput(f"There is no part named {part[:40]!a} in a delivery.", mend=FORM)
        if len(self.files) >= self.settings.max_delivery_files:
            raise TooLarge(f"A delivery has at most {self.settings.max_delivery_files} files.")
        self._part = self._open_message(name) if part == MESSAGE else self._open_audio(name)

    def _open_message(self, name: str) -> _Part:
        if self.message is not None:
            raise InvalidInput("The delivery has two messages.", mend="Send one message per delivery.")
        self.message = message_name(name)
        stream = (self.folder / self.message).open("xb")
        return _Part(MESSAGE, self.message, stream, self.settings.max_message_bytes)

    def _open_audio(self, name: str) -> _Part:
        safe = audio_name(name)
        if folded(safe) in self._seen:
            raise InvalidInput(f"The file {safe} comes twice.", mend="Give each file its own name.")
        self._seen.add(folded(safe))
        stream = (self.folder / RESOURCES / safe).open("xb")
        return _Part(AUDIO, f"{RESOURCES}/{safe}", stream, self.settings.max_file_bytes)

    def _write(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part is None:
            return
        part.size += end - start
        if part.size > part.limit:
            raise TooLarge(f"The file {part.name} is beyond {part.limit:,} bytes.", mend="Send a smaller file.")
        part.stream.write(data[start:end])

    def _close(self) -> None:
        part = self._part
        if part is None:
            return
        if part.field == MESSAGE and part.size == 0:
            raise InvalidInput("The message is empty.", mend="Send the message's XML or JSON.")
        part.stream.flush()
        os.fsync(part.stream.fileno())  # what was accepted survives a power cut
        part.stream.close()
        self.files.append(DeliveryFile(name=part.name, size=part.size))
        self._part = None

    def _end(self) -> None:
        self._is_complete = True
