"""Sound recordings, videos and images of a message, of either generation of ERN.

ERN 4.3 keeps identifiers, P-line and files of a recording in its editions, ERN 4.1 in the
recording, ERN 3 in one block of details for each group of territories. The reader asks all of
these *blocks*; where only one answer is wanted, that of the first edition or of the whole
world counts.
"""

from collections.abc import Iterator

from schemas.ern.context import Context, own_value
from schemas.ern.credits import read_contributions, read_disclosure
from schemas.ern.files import read_files
from schemas.ern.names import read_artist_name, read_genres, read_title
from schemas.ern.node import Node
from schemas.ern.parties import read_display_artists
from schemas.ern.values import parse_duration, parse_flag
from schemas.release import Image, SoundRecording

RECORDING_NAMES = ("SoundRecording", "Video")
EDITION_NAMES = ("SoundRecordingEdition", "VideoEdition")
WORLD = "Worldwide"


def territory_blocks(node: Node) -> list[Node]:
    """List ERN 3's details by territory, the whole world's first; in ERN 4 the element itself."""
    blocks = [child for child in node.children if child.name.endswith("DetailsByTerritory")]
    blocks.sort(key=lambda block: all(one.text != WORLD for one in block.all("TerritoryCode")))
    return blocks or [node]


def read_recording(node: Node, context: Context) -> SoundRecording:
    """Read a sound recording or video."""
    blocks = territory_blocks(node)
    editions = node.all(*EDITION_NAMES) or blocks
    artists = read_display_artists(blocks[0].all("DisplayArtist"), context)
    languages = node.all("LanguageOfPerformance")
    ids = context.ids(_id_elements(node))
    return SoundRecording(
        kind=node.name,
        reference=node.value("ResourceReference"),
        ids=ids,
        isrc=next((_compact_isrc(one.value) for one in ids if one.scheme == "ISRC"), None),
        title=read_title(node, blocks[0]),
        display_artist=read_artist_name(node, blocks[0], artists),
        display_artists=artists,
        disclosure=read_disclosure(node, read_contributions(blocks, context), context),
        edition_contributions=read_contributions(node.all(*EDITION_NAMES), context),
        files=read_files(editions, context),
        duration_s=parse_duration(node.value("Duration")),
        languages=tuple(context.identified(one, "Language") for one in languages if one.text),
        work_ids=context.ids(node.all("WorkId", "IndirectSoundRecordingId", "IndirectVideoId")),
        genres=read_genres(blocks[0]),
        has_vocals=parse_flag(node.value("HasVocalPerformance")),
        is_instrumental=parse_flag(node.value("IsInstrumental")),
        p_line=_p_line([node, *editions]),
        at=context.at(node),
    )


def read_image(node: Node, context: Context) -> Image:
    """Read artwork."""
    blocks = territory_blocks(node)
    return Image(
        kind=next((own_value(kind) for kind in node.all("Type", "ImageType")), ""),
        reference=node.value("ResourceReference"),
        ids=context.ids(_id_elements(node)),
        title=read_title(node, blocks[0]),
        disclosure=read_disclosure(node, read_contributions(blocks, context), context),
        files=read_files(blocks, context),
        at=context.at(node),
    )


def _id_elements(node: Node) -> Iterator[Node]:
    """Yield what holds identifiers: ``ResourceId`` in ERN 4, ``SoundRecordingId`` and the like in ERN 3."""
    for holder in (node, *node.all(*EDITION_NAMES)):
        yield from holder.all("ResourceId", f"{node.name}Id")


def _compact_isrc(text: str) -> str:
    return text.upper().replace("-", "")


def _p_line(blocks: list[Node]) -> str | None:
    return next((text for block in blocks if (text := block.value("PLine", "PLineText"))), None)
