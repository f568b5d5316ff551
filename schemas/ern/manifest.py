"""The ManifestMessage of a batch (ERN-C-SFTP 1.6): which messages it holds."""

from typing import Any

from schemas.ern.context import Context
from schemas.ern.files import read_hash_sum
from schemas.ern.node import Node
from schemas.ern.values import parse_count, parse_flag
from schemas.release import MessageInBatch

CONTROL_TYPES = {True: "TestMessage", False: "LiveMessage", None: None}


def read_batch(root: Node, context: Context) -> dict[str, Any]:
    """Read the fields of `schemas.release.Message` that only a manifest has."""
    return {
        "control_type": CONTROL_TYPES[parse_flag(root.value("IsTestFlag"))],
        "batch_count": parse_count(root.value("NumberOfMessages")),
        "batch": tuple(_line(node, context) for node in root.all("MessageInBatch")),
    }


def _line(node: Node, context: Context) -> MessageInBatch:
    ids = context.ids(node.all("IncludedReleaseId"))
    return MessageInBatch(
        url=node.value("URL"),
        message_id=node.value("MessageId"),
        release_id=ids[0].value if ids else "",
        hash_sum=read_hash_sum(node.first("HashSum"), context),
        at=context.at(node),
    )
