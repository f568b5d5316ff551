"""Rejudge: a lake under another policy, model or calibration, without decoding anything.

A screening keeps the packed windows that its synthetic score was made from, so another model of the same features,
or another calibration, gives its own score; signs of spam are added up again, with what is known of the sender by
now. Every other signal and every finding stays as it was, for rules do not ask models. Then the policy judges again.
What comes out is a new screening that pins what made it.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from classifiers.models import active
from classifiers.spam.model import fused
from pipeline.deliver import ClientFactory, Courier
from pipeline.keep import Keeper
from pipeline.lake import FLUSH_ROWS, Lake
from pipeline.screened import Screened
from pipeline.senders import FILE as SENDERS_FILE
from pipeline.senders import SenderIndex, day_of, sender_of
from schemas.evidence import Evidence
from schemas.policy import Policy, judge
from schemas.screening import Heard, Known, Screening, Signal, derived_id

if TYPE_CHECKING:
    from classifiers.synthetic.model import SyntheticModel


@dataclass(frozen=True, slots=True)
class Changes:
    """What judging again changed.

    Attributes
    ----------
    seen, changed
        Screenings, one for each recording's bytes; those whose flags are others than before.
    scored, unscored
        Those that the model scored again, and those that keep no windows of its features: listen to them again.
    before, after
        Flags by code and severity, e.g. ``AUD-006 low``.
    delivered
        Answers of the review API.
    """

    seen: int = 0
    changed: int = 0
    scored: int = 0
    unscored: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to judge with.

    Attributes
    ----------
    policy
        The policy that counts from now on.
    names
        Models in use by kind; None to leave every signal as it is.
    """

    policy: Policy
    names: dict[str, str] | None = None


def rejudge(lake: Path, verdict: Verdict, *, review: ClientFactory | None, keeps: bool = True) -> Changes:
    """Judge every latest screening of a lake again.

    Parameters
    ----------
    review
        Makes a client of the review API; None to deliver nothing.
    keeps
        False to count alone and to write nothing.

    Raises
    ------
    LinerError
        The lake cannot be written, or a model is not there.
    """
    totals: Counter[str] = Counter()
    before, after, delivered = Counter[str](), Counter[str](), Counter[str]()
    judged = _Judge(verdict, lake)
    with contextlib.closing(Keeper(lake, delivers=review is not None and keeps)) as keeper:
        for old in latest_screenings(Lake(lake)):
            new, was_scored = judged(old)
            totals.update(seen=1, changed=old.flags != new.flags, scored=was_scored, unscored=not was_scored)
            before.update(f"{flag.code} {flag.severity}" for flag in old.flags)
            after.update(f"{flag.code} {flag.severity}" for flag in new.flags)
            if keeps and new.id != old.id:
                keeper.keep(Screened(new, is_heard_before=True))
        if keeps:
            keeper.flush()
    if keeps and review is not None:
        with contextlib.closing(Courier(lake, review)) as courier:
            delivered, _ = courier.deliver_all()
    if keeps:
        Lake(lake).tidy()
    return Changes(**{name: totals[name] for name in ("seen", "changed", "scored", "unscored")}, before=before,
                   after=after, delivered=delivered)  # fmt: skip


def latest_screenings(lake: Lake) -> Iterator[Screening]:
    """Yield the last screening of each recording's bytes, whatever made it."""
    last: dict[str, tuple[str, str]] = {}
    for part in lake.parts("screenings"):
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=FLUSH_ROWS, columns=["source_key", "screened_at", "id"]):
                for row in batch.to_pylist():
                    stamp = (str(row["screened_at"]), row["id"])
                    last[row["source_key"]] = max(last.get(row["source_key"], ("", "")), stamp)
    wanted = {name for _, name in last.values()}
    for part in lake.parts("screenings"):
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=FLUSH_ROWS, columns=["id", "screening"]):
                for row in batch.to_pylist():
                    if row["id"] in wanted:
                        wanted.discard(row["id"])
                        yield Screening.model_validate_json(row["screening"])


class _Judge:
    """Judges one screening after the other."""

    def __init__(self, verdict: Verdict, lake: Path) -> None:
        self._policy = verdict.policy
        self._model = _load(verdict.names)
        self._spam = (verdict.names or {}).get(active.SPAM)
        self._senders = SenderIndex(lake) if (lake / SENDERS_FILE).is_file() else None

    def __call__(self, old: Screening) -> tuple[Screening, bool]:
        """Give the new screening, and whether the model scored it again."""
        heard, models = self._heard(old)
        evidence = Evidence(intake=old.intake, found=old.found, heard=heard, known=self._known(old))
        added = fused(evidence, old.findings, self._spam) if self._spam else old.fused
        evidence = evidence.model_copy(update={"fused": added})
        pins = _pinned(models, old, added)
        versions = old.versions.model_copy(update={"policy": self._policy.ref, "models": pins})
        if versions == old.versions and heard == old.heard and evidence.known == old.known and added == old.fused:
            return old, heard is not old.heard
        update = {
            "id": derived_id("scr", old.id, versions.key, *_past(evidence.known, old.known)),
            "versions": versions,
            "screened_at": datetime.now(UTC),
            "heard": heard,
            "known": evidence.known,
            "fused": added,
            "flags": judge(evidence, old.findings, self._policy),
        }
        return old.model_copy(update=update), heard is not old.heard

    def _known(self, old: Screening) -> Known:
        """Bring the sender's record up to date; whom the names recall stays as it was on arrival."""
        sender = sender_of(old.intake.account, old.intake.sender_id)
        if self._senders is None or sender is None:
            return old.known
        made = old.intake.message_created_at
        record = self._senders.record(sender, day_of(made) if made else None)
        return old.known.model_copy(update={"sender": record})

    def _heard(self, old: Screening) -> tuple[Heard, tuple[str, ...]]:
        """Score again what can be; what made the rest stays pinned."""
        if self._model is None or not self._model.reads(old.heard.traces):
            return old.heard, old.versions.models
        from classifiers.synthetic.ear import score_again, scored_by  # noqa: PLC0415 - loads numpy and scipy

        heard = score_again(old.heard, self._model, codec=old.found.audio.codec if old.found.audio else "")
        others = (name for name in old.versions.models if name not in scored_by(old.heard))
        return heard, (*others, self._model.ref)


def _pinned(models: tuple[str, ...], old: Screening, added: tuple[Signal, ...]) -> tuple[str, ...]:
    """Pin what added the signs up now in the place of what did before, after all others."""
    pins = tuple(dict.fromkeys(one.model for one in added))
    others = {*pins, *(one.model for one in old.fused)}
    return (*(name for name in models if name not in others), *pins)


def _past(known: Known, before: Known) -> tuple[str, ...]:
    return (known.model_dump_json(),) if known != before else ()


def _load(names: dict[str, str] | None) -> "SyntheticModel | None":
    if names is None:
        return None
    from classifiers.synthetic.model import SyntheticModel  # noqa: PLC0415

    return SyntheticModel.in_use(names)
