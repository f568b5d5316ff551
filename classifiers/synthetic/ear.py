"""The synthetic score as a listener hears it: takes the sound as it is decoded, gives the layer's parts."""

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from classifiers.models import active
from classifiers.synthetic.model import SyntheticModel
from classifiers.synthetic.score import RATE_SIGNAL, SIGNAL, Abstention, SyntheticScore
from classifiers.synthetic.windows import LOWEST_RATE_HZ, WindowCollector
from schemas.errors import InvalidInput
from schemas.screening import Heard

OWN = (SIGNAL, RATE_SIGNAL)
# A channel. Of 59 human tracks 4 lie over the count that promises 5 %; through AAC at 32 kbit/s 9, at 64 kbit/s 5.
LEAST_AAC_BPS = 56_000


@cache
def model_in_use() -> SyntheticModel:
    """Load the model once for this process: a promotion counts from the next start on."""
    return SyntheticModel.in_use(active.names_in_use())


class SyntheticEar:
    """Collects windows of one recording and scores them with the model in use.

    Parameters
    ----------
    sample_rate_hz, codec
        Of the source.
    """

    def __init__(self, sample_rate_hz: int, codec: str) -> None:
        self._codec = codec
        self._model = model_in_use()
        self._collector = WindowCollector(sample_rate_hz) if sample_rate_hz >= LOWEST_RATE_HZ else None

    def push(self, mono: npt.NDArray[np.float32]) -> None:
        """Take the next samples [shape=(n,)]."""
        if self._collector:
            self._collector.push(mono)

    def heard(self, coded_bps: float | None = None) -> Heard:
        """Signals, or why there are none, and the packed windows; ``coded_bps`` is the bit rate of one channel."""
        if self._collector is None:
            return SyntheticScore(self._model.ref, None, Abstention.NARROW).heard()
        windows, duration_s = self._collector.windows(), self._collector.duration_s
        if not windows:
            return self._model.score_windows(windows, duration_s=duration_s).heard()
        traces = self._model.measure(windows)
        score = self._model.score_traces(traces, codec=self._codec)
        if self._codec == "aac" and coded_bps is not None and coded_bps < LEAST_AAC_BPS:
            return replace(
                score, abstention=_gated(score) or Abstention.CODED, probability=None, false_positive_rate=None
            ).heard()
        return score.heard(traces)

    def joined(self, heard: Heard, coded_bps: float | None = None) -> Heard:
        """Add the parts to what others heard."""
        return _joined(heard, self.heard(coded_bps))


def score_again(heard: Heard, model: SyntheticModel, *, codec: str) -> Heard:
    """Let another model score the windows that a screening kept; what others heard stays.

    Raises
    ------
    InvalidInput
        The screening kept none, or of another feature set (`SyntheticModel.reads`).
    """
    if heard.traces is None:
        raise InvalidInput("The screening kept no windows to score.", mend="Screen the sound itself again.")
    return _joined(heard, model.score_traces(heard.traces, codec=codec).heard(heard.traces))


def scored_by(heard: Heard) -> frozenset[str]:
    """Name what scored a screening: models, with their calibrations."""
    signals = (one.model for one in heard.signals if one.name in OWN)
    return frozenset((*signals, *(one.model for one in heard.abstained if one.name in OWN)))


def _gated(score: SyntheticScore) -> Abstention | None:
    return score.abstention if score.abstention in {Abstention.NOT_MUSIC, Abstention.SINGING} else None


def _joined(heard: Heard, own: Heard) -> Heard:
    signals = (*own.signals, *(one for one in heard.signals if one.name not in OWN))
    abstained = (*(one for one in heard.abstained if one.name not in OWN), *own.abstained)
    return heard.model_copy(update={"signals": signals, "abstained": abstained, "traces": own.traces})
