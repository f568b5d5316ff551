"""What routes ask for by name: the database, the settings, and who is asking."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from api.permissions import check_route
from api.security import cookie_name
from api.services import keys, sessions
from api.services.access import Actor
from api.settings import Settings
from api.store.database import Database
from schemas.errors import NotSignedIn
from schemas.review import ReviewRules

ACTOR_IN_SCOPE = "liner.actor"  # set by `api.inprocess` alone; no request over a network can
IDENTIFIED = "liner.identified"  # who asks, once that was found out for a request
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
FORM = "application/x-www-form-urlencoded"


async def get_database(request: Request) -> Database:
    """Give the app's database; nothing here waits, so it needs no thread of its own."""
    database: Database = request.app.state.database
    return database


async def get_settings(request: Request) -> Settings:
    """Give the app's settings."""
    settings: Settings = request.app.state.settings
    return settings


async def get_rules(request: Request) -> ReviewRules:
    """Give the review rules in force."""
    rules: ReviewRules = request.app.state.rules
    return rules


Db = Annotated[Database, Depends(get_database)]
AppSettings = Annotated[Settings, Depends(get_settings)]
Rules = Annotated[ReviewRules, Depends(get_rules)]


async def get_csrf_token(request: Request) -> str | None:
    """Read the token that a session's unsafe request repeats: a header, or a plain form's field."""
    token = request.headers.get(CSRF_HEADER)
    if token is None and request.headers.get("content-type", "").startswith(FORM):
        field = (await request.form()).get(CSRF_FIELD)
        token = field if isinstance(field, str) else None
    return token


def identify(request: Request) -> Actor:
    """Say whose key or session comes with a request, by its head alone.

    Raises
    ------
    NotSignedIn
        There is none, or it is not valid.
    """
    db: Database = request.app.state.database
    trusted = request.scope.get(ACTOR_IN_SCOPE)
    if isinstance(trusted, Actor):
        return trusted
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return keys.authenticate(db, token.strip())
    cookie = request.cookies.get(cookie_name(request.app.state.settings))
    if cookie is None:
        raise NotSignedIn("This needs a key or a session.", mend="Send `Authorization: Bearer KEY`, or sign in.")
    return sessions.resume(db, cookie)


async def identified(request: Request) -> Actor:
    """Say who asks as `identify` does, once a request: whoever asks first waits for the database."""
    known = request.scope.get(IDENTIFIED)
    if isinstance(known, Actor):
        return known
    found = await run_in_threadpool(identify, request)
    request.scope[IDENTIFIED] = found
    return found


async def get_actor(request: Request, csrf_token: Annotated[str | None, Depends(get_csrf_token)]) -> Actor:
    """Say who asks: a bearer key, or a console session.

    A browser sends its cookie by itself, so that a session's unsafe request has to repeat the
    session's token as well.
    """
    actor = await identified(request)
    if request.method not in SAFE_METHODS:
        sessions.check_csrf(actor, csrf_token)
    check_route(request, actor)
    return actor


CurrentActor = Annotated[Actor, Depends(get_actor)]
