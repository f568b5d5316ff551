"""What a version leaves as it is: open cases that another version judged, decisions that stand; and what changes that.

A version that goes live judges what comes in from then on. What waits was judged by the one before, and stays so until
the lake that it came from is judged again, which is a command: the service never reads a lake.
"""

from sqlmodel import Session

from api.public_policies import StandingPublic
from api.store import policies as store
from schemas.steering import VersionKind

LOOKED_AT = 5000  # open cases: exact below, a sample by their id, which is a hash, above
REJUDGE = "liner rejudge LAKE --dry-run"
RECALL = "liner models recall {ref} --kind {kind} --reason WHY"


def standing(session: Session, kind: VersionKind, ref: str, live: str) -> StandingPublic:
    """Count what a version does not touch by itself, and name the commands that do.

    Parameters
    ----------
    ref
        The version, live or proposed.
    live
        What is live of its kind.
    """
    open_cases, looked_at, own = store.judged_by(session, kind, ref, LOOKED_AT)
    taken_back = () if ref == live else (RECALL.format(ref=live, kind=kind),)
    return StandingPublic(
        open_cases=open_cases,
        looked_at=looked_at,
        older=looked_at - own,
        commands=(REJUDGE, REJUDGE.removesuffix(" --dry-run"), *taken_back),
    )
