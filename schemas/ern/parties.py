"""Parties: the header's sender and recipients, ERN 4's list, ERN 3's inline names."""

from schemas.ern.context import Context, roles_of
from schemas.ern.node import Node
from schemas.ern.values import parse_flag
from schemas.release import DisplayArtist, Identified, Party


def read_messaging_party(node: Node, context: Context) -> Party:
    """Read a party of the message header; its id is a DPID unless it says otherwise."""
    return Party(
        name=node.value("PartyName", "FullName") or node.value("TradingName"),
        ids=tuple(_party_id(one, "DPID", context) for one in node.all("PartyId") if one.text),
        at=context.at(node),
    )


def read_party_list(node: Node, context: Context) -> None:
    """Read ERN 4's ``PartyList`` into the context."""
    for party in node.walk("PartyList", "Party"):
        reference = party.value("PartyReference")
        context.parties[reference] = Party(
            reference=reference,
            name=party.value("PartyName", "FullName"),
            ids=context.ids(party.all("PartyId")),
            at=context.at(party),
        )


def read_inline_party(node: Node, context: Context) -> Party:
    """Read a party that ERN 3 names where it is needed, and remember it."""
    party = Party(
        name=node.value("PartyName", "FullName"),
        ids=tuple(_party_id(one, "Proprietary", context) for one in node.all("PartyId") if one.text),
        at=context.at(node),
    )
    key = "\n".join((party.name, *(one.value for one in party.ids)))
    return context.parties.setdefault(key, party)


def read_display_artists(nodes: list[Node], context: Context) -> tuple[DisplayArtist, ...]:
    """Read the ``DisplayArtist`` elements of a recording, of either generation of ERN."""
    return tuple(_display_artist(node, context) for node in nodes)


def _display_artist(node: Node, context: Context) -> DisplayArtist:
    reference = node.value("ArtistPartyReference") or None
    special = node.first("SpecialDisplayArtist")
    party = context.parties.get(reference or "")
    if reference is None and special is None:
        party = read_inline_party(node, context)
    return DisplayArtist(
        name=party.name if party else "",
        party_reference=reference,
        roles=roles_of(node.all("DisplayArtistRole", "ArtistRole", "ArtisticRole")),
        special=context.special(special) if special else None,
        at=context.at(node),
    )


def _party_id(node: Node, scheme: str, context: Context) -> Identified:
    if parse_flag(node.attribute("IsDPID")):
        scheme = "DPID"
    elif parse_flag(node.attribute("IsISNI")):
        scheme = "ISNI"
    elif node.attribute("Namespace"):
        scheme = "Proprietary"
    return context.identified(node, scheme)
