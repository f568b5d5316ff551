"""What an image file says of itself in words: text chunks, EXIF, IPTC, XMP. No pixel is ever decoded.

Each container is walked by its own lengths, within limits on its size, its parts and the words that are kept, so
that neither a large file nor a bomb in a compressed text costs more than a small one. Sources: PNG (W3C 2023), JPEG
(ITU-T T.81), EXIF 3.0, XMP part 3, IPTC IIM 4.2, WebP container (RFC 9649), TIFF 6.0.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

MAX_BYTES = 64 * 2**20
MAX_PARTS = 10_000
MAX_TEXT = 1 << 20  # bytes of one text, unpacked
MAX_TEXTS = 4 << 20  # of all

_PNG = b"\x89PNG\r\n\x1a\n"
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_KEY = "XML:com.adobe.xmp"
_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_FILL = re.compile(rb"\xff{2,}+")  # any number of bytes before a marker
_START_OF_SCAN, _END = 0xDA, 0xD9
_EXIF_TEXTS = {0x010E: "imagedescription", 0x0131: "software", 0x013B: "artist", 0x9286: "usercomment"}
_EXIF_IFD, _XMP_TAG = 0x8769, 0x02BC
_MAX_ENTRIES = 500
_IIM_TEXTS = {40: "specialinstructions", 80: "byline", 110: "credit", 115: "source", 116: "copyright", 120: "caption"}
_XMP_WORDS = {
    "aigc",
    "creatortool",
    "credit",
    "description",
    "software",
    "parameters",
    "prompt",
    "workflow",
    "usercomment",
}
_SOURCE_TYPE = re.compile(rb"digitalsourcetype/([A-Za-z]{1,60})", re.IGNORECASE)


@dataclass(slots=True)
class Words:
    """What was read of an image.

    Attributes
    ----------
    texts
        Pairs of a lower-case key without the container's prefixes, and a text.
    source_types
        Digital source types of XMP, last parts of the terms.
    has_manifest
        Whether there is a C2PA store somewhere.
    fault
        Why reading ended early.
    """

    format: str = ""
    texts: list[tuple[str, str]] = field(default_factory=list)
    source_types: list[str] = field(default_factory=list)
    has_manifest: bool = False
    fault: str | None = None
    size: int = 0

    def say(self, key: str, value: bytes | str) -> None:
        """Keep a text, within the limits."""
        text = value if isinstance(value, str) else _decoded(value)
        self.size += len(text)
        if text.strip() and len(text) <= MAX_TEXT and self.size <= MAX_TEXTS:
            self.texts.append((key.strip().lower(), text.strip("\0 ")))


def read_words(data: bytes) -> Words:
    """Read what an image says; never raises for what is in ``data``.

    Parameters
    ----------
    data
        The image; of more than `MAX_BYTES` nothing is read.
    """
    words = Words()
    if len(data) > MAX_BYTES:
        words.fault = f"more than {MAX_BYTES >> 20} MB"
        return words
    readers = {"png": _png, "jpeg": _jpeg, "webp": _webp, "tiff": _tiff}
    words.format = format_of(data)
    try:
        if reader := readers.get(words.format):
            reader(data, words)
    except (struct.error, IndexError, ValueError, zlib.error):
        words.fault = f"a damaged {words.format.upper()} file"
    return words


def format_of(data: bytes) -> str:
    """Name the format by its first bytes; empty for what is no picture."""
    if data.startswith(_PNG):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"heic", b"heix", b"mif1"):
        return "heif"
    return "gif" if data.startswith(b"GIF8") else "bmp" if data.startswith(b"BM") else ""


# --- PNG


def _png(data: bytes, words: Words) -> None:
    at = len(_PNG)
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        size, name = struct.unpack_from(">I4s", data, at)
        if name == b"eXIf":
            _exif(data[at + 8 : at + 8 + size], words)
        elif name == b"caBX":
            words.has_manifest = True
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            _png_text(name, data[at + 8 : at + 8 + size], words)
        at += 12 + size
    words.fault = f"more than {MAX_PARTS:,} parts"


def _png_text(name: bytes, body: bytes, words: Words) -> None:
    key, _, rest = body[: MAX_TEXT + 200].partition(b"\0")
    is_packed = name == b"zTXt"
    if name == b"zTXt":
        rest = rest[1:]
    elif name == b"iTXt":
        is_packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[-1]
    if is_packed:
        rest = zlib.decompressobj().decompress(rest, MAX_TEXT)  # no more than that of a bomb
    text = key.decode("latin-1")
    _xmp(rest, words) if text == _XMP_KEY else words.say(text, rest)


# --- JPEG


def _jpeg(data: bytes, words: Words) -> None:
    at = 2
    for _ in range(MAX_PARTS):
        if fill := _FILL.match(data, at):
            at = fill.end() - 1
        if at + 4 > len(data) or data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker in _JPEG_ALONE:
            at += 2
            continue
        if marker in (_START_OF_SCAN, _END):  # what follows is pixels
            return
        size = struct.unpack_from(">H", data, at + 2)[0]
        _jpeg_segment(marker, data[at + 4 : at + 2 + size], words)
        at += 2 + max(2, size)
    words.fault = f"more than {MAX_PARTS:,} parts"


def _jpeg_segment(marker: int, body: bytes, words: Words) -> None:
    if marker == 0xE1 and body.startswith(b"Exif\0\0"):
        _exif(body[6:], words)
    elif marker == 0xE1 and body.startswith(_XMP_HEAD):
        _xmp(body[len(_XMP_HEAD) :], words)
    elif marker == 0xEB and b"jumb" in body[:32]:
        words.has_manifest = True
    elif marker == 0xED and body.startswith(b"Photoshop 3.0\0"):
        _photoshop(body[14:], words)
    elif marker == 0xFE:
        words.say("comment", body)


def _photoshop(data: bytes, words: Words) -> None:
    at = 0
    while data[at : at + 4] == b"8BIM":
        kind, name = struct.unpack_from(">HB", data, at + 4)
        at += 6 + (name + 2 & ~1)  # the name and its length, padded
        size = struct.unpack_from(">I", data, at)[0]
        if kind == 0x0404:
            _iim(data[at + 4 : at + 4 + size], words)
        at += 4 + size + (size & 1)


def _iim(data: bytes, words: Words) -> None:
    at = 0
    while data[at : at + 1] == b"\x1c" and at + 5 <= len(data):
        record, name, size = struct.unpack_from(">BBH", data, at + 1)
        if record == 2 and name in _IIM_TEXTS:
            words.say(_IIM_TEXTS[name], data[at + 5 : at + 5 + size])
        at += 5 + (size & 0x7FFF)


# --- WebP, TIFF and EXIF


def _webp(data: bytes, words: Words) -> None:
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            _exif(data[at + 8 : at + 8 + size].removeprefix(b"Exif\0\0"), words)
        elif name == b"XMP ":
            _xmp(data[at + 8 : at + 8 + size], words)
        elif name == b"C2PA":
            words.has_manifest = True
        at += 8 + size + (size & 1)
    words.fault = f"more than {MAX_PARTS:,} parts"


def _tiff(data: bytes, words: Words) -> None:
    words.has_manifest = b"jumb" in data[: 1 << 16] or b"jumb" in data[-(1 << 20) :]
    _exif(data, words)


def _exif(data: bytes, words: Words) -> None:
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] not in (b"*\0", b"\0*"):
        return
    first = struct.unpack_from(order + "I", data, 4)[0]
    for place in (first, *_ifd(data, first, order, words)):
        if place != first:
            list(_ifd(data, place, order, words))


def _ifd(data: bytes, at: int, order: str, words: Words) -> Iterator[int]:
    """Read the entries of one directory; yield where the directory of the camera's words lies."""
    count = min(struct.unpack_from(order + "H", data, at)[0], _MAX_ENTRIES)
    for number in range(count):
        place = at + 2 + 12 * number
        tag, kind, length, value = struct.unpack_from(order + "HHII", data, place)
        if tag == _EXIF_IFD:
            yield value
        elif (tag in _EXIF_TEXTS or tag == _XMP_TAG) and kind in (1, 2, 7, 129) and length <= MAX_TEXT:
            text = data[place + 8 : place + 8 + length] if length <= 4 else data[value : value + length]
            if tag == _XMP_TAG:
                _xmp(text, words)
            else:
                words.say(_EXIF_TEXTS[tag], _user_comment(text, order) if tag == 0x9286 else text)


