from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.appeals import Appeal, AppealState, Outcome, Party, answer, open_until, refuse_appeal, withdraw
from schemas.cases import Action
from schemas.errors import AppealTooLate, InvalidTransition, SameReviewer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPEAL = Appeal(id="apl_1", decision_id="dec_1", party=Party.LABEL, decided_against=("mia",), due_at=NOON)


def test_six_months_are_never_less_than_six_calendar_months():
    for month in range(1, 13):
        start = datetime(2027, month, 28, 12, tzinfo=UTC)
        later = start.replace(year=start.year + (month > 6), month=(month + 5) % 12 + 1)

        assert open_until(start) >= later


@pytest.mark.parametrize("action", Action)
def test_only_what_restricts_is_appealed(action):
    if action.is_restricting:
        refuse_appeal(action, NOON, NOON)
    else:
        with pytest.raises(InvalidTransition):
            refuse_appeal(action, NOON, NOON)


def test_an_appeal_comes_on_the_last_day_and_not_after_it():
    last = open_until(NOON)
    refuse_appeal(Action.REMOVE, NOON, last)
    with pytest.raises(AppealTooLate, match="2027-05-25"):
        refuse_appeal(Action.REMOVE, NOON, last + timedelta(seconds=1))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["uphold", "reverse", "withdraw", "same"]), max_size=5))
def test_an_appeal_is_closed_once_and_by_somebody_else(steps):
    appeal, closed = APPEAL, None
    for step in steps:
        try:
            if step == "withdraw":
                after = withdraw(appeal)
            else:
                outcome = Outcome.REVERSED if step == "reverse" else Outcome.UPHELD
                after = answer(appeal, by="mia" if step == "same" else "ben", outcome=outcome, reply="Because of it.")
        except SameReviewer:
            assert (step, closed) == ("same", None)
            continue
        except InvalidTransition:
            assert closed is not None
            continue
        assert closed is None
        assert after.version == appeal.version + 1
        appeal, closed = after, step

    assert (appeal.state is AppealState.DECIDED) == (appeal.outcome is not None)
    assert {None: AppealState.OPEN, "withdraw": AppealState.WITHDRAWN}.get(closed, AppealState.DECIDED) is appeal.state
