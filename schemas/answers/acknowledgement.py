"""The acknowledgement that goes back to a sender: FtpAcknowledgementMessage of ERN-C-SFTP 1.6.

One document for each release. Only errors refuse a release; warnings and infos leave it ``FileOK``,
since the standard has no status between the two. It has no status for AI disclosure either: these
are ``UserDefined`` with the rule's id, or ``MetadataMissing``.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from schemas.answers.texts import xml_text
from schemas.ern.writer import SFTP_NAMESPACE, SFTP_VERSION
from schemas.ern.writer_parts import add
from schemas.findings import Finding, Severity
from schemas.release import MessageKind
from schemas.report import CheckedMessage, CheckedParty, CheckReport

KINDS = (MessageKind.NEW_RELEASE, MessageKind.PURGE_RELEASE, MessageKind.UNKNOWN)
OK = "FileOK"
OWN = "UserDefined"
FILE_STATUSES = (
    "ErnMissing",
    "NewReleaseMessageInvalid",
    "ResourceMissing",
    "ResourceCorrupt",
    "SignatureOrHashSumWrongOrMissing",
    "ResourceNotMeetingSpecifications",
    "IdentifierSyntaxInvalid",
    "IdentifierInvalid",
    "NoDealInNewReleaseMessage",
    "NoDealForTrackRelease",
    "ConflictingAvailabilityPeriods",
    "UnsupportedUsage",
    "CommercialReleaseDateInvalid",
    "OriginalReleaseDateLaterThanReleaseDate",
    "PrimaryArtistNameMissing",
    "ArtistRoleUnknown",
    "DuplicatedPublisherNames",
    "MetadataMissing",
    OWN,
    "InternalError",
)
"""Every ErncFileStatus but ``FileOK``, gravest first (house order): nothing can be read, then files, ids, the rest."""

OF_RESOURCES = frozenset(FILE_STATUSES[2:6])
OF_TRANSPORT = frozenset({"ErnMissing", "ResourceMissing", "ResourceCorrupt", "SignatureOrHashSumWrongOrMissing"})
"""What sending the same again may mend; anything else needs a person first."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One document, ready to be sent.

    Attributes
    ----------
    name
        ``ACK_<YYYYMMDDhhmmssnnn>_<ReleaseId>.xml``, safe as a file name.
    status
        The ErncFileStatus in it.
    """

    name: str
    path: str
    release_id: str
    status: str
    data: bytes


def acknowledge(report: CheckReport, moment: datetime) -> tuple[tuple[Acknowledgement, ...], tuple[str, ...]]:
    """Acknowledge every release of a report.

    Parameters
    ----------
    report
        With all findings; hidden ones would make a release look better than it is.
    moment
        Aware; when the documents are made.

    Returns
    -------
    tuple
        The documents, and the paths of messages that nobody can be told about: they name no sender.
    """
    messages = [m for m in report.messages if m.path not in report.unusable and m.kind in KINDS]
    known = [m for m in messages if m.sender and m.recipient]
    unknown = tuple(m.path for m in messages if m not in known)
    paths = frozenset(m.path for m in messages)
    documents = [_acknowledge(m, [f for f in report.findings if _concerns(f, m, paths)], moment) for m in known]
    return tuple(_distinct(documents)), unknown


def _concerns(one: Finding, message: CheckedMessage, paths: frozenset[str]) -> bool:
    """Whether a finding is about a message, a file beside or below it, or the whole batch around it."""
    path = one.location.path
    if path in paths:
        return path == message.path
    folder = posixpath.dirname(message.path)
    if any(_is_in(path, posixpath.dirname(other)) for other in paths):
        return _is_in(path, folder)
    return _is_in(folder, path) or _is_in(folder, posixpath.dirname(path))


def _is_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _acknowledge(message: CheckedMessage, findings: Sequence[Finding], moment: datetime) -> Acknowledgement:
    errors = [f for f in findings if f.severity is Severity.ERROR]
    errors.sort(key=lambda f: FILE_STATUSES.index(status_of(f)))
    status = status_of(errors[0]) if errors else OK
    root = etree.Element(f"{{{SFTP_NAMESPACE}}}FtpAcknowledgementMessage", nsmap={"ern-c-sftp": SFTP_NAMESPACE})
    root.set("MessageVersionId", SFTP_VERSION)
    _header(root, message, moment)
    _file(add(root, "AcknowledgedFile"), message)
    own = {"Namespace": _own_id(message), "UserDefinedValue": errors[0].rule} if status == OWN else {}
    add(root, "FileStatus", status, **own)
    if errors:
        _refusal(root, message, errors)
    stamp = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    release_id = message.release_id or ""
    name = f"ACK_{stamp}_{_file_name(release_id or posixpath.basename(message.path))}.xml"
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return Acknowledgement(name, message.path, release_id, status, data)


def status_of(one: Finding) -> str:
    """Name the ErncFileStatus of an error; ``UserDefined`` where the rule suggests none."""
    return one.file_status if one.file_status in FILE_STATUSES else OWN


def _header(root: etree._Element, message: CheckedMessage, moment: datetime) -> None:
    header = add(root, "MessageHeader")
    for name, party in (("MessageSender", message.recipient), ("MessageRecipient", message.sender)):
        _party(add(header, name), party or CheckedParty())
    add(header, "MessageCreatedDateTime", moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))


def _party(element: etree._Element, party: CheckedParty) -> None:
    add(element, "PartyId", xml_text(party.id))
    if party.name:
        add(add(element, "PartyName"), "FullName", xml_text(party.name))


def _file(element: etree._Element, message: CheckedMessage) -> None:
    if message.release_id:
        add(element, "ReleaseId", xml_text(message.release_id))
    if message.created_at:
        add(element, "Date", message.created_at.astimezone(UTC).date().isoformat())


def _refusal(root: etree._Element, message: CheckedMessage, errors: Sequence[Finding]) -> None:
    add(root, "ErrorText", xml_text("\n".join(map(_sentence, errors))))
    statuses = {status_of(f) for f in errors}
    add(root, "ProposedActionType", "ResendXmlAndResources" if statuses & OF_RESOURCES else "ResendXmlOnly")
    add(root, "ManualCheckRequired", str(not statuses <= OF_TRANSPORT).lower())
    for scheme, value in _affected(message, errors):
        resource = add(root, "AffectedResource")
        add(resource, scheme, xml_text(value), **({"Namespace": _their_id(message)} if scheme != "ISRC" else {}))


def _sentence(one: Finding) -> str:
    line = f" (line {one.location.line})" if one.location.line else ""
    return f"{one.rule}: {one.message}{line} {one.mend}".rstrip()


def _affected(message: CheckedMessage, errors: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Name each recording that an error is about, once: by ISRC, else by the sender's reference."""
    subjects = {f.subject for f in errors}
    for one in message.recordings:
        if subjects & {one.isrc, one.reference}:
            yield ("ISRC", one.isrc) if one.isrc else ("ProprietaryId", one.reference)


def _own_id(message: CheckedMessage) -> str:
    return xml_text(message.recipient.id) if message.recipient else ""


def _their_id(message: CheckedMessage) -> str:
    return xml_text(message.sender.id) if message.sender else ""


def _file_name(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in text).lstrip(".")[:100]


def _distinct(documents: Sequence[Acknowledgement]) -> Iterator[Acknowledgement]:
    """Give a number to names that two releases share, so that neither is written over the other."""
    taken: set[str] = set()
    for one in documents:
        name, number = one.name, 1
        while name.lower() in taken:
            number += 1
            name = f"{one.name.removesuffix('.xml')}_{number}.xml"
        taken.add(name.lower())
        yield one if name == one.name else Acknowledgement(name, one.path, one.release_id, one.status, one.data)
