"""The effect of a proposed version on what the store holds: read samples once, judge them twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session

from api.services import clock
from api.store import past as store
from api.store.database import Database
from schemas.errors import InvalidPolicy
from schemas.flags import Flag
from schemas.policy import Policy, parse_policy
from schemas.policy_text import Knob, turned
from schemas.screening import Screening
from schemas.simulation import Decided, Judge, Past, Point, Simulation, Workload, by_policy, simulate, sweep

if TYPE_CHECKING:
    from classifiers.synthetic.model import SyntheticModel

STAFFING_DAYS = 14


def workload(session: Session, now: datetime) -> Workload:
    """Measure what the people at work get done."""
    decisions, deciders = store.staffing(session, now - timedelta(days=STAFFING_DAYS))
    seconds, handled = store.handling(session)
    _, open_cases = store.waiting(session, 0)
    return Workload(
        open_cases=open_cases,
        decisions_per_day=decisions / STAFFING_DAYS,
        deciders=deciders,
        handling_s=seconds,
        handled=len(handled),
    )


def read_past(db: Database, *, days: int, sample: int, keeps_traces: bool = False) -> Past:
    """Read samples of what came in, what was decided and what is open.

    Parameters
    ----------
    keeps_traces
        Whether another model is to score the recordings again; without, their windows are not kept in memory.
    """
    now = clock.now()
    since = now - timedelta(days=days)
    read = _reader(keeps_traces=keeps_traces)
    with db.read() as session:
        incoming, incoming_total = store.incoming(session, since, sample)
        settled, settled_total = store.settled(session, since, sample)
        waiting, _ = store.waiting(session, sample)
        first = store.first_received(session, since) or now
        work = workload(session, now)
    return Past(
        incoming=[read(one) for one in incoming],
        incoming_total=incoming_total,
        days=max((now - first).total_seconds() / 86400, 1.0),
        decided=[Decided(one.case_id, read(one.document), one.verdict, one.is_appealed) for one in settled],
        decided_total=settled_total,
        waiting=[read(one) for one in waiting],
        workload=work,
    )


def of_policy(db: Database, text: str, live: str, *, days: int, sample: int) -> Simulation:
    """Simulate a policy's text against the live one."""
    proposed, current = parse_policy(text), parse_policy(live)
    past = read_past(db, days=days, sample=sample)
    return simulate(
        past, by_policy(current), by_policy(proposed), ref=proposed.ref, live_ref=current.ref, at=clock.now()
    )


def of_model(db: Database, proposed: str, current: str, policy: str, *, days: int, sample: int) -> Simulation:
    """Simulate a model against the one in use: both score the windows that screenings kept, the live policy judges.

    Raises
    ------
    NotFound, InvalidInput
        There is no such model, or it is broken.
    """
    judge = parse_policy(policy)
    past = read_past(db, days=days, sample=sample, keeps_traces=True)
    return simulate(
        past, by_model(current, judge), by_model(proposed, judge), ref=proposed, live_ref=current, at=clock.now()
    )


def by_model(ref: str, policy: Policy) -> Judge:
    """Score again with a model, then judge; what keeps no windows of its features stays as it was measured."""
    from classifiers.synthetic.ear import score_again  # noqa: PLC0415 - loads numpy and scipy

    model, judged = load_model(ref), by_policy(policy)

    def rescored(screening: Screening) -> tuple[Flag, ...]:
        if not model.reads(screening.heard.traces):
            return judged(screening)
        codec = screening.found.audio.codec if screening.found.audio else ""
        return judged(screening.model_copy(update={"heard": score_again(screening.heard, model, codec=codec)}))

    return rescored


def load_model(ref: str) -> "SyntheticModel":
    """Load a model, or a model and a calibration joined by ``+``, as screenings pin them."""
    from classifiers.synthetic.model import SyntheticModel  # noqa: PLC0415

    return SyntheticModel.in_use(model_names(ref))


def model_names(ref: str) -> dict[str, str]:
    """Split ``synthetic-1+cal-ours`` into names by kind, as the registry's pointer keeps them."""
    from classifiers.models import active  # noqa: PLC0415

    name, _, calibration = ref.partition("+")
    return {active.SYNTHETIC: name, **({active.CALIBRATION: calibration} if calibration else {})}


def of_threshold(
    db: Database, policy: Policy, knob: Knob, values: tuple[float, ...], *, days: int, sample: int
) -> tuple[Past, tuple[Point, ...]]:
    """Try values of one threshold; the judged samples come with them.

    Raises
    ------
    InvalidPolicy
        A value that no policy may have.
    """
    past = read_past(db, days=days, sample=sample)
    return past, tuple(
        sweep(past, [(value, by_policy(_checked(policy, knob, value))) for value in sorted(set(values))])
    )


def _checked(policy: Policy, knob: Knob, value: float) -> Policy:
    if value != value or abs(value) == float("inf"):  # noqa: PLR0124 - NaN is what differs from itself
        raise InvalidPolicy(f"{value} is no threshold.", mend="Give numbers.")
    return turned(policy, knob, value)


def _reader(*, keeps_traces: bool) -> Callable[[str], Screening]:
    def read(document: str) -> Screening:
        screening = Screening.model_validate_json(document)
        if keeps_traces or screening.heard.traces is None:
            return screening
        return screening.model_copy(update={"heard": screening.heard.model_copy(update={"traces": None})})

    return read
