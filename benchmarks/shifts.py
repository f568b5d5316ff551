"""What turns between worlds do to the synthetic score: rates, bits, levels, hum, vinyl, silence; figures, not bars.

Ten seconds of each file are scored as they are and changed. Every change is one that honest music meets on its way,
so a file of human music that crosses the 5 % count under one is a false accusation in the making.

    python -m benchmarks.shifts FOLDER [MODEL]
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from scipy.signal import butter, sosfilt
from threadpoolctl import threadpool_limits

from classifiers.synthetic.attacks import buzzing, parse_attack
from classifiers.synthetic.corpus import read_windows
from classifiers.synthetic.model import DEFAULT, SyntheticModel
from classifiers.synthetic.score import Abstention, SyntheticScore
from classifiers.synthetic.windows import SHORTEST_S, Window
from schemas.errors import AudioUnreadable

Wave = npt.NDArray[np.float32]
Shift = Callable[[Wave, int], tuple[npt.NDArray[np.floating], int]]

ACCUSED = 0.05
AS_IT_IS = "as it is"
GATED = (Abstention.NOT_MUSIC, Abstention.SINGING)
CLICKS_A_SECOND = 12


def _level(wave: npt.NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(wave**2))) + 1e-9


def resampled(rate_hz: int) -> Shift:
    """Deliver at another sample rate."""
    return lambda wave, rate: (soxr.resample(wave, rate, rate_hz), rate_hz)


def quantised(bits: int, gain: float | None) -> Shift:
    """Round to integers of ``bits``, at a gain; None brings the peak to full scale."""

    def shift(wave: Wave, rate: int) -> tuple[Wave, int]:
        factor = gain if gain is not None else 1 / max(1e-9, float(np.abs(wave).max()))
        steps = 2 ** (bits - 1)
        return np.round(np.clip(wave * factor, -1, 1) * steps) / steps, rate

    return shift


def clipped(gain: float) -> Shift:
    """Drive into full scale."""
    return lambda wave, rate: (np.clip(wave * gain, -1, 1), rate)


def held(rate_hz: int) -> Shift:
    """Play a recording of a low rate by repeating samples, as old players do: images instead of silence above."""

    def shift(wave: Wave, rate: int) -> tuple[npt.NDArray[np.floating], int]:
        low = soxr.resample(wave, rate, rate_hz)
        places = (np.arange(len(wave)) * rate_hz / rate).astype(int)
        return low[np.minimum(places, len(low) - 1)], rate

    return shift


def buzz(base_hz: float, under_db: float, top_hz: float) -> Shift:
    """Add the hum of a mains supply, with overtones falling as 1/k up to ``top_hz``, under the level of the music."""
    return lambda wave, rate: (buzzing(wave, rate, base_hz=base_hz, under_db=under_db, top_hz=top_hz), rate)


def vinyl(wave: Wave, rate: int) -> tuple[npt.NDArray[np.floating], int]:
    """Play from a record: a slow wow of 0.14 %, hiss at -40 dB, rumble at -35 dB, clicks."""
    dice, count = np.random.default_rng(len(wave)), len(wave)
    places = np.arange(count)
    slow = np.interp(places + rate * 4e-4 * np.sin(2 * np.pi * 0.555 * places / rate), places, wave)
    hiss = dice.standard_normal(count) * 10 ** (-40 / 20)
    rumble = sosfilt(butter(2, 40, fs=rate, output="sos"), dice.standard_normal(count))
    clicks = np.zeros(count)
    struck = dice.integers(0, count, CLICKS_A_SECOND * count // rate)
    clicks[struck] = 6 * dice.standard_normal(len(struck))
    clicks = sosfilt(butter(2, [800, min(8000, 0.45 * rate)], btype="band", fs=rate, output="sos"), clicks)
    return slow + _level(wave) * (hiss + clicks + rumble / _level(rumble) * 10 ** (-35 / 20)), rate


def silenced(share: float) -> Shift:
    """Put digital silence before the music, and cut as much from its end."""

    def shift(wave: Wave, rate: int) -> tuple[Wave, int]:
        quiet = int(share * len(wave))
        return np.concatenate([np.zeros(quiet, dtype=np.float32), wave[: len(wave) - quiet]]), rate

    return shift


def attacked(name: str) -> Shift:
    """Use a change that the model's card knows, too."""
    attack = parse_attack(name)
    return lambda wave, rate: (attack.apply(wave, rate), rate)


SHIFTS: dict[str, Shift] = {
    AS_IT_IS: lambda wave, rate: (wave, rate),
    "22.05 kHz": resampled(22_050),
    "96 kHz": resampled(96_000),
    "8 bits": quantised(8, None),
    "-40 dB in 16 bits": quantised(16, 0.01),
    "+12 dB into clipping": clipped(4.0),
    "constant offset": lambda wave, rate: (0.8 * wave + np.float32(0.1), rate),
    "AAC 64 kbit/s": attacked("aac-64"),
    "samples held at 11 kHz": held(11_025),
    "vinyl": vinyl,
    "six seconds": lambda wave, rate: (wave[: int(1.2 * SHORTEST_S * rate)], rate),
    "3 of 10 s digital silence": silenced(0.3),
    "7 of 10 s digital silence": silenced(0.7),
    "hum 50 Hz, -40 dB, up to 1 kHz": buzz(50.02, 40, 1000),
    "buzz 50 Hz, -50 dB": buzz(50.02, 50, 7900),
    "buzz 50 Hz, -40 dB": buzz(50.02, 40, 7900),
    "buzz 60 Hz, -40 dB": buzz(60.03, 40, 7900),
    "buzz 120 Hz, -40 dB": buzz(119.94, 40, 7900),
}


def heard(model: SyntheticModel, window: Window) -> dict[str, SyntheticScore]:
    """Score one window under every shift; what gives no score is left out."""
    scores = {}
    for name, shift in SHIFTS.items():
        wave, rate = shift(window.samples, window.sample_rate_hz)
        score = model.score(np.asarray(wave, dtype=np.float32), rate)
        if score.logit is not None:
            scores[name] = score
    return scores


def line(name: str, files: Sequence[dict[str, SyntheticScore]]) -> str:
    """Tell what one shift does: files, median and 95 % change of the logit, accused before and after, held back."""
    known = [(one[AS_IT_IS], one[name]) for one in files if name in one and AS_IT_IS in one]
    changes = [(after.logit or 0.0) - (before.logit or 0.0) for before, after in known]
    if not changes:
        return f"{name:32}    0  no answer"
    middle, high = np.quantile(changes, (0.5, 0.95))
    was, now = (sum(_is_accused(pair[i]) for pair in known) for i in (0, 1))
    gated = sum(after.abstention in GATED for _, after in known)
    return f"{name:32}{len(known):5}{middle:+8.2f}{high:+8.2f}{was:5}{now:5}{gated:5}"


def _is_accused(score: SyntheticScore) -> bool:
    rate = score.false_positive_rate
    return score.abstention not in GATED and rate is not None and rate <= ACCUSED


def main(folder: Path, name: str = DEFAULT) -> None:
    """Hear every file below a folder, and print one line for each shift."""
    model, files = SyntheticModel.load(name), []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            windows = read_windows(path)
        except AudioUnreadable:
            continue
        files += [heard(model, windows[len(windows) // 2])] if windows else []
    print(f"{'':32}files  median    95 %  <=5 %: before, after; held back by the gates")
    for shift in SHIFTS:
        print(line(shift, files))


if __name__ == "__main__":
    with threadpool_limits(1):
        main(Path(sys.argv[1]), *sys.argv[2:])
