"""Where each element of a message stands in its bytes, so that an edit touches nothing else.

A parser forgets white space inside tags, quotes and line ends; this keeps only offsets. It expects
what `schemas.ern.source.parse_xml` let through: well-formed XML without a document type. Bytes are read as Latin-1,
one character for each, which holds for every encoding that has ASCII's bytes for markup.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>"
    r"|</(?P<end>[^\s>]+)\s*>"
    r"""|<(?P<start>[^\s/>!?]+)(?:[^>"']|"[^"]*"|'[^']*')*>""",
    re.DOTALL,
)


@dataclass(slots=True)
class Element:
    """One element's place.

    Attributes
    ----------
    tag
        The name as written, with its prefix.
    start, content, content_end, end
        Offsets: of the start tag, behind it, of the end tag, behind it. An empty-element tag has
        all but the first equal.
    """

    tag: str
    start: int
    content: int
    parent: "Element | None" = None
    content_end: int = 0
    end: int = 0
    children: "list[Element]" = field(default_factory=list)

    @property
    def name(self) -> str:
        """The local name."""
        return self.tag.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix with its colon; empty where there is none."""
        return self.tag[: len(self.tag) - len(self.name)]

    def walk(self) -> "Iterator[Element]":
        """Yield this element and all below, in document order."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.children))


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes from ``start`` to ``end`` become ``text``."""

    start: int
    end: int
    text: str


def is_bytewise(data: bytes) -> bool:
    """Whether markup stands in the bytes as in ASCII: not so in UTF-16 and UTF-32."""
    return b"\0" not in data and not data.startswith((b"\xff\xfe", b"\xfe\xff"))


def elements_of(text: str) -> Element:
    """Find all elements of a well-formed document.

    Parameters
    ----------
    text
        The document's bytes, read as Latin-1.

    Returns
    -------
    Element
        A nameless one around the document.
    """
    document = Element("", 0, 0, content_end=len(text), end=len(text))
    current = document
    for token in _TOKEN.finditer(text):
        if token["end"]:
            current.content_end, current.end = token.start(), token.end()
            current = current.parent or document
        elif token["start"]:
            one = Element(token["start"], token.start(), token.end(), current)
            current.children.append(one)
            if text[token.end() - 2] == "/":
                one.content_end = one.end = token.end()
            else:
                current = one
    return document


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Carry out edits that do not overlap; of several at one place, in their order."""
    parts, done = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


def space_before(offset: int, text: str) -> int:
    """Find where the white space before an offset begins."""
    while offset and text[offset - 1] in " \t\r\n":
        offset -= 1
    return offset
