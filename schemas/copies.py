"""Copies of one sound: how two of them stand to each other, and the cluster that they form.

A copy is no offence by itself. Labels re-release, distributors change, radio edits and remixes exist. `relation_of`
tells them apart by what the two senders declare; everything it reads is a claim, so a relation other than
`SAME_ISRC` and `RE_RELEASE` says what to check, not what is true.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol, Self

from schemas.base import Model
from schemas.disclosure import Level

_PARTS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\s[-\u2013\u2014]\s(.*)$")
_GUEST = re.compile(r"\b(?:feat|ft|featuring|with)\b\.?\s.*$")
_EDIT = re.compile(
    r"\b(edit|edited|radio|single version|album version|extended|short|long version|remaster(?:ed)?|mono|stereo|"
    r"explicit|clean|instrumental|acapella|a cappella|sped up|speed up|slowed|nightcore|demo|live|intro|outro)\b"
)
_REMIX = re.compile(
    r"\b(re-?mix(?:ed)?|mix|mixed|rework(?:ed)?|bootleg|mash-?up|vip|dub|flip|re-?fix|medley|megamix)\b"
)
COPY_SHARE = 0.6  # of both recordings; what shares less is another work with a part of it
_HOLDER_NOISE = re.compile(r"[\u2117\u00a9]|\((?:p|c)\)|\b(?:1[89]|20)\d\d\b|\b(?:ltd|llc|inc|gmbh|limited|bv|ab|sa)\b")


class Relation(StrEnum):
    """How a recording stands to another one with its sound, as far as the senders declare it.

    Attributes
    ----------
    SAME_ISRC
        One recording, delivered again or released again.
    RE_RELEASE
        The same sender, the same title, another ISRC.
    SAME_HOLDER
        Another sender who names the same rights holder and title: a change of distributor, or a claim.
    SAME_NAME
        Another sender who names the same artist and title, but not the same rights holder.
    EDIT
        The titles differ in a word such as "Radio Edit"; the artist is the same.
    REMIX
        The title says that it is a remix, mash-up or the like of the other one.
    RETITLED
        The same sender or rights holder, under another title.
    STRANGER
        None of these.
    """

    SAME_ISRC = "same_isrc"
    RE_RELEASE = "re_release"
    SAME_HOLDER = "same_holder"
    SAME_NAME = "same_name"
    EDIT = "edit"
    REMIX = "remix"
    RETITLED = "retitled"
    STRANGER = "stranger"

    @property
    def is_declared(self) -> bool:
        """Whether the senders' own words explain why the sound is the same."""
        return self not in (Relation.RETITLED, Relation.STRANGER)


class Described(Protocol):
    """What `relation_of` needs to know of a recording."""

    @property
    def isrc(self) -> str | None: ...  # noqa: D102

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def display_artist(self) -> str: ...  # noqa: D102

    @property
    def sender_id(self) -> str | None: ...  # noqa: D102

    @property
    def rights_holder(self) -> str: ...  # noqa: D102


class Copy(Model):
    """One member of a cluster, as the catalogue knows it.

    Attributes
    ----------
    released_on
        The day of its declared release, else of its delivery; ISO 8601.
    relation
        To the cluster's earliest; None for the earliest itself.
    """

    recording_key: str
    isrc: str | None = None
    title: str = ""
    display_artist: str = ""
    sender_id: str | None = None
    released_on: str = ""
    relation: Relation | None = None


class Cluster(Model):
    """The recordings that share more than half of their sound with one of them, the earliest.

    Attributes
    ----------
    id
        Derived from the earliest.
    earliest
        The one with the earliest declared release; the centre of the star.
    bearer
        ``recording_key`` of the member at which the cluster is flagged: one flag for all.
    at_odds
        ``recording_key`` of the member at which it is flagged that members are declared in another way.
    size
        How many recordings there are, the earliest included.
    titles, artists, senders
        How many different ones they have; at least so many where not ``is_counted``.
    is_counted
        Whether the names of all were compared; of a very large cluster, those of the earliest thousand are.
    members
        The others, earliest first, up to a number that a screening can carry; the rest is counted in ``size``. In the
        screening of one of the rest: the bearer and itself.
    """

    id: str
    earliest: Copy
    bearer: str | None = None
    at_odds: str | None = None
    size: int
    titles: int
    artists: int
    senders: int
    is_counted: bool = True
    members: tuple[Copy, ...] = ()

    @property
    def names_all(self) -> bool:
        """Whether every member is named."""
        return self.size == 1 + len(self.members)

    def seen_from(self, own: Copy) -> Self:
        """Give it for the screening of a member; who is not named in it is named with the bearer alone."""
        shown = {one.recording_key: one for one in (self.earliest, *self.members)}
        if own.recording_key in shown:
            return self
        bearer = (shown[self.bearer],) if self.bearer in shown else ()
        return self.model_copy(update={"members": (*bearer, own)})

    def describe(self) -> str:
        """Say in one sentence what it is."""
        first = self.earliest
        name = " by ".join(filter(None, (f"\u201c{first.title}\u201d", first.display_artist)))
        isrc = f" ({first.isrc})" if first.isrc else ""
        named = ((self.titles, "title"), (self.artists, "artist"), (self.senders, "sender"))
        counts = ", ".join(_many(number, noun, at_least=not self.is_counted) for number, noun in named)
        return (
            f"One of {self.size} recordings of this sound ({counts}); the earliest, {first.released_on}: {name}{isrc}."
        )


