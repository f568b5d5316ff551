"""The registry in files: one folder per model with ``weights.npz`` and ``card.json``.

Weights are plain numeric arrays, read without pickle; a card names their SHA-256, so that a changed
file is refused. A model's name carries its version, ``synthetic-1``: another model gets another name,
and every screening pins the names that made it.
"""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from schemas.base import Model
from schemas.errors import InvalidInput, NotFound

SHIPPED = Path(__file__).parent
WEIGHTS, CARD = "weights.npz", "card.json"
LARGEST_BYTES = 1_000_000
Arrays = dict[str, npt.NDArray[Any]]


class Data(Model):
    """What one source gave to the fit: how many files under which label and licence."""

    source: str
    label: str
    files: int
    licence: str = ""


class Card(Model):
    """What a model is, what it was made from and what it is worth.

    Attributes
    ----------
    id, kind, title
        Name with version; what it estimates; a sentence.
    intended_use, not_for
        What it may support, and what it must not be used for.
    method
        How it works, in words.
    patents
        Applications that may read on the method; whether they do is for a lawyer.
    code_signature, corpus_signature
        SHA-256 over the training code, and over the fitted files and their labels.
    protocol
        How the figures were made.
    metrics
        Figure by name, each with the ends of its 95 % bootstrap interval where it has one.
    groups
        Figures by group of recordings, attack or source.
    limits
        What is known to go wrong.
    weights_sha256
        Of the file of arrays.
    """

    id: str
    kind: str
    title: str
    intended_use: str
    not_for: str
    method: str
    patents: tuple[str, ...] = ()
    licence_note: str = ""
    data: tuple[Data, ...] = ()
    code_signature: str
    corpus_signature: str
    parameters: dict[str, float | str] = Field(default_factory=dict)
    protocol: tuple[str, ...] = ()
    metrics: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)
    groups: dict[str, dict[str, dict[str, float | None]]] = Field(default_factory=dict)
    limits: tuple[str, ...] = ()
    weights_sha256: str


def list_models(folder: Path = SHIPPED) -> tuple[Card, ...]:
    """Read the card of every model in the registry, by name."""
    return tuple(read_card(path.parent.name, folder) for path in sorted(folder.glob(f"*/{CARD}")))


def read_card(name: str, folder: Path = SHIPPED) -> Card:
    """Read one model's card.

    Raises
    ------
    NotFound
        There is no such model.
    InvalidInput
        The card is none.
    """
    path = _folder(name, folder) / CARD
    try:
        return Card.model_validate_json(path.read_bytes())
    except OSError as error:
        raise NotFound(f"There is no model {name!r}.", mend="`liner models list` names them.") from error
    except ValidationError as error:
        raise InvalidInput(f"The card of {name} cannot be read: {error.error_count()} fields are wrong.") from error


def load_arrays(name: str, folder: Path = SHIPPED) -> tuple[Arrays, Card]:
    """Read a model's arrays, after checking them against its card.

    Raises
    ------
    NotFound
        There is no such model.
    InvalidInput
        The arrays are not those that the card names.
    """
    card = read_card(name, folder)
    path = _folder(name, folder) / WEIGHTS
    raw = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(raw).hexdigest() != card.weights_sha256:
        raise InvalidInput(f"The weights of {name} are not those of its card.", mend="Install liner again.")
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}, card


def save_model(card: Card, arrays: Arrays, folder: Path) -> Card:
    """Write a model; the same arrays give the same bytes.

    Returns
    -------
    Card
        With the checksum of the arrays filled in.
    """
    raw = _packed(arrays)
    if len(raw) > LARGEST_BYTES:
        raise InvalidInput(f"{len(raw)} bytes of weights are too many to ship, at most {LARGEST_BYTES}.")
    complete = card.model_copy(update={"weights_sha256": hashlib.sha256(raw).hexdigest()})
    target = _folder(card.id, folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / WEIGHTS).write_bytes(raw)
    (target / CARD).write_text(complete.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return complete


def _packed(arrays: Arrays) -> bytes:
    """Pack arrays like ``numpy.savez``, with fixed times and order."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            one = io.BytesIO()
            np.lib.format.write_array(one, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), one.getvalue(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _folder(name: str, folder: Path) -> Path:
    if not name or Path(name).name != name or name.startswith("."):
        raise NotFound(f"{name!r} is no model's name.", mend="`liner models list` names them.")
    return folder / name