def _user_comment(data: bytes, order: str) -> bytes | str:
    """Decode by the first eight bytes; writers of UTF-16 do not all keep to the order of the file."""
    kind, text = data[:8], data[8:]
    if kind.startswith(b"UNICODE"):
        is_big = text[:1] == b"\0" or (order == ">" and text[1:2] != b"\0")
        return text.decode("utf-16-be" if is_big else "utf-16-le", "replace")
    return text if kind.rstrip(b"\0") in (b"ASCII", b"") else data


# --- XMP


def _xmp(data: bytes, words: Words) -> None:
    root = _parsed(data[:MAX_TEXT])
    if root is None:  # a cut packet still names its term
        words.source_types += [term.decode("ascii") for term in _SOURCE_TYPE.findall(data[:MAX_TEXT])]
        return
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            _xmp_property(_local(name), str(value), words)
        if _is_asked(name := _local(element.tag)):
            resource = " ".join(str(v) for k, v in element.attrib.items() if _local(k) == "resource")
            _xmp_property(name, " ".join(_texts(element)) or resource, words)


def _parsed(data: bytes) -> etree._Element | None:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data.strip(b"\0 \r\n\t"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].lower()


def _is_asked(name: str) -> bool:
    return name == "digitalsourcetype" or name in _XMP_WORDS or name.startswith(("aisystem", "aiprompt"))


def _xmp_property(name: str, value: str, words: Words) -> None:
    if name == "digitalsourcetype":
        term = value.strip().rstrip("/").rpartition("/")[2]
        words.source_types += [term] if term else []
    elif _is_asked(name):
        words.say(name, value)


def _texts(element: etree._Element) -> Iterator[str]:
    return (text for text in (str(part).strip() for part in element.itertext()) if text)


def _decoded(data: bytes) -> str:
    data = data[:MAX_TEXT].strip(b"\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_file(path: str) -> bytes:
    """Read an image file as far as is ever looked at: one byte more than the limit tells that it is too large."""
    with Path(path).open("rb") as file:
        return file.read(MAX_BYTES + 1)
