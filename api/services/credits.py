"""What a listener is told about a recording: the credit card of what its sender declared last."""

from html import escape

from api.services import redaction
from api.services.access import Actor
from api.store import screenings as store
from api.store.database import Database
from schemas.credits import CreditCard, credit_card, to_json_ld
from schemas.errors import NotFound
from schemas.identifiers import parse_isrc

SOURCE = "digitalSourceType"
STYLE = (
    "article{font:16px/1.5 system-ui,sans-serif}"
    "article{max-width:28rem;padding:1rem;border:1px solid #8888;border-radius:.5rem}"
    "h1{font-size:1.15rem;margin:0}p{margin:.25rem 0}dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .75rem}"
    "dt{font-weight:600}dd{margin:0}:root{color-scheme:light dark}"
)


def of_isrc(db: Database, actor: Actor, isrc: str) -> CreditCard:
    """Make the card from the newest screening of an ISRC that is the actor's to see.

    Raises
    ------
    InvalidIdentifier
        It is no ISRC.
    NotFound
        Nobody delivered it, or it is not the actor's to see.
    """
    wanted = parse_isrc(isrc)
    with db.read() as session:
        row = store.latest_of_isrc(session, actor, wanted)
        screening = redaction.screening_for(store.document(row), actor) if row else None
    recording = screening.intake.recording if screening else None
    if screening is None or recording is None:
        raise NotFound(f"There is no recording {wanted}.")
    return credit_card(screening.declared, title=recording.title, artist=recording.display_artist, isrc=wanted)


def to_text(card: CreditCard) -> str:
    """Write the card as one line of text."""
    return f"{card.text}\n"


def to_html(card: CreditCard) -> str:
    """Write the card as a page of its own, to be framed or to have its article taken out.

    It is readable without style, has no script and loads nothing; what `to_json_ld` says stands in it as microdata.
    """
    lines = "".join(f"<dt>{escape(line.label)}</dt><dd>{escape(line.degree)}</dd>" for line in card.lines)
    title = escape(card.title or card.isrc or "Recording")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>AI credits: {title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        '<article aria-label="AI credits" itemscope itemtype="https://schema.org/MusicRecording">'
        f'<h1 dir="auto" itemprop="name">{title}</h1>{_hidden(card)}{_artist(card)}'
        f"<p>{escape(card.summary)}</p><dl>{lines}</dl></article></main></body></html>\n"
    )


def _artist(card: CreditCard) -> str:
    if not card.artist:
        return ""
    name = f'<span dir="auto" itemprop="name">{escape(card.artist)}</span>'
    return f'<p itemprop="byArtist" itemscope itemtype="https://schema.org/MusicGroup">{name}</p>'


def _hidden(card: CreditCard) -> str:
    """Write for machines what people see in other words."""
    linked = to_json_ld(card)
    metas = {name: linked[name] for name in ("isrcCode", "creditText") if name in linked}
    source = f'<link itemprop="digitalSourceType" href="{linked[SOURCE]}">' if SOURCE in linked else ""
    return "".join(f'<meta itemprop="{name}" content="{escape(text)}">' for name, text in metas.items()) + source
