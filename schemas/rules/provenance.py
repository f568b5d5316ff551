"""Rules of the PRV group: what the file carries about its making, beside what is declared.

Source: C2PA 2.x validation states, IPTC digital source types, tags that generators leave.
Inputs: `schemas.evidence.Evidence`. Only a positive statement of AI is evidence: a file without
one, or with a label's own signature, is no proof of a human maker. Declared and found are
compared here and nowhere merged.
"""

from collections.abc import Iterator

from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.findings import Severity
from schemas.rules.registry import Hit, Scope, rule
from schemas.screening import Found, GeneratorTag, Manifest, Picture, ProvenanceState

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
C2PA = "C2PA 2.x; IPTC digital source type"
ALL_AI = "trainedAlgorithmicMedia"
AI_TYPES = frozenset({ALL_AI, "compositeWithTrainedAlgorithmicMedia"})
IPTC_TYPES = AI_TYPES | frozenset(
    {
        "compositeSynthetic", "algorithmicallyEnhanced", "algorithmicMedia", "dataDrivenMedia", "digitalCapture",
        "computationalCapture", "digitalCreation", "digitalArt", "humanEdits", "minorHumanEdits", "composite",
        "compositeCapture", "virtualRecording", "screenCapture", "negativeFilm", "positiveFilm", "print",
        "softwareImage", "empty", "trainedAlgorithmicData",
    }
)  # fmt: skip
UNTRUSTED = "signingCredential.untrusted"  # no defect: the signer is not on this house's list
HASH_FAILURES = frozenset(  # what any re-tagging of the file causes, the sound untouched
    {"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"}
)


def ai_types(manifest: Manifest | None) -> tuple[str, ...]:
    """Name the manifest's digital source types that state generative AI."""
    return tuple(t for t in manifest.digital_source_types if t in AI_TYPES) if manifest else ()


def fails_by_hash_only(manifest: Manifest) -> bool:
    """Whether an invalid manifest is invalid by the file's hash alone."""
    failures = set(manifest.failures) - {UNTRUSTED}
    return bool(failures) and failures <= HASH_FAILURES


def _level(evidence: Evidence) -> Level:
    recording = evidence.intake.recording
    return recording.disclosure.level if recording else Level.UNDECLARED


def _declaration(evidence: Evidence) -> str:
    if evidence.intake.recording is None:
        return "no declaration came with it"
    level = _level(evidence)
    return "the message says nothing" if level is Level.UNDECLARED else f"the message declares {level.title()}"


def _maker(manifest: Manifest) -> str:
    return " ".join(filter(None, (manifest.generator, f"(signed by {manifest.issuer})" if manifest.issuer else "")))


def _statement(manifest: Manifest) -> str:
    """Put a sound manifest's statement into words."""
    return f"C2PA ({manifest.state}) of {_maker(manifest) or 'an unnamed generator'} says {ai_types(manifest)[0]}"


def _sound_ai_manifest(evidence: Evidence) -> Manifest | None:
    manifest = evidence.found.manifest
    return manifest if manifest and ai_types(manifest) and manifest.state is not ProvenanceState.INVALID else None


@rule(
    "PRV-001",
    ERROR,
    "Declared free of AI, signed as AI",
    why="The generator itself signed that it made the sound; the declaration says the opposite.",
    source=f"{C2PA}; error if the signer is trusted, warning if the manifest is only valid",
    mend="Declare ContainsAI All or Partly, or deliver the recording that was meant.",
    scope=Scope.RECORDING,
    file_status="UserDefined",
)
def none_is_not_signed_as_ai(evidence: Evidence) -> Iterator[Hit]:
    """Compare ContainsAI None with a sound manifest."""
    manifest = _sound_ai_manifest(evidence)
    if manifest and _level(evidence) is Level.NONE:
        severity = None if manifest.state is ProvenanceState.TRUSTED else WARNING
        text = f"{_statement(manifest)}; {_declaration(evidence)}."
        yield Hit(text, evidence.at, evidence.subject, ai_types(manifest)[0], severity)


