"""The policy of a run: what people approved last, from the review that the run delivers to; a file; or the house's."""

import os
from pathlib import Path

import typer

from api.settings import Settings
from schemas.errors import InvalidInput, LinerError
from schemas.policy import Policy, house_policy, house_text, parse_policy

WORDS = LIVE, HOUSE = Path("live"), Path("house")  # of --policy; files of these names come first
KEPT = ".policy-live.toml"  # in the lake: the live policy as a run read it last, for when the service is away


def policy_of(
    named: Path | None, *, lake: Path, delivers: bool = True, url: str | None = None, key: str | None = None
) -> Policy:
    """Choose the policy of a run.

    Parameters
    ----------
    named
        What ``--policy`` says: a file, ``live``, ``house``, or nothing, which is ``live`` for a run that delivers its
        flags to a review, and ``house`` for one that does not.
    lake
        Where the live policy is kept for when the service is away.
    url, key
        The review service of this run, where it is another than LINER_REVIEW_URL names.

    Raises
    ------
    InvalidInput, BrokenPolicy
        The file cannot be read, or is no policy.
    LinerError
        ``live`` was asked for by name, and the service gives none.
    """
    if named is not None and (named.exists() or named not in WORDS):
        return _file(named)
    if named == HOUSE or (named is None and not delivers):
        return house_policy()
    try:
        text = live_text(url, key)
    except LinerError as away:
        if named == LIVE:
            raise
        return _while_away(away, lake)
    _keep(text, lake)
    return parse_policy(text, path=str(LIVE))


def live_text(url: str | None = None, key: str | None = None) -> str:
    """Read the live policy's text: over HTTP where a service is named, else from this machine's database.

    Raises
    ------
    ReviewUnreachable, ReviewError, InvalidInput
        The service gives no answer or none to this key, or the database cannot be used.
    """
    settings = Settings()
    if url or settings.review_url:
        from api.cli.reviewing import Review

        with Review(url, key) as review:
            return str(review.get("/v1/policies/live")["text"])
    from api.services import keys, policies
    from api.store.database import open_database

    database = open_database(settings.database_url)
    try:
        policies.keep_packaged(database, house_text())
        return policies.live(database, keys.TERMINAL).text
    finally:
        database.close()


def _keep(text: str, lake: Path) -> None:
    """Keep the text, so that a run while the service is away judges as the one before, and screens nothing twice."""
    try:
        lake.mkdir(parents=True, exist_ok=True)
        if not (lake / "lake.json").is_file() and any(lake.iterdir()):
            return  # something else: the run refuses it
        aside = lake / f".{KEPT}.{os.getpid()}.tmp"
        aside.write_text(text, "utf-8")
        aside.replace(lake / KEPT)
    except OSError as error:
        raise InvalidInput(f"{lake} cannot be written: {error.strerror}.", mend="Name another lake.") from error


def _while_away(away: LinerError, lake: Path) -> Policy:
    kept = lake / KEPT
    found = _file(kept) if kept.is_file() else house_policy()
    where = "the one it gave last" if kept.is_file() else "the house policy"
    typer.echo(
        f"The review gives no policy ({away.message.rstrip('.')}): this run judges by {where}, {found.ref}. "
        "liner rejudge judges again.",
        err=True,
    )
    return found


def _file(path: Path) -> Policy:
    try:
        return parse_policy(path.read_text("utf-8"), path=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The policy {path} cannot be read: {error}.", mend="Name a TOML file.") from error
