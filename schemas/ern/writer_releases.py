"""Writes releases and deals as ERN 4.3.2 has them."""

from lxml import etree

from schemas.ern.writer_parts import UNKNOWN, add, add_each, add_ids, add_value
from schemas.ern.writer_resources import ResourceWriter, write_level, write_title
from schemas.errors import InvalidInput
from schemas.release import Deal, DisplayArtist, Identified, Message, Release

RELEASE_SCHEMES = {"GRid": "GRid", "ICPN": "ICPN", "CatalogNumber": "CatalogNumber"}


def write_releases(parent: etree._Element, message: Message, writer: ResourceWriter) -> None:
    """Append the main release, then the track releases.

    Raises
    ------
    InvalidInput
        If there is not exactly one main release, or a track release without a resource.
    """
    main = [release for release in message.releases if release.is_main]
    if len(main) != 1:
        raise InvalidInput(f"A message has one main release, not {len(main)}.")
    _write_release(parent, main[0], message, writer)
    for release in message.releases:
        if not release.is_main:
            _write_track_release(parent, release, writer)


def _write_release(parent: etree._Element, release: Release, message: Message, writer: ResourceWriter) -> None:
    element = add(parent, "Release")
    add(element, "ReleaseReference", release.reference)
    add_value(element, "ReleaseType", release.kind or "Album", "ReleaseType", namespace=writer.namespace)
    _write_ids(element, release, writer)
    write_title(element, release.title)
    add(element, "DisplayArtistName", release.display_artist)
    artist = add(element, "DisplayArtist", SequenceNumber="1")
    writer.display_artist(artist, _display_artist(release, message))
    _write_label(element, release, writer)
    _write_genre(element, release)
    if release.release_date:
        add(element, "ReleaseDate", release.release_date)
    _write_group(element, release, {image.reference for image in message.images})
    write_level(element, release.disclosure)


def _display_artist(release: Release, message: Message) -> DisplayArtist:
    """Choose the release's artist: the one of its name, else of its first recording."""
    used = [one for one in message.sound_recordings if one.reference in release.resource_references]
    artists = [artist for one in used for artist in one.display_artists]
    named = [artist for artist in artists if artist.name == release.display_artist]
    return next(iter(named or artists), DisplayArtist(name=release.display_artist))


def _write_track_release(parent: etree._Element, release: Release, writer: ResourceWriter) -> None:
    if not release.resource_references:
        raise InvalidInput(f"Track release {release.reference} names no resource.")
    element = add(parent, "TrackRelease")
    add(element, "ReleaseReference", release.reference)
    _write_ids(element, release, writer)
    if release.title:
        write_title(element, release.title)
    first, *others = release.resource_references
    add(element, "ReleaseResourceReference", first)
    add_each(element, "LinkedReleaseResourceReference", others)
    _write_label(element, release, writer)
    _write_genre(element, release)


def _write_ids(parent: etree._Element, release: Release, writer: ResourceWriter) -> None:
    known = {one.scheme for one in release.ids}
    extra = [("ICPN", release.icpn), ("GRid", release.grid)]
    missing = [Identified(scheme=scheme, value=value) for scheme, value in extra if value and scheme not in known]
    add_ids(add(parent, "ReleaseId"), (*release.ids, *missing), RELEASE_SCHEMES, namespace=writer.namespace)


def _write_label(parent: etree._Element, release: Release, writer: ResourceWriter) -> None:
    add(parent, "ReleaseLabelReference", writer.parties.reference(release.label or UNKNOWN))


def _write_genre(parent: etree._Element, release: Release) -> None:
    for genre in release.genres or (UNKNOWN,):
        add(add(parent, "DisplayGenre"), "GenreText", genre)


def _write_group(parent: etree._Element, release: Release, images: set[str]) -> None:
    group = add(parent, "ResourceGroup")
    tracks = [reference for reference in release.resource_references if reference not in images]
    for number, reference in enumerate(tracks, start=1):
        item = add(group, "ResourceGroupContentItem")
        add(item, "SequenceNumber", str(number))
        add(item, "ReleaseResourceReference", reference)
    linked = [reference for reference in release.resource_references if reference in images]
    add_each(group, "LinkedReleaseResourceReference", linked)


def write_deals(parent: etree._Element, deals: tuple[Deal, ...], *, namespace: str) -> None:
    """Append deals; ERN 4 has no takedown, a deal there ends or is left out.

    Raises
    ------
    InvalidInput
        If a deal has no start, which the schema demands.
    """
    for deal in deals:
        element = add(parent, "ReleaseDeal")
        add_each(element, "DealReleaseReference", deal.release_references)
        _write_terms(add(add(element, "Deal"), "DealTerms"), deal, namespace)


def _write_terms(terms: etree._Element, deal: Deal, namespace: str) -> None:
    if deal.starts_at is None:
        raise InvalidInput("A deal without a start cannot be written.")
    add_each(terms, "TerritoryCode", (one.value for one in deal.territories))
    if not deal.territories:
        add_each(terms, "ExcludedTerritoryCode", (one.value for one in deal.excluded_territories))
    _write_period(add(terms, "ValidityPeriod"), deal.starts_at, deal.ends_at)
    for model in deal.commercial_models:
        add_value(terms, "CommercialModelType", model, "CommercialModelType", namespace=namespace)
    for use in deal.use_types:
        add_value(terms, "UseType", use, "UseType", namespace=namespace)


def _write_period(period: etree._Element, starts_at: str, ends_at: str | None) -> None:
    """Write both ends as days, or both as times if one of them is."""
    ends = [("Start", starts_at), *([("End", ends_at)] if ends_at else [])]
    is_timed = any("T" in text for _, text in ends)
    for end, text in ends:
        if is_timed:
            add(period, f"{end}DateTime", text if "T" in text else f"{text}T00:00:00Z")
        else:
            add(period, f"{end}Date", text)
