"""Where the results of each input file go, decided before any work is done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ressin._files.atomic import remove_leftovers_of
from ressin.cli.inputs import distinct_names, expand
from ressin.errors import OutputError
from ressin.io.source import content_stem
from ressin.io.write import check_table_format

_TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".gz")
_OTHER_FILES = (".xlsx", ".xls", ".ods", ".npy", ".npz", ".json", ".h5", ".feather", ".png", ".svg", ".pdf", ".html")


@dataclass(frozen=True)
class Target:
    """Names of the files that one recording's results are written to.

    Attributes
    ----------
    source
        The input file.
    name
        Name of the recording, different for every input.
    table, evidence, picture, scrs
        The samples, the evidence, the figure and the events.
    is_found
        Whether the input was found in a folder or an archive, not named.
    """

    source: Path
    name: str
    table: Path
    evidence: Path
    picture: Path
    scrs: Path
    is_found: bool = False


def plan(files: Sequence[str], output: str, table_format: str, picture_format: str) -> list[Target]:
    """Name the outputs of all inputs so that no two share a name and none is an input.

    Parameters
    ----------
    files
        Input files as given; one that is given twice is taken once. A pattern like ``subject-*.csv`` that the shell
        left as it is, as those of Windows do, stands for the files that it matches, a folder for the files below it,
        a zip archive for its members.
    output
        A folder, made if need be; for one input also the name of its table.
    table_format, picture_format
        Suffixes without the dot.

    Returns
    -------
    list of Target
        One for each different input, in order. Inputs of the same name are told apart by the folders they lie in
        (``S1/EDA.csv`` and ``S2/EDA.csv`` become ``S1-EDA`` and ``S2-EDA``), in one folder by their suffixes
        (``EDA.csv`` and ``EDA.txt`` become ``EDA-csv`` and ``EDA-txt``).

    Raises
    ------
    OutputError
        If two inputs cannot be told apart, an output would overwrite an input, or the folder cannot be made.
    """
    inputs = expand(files, leave_out=Path(output))
    sources = [found.path for found in inputs]
    if not sources:
        raise OutputError(f"no file that could be a recording is in {', '.join(files)}")
    if Path(output).suffix.lower() in (*_TABLE_SUFFIXES, *_OTHER_FILES) and not Path(output).is_dir():
        targets = [_beside_table(sources, Path(output), picture_format)]
    else:
        folder = _made(Path(output))
        names = distinct_names(sources)
        targets = [_in_folder(s, n, folder, table_format, picture_format) for s, n in zip(sources, names, strict=True)]
    targets = [replace(target, is_found=found.is_found) for target, found in zip(targets, inputs, strict=True)]
    check_inputs_survive(targets)
    return targets


def _beside_table(sources: Sequence[Path], table: Path, picture_format: str) -> Target:
    if len(sources) > 1:
        raise OutputError(f"-o {table} names one table, but there are {len(sources)} inputs; name a folder")
    check_table_format(table)
    stem = content_stem(table)
    return Target(
        sources[0],
        content_stem(sources[0]),
        table,
        table.with_name(f"{stem}_evidence.json"),
        table.with_name(f"{stem}.{picture_format}"),
        table.with_name(f"{stem}_scrs.csv"),
    )


def _in_folder(source: Path, name: str, folder: Path, table_format: str, picture_format: str) -> Target:
    return Target(
        source,
        name,
        folder / (f"{name}_decomposed.{table_format}" if table_format != "bids" else _bids_name(name)),
        folder / f"{name}_evidence.json",
        folder / f"{name}_decomposed.{picture_format}",
        folder / f"{name}_scrs.csv",
    )


def _bids_name(name: str) -> str:
    """Return the name of a derivative: the recording's own entities, and which derivative it is."""
    return f"{name.removesuffix('_physio')}_desc-ressin_physio.tsv.gz"


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "a file of that name stands there" if isinstance(error, FileExistsError) else error.strerror
        raise OutputError(f"cannot make the folder {folder} for the results: {reason}") from error
    return folder


def remove_leftovers(targets: Sequence[Target]) -> None:
    """Remove what a killed run left of the files that this one is going to write."""
    remove_leftovers_of(path for t in targets for path in (t.table, t.evidence, t.picture, t.scrs))


def check_inputs_survive(targets: Sequence[Target]) -> None:
    """Raise OutputError where a result would take the place of an input."""
    inputs = {os.path.realpath(target.source) for target in targets}
    for target in targets:
        for path in (target.table, target.evidence, target.picture, target.scrs):
            if os.path.realpath(path) in inputs:
                raise OutputError(f"the results of {target.source} would overwrite the input {path}; choose another -o")
