"""Words about AI that do not reach anybody: misspelt, misplaced, repeated or in a version without them.

What stands in its place goes into the message and is judged there by rule XSD-006; here is
what a message cannot carry, so that a sender's declaration is never dropped without a word.
"""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from lxml import etree

from schemas.ern.context import Context
from schemas.ern.node import Node
from schemas.ern.source import Refusal
from schemas.vocabularies import AI_PLACES, LEVELS, SPECIAL_CONTRIBUTORS

MAX_STRAYS = 200  # elements that are looked at; who has more has a systematic fault
MAX_NAMES = 2_000  # the largest schema has about 600

VALUES = {
    "ContainsAI": tuple(LEVELS),
    "AiContribution": tuple(LEVELS),
    "SpecialContributor": tuple(SPECIAL_CONTRIBUTORS),
    "SpecialDisplayArtist": tuple(SPECIAL_CONTRIBUTORS),
}
# "AI" as a word of its own inside a camel-case name: ContainsAi, AIContribution, isAIGenerated.
_SAYS_AI = re.compile(r"(?:^|[a-z_.-])A[Ii](?:$|[A-Z_.-])|(?i:generative_?ai|(?:^|_)ai_)")
_LIKE_ENOUGH = 0.9


def distinct_tags(root: Node) -> set[str]:
    """Collect the names of all elements.

    Raises
    ------
    Refusal
        If there are more than any schema has.
    """
    tags = {element.tag for element in root.element.iter(etree.Element)}
    if len(tags) > MAX_NAMES:
        raise Refusal(f"The message has {len(tags):,} different element names; no schema has more than {MAX_NAMES:,}.")
    return tags


def report_strays(root: Node, tags: set[str], context: Context) -> None:
    """Report every element about AI that did not go into the message."""
    meant = {tag: name for tag in tags if (name := meant_element(tag.rpartition("}")[2]))}
    if not meant:
        return
    unread = (element for element in root.element.iter(*meant) if element not in context.read)
    for element in islice(unread, MAX_STRAYS):
        node = _node_of(element, root)
        if wrong := _what_is_wrong(node, meant[element.tag], context):
            context.report("XSD-006", wrong, node, node.raw_text)
    if next(unread, None) is not None:
        context.report("XSD-006", f"More than {MAX_STRAYS} elements about AI are not read.", root)


@lru_cache(maxsize=4096)
def meant_element(name: str) -> str | None:
    """Tell which element about AI a name is, or was probably meant to be; None for any other."""
    if name in AI_PLACES:
        return name
    lower = {one.lower(): one for one in AI_PLACES}
    close = difflib.get_close_matches(name.lower().replace("_", ""), lower, n=1, cutoff=_LIKE_ENOUGH)
    if close:
        return lower[close[0]]
    return "ContainsAI" if _SAYS_AI.search(name) else None


def _what_is_wrong(node: Node, meant: str, context: Context) -> str | None:
    parent = node.parent.name if node.parent else "no element"
    if node.name != meant:
        return f"{node.name} is no element of ERN and is not read; {meant} may be meant."
    if parent not in AI_PLACES[meant]:
        return f"{meant} stands in {parent}, where it says nothing and is not read."
    if not context.can_declare:
        return f"{meant} stands in a message of ERN {context.version}, which has no place for it."
    if node.text not in VALUES[meant]:
        return f"{meant} is {node.text!r}; allowed are {', '.join(VALUES[meant])}."
    if node.place > 1:
        return f"{meant} stands in {parent} more than once; the first counts."
    return None  # right, but about something that liner does not judge, such as a Text


def _node_of(element: etree._Element, root: Node) -> Node:
    """Find the view of an element, so that it knows its place."""
    node = root
    for ancestor in _from_root(element):
        node = next(child for child in node.children if child.element is ancestor)
    return node


def _from_root(element: etree._Element) -> Iterator[etree._Element]:
    *below_root, _ = element, *element.iterancestors()
    return reversed(below_root)
