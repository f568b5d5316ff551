"""Keeps the libraries' log lines off the terminal: a person gets sentences, not records."""

import logging


def quiet_logs() -> None:
    """Give the root logger a handler that says nothing, unless the program has set up its own.

    Call before importing Beam, which warns about clients of clouds that nobody asked for.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
