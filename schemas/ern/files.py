"""The files that a message names for a resource, with hash and technical details."""

from collections.abc import Iterator

from schemas.ern.context import Context, own_value
from schemas.ern.node import Node
from schemas.ern.values import parse_count, parse_flag, parse_frequency
from schemas.release import FileReference, HashSum

TECHNICAL_NAMES = (
    "TechnicalDetails",
    "TechnicalSoundRecordingDetails",
    "TechnicalVideoDetails",
    "TechnicalImageDetails",
)
CODEC_NAMES = ("AudioCodecType", "VideoCodecType", "ImageCodecType")


def read_files(blocks: list[Node], context: Context) -> tuple[FileReference, ...]:
    """Read the files of a resource, each URI once; clips and previews come after whole recordings.

    ``FileSize`` is not read: it counts kilobytes of unstated kind and cannot be compared with bytes.
    """
    technical = [node for block in blocks for node in block.all(*TECHNICAL_NAMES)]
    files: dict[str, FileReference] = {}
    for details in sorted(technical, key=_is_clip):
        for carrier in details.all("DeliveryFile") or [details]:
            for file in _files_of(carrier, context):
                files.setdefault(file.uri, file)
    return tuple(files.values())


def _is_clip(details: Node) -> bool:
    return any(parse_flag(details.value(name)) for name in ("IsClip", "IsPreview"))


def _files_of(carrier: Node, context: Context) -> Iterator[FileReference]:
    codec = next((own_value(node) for node in carrier.all(*CODEC_NAMES)), None)
    rate = next(iter(carrier.all("SamplingRate", "AudioSamplingRate")), None)
    channels = carrier.value("NumberOfChannels") or carrier.value("NumberOfAudioChannels")
    for file in carrier.all("File"):
        if uri := _uri(file):
            yield FileReference(
                uri=uri,
                hash_sum=read_hash_sum(file.first("HashSum"), context),
                codec=codec or None,
                sample_rate_hz=parse_frequency(rate.text, rate.attribute("UnitOfMeasure")) if rate else None,
                channels=parse_count(channels),
                at=context.at(file),
            )


def _uri(file: Node) -> str:
    """Read the file's name as written: ``URI`` in ERN 4; ``URL``, or ``FilePath`` and ``FileName``, in ERN 3."""
    whole = file.value("URI") or file.value("URL")
    folder, name = file.value("FilePath"), file.value("FileName")
    return whole or (f"{folder.rstrip('/')}/{name}" if folder and name else name)


def read_hash_sum(node: Node | None, context: Context) -> HashSum | None:
    """Read a hash of either generation; None where its value is missing."""
    if node is None:
        return None
    value = node.value("HashSumValue") or node.value("HashSum")
    algorithm = next((own_value(one) for one in node.all("Algorithm", "HashSumAlgorithmType")), "")
    return HashSum(algorithm=algorithm, value=value, at=context.at(node)) if value else None
