"""The pieces of the demonstration, composed for it: short, plain, and told apart by ear."""

from collections.abc import Mapping

from api.demo.score import Line, Piece, Section

_BACKBEAT = "k:x.....x.x....... s:....x.......x... h:x-x-x-x-x-x-x-x-"
_DISCO = "k:x...x...x...x... s:....x.......x... o:..x...x...x...x. h:x-x-x-x-x-x-x-x-"
_LOFI = "k:x......x..x..... s:....x.......x..- h:x.x-x.x.x.x-x.x."
_BOSSA = "k:x.....x.x.....x. r:x..x..x...x..x.. h:x-x-x-x-x-x-x-x-"

_LOW_TIDE_WALTZ = Piece(
    seed=11,
    bpm=138,
    meter=3,
    room_s=2.0,
    lines={
        "keys": Line("chords", "piano", "waltz", octave=3, level=0.26, pan=-0.25),
        "bass": Line("bass", "bass", "one", octave=2, level=0.5, room=0.1),
        "tune": Line("tune", "reed", level=0.34, pan=0.2, room=0.4),
        "harp": Line("chords", "harp", "rolling3", octave=4, level=0.22, pan=0.5, room=0.4),
        "strings": Line("chords", "strings", "held", octave=3, level=0.11, pan=-0.5, room=0.5),
        "brush": Line("drums", pattern="h:x...-...-.-. r:....-.......", level=0.3, pan=0.1),
    },
    sections=(
        Section("Dm Dm Gm A7", "keys bass brush"),
        Section(
            "Dm Bb Gm A7 Dm Bb Gm A7",
            "keys bass tune brush",
            "A4 D5 F5 F5/2 D5 G4 Bb4 D5 C#5/3 A4 D5 F5 A5/2 F5 E5 D5 Bb4 A4/3",
        ),
        Section(
            "F C Gm Dm F C A7 Dm",
            "keys bass tune harp strings brush",
            "C5 F5 A5 G5/2 E5 D5 G5 Bb5 A5/3 A5 G5 F5 E5/2 G5 C#5 E5 G5 F5/3",
        ),
        Section(
            "Dm Bb Gm A7 Bb Gm A7 Dm",
            "keys bass tune strings harp",
            "A4 D5 F5 F5/2 D5 G4 Bb4 D5 C#5/2 E5 F5/2 D5 Bb4/2 G4 A4 C#5 E5 D5/3",
        ),
        Section("Gm A7 Dm Dm", "keys harp", ""),
    ),
)

_LANTERN_STREET = Piece(
    seed=23,
    bpm=108,
    lines={
        "keys": Line("chords", "rhodes", "lazy", octave=4, level=0.22, pan=-0.3),
        "guitar": Line("chords", "guitar", "off", octave=4, level=0.16, pan=0.55),
        "bass": Line("bass", "bass", "walk", octave=2, level=0.5, room=0.05),
        "voice": Line("voice", level=0.3, room=0.4),
        "strings": Line("chords", "strings", "held", octave=4, level=0.07, pan=0.3, room=0.5),
        "drums": Line("drums", pattern=_BACKBEAT, level=0.42, room=0.12),
        "crash": Line("drums", pattern="c:x", level=0.2, pan=0.3),
    },
    sections=(
        Section("Am F", "keys drums"),
        Section(
            "Am F C G Am F C E7",
            "keys bass voice drums",
            "E4 A4/.5 B4/.5 C5 B4 A4/1.5 G4/.5 A4/2 G4 C5 D5/.5 E5/1.5 D5/3 -/1 "
            "E5 D5/.5 C5/.5 A4/2 C5 A4/.5 C5/.5 F5/2 E5 D5/.5 C5/.5 D5 E5 G#4 B4 E5/2",
        ),
        Section(
            "F G C Am F G Em Am",
            "keys guitar bass voice drums strings",
            "A4/.5 C5/.5 F5 E5 C5 D5/1.5 B4/.5 G4/2 E5/.5 G5/.5 G5 E5 D5 C5/3 -/1 "
            "A4/.5 C5/.5 F5 G5 A5 G5/1.5 D5/.5 B4/2 B4 E5 G5/.5 E5/1.5 A4/4",
        ),
        Section("F Am", "keys crash bass"),
    ),
)

