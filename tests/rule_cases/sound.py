"""Cases of the PRV and SPM groups."""

from rule_cases.making import (
    Level,
    ProvenanceState,
    case,
    evidence,
    facts,
    human,
    manifest,
    message,
    recording,
    release,
)

from schemas.release import DisplayArtist, Identified, Party
from schemas.screening import Artwork, GeneratorTag, Heard, Known, Picture, Signal
from schemas.senders import Likeness, Resemblance

TRUSTED, VALID, INVALID = ProvenanceState.TRUSTED, ProvenanceState.VALID, ProvenanceState.INVALID
AI, PART_AI, CAPTURE = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "digitalCapture"
HASH, SIGNATURE, UNTRUSTED = "assertion.dataHash.mismatch", "claimSignature.mismatch", "signingCredential.untrusted"
TAG = GeneratorTag(tool="Example Music", key="COMM", value="made with Example Music")
CREDIT = TAG.model_copy(update={"is_ai_statement": False})


def signed(level, state, *types, failures=()):
    return evidence(recording(level), manifest=manifest(state, *types, failures=failures))


def tagged(level, tag=TAG):
    return evidence(recording(level), tags=(tag,))


def pictured(*artwork, place="embedded: front cover", **says):
    return evidence(pictures=(Picture(place=place, format="png", **says),), artwork=artwork)


def art(level, uri=None, kind="FrontCoverImage"):
    return Artwork(reference="A9", kind=kind, level=level, uri=uri)


def stack(*durations, **more):
    recordings = [
        recording(reference=f"A{i}", isrc=f"QZABC26000{i:02}", duration_s=d) for i, d in enumerate(durations, 1)
    ]
    return message(*recordings, **more)


def named(artist="Ana Lima", title="Harbour Lights"):
    return message(recording(display_artist=artist, title=title))


def numbered(artists, step=1):
    return message(
        *(
            recording(reference=f"A{i}", isrc=f"QZABC26{1 + i * step:05}", display_artist=name)
            for i, name in enumerate(artists)
        )
    )


def farm(artists, *contributions, parties=()):
    """One recording for each artist, all by the same people."""
    shown = (
        recording(
            Level.NONE,
            *contributions,
            reference=f"A{i}",
            isrc=f"QZABC26{1 + 2 * i:05}",
            display_artist=name,
            display_artists=(DisplayArtist(name=name, party_reference=f"P{name}"),),
        )
        for i, name in enumerate(artists)
    )
    return message(*shown, parties=parties)


def known(name):
    return Party(reference=f"P{name}", name=name, ids=(Identified(scheme="ISNI", value="0000000121032683"),))


TEAM = (human("Bo Berg", "Composer"), human("Cy Coe", "StudioProducer"))


def recalling(name, other, kind=Likeness.LOOK_ALIKE, title="Harbour Lights"):
    """A recording whose names recall another artist of the catalogue."""
    recalled = Known(resemblances=(Resemblance(kind=kind, name=name, other=other),))
    return evidence(recording(title=title, display_artist=name)).model_copy(update={"known": recalled})


def sounding(signal, title, *genres, seconds=60, value=0.95):
    """A recording that is heard as something else than music."""
    signals = (Signal(name="duration_s", value=seconds, model="m"), Signal(name=signal, value=value, model="m"))
    one = evidence(recording(title=title, genres=genres))
    return one.model_copy(update={"heard": Heard(signals=signals)})


def titled(*titles):
    """A message of recordings with these titles."""
    return message(*(recording(reference=f"A{n}", title=title) for n, title in enumerate(titles)))


