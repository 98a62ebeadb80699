"""Folds for cross-validation: random, subject-disjoint, song-disjoint; seeded, saved, and checked to be disjoint.

A random split puts the same person and the same song in training and test; the other two do not. All three are made of
the same rows, so that their results can be compared.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.atomic import replacing
from ressin._files.json_text import parse_json
from ressin._files.limits import MAX_JSON_BYTES, MAX_TABLE_BYTES, check_unfolded, read_limited, write_bytes
from ressin.errors import InvalidInputError, RecordingError

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("random", "subject", "song")
GROUP_COLUMN = {"random": "pair", "subject": "subject", "song": "stimulus"}
COLUMNS = ("recording_id", "pair", "subject", "stimulus", "fold")


@dataclass(frozen=True)
class Splits:
    """The recordings divided into folds.

    Iterating gives (training rows, test rows) for fold 0, 1, ..., as int64 positions in the order of `recording_id`.

    Attributes
    ----------
    kind
        ``"random"``, ``"subject"`` (no subject in training and test) or ``"song"`` (no song in both).
    n_folds
        Number of folds.
    seed
        Seed that they were drawn with.
    recording_id, pair, subject, stimulus
        Identity of each row, n strings each. The two recordings of a pair are always in the same fold.
    fold
        int64, n: the fold in which each row is tested.
    """

    kind: str
    n_folds: int
    seed: int
    recording_id: np.ndarray
    pair: np.ndarray
    subject: np.ndarray
    stimulus: np.ndarray
    fold: np.ndarray

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInputError(f"kind of split {self.kind!r} is not known: one of {', '.join(KINDS)}")
        lengths = {name: len(getattr(self, name)) for name in COLUMNS}
        if len(set(lengths.values())) != 1:
            raise InvalidInputError(f"columns of a split differ in length: {lengths}")
        if len(np.unique(self.recording_id)) != len(self.recording_id):
            raise InvalidInputError("a recording occurs twice in a split")
        if len(self.fold) and not (self.fold.min() >= 0 and self.fold.max() < self.n_folds):
            raise InvalidInputError(
                f"folds run from {self.fold.min()} to {self.fold.max()}, needs 0..{self.n_folds - 1}"
            )
        self.check_disjoint()

    def __len__(self) -> int:
        return self.n_folds

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self.rows(fold) for fold in range(self.n_folds))

    def rows(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Training and test rows of one fold.

        Raises
        ------
        InvalidInputError
            When there is no such fold.
        """
        if not 0 <= fold < self.n_folds:
            raise InvalidInputError(f"fold {fold} of {self.n_folds}: 0..{self.n_folds - 1}")
        return np.flatnonzero(self.fold != fold), np.flatnonzero(self.fold == fold)

    def check_disjoint(self) -> None:
        """Check that whatever must not be divided lies in one fold: the pair, and the subject or the song.

        Raises
        ------
        InvalidInputError
            With the first one that is in two folds.
        """
        for column in dict.fromkeys(("pair", GROUP_COLUMN[self.kind])):
            groups, codes = np.unique(getattr(self, column), return_inverse=True)
            if len(groups) == 0:
                continue
            first = np.zeros(len(groups), np.int64)
            first[codes] = self.fold
            divided = np.flatnonzero(first[codes] != self.fold)
            if len(divided):
                name = str(getattr(self, column)[divided[0]])
                folds = sorted({int(f) for f in self.fold[getattr(self, column) == name]})
                raise InvalidInputError(
                    f"{column} {name!r} is in folds {folds}: a {self.kind} split must not divide it"
                )

    def take(self, recording_ids: "np.ndarray | pd.Series") -> "Splits":
        """Take the same folds for some of the recordings, in the order given.

        Raises
        ------
        InvalidInputError
            When a recording is not in the split.
        """
        place = {name: row for row, name in enumerate(self.recording_id)}
        wanted = np.asarray(recording_ids)
        unknown = [str(name) for name in wanted if name not in place]
        if unknown:
            raise InvalidInputError(
                f"{len(unknown)} of {len(wanted)} recordings are not in the split, such as {unknown[0]!r}"
            )
        rows = np.array([place[name] for name in wanted], np.int64)
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return Splits(self.kind, self.n_folds, self.seed, **columns)

    def write(self, path: str | Path) -> None:
        """Save as ``.parquet`` or ``.json``; `read_splits` reads both.

        Raises
        ------
        InvalidInputError
            Another suffix.
        OutputError
            When the file cannot be written.
        """
        target = Path(path)
        about = {"kind": self.kind, "n_folds": self.n_folds, "seed": self.seed}
        columns = {name: getattr(self, name).tolist() for name in COLUMNS}
        if target.suffix == ".json":
            write_bytes(target, json.dumps({**about, "rows": columns}, indent=1).encode())
        elif target.suffix == ".parquet":
            metadata = {b"ressin.splits": json.dumps(about).encode()}
            with replacing(target) as temporary:
                pq.write_table(pa.table(columns).replace_schema_metadata(metadata), temporary)
        else:
            raise InvalidInputError(f"{target.name}: splits are saved as .parquet or .json")


