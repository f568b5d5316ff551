"""Finding cases by part of a text: folded words beside each case, in a narrow table with an index of three letters.

The condition that means what is asked for is `has_words`. It reads case by case, which is quick where many match and
a page fills soon. Where few match, `narrowing` names them first, whatever the order of work.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, and_, bindparam, false, or_
from sqlmodel import Session, col, select

from api.services.texts import folded
from api.store import bulk
from api.tables import CaseRow, CaseTextRow
from schemas.filters import Term

COLUMNS = ("title", "artist", "isrc")
FIELDS = {"text", "title", "artist"}  # of the filter language: what they find has the words, too
LEAST = 3  # letters that an index can be asked for
MOST = 5000  # cases that are named; where more match, a page of them is found soon in any order
_CASE_ID = re.compile(r"cas_[0-9a-f]{0,32}")


def words(case: Mapping[str, Any]) -> str:
    """Give what a case is found by, of its columns."""
    return folded("\n".join(case[name] for name in COLUMNS))


def insert(session: Session, cases: Iterable[Mapping[str, Any]]) -> None:
    """Keep the words of new cases, given as columns."""
    bulk.insert(session, CaseTextRow, [{"case_id": case["id"], "words": words(case)} for case in cases])


def update(session: Session, cases: Iterable[CaseRow]) -> None:
    """Keep the words of cases that may have changed."""
    changed = [{"changed": row.id, "to": words({name: getattr(row, name) for name in COLUMNS})} for row in cases]
    if changed:
        own = col(CaseTextRow.case_id) == bindparam("changed")
        statement = sqlalchemy.update(CaseTextRow).where(own).values(words=bindparam("to"))
        session.connection().execute(statement, changed)


def has_words(text: str) -> ColumnElement[bool]:
    """Whether a text is part of a case's title, artist or ISRC, or begins its id; accents and case do not matter."""
    own = col(CaseTextRow.case_id) == col(CaseRow.id)
    return or_(sqlalchemy.exists().where(own, _contains(text)), _begins_id(text))


def narrowing(session: Session, terms: Sequence[Term], q: str) -> list[ColumnElement[bool]]:
    """Name the cases that a text can be found in, where they are few; nothing else is ruled out by it."""
    groups = [term.values for term in terms if term.field in FIELDS and not term.is_negated]
    asked = [*groups, (q,)] if q else groups
    if not asked:
        return []
    longest = max(asked, key=_shortest)
    if _shortest(longest) < LEAST:
        return []
    found = _find(session, longest)
    return [] if len(found) > MOST else [bulk.among(session, CaseRow.id, found)]


def _find(session: Session, texts: Collection[str]) -> set[str]:
    has_any = select(CaseTextRow.case_id).where(or_(*map(_contains, texts))).limit(MOST + 1)
    begins = select(CaseRow.id).where(or_(*map(_begins_id, texts))).limit(MOST + 1)
    ids = [text for text in texts if _CASE_ID.fullmatch(folded(text))]
    return {*session.exec(has_any), *(session.exec(begins) if ids else ())}


def _shortest(texts: Collection[str]) -> int:
    return min(len(folded(text)) for text in texts)


def _contains(text: str) -> ColumnElement[bool]:
    return col(CaseTextRow.words).contains(folded(text), autoescape=True)


def _begins_id(text: str) -> ColumnElement[bool]:
    start = folded(text)
    if not _CASE_ID.fullmatch(start):
        return false()
    return and_(col(CaseRow.id) >= start, col(CaseRow.id) < start + "g")  # ids go on with 0-9 and a-f
