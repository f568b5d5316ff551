"""The demonstration's catalogue as data: four senders, four batches, who did what and what they say of it.

Everybody and everything here is invented. The DPIDs bear a date in 2099, the product numbers begin
with 2 (for use inside a shop, never assigned to a product), and the ISRCs carry a made-up
registrant under the international prefix ZZ; all have right check digits.
"""

from dataclasses import dataclass

from api.demo.sound import Form
from schemas.disclosure import Level


@dataclass(frozen=True, slots=True)
class Credit:
    """One contribution; without a name it is credited to ``GenerativeAI``."""

    roles: tuple[str, ...]
    name: str = ""
    ai: Level = Level.UNDECLARED


@dataclass(frozen=True, slots=True)
class Track:
    """One recording.

    Attributes
    ----------
    sound
        Which sound it has: a key of `api.demo.catalogue.SOUNDS`.
    uri
        What the message calls the file, where that is not the file's own name.
    """

    sound: str
    title: str
    artist: str
    isrc: str
    level: Level
    credits: tuple[Credit, ...]
    genre: str
    form: Form = "flac"
    has_vocals: bool = False
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseSheet:
    """One release: what is printed on it, and its tracks."""

    icpn: str
    title: str
    artist: str
    label: str
    kind: str
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class BatchSheet:
    """One delivery; ``batch_id`` begins with its date and gives the order of arrival."""

    batch_id: str
    sender_dpid: str
    sender: str
    releases: tuple[ReleaseSheet, ...]


def _human(name: str, *roles: str) -> Credit:
    return Credit(roles, name, Level.NONE)


_WALTZ = Track(
    "low_tide_waltz",
    "Low Tide Waltz",
    "Marisol Quay",
    "ZZLN12600001",
    Level.NONE,
    (
        _human("Marisol Quay", "ComposerLyricist", "StudioMusician"),
        _human("Anselm Brook", "StudioMusician"),
        _human("Ottilie Brand", "MixingEngineer"),
    ),
    "Folk",
)
_PAPER_BOATS = Track(
    "paper_boats",
    "Paper Boats",
    "Marisol Quay",
    "ZZLN12600002",
    Level.PARTLY,
    (
        _human("Marisol Quay", "ComposerLyricist", "LeadVocalist"),
        Credit(("StudioMusician",), ai=Level.ALL),
    ),
    "Folk",
    has_vocals=True,
)
_LANTERN_STREET = Track(
    "lantern_street",
    "Lantern Street",
    "The Night Ferry",
    "ZZLN12600003",
    Level.NONE,
    (
        _human("Kester Vane", "ComposerLyricist", "LeadVocalist"),
        _human("Ines Aldous", "StudioMusician"),
    ),
    "Pop",
    has_vocals=True,
)
_KITCHEN_RADIO = Track(
    "kitchen_radio",
    "Kitchen Radio",
    "Tomas Ferrolino",
    "ZZLN22600011",
    Level.UNDECLARED,
    (Credit(("Composer", "StudioMusician"), "Tomas Ferrolino"),),
    "Bossa Nova",
)
_GLASS_ELEVATOR = Track(
    "glass_elevator",
    "Glass Elevator",
    "Sector Nine",
    "ZZLN22600012",
    Level.NONE,
    (
        _human("Jonah Marr", "StudioProducer"),
        Credit(("Composer",), ai=Level.ALL),
    ),
    "Electronic",
)
_SUNRISE = Track(
    "sunrise",
    "Sunrise, Entirely by Hand",
    "Sector Nine",
    "ZZLN22600013",
    Level.NONE,
    (_human("Jonah Marr", "Composer", "StudioProducer"),),
    "Dance",
    form="mp3",
)
_SPED_UP = Track(
    "lantern_street_sped_up",
    "Streetlight Lullaby",
    "Ferry Nights",
    "ZZLN32600101",
    Level.NONE,
    (_human("Dex Moreland", "ComposerLyricist", "StudioProducer"),),
    "Pop",
    form="mp3",
    has_vocals=True,
)
_STUDIES = tuple(
    Track(
        f"mist_study_{number}",
        f"Mist Study No. {number + 210}",
        "Calm Signal",
        f"ZZLN32600{110 + number}",
        Level.NONE,
        (_human("Dex Moreland", "Composer", "StudioProducer"),),
        "Lo-Fi",
    )
    for number in (1, 2, 3)
)
_BORROWED_NAME = Track(
    "low_tide_at_dawn",
    "Low Tide at Dawn",
    "M\N{CYRILLIC SMALL LETTER A}risol Qu\N{CYRILLIC SMALL LETTER A}y",
    "ZZLN32600120",
    Level.NONE,
    (_human("Dex Moreland", "Composer", "StudioMusician"),),
    "Folk",
)
_NOISE = Track(
    "white_noise",
    "White Noise for Deep Focus",
    "Dr. Hush",
    "ZZLN42600201",
    Level.NONE,
    (_human("Prudence Lull", "StudioProducer"),),
    "Sleep",
    form="wav",
)
_SILENCE = Track(
    "silence",
    "Room Tone for Monks",
    "Dr. Hush",
    "ZZLN42600202",
    Level.NONE,
    (_human("Prudence Lull", "StudioProducer"),),
    "Sleep",
)
_BROKEN = Track(
    "broken_upload",
    "Rain, Interrupted",
    "Dr. Hush",
    "ZZLN42600203",
    Level.NONE,
    (_human("Prudence Lull", "StudioProducer"),),
    "Sleep",
)
_SPOOFED = Track(
    "",
    "Shadow Work",
    "Little Bobby Folders",
    "ZZLN42600204",
    Level.NONE,
    (_human("Roberta Folders", "Composer", "StudioProducer"),),
    "Ambient",
    uri="../../../../etc/shadow",
)

