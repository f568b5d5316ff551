"""How many requests one key, and one address without a key, may send: a token bucket each.

A key's bucket is its own only once the key was found good; until then, and after a refusal, requests count
against the address, so that guessing keys is slow and costs nobody else anything. The workers of one `liner serve`
share their buckets (`api.shared_buckets`); services on several machines each count for themselves.
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import TooManyRequests

BURST_S = 5.0  # a bucket holds what five seconds bring
MOST_BUCKETS = 20_000
FREE = {"/livez", "/readyz"}  # asked by machines that restart what does not answer
ACTOR_IN_SCOPE = "liner.actor"


class TokenBuckets(Protocol):
    """Whatever gives tokens by name."""

    def take(self, name: str) -> float:
        """Take a token; return 0, or the seconds until there is one."""


class Buckets:
    """Token buckets by name; those that were not used for long are forgotten, full as they are.

    Parameters
    ----------
    rate
        Tokens per second; 0 for no limit.
    """

    def __init__(self, rate: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.size = max(1.0, rate * BURST_S)
        self._now = now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        if self.rate <= 0:
            return 0.0
        now = self._now()
        level, at = self._levels.pop(name, (self.size, now))
        left, wait = spent(min(self.size, level + (now - at) * self.rate), self.rate)
        self._levels[name] = (left, now)
        if len(self._levels) > MOST_BUCKETS:
            self._levels.popitem(last=False)
        return wait


def spent(level: float, rate: float) -> tuple[float, float]:
    """Take a token from a bucket: what is left in it, and the seconds until there is one; 0 where there was one."""
    return (level - 1, 0.0) if level >= 1 else (level, (1 - level) / rate)


class GoodNames(Protocol):
    """Whatever remembers which names were found good."""

    def __contains__(self, name: str) -> bool:
        """Whether a name was found good."""

    def set(self, name: str, *, is_good: bool) -> None:
        """Remember a name, or forget it."""


class Names:
    """Names that were found good lately."""

    def __init__(self) -> None:
        self._good: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._good

    def set(self, name: str, *, is_good: bool) -> None:
        """Remember a name, or forget it."""
        self._good.pop(name, None)
        if is_good:
            self._good[name] = None
            if len(self._good) > MOST_BUCKETS:
                self._good.popitem(last=False)


class RateLimit:
    """Refuse what comes too fast with 429 and the time to wait.

    Parameters
    ----------
    keys, addresses
        The buckets of keys, and of addresses without a good key.
    good
        Which keys were found good.
    cookie
        Name of the session's cookie, which counts like a key.
    refuse
        Makes the answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: TokenBuckets,
        addresses: TokenBuckets,
        good: GoodNames,
        cookie: str,
        refuse: Callable[[Request, TooManyRequests], Response],
    ) -> None:
        self.app = app
        self.keys = keys
        self.addresses = addresses
        self.cookie = cookie
        self.refuse = refuse
        self.good = good

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request."""
        if scope["type"] != "http" or ACTOR_IN_SCOPE in scope or scope["path"] in FREE:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        token = self._token(request)
        wait = self.keys.take(token) if token in self.good else self.addresses.take(_address(request))
        if wait:
            await self.refuse(request, TooManyRequests(wait_s=math.ceil(wait)))(scope, receive, send)
            return

        async def learning(message: Message) -> None:
            if token and message["type"] == "http.response.start":
                self.good.set(token, is_good=message["status"] != HTTPStatus.UNAUTHORIZED)
            await send(message)

        await self.app(scope, receive, learning)

    def _token(self, request: Request) -> str:
        given = request.headers.get("authorization") or request.cookies.get(self.cookie) or ""
        return hashlib.sha256(given.encode()).hexdigest() if given else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