def bearer_of(members: Iterable[Copy]) -> str | None:
    """Choose the member at which a cluster is flagged: the first of the least explained; None where all are explained.

    The same ISRC, and the same sender with the same title, need no explanation.
    """
    order = {Relation.STRANGER: 0, Relation.RETITLED: 1}
    open_ones = [m for m in members if m.relation not in (None, Relation.SAME_ISRC, Relation.RE_RELEASE)]
    return (
        min(open_ones, key=lambda m: order.get(m.relation or Relation.STRANGER, 2)).recording_key if open_ones else None
    )


def is_at_odds(relation: Relation | None, level: Level, earliest: Level) -> bool:
    """Whether a member is declared in another way than the earliest; a remix may have been made in another way.

    Of the same ISRC the history says it.
    """
    is_comparable = relation not in (None, Relation.SAME_ISRC, Relation.REMIX)
    return is_comparable and Level.UNDECLARED not in (level, earliest) and level is not earliest


class Namesake(Model):
    """Another recording under the same ISRC whose sound is not the same; or the same one, as it sounded before.

    Attributes
    ----------
    recording_key
        The recording's own where its sender delivered it again with another sound.
    is_earlier
        Whether it was released before this one, by its declared release, else by its delivery.
    """

    recording_key: str
    isrc: str
    title: str = ""
    display_artist: str = ""
    sender_id: str | None = None
    duration_s: float
    declared: Level = Level.UNDECLARED
    is_earlier: bool = True


def relation_of(own: Described, other: Described) -> Relation:
    """Say how a recording stands to another one with the same sound.

    Examples
    --------
    >>> from types import SimpleNamespace as Recording
    >>> a = Recording(isrc=None, title="Rain", display_artist="Nova", sender_id="S1", rights_holder="Nova Records")
    >>> b = Recording(isrc=None, title="Rain (Radio Edit)", display_artist="Nova", sender_id="S2", rights_holder="")
    >>> relation_of(b, a).value, relation_of(a, a).value
    ('edit', 're_release')
    """
    if own.isrc and own.isrc == other.isrc:
        return Relation.SAME_ISRC
    title, other_title = _base(own.title), _base(other.title)
    words, other_words = _words(own.title), _words(other.title)
    if title and title == other_title and words != other_words:
        if _REMIX.search(words) or _REMIX.search(other_words):
            return Relation.REMIX
        if _same_artist(own, other) and (_EDIT.search(words) or _EDIT.search(other_words)):
            return Relation.EDIT
    return _plain_relation(own, other, is_same_title=bool(title) and title == other_title)


def _plain_relation(own: Described, other: Described, *, is_same_title: bool) -> Relation:
    is_same_sender = own.sender_id is not None and own.sender_id == other.sender_id
    holder = holder_name(own.rights_holder)
    is_same_holder = bool(holder) and holder == holder_name(other.rights_holder)
    if not is_same_title:
        return Relation.RETITLED if is_same_sender or is_same_holder else Relation.STRANGER
    if is_same_sender:
        return Relation.RE_RELEASE
    if is_same_holder:
        return Relation.SAME_HOLDER
    return Relation.SAME_NAME if _same_artist(own, other) else Relation.STRANGER


def holder_name(text: str) -> str:
    """Reduce a (P) line or a label's name to the holder's name, for comparing.

    Examples
    --------
    >>> holder_name("\u2117 2024 Nova Records Ltd.") == holder_name("(P) 2026 NOVA RECORDS")
    True
    """
    return _plain(_HOLDER_NOISE.sub(" ", _folded(text)))


def _same_artist(own: Described, other: Described) -> bool:
    artist = _plain(_GUEST.sub("", _folded(own.display_artist)))
    return bool(artist) and artist == _plain(_GUEST.sub("", _folded(other.display_artist)))


def _base(title: str) -> str:
    """Take a title without what says which version it is, and without guests."""
    return _plain(_GUEST.sub("", _PARTS.sub(lambda part: part[0] if not _is_version(part) else " ", _folded(title))))


def _words(title: str) -> str:
    """Take from a title only what says which version it is."""
    return " ".join(_inside(part) for part in _PARTS.finditer(_folded(title)) if _is_version(part)).strip()


def _is_version(part: re.Match[str]) -> bool:
    inside = _inside(part)
    return bool(_EDIT.search(inside) or _REMIX.search(inside) or _GUEST.search(inside))


def _inside(part: re.Match[str]) -> str:
    return next(group for group in part.groups() if group is not None)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


def _many(number: int, noun: str, *, at_least: bool) -> str:
    if at_least:
        return f"{number} or more {noun}s"
    return f"{number} {noun}{'' if number == 1 else 's'}"
