"""What every answer carries, and what no request may exceed."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.services.sessions import StartedSession
from api.settings import Settings

SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
CONTENT_POLICY = "; ".join(f"{kind} {allowed}" for kind, allowed in SOURCES.items())
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # a sign-in link's token never travels on
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",  # a route that may be cached says so itself
}
STRICT_TRANSPORT = "max-age=31536000"


class SecurityHeaders:
    """Add the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self.app = app
        headers = {**HEADERS, **({"Strict-Transport-Security": STRICT_TRANSPORT} if is_secure else {})}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                message["headers"] = given + [header for header in self._headers if header[0] not in names]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuse a body beyond its limit, announced or not.

    Parameters
    ----------
    limit_of
        Bytes that a request's body may have. Asked once, by the request's head, before the first byte is taken;
        whatever it raises refuses the body.
    """

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[Request], Awaitable[int]]) -> None:
        self.app = app
        self.limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        arrived, limit = 0, -1

        def refuse_beyond(size: int) -> None:
            if size > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is beyond {limit:,} bytes.")

        async def counted() -> Message:
            nonlocal arrived, limit
            if limit < 0:
                limit = await self.limit_of(Request(scope))
                refuse_beyond(int(announced) if announced.isdecimal() else 0)
            message = await receive()
            arrived += len(message.get("body", b""))
            refuse_beyond(arrived)
            return message

        await self.app(scope, counted, send)


def sign_in_url(public_url: str, token: str) -> str:
    """Write the link of a one-time sign-in token."""
    return f"{public_url}/console/sign-in?token={token}"


def cookie_name(settings: Settings) -> str:
    """Name the session cookie; the prefix makes browsers insist on https and this very host."""
    return "__Host-liner_session" if settings.is_secure else "liner_session"


def set_session_cookie(response: Response, settings: Settings, session: StartedSession) -> None:
    """Hand the session to the browser, out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        cookie_name(settings),
        session.token,
        expires=session.expires_at,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.is_secure, httponly=True, samesite="lax")
