"""The models that ship with liner: arrays, a card that says what they are worth, a checksum."""

from classifiers.models.registry import Card, list_models, load_arrays, read_card, save_model

__all__ = ["Card", "list_models", "load_arrays", "read_card", "save_model"]
