"""The engine's version: raise it whenever the same bytes may give other findings or signals."""

ENGINE = "liner-0.1.0"
