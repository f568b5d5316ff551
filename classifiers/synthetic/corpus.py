"""Labelled files: the manifest that names them, and the windows that are heard of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from classifiers.decode import DecodeError, Source, mixed, openers
from classifiers.synthetic.voices import KNOWN
from classifiers.synthetic.windows import Window, WindowCollector
from schemas.csv_files import read_csv
from schemas.errors import AudioUnreadable, InvalidInput

NEEDED_COLUMNS = ("path", "label", "source")
POSITIVE, RESYNTHESIS = "ai", "resynth"
NEGATIVES = ("human", "noise", "speech")
LABELS = (POSITIVE, RESYNTHESIS, *NEGATIVES)
FITTING_VIEW = "equalised"
SYNONYMS = {"synthetic": "ai", "generated": "ai", "fake": "ai", "1": "ai", "real": "human", "0": "human"}


@dataclass(frozen=True)
class LabelledFile:
    """One line of a manifest.

    Attributes
    ----------
    path
        Relative to the corpus folder.
    label
        ``ai``, ``human``, ``noise``, ``speech``, or ``resynth``: human music passed through a neural codec.
    source
        Generator or collection; never on both sides of a split.
    song
        Excerpts of one song share it; empty where each file is its own.
    group
        Whatever figures shall be given by; empty for none.
    view
        How the file was prepared; empty where there is one preparation.
    licence
        As the manifest states it; goes into the model's card.
    codec
        Of the file as it was found, before it was prepared; empty where the manifest does not say.
    voice
        ``sung`` or ``spoken`` where there is a voice and nothing else; empty for the rest.
    is_paired, is_game
        Human material of the same pages as generated material; music of a game package.
    """

    path: str
    label: str
    source: str
    song: str = ""
    group: str = ""
    view: str = ""
    licence: str = ""
    codec: str = ""
    voice: str = ""
    is_paired: bool = False
    is_game: bool = False

    @property
    def is_positive(self) -> bool:
        """Whether a neural decoder made the sound: generated, or human music passed through one."""
        return self.label in (POSITIVE, RESYNTHESIS)


def read_manifest(path: Path) -> tuple[LabelledFile, ...]:
    """Read a CSV manifest with the columns path, label, source and, if there, song, group and view.

    Raises
    ------
    InvalidInput
        The file cannot be read, lacks a column, or has a label that is none.
    """
    rows = read_csv(path, NEEDED_COLUMNS)
    return tuple(_labelled(row, number, path) for number, row in enumerate(rows, start=2))


def _labelled(cells: dict[str, str], line: int, path: Path) -> LabelledFile:
    label = SYNONYMS.get(cells["label"].lower(), cells["label"].lower())
    if label not in LABELS or not cells["path"]:
        raise InvalidInput(
            f"{path}, line {line}: label {label!r} is none of {', '.join(LABELS)}, or the path is empty.",
            mend="Correct the line: ai for generated music, resynth for music that went through a codec.",
        )
    return LabelledFile(
        path=cells["path"],
        label=label,
        source=cells["source"] or "unnamed",
        song=cells.get("song", ""),
        group=cells.get("group", ""),
        view=cells.get("view", ""),
        licence=cells.get("licence", ""),
        codec=(cells.get("codec") or cells.get("native_format", "")).rpartition("/")[2],
        voice=cells.get("voice") or KNOWN.get((cells["source"], PurePath(cells["path"]).stem), ""),
        is_paired=cells.get("paired") == "1",
        is_game=cells.get("game") == "1",
    )


def for_fitting(files: Sequence[LabelledFile]) -> tuple[LabelledFile, ...]:
    """Keep the codec-equalised view where the manifest has one, else everything; in the order of paths."""
    equalised = [file for file in files if file.view == FITTING_VIEW]
    return tuple(sorted(equalised or files, key=lambda file: file.path))


def read_windows(path: Path) -> tuple[Window, ...]:
    """Decode a file and give the windows that the model hears; raises `AudioUnreadable`."""
    return collect(path).windows()


def collect(path: Path) -> WindowCollector:
    """Decode a file in blocks into a collector.

    Raises
    ------
    AudioUnreadable
        No decoder makes a signal out of it.
    """
    causes = []
    try:
        for opener in openers(str(path)):
            try:
                with opener(str(path)) as source:
                    return _collected(source)
            except DecodeError as error:
                causes.append(str(error))
    except OSError as error:
        raise AudioUnreadable(
            f"{path.name} cannot be opened: {error.strerror}.", mend="Check path and rights."
        ) from error
    raise AudioUnreadable(f"{path.name} cannot be decoded: {'; '.join(dict.fromkeys(causes))}.")


def _collected(source: Source) -> WindowCollector:
    collector = WindowCollector(source.sample_rate_hz)
    for block in source.blocks():
        collector.push(mixed(block))
    return collector
