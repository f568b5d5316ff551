"""Rules of the IDN group on identifiers and codes: each follows its own rule, and they agree.

Source: the schemes' standards as `schemas.identifiers` lists them, DDEX rule 1001-1, BCP 47 and
ISO 3166. Inputs: `schemas.release.Message`. What needs the opened file is in `schemas.rules.technical`.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator

from schemas.errors import InvalidIdentifier
from schemas.findings import Severity
from schemas.identifiers import (
    PARSERS,
    Broken,
    parse_dpid,
    parse_grid,
    parse_icpn,
    parse_ipi,
    parse_isni,
    parse_isrc,
    parse_iswc,
)
from schemas.release import Identified, Message, MessageKind, Party, SoundRecording
from schemas.rules.languages import is_language
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.territories import is_territory
from schemas.rules.words import name_of

ERROR, WARNING = Severity.ERROR, Severity.WARNING
MAX_DURATION_GAP_S = 2.0  # durations are rounded to seconds, and encoders pad
SEPARATOR = re.compile(r"[\s\-.]")
PLACEHOLDER = re.compile(
    r"(test|evaluation only|lorem ipsum|placeholder|to be announced|t\.?b\.?[ad]\.?)", re.IGNORECASE
)
PLACEHOLDER_ID = re.compile(r"(TEST0*[0-9]?|[A-Z]{0,5}0{6,}|0*1234567890[0-9]*)", re.IGNORECASE)
_ISRC = re.compile(r"[A-Z0-9]{12}")
PUBLIC_SCHEMES = frozenset({"ISRC", "ICPN", "GRid", "ISWC"})  # others may count from zero

Parse = Callable[[str], str]
Named = tuple[str, Identified]  # what it is about, and the identifier


def _broken(named: Iterable[Named], scheme: str, parse: Parse) -> Iterator[tuple[str, Identified, InvalidIdentifier]]:
    for subject, one in named:
        if one.scheme == scheme:
            try:
                parse(one.value)
            except InvalidIdentifier as error:
                yield subject, one, error


def _hits(named: Iterable[Named], scheme: str, parse: Parse) -> Iterator[Hit]:
    for subject, one, error in _broken(named, scheme, parse):
        yield Hit(error.message, one.at, subject, one.value)


def _separated(named: Iterable[Named], scheme: str, parse: Parse) -> Iterator[Hit]:
    """Name right codes that are written with dashes, points or spaces between their parts."""
    for subject, one in named:
        if one.scheme == scheme and SEPARATOR.search(one.value.strip()):
            with contextlib.suppress(InvalidIdentifier):
                parse(one.value)
                yield Hit(f"{scheme} {one.value!r} is written with separators.", one.at, subject, one.value, WARNING)


def _is_right(one: Identified) -> bool:
    try:
        PARSERS[one.scheme](one.value)
    except InvalidIdentifier as error:
        return error.rule == Broken.PREFIX  # that alone leaves room for the clearer word
    return True


def _of_recordings(message: Message) -> Iterator[Named]:
    return ((name_of(r), one) for r in message.sound_recordings for one in r.ids)


def _of_releases(message: Message) -> Iterator[Named]:
    return ((r.key, one) for r in message.releases for one in r.ids)


def _of_parties(message: Message) -> Iterator[Named]:
    return ((p.name or p.reference or one.value, one) for p in message.parties for one in p.ids)


def _of_works(message: Message) -> Iterator[Named]:
    return ((name_of(r), one) for r in message.sound_recordings for one in r.work_ids)


@rule(
    "IDN-001",
    ERROR,
    "ISRC is malformed",
    why="Plays and royalties are counted by ISRC; a malformed one counts for nobody.",
    source="ISO 3901; ERN writes it without dashes",
    mend="Write the 12 characters as issued, without dashes or spaces.",
    scope=Scope.MESSAGE,
    file_status="IdentifierSyntaxInvalid",
)
def isrc_is_well_formed(message: Message) -> Iterator[Hit]:
    """Look at length and characters; in ERN also for separators."""
    for subject, one, error in _broken(_of_recordings(message), "ISRC", parse_isrc):
        if error.rule != Broken.PREFIX:
            yield Hit(error.message, one.at, subject, one.value)
    if message.kind is not MessageKind.JSON:  # the submission's form allows dashes
        yield from _separated(_of_recordings(message), "ISRC", parse_isrc)


@rule(
    "IDN-002",
    WARNING,
    "ISRC prefix unknown",
    why="No agency issues codes with this prefix, so the code is probably made up.",
    source="ISO 3901, prefixes as python-stdnum lists them",
    mend="Ask your ISRC agency for the prefix.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def isrc_prefix_is_known(message: Message) -> Iterator[Hit]:
    """Look the first two letters up; a known placeholder is IDN-016's."""
    for subject, one, error in _broken(_of_recordings(message), "ISRC", parse_isrc):
        if error.rule == Broken.PREFIX and not PLACEHOLDER_ID.fullmatch(one.value.strip()):
            yield Hit(error.message, one.at, subject, one.value)


