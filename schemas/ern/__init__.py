"""DDEX messages: bytes to `schemas.release.Message` and back."""

from schemas.ern.reader import read_message
from schemas.ern.writer import write_batch_manifest, write_message

__all__ = ["read_message", "write_batch_manifest", "write_message"]
