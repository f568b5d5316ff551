"""Writes messages: an ERN 4.3.2 NewReleaseMessage, and the ManifestMessage of a batch.

The output is valid against the schemas of ERN 4.3.2 (AVS 9) and ERN-C-SFTP 1.6 as long as
references, identifiers and dates have the form that these demand. What `Message` holds and ERN
4.3.2 has no place for (a recording's genre, sizes in bytes, takedown flags) is left out.
"""

from contextlib import suppress
from datetime import UTC

from lxml import etree

from schemas.ern.writer_parts import PartyBook, add, add_ids, add_value
from schemas.ern.writer_releases import write_deals, write_releases
from schemas.ern.writer_resources import ResourceWriter
from schemas.errors import InvalidIdentifier, InvalidInput
from schemas.identifiers import parse_grid, parse_icpn
from schemas.release import Message, MessageInBatch, Party
from schemas.vocabularies import AVS_VERSION

ERN_NAMESPACE = "http://ddex.net/xml/ern/432"
SFTP_NAMESPACE = "http://ddex.net/xml/ern-c-sftp/16"
PARTY_SCHEMES = {
    "ISNI": "ISNI",
    "DPID": "DPID",
    "IPI": "IpiNameNumber",
    "IPN": "IPN",
    "CisacSocietyId": "CisacSocietyId",
}


SFTP_VERSION = "1.6"


def write_message(message: Message) -> bytes:
    """Write a release message as ERN 4.3.2.

    Raises
    ------
    InvalidInput
        If something is missing that the schema demands: sender, recipient, time of creation,
        one main release, durations, starts of deals.
    """
    root = _root("NewReleaseMessage", ERN_NAMESPACE, "ern")
    root.set("ReleaseProfileVersionId", "Audio")
    root.set("LanguageAndScriptCode", "en")
    root.set("AvsVersionId", message.avs_version or str(AVS_VERSION))
    _write_header(root, message)
    parties = PartyBook(message.parties)
    party_list = add(root, "PartyList")
    writer = ResourceWriter(parties, message.sender.ids[0].value)
    resource_list = add(root, "ResourceList")
    for recording in message.sound_recordings:
        writer.recording(resource_list, recording)
    for image in message.images:
        writer.image(resource_list, image)
    write_releases(add(root, "ReleaseList"), message, writer)
    if message.deals:
        write_deals(add(root, "DealList"), message.deals, namespace=writer.namespace)
    for party in parties.parties:  # last: the resources may have added some
        _write_party(party_list, party, writer.namespace)
    return _to_bytes(root)


def write_batch_manifest(manifest: Message, root_directory: str) -> bytes:
    """Write what goes into a batch's ``BatchComplete_<BatchId>.xml`` (ERN-C-SFTP 1.6, clause 8.3).

    Parameters
    ----------
    manifest
        Sender, one recipient, time of creation, and a line in ``batch`` for each message;
        a ``TestMessage`` sets the test flag.
    root_directory
        The batch's folder as the recipient sees it, e.g. ``/N_20261122120000000``.

    Raises
    ------
    InvalidInput
        If sender, recipient or time of creation is missing, or the batch is empty.
    """
    if not manifest.batch:
        raise InvalidInput("A batch without messages cannot be completed.")
    root = _root("ManifestMessage", SFTP_NAMESPACE, "ern-c-sftp")
    root.set("MessageVersionId", SFTP_VERSION)
    header = add(root, "MessageHeader")
    for name, party in _header_parties(manifest)[:2]:
        _write_messaging_party(header, name, party)
    add(header, "MessageCreatedDateTime", _time_of(manifest))
    add(root, "IsTestFlag", str(manifest.control_type == "TestMessage").lower())
    add(root, "RootDirectory", root_directory)
    add(root, "NumberOfMessages", str(len(manifest.batch)))
    namespace = manifest.sender.ids[0].value
    for line in manifest.batch:
        _write_line(add(root, "MessageInBatch"), line, namespace)
    return _to_bytes(root)


def _root(name: str, namespace: str, prefix: str) -> etree._Element:
    return etree.Element(f"{{{namespace}}}{name}", nsmap={prefix: namespace})


def _to_bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _write_header(root: etree._Element, message: Message) -> None:
    header = add(root, "MessageHeader")
    if message.thread_id:
        add(header, "MessageThreadId", message.thread_id)
    add(header, "MessageId", message.message_id)
    for name, party in _header_parties(message):
        _write_messaging_party(header, name, party)
    add(header, "MessageCreatedDateTime", _time_of(message))
    if message.control_type:
        add(header, "MessageControlType", message.control_type)


def _header_parties(message: Message) -> list[tuple[str, Party]]:
    parties = [("MessageSender", message.sender), *(("MessageRecipient", party) for party in message.recipients)]
    if len(parties) < 2 or not all(party.ids for _, party in parties):
        raise InvalidInput("A message needs a sender and a recipient, each with an id.")
    return parties


def _time_of(message: Message) -> str:
    if message.created_at is None:
        raise InvalidInput("A message needs a time of creation.")
    return message.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write_messaging_party(parent: etree._Element, name: str, party: Party) -> None:
    element = add(parent, name)
    add(element, "PartyId", party.ids[0].value)
    if party.name:
        add(add(element, "PartyName"), "FullName", party.name)


def _write_party(parent: etree._Element, party: Party, namespace: str) -> None:
    element = add(parent, "Party")
    add(element, "PartyReference", party.reference)
    if party.name or not party.ids:
        add(add(element, "PartyName"), "FullName", party.name)
    if party.ids:
        add_ids(add(element, "PartyId"), party.ids, PARTY_SCHEMES, namespace=namespace)


def _write_line(element: etree._Element, line: MessageInBatch, namespace: str) -> None:
    add(element, "MessageType", "NewReleaseMessage")
    add(element, "MessageId", line.message_id)
    add(element, "URL", line.url)
    release_id = add(element, "IncludedReleaseId")
    scheme = _scheme_of(line.release_id)
    add(release_id, scheme, line.release_id, **({"Namespace": namespace} if scheme == "ProprietaryId" else {}))
    add(element, "DeliveryType", "NewReleaseDelivery")
    add(element, "ProductType", "AudioProduct")
    if line.hash_sum:
        hash_sum = add(element, "HashSum")
        add(hash_sum, "HashSum", line.hash_sum.value)
        add_value(
            hash_sum, "HashSumAlgorithmType", line.hash_sum.algorithm, "HashSumAlgorithmType", namespace=namespace
        )


def _scheme_of(release_id: str) -> str:
    for scheme, parse in (("GRid", parse_grid), ("ICPN", parse_icpn)):
        with suppress(InvalidIdentifier):
            parse(release_id)
            return scheme
    return "ProprietaryId"
