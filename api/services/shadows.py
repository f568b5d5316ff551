"""What comes in is judged by shadowed policies, too, and counted by model; nothing of it becomes a flag."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session

from api.public_policies import ShadowReport
from api.services.texts import KEY_LIMIT, plain
from api.store import policies as store
from api.tables import ModelDayRow, ShadowRow
from schemas.policy import parse_policy
from schemas.screening import Screening
from schemas.simulation import Judge, by_policy


def observe(session: Session, recorded: Iterable[Screening], now: datetime) -> None:
    """Judge new screenings by every shadow, and count what each model flagged, in the batch's transaction."""
    new = list(recorded)
    if not new:
        return
    store.count_models(session, _model_days(new, now))
    for version_id, text in store.shadow_texts(session):
        flags = _judge(text)
        store.add_shadows(
            session,
            [
                ShadowRow(
                    version_id=version_id,
                    screening_id=one.id,
                    live_codes=_codes(plain(flag.code, KEY_LIMIT) for flag in one.flags),
                    codes=_codes(flag.code for flag in flags(one)),
                    at=now,
                )
                for one in new
            ],
        )


def report(session: Session, version_id: str) -> ShadowReport | None:
    """Say how a shadow compares with the live policy so far; None where it judged nothing."""
    span = store.shadow_span(session, version_id)
    if span is None:
        return None
    counts = store.shadow_counts(session, version_id)
    live, shadow = Counter[str](), Counter[str]()
    for one in counts:
        live.update(dict.fromkeys(one.live_codes.split(), one.number))
        shadow.update(dict.fromkeys(one.codes.split(), one.number))
    return ShadowReport(
        judged=sum(one.number for one in counts),
        first_at=span[0],
        last_at=span[1],
        live=sum(one.number for one in counts if one.live_codes),
        shadow=sum(one.number for one in counts if one.codes),
        both=sum(one.number for one in counts if one.live_codes and one.codes),
        codes={code: (live[code], shadow[code]) for code in sorted({*live, *shadow})},
    )


def models_of(screening: Screening) -> tuple[str, ...]:
    """Name what each flag of a screening rests on, in the flags' order; empty where it rests on no sound."""
    made_by = {signal.name: signal.model for signal in screening.heard.signals}
    return tuple(made_by.get(flag.signal or "", "") for flag in screening.flags)


def _model_days(new: Sequence[Screening], now: datetime) -> list[ModelDayRow]:
    seen, flagged = Counter[str](), Counter[str]()
    for one in new:
        models = {plain(name, KEY_LIMIT) for name in one.versions.models}
        seen.update(models)
        flagged.update(models & {plain(name, KEY_LIMIT) for name in models_of(one)})
    day = now.date()
    return [ModelDayRow(day=day, model=name, screenings=seen[name], flagged=flagged[name]) for name in sorted(seen)]


@lru_cache(maxsize=16)
def _judge(text: str) -> Judge:
    return by_policy(parse_policy(text))


def _codes(codes: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(codes))
