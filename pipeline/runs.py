"""What the workers of one run share within a process.

Beam copies its DoFns, even between threads; so they look shared things up by the run's id. On a remote
worker each process makes its own.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_REGISTRIES: list["PerRun[Any]"] = []


class PerRun(Generic[T]):
    """One value per run and process, made by the first worker that asks."""

    def __init__(self) -> None:
        self._values: dict[str, T] = {}
        self._lock = threading.Lock()
        _REGISTRIES.append(self)

    def get(self, run_id: str, make: Callable[[], T]) -> T:
        """Find the run's value, or make it while the others wait."""
        with self._lock:
            if run_id not in self._values:
                self._values[run_id] = make()
            return self._values[run_id]

    def forget(self, run_id: str) -> None:
        """Drop the run's value."""
        with self._lock:
            self._values.pop(run_id, None)


def end_run(run_id: str) -> None:
    """Drop everything that a run's workers shared."""
    for registry in _REGISTRIES:
        registry.forget(run_id)
