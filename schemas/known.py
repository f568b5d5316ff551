"""The known layer: other recordings with this sound, the cluster that they form, and namesakes."""

from enum import StrEnum

from schemas.base import Model
from schemas.copies import Cluster, Namesake, Relation
from schemas.disclosure import Level
from schemas.flags import Span
from schemas.senders import Resemblance, SenderRecord


class MatchKind(StrEnum):
    """How a match in the catalogue was established."""

    SAME_FILE = "same_file"
    SAME_SIGNAL = "same_signal"
    FINGERPRINT = "fingerprint"


class Match(Model):
    """Another recording of the catalogue with the same sound.

    Attributes
    ----------
    speed
        This recording's speed relative to the other (1.05: this one is 5 % faster).
    pitch_semitones
        This recording's pitch relative to the other.
    own, other
        The aligned stretches in both recordings.
    score
        Evidence in the unit of the method (votes of the fingerprint).
    is_earlier
        Whether the other one was released before this one, by its declared release, else by its delivery.
    released_on
        That day of the other one; ISO 8601.
    own_share, other_share
        How much of each recording's length the aligned stretches cover, in [0, 1].
    relation
        How this one stands to the other, as far as the senders declare it.
    declared
        What the other one's sender declares about AI.
    listed
        The list that a user brought and that holds the other one; None for a recording of the catalogue.
    reason
        Why it is on that list, in the list's own words.
    """

    kind: MatchKind
    recording_key: str
    isrc: str | None = None
    title: str = ""
    display_artist: str = ""
    sender_id: str | None = None
    audio_uri: str | None = None
    speed: float = 1.0
    pitch_semitones: float = 0.0
    own: Span
    other: Span
    score: float
    is_earlier: bool = True
    released_on: str = ""
    own_share: float = 0.0
    other_share: float = 0.0
    relation: Relation | None = None
    declared: Level = Level.UNDECLARED
    listed: str | None = None
    reason: str = ""


class Known(Model):
    """The known layer: what the catalogue says; None where nothing was compared.

    Attributes
    ----------
    cluster
        The recordings that are the same as a whole; None where there is no other.
    namesakes
        Recordings under the same ISRC with another sound; None where that was not compared.
    sender
        What the sender did before; None where nothing was counted.
    resemblances
        Other artists of the catalogue whom the names recall.
    """

    matches: tuple[Match, ...] | None = None
    cluster: Cluster | None = None
    namesakes: tuple[Namesake, ...] | None = None
    sender: SenderRecord | None = None
    resemblances: tuple[Resemblance, ...] = ()
