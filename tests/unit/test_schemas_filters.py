"""The filter language: what means what, where errors point, and that no text breaks it."""

import doctest
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import filter_words, filters, order
from schemas.errors import InvalidFilter
from schemas.filter_words import FIELDS, OPERATORS, Kind
from schemas.filters import Term, parse, write

VALUES = {
    "synthetic": st.sampled_from(["0.9", "0", "1", "0.125"]),
    "confidence": st.sampled_from(["0.5", "1"]),
    "rule": st.sampled_from(["AID", "AID-004"]),
    "isrc": st.sampled_from(["QZ", "QZABC2600001"]),
    "territory": st.sampled_from(["BR", "Worldwide", "ES-CN"]),
    "since": st.sampled_from(["7d", "2026-11-01", "36h"]),
    "before": st.sampled_from(["2w", "2026-11-01"]),
}
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


def kept(value: str) -> bool:
    return bool(value.strip()) and value == value.strip()


def outcome(text: str):
    """What is read, or what is wrong."""
    try:
        return parse(text), None
    except InvalidFilter as wrong:
        return None, wrong


@st.composite
def terms(draw):
    known = draw(st.sampled_from([*FIELDS.values()]))
    operator = draw(st.sampled_from(OPERATORS[known.kind]))
    other = st.sampled_from(known.values) if known.values else TEXTS.filter(kept)
    one = VALUES.get(known.name, other)
    one = st.sampled_from(["7d", "4h"]) if known.kind is Kind.SPAN or known.name == "due" else one
    values = draw(st.lists(one, min_size=1, max_size=3)) if operator else []
    return Term(known.name, operator, tuple(map(str, values)), draw(st.booleans()))


@settings(deadline=None)
@given(st.lists(terms(), max_size=6))
def test_what_is_written_is_read_again(made):
    assert parse(write(made)) == tuple(made)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.text('abens-:"\\,<>=0.9 ', max_size=40)))
def test_no_text_breaks_it_and_what_is_read_has_one_form(text):
    read, wrong = outcome(text)
    if wrong is not None:
        assert 1 <= wrong.column <= len(text) + 1
        assert wrong.message
        return
    assert parse(write(read)) == read
    assert write(parse(write(read))) == write(read)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            "undeclared, synthetic over 0.9, new senders, last week, Brazil",
            "undeclared synthetic>0.9 new-sender since:7d territory:BR",
        ),
        (
            'undeclared severity:high rule:AID-004 sender:"Harbour" state:open -label:x',
            "undeclared severity:high rule:AID-004 sender:Harbour state:open -label:x",
        ),
        ("high severity in the United States, last 3 days", "severity:high territory:US since:3d"),
        ("synthetic at least 90%", "synthetic>=0.9"),
        ('"harbour lights" mine', 'text:"harbour lights" holder:me'),
        ("severity:high,medium rule:aid", "severity:high,medium rule:AID"),
        ('sender:"a, b",c', 'sender:"a, b",c'),
        ("not late, without synthetic over 0.9, except rule:SPM", "-late -synthetic>0.9 -rule:SPM"),
        ("not free, not declared, not -late", "held undeclared late"),
        ("older than 3 days, due in 4 hours", "before:3d due:4h"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_what_means_what(text, canonical):
    assert write(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "column", "length", "suggestion"),
    [
        ("state:open undeclred", 12, 9, "undeclared"),
        ("since:7d severty:high", 10, 7, "severity"),
        ("late -severty:high", 7, 7, "severity"),
        ("severity:hig", 10, 3, "high"),
        ('late -severity:low,"hig"', 20, 5, "high"),
        ("late, last 9999 weeks", 7, 15, "since:7d"),
        ("late synthetic", 6, 9, "synthetic>0.9"),
        ("synthetic>2", 11, 1, "0.9"),
        ("since:yesterday", 7, 9, "7d"),
        ("high or medium", 6, 2, ""),
        ("late last wek", 6, 4, ""),
        ("not wel", 5, 3, ""),
        ("undeclared:yes", 1, 14, "undeclared"),
        ('late sender:"x', 6, 9, ""),
        ("sender:", 1, 7, ""),
    ],
)
def test_an_error_points_at_the_word(text, column, length, suggestion):
    with pytest.raises(InvalidFilter) as caught:
        parse(text)
    assert (caught.value.column, caught.value.length, caught.value.suggestion) == (column, length, suggestion)


def test_there_are_limits():
    for text in ("x" * 1001, "late " * 41, "severity:" + ",".join(["high"] * 21)):
        with pytest.raises(InvalidFilter, match="at most"):
            parse(text)


def test_the_examples_of_all_fields_are_read():
    for known in FIELDS.values():
        assert parse(known.example)[0].field == known.name


def test_the_documentation_has_every_field():
    text = (Path(__file__).parents[2] / "docs" / "queues.md").read_text("utf-8")
    for known in FIELDS.values():
        assert f"| `{known.example}` | {known.says}" in text


@pytest.mark.parametrize("module", [filters, filter_words, order])
def test_the_examples_of_the_documentation_hold(module):
    assert doctest.testmod(module).failed == 0
