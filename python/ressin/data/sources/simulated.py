"""The description of a simulated folder: settings, seed, ceiling, latent variables."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.json_text import parse_json
from ressin._files.limits import MAX_JSON_BYTES, MAX_TABLE_BYTES, check_unfolded, read_limited
from ressin.errors import InvalidInputError, RecordingError

if TYPE_CHECKING:
    import pandas as pd

SETTINGS = "simulation/settings.json"
REPORT = "simulation/report.json"
LATENTS = "simulation/latents.parquet"


def read_about(folder: Path) -> dict[str, Any] | None:
    """Tell whether a folder is a simulation; returns the content of its ``report.json``, or None for real data.

    Raises
    ------
    InvalidInputError
        When the simulation was interrupted.
    """
    if not (folder / SETTINGS).exists():
        return None
    if not (folder / REPORT).exists():
        raise InvalidInputError(
            f"{folder} is a simulation that was not finished: run ressin simulate again with its settings"
        )
    try:
        return dict(parse_json(read_limited(folder / REPORT, MAX_JSON_BYTES)))
    except ValueError as error:
        raise InvalidInputError(f"{folder / REPORT} is not JSON ({error})") from error


def read_latents(folder: str | Path) -> "pd.DataFrame":
    """Read the latent variables of a simulated folder: one row per pair.

    For `ressin.simulation.ceiling.measure_ceiling`.

    Raises
    ------
    RecordingError
        When the folder is no simulation, or the table is damaged.
    """
    path = Path(folder) / LATENTS
    check_unfolded(path, MAX_TABLE_BYTES)
    try:
        frame: pd.DataFrame = pq.read_table(path).to_pandas(ignore_metadata=True)
    except pa.ArrowException as error:
        raise RecordingError(f"{LATENTS}: not readable as Parquet ({error})") from error
    return frame
