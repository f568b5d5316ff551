"""Compare: what the catalogue knows of one sound: matches, its cluster, and namesakes.

A cluster is a star (see `pipeline.duplicates.stars`). Here it grows one recording at a time: a recording that is the
same as a whole as an earlier one joins the cluster of that one. So of a thousand copies only the earliest has to be
compared with the next. Recordings come in any order; those whose place an arrival changes are looked at again by
`pipeline.revisit`, and the end does not depend on the order.
"""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.catalogue import Alike, Catalogue
from pipeline.duplicates.namesakes import MIN_TOLD_S
from pipeline.duplicates.results import SHOWN
from pipeline.duplicates.sketch import MIN_SECONDS
from pipeline.duplicates.verify import Compare, aligned, is_whole
from pipeline.sound import Sound, alike, same
from pipeline.star import COUNTED, Star
from schemas.copies import Namesake
from schemas.disclosure import Level
from schemas.known import Known, Match, MatchKind

MAX_MATCHES = 20  # a person looks at a few; spam farms make hundreds
MAX_COMPARED = 8  # sounds that an upload is compared with in full
MAX_DOUBTFUL = 2  # ... of those that share no more than strangers do among a million: each costs some 10 ms
MAX_NAMESAKES = 8
MAX_STEPS = 4


class Comparer:
    """Answers what a catalogue knows.

    Parameters
    ----------
    compare
        Lays one fingerprint on another.
    """

    def __init__(self, catalogue: Catalogue, compare: Compare = aligned) -> None:
        self._catalogue = catalogue
        self._compare = compare

    def arrive(self, sound: Sound) -> Known:
        """Add a sound, commit, and look up; note whose place it changes."""
        before = self._catalogue.sound(sound.recording_key)
        asked = _to_tell(self._star(before), before) if before else set()
        own = self._catalogue.add(sound)
        known = self.known(own.recording_key)
        own = self._catalogue.numbered([own.number])[0]  # it may belong to another star now
        if before and self._is_another(before, own):
            known = known.model_copy(update={"namesakes": (_namesake(before), *(known.namesakes or ()))})
        others: tuple[Match | Namesake, ...] = (*(known.matches or ()), *(known.namesakes or ()))
        asked |= {one.recording_key for one in others if not one.is_earlier}
        if before:  # it may have another title, or another declaration
            asked |= _to_tell(self._star(own), own)
        self._catalogue.ask_revisit(sorted(asked - {own.recording_key}))
        return known

    def known(self, recording_key: str) -> Known:
        """Say what the catalogue knows of a sound that was added before, the strongest match first."""
        own = self._catalogue.sound(recording_key)
        if own is None:
            return Known()
        equal, near = list(self._equal(own)), dict(self._near(own))
        seen = {other.number for other, _ in equal}
        found = [*equal, *((other, match) for other, match in near.values() if other.number not in seen)]
        before, own = own.centre, self._settled(own, found)
        if own.centre != before:
            self._tell(own, before)
        star = self._star(own)
        matches = tuple(match for _, match in found)
        return Known(
            matches=matches[:MAX_MATCHES],
            cluster=star.seen_from(own) if star else None,
            namesakes=self._namesakes(own, matches),
        )

    # --- matches

    def _equal(self, own: Sound) -> Iterator[tuple[Sound, Match]]:
        seen: set[int] = set()
        for kind, others in (
            (MatchKind.SAME_FILE, self._catalogue.of_file(own, MAX_MATCHES)),
            (MatchKind.SAME_SIGNAL, self._catalogue.of_signal(own, MAX_MATCHES)),
        ):
            for other in others:
                if other.number not in seen:
                    seen.add(other.number)
                    yield other, same(kind, own, other)

    def _near(self, own: Sound) -> Iterator[tuple[int, tuple[Sound, Match]]]:
        """Compare with the strongest candidates."""
        found = self._matched(own)
        found.sort(key=lambda pair: -pair[1].score)
        yield from ((other.number, (other, match)) for other, match in found)

    def _matched(self, own: Sound) -> list[tuple[Sound, Match]]:
        """Lay a sound on its candidates; a cluster is asked through its centre."""
        tried: set[int] = {own.number}
        found: list[tuple[Sound, Match]] = []
        for number in likeliest(self._catalogue.alike(own)):
            if len(tried) > MAX_COMPARED:
                break
            for other in self._worth_comparing(number, own, tried):
                tried.add(other.number)
                match = self._laid_on(own, other)
                if match:
                    found.append((other, match))
                    break
        return found

    def _worth_comparing(self, number: int, own: Sound, tried: set[int]) -> Iterator[Sound]:
        """Yield the centre of a candidate's cluster, then the candidate itself if the centre was no match."""
        for candidate in self._catalogue.numbered([number]):
            centre = self._centre_of(candidate)
            if centre.number not in (own.number, number):
                if centre.number in tried:
                    return
                yield centre
            if number not in tried:
                yield candidate

    def _centre_of(self, sound: Sound) -> Sound:
        """Follow who stands around whom; while an earlier recording takes a star over, that may be two steps."""
        for _ in range(MAX_STEPS):
            if sound.is_centre or sound.centre is None:
                break
            sound = next(iter(self._catalogue.numbered([sound.centre])), sound)
        return sound

    def _laid_on(self, own: Sound, other: Sound) -> Match | None:
        if not own.fingerprint or not other.fingerprint:
            return None
        try:
            alignment = self._compare(own.fingerprint, other.fingerprint)
        except ValueError:  # one of them is of another version
            return None
        return alike(own, other, alignment) if alignment else None

    # --- clusters

    def _settled(self, own: Sound, found: Iterable[tuple[Sound, Match]]) -> Sound:
        """Join the earliest centre that is the same as a whole; tell those who stand around this one if that is new."""
        whole = [self._joinable(o, match) for o, match in found if o.listed is None and _is_copy(own, match)]
        whole = [other for other in whole if other.number != own.number]
        earlier = sorted((o for o in whole if o.rank < own.rank), key=lambda o: o.rank)
        centre = next((o.number for o in earlier if o.is_centre), None)
        if centre is None and any(o.rank > own.rank for o in whole):
            centre = own.number
        if self._catalogue.settle(own, centre):
            if centre != own.number:
                around = self._catalogue.of_centre(own.number, COUNTED)
                self._catalogue.ask_revisit(m.recording_key for m in around)
            return self._catalogue.numbered([own.number])[0]
        return own

    def _joinable(self, other: Sound, match: Match) -> Sound:
        """Take the centre of a twin for the twin: what is equal to a member is as much a copy of its centre."""
        return self._centre_of(other) if match.kind is MatchKind.SAME_SIGNAL else other

    def _star(self, own: Sound) -> Star | None:
        """Read the cluster that a recording belongs to; None where it is alone."""
        star = self._star_of(own.number if own.centre is None else own.centre)
        return star if star and star.members else None

    def _star_of(self, number: int) -> Star | None:
        """Read who stands around a recording; None where it is gone."""
        members = tuple(self._catalogue.of_centre(number, COUNTED))
        count = len(members) if len(members) < COUNTED else self._catalogue.count_of_centre(number)
        return next((Star(centre, members, 1 + count) for centre in self._catalogue.numbered([number])), None)

    def _tell(self, own: Sound, left: int | None) -> None:
        """Have those looked at again who tell of the star that a recording joined, or of the one that it left."""
        asked = _to_tell(self._star(own), own)
        if left not in (None, own.number):
            asked |= _to_tell(self._star_of(left), own)
        self._catalogue.ask_revisit(sorted(asked - {own.recording_key}))

    # --- namesakes

    def _namesakes(self, own: Sound, matches: Iterable[Match]) -> tuple[Namesake, ...]:
        matched = {match.recording_key for match in matches}
        others = [o for o in self._catalogue.of_isrc(own, MAX_NAMESAKES) if o.recording_key not in matched]
        apart = (o for o in others if o.signal_hash != own.signal_hash and self._is_other_sound(own, o))
        return tuple(_namesake(other, is_earlier=other.rank < own.rank) for other in apart)

    def _is_another(self, before: Sound, own: Sound) -> bool:
        """Whether a recording is delivered again under its ISRC with a sound that can be told from the one before."""
        is_same = own.isrc is None or own.isrc != before.isrc or own.signal_hash == before.signal_hash
        return not is_same and self._is_other_sound(own, before)

    def _is_other_sound(self, own: Sound, other: Sound) -> bool:
        """Whether both can be told apart and are not the same; a centre of the same cluster says that they are."""
        if own.centre is not None and own.centre == other.centre:
            return False
        return self._laid_on(own, other) is None and all(map(self._is_known_again, (own, other)))

    def _is_known_again(self, sound: Sound) -> bool:
        """Whether a sound is found in itself: what is too short, silent or steady is not, and is not told apart."""
        return sound.duration_s >= MIN_TOLD_S and self._laid_on(sound, sound) is not None


