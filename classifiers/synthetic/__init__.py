"""The synthetic score: position-free traces of neural decoders, a linear model, and its evaluation.

Figures, method, limits and patents are in docs/synthetic.md and in the model's card.
"""

from classifiers.synthetic.model import SyntheticModel
from classifiers.synthetic.score import Abstention, SyntheticScore, WindowScore
from classifiers.synthetic.windows import Window, WindowCollector

__all__ = ["Abstention", "SyntheticModel", "SyntheticScore", "Window", "WindowCollector", "WindowScore"]