def make_splits(recordings: "pd.DataFrame", kind: str, *, n_folds: int = 10, seed: int = 0) -> Splits:
    """Draw folds.

    Parameters
    ----------
    recordings
        Columns recording_id, pair, subject, stimulus (the table `recordings` of `ressin.data.store.store.Prepared`, or
        part of it). Draw them from the whole table and `Splits.take` the rows of one dimension: then both dimensions
        share the folds.
    kind
        ``"random"``, ``"subject"`` or ``"song"``.
    n_folds
        At least 2, at most the number of things that are distributed.
    seed
        Recorded in the result.

    Returns
    -------
    splits
        Folds whose numbers of rows are as even as whole groups allow.

    Raises
    ------
    InvalidInputError
        An unknown kind, a missing column, too few subjects, songs or pairs for so many folds.

    Notes
    -----
    What must stay together (pair, subject or song) is shuffled, then, the largest first, given to the fold with the
    fewest rows so far. The order of the table does not matter: groups are sorted by name before they are shuffled.
    """
    if kind not in KINDS:
        raise InvalidInputError(f"kind of split {kind!r} is not known: one of {', '.join(KINDS)}")
    absent = [name for name in COLUMNS[:4] if name not in recordings.columns]
    if absent:
        raise InvalidInputError(f"the table of recordings has no column {absent[0]!r}")
    columns = {name: recordings[name].to_numpy(dtype=object).astype(str) for name in COLUMNS[:4]}
    groups, codes, sizes = np.unique(columns[GROUP_COLUMN[kind]], return_inverse=True, return_counts=True)
    if not 2 <= n_folds <= len(groups):
        what = {"random": "pairs", "subject": "subjects", "song": "songs"}[kind]
        raise InvalidInputError(f"n_folds={n_folds} with {len(groups)} {what}: 2..{len(groups)} are possible")
    order = np.random.default_rng(seed).permutation(len(groups))
    order = order[np.argsort(-sizes[order], kind="stable")]
    loads = np.zeros(n_folds, np.int64)
    fold_of = np.zeros(len(groups), np.int64)
    for group in order:
        fold_of[group] = np.argmin(loads)
        loads[fold_of[group]] += sizes[group]
    return Splits(kind, n_folds, seed, **columns, fold=fold_of[codes])


def read_splits(path: str | Path) -> Splits:
    """Read folds that `Splits.write` saved; they are checked again.

    Raises
    ------
    RecordingError
        When the file is missing, too large or damaged.
    InvalidInputError
        When the folds are not disjoint.
    """
    source = Path(path)
    try:
        if source.suffix == ".parquet":
            check_unfolded(source, MAX_TABLE_BYTES)
            table = pq.read_table(source)
            about = parse_json((table.schema.metadata or {})[b"ressin.splits"])
            rows: Any = {name: table.column(name).to_pylist() for name in COLUMNS}
        else:
            about = parse_json(read_limited(source, 4 * MAX_JSON_BYTES))
            rows = about["rows"]
        columns = {name: np.array(rows[name], dtype=str) for name in COLUMNS[:4]}
        fold = np.array(rows["fold"], dtype=np.int64)
        kind, n_folds, seed = str(about["kind"]), int(about["n_folds"]), int(about["seed"])
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{source.name}: not saved splits ({type(error).__name__}: {error})") from error
    return Splits(kind, n_folds, seed, **columns, fold=fold)
