"""The live policy for a run: what people approved last, from the review service or from this machine's own store."""

from api.settings import Settings
from schemas.policy import Policy, house_text, parse_policy


def live_policy() -> Policy:
    """Read the live policy: over HTTP where LINER_REVIEW_URL names a service, else from the database.

    Raises
    ------
    ReviewUnreachable, InvalidInput
        The service gives no answer, or the database cannot be used.
    """
    settings = Settings()
    if settings.review_url:
        from api.cli.reviewing import Review

        with Review() as review:
            found = review.get("/v1/policies/live")
        return parse_policy(str(found["text"]), path=str(found["ref"]))
    from api.services import keys, policies
    from api.store.database import open_database

    database = open_database(settings.database_url)
    try:
        policies.keep_packaged(database, house_text())
        text = policies.live(database, keys.TERMINAL).text
    finally:
        database.close()
    return parse_policy(text, path="live")
