"""The demonstration: a small invented catalogue, written by our own code; only `api.cli` uses it."""