_HARBOUR, _CORRIDOR, _VELVET, _STILLWATER = (
    "Harbour Lights Recordings",
    "Corridor Nine Distribution",
    "Velvet Loop Media",
    "Stillwater Wellness Audio",
)

BATCHES: tuple[BatchSheet, ...] = (
    BatchSheet(
        "20261102081500000",
        "PADPIDA2099010101X",
        _HARBOUR,
        (
            ReleaseSheet("2099000000019", "Lantern Street", "The Night Ferry", _HARBOUR, "Single", (_LANTERN_STREET,)),
            ReleaseSheet("2099000000026", "Low Tide", "Marisol Quay", _HARBOUR, "EP", (_WALTZ, _PAPER_BOATS)),
        ),
    ),
    BatchSheet(
        "20261109143000000",
        "PADPIDA2099010102V",
        _CORRIDOR,
        (
            ReleaseSheet("2099000000033", "Kitchen Radio", "Tomas Ferrolino", _CORRIDOR, "Single", (_KITCHEN_RADIO,)),
            ReleaseSheet("2099000000040", "Mezzanine", "Sector Nine", _CORRIDOR, "EP", (_GLASS_ELEVATOR, _SUNRISE)),
        ),
    ),
    BatchSheet(
        "20261116031700000",
        "PADPIDA2099010103T",
        _VELVET,
        (
            ReleaseSheet("2099000000057", "Mist Studies, Vol. 71", "Calm Signal", _VELVET, "Album", _STUDIES),
            ReleaseSheet(
                "2099000000064", "Low Tide at Dawn", _BORROWED_NAME.artist, _VELVET, "Single", (_BORROWED_NAME,)
            ),
            ReleaseSheet("2099000000071", "Streetlight Lullaby", "Ferry Nights", _VELVET, "Single", (_SPED_UP,)),
        ),
    ),
    BatchSheet(
        "20261120230500000",
        "PADPIDA2099010104R",
        _STILLWATER,
        (
            ReleaseSheet(
                "2099000000088",
                "Nothing, Carefully Recorded",
                "Dr. Hush",
                _STILLWATER,
                "EP",
                (_NOISE, _SILENCE, _BROKEN),
            ),
            ReleaseSheet("2099000000095", "Shadow Work", "Little Bobby Folders", _STILLWATER, "Single", (_SPOOFED,)),
        ),
    ),
)
