"""DDEX messages: bytes to `schemas.release.Message` and back."""

from schemas.ern.reader import read_message

__all__ = ["read_message"]
