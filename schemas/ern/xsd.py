"""Validation against the DDEX schemas, from a folder that the user names: their licence lets nobody ship them.

A message's namespace chooses the schema. What a schema imports is found by its file name inside
the folder, wherever the address points to, so that nothing is ever fetched. ERN 4.3.1, whose
schema is hard to come by, is checked against that of 4.3.2 under its own namespace (the two have
the same wording).
"""

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from lxml import etree

from schemas.ern.schematron import SchematronFolder
from schemas.ern.source import MAX_BYTES, Refusal, parse_xml
from schemas.errors import InvalidInput
from schemas.findings import Finding, Location, Severity
from schemas.rules import finding
from schemas.vocabularies import AVS_VERSION, is_known_avs

MAX_SHOWN = 50  # findings for one message; who has more has a systematic fault
MAX_SCHEMA_FILES = 500
MAX_DEPTH = 4  # folders, the named one included
MAX_SCHEMA_BYTES = 16 * 2**20
MAX_MESSAGE = 300  # characters; a list of allowed territories has thousands
MAX_ERRORS = 2_000  # beyond, no lines are told: libxml2 counts all siblings for the place of each error
MAX_TAGS_AT_ONCE = 20_000  # of so many, even if each has an error, all places are found in a second
FEED_BYTES = 65_536

Entry = Any  # lxml's log entry: line, path, message, type_name; the stubs keep it private

_ERN = "http://ddex.net/xml/ern/"
_STANDS_IN = {_ERN + "431": _ERN + "432"}
_TARGET = re.compile(rb"<(?:\w+:)?schema\b[^>]*?\stargetNamespace\s*=\s*[\"']([^\"']+)[\"']")
_AVS_HELD = re.compile(rb"source=\"AvsVersionId\"\s*>\s*([0-9]{1,4})\s*<")
_NAMESPACE = re.compile(r"\{http[^{}']*\}")
_PREFIX = re.compile(r"(?<=/)[^/:\[\]]+:")
_VALUE = re.compile(r"(?:The value|: ) ?'(.*?)' (?:is not|has a)", re.DOTALL)
_ENUMERATION = "SCHEMAV_CVC_ENUMERATION_VALID"
_MEND = "Name the folder that holds the XSD files as DDEX publishes them, imported ones included."


