"""DDEX's own Schematron sets, from a folder that the user names, run by Saxon (``pip install linernotes[schematron]``).

DDEX publishes sets for Release Profile 1.4 and Business Profile 1.4 (ERN 3.8) and for Release Profile 2.1 (ERN 4.1).
They are written in XPath 2, which lxml does not know. A message names its profile; the set of that profile is asked,
compiled once. Nothing in them is about AI, and there are none for later versions.

Saxon lives in one thread of its own: its objects may not change threads, and messages of several workers wait in turn.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

from schemas.ern.stylesheet import RESULT, Unsupported, text_of, to_stylesheet
from schemas.errors import InvalidInput
from schemas.findings import Finding, Location, Severity
from schemas.rules import finding

RULE = "XSD-007"
EXTRA = "linernotes[schematron]"
MAX_SETS = 200
MAX_SET_BYTES = 4 * 2**20
MAX_DEPTH = 4  # folders, the named one included
MAX_SHOWN = 50  # findings for one message
MAX_ELEMENTS = 20_000  # some rules compare all pairs; five times as many would take minutes

_NAME = re.compile(r"NewReleaseMessage_(?:(?:ReleaseProfile_)?(\w+?))_(\d\d)")
_PROFILE_14 = re.compile(r"[^/]*/(\d\d)/([^/]+)")
_VERSIONS = {"http://ddex.net/xml/ern/41": "21", "http://ddex.net/xml/ern/411": "21"}
_TRACKS = "ReleaseProfileTrackReleaseRules"
_QUALIFIED = re.compile(r"Q\{[^}]*\}")
_SEVERITIES = {"fatal error": Severity.ERROR, "error": Severity.ERROR, "warning": Severity.WARNING}

Set = tuple[str, str]  # profile and version, as the file names have them: ("AudioSingle", "14")


@dataclass(frozen=True, slots=True)
class _Failure:
    place: str
    role: str
    text: str

    @property
    def severity(self) -> Severity:
        """DDEX's role as ours: conditional errors and informations are for nobody to mend."""
        return _SEVERITIES.get(self.role.lower(), Severity.INFO)


class SchematronFolder:
    """The Schematron sets of a folder, each compiled when the first message asks for it.

    Parameters
    ----------
    folder
        Holds ``*.sch`` as DDEX names them, in any arrangement of sub-folders, or has a folder ``schematron`` beside
        it that does. Without any, nothing is ever found.
    """

    def __init__(self, folder: Path) -> None:
        self._files = _sets_in(folder) or _sets_in(folder.absolute().parent / "schematron")

    def has_set(self, root: etree._Element) -> bool:
        """Tell whether the folder holds a set for a message's profile."""
        return any(one in self._files for one in sets_of(root))

    def findings(self, root: etree._Element, path: str) -> Iterator[Finding]:
        """Ask the sets of the profiles that a message names.

        Parameters
        ----------
        root
            The message, as `schemas.ern.source.parse_xml` reads it.
        path
            What findings call the file.

        Returns
        -------
        iterator of Finding
            XSD-007 for each failed rule, at most `MAX_SHOWN` and one that counts the rest; an info where Saxon is not
            there, or where the message is too large for rules that compare everything with everything.

        Raises
        ------
        InvalidInput
            A set is broken or uses what is not supported.
        """
        files = [self._files[one] for one in sets_of(root) if one in self._files]
        if not files:
            return
        why_not = _why_not(root)
        if why_not:
            yield finding(RULE, why_not, at=Location(path=path), subject=path, severity=Severity.INFO)
            return
        message = etree.tostring(root, encoding="unicode")
        failures = _once([one for file in files for one in _saxon(_Run(file, message))])
        for one in failures[:MAX_SHOWN]:
            yield _to_finding(one, root, path)
        if len(failures) > MAX_SHOWN:
            text = f"DDEX's Schematron has {len(failures) - MAX_SHOWN:,} more remarks."
            yield finding(RULE, text, at=Location(path=path), subject=path, severity=Severity.INFO)


def sets_of(root: etree._Element) -> tuple[Set, ...]:
    """Name the sets that a message's header attributes ask for.

    Examples
    --------
    >>> sets_of(etree.fromstring('<a ReleaseProfileVersionId="CommonReleaseTypesTypes/14/AudioSingle"/>'))
    (('AudioSingle', '14'),)
    """
    if version := _VERSIONS.get(etree.QName(root).namespace or ""):
        profile, variant = root.get("ReleaseProfileVersionId"), root.get("ReleaseProfileVariantVersionId")
        names = (profile, variant and f"{variant}Variant", profile and _TRACKS)
        return tuple((name, version) for name in names if name)
    release = _PROFILE_14.fullmatch(root.get("ReleaseProfileVersionId") or "")
    business = _PROFILE_14.fullmatch(root.get("BusinessProfileVersionId") or "")
    sets = ([(release[2], release[1])] if release else []) + ([("BusinessProfile", business[1])] if business else [])
    return tuple(sets)


