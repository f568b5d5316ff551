"""Releases and deals of a message, of either generation of ERN."""

from collections.abc import Iterator

from schemas.ern.context import Context, own_value
from schemas.ern.credits import read_disclosure
from schemas.ern.names import preferred, read_artist_name, read_genres, read_title
from schemas.ern.node import Node
from schemas.ern.parties import read_display_artists
from schemas.ern.resources import territory_blocks
from schemas.ern.values import parse_flag
from schemas.release import Deal, Identified, Release

RELEASE_NAMES = ("Release", "TrackRelease", "ClipRelease")
REFERENCE_NAMES = ("ReleaseResourceReference", "LinkedReleaseResourceReference")
GROUP_NAMES = ("ResourceGroup", "ResourceGroupContentItem", "ReleaseResourceReferenceList")
DATE_NAMES = ("ReleaseDate", "GlobalReleaseDate")


def says_main(node: Node) -> bool:
    """Tell whether a release says that it is the message's main one."""
    return node.attribute("IsMainRelease") in ("true", "1")


def is_whole(node: Node) -> bool:
    """Tell whether a release is more than a track's or a clip's."""
    return node.name == "Release" and _kind(node) != "TrackRelease"


def read_release(node: Node, context: Context, *, is_main: bool) -> Release:
    """Read a release, also one that a purge or catalogue message names."""
    blocks = territory_blocks(node)
    ids = context.ids(node.all("ReleaseId"))
    by_scheme = {one.scheme: one.value for one in reversed(ids)}
    artists = read_display_artists(blocks[0].all("DisplayArtist"), context)
    return Release(
        reference=node.value("ReleaseReference"),
        is_main=is_main,
        kind=_kind(node),
        ids=ids,
        icpn=by_scheme.get("ICPN"),
        grid=by_scheme.get("GRid"),
        title=read_title(node, blocks[0]),
        display_artist=read_artist_name(node, blocks[0], artists),
        label=_label(node, blocks[0], context),
        disclosure=read_disclosure(node, (), context),
        genres=read_genres(blocks[0]),
        resource_references=tuple(dict.fromkeys(_references(node, blocks))),
        territories=_territories(blocks, "TerritoryCode", context),
        release_date=_release_date(node, blocks[0]),
        at=context.at(node),
    )


def _kind(node: Node) -> str:
    kinds = [kind for block in (node, *territory_blocks(node)) for kind in block.all("ReleaseType")]
    return own_value(kinds[0]) if kinds else ("" if node.name == "Release" else node.name)


def _label(node: Node, block: Node, context: Context) -> str:
    reference = preferred(node.all("ReleaseLabelReference"))
    if reference is None:
        return block.value("LabelName")
    party = context.parties.get(reference.text)
    return party.name if party else ""


def _references(node: Node, blocks: list[Node]) -> Iterator[str]:
    """Yield references to resources as the groups order them, then those outside any group."""
    for block in dict.fromkeys((node, *blocks)):
        for child in block.children:
            if child.name in GROUP_NAMES:
                yield from _references(child, [])
            elif child.name in REFERENCE_NAMES and child.text:
                yield child.text


def _territories(blocks: list[Node], name: str, context: Context) -> tuple[Identified, ...]:
    codes = [code for block in blocks for code in block.all(name) if code.text]
    return tuple(context.identified(code, "Territory") for code in codes)


def _release_date(node: Node, block: Node) -> str | None:
    return next((one.text for holder in (node, block) for one in holder.all(*DATE_NAMES) if one.text), None)


def read_deals(node: Node, context: Context) -> list[Deal]:
    """Read one ``ReleaseDeal``: a `Deal` for each ``DealTerms``."""
    references = tuple(one.text for one in node.all("DealReleaseReference"))
    return [_deal(terms, references, context) for terms in node.walk("Deal", "DealTerms")]


def _deal(terms: Node, references: tuple[str, ...], context: Context) -> Deal:
    uses = [*terms.walk("Usage", "UseType"), *terms.walk("UseType")]
    period = terms.first("ValidityPeriod")
    cancelled = ("TakeDown", "AllDealsCancelled")
    return Deal(
        release_references=references,
        territories=_territories([terms], "TerritoryCode", context),
        excluded_territories=_territories([terms], "ExcludedTerritoryCode", context),
        use_types=tuple(own_value(use) for use in uses),
        commercial_models=tuple(own_value(model) for model in terms.all("CommercialModelType")),
        starts_at=_day(period, "Start"),
        ends_at=_day(period, "End"),
        is_takedown=any(parse_flag(terms.value(name)) for name in cancelled),
        at=context.at(terms),
    )


def _day(period: Node | None, end: str) -> str | None:
    if period is None:
        return None
    return period.value(f"{end}DateTime") or period.value(f"{end}Date") or None
