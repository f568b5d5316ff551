"""How a check report is written for programs: JSON, SARIF, JUnit, and acknowledgements for senders."""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from api.cli.reporting import Sources, Writer, plain
from schemas.answers.acknowledgement import acknowledge
from schemas.answers.junit import to_junit
from schemas.answers.sarif import to_sarif
from schemas.errors import InvalidInput
from schemas.findings import Finding, Severity
from schemas.report import CheckReport
from schemas.versions import ENGINE


class _AtTheEnd:
    """Waits for the whole, and writes it to a file or to standard output."""

    def __init__(self, target: Path | None) -> None:
        self._target = target

    def write(self, report: CheckReport, shown: Severity) -> None:
        """Wait for the whole."""

    def close(self, total: CheckReport, shown: Severity) -> None:
        """Write it."""
        data = self.render(placed(_shown(total, shown)))
        if self._target is None:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        else:
            _save(self._target, data)

    def render(self, report: CheckReport) -> bytes:
        raise NotImplementedError


class JsonWriter(_AtTheEnd):
    """One JSON object with profile, messages, findings and unusable paths."""

    def render(self, report: CheckReport) -> bytes:
        """Lay it out as docs/check.md says."""
        messages = [m.model_dump(mode="json") for m in report.messages]
        data = {
            "profile": report.profile.model_dump() if report.profile else None,
            "messages": messages,
            "findings": [flat(f) for f in report.findings],
            "unusable": report.unusable,
            "left_alone": report.left_alone,
        }
        return _json(data)


class SarifWriter(_AtTheEnd):
    """One SARIF 2.1.0 log."""

    def render(self, report: CheckReport) -> bytes:
        """Write it, with paths below the folder that the command runs in."""
        return _json(to_sarif(report, engine=ENGINE, base=os.getcwd()))  # noqa: PTH109 - as the shell names it


class JunitWriter(_AtTheEnd):
    """One JUnit XML document."""

    def render(self, report: CheckReport) -> bytes:
        """Write it."""
        return to_junit(report)


class AcknowledgementWriter:
    """One ERN-C-SFTP acknowledgement for each release; one alone may go to standard output."""

    def __init__(self, target: Path | None) -> None:
        self._folder = target

    def write(self, report: CheckReport, shown: Severity) -> None:
        """Wait for the whole."""

    def close(self, total: CheckReport, shown: Severity) -> None:
        """Write every document."""
        del shown  # a threshold hides nothing from the sender
        documents, unknown = acknowledge(total, datetime.now(UTC))
        errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        for path in unknown:
            errors.print(plain(f"{path}: not acknowledged: nobody knows who sent it."))
        if self._folder is not None:
            for one in documents:
                _save(self._folder / one.name, one.data)
                print(self._folder / one.name)  # noqa: T201 - the command's output
        elif len(documents) > 1:
            raise InvalidInput(
                f"There are {len(documents)} acknowledgements, one for each release.",
                mend="Name a folder for them: --output FOLDER",
            )
        else:
            sys.stdout.buffer.write(b"".join(one.data for one in documents))
            sys.stdout.flush()


WRITERS: dict[str, Callable[[Path | None], Writer]] = {
    "json": JsonWriter,
    "sarif": SarifWriter,
    "junit": JunitWriter,
    "ern-ack": AcknowledgementWriter,
}


def flat(one: Finding) -> dict[str, Any]:
    """Lay a finding's place beside its words."""
    data = one.model_dump(mode="json")
    return {**data.pop("location"), **data}


def _shown(total: CheckReport, shown: Severity) -> CheckReport:
    """Leave out what is less severe than the threshold."""
    return total.model_copy(update={"findings": tuple(f for f in total.findings if f.severity.rank <= shown.rank)})


def placed(report: CheckReport) -> CheckReport:
    """Add the columns, which need the source lines."""
    sources = Sources()
    return report.model_copy(update={"findings": tuple(_with_column(f, sources) for f in report.findings)})


def _with_column(one: Finding, sources: Sources) -> Finding:
    excerpt = sources.excerpt(one) if one.location.column is None else None
    if excerpt is None:
        return one
    return one.model_copy(update={"location": one.location.model_copy(update={"column": excerpt.column})})


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _save(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", mend="Choose another --output.") from error
