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


def read_releases(root: Node, context: Context) -> tuple[Release, ...]:
    """Read the releases, and tell the main one from its track releases."""
    nodes = [node for one in root.all("ReleaseList") for node in one.all(*RELEASE_NAMES)]
    main = _main(nodes)
    return tuple(read_release(node, context, is_main=node is main) for node in nodes)


def _main(nodes: list[Node]) -> Node | None:
    """Find the release that says it is the main one, else the first that is no track's."""
    said = [node for node in nodes if node.attribute("IsMainRelease") in ("true", "1")]
    whole = [node for node in nodes if node.name == "Release" and _kind(node) != "TrackRelease"]
    return next(iter(said or whole), None)


def read_release(node: Node, context: Context, *, is_main: bool) -> Release:
    """Read one release, or one that a purge or catalogue message names."""
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


def read_deals(root: Node, context: Context) -> tuple[Deal, ...]:
    """Read the deals; one `Deal` for each ``DealTerms``."""
    deals = []
    for release_deal in root.walk("DealList", "ReleaseDeal"):
        references = tuple(one.text for one in release_deal.all("DealReleaseReference"))
        deals += [_deal(terms, references, context) for terms in release_deal.walk("Deal", "DealTerms")]
    return tuple(deals)


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
