"""What a listener is told about a recording: the credit card of what its sender declared last."""

from html import escape

from api.services import redaction
from api.services.access import Actor
from api.store import screenings as store
from api.store.database import Database
from schemas.credits import CreditCard, credit_card
from schemas.errors import NotFound
from schemas.identifiers import parse_isrc

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
    """Write the card as a page of its own: readable without style, no script, nothing loaded from elsewhere."""
    lines = "".join(f"<dt>{escape(line.label)}</dt><dd>{escape(line.degree)}</dd>" for line in card.lines)
    by = f"<p>{escape(card.artist)}</p>" if card.artist else ""
    title = escape(card.title or card.isrc or "Recording")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>AI credits: {title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f'<article aria-label="AI credits"><h1>{title}</h1>{by}'
        f"<p>{escape(card.summary)}</p><dl>{lines}</dl></article></body></html>\n"
    )
