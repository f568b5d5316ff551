"""One picture of why: spectrogram, time line of what was heard, spectrum and contributions of the clearest window.

It draws what it is given and decodes nothing: the spectrogram and the excerpt come from
`classifiers.listener.Listener`, which keeps decoders in its child process.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from classifiers.synthetic.features import GROUPS, SMOOTH_HZ
from classifiers.synthetic.lattice import HIGH_HZ, LOW_HZ, bin_hz
from classifiers.synthetic.score import WindowScore
from schemas.flags import Span

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

WIDTH, LEFT, RIGHT, TOP = 1240, 180, 40, 104
SPECTROGRAM_HEIGHT, LANE, PLOT_HEIGHT = 240, 26, 220
PAPER, INK, FAINT, RULE = (250, 250, 247), (28, 36, 42), (104, 116, 124), (214, 219, 221)
HUMAN, TRACE, OTHER = (46, 125, 140), (201, 92, 40), (122, 132, 160)
FULL_SCORE = 4.0  # logits at which a window has its full colour
WORDS = {
    "residual": "fine detail of the spectrum",
    "regularity": "even spacing of that detail",
    "lattice": "still lines where strides put them",
    "scan": "still lines at any even spacing",
}


@dataclass(frozen=True)
class Poster:
    """What there is to show.

    Attributes
    ----------
    title, lines
        Heading, and at most two lines of words below it.
    duration_s
        Length of the time axis.
    spectrogram
        PNG of the whole time axis, 0 to ``top_hz``.
    windows
        Scored windows in order of time; empty where the model looked at none.
    lanes
        Stretches of other signals by their names.
    raised
        How many of the lanes, from the first on, belong to a reason of the policy that is met.
    levels_db : np.ndarray or None
        Long-term spectrum of the clearest window (`features.Features.levels_db`).
    """

    title: str
    lines: tuple[str, ...]
    duration_s: float
    spectrogram: bytes
    top_hz: float
    windows: tuple[WindowScore, ...] = ()
    lanes: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    raised: int = 0
    levels_db: npt.NDArray[np.float32] | None = None

    @property
    def clearest(self) -> WindowScore | None:
        """The window that speaks loudest, for or against."""
        return max(self.windows, key=lambda window: abs(window.logit), default=None)

    def png(self) -> bytes:
        """Draw the picture."""
        return _Sheet(self).png()


class _Sheet:
    """The canvas, and where on it things stand."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        lanes = len(poster.lanes) + 1
        self._lanes_top = TOP + SPECTROGRAM_HEIGHT + 14
        self._axis = self._lanes_top + lanes * LANE
        self._plots = self._axis + 72
        height = self._plots + PLOT_HEIGHT + 56 if poster.clearest else self._axis + 48
        self._image = Image.new("RGB", (WIDTH, height), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        self._heading()
        self._spectrogram()
        self._time_line()
        window = self._poster.clearest
        if window is not None:
            half = (WIDTH + LEFT - RIGHT) / 2
            self._spectrum(window, (LEFT, self._plots, half - 60, self._plots + PLOT_HEIGHT))
            self._contributions(window, (half + 160, self._plots, WIDTH - RIGHT - 60, self._plots + PLOT_HEIGHT))
        buffer = io.BytesIO()
        self._image.save(buffer, format="PNG")
        return buffer.getvalue()

    def _text(
        self, at: tuple[float, float], text: str, *, size: int = 14, fill: Colour = INK, anchor: str = "la"
    ) -> None:
        self._draw.text(at, _shown(text), font=ImageFont.load_default(size), fill=fill, anchor=anchor)

    def _heading(self) -> None:
        self._text((24, 18), self._poster.title, size=22)
        for number, line in enumerate(self._poster.lines[:2]):
            self._text((24, 50 + 20 * number), line, size=15, fill=FAINT)

    def _spectrogram(self) -> None:
        with Image.open(io.BytesIO(self._poster.spectrogram)) as picture:
            self._image.paste(picture.resize((WIDTH - LEFT - RIGHT, SPECTROGRAM_HEIGHT)), (LEFT, TOP))
        for khz in range(0, int(self._poster.top_hz / 1000) + 1, 5 if self._poster.top_hz > 9000 else 2):
            y = TOP + SPECTROGRAM_HEIGHT * (1 - khz * 1000 / self._poster.top_hz)
            self._draw.line((LEFT - 6, y, LEFT, y), fill=FAINT)
            self._text((LEFT - 10, y), f"{khz} kHz", size=12, fill=FAINT, anchor="rm")

    def _x(self, second: float) -> float:
        share = min(max(second / max(self._poster.duration_s, 1e-9), 0.0), 1.0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def _time_line(self) -> None:
        y = float(self._lanes_top)
        self._lane(y, "decoder traces")
        for window in self._poster.windows:
            box = (self._x(window.start_s), y + 3, self._x(window.end_s), y + LANE - 3)
            self._draw.rectangle(box, fill=_shade(window.logit), outline=PAPER)
            if box[2] - box[0] > 34:  # pixels: room for the number
                middle = ((box[0] + box[2]) / 2, y + LANE / 2)
                fill = PAPER if abs(window.logit) > FULL_SCORE / 2 else INK  # pale boxes need dark numbers
                self._text(middle, f"{window.logit:+.1f}", size=12, fill=fill, anchor="mm")
        for number, (name, spans) in enumerate(self._poster.lanes.items(), start=1):
            top = y + number * LANE
            self._lane(top, name)
            for span in spans:
                box = (self._x(span.start_s), top + 5, self._x(span.end_s) + 1, top + LANE - 5)
                self._draw.rectangle(box, fill=INK if number <= self._poster.raised else OTHER)
        self._seconds()

    def _lane(self, y: float, name: str) -> None:
        self._text((LEFT - 10, y + LANE / 2), name, size=13, fill=FAINT, anchor="rm")
        self._draw.line((LEFT, y + LANE, WIDTH - RIGHT, y + LANE), fill=RULE)

    def _seconds(self) -> None:
        step = _step(self._poster.duration_s / 8)
        for second in np.arange(0, self._poster.duration_s + step / 1000, step):
            self._draw.line((self._x(second), self._axis, self._x(second), self._axis + 5), fill=FAINT)
            self._text((self._x(second), self._axis + 8), _clock(float(second)), size=12, fill=FAINT, anchor="ma")

    def _spectrum(self, window: WindowScore, box: Box) -> None:
        """Draw how far each hertz of the long-term spectrum stands above its neighbourhood."""
        self._text(
            (box[0], box[1] - 24),
            f"Spectrum of {_clock(window.start_s)} to {_clock(window.end_s)}: dB above its neighbourhood",
        )
        self._draw.rectangle(box, outline=RULE)
        if self._poster.levels_db is None:
            return
        rise = _rise(self._poster.levels_db)
        columns = int(box[2] - box[0])
        edges = np.linspace(0, len(rise), columns + 1).astype(int)
        highest = np.maximum.reduceat(rise, edges[:-1])
        unit = (box[3] - box[1]) / 16.0  # pixels a decibel: -4 to 12 dB
        floor = box[3] - 4 * unit
        for column, value in enumerate(np.clip(highest, -4, 12)):
            x = box[0] + column
            self._draw.line((x, floor, x, floor - float(value) * unit), fill=OTHER)
        for decibels in (0, 5, 10):
            self._text((box[0] - 8, floor - decibels * unit), str(decibels), size=12, fill=FAINT, anchor="rm")
        for khz in range(int(LOW_HZ / 1000), int(HIGH_HZ / 1000) + 1):
            x = box[0] + (khz * 1000 - LOW_HZ) / (HIGH_HZ - LOW_HZ) * columns
            self._text((x, box[3] + 6), f"{khz} kHz", size=12, fill=FAINT, anchor="ma")
        self._still_lines(window, box)

    def _still_lines(self, window: WindowScore, box: Box) -> None:
        if not window.lines:
            self._text((box[0], box[3] + 26), "No still lines at common strides stand out.", size=12, fill=FAINT)
            return
        line = window.lines[0]
        for multiple in np.arange(np.ceil(LOW_HZ / line.spacing_hz), HIGH_HZ / line.spacing_hz):
            x = box[0] + (multiple * line.spacing_hz - LOW_HZ) / (HIGH_HZ - LOW_HZ) * (box[2] - box[0])
            self._draw.line((x, box[1] + 2, x, box[1] + 9), fill=TRACE)
        told = f"Ticks: every {line.spacing_hz:g} Hz, {line.strength:g} standard errors above chance."
        self._text((box[0], box[3] + 26), told, size=12, fill=TRACE)

    def _contributions(self, window: WindowScore, box: Box) -> None:
        """Draw what each group of features adds to the score of the window."""
        self._text((box[0] - 150, box[1] - 24), "What adds to its score (right: like a decoder)")
        parts = [(WORDS[group], window.contributions.get(group, 0.0)) for group in GROUPS]
        parts.append(("starting point", window.logit - sum(value for _, value in parts)))
        reach = max(2.0, abs(window.logit), *(abs(value) for _, value in parts))
        middle, row = (box[0] + box[2]) / 2 + 30, (box[3] - box[1]) / (len(parts) + 1)
        self._draw.line((middle, box[1], middle, box[3]), fill=RULE)
        for number, (name, value) in enumerate([*parts, ("score", window.logit)]):
            y = box[1] + number * row
            end = middle + value / reach * (middle - box[0] - 80 if value < 0 else box[2] - middle)
            self._draw.rectangle((min(middle, end), y + 8, max(middle, end), y + row - 8), fill=_shade(value))
            self._text((box[0] + 70, y + row / 2), name, size=13, anchor="rm", fill=INK if name == "score" else FAINT)
            self._text((box[2] + 8, y + row / 2), f"{value:+.1f}", size=13, anchor="lm")


def _rise(levels_db: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    width = bin_hz(len(levels_db))
    first, last, reach = round(LOW_HZ / width), round(HIGH_HZ / width), int(SMOOTH_HZ / width)
    around = np.convolve(levels_db, np.ones(reach) / reach, mode="same")
    return np.asarray((levels_db - around)[first:last], dtype=np.float64)


def _shade(score: float) -> Colour:
    """Colour a score: the further from 0, the fuller."""
    target, share = (TRACE if score > 0 else HUMAN), min(abs(score) / FULL_SCORE, 1.0) * 0.75 + 0.25
    red, green, blue = (round(paper + (ink - paper) * share) for paper, ink in zip(PAPER, target, strict=True))
    return red, green, blue


def _step(wanted_s: float) -> float:
    steps: Sequence[float] = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    return next((step for step in steps if step >= wanted_s), steps[-1])


def _clock(second: float) -> str:
    return f"{int(second // 60)}:{int(second % 60):02d}"


def _shown(text: str) -> str:
    """Keep what the built-in font has: a title may be written in any script."""
    return text.encode("latin-1", "replace").decode("latin-1")
