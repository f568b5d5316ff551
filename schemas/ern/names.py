"""How things are called: titles, artists and genres, which each generation of ERN says otherwise."""

from schemas.ern.node import Node
from schemas.release import DisplayArtist

MAIN_ARTIST = "MainArtist"


def preferred(nodes: list[Node]) -> Node | None:
    """Choose among the same thing for several territories or languages: the default, else the first."""
    return next((node for node in nodes if node.attribute("IsDefault") == "true"), nodes[0] if nodes else None)


def one_line(text: str) -> str:
    """Undo what a pretty-printer did to a name."""
    return " ".join(text.split())


def read_title(node: Node, block: Node) -> str:
    """Read what a resource or release is shown as.

    Parameters
    ----------
    node
        The resource or release.
    block
        Its details for the main territory in ERN 3; the same element in ERN 4.
    """
    if whole := preferred(node.all("DisplayTitleText")):
        return one_line(whole.text)
    titles = block.all("Title") or node.all("Title")
    shown = [title for title in titles if title.attribute("TitleType") == "DisplayTitle"]
    title = preferred(node.all("DisplayTitle") or shown or node.all("ReferenceTitle") or titles)
    if title is None:
        return ""
    text, subtitle = title.value("TitleText"), title.value("SubTitle")
    return one_line(f"{text} ({subtitle})" if subtitle else text)


def read_artist_name(node: Node, block: Node, artists: tuple[DisplayArtist, ...]) -> str:
    """Read the artist as shown; where the message gives no such text, the main artists' names."""
    shown = preferred(node.all("DisplayArtistName") or block.all("DisplayArtistName"))
    if shown is not None and shown.text:
        return one_line(shown.text)
    main = [artist for artist in artists if MAIN_ARTIST in artist.roles]
    return ", ".join(one_line(artist.name) for artist in main or artists if artist.name)


def read_genres(block: Node) -> tuple[str, ...]:
    """Read genres as free text, a sub-genre after its genre; each once."""
    genres: dict[str, None] = {}
    for genre in block.all("Genre", "DisplayGenre"):
        for part in ("GenreText", "SubGenre"):
            if text := genre.value(part):
                genres[text] = None
    return tuple(genres)
