"""Every action that has a key, for the page on which people choose their own."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyView:
    """An action, the key that it has by itself, and the one chosen in its place."""

    default: str
    says: str
    chosen: str
    shown: str


KEYS = (
    ("a", "Approve"),
    ("s", "Ask"),
    ("l", "Label"),
    ("d", "Demote"),
    ("x", "Remove"),
    ("c", "Take the case, give it back"),
    ("n", "Next case"),
    ("h", "Hand the case over"),
    ("p", "Put the case aside"),
    ("u", "Undo the decision"),
    ("o", "Give a second opinion"),
    ("r", "Reopen: say why"),
    (" ", "Play or pause"),
    ("e", "Play the next evidence"),
    ("b", "The other recording, and back"),
    ("+", "Zoom in"),
    ("-", "Zoom out"),
    ("ArrowLeft", "Back 5 seconds"),
    ("ArrowRight", "Forward 5 seconds"),
    ("q", "Queue"),
    ("g", "Appeals"),
    ("v", "Saved views and queues"),
    ("/", "Search"),
    ("f", "Filter"),
    ("[", "Previous page"),
    ("]", "Next page"),
    ("?", "Show the keys"),
)
_NAMES = {" ": "space", "ArrowLeft": "left arrow", "ArrowRight": "right arrow"}


def key_views(chosen: Mapping[str, str]) -> tuple[KeyView, ...]:
    """List all actions with the keys chosen for them."""
    return tuple(KeyView(key, says, chosen.get(key, ""), _NAMES.get(key, key)) for key, says in KEYS)
