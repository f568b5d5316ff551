"""What the file carries: facts of container and decoder, provenance, generators' tags, pictures."""

from enum import StrEnum

from pydantic import Field

from schemas.base import Model


class AudioFacts(Model):
    """What the container and the decoder say about the file.

    Attributes
    ----------
    duration_s
        Of the decoded signal.
    sha256
        Of the file's bytes.
    signal_hash
        Of the decoded signal (mono, 16 bit, native rate): equal under other tags and containers.
    hash_sums
        The file's digests by the algorithms that the message used, lower-case hexadecimal.
    decoder
        ``soundfile`` or ``pyav``.
    damage
        What is missing of the sound, or was put right to hear it, in sentences.
    """

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    bits_per_sample: int | None = None
    bit_rate_bps: int | None = None
    duration_s: float
    size: int
    sha256: str
    signal_hash: str
    hash_sums: dict[str, str] = Field(default_factory=dict)
    decoder: str
    damage: tuple[str, ...] = ()


class ProvenanceState(StrEnum):
    """Outcome of validating a C2PA manifest: three states that are kept apart."""

    TRUSTED = "trusted"
    VALID = "valid"
    INVALID = "invalid"


class Manifest(Model):
    """An embedded C2PA manifest.

    Attributes
    ----------
    generator, issuer
        Claim generator and the signer's organisation, as given.
    digital_source_types
        Last parts of the IPTC terms of all actions, e.g. ``trainedAlgorithmicMedia``.
    failures
        Validation status codes; ``signingCredential.untrusted`` alone is no defect.
    """

    state: ProvenanceState
    generator: str = ""
    issuer: str = ""
    actions: tuple[str, ...] = ()
    digital_source_types: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


class GeneratorTag(Model):
    """A tag that a generator or service left: evidence if there, nothing if not."""

    tool: str
    key: str
    value: str
    is_ai_statement: bool = True
    source: str = ""


class Picture(Model):
    """What a picture carries about its making: cover art in a sound file, or an image file of the release.

    Attributes
    ----------
    place
        ``embedded: front cover`` or the image file's path.
    format
        ``jpeg``, ``png``, ``webp``, ``tiff`` ...; empty for what is none of these.
    size
        Bytes.
    sha256
        Of the bytes; empty where they could not be read, and in screenings of before it was kept.
    digital_source_types
        Last parts of the terms that XMP states; a manifest has its own.
    fault
        Why there was no looking into it, or not to its end.
    """

    place: str
    format: str = ""
    size: int = 0
    sha256: str = ""
    digital_source_types: tuple[str, ...] = ()
    manifest: Manifest | None = None
    unread_manifest: str | None = None
    tags: tuple[GeneratorTag, ...] = ()
    fault: str | None = None


class Found(Model):
    """The found layer: what the file carries."""

    audio: AudioFacts | None = None
    manifest: Manifest | None = None
    unread_manifest: str | None = None
    tags: tuple[GeneratorTag, ...] = ()
    pictures: tuple[Picture, ...] = ()
