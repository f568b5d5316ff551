"""What a listener is asked for and what it gives: plain nouns, importable without numpy."""

from schemas.base import Model
from schemas.screening import Found, Heard


class Limits(Model):
    """How much one file may cost before the listener gives it up.

    Attributes
    ----------
    cpu_s_per_minute
        Processor seconds for each minute of sound decoded so far, and the one in work.
    floor_s
        Seconds on the clock that any file may take.
    seconds_per_minute
        Further seconds for each minute of sound decoded so far, and the one in work.
    stall_s
        Seconds on the clock in which nothing new is read or decoded: a mount that is gone, a decoder that waits.
    max_duration_s
        Longest sound that is heard, in seconds.
    memory_bytes
        Private memory of the child process (``RLIMIT_DATA``), whatever it does.
    listening_bytes, listening_bytes_per_hour
        The same while it listens, where the code that is shared with others adds some 80 MB: under 500 MB in all. What
        is measured over time adds a little with each hour.
    start_s
        Seconds on the clock for the child to start and to load its libraries.
    """

    cpu_s_per_minute: float = 5.0
    floor_s: float = 20.0
    seconds_per_minute: float = 5.0
    stall_s: float = 60.0
    max_duration_s: float = 12 * 3600.0
    memory_bytes: int = 768 * 1024 * 1024
    listening_bytes: int = 400 * 1024 * 1024
    listening_bytes_per_hour: int = 20 * 1024 * 1024
    start_s: float = 120.0

    def allowance_s(self, heard_s: float) -> float:
        """Seconds on the clock that are fair once ``heard_s`` seconds of sound are decoded."""
        return self.floor_s + self.seconds_per_minute * (heard_s / 60 + 1)

    def cpu_allowance_s(self, heard_s: float) -> float:
        """Processor seconds that are fair once ``heard_s`` seconds of sound are decoded."""
        return self.cpu_s_per_minute * (heard_s / 60 + 1)

    def listening_bytes_at(self, heard_s: float) -> int:
        """Private memory that is fair once ``heard_s`` seconds of sound are decoded."""
        return min(self.memory_bytes, self.listening_bytes + int(self.listening_bytes_per_hour * heard_s / 3600))


class Listening(Model):
    """The result of listening to one file.

    Attributes
    ----------
    found
        Facts of container and decoder, and embedded provenance.
    heard
        Signals; empty when only facts were asked for.
    fingerprint
        Packed landmarks (`classifiers.fingerprint`); None when not asked for, or too little sound.
    models
        Versions of everything that made it (`classifiers.versions`), as a screening pins them.
    cpu_s
        Processor seconds that the child spent on this file.
    """

    found: Found
    heard: Heard = Heard()
    fingerprint: bytes | None = None
    models: tuple[str, ...] = ()
    cpu_s: float = 0.0