def _sets_in(folder: Path) -> dict[Set, Path]:
    patterns = ("*/" * depth + "*.sch" for depth in range(MAX_DEPTH))
    found: dict[Set, Path] = {}
    for path in (path for pattern in patterns for path in sorted(folder.glob(pattern))):
        if (name := _NAME.fullmatch(path.stem)) and len(found) < MAX_SETS:
            found.setdefault((name[1], name[2]), path)
    return found


def _why_not(root: etree._Element) -> str | None:
    if find_spec("saxonche") is None:
        return f"DDEX's Schematron is not asked: Saxon is not installed (pip install '{EXTRA}')."
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        return f"DDEX's Schematron is not asked: the message has more than {MAX_ELEMENTS:,} elements."
    return None


def _once(failures: list[_Failure]) -> list[_Failure]:
    """Put errors first, and say what is no more than a remark once, with its first place."""
    counts = Counter(one.text for one in failures)
    firsts = {one.text: one for one in reversed(failures) if one.severity is Severity.INFO}
    remarks = [
        replace(one, text=f"{one.text} ({counts[one.text]:,} places)" if counts[one.text] > 1 else one.text)
        for one in reversed(firsts.values())
    ]
    return sorted((one for one in failures if one.severity is not Severity.INFO), key=_rank) + remarks


def _rank(one: _Failure) -> int:
    return one.severity.rank


# --- Saxon's thread


@dataclass(frozen=True, slots=True)
class _Run:
    """One message through one set; called in Saxon's thread alone."""

    file: Path
    message: str

    def __call__(self) -> list[_Failure]:
        processor, sets = _held()
        if self.file not in sets:
            sets[self.file] = _compiled(processor, self.file)
        tree = processor.parse_xml(xml_text=self.message)
        said = sets[self.file].transform_to_string(xdm_node=tree)
        return [
            _Failure(one.get("at", ""), one.get("role", ""), " ".join(text_of(one).split()))
            for one in etree.fromstring(said.encode()).iter(RESULT)
        ]


_own = threading.local()


def _held() -> tuple[Any, dict[Path, Any]]:
    """Keep the processor and its stylesheets where they end with their thread."""
    if not hasattr(_own, "held"):
        from saxonche import PySaxonProcessor  # noqa: PLC0415 - an extra

        _own.held = (PySaxonProcessor(license=False), {})
    held: tuple[Any, dict[Path, Any]] = _own.held
    return held


def _compiled(processor: Any, file: Path) -> Any:
    try:
        data = file.read_bytes()[: MAX_SET_BYTES + 1]
        stylesheet = to_stylesheet(data)
        return processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=stylesheet)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be opened: {error.strerror}.", mend=_MEND) from error
    except Unsupported as error:
        raise InvalidInput(f"{file} cannot be used: {error}.", mend=_MEND) from error
    except Exception as error:  # Saxon's own class, which is not there to be named without the extra
        raise InvalidInput(f"{file} is no usable Schematron: {error}.", mend=_MEND) from error


_MEND = "Take the Schematron files as DDEX publishes them, or take them out of the folder."


@lru_cache(maxsize=1)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="saxon")


def _saxon(work: Callable[[], list[_Failure]]) -> list[_Failure]:
    return _thread().submit(work).result()


# --- places


def _to_finding(one: _Failure, root: etree._Element, path: str) -> Finding:
    element, xpath = _at(root, _QUALIFIED.sub("", one.place))
    at = Location(path=path, line=element.sourceline or None, xpath=xpath)
    text = one.text if one.text.endswith((".", ")")) else f"{one.text}."
    return finding(RULE, text, at=at, subject=path, severity=one.severity)


def _at(root: etree._Element, place: str) -> tuple[etree._Element, str]:
    """Find the element that Saxon's ``path()`` means, and write its path as other findings do."""
    element, xpath = root, f"/{etree.QName(root).localname}"
    for step in place.split("/")[2:]:
        name, _, number = step.rstrip("]").partition("[")
        namesakes = [child for child in element if etree.QName(child).localname == name]
        if not number or not 0 < int(number) <= len(namesakes):  # an attribute or a text: its element is the place
            break
        element = namesakes[int(number) - 1]
        xpath += f"/{name}" + (f"[{number}]" if len(namesakes) > 1 else "")
    return element, xpath
