"""How a check report is written for people: lines as a compiler writes them."""

import codecs
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.text import Text

from api.cli.counting import many
from schemas.disclosure import Level
from schemas.findings import Finding, Severity
from schemas.release import MessageKind
from schemas.report import CheckReport
from schemas.rules import RULES

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
EXCERPT_WIDTH = 96  # characters of a source line that are shown
EXCERPT_MAX_BYTES = 16 * 1024 * 1024
CARET_MAX = 60
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Writer(Protocol):
    """Takes reports one by one, and the whole at the end."""

    def write(self, report: CheckReport, shown: Severity) -> None:
        """Take one delivery's report; ``shown`` is the least severity to show."""

    def close(self, total: CheckReport, shown: Severity) -> None:
        """Take the whole."""


class TextWriter:
    """Lines on standard output; coloured where that is a terminal.

    Parameters
    ----------
    quiet
        One line for each finding and nothing else.
    """

    def __init__(self, *, quiet: bool, console: Console) -> None:
        self._quiet = quiet
        self._console = console
        self._sources = Sources()
        self._explained: set[tuple[str, str]] = set()

    def write(self, report: CheckReport, shown: Severity) -> None:
        """Print the findings of one delivery."""
        for message in report.messages:
            if message.error and message.path in report.unusable:
                self._line(Text.assemble((f"{message.path}: ", "bold"), ("unusable ", "bold red"), message.error))
        for one in report.findings:
            if one.severity.rank <= shown.rank:
                self._finding(one)

    def close(self, total: CheckReport, shown: Severity) -> None:
        """Print the summary."""
        if self._quiet:
            return
        listed = [f for f in total.findings if f.severity.rank <= shown.rank]
        gravest = {f.rule: f.severity for f in sorted(listed, key=lambda f: -f.severity.rank)}
        for rule, count in sorted(Counter(f.rule for f in listed).items()):
            self._line(Text.assemble(f"{count:>6}  ", (rule, STYLES[gravest[rule]]), f"  {RULES[rule].title}"))
        self._line(Text())
        self._line(_summary(total, shown))

    def _finding(self, one: Finding) -> None:
        excerpt = self._sources.excerpt(one)
        column = one.location.column or (excerpt.column if excerpt else None)
        place = ":".join(str(part) for part in (one.location.path, one.location.line, column) if part)
        self._line(
            Text.assemble(
                (f"{place}: ", "bold"), (one.severity, STYLES[one.severity]), f" {one.rule} ", (one.message, "bold")
            )
        )
        if self._quiet or one.severity is Severity.INFO:  # an info needs nothing, so one line is enough
            return
        if excerpt:
            self._line(Text.assemble((f"{one.location.line:>6} | ", "blue"), excerpt.text))
            self._line(Text.assemble(("       | ", "blue"), " " * excerpt.at, ("^" * excerpt.length, "bold green")))
        elif one.location.xpath and one.location.line:
            self._line(Text.assemble(("    at: ", "blue"), one.location.xpath))
        if (one.location.path, one.rule) not in self._explained:  # once for each file is enough
            self._explained.add((one.location.path, one.rule))
            for word, text in (("why", one.why), ("mend", one.mend)):
                if text:
                    self._line(Text.assemble((f"  {word:>4}: ", "blue"), text))
        self._line(Text())

    def _line(self, text: Text) -> None:
        text.plain = plain(text.plain)
        self._console.print(text)


def console(*, stderr: bool = False) -> Console:
    """Open standard output, or standard error where that is for something else."""
    return Console(highlight=False, soft_wrap=True, stderr=stderr)


def plain(text: str) -> str:
    r"""Show characters that would move the cursor or hide text as ``?``: what is checked comes from strangers."""
    return "".join(c if c.isprintable() else " " if c in "\t\n\r" else "?" for c in text)


def inert(text: str) -> str:
    """Keep a spreadsheet from taking a stranger's text for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _summary(total: CheckReport, shown: Severity) -> Text:
    recordings = [r for m in total.messages for r in m.recordings]
    levels = Counter(r.declared for r in recordings)
    declared = ", ".join(f"{levels[level]} {level}" for level in Level if levels[level])
    counts = [(severity, total.count(severity)) for severity in Severity]
    sounds = sum(m.kind == MessageKind.AUDIO for m in total.messages)
    messages = len(total.messages) - sounds - len(total.unusable)
    text = Text(f"{many(messages, 'message')}, " if messages or not sounds else "")
    text.append(f"{many(sounds, 'sound file')}, " if sounds else "")
    text.append(many(len(recordings), "recording"))
    text.append(f" ({declared}): " if declared else ": ")
    for place, (severity, count) in enumerate(counts):
        text.append(", " if place else "")
        text.append(many(count, severity), STYLES[severity] if count else "dim")
    hidden = sum(count for severity, count in counts if severity.rank > shown.rank)
    text.append(f" ({hidden} not shown)" if hidden else "")
    text.append(".")
    if total.profile:
        text.append(f" Weighed as {total.profile.id} {total.profile.version}.")
    if total.left_alone:
        text.append(f" {many(total.left_alone, 'other file')} left alone.")
    return text


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A source line as shown, and where in it the finding points.

    Attributes
    ----------
    column
        1-based, in the file's own line.
    at, length
        Of the carets, in ``text``.
    """

    text: str
    column: int
    at: int
    length: int


class Sources:
    """The lines of the files that findings point to; the last file is kept."""

    def __init__(self) -> None:
        self._path = ""
        self._lines: list[str] = []

    def excerpt(self, one: Finding) -> Excerpt | None:
        """Cut out the line that a finding points to, if it can be had."""
        number = one.location.line
        lines = self._of(one.location.path) if number else []
        if not number or number > len(lines):
            return None
        line = plain(lines[number - 1])
        start, length = _target(line, one)
        first = max(0, min(len(line) - len(line.lstrip()), start))
        if start - first > EXCERPT_WIDTH // 2:
            first = start - EXCERPT_WIDTH // 4
        text = line[first : first + EXCERPT_WIDTH]
        return Excerpt(text, start + 1, start - first, max(1, min(length, len(text) - (start - first), CARET_MAX)))

    def _of(self, path: str) -> list[str]:
        if path != self._path:
            self._path, self._lines = path, _read_lines(path)
        return self._lines


def _read_lines(path: str) -> list[str]:
    try:
        if os.stat(path).st_size > EXCERPT_MAX_BYTES:  # noqa: PTH116 - one system call
            return []
        data = Path(path).read_bytes()
    except OSError:
        return []
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    text = data.decode(encoding, errors="replace")
    return [] if "\0" in text else text.split("\n")  # a workbook has no lines


def _target(line: str, one: Finding) -> tuple[int, int]:
    """Find what to underline: the offending value, else the element that begins the line."""
    if one.value and (at := line.find(one.value)) >= 0:
        return at, len(one.value)
    if one.location.column and one.location.column <= len(line):
        return one.location.column - 1, 1
    stripped = line.strip()
    word = stripped.split(">")[0].split(" ")[0]
    return len(line) - len(line.lstrip()), len(word) + ("/>" in stripped or ">" in stripped[: len(word) + 1])
