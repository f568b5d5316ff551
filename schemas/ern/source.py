"""Bytes to an XML tree, or a refusal: nothing hostile gets past this module.

No DTD is read, no entity is resolved and nothing is fetched. Size and number of tags are
bounded before parsing, depth (256) and length of texts by libxml2 while parsing, and what is
read of the tree afterwards, so that a refusal takes well under a second.
"""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

MAX_BYTES = 64 * 2**20
# Each tag costs about 150 bytes of tree and a microsecond; 64 MB of real messages stay below.
MAX_TAGS = 2_000_000
MAX_CHILDREN = 20_000  # of one element; a box set of 500 tracks has some thousands
MAX_TEXT = 65_536  # characters of one text or attribute; libxml2 itself stops at 10 million

# Possessive, so that millions of comments cost no stack. NUL bytes are gone before it is asked.
_DOCTYPE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE\s*+(\w*+)", re.DOTALL | re.IGNORECASE)
_BYTE_ORDER_MARKS = b"\xef\xbb\xbf\xff\xfe"
_LIBXML2_TAIL = re.compile(r",? (?:try|use) XML_PARSE_HUGE.*|, line \d+, column \d+.*", re.DOTALL)
_OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"{": "JSON",
    b"[": "JSON",
}

_SAFELY: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "dtd_validation": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}


class Refusal(Exception):
    """Why bytes are not read as a message, and where; it never leaves this package."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def parse_xml(data: bytes, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Parse one XML document that nobody vouches for.

    Raises
    ------
    Refusal
        If the bytes are no well-formed XML, carry a document type, or exceed a limit.
    """
    _refuse_by_looks(data, max_bytes)
    try:
        # A parser is made anew each time: it remembers errors and must not be shared between threads.
        root = etree.fromstring(data, etree.XMLParser(recover=False, **_SAFELY))
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from error
    return _without_doctype(root)


def parse_parts(data: bytes, names: Iterable[str], *, max_bytes: int = MAX_BYTES) -> Iterator[etree._Element]:
    """Parse as `parse_xml` does, but give each element of one of the names as soon as it has ended, and the root last.

    What has been given may be taken out of the tree once the next one is there, so that a large document never
    stands in memory as a whole.
    """
    _refuse_by_looks(data, max_bytes)
    ended = etree.iterparse(io.BytesIO(data), events=("end",), tag=[f"{{*}}{name}" for name in names], **_SAFELY)
    try:
        for _, element in ended:
            yield element
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from error
    yield _without_doctype(ended.root)


def _refusal(error: etree.XMLSyntaxError) -> Refusal:
    said = _LIBXML2_TAIL.sub("", error.msg or "no reason given").strip()
    line, column = error.position
    return Refusal(f"This is not well-formed XML: {said}.", line or None, column or None)


def _without_doctype(root: etree._Element) -> etree._Element:
    if root.getroottree().docinfo.internalDTD is not None:  # an encoding that hides it from the look at the bytes
        raise Refusal("The message has a document type declaration.", 1)
    return root


def _refuse_by_looks(data: bytes, max_bytes: int) -> None:
    if len(data) > max_bytes:
        raise Refusal(f"The message has {len(data):,} bytes; at most {max_bytes:,} are read.")
    if not data or data.isspace():
        raise Refusal("The file is empty.")
    for magic, what in _OTHER_FORMATS.items():
        if data.startswith(magic):
            raise Refusal(f"This is {what}, not XML.")
    if (tags := data.count(b"<")) > MAX_TAGS:
        raise Refusal(f"The message has {tags:,} tags; at most {MAX_TAGS:,} are read.")
    # Without its NUL bytes, UTF-16 and UTF-32 look like ASCII as far as markup goes.
    if doctype := _DOCTYPE.match(data.replace(b"\0", b"").lstrip(_BYTE_ORDER_MARKS)):
        is_page = doctype[1].lower() == b"html"
        raise Refusal("This is an HTML page." if is_page else "The message has a document type declaration.", 1)
