"""What one file may cost the process that listens to it, enforced by the system and raised as sound is decoded.

Processor time and not time on the clock: a busy machine makes no file guilty. A decoder that spins is ended by
SIGXCPU, one that explodes meets a failed allocation; both cost the child and become a finding. Time on the clock is
the parent's affair (`classifiers.listener`), for what waits and never comes back.
"""

import math
import resource
import time

from classifiers.listening import Limits


class Allowance:
    """Sets the limits of this process for one file after the other.

    Parameters
    ----------
    limits
        What any file may cost.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._began_s = 0.0
        self._hard = {what: resource.getrlimit(what)[1] for what in (resource.RLIMIT_CPU, resource.RLIMIT_DATA)}
        self.memory_bytes = limits.memory_bytes

    def raised(self, heard_s: float) -> None:
        """Allow what is fair once ``heard_s`` seconds of sound are decoded; 0 begins anew."""
        if heard_s == 0:
            self._began_s = time.process_time()
        self.memory_bytes = self._limits.listening_bytes_at(heard_s)
        seconds = self._began_s + self._limits.cpu_allowance_s(heard_s)
        self._set(resource.RLIMIT_CPU, math.ceil(seconds))
        self._set(resource.RLIMIT_DATA, self.memory_bytes)

    def lifted(self) -> None:
        """Give back what was withheld: between files, and for what is no listening."""
        self.memory_bytes = self._limits.memory_bytes
        for what, hard in self._hard.items():
            resource.setrlimit(what, (hard, hard))

    def _set(self, what: int, most: int) -> None:
        hard = self._hard[what]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
