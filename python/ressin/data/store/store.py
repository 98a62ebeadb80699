"""The prepared folder, read back: schema checked, sizes limited, tables loaded when they are asked for.

Layout and columns: `ressin.data.store.schema`. In short, for a reader without ressin::

    recordings.parquet   recording_id, pair, subject, stimulus, dimension ("arousal", "valence" or ""), file, start,
                         end (seconds of the file), sampling_rate (Hz), n_samples, origin / phasic / tonic / driver
                         (list<float>, input unit), <channel>_mean, <channel>_deviation (over the file), arousal,
                         valence (ratings), <name>_label (0, 1, ... or null), evidence
    ratings.parquet      pair, subject, stimulus, arousal, valence, <name>_label
    subjects.parquet     subject, n_ratings, centre1_*, centre2_*, threshold_*, rule
    stimuli.parquet      stimulus, title, artist, duration, audio, feature_row, music
    music.parquet        stimulus, then one float column per feature (6373 for ComParE)
    rejects.parquet      file, kind, reason, action ("rejected" or "kept"), recording_id
    meta.json            versions, settings, counts, content key, digests

`pair` is one listening occasion: the two recordings of a PMEmo-2018 pair (one per dimension) share it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ressin._files.limits import MIB, parquet_size
from ressin.data.store import schema
from ressin.data.store.meta import read_meta
from ressin.data.store.schema import MAX_FEATURES
from ressin.errors import InvalidInputError, RecordingError

if TYPE_CHECKING:
    import pandas as pd

MAX_STORE_BYTES = 32 * 1024 * MIB


@dataclass(frozen=True)
class Channel:
    """One channel of many recordings, laid end to end.

    Attributes
    ----------
    values
        float32, all samples one recording after the other.
    offsets
        int64, n + 1: recording i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, place: int) -> np.ndarray:
        """Give the samples of one recording, a view."""
        if not -len(self) <= place < len(self):
            raise IndexError(f"recording {place} of {len(self)}")
        place %= len(self)
        return self.values[self.offsets[place] : self.offsets[place + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[place] for place in range(len(self)))


@dataclass(frozen=True)
class Prepared:
    """A prepared folder. Frames are read when first used and kept.

    Attributes
    ----------
    folder
        Its path.
    meta
        Content of ``meta.json``.
    """

    folder: Path
    meta: dict[str, Any]

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels: ``"arousal"``, ``"valence"``, and those of the manifest."""
        return tuple(self.meta["labels"])

    @property
    def rating_names(self) -> tuple[str, ...]:
        """Names of the ratings beside arousal and valence; their columns are ``<name>_rating``."""
        return tuple(self.meta.get("ratings", ()))

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """Names of the classes of each label, in the order of their numbers in ``<name>_label``."""
        named = {name: tuple(names) for name, names in self.meta.get("classes", {}).items()}
        return {name: named.get(name, ("low", "high")) for name in self.label_names}

    @property
    def two_class_labels(self) -> tuple[str, ...]:
        """Names of the labels that some recording has, and that have two classes."""
        known = self.recordings
        return tuple(
            name for name, classes in self.classes.items() if len(classes) <= 2 and known[f"{name}_label"].notna().any()
        )

    @property
    def programme(self) -> str:
        """By which programme the recordings were decomposed, "cvxeda" or "robust"."""
        return str(self.meta["settings"].get("decomposition", {}).get("programme", "cvxeda"))

    @property
    def decompose(self) -> str:
        """What was decomposed: each ``"recording"`` as a whole, or each ``"window"``."""
        return str(self.meta["settings"].get("decompose", "window"))

    @property
    def scale(self) -> str:
        """By what the channels are scaled for a model: ``"window"``, ``"recording"`` or ``"person"``."""
        return str(self.meta["settings"].get("scale", "window"))

    @property
    def row_seconds(self) -> float:
        """Seconds in a row of a picture."""
        return float(self.meta["settings"].get("row_seconds", 1.0))

    @property
    def _recording_schema(self) -> pa.Schema:
        return schema.recording_schema(self.label_names, self.scale, self.rating_names)

    @cached_property
    def recordings(self) -> "pd.DataFrame":
        """One row per recording, without the channels (see `channel`); index 0, 1, 2, ..."""
        names = [name for name in self._recording_schema.names if name not in schema.LIST_COLUMNS]
        return self._frame(schema.RECORDINGS, names)

    @cached_property
    def ratings(self) -> "pd.DataFrame":
        """One row per pair of subject and stimulus."""
        return self._frame(schema.RATINGS)

    @cached_property
    def subjects(self) -> "pd.DataFrame":
        """Centres, thresholds and the rule that applied, per subject."""
        return self._frame(schema.SUBJECTS)

    @cached_property
    def stimuli(self) -> "pd.DataFrame":
        """Titles, durations, clips."""
        return self._frame(schema.STIMULI)

    @cached_property
    def rejects(self) -> "pd.DataFrame":
        """Remarks on files: file, kind, reason, action, recording_id."""
        return self._frame(schema.REJECTS)

    @cached_property
    def music(self) -> "pd.DataFrame":
        """Features by stimulus: index stimulus, one float32 column per feature; empty where there is no music."""
        table = self.table(schema.MUSIC)
        values = np.empty((table.num_rows, table.num_columns - 1), np.float32)
        for place in range(table.num_columns - 1):
            values[:, place] = table.column(place + 1).to_numpy()
        import pandas as pd

        index = pd.Index(table.column(0).to_pylist(), name="stimulus", dtype="object")
        return pd.DataFrame(values, index=index, columns=table.column_names[1:])

    def channel(self, name: str) -> Channel:
        """Read one channel of every recording.

        Parameters
        ----------
        name
            ``"origin"``, ``"phasic"``, ``"tonic"`` or ``"driver"``; where the channels are scaled by person also
            ``"origin_ecdf"`` and so on.

        Returns
        -------
        channel
            In the order of `recordings`; float32, in the unit of the input (the driver per second), or a share.

        Raises
        ------
        InvalidInputError
            Another name.
        RecordingError
            When a recording has another number of samples than its row says.
        """
        known = [field for field in self._recording_schema.names if field in schema.LIST_COLUMNS]
        if name not in known:
            raise InvalidInputError(f"channel {name!r} is not known: one of {', '.join(known)}")
        column = self.table(schema.RECORDINGS, [name]).column(0)
        held = pc.list_value_length(column).fill_null(-1).to_numpy()
        stated = self.table(schema.RECORDINGS, ["n_samples"]).column(0).fill_null(0).to_numpy()
        if not np.array_equal(held, stated):
            row = int(np.argmax(held != stated))
            raise RecordingError(
                f"{schema.RECORDINGS}: row {row + 1} has n_samples {stated[row]}, its {name} {held[row]} values"
            )
        values = np.concatenate([np.empty(0, np.float32), *(chunk.flatten().to_numpy() for chunk in column.chunks)])
        offsets = np.concatenate([[0], np.cumsum(held, dtype=np.int64)])
        return Channel(values, offsets)

    def scaled(self, name: str) -> Channel:
        """Read one channel of every recording as a model sees it.

        Parameters
        ----------
        name
            ``"origin"``, ``"phasic"`` or ``"tonic"``.

        Returns
        -------
        channel
            float32. `scale` ``"window"``: in the unit of the input. ``"recording"``: less the file's mean, over its
            deviation (0 where a channel is constant). ``"person"``: the share of the person's samples that are not
            above it, 0 to 1.
        """
        if self.scale == "person":
            return self.channel(f"{name}_ecdf")
        channel = self.channel(name)
        if self.scale == "window":
            return channel
        lengths = np.diff(channel.offsets)
        mean = np.repeat(self.recordings[f"{name}_mean"].to_numpy(np.float64), lengths)
        deviation = np.repeat(self.recordings[f"{name}_deviation"].to_numpy(np.float64), lengths)
        scores = (channel.values - mean) / np.where(deviation > 0.0, deviation, 1.0)
        return Channel(scores.astype(np.float32), channel.offsets)

    def table(self, file: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one of the tables as Arrow, or some of its columns.

        Raises
        ------
        RecordingError
            When the file is missing or damaged, too large, or does not have the columns of its schema.
        """
        path = self.folder / file
        unfolded = parquet_size(path, nested=True)
        if unfolded > MAX_STORE_BYTES:
            raise RecordingError(f"{file}: unpacks to {unfolded / MIB:,.0f} MiB, at most {MAX_STORE_BYTES / MIB:,.0f}")
        try:
            self._check_schema(file, pq.read_schema(path))
            return pq.read_table(path, columns=list(columns) if columns is not None else None)
        except (pa.ArrowException, OSError) as error:
            raise RecordingError(f"{file}: not readable as Parquet ({error})") from error

    def _check_schema(self, file: str, found: pa.Schema) -> None:
        names = self.label_names
        wanted = {
            schema.RECORDINGS: self._recording_schema,
            schema.RATINGS: schema.rating_schema(names, self.rating_names),
            schema.SUBJECTS: schema.subject_schema(self.rating_names),
            schema.STIMULI: schema.STIMULUS_SCHEMA,
            schema.REJECTS: schema.REJECT_SCHEMA,
            schema.MUSIC: schema.music_schema(found.names[1 : MAX_FEATURES + 1]),
        }.get(file)
        if wanted is None:
            raise InvalidInputError(f"{file!r} is not a table of a prepared folder: one of {', '.join(schema.TABLES)}")
        for field in wanted:
            place = found.get_field_index(field.name)
            if place < 0:
                raise RecordingError(f"{file}: column {field.name!r} is missing")
            if not found.field(place).type.equals(field.type):
                raise RecordingError(f"{file}: column {field.name!r} is {found.field(place).type}, needs {field.type}")

    def _frame(self, file: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        frame: pd.DataFrame = self.table(file, columns).to_pandas(ignore_metadata=True)
        for name in frame.columns:
            if name.endswith("_label"):
                frame[name] = frame[name].astype("Int8")
        return frame


def load(folder: str | Path) -> Prepared:
    """Open a prepared folder.

    Parameters
    ----------
    folder
        What `ressin prepare` wrote.

    Returns
    -------
    prepared
        Frames are read when they are first used.

    Raises
    ------
    RecordingError
        When the folder is not there, is unfinished (a preparation was interrupted: run it again), comes from another
        version of the schema, or is damaged.
    """
    path = Path(folder)
    if not path.is_dir():
        raise RecordingError(f"{path} is not a folder")
    if not (path / schema.META).is_file():
        unfinished = any((path / name).exists() for name in (*schema.TABLES, ".work"))
        reason = "was not finished: run the preparation again" if unfinished else "is not a prepared folder"
        raise RecordingError(f"{path} {reason} (no {schema.META})")
    meta = read_meta(path)
    missing = [name for name in schema.TABLES if not (path / name).is_file()]
    if missing:
        raise RecordingError(f"{path}: {missing[0]} is missing: prepare again")
    return Prepared(path, meta)
