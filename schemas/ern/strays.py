"""Words about AI that do not reach anybody: misspelt, misplaced, repeated or in a version without them.

What stands in its place goes into the message and is judged there by rule XSD-006; here is
what a message cannot carry, so that a sender's declaration is never dropped without a word.
"""

import difflib
import re
from functools import lru_cache

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


def note_names(top: Node, context: Context) -> None:
    """Note the names of all elements from ``top`` on.

    Raises
    ------
    Refusal
        If the message has more of them than any schema has.
    """
    new = {element.tag for element in top.element.iter(etree.Element)} - context.tags
    context.tags |= new
    if len(context.tags) > MAX_NAMES:
        names = f"{len(context.tags):,} different element names"
        raise Refusal(f"The message has {names}; no schema has more than {MAX_NAMES:,}.")
    context.meant |= {tag: name for tag in new if (name := meant_element(tag.rpartition("}")[2]))}


def report_strays(top: Node, context: Context) -> None:
    """Report every element about AI from ``top`` on that did not go into the message."""
    if not context.meant or context.strays > MAX_STRAYS:
        return
    for element in top.element.iter(*context.meant):
        is_read, order = element in context.read, context.read.get(element)
        if is_read and not order:
            continue
        context.strays += 1
        if context.strays > MAX_STRAYS:
            context.report("XSD-006", f"More than {MAX_STRAYS} elements about AI are not read.", top)
            return
        node = _node_of(element, top)
        if is_read:
            text = f"{node.name} stands {order}, where no schema of ERN {context.version} allows it."
            context.report("XSD-006", text, node, node.raw_text)
        elif wrong := _what_is_wrong(node, context.meant[element.tag], context):
            context.report("XSD-006", wrong, node, node.raw_text)


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


def _node_of(element: etree._Element, top: Node) -> Node:
    """Find the view of an element, so that it knows its place."""
    if element is top.element:
        return top
    parent = element.getparent()
    above = _node_of(parent, top) if parent is not None else top
    return next(child for child in above.children if child.element is element)
