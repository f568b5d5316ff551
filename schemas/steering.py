r"""The life of a policy version or a model version, as pure functions, and what a recall does.

::

    draft --shadow--> shadow --approve (another person)--> live --replaced--> retired --roll back--> live
      |  \--approve (another person)-----------------------/
      \--discard--> discarded (from shadow too)

What is no draft never changes its text. Only one version of a kind is live.
"""

from enum import StrEnum

from schemas.errors import InvalidTransition


class VersionKind(StrEnum):
    """What is versioned."""

    POLICY = "policy"
    MODEL = "model"


class VersionState(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    SHADOW = "shadow"
    LIVE = "live"
    RETIRED = "retired"
    DISCARDED = "discarded"

    @property
    def is_proposed(self) -> bool:
        """Whether it may still go live for the first time."""
        return self in (VersionState.DRAFT, VersionState.SHADOW)


class RecallKind(StrEnum):
    """What is recalled."""

    MODEL = "model"
    RULE = "rule"
    POLICY = "policy"


class Outcome(StrEnum):
    """What became of one case of a recall."""

    REOPENED = "reopened"
    UNDONE = "undone"  # its decision was not published yet
    OPEN = "open"  # it was open already
    DECIDED_ANEW = "decided anew"  # its last decision did not rest on what is recalled


def edit(state: VersionState) -> VersionState:
    """Allow another text: of a draft alone."""
    if state is not VersionState.DRAFT:
        raise InvalidTransition(f"A {state} version keeps its text.", mend="Make a new draft from it.")
    return state


def shadow(state: VersionState) -> VersionState:
    """Let a draft be judged beside the live version."""
    if state is not VersionState.DRAFT:
        raise InvalidTransition(f"A {state} version cannot be shadowed; only a draft can.")
    return VersionState.SHADOW


def discard(state: VersionState) -> VersionState:
    """Put a proposed version away."""
    _require_proposed(state, "discarded")
    return VersionState.DISCARDED


def approve(state: VersionState) -> VersionState:
    """Let a proposed version go live."""
    _require_proposed(state, "approved")
    return VersionState.LIVE


def retire(state: VersionState) -> VersionState:
    """Let another version take the live one's place."""
    if state is not VersionState.LIVE:
        raise InvalidTransition(f"A {state} version is not live.")
    return VersionState.RETIRED


def restore(state: VersionState) -> VersionState:
    """Let a retired version be live again."""
    if state is not VersionState.RETIRED:
        raise InvalidTransition(f"A {state} version was never live.", mend="Approve it instead.")
    return VersionState.LIVE


def _require_proposed(state: VersionState, done: str) -> None:
    if not state.is_proposed:
        raise InvalidTransition(f"A {state} version cannot be {done}; only a draft or a shadow can.")
