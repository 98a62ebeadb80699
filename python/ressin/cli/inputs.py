"""Which files a command works on: files, patterns, folders, zip archives, lists, and the share of one job of many."""

from __future__ import annotations

import glob
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ressin.errors import InvalidInputError, NotEdaError, OutputError
from ressin.io.source import content_stem

T = TypeVar("T")
_OWN = (
    "_decomposed.",
    "_evidence.json",
    "_scrs.csv",
    "_windows.",
    "_windows_evidence.",
    "_desc-ressin_",
)  # names of results
_NEVER = (".json", ".md", ".pdf", ".png", ".jpg", ".jpeg", ".svg", ".html", ".py", ".m", ".r", ".ipynb", ".docx",
          ".pptx", ".vmrk", ".log", ".yml", ".yaml", ".toml", ".zip", ".gz.md5", ".bin", ".eeg")  # fmt: skip
_PAPERS = ("license", "licence", "copying", "notice", "authors")  # with any suffix
_COMPANIONS = ("tags.csv", "info.txt", "participants.tsv", "dataset_description.json")


@dataclass(frozen=True)
class Input:
    """A file to work on.

    Attributes
    ----------
    path
        The file; of one in a zip archive, the archive's with the member's behind it.
    is_found
        Whether it was found in a folder or an archive: then it may be something else than skin conductance.
    """

    path: Path
    is_found: bool = False


def expand(given: Sequence[str], *, leave_out: Path | None = None) -> list[Input]:
    """Return the files that arguments stand for, each once.

    Parameters
    ----------
    given
        Files, patterns that the shell left as they are, folders (all files below them), zip archives (their members).
    leave_out
        A folder whose files are results.
    """
    inputs: dict[str, Input] = {}
    for argument in given:
        for found in _one(argument, leave_out):
            key = str(found.path) if str(found.path) == "-" else os.path.realpath(found.path)
            inputs.setdefault(key, found)
    return list(inputs.values())


def _one(argument: str, leave_out: Path | None) -> list[Input]:
    if argument == "-" or os.path.isfile(argument):
        path = Path(argument)
        return _members(path) if path.suffix.lower() == ".zip" else [Input(path)]
    if os.path.isdir(argument):
        return _below(Path(argument), leave_out)
    matching = sorted(glob.glob(argument))
    return [found for name in matching for found in _one(name, leave_out)] if matching else [Input(Path(argument))]


def _below(folder: Path, leave_out: Path | None) -> list[Input]:
    """Files below a folder, in order of their names, without hidden ones and results."""
    out = None if leave_out is None else os.path.realpath(leave_out)
    found: list[Input] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and os.path.realpath(os.path.join(root, name)) != out
        )
        for name in sorted(names):
            path = Path(root, name)
            if path.suffix.lower() == ".zip":
                found += _members(path)
            elif _may_be_recording(name):
                found.append(Input(path, is_found=True))
    return found


def _members(archive: Path) -> list[Input]:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [info.filename for info in opened.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError):
        return [Input(archive)]  # the reader says what is wrong with it
    if any(name in ("xl/workbook.xml", "content.xml") for name in names):
        return [Input(archive)]
    return [Input(archive / name, is_found=True) for name in sorted(names) if _may_be_recording(name.split("/")[-1])]


def _may_be_recording(name: str) -> bool:
    lower = name.lower()
    if lower.split(".")[0] in _PAPERS:
        return False
    return not (
        lower.startswith((".", "~$"))
        or lower.endswith(_NEVER)
        or lower in _COMPANIONS
        or any(own in lower for own in _OWN)
    )


def is_other(path: Path, error: Exception) -> bool:
    """Whether a file that was found in a folder is no recording of skin conductance, rather than a damaged one."""
    from ressin.io.columns import EDA_WORDS, words_of

    if isinstance(error, NotEdaError):
        return True
    try:
        with path.open("rb") as file:
            head = file.read(4096).decode("utf-8", "replace")
    except OSError:
        head = ""
    return not EDA_WORDS & words_of([path.name, *head.split("\n")[:60]])


def listed(path: str) -> list[str]:
    """Return the files that a list names, one a line; those that are relative count from the list's folder.

    Raises
    ------
    InvalidInputError
        If the list cannot be read or is empty.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"--files-from {path}: cannot be read: {error}") from error
    names = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not names:
        raise InvalidInputError(f"--files-from {path}: names no file")
    folder = Path(path).parent
    return [name if os.path.isabs(name) or name == "-" else str(folder / name) for name in names]


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """Return which share of how many a job works on, from 1; None for all.

    Parameters
    ----------
    text
        ``"I/N"``; ``"N"`` takes I from SLURM_ARRAY_TASK_ID less SLURM_ARRAY_TASK_MIN; ``"slurm"`` takes both from the
        environment.

    Raises
    ------
    InvalidInputError
        If it is none of these.
    """
    if text is None:
        return None
    if "/" in text:
        first, _, second = text.partition("/")
    else:
        task, lowest = os.environ.get("SLURM_ARRAY_TASK_ID"), os.environ.get("SLURM_ARRAY_TASK_MIN", "1")
        if task is None:
            raise InvalidInputError(f"--shard is {text!r}, and SLURM_ARRAY_TASK_ID is not set: give I/N, such as 1/8")
        first = str(int(task) - int(lowest) + 1) if (task + lowest).isdigit() else task
        second = os.environ.get("SLURM_ARRAY_TASK_COUNT", "") if text == "slurm" else text
    if not (first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second)):
        raise InvalidInputError(f"--shard is {first}/{second}; it must be I/N with 1 <= I <= N")
    return int(first), int(second)


def share(items: Sequence[T], number: int, of: int) -> list[T]:
    """Return one share of several, all but equally large: neighbours, so that a session's files stay together."""
    return list(items[(number - 1) * len(items) // of : number * len(items) // of])


def distinct_names(sources: Sequence[Path]) -> list[str]:
    """Name each input by its stem, led by as many of its folders as it takes to tell it from the others.

    Inputs of one folder that share their stem are told apart by their suffixes instead.
    """
    resolved = [Path(os.path.realpath(source)) for source in sources]
    in_folder = Counter((path.parent, content_stem(path).casefold()) for path in resolved)
    stems = [
        path.name.replace(".", "-") if in_folder[path.parent, content_stem(path).casefold()] > 1 else content_stem(path)
        for path in resolved
    ]
    names = list(stems)
    for depth in range(1, max((len(path.parts) for path in resolved), default=1)):
        clashing = {name for name, count in Counter(_folded(names)).items() if count > 1}
        if not clashing:
            return names
        for i, path in enumerate(resolved):
            if names[i].casefold() in clashing:
                names[i] = "-".join([*path.parts[1:-1][-depth:], stems[i]])
    if len(set(_folded(names))) < len(names):
        same = [str(s) for s, n in zip(sources, _folded(names), strict=True) if _folded(names).count(n) > 1]
        raise OutputError(f"{' and '.join(same)} would write results of the same name; rename one, or run them apart")
    return names


def _folded(names: Sequence[str]) -> list[str]:
    """Names as a file system that ignores case sees them."""
    return [name.casefold() for name in names]
