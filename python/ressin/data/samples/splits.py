"""Folds for cross-validation: random, by person or by song; stratified, seeded, saved, and checked to be disjoint.

A random split puts the same person and the same song in training and test; the others do not. All are made of the same
rows, so that their results can be compared. In none of them do training and test share a stretch of a file: a random
split distributes whole files, and the others leave out of the training part what overlaps the test part.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.atomic import replacing
from ressin._files.json_text import parse_json
from ressin._files.limits import MAX_JSON_BYTES, MAX_TABLE_BYTES, check_unfolded, read_limited, write_bytes
from ressin.data.samples.overlap import occasions, overlapping
from ressin.errors import InvalidInputError, RecordingError

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("random", "subject", "song", "one-subject")
GROUP_COLUMN = {"random": "pair", "subject": "subject", "song": "stimulus", "one-subject": "subject"}
GROUP_NAMES = {"random": "files", "subject": "subjects", "song": "songs", "one-subject": "subjects"}
IDENTITY = ("recording_id", "pair", "subject", "stimulus")
PLACE = ("file", "start", "end")
COLUMNS = (*IDENTITY, "fold", *PLACE)


def _not_known() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Splits:
    """The recordings divided into folds.

    Iterating gives (training rows, test rows) for fold 0, 1, ..., as int64 positions in the order of `recording_id`.

    Attributes
    ----------
    kind
        ``"random"`` (no file in training and test), ``"subject"`` (no subject in both), ``"song"`` (no song in both) or
        ``"one-subject"`` (leave one subject out: each is a fold).
    n_folds
        Number of folds.
    seed
        Seed that they were drawn with.
    recording_id, pair, subject, stimulus
        Identity of each row, n strings each. The two recordings of a pair are always in the same fold.
    fold
        int64, n: the fold in which each row is tested.
    file
        The file that each row was cut from, n strings; by default each pair is a file of its own.
    start, end
        float64, n: the row's stretch of its file in seconds; NaN, the default, where it is not known.
    """

    kind: str
    n_folds: int
    seed: int
    recording_id: np.ndarray
    pair: np.ndarray
    subject: np.ndarray
    stimulus: np.ndarray
    fold: np.ndarray
    file: np.ndarray = field(default_factory=_not_known)
    start: np.ndarray = field(default_factory=_not_known)
    end: np.ndarray = field(default_factory=_not_known)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInputError(f"kind of split {self.kind!r} is not known: one of {', '.join(KINDS)}")
        defaults = {"file": self.pair, "start": np.full(len(self.pair), np.nan), "end": np.full(len(self.pair), np.nan)}
        for name, value in defaults.items():
            if not len(getattr(self, name)):
                object.__setattr__(self, name, value)
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

        Training leaves out the rows that share a stretch of a file with a tested one.

        Raises
        ------
        InvalidInputError
            When there is no such fold.
        """
        if not 0 <= fold < self.n_folds:
            raise InvalidInputError(f"fold {fold} of {self.n_folds}: 0..{self.n_folds - 1}")
        test = np.flatnonzero(self.fold == fold)
        train = self.fold != fold
        train[overlapping(self.file, self.start, self.end, test)] = False
        return np.flatnonzero(train), test

    @property
    def left_out(self) -> tuple[int, ...]:
        """How many rows each fold leaves out of training because they overlap a tested one."""
        return tuple(len(self.fold) - len(train) - len(test) for train, test in self)

    def check_disjoint(self) -> None:
        """Check that whatever must not be divided lies in one fold: the pair, and the file, the subject or the song.

        Raises
        ------
        InvalidInputError
            With the first one that is in two folds.
        """
        for column in dict.fromkeys(("pair", "file" if self.kind == "random" else GROUP_COLUMN[self.kind])):
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
        for name in ("start", "end"):  # JSON has no NaN
            columns[name] = [None if value != value else value for value in columns[name]]
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
        Columns recording_id, pair, subject, stimulus and, where they are known, file, start, end and ``<name>_label``
        (the table `recordings` of `ressin.data.store.store.Prepared`, or part of it). Draw them from the whole table
        and `Splits.take` the rows of one dimension: then both dimensions share the folds.
    kind
        ``"random"``, ``"subject"``, ``"song"``, or ``"one-subject"``: leave one subject out.
    n_folds
        At least 2, at most the number of things that are distributed; not used where one subject is left out.
    seed
        Recorded in the result.

    Returns
    -------
    splits
        Folds whose shares of every label are as even as whole groups allow, and whose numbers of rows are.

    Raises
    ------
    InvalidInputError
        An unknown kind, a missing column, too few subjects, songs or files for so many folds.

    Notes
    -----
    What must stay together is shuffled, then, the largest first, given to the fold that has least of what it brings: of
    rows, and of every class of every label. In a random split that is what shares a pair or a file: windows of one
    file overlap, and even where they do not, neighbours are alike. The order of the table does not matter: groups are
    sorted by name before they are shuffled.
    """
    if kind not in KINDS:
        raise InvalidInputError(f"kind of split {kind!r} is not known: one of {', '.join(KINDS)}")
    absent = [name for name in IDENTITY if name not in recordings.columns]
    if absent:
        raise InvalidInputError(f"the table of recordings has no column {absent[0]!r}")
    columns = {name: recordings[name].to_numpy(dtype=object).astype(str) for name in IDENTITY}
    columns |= _places(recordings)
    column = columns[GROUP_COLUMN[kind]]
    groups, codes = np.unique(
        occasions(column, columns["file"]) if kind == "random" and "file" in columns else column, return_inverse=True
    )
    if len(groups) < 2:
        raise InvalidInputError(
            f"a {kind} split keeps {GROUP_NAMES[kind]} whole, and there is {len(groups)}: at least 2 are needed"
        )
    if kind == "one-subject":
        return Splits(kind, len(groups), seed, **columns, fold=codes.astype(np.int64))
    if not 2 <= n_folds <= len(groups):
        raise InvalidInputError(
            f"n_folds={n_folds} with {len(groups)} {GROUP_NAMES[kind]}: 2..{len(groups)} are possible"
        )
    fold_of = _distributed(_shares(recordings, codes, len(groups)), n_folds, np.random.default_rng(seed))
    return Splits(kind, n_folds, seed, **columns, fold=fold_of[codes])


def _places(recordings: "pd.DataFrame") -> dict[str, np.ndarray]:
    """Look up file and stretch of each row; nothing where the table does not say it."""
    if not set(PLACE) <= set(recordings.columns):
        return {}
    stretch = {name: recordings[name].to_numpy(np.float64) for name in ("start", "end")}
    return {"file": recordings["file"].to_numpy(dtype=object).astype(str), **stretch}


def _shares(recordings: "pd.DataFrame", codes: np.ndarray, n_groups: int) -> np.ndarray:
    """Give each group's share of all rows, and of every class of every label, (n_groups, 1 + n_classes)."""
    ones = [np.ones(len(recordings), np.bool_)]
    for name in recordings.columns:
        if str(name).endswith("_label"):
            label = recordings[name].to_numpy(dtype=np.float64, na_value=np.nan)
            ones += [label == value for value in np.unique(label[np.isfinite(label)])]
    counts = np.stack([np.bincount(codes, one, minlength=n_groups) for one in ones], axis=1)
    return np.asarray(counts / np.maximum(counts.sum(axis=0), 1.0))


