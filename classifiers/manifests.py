"""C2PA manifests as `schemas.screening.Manifest`: read and validated without any network.

Three states are kept apart. *Trusted*: signed under one of the given roots. *Valid*: the signature
and all hashes hold, the signer is nobody we know. *Invalid*: something does not hold; re-tagging an
MP3 suffices for that, so it is no evidence of tampering with the sound, and what the manifest says
of its generator is still told. No manifest says nothing at all.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from schemas.errors import InvalidInput
from schemas.screening import Manifest, ProvenanceState

TRUST_ANCHORS = "LINER_TRUST_ANCHORS"
OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}

_ACTIONS = ("c2pa.actions", "c2pa.actions.v2")
_VOCABULARIES = ("cv.iptc.org/newscodes/digitalsourcetype", "c2pa.org/digitalsourcetype")
_SUNO = "com.suno.provenance"  # its systemVersion is the model's code name, e.g. chirp-hawk-engine-b


def read_stream(
    mime: str, stream: BinaryIO, trust_anchors: str | None = None, *, store: bytes | None = None
) -> Manifest | None:
    """Read the manifest that a file carries; None where there is none.

    Parameters
    ----------
    mime
        Names the container.
    trust_anchors
        PEM file of root certificates; None for no trust.
    store
        The manifest store's bytes, where the library would not find them itself.

    Raises
    ------
    c2pa.C2paError
        There is C2PA data, and it cannot be read.
    InvalidInput
        The trust anchors cannot be read.
    """
    context = _context(trust_anchors)
    reader = c2pa.Reader.try_create(mime, stream, manifest_data=store, context=context)
    if reader is None:
        return None
    with reader:
        return _manifest(json.loads(reader.json()), str(reader.get_validation_state()))


@cache
def _context(trust_anchors: str | None) -> Any:
    settings: dict[str, Any] = dict(OFFLINE)
    if trust_anchors:
        try:
            settings["trust"] = {"user_anchors": Path(trust_anchors).read_text("utf-8")}
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"The trust anchors {trust_anchors} cannot be read: {error}.",
                mend=f"Point {TRUST_ANCHORS} at a PEM file of root certificates, or unset it.",
            ) from error
    return c2pa.Context.from_dict(settings)


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
        actions=once(action.get("action") for action in actions),
        digital_source_types=once(_term(action.get("digitalSourceType")) for action in all_actions),
        ingredients=once(i.get("title") or i.get("label") for i in active.get("ingredients") or ()),
        failures=once(status.get("code") for status in store.get("validation_status") or ()),
    )


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for assertion in manifest.get("assertions") or ():
        if assertion.get("label", "").split("__")[0] in _ACTIONS:
            yield from assertion.get("data", {}).get("actions") or ()


def _generator(manifest: dict[str, Any]) -> str:
    """Name and version of the claim generator, with the software agents of its actions."""
    names = [_name(info) for info in manifest.get("claim_generator_info") or ()]
    names += [_name(action.get("softwareAgent")) for action in _actions(manifest)]
    names += [_name(a.get("data")) for a in manifest.get("assertions") or () if a.get("label") == _SUNO]
    return ", ".join(once(names)) or str(manifest.get("claim_generator") or "")


def _name(agent: Any) -> str:
    if isinstance(agent, dict):
        words = (agent.get("name") or agent.get("systemName"), agent.get("version") or agent.get("systemVersion"))
        return " ".join(str(word) for word in words if word)
    return str(agent or "")


def _term(uri: Any) -> str:
    """Name the term of a digital source type; what stands in another vocabulary is kept whole, as nobody's term."""
    text = str(uri or "").strip().rstrip("/")
    base, _, term = text.rpartition("/")
    is_term = not base or base.lower().partition("://")[2] in _VOCABULARIES
    return term if is_term else text


def once(values: Iterable[Any]) -> tuple[str, ...]:
    """Keep what is not empty, each once, as text."""
    return tuple(dict.fromkeys(str(value) for value in values if value))
