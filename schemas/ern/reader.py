"""Bytes of a DDEX message to `schemas.release.Message`, whatever the version, without ever raising.

ERN 3.1.2 to 4.3.2 release messages, purge and catalogue messages, and the ManifestMessage of
ERN-C-SFTP. Element names are read without their namespace; the namespace of the root tells
the version.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from lxml import etree

from schemas.ern.context import Context
from schemas.ern.manifest import read_batch
from schemas.ern.node import Node
from schemas.ern.parties import read_messaging_party
from schemas.ern.parts import PART_NAMES, Parts, whole_parts
from schemas.ern.releases import read_release
from schemas.ern.source import MAX_BYTES, Refusal, parse_parts, parse_xml
from schemas.ern.strays import note_names, report_strays
from schemas.ern.values import parse_time
from schemas.findings import Location
from schemas.reading import Reading
from schemas.release import Message, MessageKind
from schemas.rules import finding
from schemas.vocabularies import ERN_VERSIONS

_ERN_NAMESPACE = re.compile(r"http://ddex\.net/xml/(?:20[0-9]{2}/ern-main|ern)/([0-9]{2,4}(?:D[0-9])?)")
_SFTP_NAMESPACE = re.compile(r"http://ddex\.net/xml/ern-c-sftp/[0-9]{2,4}")
_KINDS = {kind.value: kind for kind in MessageKind if kind.value.endswith("Message")}


def read_message(data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a DDEX message.

    Parameters
    ----------
    data
        The bytes as they arrived.
    path
        What findings and locations call the file.
    max_bytes
        More than this is refused unread.

    Returns
    -------
    Reading
        Without a message where the bytes are no XML (PKG-010) or not a message of a known
        version (XSD-001). Never raises for what is in ``data``.
    """
    try:
        parts = _read_parts(parse_parts(data, PART_NAMES, max_bytes=max_bytes), path)
        if not parts.are_in_usual_order:
            parts = _read_parts(whole_parts(parse_xml(data, max_bytes=max_bytes)), path)
        return _read(Node.root(parts.root), parts, hashlib.sha256(data).hexdigest())
    except Refusal as refusal:
        at = Location(path=path, line=refusal.line, column=refusal.column)
        return Reading(findings=(finding("PKG-010", refusal.message, at=at, subject=path),))


def _read_parts(elements: Iterator[etree._Element], path: str) -> Parts:
    """Read a release message's parts as they come; the root comes last."""
    first = next(elements)
    root = first.getroottree().getroot()
    parts = Parts(root, Context(path, _version(Node.root(root).namespace)))
    for element in chain((first,), elements):
        parts.take(element)
    parts.finish()
    return parts


def _read(root: Node, parts: Parts, sha256: str) -> Reading:
    namespace, context = root.namespace, parts.context
    kind = _KINDS.get(root.name)
    if context.version is None and not _SFTP_NAMESPACE.fullmatch(namespace):
        text = f"The namespace of {root.name} is {namespace!r}, which is no version of ERN from 3.1.2 to 4.3.2."
        context.report("XSD-001", text, root, namespace)
        return Reading(findings=tuple(context.findings))
    if kind is None:
        raise Refusal(f"{root.name} is not a message that liner reads.", root.line)
    note_names(root, context)
    fields = _header(root, context) | _FIELDS[kind](root, parts)
    about = {"path": context.path, "sha256": sha256, "namespace": namespace, "at": context.at(root)}
    message = Message(kind=kind, ern_version=context.version, **about, **fields)
    report_strays(root, context)
    return Reading(message=message, findings=tuple(context.findings))


def _version(namespace: str) -> str | None:
    """Turn ``http://ddex.net/xml/ern/382`` into ``3.8.2``; None for a version that is not known."""
    match = _ERN_NAMESPACE.fullmatch(namespace)
    digits, draft, number = match[1].partition("D") if match else ("", "", "")
    version = ".".join(digits) + draft + number
    return version if version in ERN_VERSIONS else None


def _header(root: Node, context: Context) -> dict[str, Any]:
    header = root.first("MessageHeader") or root
    sender = header.first("MessageSender")
    fields = {
        "avs_version": root.attribute("AvsVersionId") or None,
        "message_id": header.value("MessageId"),
        "thread_id": header.value("MessageThreadId"),
        "created_at": parse_time(header.value("MessageCreatedDateTime")),
        "control_type": header.value("MessageControlType") or None,
        "recipients": tuple(read_messaging_party(one, context) for one in header.all("MessageRecipient")),
    }
    return fields | ({"sender": read_messaging_party(sender, context)} if sender else {})


def _new_release(_: Node, parts: Parts) -> dict[str, Any]:
    return {
        "sound_recordings": parts.sound_recordings,
        "images": parts.images,
        "releases": parts.releases,
        "deals": parts.deals,
        "parties": tuple(parts.context.parties.values()),
    }


def _purge(root: Node, parts: Parts) -> dict[str, Any]:
    return {"releases": tuple(read_release(one, parts.context, is_main=True) for one in root.all("PurgedRelease"))}


def _catalogue(root: Node, parts: Parts) -> dict[str, Any]:
    return {"releases": tuple(read_release(one, parts.context, is_main=False) for one in root.all("CatalogItem"))}


def _manifest(root: Node, parts: Parts) -> dict[str, Any]:
    return read_batch(root, parts.context)


_FIELDS = {
    MessageKind.NEW_RELEASE: _new_release,
    MessageKind.PURGE_RELEASE: _purge,
    MessageKind.CATALOG_LIST: _catalogue,
    MessageKind.MANIFEST: _manifest,
}