@rule(
    "PRV-002",
    WARNING,
    "Signed as AI, declared less",
    why="The file says more than the message: listeners are told nothing, or half of it.",
    source=C2PA,
    mend="Declare ContainsAI All, or Partly where people contributed too.",
    scope=Scope.RECORDING,
)
def signed_ai_is_declared(evidence: Evidence) -> Iterator[Hit]:
    """Compare an undeclared recording, or Partly beside a wholly generated source, with a sound manifest."""
    manifest, level = _sound_ai_manifest(evidence), _level(evidence)
    if manifest is None:
        return
    if level is Level.UNDECLARED or (level is Level.PARTLY and ALL_AI in manifest.digital_source_types):
        text = f"{_statement(manifest)}; {_declaration(evidence)}."
        yield Hit(text, evidence.at, evidence.subject, ai_types(manifest)[0])


@rule(
    "PRV-003",
    INFO,
    "Manifest no longer fits the file's bytes",
    why="Re-tagging does that, with the sound untouched; the manifest still names its generator.",
    source=f"{C2PA}; house: a warning where it speaks of AI and the message declares None",
    mend="Deliver the file as the generator or editor wrote it.",
    scope=Scope.RECORDING,
)
def manifest_fits_bytes(evidence: Evidence) -> Iterator[Hit]:
    """Look for manifests that are invalid by hash alone."""
    manifest = evidence.found.manifest
    if manifest is None or manifest.state is not ProvenanceState.INVALID or not fails_by_hash_only(manifest):
        return
    types = ai_types(manifest)
    speaks = f" It names {_maker(manifest) or 'no generator'}" + (f" and says {types[0]}." if types else ".")
    against = bool(types) and _level(evidence) is Level.NONE
    text = "The C2PA manifest's hash is not the file's." + speaks
    yield Hit(text, evidence.at, evidence.subject, manifest.failures[0], WARNING if against else None)


@rule(
    "PRV-004",
    WARNING,
    "Manifest invalid by signature",
    why="The manifest itself was altered or its signature is no longer good; it proves nothing.",
    source=C2PA,
    mend="Deliver the file as it was signed.",
    scope=Scope.RECORDING,
)
def manifest_is_intact(evidence: Evidence) -> Iterator[Hit]:
    """Look for manifests that are invalid by more than the file's hash."""
    manifest = evidence.found.manifest
    if manifest and manifest.state is ProvenanceState.INVALID and not fails_by_hash_only(manifest):
        failures = [f for f in manifest.failures if f != UNTRUSTED and f not in HASH_FAILURES]
        reason = ", ".join(failures) or "no reason given"
        yield Hit(f"The C2PA manifest is invalid: {reason}.", evidence.at, evidence.subject, reason)


@rule(
    "PRV-005",
    WARNING,
    "Generator's tag in the file",
    why="Generators and download tools leave such tags; a tag can be forged, so it is a reason to ask.",
    source="tags seen in public tools, docs/models.md; house: info where the declaration agrees",
    mend="Declare ContainsAI All or Partly; if the tag is wrong, remove it and say so.",
    scope=Scope.RECORDING,
)
def tags_agree(evidence: Evidence) -> Iterator[Hit]:
    """Compare AI statements in the file's tags with the declaration."""
    level = _level(evidence)
    for tag in _ai_tags(evidence.found):
        text = f"The tag {tag.key} is one that {tag.tool} leaves; {_declaration(evidence)}."
        yield Hit(text, evidence.at, evidence.subject, tag.value, INFO if level.has_ai else None)


def _ai_tags(found: Found) -> list[GeneratorTag]:
    by_tool = {tag.tool: tag for tag in reversed(found.tags) if tag.is_ai_statement}  # the first of each tool
    return [by_tool[tool] for tool in sorted(by_tool)]


@rule(
    "PRV-006",
    INFO,
    "No provenance found",
    why="Most files carry none, and it is easily stripped: this says nothing about how the sound was made.",
    source="house",
    mend="Nothing has to be done.",
    scope=Scope.RECORDING,
)
def provenance_is_there(evidence: Evidence) -> Iterator[Hit]:
    """Say so where an opened file carries neither manifest nor generator's tag."""
    found = evidence.found
    embedded = any(one.place.startswith("embedded") and _says_something(one) for one in found.pictures)
    if found.audio and not (found.manifest or found.tags or found.unread_manifest or embedded):
        yield Hit("The file carries no C2PA manifest and no generator's tag.", evidence.at, evidence.subject)


