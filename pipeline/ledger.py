"""Which intakes the lake already holds: what a run skips, and what it took on itself."""

import threading
from pathlib import Path

from pipeline.lake import Lake
from pipeline.runs import PerRun

_LEDGERS: PerRun["Ledger"] = PerRun()


class Ledger:
    """The source keys that the same engine, policy and models have screened.

    Parameters
    ----------
    screened
        Packed source keys that are done; see `packed`.
    """

    def __init__(self, screened: set[bytes]) -> None:
        self._taken = screened
        self._lock = threading.Lock()

    def take(self, source_key: str) -> bool:
        """Take an intake on; False where it is done, or another worker has it."""
        key = packed(source_key)
        with self._lock:
            if key in self._taken:
                return False
            self._taken.add(key)
            return True


def packed(key: str) -> bytes:
    """Pack a derived id into 16 bytes: a ledger of millions must fit into memory."""
    return bytes.fromhex(key.rpartition("_")[2])


def ledger_of(run_id: str, lake: Path, versions_key: str, *, force: bool) -> Ledger:
    """Share one ledger among the run's workers; the lake is read once."""
    return _LEDGERS.get(
        run_id, lambda: Ledger(set() if force else set(map(packed, Lake(lake).screened_sources(versions_key))))
    )