def _distributed(shares: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Give each group a fold, (n_groups,): the squares of what the folds have grow least, the largest group first."""
    order = rng.permutation(len(shares))
    order = order[np.argsort(-np.linalg.norm(shares[order], axis=1), kind="stable")]
    loads = np.zeros((n_folds, shares.shape[1]))
    rows = np.zeros(n_folds, np.int64)
    fold_of = np.zeros(len(shares), np.int64)
    for group in order:
        fold = np.lexsort((loads[:, 0], np.round(loads @ shares[group], 15)))[0]
        if not rows.all() and (rows == 0).sum() == len(shares) - rows.sum():  # one for each fold that is still empty
            fold = np.flatnonzero(rows == 0)[0]
        fold_of[group] = fold
        loads[fold] += shares[group]
        rows[fold] += 1
    return fold_of


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
            rows: Any = {name: table.column(name).to_pylist() for name in COLUMNS if name in table.column_names}
        else:
            about = parse_json(read_limited(source, 4 * MAX_JSON_BYTES))
            rows = about["rows"]
        columns = {name: np.array(rows[name], dtype=str) for name in IDENTITY}
        if all(name in rows for name in PLACE):  # not in files of earlier versions
            columns["file"] = np.array(rows["file"], dtype=str)
            columns |= {name: np.array(rows[name], dtype=np.float64) for name in ("start", "end")}
        fold = np.array(rows["fold"], dtype=np.int64)
        kind, n_folds, seed = str(about["kind"]), int(about["n_folds"]), int(about["seed"])
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{source.name}: not saved splits ({type(error).__name__}: {error})") from error
    return Splits(kind, n_folds, seed, **columns, fold=fold)
