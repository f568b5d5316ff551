"""The `liner` command: the only place that may see every package."""

from api.cli.app import main

__all__ = ["main"]
