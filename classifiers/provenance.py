"""What a file says of its own making: an embedded C2PA manifest, and tags of generators.

Three states are kept apart. *Trusted*: signed under one of the given roots. *Valid*: the signature
and all hashes hold, the signer is nobody we know. *Invalid*: something does not hold; re-tagging an
MP3 suffices for that, so it is no evidence of tampering with the sound, and what the manifest says
of its generator is still told. No manifest says nothing at all.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import c2pa

from classifiers.tags import generator_tags, unread_manifest
from schemas.errors import InvalidInput
from schemas.screening import Found, Manifest, ProvenanceState

TRUST_ANCHORS = "LINER_TRUST_ANCHORS"

_ACTIONS = ("c2pa.actions", "c2pa.actions.v2")


def find_provenance(path: str, trust_anchors: str | None = None) -> Found:
    """Read manifest and tags; the facts of the sound are left to the decoder.

    Parameters
    ----------
    trust_anchors
        PEM file of root certificates; default is the environment's ``LINER_TRUST_ANCHORS``.
    """
    anchors = trust_anchors or os.environ.get(TRUST_ANCHORS) or None
    unread, manifest = None, None
    try:
        manifest = read_manifest(path, anchors)
    except c2pa.C2paError as error:
        unread = f"C2PA data that cannot be read: {str(error)[:200]}"
    if manifest is None and unread is None:
        unread = unread_manifest(path)
    return Found(manifest=manifest, unread_manifest=unread, tags=generator_tags(path))


def read_manifest(path: str, trust_anchors: str | None = None) -> Manifest | None:
    """Read and validate the embedded manifest without any network; None where there is none.

    Raises
    ------
    c2pa.C2paError
        There is C2PA data, and it cannot be read.
    """
    mime = _mime_type(path)
    if mime is None:
        return None
    with Path(path).open("rb") as file:
        reader = c2pa.Reader.try_create(mime, file, context=_context(trust_anchors))
        if reader is None:
            return None
        with reader:
            return _manifest(json.loads(reader.json()), str(reader.get_validation_state()))


@cache
def _context(trust_anchors: str | None) -> Any:
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    if trust_anchors:
        try:
            settings["trust"] = {"user_anchors": Path(trust_anchors).read_text("utf-8")}
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"The trust anchors {trust_anchors} cannot be read: {error}.",
                mend=f"Point {TRUST_ANCHORS} at a PEM file of root certificates, or unset it.",
            ) from error
    return c2pa.Context.from_dict(settings)


def _mime_type(path: str) -> str | None:
    """Name the container by its first bytes, as far as the C2PA library reads it."""
    with Path(path).open("rb") as file:
        head = file.read(12)
        if head[:3] == b"ID3":
            a, b, c, d = (byte & 0x7F for byte in head[6:10])
            file.seek(10 + (a << 21 | b << 14 | c << 7 | d))
            return "audio/flac" if file.read(4) == b"fLaC" else "audio/mpeg"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "audio/wav"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    return "audio/mpeg" if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 else None


def _manifest(store: dict[str, Any], state: str) -> Manifest:
    manifests = store.get("manifests") or {}
    active = manifests.get(store.get("active_manifest"), {})
    actions = list(_actions(active))
    # What an ingredient was made with is part of what this file was made with.
    all_actions = actions + [a for other in manifests.values() if other is not active for a in _actions(other)]
    signature = active.get("signature_info") or {}
    return Manifest(
        state=ProvenanceState(state.lower()),
        generator=_generator(active),
        issuer=str(signature.get("issuer") or signature.get("common_name") or ""),
        actions=_once(action.get("action") for action in actions),
        digital_source_types=_once(_term(action.get("digitalSourceType")) for action in all_actions),
        ingredients=_once(i.get("title") or i.get("label") for i in active.get("ingredients") or ()),
        failures=_once(status.get("code") for status in store.get("validation_status") or ()),
    )


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for assertion in manifest.get("assertions") or ():
        if assertion.get("label", "").split("__")[0] in _ACTIONS:
            yield from assertion.get("data", {}).get("actions") or ()


def _generator(manifest: dict[str, Any]) -> str:
    """Name and version of the claim generator, with the software agents of its actions."""
    names = [_name(info) for info in manifest.get("claim_generator_info") or ()]
    names += [_name(action.get("softwareAgent")) for action in _actions(manifest)]
    return ", ".join(_once(names)) or str(manifest.get("claim_generator") or "")


def _name(agent: Any) -> str:
    if isinstance(agent, dict):
        return f"{agent.get('name', '')} {agent.get('version', '')}".strip()
    return str(agent or "")


def _term(uri: Any) -> str:
    return str(uri or "").rstrip("/").rpartition("/")[2]


def _once(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values if value))