class SchemaFolder:
    """The DDEX schemas below a folder, each compiled when the first message asks for it.

    Parameters
    ----------
    folder
        Holds ``release-notification.xsd`` and the like, in any arrangement of sub-folders.

    Raises
    ------
    InvalidInput
        The folder is not there or holds no schema.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = {path: _read(path) for path in _schema_files(folder)}
        self._by_namespace: dict[str, Path] = {}
        for path, data in self._files.items():
            if target := _TARGET.search(data):
                self._by_namespace.setdefault(target[1].decode("utf-8", "replace"), path)
        held = [int(found[1]) for data in self._files.values() for found in [_AVS_HELD.search(data)] if found]
        self.avs_version = max(held, default=AVS_VERSION)
        self.schematron = SchematronFolder(folder)
        self._compiled: dict[str, etree.XMLSchema] = {}
        self._lock = threading.Lock()  # lxml's schema keeps its errors in itself

    def findings(self, data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> Iterator[Finding]:
        """Compare a message with all that the folder holds: the schema, and DDEX's Schematron where it is there."""
        yield from self.validate(data, path, max_bytes=max_bytes)
        with contextlib.suppress(Refusal):
            yield from self.schematron.findings(parse_xml(data, max_bytes=max_bytes), path)

    def validate(self, data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> Iterator[Finding]:
        """Compare a message with the schema of its version.

        Parameters
        ----------
        data
            The bytes as they arrived.
        path
            What findings call the file.

        Returns
        -------
        iterator of Finding
            XSD-002 for each error, XSD-003 for a value that a newer set of allowed values may know, at most
            `MAX_SHOWN` and one that counts the rest; an XSD-002 of severity info where the folder has no schema
            for the version. Nothing for bytes that the reader refuses: it says why.

        Raises
        ------
        InvalidInput
            A schema of the folder is broken or lacks one that it imports.
        """
        try:
            root = parse_xml(data, max_bytes=max_bytes)
        except Refusal:
            return
        namespace = etree.QName(root).namespace or ""
        source = self._source_of(namespace)
        if source is None:
            text = f"{self.folder} has no schema for {namespace or 'a message without namespace'}: not checked."
            yield finding("XSD-002", text, at=Location(path=path), subject=path, severity=Severity.INFO)
            return
        with self._lock:
            errors = _errors(self._schema(namespace, source), data, root)
        version = (root.get("AvsVersionId") or "").strip()
        is_newer = bool(version) and not is_known_avs(version, self.avs_version)
        yield from (_to_finding(one, path, is_newer) for one in errors[:MAX_SHOWN])
        if len(errors) > MAX_SHOWN:
            count = f"{len(errors) - MAX_SHOWN:,}" if len(errors) <= MAX_ERRORS else f"more than {MAX_ERRORS:,}"
            text = f"There are {count} more errors against the schema."
            yield finding("XSD-002", text, at=Location(path=path), subject=path)

    def _source_of(self, namespace: str) -> Path | None:
        return self._by_namespace.get(namespace) or self._by_namespace.get(_STANDS_IN.get(namespace, ""))

    def _schema(self, namespace: str, source: Path) -> etree.XMLSchema:
        if namespace not in self._compiled:
            data = self._files[source]
            if namespace not in self._by_namespace:
                data = data.replace(_STANDS_IN[namespace].encode(), namespace.encode())
            parser = etree.XMLParser(no_network=True)
            parser.resolvers.add(_Imports(self._files, source))
            try:
                self._compiled[namespace] = etree.XMLSchema(etree.fromstring(data, parser, base_url=str(source)))
            except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
                raise InvalidInput(f"{source} is no usable schema: {error}.", mend=_MEND) from error
        return self._compiled[namespace]


@lru_cache(maxsize=4)
def schema_folder(folder: Path) -> SchemaFolder:
    """Share what is compiled of a folder inside the process."""
    return SchemaFolder(folder)


class _Imports(etree.Resolver):
    """Finds what a schema imports by its file name: beside the schema first, then anywhere in the folder."""

    def __init__(self, files: dict[Path, bytes], source: Path) -> None:
        self._files = files
        self._source = source

    def resolve(self, system_url: str, public_id: str, context: object) -> Any:  # type: ignore[override]
        """Answer libxml2 with the bytes of a file, never with a look elsewhere."""
        del public_id
        name = system_url.rpartition("/")[2]
        namesakes = [path for path in self._files if path.name == name]
        namesakes.sort(key=lambda path: path.parent != self._source.parent)
        if not namesakes:
            raise FileNotFoundError(name)  # lxml makes it a parse error that names the address
        return self.resolve_string(self._files[namesakes[0]], context, base_url=str(namesakes[0]))


def _schema_files(folder: Path) -> list[Path]:
    patterns = ("*/" * depth + "*.xsd" for depth in range(MAX_DEPTH))
    found = (path for pattern in patterns for path in folder.glob(pattern))
    files = sorted(islice(found, MAX_SCHEMA_FILES + 1))
    if not files or len(files) > MAX_SCHEMA_FILES:
        what = f"more than {MAX_SCHEMA_FILES} schemas" if files else "no schema (*.xsd)"
        raise InvalidInput(f"{folder} holds {what}.", mend=_MEND)
    return files


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_SCHEMA_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be opened: {error.strerror}.", mend=_MEND) from error
    if len(data) > MAX_SCHEMA_BYTES:
        raise InvalidInput(f"{path} is larger than any schema of DDEX.", mend=_MEND)
    return data


def _errors(schema: etree.XMLSchema, data: bytes, root: etree._Element) -> list[Entry]:
    """List the errors, with line and path unless there are more than `MAX_ERRORS`."""
    if data.count(b"<") > MAX_TAGS_AT_ONCE:
        errors = _errors_while_parsing(schema, data)
        if not errors or len(errors) > MAX_ERRORS:
            return errors
    schema.validate(root)
    return [*cast("Iterable[Entry]", schema.error_log)]


def _errors_while_parsing(schema: etree.XMLSchema, data: bytes) -> list[Entry]:
    """Validate piece by piece: this knows no lines, but can stop, whatever a hostile message holds."""
    parser = etree.XMLParser(
        schema=schema, resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, collect_ids=False
    )
    with contextlib.suppress(etree.XMLSyntaxError):  # it is well-formed, so this says no more than the log
        for start in range(0, len(data), FEED_BYTES):
            parser.feed(data[start : start + FEED_BYTES])
            if len(parser.feed_error_log) > MAX_ERRORS:
                break
        else:
            parser.close()
    log = cast("Iterable[Entry]", parser.feed_error_log)  # the stubs do not say
    return [one for one in log if one.domain_name == "SCHEMASV"]


def _to_finding(error: Entry, path: str, is_newer: bool) -> Finding:
    message = _NAMESPACE.sub("", error.message or "")
    value = _VALUE.search(message)
    if len(message) > MAX_MESSAGE:
        message = message[:MAX_MESSAGE].rstrip(" .,'") + " ..."
    is_lenient = is_newer and error.type_name == _ENUMERATION
    at = Location(path=path, line=error.line or None, xpath=_PREFIX.sub("", error.path) if error.path else None)
    return finding(
        "XSD-003" if is_lenient else "XSD-002",
        message if message.endswith(".") else f"{message}.",
        at=at,
        subject=path,
        value=value[1] if value else None,
    )