def _says_something(picture: Picture) -> bool:
    return bool(picture.manifest or picture.unread_manifest or picture.tags or picture.digital_source_types)


@rule(
    "PRV-007",
    WARNING,
    "Digital source type is no IPTC term",
    why="A word of the sender's own cannot be read by anybody else.",
    source="IPTC digital source type vocabulary; two terms added by C2PA",
    mend="Use the IPTC term, e.g. trainedAlgorithmicMedia.",
    scope=Scope.RECORDING,
)
def source_types_are_terms(evidence: Evidence) -> Iterator[Hit]:
    """Look every digital source type up."""
    for term in evidence.found.manifest.digital_source_types if evidence.found.manifest else ():
        if term not in IPTC_TYPES:
            yield Hit(f"{term!r} is no IPTC digital source type.", evidence.at, evidence.subject, term)


@rule(
    "PRV-008",
    INFO,
    "Signer is not on the trust list",
    why="The manifest is intact, but anybody could have signed it.",
    source="C2PA trust list, as the house configures it",
    mend="Nothing has to be done; the house may add the signer's root to its list.",
    scope=Scope.RECORDING,
)
def signer_is_trusted(evidence: Evidence) -> Iterator[Hit]:
    """Look for manifests that are valid and no more."""
    manifest = evidence.found.manifest
    if manifest and manifest.state is ProvenanceState.VALID:
        text = f"{manifest.issuer or manifest.generator or 'The signer'} is not on the trust list."
        yield Hit(text, evidence.at, evidence.subject, manifest.issuer)


@rule(
    "PRV-010",
    INFO,
    "Manifest that usual readers skip",
    why="A manifest is there in a form that others pass over, or that nobody can read: what it says may be lost.",
    source="C2PA A.3.4 (GEOB application/jumbf), which c2pa-rs does not read",
    mend="Sign with a current tool.",
    scope=Scope.RECORDING,
)
def manifest_is_readable(evidence: Evidence) -> Iterator[Hit]:
    """Look for a manifest that was found by its bytes alone."""
    unread = evidence.found.unread_manifest
    if unread:
        how = "where usual readers pass over it" if evidence.found.manifest else "that is not read"
        text = f"The file holds a C2PA manifest {how}: {unread}."
        yield Hit(text, evidence.at, evidence.subject, unread)


@rule(
    "PRV-011",
    WARNING,
    "Picture says AI, message does not",
    why="Apple asks for artwork made with AI as for sound; the cover itself says more than the message.",
    source="IPTC digital source type; C2PA; tags of image generators; Apple Transparency Tags (2026-03-04)",
    mend="Declare ContainsAI All or Partly on the Image.",
    scope=Scope.RECORDING,
)
def pictures_agree(evidence: Evidence) -> Iterator[Hit]:
    """Compare what cover art says of itself, embedded or in a file of its own, with the declared images."""
    by_uri = {one.uri: one for one in evidence.intake.artwork if one.uri}
    covers = [one for one in evidence.intake.artwork if "cover" in one.kind.lower()] or [*evidence.intake.artwork]
    for picture in evidence.found.pictures:
        reason = _ai_reason(picture)
        own = by_uri.get(picture.place)
        asked = [own] if own else covers
        if reason is None or any(one.level.has_ai for one in asked):
            continue
        named = f"image {own.reference}" if own else f"picture in the file ({picture.place})"
        declared = "declares none" if any(one.level is Level.NONE for one in asked) else "says nothing of it"
        at, subject = (own.at, own.reference) if own and own.at.path else (evidence.at, evidence.subject)
        yield Hit(f"The {named} says that AI made it: {reason}; the message {declared}.", at, subject, reason)


def _ai_reason(picture: Picture) -> str | None:
    """Name the first positive statement of AI; an invalid manifest names its generator all the same."""
    stated = [t for t in (*ai_types(picture.manifest), *picture.digital_source_types) if t in AI_TYPES]
    if stated:
        return stated[0]
    return next((f"{tag.tool} ({tag.key})" for tag in picture.tags if tag.is_ai_statement), None)
