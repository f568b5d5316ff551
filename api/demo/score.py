"""Scores as text, and the band that plays them.

A piece is written as a musician would jot it down: chords by bar (``"Dm Gm A7 Dm"``), tunes by
note and length in beats (``"D5 F5/2 -/1"``, ``-`` is a rest), drums by sixteenth (``"k:x..."``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from api.demo.instruments import DRUMS, INSTRUMENTS, RATE, Samples, play, sing

CHORDS: Mapping[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m6": (0, 3, 7, 9),
    "m9": (0, 3, 7, 10, 14),
    "sus4": (0, 5, 7),
    "add9": (0, 4, 7, 14),
    "m7b5": (0, 3, 6, 10),
}
PITCH_CLASSES: Mapping[str, int] = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHIFTS: Mapping[str, int] = {"": 0, "#": 1, "b": -1}

Strike = tuple[float, float, tuple[int, ...]]  # beat in the bar, beats held, steps of the chord
PATTERNS: Mapping[str, tuple[Strike, ...]] = {
    "held": ((0, 3.9, (0, 1, 2, 3)),),
    "waltz": ((1, 0.7, (0, 1, 2)), (2, 0.6, (0, 1, 2))),
    "quarters": tuple((beat, 0.8, (0, 1, 2)) for beat in range(4)),
    "off": tuple((beat + 0.5, 0.35, (0, 1, 2)) for beat in range(4)),
    "bossa": ((0, 1.3, (1, 2, 3)), (1.5, 0.4, (1, 2, 3)), (2.5, 1.2, (1, 2, 3)), (3.75, 0.2, (1, 2, 3))),
    "rolling": tuple((i / 2, 0.9, (step,)) for i, step in enumerate((0, 1, 2, 3, 4, 3, 2, 1))),
    "rolling3": tuple((i / 2, 0.9, (step,)) for i, step in enumerate((0, 2, 3, 4, 3, 2))),
    "sequencer": tuple((i / 4, 0.22, (step,)) for i, step in enumerate((0, 2, 4, 2, 1, 3, 5, 3) * 2)),
    "lazy": ((0, 1.4, (1, 2, 3)), (1.66, 0.3, (1, 2, 3)), (2, 1.7, (0, 2, 3))),
    "one": ((0, 2.6, (0,)),),
    "walk": ((0, 1.4, (0,)), (1.5, 0.4, (0,)), (2, 1.4, (2,)), (3.5, 0.4, (2,))),
    "pulse": tuple((i / 2, 0.42, (0 if i % 4 != 3 else 2,)) for i in range(8)),
    "pump": tuple((beat + 0.5, 0.4, (0,)) for beat in range(4)),
    "dub": ((0, 1.4, (0,)), (2.5, 0.4, (2,)), (3, 0.9, (0,))),
}

Role = Literal["chords", "bass", "tune", "voice", "drums"]


class Note(NamedTuple):
    """One note: beats from the section's start, beats held, MIDI pitch, strength in [0, 1]."""

    beat: float
    beats: float
    midi: float
    strength: float


@dataclass(frozen=True, slots=True)
class Line:
    """One player of the band.

    Attributes
    ----------
    role
        What it reads: the chords, their roots, the tune (with an instrument or the voice), drums.
    sound
        A name of `INSTRUMENTS`; unused for voice and drums.
    pattern
        A name of `PATTERNS`, or for drums one row per drum: ``"k:x...x... h:x-x-"``.
    octave
        Of the chord's root; for tunes, a transposition in octaves.
    level, pan, room
        Loudness; -1 left to 1 right; share sent to the room.
    """

    role: Role
    sound: str = ""
    pattern: str = ""
    octave: int = 0
    level: float = 0.5
    pan: float = 0.0
    room: float = 0.25


@dataclass(frozen=True, slots=True)
class Section:
    """Some bars: their chords, who plays, and what the tune does."""

    chords: str
    players: str
    tune: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole piece; ``meter`` in beats per bar, ``swing`` in beats that off-beat eighths are late."""

    seed: int
    bpm: float
    lines: Mapping[str, Line]
    sections: tuple[Section, ...]
    meter: int = 4
    swing: float = 0.0
    room_s: float = 1.4
    vowels: str = field(default="aoeiua")

    @property
    def seconds(self) -> float:
        """Length without the last notes' reverberation."""
        bars = sum(len(section.chords.split()) for section in self.sections)
        return bars * self.meter * 60.0 / self.bpm


def parse_pitch(text: str) -> int:
    """Read a pitch such as ``F#4``; ``C4`` is 60."""
    match = re.fullmatch(r"([A-G])([#b]?)(\d)", text)
    if match is None:
        raise ValueError(f"no pitch: {text!r}")
    letter, shift, octave = match.groups()
    return 12 * (int(octave) + 1) + PITCH_CLASSES[letter] + SHIFTS[shift]


