"""The ears: audio in, signals and provenance out; no network, no database, no Beam."""
