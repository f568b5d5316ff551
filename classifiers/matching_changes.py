"""What a copy may have gone through: the changes that `liner evaluate duplicates` makes by itself.

A change is written as an attack of `classifiers.synthetic.attacks` is (``mp3-64``, ``speed+10``, ``pitch-2`` ...), or
``gain-12`` (dB; what is over full scale is clipped), ``tempo-10`` (per cent, pitch kept), ``cut-30`` (seconds that
are left), ``intro-10`` (seconds of another sound before it) or ``inside-20`` (seconds that are left, after half a
minute of another sound).
"""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.synthetic.attacks import Attack, parse_attack
from classifiers.synthetic.codecs import stretched
from schemas.errors import InvalidInput

Array = npt.NDArray[np.float32]

BARS: dict[str, float] = {
    **dict.fromkeys(
        ("mp3-64", "opus-48", "lowpass-4k", "noise-20", "gain-12", "gain+6", "eq-6", "cut-30", "intro-10"), 0.99
    ),
    **{f"speed{per_cent:+d}": 0.98 for per_cent in (-30, -25, -20, -10, -5, -2, -1, 1, 2, 5, 10, 20, 25, 30)},
    **{f"tempo{per_cent:+d}": 0.98 for per_cent in (-10, -5, 5, 10)},
    **{f"pitch{semitones:+d}": 0.98 for semitones in (-3, -2, -1, 1, 2, 3)},
}
"""The changes that are tried when none is named, and the recall that each must reach."""

_OWN = re.compile(r"(?P<kind>gain|tempo|cut|intro|inside)(?P<amount>[+-]\d+(?:\.\d+)?)")
_LIMITS = {"gain": 60.0, "tempo": 50.0, "cut": 3600.0, "intro": 600.0, "inside": 600.0}
_BEFORE_S = 30.0  # of another sound, where a part of the track lies inside a new one


@dataclass(frozen=True)
class Change:
    """One change of a recording, and where its sound then lies.

    Attributes
    ----------
    name
        As it is written.
    speed, pitch_semitones
        Of the changed sound relative to the original.
    cut_s, intro_s
        Seconds that are left of it, and seconds put before it; 0 where the change is none of these.
    apply
        Changes mono sound of a rate [shape=(n,)].
    """

    name: str
    apply: Callable[[Array, int], Array]
    speed: float = 1.0
    pitch_semitones: float = 0.0
    cut_s: float = 0.0
    intro_s: float = 0.0


def parse_changes(text: str) -> tuple[Change, ...]:
    """Read a comma-separated list of changes; an empty text gives all of `BARS`.

    Raises
    ------
    InvalidInput
        A kind is unknown or an amount makes no sense.
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(parse_change(name) for name in names or BARS)


def parse_change(text: str) -> Change:
    """Read one change; raises `InvalidInput`."""
    match = _OWN.fullmatch(text.strip().lower())
    if match is None:
        return _of_attack(parse_attack(text), text)
    kind, amount = match["kind"], float(match["amount"])
    if not 0 < abs(amount) <= _LIMITS[kind]:
        raise InvalidInput(f"{text!r} is no change.", mend="Write for example gain-6, tempo+10, cut-30 or intro-10.")
    if kind == "gain":
        factor = np.float32(10 ** (amount / 20))
        return Change(text, lambda wave, _rate: np.clip(wave * factor, -1, 1))
    if kind == "tempo":
        tempo = 1 + amount / 100
        return Change(text, lambda wave, rate: np.asarray(stretched(wave, rate, tempo), np.float32), speed=tempo)
    cut_s = abs(amount) if kind in {"cut", "inside"} else 0.0
    intro_s = {"intro": abs(amount), "inside": _BEFORE_S}.get(kind, 0.0)
    return Change(text, lambda wave, _rate: wave, cut_s=cut_s, intro_s=intro_s)


def _of_attack(attack: Attack, text: str) -> Change:
    if attack.kind == "speed":
        speed = 1 + attack.amount / 100
        return Change(text, attack.apply, speed=speed, pitch_semitones=12 * float(np.log2(speed)))
    pitch_semitones = attack.amount if attack.kind == "pitch" else 0.0
    return Change(text, attack.apply, pitch_semitones=pitch_semitones)


def drawn(seed: int, *about: str) -> np.random.Generator:
    """Draw by names and not by order: the same file meets the same fate in any selection."""
    return np.random.default_rng([seed, zlib.crc32("\0".join(about).encode())])