@rule(
    "IDN-003",
    ERROR,
    "ICPN (UPC, EAN) is wrong",
    why="Shops and charts know the product by this number.",
    source="DDEX rule 1001-1: 8 or 12 to 14 digits; GS1 check digit",
    mend="Write the number as issued, with its check digit.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def icpn_is_right(message: Message) -> Iterator[Hit]:
    """Look at length and check digit; in ERN also for separators."""
    yield from _hits(_of_releases(message), "ICPN", parse_icpn)
    if message.kind is not MessageKind.JSON:
        yield from _separated(_of_releases(message), "ICPN", parse_icpn)


@rule(
    "IDN-004",
    ERROR,
    "GRid is wrong",
    why="A release that is known by a wrong GRid cannot be updated or taken down.",
    source="GRid standard (IFPI), ISO 7064 mod 37,36",
    mend="Write the 18 characters as issued.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def grid_is_right(message: Message) -> Iterator[Hit]:
    """Look at form and check character."""
    yield from _hits(_of_releases(message), "GRid", parse_grid)


@rule(
    "IDN-005",
    WARNING,
    "ISNI is wrong",
    why="The ISNI tells two artists of one name apart.",
    source="ISO 27729, ISO 7064 mod 11-2",
    mend="Look the number up at isni.org.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def isni_is_right(message: Message) -> Iterator[Hit]:
    """Look at form and check character."""
    yield from _hits(_of_parties(message), "ISNI", parse_isni)


@rule(
    "IDN-006",
    WARNING,
    "IPI name number is wrong",
    why="Writers are paid by IPI.",
    source="CISAC IPI, 11 digits with a weighted sum mod 101",
    mend="Ask the writer's society for the number.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def ipi_is_right(message: Message) -> Iterator[Hit]:
    """Look at form and check digits."""
    yield from _hits(_of_parties(message), "IPI", parse_ipi)


@rule(
    "IDN-007",
    WARNING,
    "ISWC is wrong",
    why="Works are matched by ISWC.",
    source="ISO 15707",
    mend="Look the code up at iswcnet.cisac.org.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def iswc_is_right(message: Message) -> Iterator[Hit]:
    """Look at form and check digit."""
    yield from _hits([*_of_works(message), *_of_recordings(message)], "ISWC", parse_iswc)


@rule(
    "IDN-008",
    ERROR,
    "DPID is wrong",
    why="The DPID says who sends and who receives; a wrong one is a placeholder or somebody else's.",
    source="ERN schema (PADPIDA...); the check character is deduced from DPIDs in use, so it only warns",
    mend="Write the DPID as DDEX issued it, without dashes.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def dpid_is_right(message: Message) -> Iterator[Hit]:
    """Look at the sender's and the recipients' DPID: an error of form, a warning of check character or dashes."""
    parties: tuple[Party, ...] = (message.sender, *message.recipients)
    named = [(party.name or one.value, one) for party in parties for one in party.ids]
    for subject, one, error in _broken(named, "DPID", parse_dpid):
        severity = WARNING if error.rule == Broken.CHECK else None
        yield Hit(error.message, one.at, subject, one.value, severity)
    if message.kind is not MessageKind.JSON:
        yield from _separated(named, "DPID", parse_dpid)


@rule(
    "IDN-010",
    ERROR,
    "One ISRC, two recordings",
    why="Two recordings under one code are one recording for everybody who counts plays.",
    source="ISO 3901: one code per recording",
    mend="Give each recording its own ISRC.",
    scope=Scope.MESSAGE,
    file_status="IdentifierInvalid",
)
def isrcs_differ(message: Message) -> Iterator[Hit]:
    """Look for resources of the message with the ISRC of an earlier one."""
    for one, other in _same_isrc(message):
        if one.reference != other.reference:
            text = f"{one.reference} and {other.reference} have the ISRC {one.isrc}."
            yield Hit(text, other.at, name_of(other), other.isrc)


def _same_isrc(message: Message) -> Iterator[tuple[SoundRecording, SoundRecording]]:
    """Pair each recording with the first one of the same ISRC; what has no ISRC's form is IDN-001's alone."""
    first: dict[str, SoundRecording] = {}
    for recording in message.sound_recordings:
        if (
            recording.isrc
            and _ISRC.fullmatch(recording.isrc)
            and first.setdefault(recording.isrc, recording) is not recording
        ):
            yield first[recording.isrc], recording


@rule(
    "IDN-011",
    WARNING,
    "One ISRC, two durations",
    why="Two lengths are two recordings, or one of them is wrong.",
    source="ISO 3901; house limit of 2 s",
    mend="Correct the duration, or give the other version its own ISRC.",
    scope=Scope.MESSAGE,
)
def isrc_has_one_duration(message: Message) -> Iterator[Hit]:
    """Compare the durations of resources with the same ISRC."""
    for one, other in _same_isrc(message):
        if one.duration_s is None or other.duration_s is None:
            continue
        if abs(one.duration_s - other.duration_s) > MAX_DURATION_GAP_S:
            text = f"{one.isrc} lasts {one.duration_s:g} s and {other.duration_s:g} s."
            yield Hit(text, other.at, name_of(other))


@rule(
    "IDN-012",
    WARNING,
    "Language tag is not BCP 47",
    why="Search and lyrics services sort by language.",
    source="BCP 47 (RFC 5646)",
    mend="Use the short tag with dashes: en, pt-BR, zxx for no language.",
    scope=Scope.MESSAGE,
)
def languages_are_tags(message: Message) -> Iterator[Hit]:
    """Look at every language tag of the recordings."""
    for recording in message.sound_recordings:
        for one in recording.languages:
            if not is_language(one.value.strip()):
                yield Hit(f"{one.value!r} is no BCP 47 tag.", one.at, name_of(recording), one.value)


@rule(
    "IDN-013",
    ERROR,
    "Territory code unknown",
    why="A deal for an unknown territory is a deal for none.",
    source="DDEX AVS 9 territory codes: ISO 3166, TIS, Worldwide",
    mend="Use the two-letter country code, or Worldwide.",
    scope=Scope.MESSAGE,
    file_status="NewReleaseMessageInvalid",
)
def territories_are_known(message: Message) -> Iterator[Hit]:
    """Look at the territories of deals and releases."""
    named = [(message.message_id, t) for d in message.deals for t in d.territories + d.excluded_territories]
    named += [(release.key, t) for release in message.releases for t in release.territories]
    for subject, one in named:
        if not is_territory(one.value.strip()):
            yield Hit(f"{one.value!r} is no territory.", one.at, subject, one.value)


@rule(
    "IDN-016",
    WARNING,
    "Placeholder text",
    why="A test value in a live delivery is published as it stands.",
    source="house, from redacted and test messages",
    mend="Put the real value in.",
    scope=Scope.MESSAGE,
    file_status="MetadataMissing",
)
def values_are_real(message: Message) -> Iterator[Hit]:
    """Look for whole titles, artists and identifiers that are known placeholders; a wrong one is said to be wrong."""
    for subject, one in (*_of_recordings(message), *_of_releases(message)):
        if one.scheme in PUBLIC_SCHEMES and PLACEHOLDER_ID.fullmatch(one.value.strip()) and _is_right(one):
            yield Hit(f"{one.scheme} {one.value!r} is a placeholder.", one.at, subject, one.value)
    texts = [(name_of(r), "title", r.title, r.at) for r in message.sound_recordings]
    texts += [(name_of(r), "artist", r.display_artist, r.at) for r in message.sound_recordings]
    texts += [(r.key, "title", r.title, r.at) for r in message.releases if r.is_main]
    for subject, what, text, at in texts:
        if PLACEHOLDER.fullmatch(text.strip()):
            yield Hit(f"The {what} is {text!r}.", at, subject, text)
