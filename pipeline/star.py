"""One cluster as the stream knows it: the earliest recording, those around it, and who tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.duplicates.results import SHOWN, cluster_id
from pipeline.sound import Sound
from schemas.copies import Cluster, bearer_of, is_at_odds, relation_of
from schemas.disclosure import Level

COUNTED = 1000  # members whose names are compared in a moment; `liner duplicates` compares all


@dataclass(frozen=True, slots=True)
class Star:
    """A centre and its members.

    Attributes
    ----------
    members
        The others, earliest first; of a very large star the earliest `COUNTED`.
    size
        How many recordings there are, the centre included.
    """

    centre: Sound
    members: tuple[Sound, ...]
    size: int

    @property
    def is_counted(self) -> bool:
        """Whether every member is here."""
        return self.size == 1 + len(self.members)

    @property
    def has_doubled(self) -> bool:
        """Whether the last who joined doubled it since all of them were told."""
        return self.size & (self.size - 1) == 0

    def bearer(self) -> str | None:
        """Choose the member at which it is flagged, of those that a screening shows."""
        return bearer_of(member.copy_of(self.centre) for member in self.members[:SHOWN])

    def at_odds(self) -> str | None:
        """Choose where it is told that copies are declared in two ways: the bearer, if that is one of them."""
        differing = [one.recording_key for one in self.members if self._differs(one)]
        bearer = self.bearer()
        return bearer if bearer in differing else next(iter(differing), None)

    def tellers(self) -> set[str]:
        """Name those whose screenings say how large it is: the centre, and whoever bears a flag for all."""
        return {self.centre.recording_key} | {key for key in (self.bearer(), self.at_odds()) if key}

    def shown(self) -> set[str]:
        """Name those whom a screening names."""
        return {one.recording_key for one in (self.centre, *self.members[:SHOWN])}

    def with_member(self, own: Sound) -> "Star":
        """Give it as if a recording belonged to it."""
        if own.number in (self.centre.number, *(one.number for one in self.members)):
            return self
        return replace(self, members=_by_rank((*self.members, own)), size=self.size + 1)

    def without(self, own: Sound) -> "Star":
        """Give it as if a recording did not belong to it."""
        kept = tuple(one for one in self.members if one.number != own.number)
        return replace(self, members=kept, size=self.size - len(self.members) + len(kept))

    def seen_from(self, own: Sound) -> Cluster:
        """Describe it for the screening of one of its recordings."""
        everyone = (self.centre, *self.members)
        whole = Cluster(
            id=cluster_id(self.centre.recording_key),
            earliest=self.centre.copy_of(None),
            bearer=self.bearer(),
            at_odds=self.at_odds(),
            size=self.size,
            is_counted=self.is_counted,
            titles=len({one.title for one in everyone}),
            artists=len({one.display_artist for one in everyone}),
            senders=len({one.sender_id for one in everyone}),
            members=tuple(member.copy_of(self.centre) for member in self.members[:SHOWN]),
        )
        return whole.seen_from(own.copy_of(self.centre))

    def _differs(self, one: Sound) -> bool:
        level, earliest = Level(one.declared), Level(self.centre.declared)
        is_equal = one.signal_hash == self.centre.signal_hash  # the history says it of equal samples
        return not is_equal and is_at_odds(relation_of(one, self.centre), level, earliest)


def _by_rank(sounds: Iterable[Sound]) -> tuple[Sound, ...]:
    return tuple(sorted(sounds, key=lambda one: one.rank))
