"""Counts of human music: what is hard counts too, nothing counts for itself, and no answer flags nobody."""

import numpy as np
import pytest

from classifiers.models.registry import load_arrays
from classifiers.synthetic import figures, heldout, protocol
from classifiers.synthetic.attacks import parse_attacks
from classifiers.synthetic.corpus import LabelledFile
from classifiers.synthetic.evaluate import Scored, as_written
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.model import DEFAULT, NARROW_AS, PACKED_AS, SyntheticModel
from classifiers.synthetic.score import Abstention, SyntheticScore
from classifiers.synthetic.train import code_signature

EASY, HARD = 60, 40


def files() -> list[LabelledFile]:
    """Two families, easy human music in two halves, and hard human material of each family's page."""
    made = [LabelledFile(f"e{n}", "human", f"human{n % 2}") for n in range(EASY)]
    made += [LabelledFile(source, "ai", source) for source in ("suno", "musicgen")]
    for source in ("stemgen_context", "diffrhythm_prompts"):
        made += [LabelledFile(f"{source}{n}", "human", source, is_paired=True) for n in range(HARD)]
    return made


@pytest.fixture
def held() -> tuple[list[LabelledFile], tuple[heldout.Held, ...], np.ndarray]:
    made = files()
    scores = np.array([2.0 if file.is_paired or file.label == "ai" else 0.0 for file in made])
    scores += np.linspace(0, 1e-3, len(made))
    half = np.array([int(file.source == "human1") for file in made])
    parts = []
    for family in ("commercial", "encodec_lm"):
        for side in (0, 1):
            tested = [
                i for i, file in enumerate(made)
                if (protocol.family(file) == family if file.is_paired or file.label == "ai" else half[i] == side)
            ]  # fmt: skip
            fold = protocol.Fold(family, side, np.array([], dtype=int), np.array(tested))
            parts.append(heldout.Held(fold, LinearHead(), np.array(tested), scores[tested]))
    return made, tuple(parts), scores


def test_hard_music_of_other_pages_counts_and_ones_own_does_not(held) -> None:
    made, parts, pooled = held
    rows = heldout.Rows.of(made)
    groups = [()] * len(made)

    flagged = {(one.fold.family, one.fold.half): one for one in figures.by_group(parts, rows, groups, pooled)}

    for one in flagged.values():
        assert one.of(rows.positive).sum() == 0  # it scores as hard music does: counting easy music alone would flag it
    easy = rows.__class__(**{**rows.__dict__, "paired": np.zeros(len(made), dtype=bool)})
    alone = figures.by_group(parts, easy, groups, pooled)
    assert all(one.of(rows.positive).all() for one in alone)


def test_rates_are_told_by_codec_and_texture(held) -> None:
    made, parts, _ = held
    rows = heldout.Rows.of(made)
    groups = [("codec:mp3",) if n % 2 else ("texture:dense",) for n in range(len(made))]

    flagged = tuple(heldout.flags(one, one.logits > 1) for one in parts)
    found = figures.rates_by_group(flagged, rows, groups)

    assert set(found) == {"codec:mp3", "texture:dense"}
    assert 0 < found["codec:mp3"]["low"] < found["codec:mp3"]["fpr"] < found["codec:mp3"]["high"] < 1


@pytest.mark.parametrize("reason", [Abstention.UNDECIDED, Abstention.NOT_MUSIC, Abstention.SINGING])
def test_no_answer_flags_nobody(reason: Abstention) -> None:
    file = LabelledFile("a", "human", "s")
    answered = SyntheticScore("m", 0.9, None, logit=3.0, false_positive_rate=0.01)
    silent = SyntheticScore("m", None, reason, logit=3.0, false_positive_rate=0.01)

    assert Scored(file, answered).is_flagged
    assert not Scored(file, silent).is_flagged


def test_the_shipped_models_share_their_packing_and_the_last_one_is_of_this_code() -> None:
    (first, _), (wider, _), (last, card) = (load_arrays(name) for name in (NARROW_AS, PACKED_AS, DEFAULT))

    assert np.array_equal(wider["packing"], last["packing"])
    assert np.array_equal(first["packing"], last["packing"][:, : first["packing"].shape[1]])
    assert card.code_signature == code_signature()
    assert card.metrics["grouped_fpr_paired"][0] <= 0.08
    assert card.metrics["abstained_music"][0] <= 0.2
    assert SyntheticModel.load(NARROW_AS).name == NARROW_AS


def test_figures_are_under_the_names_that_attacks_are_asked_for_by() -> None:
    asked = "mp3-64,opus-48,speed+2,pitch+1,noise-20,lowpass-4k,lowpass-3500"

    assert ",".join(map(as_written, parse_attacks(asked))) == asked
