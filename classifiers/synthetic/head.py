"""The decision function: standardised features, strong L2, one coefficient each."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LIMIT = 4.0  # standard deviations: one odd feature must not decide alone
DIGITS = 6  # of what is stored


@dataclass
class LinearHead:
    """Logistic regression over standardised, limited features.

    Parameters
    ----------
    strength
        Inverse of the L2 penalty (scikit-learn's ``C``).
    emphasis : np.ndarray [shape=(features,)] or None
        What standardised features are multiplied by in the fit: the penalty is the softer, the larger. It is part of
        the coefficients afterwards.

    Attributes
    ----------
    mean_, scale_, coef_ : np.ndarray [shape=(features,)]
        Weighted mean and standard deviation of the fit, and the coefficients.
    intercept_ : float
        Logit at the mean.
    """

    strength: float = 0.003
    emphasis: Array | None = None
    mean_: Array = field(default_factory=lambda: np.zeros(0))
    scale_: Array = field(default_factory=lambda: np.zeros(0))
    coef_: Array = field(default_factory=lambda: np.zeros(0))
    intercept_: float = 0.0

    def fit(self, features: npt.NDArray[np.float32], labels: npt.NDArray[np.bool_], weights: Array) -> Self:
        """Fit to windows [shape=(n, features)] with a label and a weight each."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a listener does without: 80 MB less

        self.mean_ = np.average(features, axis=0, weights=weights)
        self.scale_ = np.sqrt(np.average((features - self.mean_) ** 2, axis=0, weights=weights)) + 1e-9
        model = LogisticRegression(C=self.strength, max_iter=300, tol=1e-4)
        emphasis = np.ones(features.shape[1]) if self.emphasis is None else self.emphasis
        model.fit(self._standardised(features) * emphasis, labels, sample_weight=weights)
        self.coef_, self.intercept_ = model.coef_[0] * emphasis, float(model.intercept_[0])
        return self

    def score_samples(self, features: npt.NDArray[np.float32]) -> Array:
        """Give the logit of each window: the higher, the more like a neural decoder's output."""
        return np.asarray(self._standardised(features) @ self.coef_ + self.intercept_)

    def explain(self, features: npt.NDArray[np.float32], groups: tuple[str, ...]) -> dict[str, float]:
        """Split one window's logit into what each group of features adds to it (logits)."""
        parts = self._standardised(features[None])[0] * self.coef_
        names = np.array(groups)
        return {name: float(parts[names == name].sum()) for name in dict.fromkeys(groups)}

    def _standardised(self, features: npt.NDArray[np.float32]) -> Array:
        return np.clip((features - self.mean_) / self.scale_, -LIMIT, LIMIT)
