"""Recordings, images, releases and deals of a release message, each read and dropped as the parser reaches it.

A tree takes eight times the room of its text, so that a message of fifty megabytes as a whole would need half
a gigabyte. Read part by part, it needs what the parts say. This relies on the order of the schemas: parties
first, each list once. A message that has another order is read from its whole tree instead.
"""

from collections.abc import Iterator
from weakref import ref

from lxml import etree

from schemas.ern.context import Context
from schemas.ern.node import Node, line_of, local_name
from schemas.ern.parties import read_party_list
from schemas.ern.releases import RELEASE_NAMES, is_whole, read_deals, read_release, says_main
from schemas.ern.resources import RECORDING_NAMES, read_image, read_recording
from schemas.ern.source import MAX_CHILDREN, Refusal
from schemas.ern.strays import note_names, report_strays
from schemas.release import Deal, Image, MessageKind, Release, SoundRecording

LISTS = {
    "ResourceList": (*RECORDING_NAMES, "Image"),
    "ReleaseList": RELEASE_NAMES,
    "DealList": ("ReleaseDeal",),
}
PART_NAMES = tuple(name for names in LISTS.values() for name in names)

_Key = tuple[etree._Element, str]  # noqa: SLF001 - lxml names it nowhere else; a list and the name of parts in it


class Parts:
    """What the parts of one message say, in the order of the message.

    Parameters
    ----------
    root
        The message's root element; its parties stand before its parts.
    context
        Takes parties and findings.
    """

    def __init__(self, root: etree._Element, context: Context) -> None:
        self.root = root
        self.context = context
        self._top = Node.root(root)  # children are not asked of it: they are still to come
        self._is_read = context.version is not None and self._top.name == MessageKind.NEW_RELEASE
        self._lists: dict[etree._Element, Node] = {}
        self._counts: dict[_Key, int] = {}
        self._waiting: dict[_Key, tuple[int, etree._Element]] = {}
        self._read: dict[int, SoundRecording | Image | list[Deal]] = {}
        self._releases: dict[int, tuple[Release, bool, bool]] = {}
        if self._is_read:
            read_party_list(Node.root(root), context)

    def take(self, element: etree._Element) -> None:
        """Take a part that has just ended; it waits until the next of its name tells whether it has a number."""
        held_in = element.getparent()
        if not self._is_read or held_in is None or held_in.getparent() is not self.root:
            return
        name = local_name(element)
        if name not in LISTS.get(local_name(held_in), ()):
            return
        key = held_in, name
        self._counts[key] = count = self._counts.get(key, 0) + 1
        if count > MAX_CHILDREN:
            where = local_name(held_in)
            raise Refusal(f"{where} has more than {MAX_CHILDREN:,} children; no more are read.", line_of(held_in))
        if any(other is not held_in for other, _ in self._waiting):
            self.finish()  # that list has ended
        if key in self._waiting:
            number, before = self._waiting.pop(key)
            self._see(number, before, key, count - 1)
        self._waiting[key] = sum(self._counts.values()), element

    def finish(self) -> None:
        """Read the parts that were still waiting, once their list or the document has ended."""
        for key, (number, element) in self._waiting.items():
            count = self._counts[key]
            self._see(number, element, key, count if count > 1 else 0)
        self._waiting.clear()

    def _see(self, number: int, element: etree._Element, key: _Key, place: int) -> None:
        held_in, name = key
        node = Node(element, name, ref(self._list(held_in)), place)
        note_names(node, self.context)
        self._read_part(number, node)
        report_strays(node, self.context)
        self.context.read.clear()
        held_in.remove(element)

    def _list(self, element: etree._Element) -> Node:
        """Give the view of a list; it has a number only in a message that repeats it."""
        if element not in self._lists:
            alike = [child for child in self.root if child.tag == element.tag]
            place = alike.index(element) + 1 if len(alike) > 1 else 0
            self._lists[element] = Node(element, local_name(element), ref(self._top), place)
        return self._lists[element]

    def _read_part(self, number: int, node: Node) -> None:
        context = self.context
        if node.name in RECORDING_NAMES:
            self._read[number] = read_recording(node, context)
        elif node.name == "Image":
            self._read[number] = read_image(node, context)
        elif node.name == "ReleaseDeal":
            self._read[number] = read_deals(node, context)
        else:
            release = read_release(node, context, is_main=False)
            self._releases[number] = release, says_main(node), is_whole(node)

    @property
    def sound_recordings(self) -> tuple[SoundRecording, ...]:
        """Sound recordings and videos."""
        return tuple(one for one in self._in_order() if isinstance(one, SoundRecording))

    @property
    def images(self) -> tuple[Image, ...]:
        """Artwork."""
        return tuple(one for one in self._in_order() if isinstance(one, Image))

    @property
    def deals(self) -> tuple[Deal, ...]:
        """One for each ``DealTerms``."""
        return tuple(deal for one in self._in_order() if isinstance(one, list) for deal in one)

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases; the main one is that which says so, else the first that is no track's."""
        numbers = sorted(self._releases)
        said = [number for number in numbers if self._releases[number][1]]
        whole = [number for number in numbers if self._releases[number][2]]
        main = next(iter(said or whole), None)
        releases = ((number, self._releases[number][0]) for number in numbers)
        return tuple(one.model_copy(update={"is_main": True}) if number == main else one for number, one in releases)

    @property
    def are_in_usual_order(self) -> bool:
        """Whether the parties stood before the parts, and each list once."""
        names = [local_name(child) for child in self.root]
        lists = [name for name in names if name in LISTS]
        if len(lists) > len(set(lists)):
            return False
        return "PartyList" not in names or not lists or names.index("PartyList") < names.index(lists[0])

    def _in_order(self) -> Iterator[SoundRecording | Image | list[Deal]]:
        return (self._read[number] for number in sorted(self._read))


def whole_parts(root: etree._Element) -> Iterator[etree._Element]:
    """Give the parts of a finished tree, and the root last, as `schemas.ern.source.parse_parts` does."""
    yield from [*root.iter(*(f"{{*}}{name}" for name in PART_NAMES))]  # a list: parts are taken out while they are read
    yield root
