"""Models that go live in a transaction: the registry follows it, and follows it back where it fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.services import simulate
from api.tables import PolicyRow
from schemas.steering import VersionKind


@contextmanager
def promoting() -> Iterator[Callable[[PolicyRow], None]]:
    """Let the registry name a model that goes live: screenings use it from the next run on.

    The transaction stands within: where it fails, even in its commit, the registry names what it named before.
    """
    from classifiers.models import active  # noqa: PLC0415 - loads what a policy does not need

    is_promoted = False

    def use(row: PolicyRow) -> None:
        nonlocal is_promoted
        if row.kind == VersionKind.MODEL:
            active.promote(simulate.model_names(row.ref))
            is_promoted = True

    try:
        yield use
    except BaseException:
        if is_promoted:
            active.rollback()
        raise
