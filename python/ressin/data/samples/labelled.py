"""One label of a prepared folder as samples: signals, music, labels, and the identity of each one."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ressin.data.preparation.settings import Preparation
from ressin.errors import InvalidInputError
from ressin.image import CHANNELS, PackedSignals

if TYPE_CHECKING:
    import pandas as pd

    from ressin.data.store.store import Channel, Prepared

RECORDINGS = ("own", "all")

IDENTITY = ("recording_id", "pair", "subject", "stimulus", "label", "rating", "music_row", "file", "start", "end")


@dataclass(frozen=True, eq=False)
class LabelledData:
    """Samples of one binary label; element i of every array is sample i.

    Attributes
    ----------
    label_name
        Such as ``"arousal"``.
    signals
        All recordings with the channels origin, phasic, tonic, scaled as `Preparation.scale` says; sample i is
        recording ``place[i]``.
    place
        int64, (n,).
    recording_id, pair, subject, stimulus
        Identity of each sample, (n,) strings; they are carried to the table of predictions.
    label
        int64, (n,): 0 low, 1 high.
    rating
        float64, (n,): the rating behind the label, NaN where the data came with labels only.
    music
        float32, (n_songs, n_features): features of the songs; no columns where there are none.
    music_row
        int64, (n,): row of `music`, or -1 where the song has no features.
    left_out
        (recording, reason) for every recording that cannot take part.
    label_rule
        How ratings became labels, as the prepared folder says it.
    preparation
        How the recordings were cut and decomposed, as the prepared folder says it; None where nothing says it.
    file, start, end
        The file that each sample is cut from, (n,) strings, and the seconds of it that the sample covers, (n,) float64:
        samples of one file can overlap. Where nothing is said, every recording is a file of its own.
    unscaled
        As `signals`, in the unit of the input; the same object where they are not scaled.
    """

    label_name: str
    signals: PackedSignals
    place: NDArray[np.int64]
    recording_id: NDArray[np.str_]
    pair: NDArray[np.str_]
    subject: NDArray[np.str_]
    stimulus: NDArray[np.str_]
    label: NDArray[np.int64]
    rating: NDArray[np.float64]
    music: NDArray[np.float32]
    music_row: NDArray[np.int64]
    left_out: tuple[tuple[str, str], ...] = ()
    label_rule: dict[str, Any] = field(default_factory=dict)
    preparation: Preparation | None = None
    file: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, np.str_))
    start: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    end: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    unscaled: PackedSignals | None = None

    def __post_init__(self) -> None:
        if not len(self.file) and len(self.place):
            whole = {"file": self.recording_id, "start": np.zeros(len(self)), "end": self.seconds()}
            for name, values in whole.items():
                object.__setattr__(self, name, values)
        for name in IDENTITY:
            if len(getattr(self, name)) != len(self.place):
                raise InvalidInputError(f"{name} has {len(getattr(self, name))} entries for {len(self.place)} samples")
        if self.signals.n_channels != len(CHANNELS):
            raise InvalidInputError(
                f"signals have {self.signals.n_channels} channels; needed are {', '.join(CHANNELS)}"
            )
        odd = np.setdiff1d(self.label, (0, 1))
        if len(odd):
            raise InvalidInputError(f"a label is {odd[0]}; 0 and 1 are possible")
        if len(self.music_row) and self.music_row.max() >= len(self.music):
            raise InvalidInputError(f"music_row holds {self.music_row.max()}, music has {len(self.music)} rows")

    def __len__(self) -> int:
        return len(self.place)

    def take(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> LabelledData:
        """Keep some samples, in the order given; signals and music are shared, not copied."""
        taken = {name: getattr(self, name)[index] for name in ("place", *IDENTITY)}
        return dataclasses.replace(self, **taken)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything that a result can depend on: signals, music, labels and identities."""
        digest = hashlib.blake2b(digest_size=16)
        names = ("place", *IDENTITY, "music")
        columns = [getattr(self, name) for name in names]
        measured = () if self.measured is self.signals else self.measured.values
        signals = (*self.signals.values, self.signals.offsets, self.signals.sampling_rates, *measured)
        for array in (*signals, *columns):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            if array.size:
                digest.update(array.tobytes() if array.dtype.kind == "U" else np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def with_music(self) -> LabelledData:
        """Keep the samples whose song has features; the others are added to `left_out`."""
        has = self.music_row >= 0
        taken = self.take(has)
        more = tuple((str(name), "its song has no music features") for name in self.recording_id[~has])
        return dataclasses.replace(taken, left_out=self.left_out + more)

    def music_of(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """Look up the music features of samples, (len(index), n_features).

        Raises
        ------
        InvalidInputError
            If a song has none; the song is named.
        """
        rows = self.music_row[index]
        without = np.flatnonzero(rows < 0)
        if len(without):
            raise InvalidInputError(
                f"the song {str(self.stimulus[index[without[0]]])!r} has no music features: "
                "prepare the data with music, use with_music(), or switch the music branch off"
            )
        return self.music[rows]

    @property
    def measured(self) -> PackedSignals:
        """The signals in the unit of the input."""
        return self.signals if self.unscaled is None else self.unscaled

    def signal(self, sample: int) -> NDArray[np.floating]:
        """Return the channels of one sample, (3, n_samples)."""
        return self.signals.recording(int(self.place[sample]))

    def sampling_rates(self) -> NDArray[np.float64]:
        """Return the rate of each sample in Hz."""
        return self.signals.sampling_rates[self.place]

    def seconds(self) -> NDArray[np.float64]:
        """Return the duration of each sample in seconds."""
        return self.signals.lengths()[self.place] / self.sampling_rates()


def labelled_data(prepared: Prepared, label_name: str, *, recordings: str = "own") -> LabelledData:
    """Collect the samples of one label from a prepared folder.

    Parameters
    ----------
    prepared
        From `ressin.data.store.store.load`.
    label_name
        One of ``prepared.label_names``; of a label with more than two classes ``"name=class"``, which is 1 where the
        label is that class and 0 where it is another.
    recordings
        Where a pair has two recordings, one per dimension (PMEmo 2018): ``"own"`` takes the one of the dimension that
        is being predicted, ``"all"`` both. Recordings without a dimension always take part.

    Returns
    -------
    data
        Rows in the order of ``prepared.recordings``.

    Raises
    ------
    InvalidInputError
        If there is no such label or class, the label has more than two classes, or no recording has it.
    """
    if recordings not in RECORDINGS:
        raise InvalidInputError(f"recordings={recordings!r} is not known: one of {', '.join(RECORDINGS)}")
    table = prepared.recordings
    label = _two_classes(prepared, label_name)
    dimension = table["dimension"].to_numpy(dtype=object)
    own = np.ones(len(table), bool)
    if recordings == "own" and label_name in ("arousal", "valence"):
        own = (dimension == label_name) | (dimension == "")
    rate = table["sampling_rate"].to_numpy(np.float64)
    reasons = np.full(len(table), "", dtype=object)
    row = prepared.row_seconds  # a picture needs two rows, and a row a sample
    words = "two seconds" if row == 1.0 else f"two rows of {row:g} s"
    reasons[(table["n_samples"].to_numpy() < np.ceil(2.0 * row * rate) + 1)] = f"shorter than {words}"
    reasons[rate * row < 1.0] = f"sampled below {1.0 / row:g} Hz"
    reasons[label.isna().to_numpy()] = f"no {label_name} label"
    names = table["recording_id"].to_numpy(dtype=object).astype(str)
    left_out = tuple((str(names[i]), str(reasons[i])) for i in np.flatnonzero(own & (reasons != "")))
    rows = np.flatnonzero(own & (reasons == ""))
    if not len(rows):
        raise InvalidInputError(f"no recording can be used for {label_name!r}: {_summary(left_out)}")
    songs = prepared.music.index.to_numpy(dtype=object).astype(str)
    order = {song: i for i, song in enumerate(songs)}
    stimulus = table["stimulus"].to_numpy(dtype=object).astype(str)[rows]
    name = label_name if label_name in table else f"{label_name}_rating"
    rating = table[name].to_numpy(np.float64) if name in table else np.full(len(table), np.nan)
    preparation = _preparation(prepared)
    drawn = preparation or Preparation()
    signals = _pack([prepared.scaled(name) for name in CHANNELS], table, rows, drawn)
    plain = prepared.scale == "window"
    return LabelledData(
        label_name=label_name,
        signals=signals,
        place=np.arange(len(rows)),
        recording_id=names[rows],
        pair=table["pair"].to_numpy(dtype=object).astype(str)[rows],
        subject=table["subject"].to_numpy(dtype=object).astype(str)[rows],
        stimulus=stimulus,
        label=label.iloc[rows].to_numpy(dtype=np.int64),
        rating=rating[rows],
        music=np.ascontiguousarray(prepared.music.to_numpy(np.float32)),
        music_row=np.array([order.get(song, -1) for song in stimulus], dtype=np.int64),
        left_out=left_out,
        label_rule=dict(prepared.meta.get("settings", {}).get("labels", {})),
        preparation=preparation,
        file=table["file"].to_numpy(dtype=object).astype(str)[rows],
        start=table["start"].to_numpy(np.float64)[rows],
        end=table["end"].to_numpy(np.float64)[rows],
        unscaled=signals if plain else _pack([prepared.channel(name) for name in CHANNELS], table, rows, Preparation()),
    )


def _two_classes(prepared: Prepared, label_name: str) -> pd.Series:
    """Look a label up as 0, 1 or missing."""
    name, _, chosen = (label_name, "", "") if label_name in prepared.label_names else label_name.partition("=")
    if name not in prepared.label_names:
        raise InvalidInputError(f"there is no label {label_name!r}: the folder has {', '.join(prepared.label_names)}")
    label, classes = prepared.recordings[f"{name}_label"], prepared.classes[name]
    if chosen:
        if chosen not in classes:
            raise InvalidInputError(f"label {name!r} has no class {chosen!r}: it has {', '.join(classes)}")
        return (label == classes.index(chosen)).astype("Int8").where(label.notna())
    if len(classes) > 2:
        raise InvalidInputError(
            f"label {name!r} has {len(classes)} classes ({', '.join(classes)}): name one of them, which is then told "
            f"from the others, such as '{name}={classes[0]}', or give a label of two in the manifest"
        )
    return label


def _preparation(prepared: Prepared) -> Preparation | None:
    settings = prepared.meta.get("settings", {})
    parts = {name: settings[name] for name in ("window", "decomposition", "decompose", "scale") if name in settings}
    about = {"windows": prepared.meta["source"].get("windows", False), "row_seconds": prepared.row_seconds}
    return Preparation.from_dict({**parts, **about}) if parts else None


def _pack(
    channels: Sequence[Channel], table: pd.DataFrame, rows: NDArray[np.int64], drawn: Preparation
) -> PackedSignals:
    values = [np.concatenate([channel[row] for row in rows]) for channel in channels]
    offsets = np.concatenate([[0], np.cumsum(np.diff(channels[0].offsets)[rows])])
    rates = table["sampling_rate"].to_numpy(np.float64)[rows]
    return PackedSignals(values, offsets, rates, row_seconds=drawn.row_seconds, span=drawn.span)


def _summary(left_out: tuple[tuple[str, str], ...]) -> str:
    if not left_out:
        return "the folder holds no recording of that dimension"
    reasons = [reason for _, reason in left_out]
    return ", ".join(f"{reasons.count(reason)} x {reason}" for reason in dict.fromkeys(reasons))
