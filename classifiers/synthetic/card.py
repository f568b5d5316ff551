"""The words of the card: what the model is for, what it is not, what is known to go wrong."""

TITLE = "Traces of a neural decoder in the long-term spectrum, one linear model over position-free features."

USE = (
    "One weak signal among others, at low severity, to decide what a person should listen to. "
    "A flag above low needs a second, independent kind of evidence."
)
NOT_FOR = (
    "Accusing anybody; deciding anything alone; telling who wrote or performed; "
    "telling speech, noise or a voice alone; "
    "a probability without the base rate of the catalogue at hand."
)
METHOD = (
    "Mean level spectra of 10 s windows at 16 kHz (8192, 16384 and 32768 samples), 1 to 7 kHz only. Per band "
    "distributions of the residual around a moving mean; its autocorrelation and cepstrum; still lines at the "
    "spacings that products of 2, 3 and 5 leave at common output rates, scored against slightly detuned spacings; "
    "still lines at any spacing. Logistic regression with strong L2 over standardised, limited values, fitted to each "
    "file and six changed copies of it, one of them in pitch alone, one by AAC, one by a mains buzz, one by AAC and at "
    "times in speed, both classes alike. Platt calibration on held-out scores, and again on sources drawn anew; "
    "conformal counts of held-out human scores, those of material on generators' own pages among them, over all of "
    "them and by codec (for AAC, of copies) and texture. Two gates of the same kind keep out speech and noise (how "
    "long detail holds, flatness, pauses) and voices without accompaniment (one clear pitch that glides or wavers, "
    "nothing under it, hiss, changing colour, pauses)."
)
PATENTS = (
    (
        "Deezer states two patent applications of December 2024 about detecting generated music "
        "(repository deezer/ismir25-ai-music-detector). This method is independent code and other features, "
        "but it too reads periodic spectral traces of upsampling: have a lawyer check before commercial use."
    ),
)
PROTOCOL = (
    "Codec-equalised view, one 10 s window per file.",
    "Leave one family of decoders out; human, speech and noise sources in two halves, one fitted, the other tested.",
    "Human material of the same pages as a generator (paired) is never fitted when that generator is tested.",
    "tpr_1 and tpr_5: threshold on the tested half. carried_tpr and fpr_*: 5 % threshold of the other half's model.",
    (
        "grouped_*: conformal rate of 5 % over all human music of the other half and of other families' pages, and "
        "over its codec and textures; gated_*: the same after the gates; decided_*: after gates and band, as a "
        "screening counts. voice_held_back_*: by the gate of voices, families and pages left out. "
        "no_game_*: fitted and tested without music of games."
    ),
    (
        "ece_*: each half of sources and families by the calibration of the other; ece_floor: what a perfectly "
        "calibrated model would show on as few files."
    ),
    "Means over families without re-synthesis; intervals: 95 % bootstrap over sources, models as fitted.",
)
LIMITS = (
    "Few sources: nothing below a false-positive rate of 1 % can be stated.",
    "A mains buzz with overtones far above 1 kHz raises the score of human music, AAC at 64 kbit/s a little.",
    "A change of speed weakens the evidence; a pitch shift that keeps the tempo hides most of it.",
    "Human music through a neural codec or vocoder is heard as synthetic: the trace is of a decoder, not of an author.",
    "A voice without accompaniment gets no answer; generated singing without accompaniment gets none either.",
    "Chip music and tracker loops can have still, even lines of their own.",
    "Commercial generators are represented by 26 excerpts of one service; other versions are unseen.",
)
