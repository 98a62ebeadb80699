"""A person's own distribution of each channel, and where the samples of a recording lie in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ressin.data.preparation.task import Task
from ressin.data.store.schema import level_names
from ressin.image import CHANNELS

HELD = 2  # people whose samples are in memory at a time


def shares(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Empirical distribution function of samples in ascending order at some values: float32, 0 to 1."""
    return (np.searchsorted(ordered, values, side="right") / len(ordered)).astype(np.float32)


class People:
    """The samples of all signals of each person, as the tasks left them.

    The empirical distribution function of a person's channel at v is the share of that person's samples, over all of
    their files, that are not above v. It is made of this person's signals alone: no label, no rating, and nobody else.

    Parameters
    ----------
    tasks
        Done.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._places: dict[str, list[tuple[Path, int, int]]] = {}  # file, row group, row
        for task in tasks:
            with pq.ParquetFile(task.people) as file:
                for group in range(file.num_row_groups):
                    subjects = file.read_row_group(group, columns=["subject"]).column(0).to_pylist()
                    for row, subject in enumerate(subjects):
                        self._places.setdefault(subject, []).append((Path(task.people), group, row))
        self._sorted = lru_cache(maxsize=HELD)(self._sort)

    def _sort(self, subject: str) -> list[np.ndarray]:
        """All samples of a person, each channel in order."""
        found: list[list[np.ndarray]] = [[] for _ in CHANNELS]
        for path, group, row in self._places[subject]:
            with pq.ParquetFile(path) as file:
                table = file.read_row_group(group, columns=list(CHANNELS))
            for channel, values in enumerate(found):
                values.append(table.column(channel)[row].values.to_numpy())
        return [np.sort(np.concatenate(values)) for values in found]

    def add_shares(self, table: pa.Table) -> pa.Table:
        """Add the columns ``<channel>_ecdf`` to rows of recordings: for each sample a share, 0 to 1."""
        found: list[list[np.ndarray]] = [[] for _ in CHANNELS]
        subjects = table.column("subject").to_pylist()
        for row, subject in enumerate(subjects):
            for channel, ordered in enumerate(self._sorted(subject)):
                found[channel].append(shares(ordered, table.column(CHANNELS[channel])[row].values.to_numpy()))
        for name, parts in zip(level_names("ecdf"), found, strict=True):
            table = table.append_column(name, pa.array(parts, pa.list_(pa.float32())))
        return table
