"""What is learned is the same on SQLite and PostgreSQL: simulation, shadows, recalls, labels, figures, metrics."""

import pytest
from test_api_policies import MODEL, POLICY, moved, noisy

from api.metrics import Metrics
from api.public_dashboards import FigureQuery
from api.public_policies import PolicyCreate, RecallCreate, RollBackCreate, SimulateCreate
from api.services import cases, dashboards, figure_cases, labels, policies, recall, screenings
from api.services.access import PIPELINE, Actor, Role
from api.services.keys import TERMINAL
from api.services.screenings import case_id_of
from schemas.cases import Action, StatementOfReasons
from schemas.policy import house_text
from schemas.review import AT_ONCE
from schemas.steering import RecallKind

WORDS = ("figure", "value", "part")
SUE, ADA, MIA = Actor("sue", Role.SENIOR), Actor("ada", Role.ADMIN), Actor("mia", Role.MODERATOR)
STATEMENT = StatementOfReasons(facts="F", ground="G", explanation="E")


def record(db, *made):
    screenings.record(db, PIPELINE, [one.model_dump(mode="json") for one in made])


def decide(db, number, action):
    about = {"reason": "Heard it.", "rules": AT_ONCE, "statement": STATEMENT, "expected_version": 1}
    cases.decide(db, MIA, case_id_of(f"rec_{number}", ""), action=action, **about)


def proposed(db, text):
    made = policies.draft(db, SUE, PolicyCreate(text=text, why="Try it."))
    return policies.simulate_effect(db, SUE, made.id, SimulateCreate(expected_version=made.version))


@pytest.fixture
def filled(db):
    policies.keep_packaged(db, house_text())
    policies.keep_packaged(db, house_text())  # a second process
    first = proposed(db, POLICY)
    policies.approve(db, ADA, first.id, expected_version=first.version)
    shadow = policies.draft(db, SUE, PolicyCreate(text=moved(0.3), why="Try it."))
    policies.shadow(db, SUE, shadow.id, expected_version=shadow.version)
    record(db, *(noisy(n, n / 10) for n in range(10)))
    for number, action in ((5, Action.REMOVE), (6, Action.APPROVE), (7, Action.LABEL)):
        decide(db, number, action)
    db.shadow = shadow.id
    return db


def test_a_version_is_simulated_shadowed_and_rolled_back(filled):
    made = proposed(filled, moved(0.65))
    assert (made.simulation.cases_per_day.before, made.simulation.cases_per_day.after) == (5.0, 3.0)
    assert (made.simulation.upheld, made.simulation.missed, made.simulation.spared) == (2, 1, 1)
    policies.approve(filled, ADA, made.id, expected_version=made.version)

    assert policies.roll_back(filled, SUE, RollBackCreate(reason="It harms.")).text == POLICY
    shadow = policies.view(filled, SUE, filled.shadow).shadow
    assert (shadow.judged, shadow.live, shadow.shadow) == (10, 5, 7)


def test_figures_and_metrics(filled):
    found = dashboards.dashboard(filled, MIA)

    assert (found.workload.open_cases, found.days[-1].opened, found.days[-1].decided) == (2, 5, 3)
    assert [(one.name, one.hits, one.total) for one in found.precision_models] == [(MODEL, 2, 3)]
    assert [(one.hits, one.total) for one in found.undeclared] == [(10, 10)]
    sender, today = found.undeclared[0].name, str(found.made_at.date())
    asked = [
        *(("backlog",), ("late",), ("soon",), ("opened", today), ("inflow",), ("decided", today), ("pace",)),
        *(("handled",), ("appealed",), ("overturned",), ("appeals_late",), ("twice",), ("disagreed",)),
        *(("rule", "AUD-002"), ("rule", "AUD-002", "upheld"), ("model", MODEL, "cleared"), ("flagged", MODEL, today)),
        *(("sender", sender), ("sender", sender, "silent")),
    ]
    counted = {}
    for query in asked:
        behind = figure_cases.view(filled, MIA, FigureQuery(**dict(zip(WORDS, query, strict=False))))
        counted[query] = (behind.number, behind.unit, behind.total)
    assert {query: found for query, found in counted.items() if found[0]} == {
        ("backlog",): (2, "case", 2),
        ("opened", today): (5, "case", 5),
        ("inflow",): (5, "case", 5),
        ("decided", today): (3, "decision", 3),
        ("pace",): (3, "decision", 3),
        ("handled",): (2, "decision", 2),
        ("rule", "AUD-002"): (3, "decision", 3),
        ("rule", "AUD-002", "upheld"): (2, "decision", 2),
        ("model", MODEL, "cleared"): (1, "decision", 1),
        ("flagged", MODEL, today): (5, "screening", 5),
        ("sender", sender): (10, "declaration", 5),  # half of what they declare raised no case
        ("sender", sender, "silent"): (10, "declaration", 5),
    }
    assert f'liner_model_flag_share{{model="{MODEL}"}} 0.5' in Metrics(filled).text().decode()


def test_labels_and_a_recall(filled):
    pages = list(labels.export(filled, TERMINAL, secret=b"0123456789abcdef"))
    assert sorted(one.action for page in pages for one in page.labels) == ["approve", "label", "remove"]

    wanted = RecallCreate(kind=RecallKind.MODEL, subject=MODEL, reason="It harms.", dry_run=False)

    assert recall.recall(filled, SUE, wanted).counts == {"reopened": 3}
    assert not [one for page in labels.export(filled, TERMINAL, secret=b"0123456789abcdef") for one in page.labels]
