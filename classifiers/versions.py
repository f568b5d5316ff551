"""What the ears are made of: raise a version whenever the same bytes may give another result."""

DESCRIPTORS = "descriptors-1"
LANDMARKS = "landmarks-1"
PROVENANCE = "provenance-1"

MODELS: tuple[str, ...] = (DESCRIPTORS, LANDMARKS, PROVENANCE)
