"""A view of an XML tree by local names that knows where each element stands."""

from collections.abc import Iterator
from typing import cast
from weakref import ref

from lxml import etree

from schemas.ern.source import MAX_CHILDREN, MAX_TEXT, Refusal

# libxml2 keeps lines of elements in 16 bits; beyond, lxml gives the line where a text ends.
LAST_EXACT_LINE = 65_534


class Node:
    """An element: its local name, its children by name, its text without outer white space.

    Children are looked up when first asked for, so that what nobody reads costs nothing. A node knows the one
    above it as long as the document's root is held, and weakly: without cycles a whole tree goes as soon as it
    has been read, whenever the garbage collector may come.
    """

    __slots__ = ("__weakref__", "_children", "_parent", "_place", "_places", "_xpath", "element", "name")

    def __init__(
        self, element: etree._Element, name: str, parent: "ref[Node] | None" = None, place: int | None = None
    ) -> None:
        self.element = element
        self.name = name
        self._parent = parent
        self._place = place
        self._children: list[Node] | None = None
        self._places: dict[Node, int] | None = None
        self._xpath: str | None = None

    @classmethod
    def root(cls, element: etree._Element) -> "Node":
        """Look at a whole document."""
        return cls(element, local_name(element))

    @property
    def parent(self) -> "Node | None":
        """The node above; None for the root."""
        return self._parent() if self._parent else None

    @property
    def namespace(self) -> str:
        """The element's namespace; empty where it has none."""
        return self.element.tag.rpartition("}")[0].lstrip("{")

    @property
    def children(self) -> "list[Node]":
        """Elements below this one, in order."""
        if self._children is None:
            self._children = self._look_up_children()
        return self._children

    def _look_up_children(self) -> "list[Node]":
        if not (count := len(self.element)):
            return []
        if count > MAX_CHILDREN:
            raise Refusal(f"{self.name} has {count:,} children; at most {MAX_CHILDREN:,} are read.", self.line)
        children, here = [], ref(self)
        for element in self.element:
            name = element.tag
            if name[0] == "{":  # ERN's own elements have no namespace
                name = name.rpartition("}")[2]
            children.append(Node(element, name, here))
        return children

    @property
    def place(self) -> int:
        """Number among the siblings of the same name, from 1; 0 for an only one."""
        if self._place is None:
            parent = self.parent
            self._place = parent.places.get(self, 0) if parent else 0
        return self._place

    @property
    def places(self) -> "dict[Node, int]":
        """Numbers of the children whose name stands more than once; all at once, as a list may be long."""
        if self._places is None:
            self._places = {}
            last: dict[str, Node] = {}
            for node in self.children:
                if before := last.get(node.name):
                    self._places[node] = self._places.setdefault(before, 1) + 1
                last[node.name] = node
        return self._places

    @property
    def text(self) -> str:
        """The text up to the first child, stripped."""
        text = self.element.text
        return self._bounded(text).strip() if text else ""

    @property
    def raw_text(self) -> str:
        """The text up to the first child, as written."""
        return self._bounded(self.element.text or "")

    def attribute(self, name: str) -> str:
        """Read an attribute without a namespace; empty where absent."""
        return self._bounded(self.element.get(name) or "")

    def _bounded(self, text: str) -> str:
        if len(text) > MAX_TEXT:
            raise Refusal(f"{self.name} has {len(text):,} characters; at most {MAX_TEXT:,} are read.", self.line)
        return text

    def first(self, name: str) -> "Node | None":
        """Find the first child of a name."""
        for child in self.children:
            if child.name == name:
                return child
        return None

    def all(self, *names: str) -> "list[Node]":
        """List the children that have one of the names, in order."""
        return [child for child in self.children if child.name in names]

    def walk(self, first: str, *rest: str) -> "Iterator[Node]":
        """Yield what a path of names leads to, in order: ``walk("TechnicalDetails", "File")``."""
        for child in self.children:
            if child.name == first:
                if rest:
                    yield from child.walk(*rest)
                else:
                    yield child

    def value(self, *path: str) -> str:
        """Read the text at the end of a path of first children; empty where it ends early."""
        node = self
        for name in path:
            below = node.first(name)
            if below is None:
                return ""
            node = below
        return node.text

    @property
    def xpath(self) -> str:
        """Path of local names with positions where a name stands more than once."""
        if self._xpath is None:
            parent, place = self.parent, self.place
            above = parent.xpath if parent else ""
            self._xpath = f"{above}/{self.name}[{place}]" if place else f"{above}/{self.name}"
        return self._xpath

    @property
    def line(self) -> int | None:
        """The line on which the start tag ends, 1-based."""
        return line_of(self.element)


def local_name(element: etree._Element) -> str:
    """Drop the namespace of an element's name."""
    tag: str = element.tag
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def line_of(element: etree._Element) -> int | None:
    """Tell the line on which an element's start tag ends, also beyond libxml2's 65,535."""
    line = cast("int | None", element.sourceline)  # the stubs do not say
    if line is None or line <= LAST_EXACT_LINE:
        return line
    if element.text:
        return line - element.text.count("\n")
    if len(element):
        return line_of(element[0])
    return line - (element.tail or "").count("\n")
