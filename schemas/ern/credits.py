"""Who and what is credited on a resource, and the declaration about AI that goes with it."""

from collections.abc import Iterable

from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.ern.context import Context, own_value, roles_of
from schemas.ern.node import Node
from schemas.ern.parties import read_inline_party
from schemas.findings import Location
from schemas.release import Party
from schemas.vocabularies import AI_PLACES, SPECIAL_CONTRIBUTORS, areas_of

CONTRIBUTOR_NAMES = ("Contributor", "EditionContributor", "ResourceContributor", "IndirectResourceContributor")
ROLE_NAMES = ("Role", "ResourceContributorRole", "IndirectResourceContributorRole")


def read_disclosure(node: Node, contributions: tuple[Contribution, ...], context: Context) -> Disclosure:
    """Read ``ContainsAI`` of a resource or release.

    A value that the schema does not allow, or that stands in a version without the element, is
    kept as text and counts as undeclared. Of several, the first is read; the others are strays.
    """
    has_place = node.name in AI_PLACES["ContainsAI"]
    contains_ai = node.first("ContainsAI") if has_place else None
    if contains_ai is not None:
        context.take(contains_ai)
    text = contains_ai.raw_text if contains_ai else None
    return Disclosure(
        level=context.level(text),
        text=text,
        can_declare=context.can_declare and has_place,
        contributions=contributions,
        at=context.at(contains_ai) if contains_ai else Location(),
    )


def read_contributions(blocks: list[Node], context: Context) -> tuple[Contribution, ...]:
    """Read the contributors of a resource's blocks; what ERN 3 repeats for each territory is kept once."""
    contributors = [node for block in blocks for node in block.all(*CONTRIBUTOR_NAMES)]
    contributions = tuple(_contribution(node, context) for node in contributors)
    if len(blocks) == 1:
        return contributions
    once: dict[Contribution, Contribution] = {}
    for one in contributions:
        once.setdefault(one.model_copy(update={"at": Location()}), one)
    return tuple(once.values())


def _contribution(node: Node, context: Context) -> Contribution:
    special = node.first("SpecialContributor")
    special_text = context.special(special) if special else None
    agent = SPECIAL_CONTRIBUTORS.get(special.text, Agent.OTHER) if special else Agent.HUMAN
    party = Party() if special else _party(node, context)
    roles = roles_of(node.all(*ROLE_NAMES))
    ai_text, ai = _degree(node, agent, context)
    return Contribution(
        agent=agent,
        name=party.name,
        party_reference=party.reference,
        party_ids=tuple(one.value for one in party.ids),
        roles=roles,
        instruments=tuple(own_value(one) for one in _instruments(node) if one.text),
        areas=areas_of(roles),
        ai=ai,
        ai_text=ai_text,
        special_text=special_text,
        at=context.at(node),
    )


def _party(node: Node, context: Context) -> Party:
    reference = node.value("ContributorPartyReference")
    if reference:
        return context.parties.get(reference, Party(reference=reference))
    return read_inline_party(node, context)


def _degree(node: Node, agent: Agent, context: Context) -> tuple[str | None, Level]:
    """Read ``AiContribution``: DDEX lets it default to All for GenerativeAI."""
    element = node.first("AiContribution")
    if element is not None:
        context.take(element)
        return element.raw_text, context.level(element.raw_text)
    is_default = agent is Agent.GENERATIVE_AI and context.can_declare
    return None, Level.ALL if is_default else Level.UNDECLARED


def _instruments(node: Node) -> Iterable[Node]:
    yield from node.walk("Role", "InstrumentType")
    yield from node.walk("InstrumentType")