_PAPER_BOATS = Piece(
    seed=37,
    bpm=90,
    room_s=2.4,
    vowels="ouaeio",
    lines={
        "harp": Line("chords", "harp", "rolling", octave=3, level=0.28, pan=0.35, room=0.4),
        "pad": Line("chords", "pad", "held", octave=4, level=0.1, pan=-0.3, room=0.5),
        "bass": Line("bass", "bass", "one", octave=2, level=0.42),
        "voice": Line("voice", level=0.34, room=0.5),
        "bell": Line("tune", "bell", octave=1, level=0.12, pan=-0.6, room=0.6),
        "drums": Line("drums", pattern="k:x.......x....... h:..-...-...-...-.", level=0.3),
    },
    sections=(
        Section("G D", "harp pad"),
        Section(
            "G D Em C G D",
            "harp pad bass voice",
            "B4/1.5 A4/.5 G4/2 A4 F#4 D4/2 G4 A4 B4/1.5 D5/.5 E5/3 -/1 D5/1.5 B4/.5 G4/2 A4/3 -/1",
        ),
        Section(
            "Em C G D C D",
            "harp pad bass voice bell drums",
            "G4/.5 B4/.5 E5/2 D5 C5/1.5 E5/.5 G5/2 D5 B4 G4/2 A4/2 F#4/2 E5 D5/.5 C5/.5 E5/2 D5/3 -/1",
        ),
        Section("C G", "harp pad voice", "G4/2 E4/2 G4/4"),
    ),
)

_KITCHEN_RADIO = Piece(
    seed=41,
    bpm=138,
    room_s=0.9,
    lines={
        "guitar": Line("chords", "guitar", "bossa", octave=3, level=0.3, pan=-0.4),
        "bass": Line("bass", "bass", "walk", octave=2, level=0.45, room=0.05),
        "flute": Line("tune", "flute", octave=1, level=0.26, pan=0.25, room=0.35),
        "drums": Line("drums", pattern=_BOSSA, level=0.3, room=0.1),
    },
    sections=(
        Section("Dm7 G7 Cmaj7 Am7", "guitar bass drums"),
        Section(
            "Dm7 G7 Cmaj7 Am7 Dm7 G7 Em7 A7",
            "guitar bass flute drums",
            "-/.5 D4 F4/.5 A4/.5 C5/1.5 B4/1.5 A4/.5 G4/2 E4/.5 G4 B4/.5 D5/2 C5/3 -/1 "
            "-/.5 F4 A4/.5 C5/.5 E5/1.5 D5/1.5 B4/.5 G4/2 B4/.5 D5 G4/.5 E5/2 C#5/3 -/1",
        ),
        Section(
            "Fmaj7 Bb7 Em7 A7 Dm7 G7 Cmaj7 Cmaj7",
            "guitar bass flute drums",
            "A4/1.5 C5/.5 E5/2 D5/1.5 Bb4/.5 F4/2 G4/.5 B4 D5/.5 E5/2 C#5/2 A4/2 "
            "F4/.5 A4/.5 C5/.5 E5/.5 D5/2 B4/1.5 A4/.5 G4/2 E5/4 -/4",
        ),
    ),
)

_GLASS_ELEVATOR = Piece(
    seed=53,
    bpm=112,
    room_s=1.8,
    lines={
        "sequencer": Line("chords", "saw", "sequencer", octave=4, level=0.12, pan=0.4, room=0.4),
        "pad": Line("chords", "pad", "held", octave=3, level=0.1, pan=-0.4, room=0.5),
        "bass": Line("bass", "saw", "pulse", octave=1, level=0.34, room=0.02),
        "lead": Line("tune", "square", level=0.22, pan=-0.1, room=0.45),
        "drums": Line("drums", pattern=_BACKBEAT, level=0.45, room=0.25),
    },
    sections=(
        Section("Em Em", "sequencer pad"),
        Section("Em C", "sequencer pad bass drums"),
        Section(
            "Em C G D Em C Am B7",
            "sequencer pad bass drums lead",
            "B4/3 E5/.5 F#5/.5 G5/3 E5 D5/1.5 B4/1.5 G4 A4/3 F#4 "
            "G4/3 B4/.5 E5/.5 G5/2 C5/2 E5/1.5 C5/.5 A4/2 B4/2 D#5/2",
        ),
        Section("C D Em Em", "sequencer pad lead bass", "E5/2 G5/2 F#5/2 A5/2 G5/.5 F#5/.5 E5/7"),
    ),
)

