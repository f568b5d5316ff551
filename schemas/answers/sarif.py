"""A check report as SARIF 2.1.0, so that code hosts and editors show findings beside the line.

Source: OASIS Static Analysis Results Interchange Format 2.1.0 (2020-03-27), sections 3.14 to 3.52.
"""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from schemas.answers.texts import json_text
from schemas.findings import Finding, Severity
from schemas.report import CheckReport
from schemas.rules import RULES, Rule
from schemas.rules.examples import examples

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"  # what relative paths are relative to, by the usual name
FINGERPRINT = "liner/v1"  # raise the number when it is made of something else
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte of a file name
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(report: CheckReport, *, engine: str, base: str) -> dict[str, Any]:
    """Write a report as one SARIF log with one run.

    Parameters
    ----------
    report
        Findings keep their order.
    engine
        Name and version, e.g. ``liner-0.1.0``.
    base
        The absolute folder that the report's relative paths start from. Files below it get
        relative URIs, all others absolute ones.

    Returns
    -------
    dict
        Ready for JSON; no text in it holds a lone surrogate.
    """
    name, _, version = engine.rpartition("-")
    ids = sorted(RULES)
    driver = {"name": name, "version": version, "rules": [_rule(RULES[rule_id]) for rule_id in ids]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that liner was started in."}}},
        "invocations": [_invocation(report)],
        **({"properties": {"profile": report.profile.model_dump()}} if report.profile else {}),
        "results": _results(report.findings, {rule_id: place for place, rule_id in enumerate(ids)}, base),
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    one = examples()[rule.id]
    plain = f"{rule.why}\n\nMend: {rule.mend}\n\nSource: {rule.source}\n\nWrong:\n{one.wrong}\n\nRight:\n{one.right}"
    marked = (
        f"{rule.why}\n\n**Mend:** {rule.mend}\n\n**Source:** {rule.source}\n\n"
        f"**Wrong:**\n```\n{one.wrong}\n```\n**Right:**\n```\n{one.right}\n```"
    )
    properties = {"tags": [rule.group], "source": rule.source, "ernc_file_status": rule.file_status}
    return {
        "id": rule.id,
        "name": rule.title,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": plain, "markdown": marked},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {name: value for name, value in properties.items() if value},
    }


def _invocation(report: CheckReport) -> dict[str, Any]:
    reasons = {m.path: m.error or "It cannot be used." for m in report.messages}
    notes = [
        {"level": "error", "message": {"text": json_text(f"{path}: {reasons.get(path, 'It cannot be used.')}")}}
        for path in report.unusable
    ]
    return {
        "executionSuccessful": not report.unusable,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": notes,
    }


def _results(findings: Iterable[Finding], places: dict[str, int], base: str) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    return [_result(one, places[one.rule], base, seen) for one in findings]


def _result(one: Finding, place: int, base: str, seen: Counter[str]) -> dict[str, Any]:
    digest = _digest(one)
    seen[digest] += 1
    about = {"subject": one.subject, "value": one.value, "ernc_file_status": one.file_status}
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": place,
        "level": LEVELS[one.severity],
        "message": {"text": json_text(one.message)},
        "locations": _locations(one, base),
        "partialFingerprints": {FINGERPRINT: f"{digest}:{seen[digest]}"},
        "properties": {name: json_text(value) for name, value in about.items() if value},
    }
    return result


def _digest(one: Finding) -> str:
    """Tell a finding from others, whatever lines are put before it and wherever its folder lies."""
    where = (posixpath.basename(one.location.path), one.location.xpath or "")
    parts = "\0".join((one.rule, one.subject, one.value or "", *where))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _locations(one: Finding, base: str) -> list[dict[str, Any]]:
    at = one.location
    location: dict[str, Any] = {}
    if at.path:
        physical: dict[str, Any] = {"artifactLocation": _artifact(at.path, base)}
        if at.line:
            column = {"startColumn": at.column} if at.column else {}
            physical["region"] = {"startLine": at.line, **column}
        location["physicalLocation"] = physical
    if at.xpath:
        is_xml = at.xpath.startswith("/") and not at.path.lower().endswith(".json")  # else a pointer, or row and column
        location["logicalLocations"] = [
            {"fullyQualifiedName": json_text(at.xpath), **({"kind": "element"} if is_xml else {})}
        ]
    return [location] if location else []


def _artifact(path: str, base: str) -> dict[str, Any]:
    absolute = posixpath.normpath(posixpath.join(base, path))
    relative = posixpath.relpath(absolute, base)
    if relative.startswith("../"):
        return {"uri": "file://" + _quoted(absolute)}
    return {"uri": _quoted(relative), "uriBaseId": ROOT}


def _quoted(path: str) -> str:
    """Percent-encode a path byte by byte, as the file system holds it."""
    return quote(_NO_BYTE.sub("?", path).encode("utf-8", "surrogateescape"), safe="/~")