CASES = {
    "PKG-017": case(
        (evidence(audio=facts(damage=("The header promises 30.0 s, and 15.0 s could be decoded.",))),),
        evidence(audio=facts()),
    ),
    "PRV-001": case(
        (signed(Level.NONE, TRUSTED, AI), signed(Level.NONE, VALID, PART_AI)),
        signed(Level.NONE, TRUSTED, CAPTURE),
        signed(Level.NONE, INVALID, AI, failures=(HASH,)),
        signed(Level.ALL, TRUSTED, AI),
    ),
    "PRV-002": case(
        (signed(Level.UNDECLARED, VALID, AI), signed(Level.PARTLY, TRUSTED, AI)),
        signed(Level.PARTLY, TRUSTED, PART_AI),
        signed(Level.ALL, TRUSTED, AI),
        signed(Level.UNDECLARED, VALID, CAPTURE),
    ),
    "PRV-003": case(
        signed(Level.UNDECLARED, INVALID, AI, failures=(HASH, UNTRUSTED)),
        signed(Level.UNDECLARED, INVALID, AI, failures=(HASH, SIGNATURE)),
        signed(Level.UNDECLARED, VALID, AI, failures=(UNTRUSTED,)),
    ),
    "PRV-004": case(
        signed(Level.UNDECLARED, INVALID, AI, failures=(SIGNATURE,)),
        signed(Level.UNDECLARED, INVALID, AI, failures=(HASH,)),
        signed(Level.UNDECLARED, VALID, AI, failures=(UNTRUSTED,)),
    ),
    "PRV-005": case(
        (tagged(Level.NONE), tagged(Level.UNDECLARED), tagged(Level.ALL)),
        tagged(Level.NONE, CREDIT),
        evidence(),
    ),
    "PRV-006": case(
        (evidence(), pictured()),  # a cover that says nothing
        tagged(Level.NONE),
        signed(Level.NONE, VALID, CAPTURE),
        evidence(unread="GEOB"),
        pictured(digital_source_types=(AI,)),  # what is embedded in the file is carried by it
    ),
    "PRV-007": case(signed(Level.ALL, VALID, "madeByRobots"), signed(Level.ALL, VALID, AI)),
    "PRV-008": case(signed(Level.ALL, VALID, AI), signed(Level.ALL, TRUSTED, AI)),
    "PRV-010": case(evidence(unread="GEOB application/jumbf"), evidence()),
    "PRV-011": case(
        (
            pictured(digital_source_types=(AI,)),  # no image is listed, so none is declared
            pictured(art(Level.NONE), digital_source_types=(PART_AI,)),
            pictured(art(Level.UNDECLARED), tags=(TAG,)),
            pictured(art(Level.NONE, "c.png"), place="c.png", manifest=manifest(INVALID, AI, failures=(HASH,))),
            pictured(art(Level.ALL, "a.png"), art(Level.NONE, "c.png"), place="c.png", digital_source_types=(AI,)),
        ),
        pictured(art(Level.PARTLY), digital_source_types=(AI,)),
        pictured(art(Level.ALL, "c.png"), place="c.png", tags=(TAG,)),
        pictured(art(Level.NONE), digital_source_types=(CAPTURE,)),
        pictured(art(Level.UNDECLARED), tags=(CREDIT,)),
        pictured(art(Level.UNDECLARED)),
    ),
    "SPM-001": case(
        (stack(31, 31, 31), stack(30, 35, 33, 200, 200, 200)),
        stack(31, 31),  # two are no stack
        stack(31, 31, 31, 200, 200, 200, 200),  # less than half
        stack(29, 29, 29),
        message(*stack(31, 31, 31).sound_recordings, release(kind="RingtoneRelease")),
    ),
    "SPM-002": case(
        message(recording(title="White Noise 7", duration_s=90)),
        message(recording(title="White Noise 7", duration_s=120)),
        message(recording(title="White Noises Off", duration_s=90)),
    ),
    "SPM-006": case(
        (
            named("\u0410na Lima"),  # Cyrillic A
            named(title="Har\u200bbour"),
            message(recording(display_artists=(DisplayArtist(name="B\u0458\u00f6rk"),))),
            named(title="sleep | calm | rain | focus | study | baby"),
        ),
        named("Кино"),
        named("KoЯn"),
        named("宇多田ヒカル"),
        named("Sigur Rós / Björk"),
        named("\u0441\u043e\u0440a"),  # one Latin letter in a Cyrillic word: a typing slip
    ),
    "SPM-007": case(
        recalling("Ana L\u0456ma", "Ana Lima"),
        recalling("Ana Lima", "Ana Lima Band", kind=Likeness.IN_TITLE),
        evidence(),
    ),
    "SPM-011": case(
        (sounding("functional_noise", "Summer Love", "Pop"), sounding("functional_speech", "Summer Love", "Pop")),
        sounding("functional_noise", "Rain at Night", "Pop"),  # it says so
        sounding("functional_speech", "Chapter 4", "Audio book"),
        sounding("functional_tone", "Summer Love", "Pop"),  # a drone may be music
        sounding("functional_noise", "Summer Love"),  # no genre is claimed
        sounding("functional_noise", "Summer Love", "Pop", seconds=20),
        sounding("functional_noise", "Summer Love", "Pop", value=0.8),
    ),
    "SPM-012": case(
        titled("Gentle Rain", "Rain, Gentle", "The Rain Gentle"),
        titled("Gentle Rain 1", "Gentle Rain 2", "Gentle Rain 3"),
        titled("Gentle Rain", "Rain, Gentle"),
        titled("Rain", "The Rain", "A Rain"),
    ),
    "SPM-013": case(
        recalling("Ana Lima Nights", "Ana Lima", kind=Likeness.IN_TITLE, title="Ana Lima Nights"),
        recalling("Ana L\u0456ma", "Ana Lima"),
        evidence(),
    ),
    "SPM-014": case(
        titled("Relaxing Rain Sleep Music Study Focus Calm Piano"),
        titled("Rain on a Tin Roof"),
        titled("Deep Sleep Piano"),
        titled("Dance the Night Away with the Summer of Our Best New Party Hit"),
    ),
    "SPM-015": case(
        message(recording(display_artist="Ana Lima"), recording(display_artist="\u0410na Lima")),
        message(recording(display_artist="Ana Lima"), recording(display_artist="ANA L\u00cdMA")),
        message(recording(display_artist="\u0412\u0422\u0405"), recording(display_artist="BTS")),  # too short
    ),
    "SPM-008": case(
        farm("ABCDE", *TEAM),
        farm("ABCD", *TEAM),
        farm("AAAAA", *TEAM),
        farm("ABCDE", human("Bo Berg", "Composer", "Lyricist")),  # a songbook
        farm("ABCDE", human("Bo Berg", "Composer"), human("Song House", "MusicPublisher")),
        farm("ABCDE"),
        farm("ABCDE", *TEAM, parties=(known("A"),)),
        message(*(r for n in "ABCDE" for r in farm(n, human(n, "LeadVocalist"), *TEAM).sound_recordings)),
    ),
    "SPM-009": case(
        numbered("ABCDE"),
        numbered("ABCD"),
        numbered("AAAAA"),
        numbered("ABCDE", step=2),
    ),
}
