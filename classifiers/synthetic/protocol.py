"""Splits that keep unseen generators and unseen human collections unseen.

Families of generators share a decoder; one family is left out at a time. Human sources lie in two
halves: the model that is tested on one half was fitted on the other. Human material of the same pages
(``paired``) is never fitted together with the generators it is compared with. Speech and noise are split by source
like music. No source and no song is on both sides.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.synthetic.corpus import RESYNTHESIS, LabelledFile

FAMILIES: dict[str, tuple[str, ...]] = {
    "encodec_lm": ("musicgen", "musicgen_style", "melodyflow", "stemgen", "stemgen_mix", "m2ugen"),
    "dit_vae": (
        "stable_audio", "stable_audio_2", "stable_audio_open", "presto", "presto_base_dit", "diffrhythm", "jam",
    ),
    "ace_step": ("ace-step", "ace-step-1.5"),
    "mel_vocoder": ("audioldm2", "mustango", "tango_music", "riffusion_v1", "fugatto"),
    "singing": ("svs_gtsinger_baselines", "svs_hiddensinger", "songcomposer", "muzic_song", "freestyler_rap"),
    "song_lm": ("yue", "songcreator"),
    "waveform_old": ("wavenet_piano", "melnet", "unagan", "msdm", "jukedrummer", "rave"),
    "commercial": ("suno", "udio", "mureka", "songgenerator_io"),
    "resynth": ("resynth_deezer", "resynth_mucodec", "resynth_songcreator", "resynth_hiddensinger"),
}  # fmt: skip
PAIRED: dict[str, str] = {
    "diffrhythm_prompts": "dit_vae",
    "diffrhythm2_prompts": "dit_vae",
    "stable_audio2_inputs": "dit_vae",
    "m2ugen_dataset": "encodec_lm",
    "stemgen_context": "encodec_lm",
    "songcreator_prompt_stems": "song_lm",
    "jukedrummer_refs": "waveform_old",
    "msdm_originals": "waveform_old",
    "deezer_fma_real": "resynth",
}
SAME_AUTHOR: dict[str, tuple[str, ...]] = {
    "aba": (
        "a7xpg-data", "gunroar-data", "mu-cade-data", "noiz2sa-data", "parsec47-data", "rrootage-data", "titanion-data",
        "torus-trooper-data", "tumiki-fighters-data", "val-and-rick-data",
    ),
    "tux4kids": ("tuxmath-data", "tuxtype-data"),
    "emotify": tuple(f"emotify_magnatune_{genre}" for genre in ("classical", "rock", "electronic", "pop")),
}  # fmt: skip
_FAMILY_OF = {source: family for family, sources in FAMILIES.items() for source in sources}
_AUTHOR_OF = {source: author for author, sources in SAME_AUTHOR.items() for source in sources}


@dataclass(frozen=True)
class Fold:
    """One model to fit: indices into the files.

    Attributes
    ----------
    family
        Left out.
    half
        The human half that is held out, 0 or 1.
    """

    family: str
    half: int
    fitted: npt.NDArray[np.int64]
    tested: npt.NDArray[np.int64]


def family(file: LabelledFile) -> str:
    """Name the family of a generator (an unknown one is its own), or of the page that human material was paired on."""
    if file.is_positive:
        return _FAMILY_OF.get(file.source, file.source)
    return PAIRED.get(file.source, file.source) if file.is_paired else ""


def cluster(file: LabelledFile) -> str:
    """Name what must stay together: all sources of one author."""
    return _AUTHOR_OF.get(file.source, file.source)


def folds(files: Sequence[LabelledFile], *, seed: int = 0) -> Iterator[Fold]:
    """Leave each family out in turn, with each half of the human sources."""
    families = np.array([family(file) for file in files])
    positive = np.array([file.is_positive for file in files])
    paired = np.array([file.is_paired for file in files])
    half = halves(files, seed=seed)
    for name in sorted(set(families[positive])):
        for held in (0, 1):
            is_tested = np.where(positive | paired, families == name, half == held)
            yield Fold(name, held, np.flatnonzero(~is_tested), np.flatnonzero(is_tested))


def halves(files: Sequence[LabelledFile], *, seed: int = 0) -> npt.NDArray[np.int64]:
    """Put human, speech and noise sources into two halves of nearly equal size, whole clusters at a time.

    Returns
    -------
    np.ndarray [shape=(n,)]
        0 or 1; -1 for generated and paired files, which are split by family.
    """
    half = np.full(len(files), -1)
    members: dict[str, list[int]] = {}
    for i, file in enumerate(files):
        if not file.is_positive and not file.is_paired:
            members.setdefault(cluster(file), []).append(i)
    counts: dict[str, list[int]] = {}  # each kind is halved apart
    for name, places in sorted(members.items(), key=lambda item: (-len(item[1]), drawn(item[0], seed))):
        sides = counts.setdefault(_kind([files[i] for i in places]), [0, 0])
        light = drawn(name, seed) % 2 if sides[0] == sides[1] else sides.index(min(sides))
        half[places] = light
        sides[light] += len(places)
    return half


def _kind(files: Sequence[LabelledFile]) -> str:
    if all(file.label != "human" for file in files):
        return "no music"
    return "game" if any(file.is_game for file in files) else "other"


def weights(files: Sequence[LabelledFile], *, paired: float = 1.0) -> npt.NDArray[np.float64]:
    """Weigh files by one over the square root of their source's size, paired ones more, both classes alike in sum."""
    sources = np.array([file.source for file in files])
    _, place, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    weight = np.array([paired if file.is_paired else 1.0 for file in files]) / np.sqrt(sizes[place])
    positive = np.array([file.is_positive for file in files])
    for side in (positive, ~positive):
        if side.any():
            weight[side] *= len(files) / 2 / weight[side].sum()
    return np.asarray(weight)


def is_authorship(file: LabelledFile) -> bool:
    """Whether a positive counts as generated: re-synthesis is fitted as a trace but reported apart."""
    return file.is_positive and file.label != RESYNTHESIS


def drawn(name: str, seed: int) -> int:
    """Draw a number by name, the same on every machine."""
    return zlib.crc32(f"{seed}:{name}".encode())
