"""The words of the spam estimate's card."""

TITLE = "Do the small signs on a delivery add up as they do in constructed cases of spam?"
USE = "To choose what a person looks at first. Alone it raises a low flag, where two kinds of evidence speak at least."
NOT_FOR = "Removing, demonetising or ranking anything; judging an artist; telling whether a sound is generated."
METHOD = (
    "Logistic regression with weights of zero or more over 22 signs from names, sound, catalogue and the sender's own "
    "past; beside the cases a belief: one sign alone is honest, two of two kinds are not. Platt calibration on recipes "
    "that were left out; the interval is the middle 95 % of models fitted to recipes drawn anew. Neither the synthetic "
    "score nor functional audio under its own name is a sign."
)
PROTOCOL = (
    "Cases are constructed by recipes in classifiers/spam/recipes.py from synthesised sounds and invented metadata.",
    "Each recipe is left out in turn, together with one of the other label; recipes weigh alike, labels half each.",
    "AUROC with a 95 % bootstrap interval over recipes. at_or_over_bar: share of recordings at 0.9 or more.",
)
LIMITS = (
    "Figures say how well constructed recipes are told apart, not how much spam of a catalogue is found.",
    "Probabilities are at even odds. Where one delivery in a thousand is spam, most of what scores 0.9 is not.",
    "What a sign cannot see (paid plays, bots, cloned voices) is not seen.",
    "What moderators decided is in it only where the protocol says so.",
)
OF_LABELS = (
    "Decisions of moderators are fitted beside the constructed cases, each sender alike. labels_auroc: each sender by "
    "a model that saw none of its decisions; labels_auroc_without: the same decisions by constructed cases alone."
)