def parse_tune(text: str) -> Iterator[tuple[float, float, int]]:
    """Read a tune as (beat, beats held, MIDI pitch); rests are left out."""
    beat = 0.0
    for token in text.split():
        pitch, _, length = token.partition("/")
        beats = float(length or 1)
        if pitch != "-":
            yield beat, beats, parse_pitch(pitch)
        beat += beats


def parse_chord(text: str) -> tuple[int, tuple[int, ...]]:
    """Read a chord such as ``Bbmaj7`` as its root's pitch class and the steps above the root."""
    match = re.fullmatch(r"([A-G])([#b]?)(.*)", text)
    if match is None or match[3] not in CHORDS:
        raise ValueError(f"no chord: {text!r}")
    return (PITCH_CLASSES[match[1]] + SHIFTS[match[2]]) % 12, CHORDS[match[3]]


def _chord_tone(root: int, steps: tuple[int, ...], index: int) -> int:
    octave, step = divmod(index, len(steps))
    return root + 12 * octave + steps[step]


def _from_chords(line: Line, section: Section, meter: int) -> Iterator[Note]:
    for bar, symbol in enumerate(section.chords.split()):
        pitch_class, steps = parse_chord(symbol)
        root = 12 * (line.octave + 1) + pitch_class
        for beat, beats, indices in PATTERNS[line.pattern]:
            if beat < meter:
                for place, index in enumerate(indices):
                    midi = _chord_tone(root, steps, index)
                    yield Note(bar * meter + beat + 0.012 * place, beats, midi, 0.9 if beat == 0 else 0.75)


def _from_tune(line: Line, section: Section) -> Iterator[Note]:
    for beat, beats, midi in parse_tune(section.tune):
        yield Note(beat, beats * 0.95, midi + 12 * line.octave, 0.9 if beat % 2 == 0 else 0.8)


class Band:
    """Plays a piece into two stereo buses: dry, and what goes to the room.

    Notes are a few milliseconds off the grid and of uneven strength, as people play; equal bars
    are therefore never equal samples.
    """

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.rng = np.random.default_rng(piece.seed)
        count = int((piece.seconds + piece.room_s + 0.6) * RATE)
        self.dry = np.zeros((2, count), dtype=np.float32)
        self.room = np.zeros((2, count), dtype=np.float32)
        self._kit = {name: drum(self.rng) for name, drum in DRUMS.items()}
        self._notes: dict[tuple[str, float, float], Samples] = {}

    def perform(self) -> None:
        """Play all sections, one after the other."""
        beat = 0.0
        for section in self.piece.sections:
            for name in section.players.split():
                self._play_line(self.piece.lines[name], section, beat)
            beat += len(section.chords.split()) * self.piece.meter

    def _play_line(self, line: Line, section: Section, start: float) -> None:
        if line.role == "drums":
            self._drum(line, section, start)
        elif line.role == "voice":
            self._sing(line, section, start)
        else:
            chords = line.role != "tune"
            notes = _from_chords(line, section, self.piece.meter) if chords else _from_tune(line, section)
            for note in notes:
                self._place(self._sound(line.sound, note), line, start + note.beat, note.strength)

    def _sound(self, name: str, note: Note) -> Samples:
        key = (name, note.midi, note.beats)
        if key not in self._notes:
            self._notes[key] = play(INSTRUMENTS[name], note.midi, note.beats * 60.0 / self.piece.bpm)
        return self._notes[key]

    def _sing(self, line: Line, section: Section, start: float) -> None:
        before = 0.0
        for number, note in enumerate(_from_tune(line, section)):
            vowels = self.piece.vowels[number % len(self.piece.vowels)] + self.piece.vowels[(number * 5 + 2) % 5]
            seconds = note.beats * 60.0 / self.piece.bpm
            sound = sing(note.midi, seconds, vowels, before or note.midi - 2, self.rng)
            self._place(sound, line, start + note.beat, note.strength)
            before = note.midi

    def _drum(self, line: Line, section: Section, start: float) -> None:
        for bar in range(len(section.chords.split())):
            for row in line.pattern.split():
                drum, _, steps = row.partition(":")
                for step, mark in enumerate(steps):
                    if mark != ".":
                        beat = start + bar * self.piece.meter + step / 4
                        self._place(self._kit[drum], line, beat, 0.9 if mark == "x" else 0.45)

    def _place(self, sound: Samples, line: Line, beat: float, strength: float) -> None:
        late = self.piece.swing if beat % 1.0 == 0.5 else 0.0
        seconds = (beat + late) * 60.0 / self.piece.bpm + self.rng.normal(0.0, 0.004)
        start = max(0, int(seconds * RATE))
        sound = sound[: max(0, self.dry.shape[1] - start)]
        level = line.level * strength * self.rng.uniform(0.82, 1.0)
        angle = (line.pan + 1.0) * np.pi / 4.0
        for channel, share in enumerate((np.cos(angle), np.sin(angle))):
            one = sound * np.float32(level * share)
            self.dry[channel, start : start + len(sound)] += one
            self.room[channel, start : start + len(sound)] += np.float32(line.room) * one