_SUNRISE = Piece(
    seed=67,
    bpm=126,
    room_s=1.6,
    lines={
        "chords": Line("chords", "saw", "off", octave=4, level=0.15, pan=-0.2, room=0.35),
        "strings": Line("chords", "strings", "held", octave=4, level=0.09, pan=0.4, room=0.5),
        "bass": Line("bass", "bass", "pump", octave=2, level=0.5, room=0.02),
        "bell": Line("tune", "bell", octave=1, level=0.2, pan=0.2, room=0.5),
        "drums": Line("drums", pattern=_DISCO, level=0.4, room=0.1),
        "kick": Line("drums", pattern="k:x...x...x...x...", level=0.4, room=0.05),
    },
    sections=(
        Section("Fm Db", "kick chords"),
        Section(
            "Fm Db Ab Eb Fm Db Ab Eb",
            "drums chords bass bell",
            "C5 Ab4/.5 C5/.5 F5/2 F5 Db5/.5 F5/.5 Ab5/2 Eb5 C5/.5 Eb5/.5 Ab5/2 G5/1.5 Eb5/.5 Bb4/2 "
            "C5 Ab4/.5 F4/.5 C5/2 Db5 F5/.5 Ab5/.5 F5/2 Eb5 Ab4/.5 C5/.5 Eb5/2 Bb4/4",
        ),
        Section(
            "Bbm Db Eb Fm Bbm C7",
            "drums chords bass bell strings",
            "F5/1.5 Db5/.5 Bb4/2 Ab5/1.5 F5/.5 Db5/2 G5 Bb5 Eb5/2 Ab5/3 G5 F5/.5 Db5/.5 Bb4 F5/2 G5/2 E5/2",
        ),
    ),
)


def _study(seed: int, bpm: float, *, sound: str, octave: int, chords: tuple[str, str, str], tune: str) -> Piece:
    return Piece(
        seed=seed,
        bpm=bpm,
        swing=0.14,
        lines={
            "keys": Line("chords", sound, "lazy", octave=octave, level=0.3, pan=-0.2, room=0.35),
            "bass": Line("bass", "bass", "dub", octave=2, level=0.5, room=0.05),
            "tune": Line("tune", "bell" if sound == "guitar" else "flute", octave=1, level=0.16, pan=0.4, room=0.5),
            "drums": Line("drums", pattern=_LOFI, level=0.34, room=0.15),
        },
        sections=(
            Section(chords[0], "keys bass"),
            Section(chords[1], "keys bass drums tune", tune),
            Section(chords[2], "keys bass drums"),
        ),
    )


_STUDIES = {
    "mist_study_1": _study(
        71,
        76,
        sound="rhodes",
        octave=4,
        chords=("Ebmaj7 Cm7", "Fm9 Bb7 Gm7 Cm7", "Abmaj7 Abmaj7 Gm7 Bb7"),
        tune="-/1 C4 Eb4 G4/1.5 F4/.5 D4/3 -/1 Bb4 D5 F4/2 Eb4/3",
    ),
    "mist_study_2": _study(
        83,
        69,
        sound="guitar",
        octave=3,
        chords=("F#m7 Bm7", "Dmaj7 E7 C#m7", "F#m7 Bm7 E7 F#m7"),
        tune="A3/.5 C#4/.5 F#4/2 -/1 E4/1.5 G#4/.5 B4/2 C#5/2 G#4/2",
    ),
    "mist_study_3": _study(
        97,
        84,
        sound="piano",
        octave=4,
        chords=("Am7 Dm7", "Bm7b5 E7 Am7 Fmaj7 Dm7", "Dm7 E7 Am7 Am7"),
        tune="F4 A4/.5 B4/2.5 G#4/1.5 B4/.5 D5/2 C5/1 E5/1 A4/2 C5/.5 A4/.5 F4/3 -/1 D4/3",
    ),
}

_LOW_TIDE_AT_DAWN = Piece(
    seed=101,
    bpm=66,
    room_s=2.6,
    lines={
        "left": Line("chords", "piano", "rolling", octave=3, level=0.34, pan=-0.35, room=0.4),
        "bass": Line("bass", "piano", "one", octave=2, level=0.4, pan=-0.2, room=0.3),
        "right": Line("tune", "piano", level=0.5, pan=0.3, room=0.45),
    },
    sections=(
        Section("Bm", "left"),
        Section(
            "Bm G D A Bm Em F#7 Bm",
            "left bass right",
            "F#5/3 E5/.5 D5/.5 B4/2 D5/2 A4/1.5 F#5/.5 E5/2 C#5/3 -/1 D5 F#5 B5/2 G5/1.5 E5/.5 B4/2 C#5 A#4 F#4/2 B4/4",
        ),
    ),
)

PIECES: Mapping[str, Piece] = {
    "low_tide_waltz": _LOW_TIDE_WALTZ,
    "lantern_street": _LANTERN_STREET,
    "paper_boats": _PAPER_BOATS,
    "kitchen_radio": _KITCHEN_RADIO,
    "glass_elevator": _GLASS_ELEVATOR,
    "sunrise": _SUNRISE,
    **_STUDIES,
    "low_tide_at_dawn": _LOW_TIDE_AT_DAWN,
}
