"""What the API takes and gives about policies, models, recalls and figures."""

from datetime import datetime

from pydantic import Field

from schemas.base import Model
from schemas.policy_text import MAX_TEXT, Knob, Line
from schemas.simulation import Point, Simulation
from schemas.steering import Outcome, RecallKind, VersionKind, VersionState

Words = Field(min_length=3, max_length=5000)


class PolicyCreate(Model):
    """A draft: the policy's text (TOML), or with kind ``model`` a model's name, and why it is proposed."""

    kind: VersionKind = VersionKind.POLICY
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    why: str = Words


class PolicyUpdate(Model):
    """Another text for a draft."""

    expected_version: int = Field(ge=1)
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    why: str = Words


class VersionCommand(Model):
    """A command on a version as the caller read it."""

    expected_version: int = Field(ge=1)


class SimulateCreate(VersionCommand):
    """Simulate the effect on the past: so many days back, at most so many recordings and cases."""

    days: int = Field(default=90, ge=1, le=3650)
    sample: int = Field(default=1000, ge=1, le=50_000)


class SweepCreate(Model):
    """Try values of one threshold of a version's text; nothing is changed."""

    code: str = Field(max_length=40)
    signal: str = Field(max_length=100)
    bound: str = Field(default="at_least", pattern=r"^at_(least|most)$")
    values: tuple[float, ...] = Field(min_length=1, max_length=25)
    days: int = Field(default=90, ge=1, le=3650)
    sample: int = Field(default=500, ge=1, le=50_000)


class SweepPublic(Model):
    """What each value of a threshold would lead to."""

    knob: Knob
    judged: int
    judged_of: int
    decided: int
    points: tuple[Point, ...]


class RollBackCreate(Model):
    """Put back what was live before, and why; at once, by one person."""

    kind: VersionKind = VersionKind.POLICY
    reason: str = Words


class PolicyBrief(Model):
    """A version as lists show it.

    Attributes
    ----------
    ref
        What screenings and decisions pin.
    author, approved_by
        Never the same person; ``liner`` for what came with the programme.
    """

    id: str
    kind: VersionKind
    ref: str
    why: str
    state: VersionState
    version: int
    author: str
    made_at: datetime
    updated_by: str
    updated_at: datetime
    approved_by: str | None
    live_at: datetime | None
    retired_at: datetime | None


class PoliciesPublic(Model):
    """Versions, the last changed first."""

    policies: tuple[PolicyBrief, ...]


class ShadowReport(Model):
    """What a shadow judged beside the live policy; none of it is a flag of anything.

    Attributes
    ----------
    judged
        Screenings, from ``first_at`` to ``last_at``.
    live, shadow, both
        How many each flagged, and both.
    codes
        By reason code: how many the live policy raised, and how many the shadow.
    """

    judged: int
    first_at: datetime | None
    last_at: datetime | None
    live: int
    shadow: int
    both: int
    codes: dict[str, tuple[int, int]]


class StandingPublic(Model):
    """What a version leaves as it is: open cases keep the flags that another version gave them, decisions stand.

    Attributes
    ----------
    open_cases
        All of them.
    looked_at, older
        How many of them were looked at (all, or a sample), and how many of those another version judged.
    commands
        What judges them again: counts what would change; does it; and looks again at decisions of what is live.
    """

    open_cases: int
    looked_at: int
    older: int
    commands: tuple[str, ...]


class PolicyPublic(PolicyBrief):
    """A version with everything that a person needs to approve it.

    Attributes
    ----------
    changes
        What it changes against the live version, in words.
    diff
        The same line by line.
    simulation
        The effect on the past; None until it was simulated for this text.
    is_simulation_current
        Whether the live version is still the one that it was simulated against.
    allowed_actions, refused_actions
        What the asker may do now; why not the rest.
    standing
        What it leaves as it is, when it goes live or since it did; None for what is no longer live.
    """

    text: str
    changes: tuple[str, ...]
    diff: tuple[Line, ...]
    simulation: Simulation | None
    is_simulation_current: bool
    shadow: ShadowReport | None
    knobs: tuple[Knob, ...]
    allowed_actions: tuple[str, ...]
    refused_actions: dict[str, str]
    standing: StandingPublic | None


class PolicyText(Model):
    """The text of a policy as decisions pin it."""

    ref: str
    text: str
    state: VersionState
    live_at: datetime | None
    retired_at: datetime | None


class RecallCreate(Model):
    """Take back a model, a rule or a policy version.

    Attributes
    ----------
    subject
        ``synthetic-1``, ``AUD-006``, or a policy's ref or ``id@version``.
    only_flagged
        Of a model: only decisions whose flags rest on it, not all that were taken in sight of it.
    dry_run
        Only list what would happen.
    """

    kind: RecallKind
    subject: str = Field(min_length=2, max_length=200)
    reason: str = Words
    only_flagged: bool = False
    dry_run: bool = True


class RecalledCase(Model):
    """One case of a recall."""

    case_id: str
    decision_id: str
    title: str
    artist: str
    action: str
    is_flagged: bool
    outcome: Outcome


class RecallPublic(Model):
    """A recall: of how many decisions what became; ``cases`` are the first thousand. ``id`` is empty for a dry run."""

    id: str
    kind: RecallKind
    subject: str
    reason: str
    made_by: str
    made_at: datetime
    counts: dict[str, int]
    decisions: int
    cases: tuple[RecalledCase, ...] = ()


class RecallsPublic(Model):
    """Recalls, newest first."""

    recalls: tuple[RecallPublic, ...]
