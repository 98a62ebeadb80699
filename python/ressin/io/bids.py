"""Decompositions as BIDS derivatives: columns without a header, described by a .json of the same name."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ressin._core import __version__
from ressin._files.atomic import replacing
from ressin.errors import OutputError
from ressin.io.write import columns_of, write_json

if TYPE_CHECKING:
    from ressin.decomposition.result import Decomposition

SUFFIX = "_physio.tsv.gz"
_MEANING = {
    "EDA_Raw": "skin conductance as recorded",
    "EDA_Tonic": "tonic part",
    "EDA_Phasic": "phasic part",
    "EDA_SMNA": "driver of the phasic part (sudomotor nerve activity)",
    "EDA_Residual": "what neither part explains",
    "EDA_Outliers": "outliers of the robust programme",
    "EDA_Shifts": "shifts of the level, which the tonic part includes",
    "EDA_Tonic_Unshifted": "tonic part without its shifts",
}


def is_bids(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name is that of a BIDS physiological recording."""
    return Path(path).name.endswith(SUFFIX)


def write_bids(
    decomposition: Decomposition,
    path: str | os.PathLike[str],
    *,
    unit: str = "uS",
    start_time: float = 0.0,
    source: str = "",
) -> None:
    """Write the samples of a decomposition as ``..._physio.tsv.gz`` with its ``.json``.

    Parameters
    ----------
    decomposition
        What to write.
    path
        Where to; it ends with ``_physio.tsv.gz``.
    unit
        Unit of the signal; "" where it is not known.
    start_time
        BIDS's StartTime: seconds of the first sample after the first volume or stimulus.
    source
        The file that was decomposed.

    Raises
    ------
    OutputError
        If the name is another, or a file cannot be written.

    Notes
    -----
    One row a sample, tab-separated, ten significant digits, ``n/a`` for what is missing, as BIDS has it.
    """
    if not is_bids(path):
        raise OutputError(f"cannot write {path}: the name of a BIDS recording ends with {SUFFIX}")
    columns, units = columns_of(decomposition, unit)
    row = "\t".join(["%.10g"] * len(columns)) + "\n"
    cells = zip(*(values.tolist() for values in columns.values()), strict=True)
    text = "".join([row % values for values in cells]).replace("nan", "n/a")
    about: dict[str, object] = {
        "SamplingFrequency": decomposition.sampling_rate,
        "StartTime": start_time,
        "Columns": list(columns),
        **{
            name: {"Description": _MEANING.get(name, name), **({"Units": units[name]} if units[name] else {})}
            for name in columns
        },
        "GeneratedBy": [{"Name": "ressin", "Version": __version__}],
        "Sources": [source] if source else [],
    }
    with replacing(path) as temporary, temporary.open("wb") as file, gzip.GzipFile("", "wb", 6, file, 0) as stream:
        stream.write(text.encode())
    write_json(about, Path(path).with_name(Path(path).name.removesuffix(".tsv.gz") + ".json"))
