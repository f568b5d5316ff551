"""A constant in the sound, which cheap converters add: nobody hears it, and every spectrum and energy would."""

import numpy as np

from classifiers.spectra import Array

LEAST = 5e-3  # of full scale; what is under it moves loudness by less than a tenth of a unit, and bass notes reach it


class Offset:
    """Takes the mean of a stream so far out of it, where there is one worth the name."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def out_of(self, samples: Array) -> Array:
        """Give the next samples without it [shape=(n,)]; the same array where there is none."""
        self._sum += float(samples.sum())
        self._count += len(samples)
        mean = self._sum / max(1, self._count)
        return samples - np.float32(mean) if abs(mean) > LEAST else samples
