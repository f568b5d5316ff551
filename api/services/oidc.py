"""Signing in through an OpenID provider: authorization code with PKCE, state and nonce, and a validated ID token.

The provider says who somebody is and which groups they are in; liner's settings say what a group may do. A person is
known by issuer and subject, never by a name or mail address, which others can take. For each there is a key without a
token, so that events, claims and second looks know them as they know everybody, and an administrator can revoke them.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode, urlsplit

import httpx
from sqlmodel import Session

from api.services import clock
from api.services.access import Role
from api.services.keys import digest
from api.services.oidc_roles import role_of
from api.services.sessions import StartedSession
from api.settings import Settings
from api.store import events, identities
from api.store import keys as key_store
from api.store.database import Database
from api.tables import ApiKeyRow, OidcIdentityRow, OidcLoginRow, SessionRow
from schemas.errors import InvalidInput, LinerError, NotAllowed, NotFound, NotSignedIn
from schemas.events import EventKind

if TYPE_CHECKING:
    from joserfc.jwk import KeySetSerialization

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LOGIN_LIFE = timedelta(minutes=10)
LEEWAY_S = 60  # clocks differ
TIMEOUT_S = 10.0
MAX_ANSWER = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
TRY_AGAIN = "Sign in again. If it goes on, show this page to whoever runs this liner."


@dataclass(frozen=True)
class Begun:
    """A sign-in that has begun: where the browser goes, and the cookie by which it is known when it comes back."""

    url: str
    cookie: str


@dataclass(frozen=True)
class Provider:
    """What the provider says of itself (OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    secret_in_body: bool


def is_on(settings: Settings) -> bool:
    """Whether people can sign in through a provider."""
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def begin(db: Database, settings: Settings) -> Begun:
    """Begin a sign-in.

    Raises
    ------
    NotFound, NotSignedIn
        No provider is set up, or it cannot be reached.
    """
    provider = discover(settings)
    state, nonce, verifier, cookie = (secrets.token_urlsafe(32) for _ in range(4))
    with db.write() as session:
        session.add(
            OidcLoginRow(
                state=digest(state),
                browser=digest(cookie),
                nonce=nonce,
                verifier=verifier,
                expires_at=clock.now() + LOGIN_LIFE,
            )
        )
    query = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": redirect_uri(settings),
        "scope": settings.oidc_scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in provider.authorization_endpoint else "?"
    return Begun(f"{provider.authorization_endpoint}{mark}{urlencode(query)}", cookie)


def finish(db: Database, settings: Settings, *, state: str, code: str, cookie: str) -> StartedSession:
    """Turn the provider's answer into a session.

    Raises
    ------
    NotSignedIn
        The state is unknown, used, too old or another browser's; the code or the ID token is not good.
    NotAllowed
        The provider knows the person, and no group of theirs has a role here.
    """
    with db.write() as session:
        login = identities.take_login(session, digest(state), clock.now())
    if login is None or not hmac.compare_digest(login.browser, digest(cookie)):
        raise NotSignedIn("This sign-in was not begun in this browser, or too long ago.", mend=TRY_AGAIN)
    provider = discover(settings)
    token = _exchange(settings, provider, code, login.verifier)
    claims = validate(settings, provider, token, login.nonce)
    return _start(db, settings, claims)


def sign_out_url(settings: Settings) -> str:
    """Give the address where one signs out at the provider as well; empty where there is none."""
    if not is_on(settings):
        return ""
    try:
        found = discover(settings).end_session_endpoint
    except LinerError:
        return ""
    back = {"client_id": settings.oidc_client_id, "post_logout_redirect_uri": f"{settings.public_url}/console/sign-in"}
    return f"{found}{'&' if '?' in found else '?'}{urlencode(back)}" if found else ""


def redirect_uri(settings: Settings) -> str:
    """Give the address that the provider sends people back to; it is registered there to the letter."""
    return f"{settings.public_url}/console/sign-in/callback"


def challenge(verifier: str) -> str:
    """Hash a verifier as PKCE's S256 has it (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def discover(settings: Settings) -> Provider:
    """Ask the provider about itself; anew each time, since sign-ins are rare and keys are exchanged."""
    if not is_on(settings):
        raise NotFound("No provider is set up here.", mend="Sign in with a link: liner keys link NAME")
    issuer = settings.oidc_issuer
    found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise NotSignedIn("The provider calls itself another name.", mend="Set LINER_OIDC_ISSUER to the one it uses.")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    try:
        return Provider(
            issuer=issuer,
            authorization_endpoint=_safe(found["authorization_endpoint"], issuer),
            token_endpoint=_safe(found["token_endpoint"], issuer),
            jwks_uri=_safe(found["jwks_uri"], issuer),
            end_session_endpoint=_safe(found.get("end_session_endpoint") or issuer, issuer)
            if found.get("end_session_endpoint")
            else "",
            secret_in_body="client_secret_basic" not in methods,
        )
    except KeyError as error:
        raise NotSignedIn(f"The provider does not say its {error.args[0]}.", mend=TRY_AGAIN) from error


def validate(settings: Settings, provider: Provider, token: str, nonce: str) -> dict[str, Any]:
    """Check an ID token's signature by the provider's keys, and its issuer, audience, times and nonce.

    Raises
    ------
    NotSignedIn
        Any of them is wrong.
    """
    try:
        from joserfc import jwt  # noqa: PLC0415 - an extra that only sites with a provider install
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415
    except ImportError as error:
        raise InvalidInput("The extra oidc is not installed.", mend="pip install 'linernotes[oidc]'") from error
    wanted = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.now().timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        keys = KeySet.import_key_set(cast("KeySetSerialization", _get(provider.jwks_uri)))
        claims = jwt.decode(token, keys, algorithms=[*ALGORITHMS]).claims
        wanted.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotSignedIn(f"The provider's ID token is not good ({type(error).__name__}).", mend=TRY_AGAIN) from error
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != settings.oidc_client_id:
        raise NotSignedIn("The provider's ID token is for somebody else.", mend=TRY_AGAIN)
    return dict(claims)


def join(db: Database, settings: Settings, name: str, subject: str) -> None:
    """Let a person of the provider be the holder of a key that there is already."""
    now = clock.now()
    with db.write() as session:
        key = key_store.by_name(session, name)
        if key is None or key.revoked_at is not None or key.role == Role.SERVICE:
            raise NotFound(f"There is no key {name[:64]} of a person.", mend="`liner keys list` names them all.")
        row = identities.find(session, settings.oidc_issuer, subject) or OidcIdentityRow(
            issuer=settings.oidc_issuer, subject=subject, key_id=key.id, made_at=now, seen_at=now
        )
        row.key_id = key.id
        session.add(row)


def _start(db: Database, settings: Settings, claims: dict[str, Any]) -> StartedSession:
    role, now, cookie = role_of(settings, claims), clock.now(), secrets.token_urlsafe(32)
    with db.write() as session:
        key = _key(session, settings, claims, role, now)
        made = SessionRow(
            digest=digest(cookie),
            key_id=key.id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            expires_at=now + timedelta(hours=settings.session_hours),
        )
        session.add(made)
        events.record(session, EventKind.SIGNED_IN, actor=key.name, at=now, how="provider", role=role)
        actor = key_store.to_actor(session, key, csrf_token=made.csrf_token)
    return StartedSession(token=cookie, expires_at=made.expires_at, actor=actor)


def _key(session: Session, settings: Settings, claims: dict[str, Any], role: Role, now: datetime) -> ApiKeyRow:
    account = _account(session, settings, claims, now) if role is Role.LABEL else None
    subject = str(claims["sub"])
    known = identities.find(session, settings.oidc_issuer, subject)
    if known is None:
        key = _new_key(session, settings, claims, role=role, account=account, now=now)
        session.add(key)
        session.flush()
        known = OidcIdentityRow(issuer=settings.oidc_issuer, subject=subject, key_id=key.id, made_at=now, seen_at=now)
    found = key_store.by_id(session, known.key_id)
    if found is None:
        raise NotAllowed("Your access to this liner was revoked.", mend="Ask an administrator.")
    found.role, found.account, known.seen_at = role, account, now  # what the provider says counts from now on
    session.add_all([found, known])
    return found


def _new_key(
    session: Session, settings: Settings, claims: dict[str, Any], *, role: Role, account: str | None, now: datetime
) -> ApiKeyRow:
    name = str(claims.get(settings.oidc_name_claim) or claims["sub"])
    if not _NAME.fullmatch(name):
        name = f"sso-{digest(str(claims['sub']))[:12]}"
    if key_store.by_name(session, name) is not None:
        raise NotAllowed(
            f"There is a {name} here already, and nobody said that this is you.",
            mend=f"Ask an administrator: liner keys join {name} --subject {claims['sub']}",
        )
    events.record(session, EventKind.KEY_CREATED, actor=name, at=now, name=name, role=role, how="provider")
    return ApiKeyRow(
        id=f"key_{secrets.token_hex(8)}",
        name=name,
        prefix="sso",
        digest=digest(secrets.token_urlsafe(32)),  # of a token that nobody has
        role=role,
        account=account,
        created_at=now,
    )


def _account(session: Session, settings: Settings, claims: dict[str, Any], now: datetime) -> str:
    account = claims.get(settings.oidc_account_claim)
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise NotAllowed(
            "The provider does not say which label you are of.",
            mend=f"Ask whoever runs this liner: the claim {settings.oidc_account_claim} names the account.",
        )
    key_store.ensure_account(session, account, now)
    return account


def _exchange(settings: Settings, provider: Provider, code: str, verifier: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(settings),
        "code_verifier": verifier,
    }
    secret, headers = settings.oidc_client_secret.get_secret_value(), {}
    if secret and not provider.secret_in_body:
        pair = f"{quote(settings.oidc_client_id, safe='')}:{quote(secret, safe='')}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    else:
        form |= {"client_id": settings.oidc_client_id, **({"client_secret": secret} if secret else {})}
    told = _asked("POST", provider.token_endpoint, data=form, headers=headers)
    token = told.get("id_token")
    if not isinstance(token, str):
        raise NotSignedIn("The provider gave no ID token.", mend="The scopes need openid. " + TRY_AGAIN)
    return token


def _get(url: str) -> dict[str, Any]:
    return _asked("GET", url)


def _asked(method: str, url: str, **sent: Any) -> dict[str, Any]:
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
            answer = client.request(method, url, **sent)
        told = answer.json() if answer.is_success and len(answer.content) <= MAX_ANSWER else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise NotSignedIn(f"The provider gave no answer ({type(error).__name__}).", mend=TRY_AGAIN) from error
    if not isinstance(told, dict):
        raise NotSignedIn(f"The provider answered {answer.status_code}.", mend=TRY_AGAIN)
    return told


def _safe(url: object, issuer: str) -> str:
    """Refuse an address without encryption, but where the issuer itself is one (a provider on this machine)."""
    if not isinstance(url, str) or urlsplit(url).scheme not in {"https", urlsplit(issuer).scheme}:
        raise NotSignedIn("The provider names an address that is no https.", mend=TRY_AGAIN)
    return url
