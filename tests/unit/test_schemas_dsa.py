"""Statements of reasons in the EU's words, held against the field list of the reference."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from fixtures_api import make_flag, make_screening
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import dsa, dsa_tables, reasons
from schemas.appeals import AppealState, Outcome
from schemas.cases import Action, StatementOfReasons
from schemas.dsa_tables import Complaint, Period, tables
from schemas.policy import house_policy
from schemas.statement_parts import LED, parts

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATEMENT = StatementOfReasons(
    facts="Ada Brandt's voice was cloned; write to ada@example.com.", ground="Terms 4.2", explanation="No licence."
)


def decided(**more):
    facts = {
        "id": "dec_1",
        "action": Action.REMOVE,
        "decided_at": NOON,
        "statement": STATEMENT,
        "codes": ("AID-002",),
        "names": ("Ada Brandt",),
        "icpn": "4006381333931",
        "language": "de-CH",
        "received_at": NOON - timedelta(days=2),
    }
    return dsa.Decided.model_validate({**facts, **more})


def test_every_field_is_one_of_the_reference(shared):
    text = (shared / "reference" / "review.md").read_text("utf-8").partition("**Machine form**")[2]
    text = text.partition("**Rule**")[0]
    named = set(re.findall(r"[a-z]+(?:_[a-z]+)+", text)) | {"puid", "category"}
    legal = dsa.to_record(decided(statement=STATEMENT.model_copy(update={"is_illegal_content": True})))
    ends = dsa.to_record(decided(statement=STATEMENT.model_copy(update={"ends_at": NOON})))
    for record in (dsa.to_record(decided(), reference_url="https://x.example"), legal, ends):
        fields = {re.sub(r"^(in)?compatible_content_|^illegal_content_", "", name) for name in record}
        fields = {re.sub(r"^end_date_.*", "end_date_", name) for name in fields}
        grounds = {"ground", "explanation", "illegal", "legal_ground", "end_date_"}

        assert fields - grounds <= named
        listed = re.findall(r"[A-Z][A-Z0-9_]+", text)
        for value in _values(record):
            assert value == "KEYWORD_MISLEADING_INFO_GOODS_SERVICES" or any(map(value.endswith, listed)), value


def _values(record):
    flat = [v for value in record.values() for v in (value if isinstance(value, list) else [value])]
    return [v for v in flat if isinstance(v, str) and re.fullmatch(r"[A-Z]+(_[A-Z0-9]+)+", v)]


@pytest.mark.parametrize("action", [action for action in Action if action.is_restricting])
def test_every_restriction_makes_a_record_without_fault(action):
    record = dsa.to_record(decided(action=action))

    assert dsa.faults(record) == ()
    assert record["decision_visibility"] == [dsa.VISIBILITY[action]]
    assert record["content_id"] == {"EAN-13": "4006381333931"}
    assert (record["content_language"], record["content_date"], record["application_date"]) == (
        "DE",
        "2026-11-20",
        "2026-11-22",
    )


def test_a_record_names_nobody():
    record = dsa.to_record(decided())

    assert "Ada" not in str(record)
    assert record["decision_facts"] == "[name]'s voice was cloned; write to [address]"


def test_what_applies_outside_europe_alone_is_not_reported():
    assert dsa.to_record(decided(statement=STATEMENT.model_copy(update={"territories": ("US", "BR")}))) is None
    assert len(dsa.to_record(decided())["territorial_scope"]) == 30


@pytest.mark.parametrize("icpn", [None, "R0", "123", "40170725"])
def test_what_is_no_ean13_is_no_content_id(icpn):
    assert "content_id" not in dsa.to_record(decided(icpn=icpn))


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=6000), st.text(max_size=900), st.sampled_from([c for r in reasons.REASONS for c in r.codes]))
def test_no_text_breaks_the_limits(facts, ground, code):
    statement = StatementOfReasons(facts=facts + "x", ground=ground + "x", explanation=facts + "x")

    assert dsa.faults(dsa.to_record(decided(statement=statement, codes=(code,)))) == ()


def test_faults_are_named():
    record = dsa.to_record(decided())

    assert dsa.faults({**record, "decision_facts": ""}) == ("decision_facts has 1 to 5000 characters",)
    assert dsa.faults({**record, "puid": "a b"}) == ("puid is a name",)


class TestReasons:
    def test_every_flag_of_the_house_policy_has_a_reason_of_its_own(self):
        for one in house_policy().reasons:
            assert reasons.reason_of(one.code) is not reasons.OTHER, one.code

    def test_codes_are_stable(self):
        assert sorted(reasons.BY_CODE) == [
            "artificial-streams",
            "copied-recording",
            "faulty-delivery",
            "impersonation",
            "misdeclared-ai",
            "other-terms",
        ]

    def test_a_draft_fills_in_what_is_known_and_names_the_rest(self):
        texts = reasons.draft(make_screening(1, "AID-002"))

        assert "“Song 1” by Ada (ISRC QZABC2600001), delivered by Nova Records: AID-002: Why." in texts["facts"]
        assert reasons.unfilled(texts["explanation"]) == ("why",)

    def test_the_gravest_flag_decides(self):
        assert reasons.reason_for([make_flag("SPM-003"), make_flag("AID-002")]).code == "misdeclared-ai"
        assert reasons.reason_for([]).code == "other-terms"

    def test_every_place_is_filled_or_for_a_person(self):
        known = set(reasons.known_values(make_screening(1)))
        for reason in reasons.BY_CODE.values():
            assert set(reasons.places(reason)) - known <= {"why", "impersonated", "licence"}


SCOPES = (
    "Total number",
    "Decisions upheld",
    "Decisions reversed",
    "Decisions partially reversed",
    "Decision omitted",
    "Median time",
    "Not decided yet",
)


class TestTables:
    period = Period(service="liner", since=NOON - timedelta(days=30), until=NOON + timedelta(days=1))

    def rows(self, name, **more):
        records = [dsa.to_record(decided()), dsa.to_record(decided(action=Action.LABEL, codes=("SPM-001",)))]
        complaints = [
            Complaint(
                state=AppealState.DECIDED,
                outcome=Outcome.REVERSED,
                received_at=NOON,
                decided_at=NOON,
                restriction=dsa.VISIBILITY[Action.REMOVE],
            ),
            Complaint(
                state=AppealState.OPEN,
                outcome=None,
                received_at=NOON,
                decided_at=None,
                restriction=dsa.VISIBILITY[Action.LABEL],
            ),
        ]
        text = tables(self.period, records, complaints, decided=5)[name]
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_measures_are_counted_by_category_and_kind(self):
        total, *groups = self.rows("6_own_initiative_TC.csv")

        category, restricted = dsa_tables.INCOMPATIBLE, "Visibility restriction"
        assert (total[category], total[f"{restricted} Removal"], total[f"{restricted} Labelled"]) == ("TOTAL", "1", "1")
        assert total["Number of measures taken at the provider's own initiative"] == "2"
        assert {row[category]: row[f"{restricted} Labelled"] for row in groups} == {
            "STATEMENT_CATEGORY_CONSUMER_INFORMATION": "0",
            "KEYWORD_MISLEADING_INFO_GOODS_SERVICES": "0",
            "STATEMENT_CATEGORY_SCAMS_AND_FRAUD": "1",
            "KEYWORD_INAUTHENTIC_LISTINGS": "1",
        }

    def test_complaints_are_counted_by_outcome_and_by_what_they_are_against(self):
        rows = self.rows("7_appeals_and_recidivism.csv")
        told = {(row["Indicator"], row["Scope"]): row["Value"] for row in rows}

        assert [told[dsa_tables.SUBMITTED, scope] for scope in SCOPES] == ["2", "0", "1", "0", "0", "0.0", "1"]
        against = f"{dsa_tables.AGAINST} Visibility restriction"
        assert [told[f"{against} Removal", scope] for scope in SCOPES] == ["1", "0", "1", "0", "0", "0.0", "0"]
        assert told[f"{against} Labelled", "Not decided yet"] == "1"
        assert (f"{against} Demoted", "Total number") not in told

    def test_what_the_operator_knows_of_disputes_and_suspensions_is_left_empty(self):
        rows = self.rows("7_appeals_and_recidivism.csv")
        others = [row for row in rows if row["Section"] != dsa_tables.COMPLAINTS]

        assert {row["Value"] for row in others} == {""}
        assert [row["Section"] for row in others] == [dsa_tables.DISPUTES] * 7 + [dsa_tables.SUSPENSIONS] * 3

    def test_automated_means_are_told_with_their_precision(self):
        solely, not_solely, precision = self.rows("8_automated_means.csv")

        assert (solely["Value"], not_solely["Value"], precision["Value"]) == ("0", "2", "0.4")
        assert precision["Section"] == "Use of automated means for content moderation"
        assert "Of 5 recordings" in precision["Contextual Information"]

    def test_notices_count_actions_by_ground_and_flagger(self):
        records = [dsa.to_record(decided(source=source)) for source in ("notice", "trusted_flagger", "voluntary")]
        text = tables(self.period, records, [], decided=3)["4_notices.csv"]
        total = next(csv.DictReader(io.StringIO(text, newline="")))

        assert (total[dsa_tables.BY_TERMS], total[f"{dsa_tables.BY_TERMS} (Trusted Flagger notices)"]) == ("2", "1")
        assert (total[dsa_tables.BY_LAW], total["Number of notices received"]) == ("0", "")

    def test_every_row_is_as_long_as_its_heading(self):
        records = [dsa.to_record(decided(codes=("PKG-001",))), dsa.to_record(decided(source="notice"))]
        for text in tables(self.period, records, [], decided=2).values():
            heading, *rows = csv.reader(io.StringIO(text, newline=""))
            assert {len(row) for row in rows} == {len(heading)}

    def test_an_empty_period_has_tables_too(self):
        made = tables(self.period, [], [], decided=0)

        assert len(made) > 5
        assert all("\r\n" in text for text in made.values())


def test_a_statement_with_an_unfilled_place_is_incomplete():
    texts = reasons.draft(make_screening(1, "AID-002"))
    statement = StatementOfReasons(ground="Terms 4.2", **texts)

    assert statement.missing() == ("explanation (d, e): {why}",)
    whole = statement.model_copy(update={"explanation": reasons.fill(texts["explanation"], {"why": "it credits AI"})})
    assert whole.missing() == ()


@pytest.mark.parametrize(("source", "written"), dsa.SOURCES.items())
def test_what_led_to_a_decision_is_told(source, written):
    assert dsa.to_record(decided(source=source))["source_type"] == written


def test_a_restriction_that_applies_nowhere_is_incomplete():
    whole = StatementOfReasons(facts="A clone.", ground="Terms 4.2", explanation="No licence.")

    assert whole.missing() == ()
    assert whole.model_copy(update={"territories": (" ",)}).missing() == ("territories (a)",)
    assert whole.model_copy(update={"territories": ()}).missing() == ("territories (a)",)


def test_a_statement_in_words_has_every_letter():
    told = dict(parts(StatementOfReasons(facts="A clone.", ground="Act 5", is_illegal_content=True, source="notice")))

    assert told["What led to it"] == "a notice that somebody sent us"
    assert told["Ground"] == "Act 5 (a law)"
    assert told["Where"] == "Worldwide"
    assert told["Automated means"] == "It was found by automated means and decided by a person."
    assert "a court" in told["Redress"]
    assert set(LED) == set(dsa.SOURCES)
