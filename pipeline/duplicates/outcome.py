"""What a run found, taken into the screenings: the cluster of each member, its match, and one flag for all.

A screening says of its recording what the stream knew when it came. A run over the whole lake may know more. So the
screenings of members whose cluster is another one by now, and of recordings whose ISRC is found to have another sound,
are judged again, kept, and delivered as those of `liner scan`; nobody listens again.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.deliver import ClientFactory, Courier
from pipeline.duplicates.places import Place, Places
from pipeline.duplicates.results import STRETCH_FIELDS
from pipeline.keep import Keeper
from pipeline.lake import Lake
from pipeline.screened import Screened
from pipeline.validate import profile_ref
from schemas.copies import Cluster, Namesake
from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.findings import Finding
from schemas.flags import Span
from schemas.known import Known, Match, MatchKind, Segment
from schemas.policy import Policy, judge
from schemas.profile import Profile, shipped_profile, shipped_profiles
from schemas.rules import Scope, run
from schemas.screening import Screening, derived_id

COPY_RULES = frozenset({"HIS-006", "HIS-007"})

Row = Mapping[str, Any]


def take_into(
    lake: Path, policy: Policy, review: ClientFactory | None, profile: Profile | None = None
) -> tuple[int, Counter[str]]:
    """Keep the screenings that a run changes, and deliver them.

    Parameters
    ----------
    review
        Makes a client of the review API; None to deliver nothing.
    profile
        One that screenings were weighed with and that does not come with liner.

    Returns
    -------
    tuple
        How many screenings are new, and the answers of the review API.

    Raises
    ------
    LakeUnusable
        The lake cannot be written.
    """
    count, delivered = 0, Counter[str]()
    with contextlib.closing(Keeper(lake, delivers=review is not None)) as keeper:
        for count, screening in enumerate(judged_again(lake, policy, profile), start=1):  # noqa: B007 - the last counts
            keeper.keep(Screened(screening, is_heard_before=True))
        keeper.flush()
    if review is not None:
        with contextlib.closing(Courier(lake, review)) as courier:
            delivered, _ = courier.deliver_all()
    Lake(lake).tidy()
    return count, delivered


def judged_again(lake: Path, policy: Policy, profile: Profile | None = None) -> Iterator[Screening]:
    """Yield the screenings that a run changes, judged by a policy.

    Parameters
    ----------
    lake
        With what `liner duplicates` wrote.
    """
    weights = _profiles(profile)
    with Places.of_lake(lake) as places:
        for old in places.screenings(Lake(lake)):
            own = _Own(old, places.of(old.intake.recording_key))
            if own.is_other:
                yield own.judged(policy, weights.get(old.versions.profile))


def _profiles(own: Profile | None) -> dict[str, Profile]:
    """Map what screenings pin to the profiles at hand: a finding weighs what it did when the recording was screened."""
    every = [*map(shipped_profile, shipped_profiles()), *([own] if own else [])]
    return {profile_ref(one): one for one in every}


class _Own:
    """One screening beside what the run says of its recording."""

    def __init__(self, old: Screening, place: Place) -> None:
        self._old, self._place = old, place
        self._key = old.intake.recording_key

    @property
    def is_other(self) -> bool:
        """Whether the screening does not say the same: who belongs to it, at whom it is flagged, whose ISRC it is."""
        before, after = self._old.known, self._place
        is_new_name = {one.recording_key for one in after.namesakes} - _earlier(before)
        return bool(is_new_name) or (after.cluster is not None and _said(before.cluster) != _said(after.cluster))

    def judged(self, policy: Policy, profile: Profile | None) -> Screening:
        """Give the screening with the cluster, a match with its earliest, and the namesake, under another id."""
        old = self._old
        known = old.known.model_copy(update=self._known())
        evidence = Evidence(intake=old.intake, found=old.found, heard=old.heard, known=known, fused=old.fused)
        findings = _findings(old, evidence, profile)
        return old.model_copy(
            update={
                "id": derived_id("scr", old.id, policy.ref, known.model_dump_json()),
                "versions": old.versions.model_copy(update={"policy": policy.ref}),
                "screened_at": datetime.now(UTC),
                "known": known,
                "findings": findings,
                "flags": judge(evidence, findings, policy),
            }
        )

    def _known(self) -> dict[str, Any]:
        told = _earlier(self._old.known)
        new = tuple(one for one in self._place.namesakes if one.recording_key not in told)
        namesakes: tuple[Namesake, ...] = (*(self._old.known.namesakes or ()), *new)
        if self._place.cluster is None:
            return {"namesakes": namesakes}
        return {"namesakes": namesakes, "cluster": self._place.cluster, "matches": self._matches(self._place.cluster)}

    def _matches(self, cluster: Cluster) -> tuple[Match, ...]:
        before = tuple(self._in_order(one, cluster) for one in self._old.known.matches or ())
        first = cluster.earliest.recording_key
        if first == self._key or any(one.recording_key == first for one in before):
            return before
        return (self._match(cluster), *before)

    def _in_order(self, match: Match, cluster: Cluster) -> Match:
        """Say of a match with a member who is the earliest now; of one day the stream may have taken another."""
        first = cluster.earliest.recording_key
        if match.recording_key == first:
            return match.model_copy(update={"is_earlier": True})
        is_member = any(one.recording_key == match.recording_key for one in cluster.members)
        return match.model_copy(update={"is_earlier": False}) if is_member and self._key == first else match

    def _match(self, cluster: Cluster) -> Match:
        """Say how the recording lies on the earliest; without a link its samples are those of another member."""
        first, row, link = cluster.earliest, self._place.first or {}, self._place.link
        return Match(
            recording_key=first.recording_key,
            isrc=first.isrc,
            title=first.title,
            display_artist=first.display_artist,
            sender_id=first.sender_id,
            audio_uri=row["audio_uri"],
            released_on=first.released_on,
            relation=self._place.copy.relation if self._place.copy else None,
            declared=Level(row["declared_level"]),
            **(_laid(link) if link else self._whole(row["signal_hash"])),
        )

    def _whole(self, signal_hash: str | None) -> dict[str, Any]:
        audio = self._old.found.audio
        whole = Span(start_s=0.0, end_s=audio.duration_s if audio else 0.0)
        is_equal = audio is not None and audio.signal_hash is not None and audio.signal_hash == signal_hash
        kind = MatchKind.SAME_SIGNAL if is_equal else MatchKind.FINGERPRINT
        return {"kind": kind, "own": whole, "other": whole, "score": whole.end_s, "own_share": 1.0, "other_share": 1.0}


def _earlier(known: Known) -> set[str]:
    return {one.recording_key for one in known.namesakes or () if one.is_earlier}


def _findings(old: Screening, evidence: Evidence, profile: Profile | None) -> tuple[Finding, ...]:
    """Hold the recording against its copies and namesakes once more; every other finding stays."""
    kept = (one for one in old.findings if one.rule not in COPY_RULES)
    new = [one for one in run(Scope.RECORDING, evidence) if one.rule in COPY_RULES]
    return (*kept, *(profile.apply(new) if profile else new))


def _said(cluster: Cluster | None) -> object:
    """Reduce a cluster to what is worth saying anew.

    Of a cluster that names only some of its members the size counts by powers of two: whoever is one of two million
    need not be told of each that joins.
    """
    if cluster is None:
        return None
    size = cluster.size if cluster.names_all else cluster.size.bit_length()
    return cluster.id, size, cluster.bearer, cluster.at_odds, {member.recording_key for member in cluster.members}


def _laid(link: Row) -> dict[str, Any]:
    segments = tuple(
        Segment(own=own, other=other, speed=one["speed"], pitch_semitones=one["pitch_semitones"])
        for one in link["stretches"]
        for own, other in [_spans(one)]
    )
    own, other = _spans(link)
    same = {name: link[name] for name in ("speed", "pitch_semitones", "own_share", "other_share")}
    return {
        "kind": MatchKind.FINGERPRINT, "own": own, "other": other, "score": link["votes"], "segments": segments, **same
    }  # fmt: skip


def _spans(row: Row) -> tuple[Span, Span]:
    start, end, other_start, other_end = (row[name] for name in STRETCH_FIELDS[:4])
    return Span(start_s=start, end_s=end), Span(start_s=other_start, end_s=other_end)
