"""The ears: audio in, facts, provenance, signals and a fingerprint out; no network, no database.

The one door is `classifiers.listener.Listener`; it is light to import. Everything that decodes or
computes runs in its child process.
"""
