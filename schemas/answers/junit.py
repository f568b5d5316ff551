"""A check report as JUnit XML, so that a CI server shows a delivery as it shows a test run.

There is no standard; this is the common ground of Jenkins, GitLab and the Maven Surefire schema. Each
file is a test suite, each group of rules a test case: the same names in every run, so that a
server can draw a trend. Errors fail a test case, warnings and infos are its output.
"""

from collections import defaultdict
from collections.abc import Sequence

from lxml import etree

from schemas.answers.texts import xml_text
from schemas.findings import Finding, Severity
from schemas.report import CheckReport
from schemas.rules import RULES


def to_junit(report: CheckReport) -> bytes:
    """Write a report as one ``testsuites`` document in UTF-8; characters that XML cannot carry are replaced."""
    by_path: dict[str, list[Finding]] = {m.path: [] for m in report.messages}
    for one in report.findings:
        by_path.setdefault(one.location.path, []).append(one)
    reasons = {m.path: m.error or "" for m in report.messages if m.path in report.unusable}
    root = etree.Element("testsuites", name="liner check")
    for path, findings in by_path.items():
        if path in reasons:
            _unusable(root, path, reasons[path])
        else:
            _suite(root, path, findings)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _suite(root: etree._Element, path: str, findings: Sequence[Finding]) -> None:
    by_group: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_group[one.rule.partition("-")[0]].append(one)
    groups = sorted({rule.group for rule in RULES.values()} | set(by_group))
    failed = sum(any(f.severity is Severity.ERROR for f in by_group[group]) for group in groups)
    counts = {"tests": str(len(groups)), "failures": str(failed), "errors": "0", "skipped": "0"}
    suite = etree.SubElement(root, "testsuite", {"name": xml_text(path) or "delivery", **counts})
    for group in groups:
        _case(suite, path, group, by_group[group])


def _case(suite: etree._Element, path: str, group: str, findings: Sequence[Finding]) -> None:
    case = etree.SubElement(suite, "testcase", name=group, classname=f"liner.{group}", file=xml_text(path))
    errors = [f for f in findings if f.severity is Severity.ERROR]
    others = [f for f in findings if f.severity is not Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        failure = etree.SubElement(
            case, "failure", type=errors[0].rule, message=xml_text(f"{errors[0].rule}: {errors[0].message}{more}")
        )
        failure.text = xml_text("\n\n".join(f"{_line(f)}\nwhy: {f.why}\nmend: {f.mend}" for f in errors))
    if others:
        etree.SubElement(case, "system-out").text = xml_text("\n".join(map(_line, others)))


def _line(one: Finding) -> str:
    place = ":".join(str(part) for part in (one.location.path, one.location.line, one.location.column) if part)
    return f"{place}: {one.severity} {one.rule} {one.message}"


def _unusable(root: etree._Element, path: str, reason: str) -> None:
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    suite = etree.SubElement(root, "testsuite", {"name": xml_text(path), **counts})
    case = etree.SubElement(suite, "testcase", name="usable", classname="liner", file=xml_text(path))
    etree.SubElement(case, "error", type="unusable", message=xml_text(reason))
