"""How much of a recording its stems explain: evidence about authorship, never a verdict."""

from schemas.base import Model


class StemMatch(Model):
    """One stem beside the recording.

    Attributes
    ----------
    name
        As its sender called it.
    lag_s
        Seconds that the stem has to be moved later to lie where it sounds in the recording.
    correlation
        At that lag, in [0, 1]; near 0 the place is a guess.
    alone_db
        What is left of the recording, in dB relative to it, where this stem alone is subtracted; 0 explains nothing.
    problem
        Why the stem could not be used; empty where it could.
    """

    name: str
    lag_s: float = 0.0
    correlation: float = 0.0
    alone_db: float = 0.0
    problem: str = ""


class StemReport(Model):
    """The stems of an appeal beside the recording.

    Attributes
    ----------
    residual_db
        Power of what all stems together leave, in dB relative to the recording; the lower, the more they explain.
    chance_db
        The same with every stem moved out of place: what chance alone would explain.
    explained
        Share of the recording's power that the stems explain, in [0, 1].
    every_s
        Seconds between the values of ``over_time``.
    over_time
        The residual in dB for each stretch; 0 where the recording is silent.
    method
        Name and version of the method, so that figures can be compared.
    """

    method: str
    duration_s: float
    residual_db: float
    chance_db: float
    explained: float
    every_s: float
    over_time: tuple[float, ...]
    stems: tuple[StemMatch, ...]
