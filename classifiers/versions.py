"""What the ears are made of: raise a version whenever the same bytes may give another result."""

from classifiers.models import active

DESCRIPTORS = "descriptors-4"
LANDMARKS = "landmarks-3"
PROVENANCE = "provenance-3"
FUNCTIONAL = "functional-1"


def models(names: dict[str, str] | None = None) -> tuple[str, ...]:
    """Name everything that makes a screening's heard and found layers.

    Parameters
    ----------
    names
        The models in use by kind; None for those that are in use now.

    Raises
    ------
    NotFound, InvalidInput
        The user's registry names a model that is not there.
    """
    names = {**active.DEFAULTS, **(names or active.read_pointer().names)}
    active.model_folder(names[active.SPAM])  # refuses what is not there
    return (DESCRIPTORS, LANDMARKS, PROVENANCE, FUNCTIONAL, *active.pins(names), names[active.SPAM])
