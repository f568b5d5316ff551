"""What a person set for themselves: keys, the loudest volume, rests, what to hide at first."""

from pydantic import ValidationError

from api.public_preferences import Preferences
from api.services import clock
from api.services.access import Actor, Permission, require_permission
from api.store import queues as store
from api.store.database import Database
from api.tables import PreferencesRow


def of(db: Database, actor: Actor) -> Preferences:
    """Read them; the defaults where nothing was set, or where it is of another version."""
    with db.read() as session:
        row = store.preferences(session, actor.name)
    return parse(row.document if row else None)


def parse(document: str | None) -> Preferences:
    """Read what is kept; the defaults where that is nothing, or of another version."""
    if document is None:
        return Preferences()
    try:
        return Preferences.model_validate_json(document)
    except ValidationError:
        return Preferences()


def put(db: Database, actor: Actor, wanted: Preferences) -> Preferences:
    """Keep them; they follow the person to every device."""
    require_permission(actor, Permission.CONSOLE)
    with db.write() as session:
        row = store.preferences(session, actor.name) or PreferencesRow(
            name=actor.name, document="", updated_at=clock.now()
        )
        row.document, row.updated_at = wanted.model_dump_json(), clock.now()
        session.add(row)
    return wanted