def _namesake(other: Sound, *, is_earlier: bool = True) -> Namesake:
    return Namesake(
        recording_key=other.recording_key,
        isrc=other.isrc or "",
        title=other.title,
        display_artist=other.display_artist,
        sender_id=other.sender_id,
        duration_s=other.duration_s,
        declared=Level(other.declared),
        is_earlier=is_earlier,
    )


def _to_tell(star: Star | None, own: Sound) -> set[str]:
    """Name those to whom it matters that a recording belongs to a star, or does so no more.

    Whoever bears the flag with it, or without it: a cluster has one. The others are told when their number has doubled,
    so that each of very many copies costs the same.
    """
    if star is None:
        return set()
    tellers, before = star.with_member(own).tellers(), star.without(own).tellers()
    if star.has_doubled:
        return tellers | before | star.shown()
    return tellers | before if star.size <= SHOWN or tellers != before else set()


def likeliest(alike: Sequence[Alike]) -> list[int]:
    """Choose from sounds that share keys with one, the strongest first, the numbers of those to compare it with."""
    certain = sum(one.is_certain for one in alike)
    return [one.number for one in alike[: certain + MAX_DOUBTFUL]][:MAX_COMPARED]


def _is_copy(own: Sound, match: Match) -> bool:
    """Whether two recordings are one sound as a whole; silence, and a moment, are copies of nothing."""
    if own.duration_s < MIN_SECONDS or not own.fingerprint:
        return False
    return is_whole(match.own_share, match.other_share)
