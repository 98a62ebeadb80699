"""One label of a prepared folder as samples: signals, music, labels, and the identity of each one."""

from __future__ import annotations

import dataclasses
import hashlib
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

    from ressin.data.store.store import Prepared

RECORDINGS = ("own", "all")
MIN_SECONDS = 2.0  # a picture needs two rows
MIN_RATE = 1.0  # Hz, a row needs a sample

IDENTITY = ("recording_id", "pair", "subject", "stimulus", "label", "rating", "music_row", "file", "start", "end")


@dataclass(frozen=True, eq=False)
class LabelledData:
    """Samples of one binary label; element i of every array is sample i.

    Attributes
    ----------
    label_name
        Such as ``"arousal"``.
    signals
        All recordings with the channels origin, phasic, tonic; sample i is recording ``place[i]``.
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
    file
        (n,) strings: the file that each sample was cut from; samples of one file may overlap. By default each pair is
        a file of its own.
    start, end
        float64, (n,): the sample's stretch of its file in seconds, NaN where it is not known. By default not known.
    left_out
        (recording, reason) for every recording that cannot take part.
    label_rule
        How ratings became labels, as the prepared folder says it.
    preparation
        How the recordings were cut and decomposed, as the prepared folder says it; None where nothing says it.
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
    file: NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, dtype=str))
    start: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    end: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    left_out: tuple[tuple[str, str], ...] = ()
    label_rule: dict[str, Any] = field(default_factory=dict)
    preparation: Preparation | None = None

    def __post_init__(self) -> None:
        unknown = np.full(len(self.place), np.nan)
        for name, value in (("file", self.pair), ("start", unknown), ("end", unknown)):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, value)
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
        for array in (*self.signals.values, self.signals.offsets, self.signals.sampling_rates, *columns):
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
        One of ``prepared.label_names``.
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
        If there is no such label, or no recording has it.
    """
    if label_name not in prepared.label_names:
        raise InvalidInputError(f"there is no label {label_name!r}: the folder has {', '.join(prepared.label_names)}")
    if recordings not in RECORDINGS:
        raise InvalidInputError(f"recordings={recordings!r} is not known: one of {', '.join(RECORDINGS)}")
    table = prepared.recordings
    label = table[f"{label_name}_label"]
    dimension = table["dimension"].to_numpy(dtype=object)
    own = np.ones(len(table), bool)
    if recordings == "own" and label_name in ("arousal", "valence"):
        own = (dimension == label_name) | (dimension == "")
    rate = table["sampling_rate"].to_numpy(np.float64)
    reasons = np.full(len(table), "", dtype=object)
    reasons[(table["n_samples"].to_numpy() < np.ceil(MIN_SECONDS * rate) + 1)] = "shorter than two seconds"
    reasons[rate < MIN_RATE] = "sampled below 1 Hz"
    reasons[label.isna().to_numpy()] = f"no {label_name} label"
    names = table["recording_id"].to_numpy(dtype=object).astype(str)
    left_out = tuple((str(names[i]), str(reasons[i])) for i in np.flatnonzero(own & (reasons != "")))
    rows = np.flatnonzero(own & (reasons == ""))
    if not len(rows):
        raise InvalidInputError(f"no recording can be used for {label_name!r}: {_summary(left_out)}")
    songs = prepared.music.index.to_numpy(dtype=object).astype(str)
    order = {song: i for i, song in enumerate(songs)}
    stimulus = table["stimulus"].to_numpy(dtype=object).astype(str)[rows]
    rating = table[label_name].to_numpy(np.float64) if label_name in table else np.full(len(table), np.nan)
    return LabelledData(
        label_name=label_name,
        signals=_pack(prepared, rows),
        place=np.arange(len(rows)),
        recording_id=names[rows],
        pair=table["pair"].to_numpy(dtype=object).astype(str)[rows],
        subject=table["subject"].to_numpy(dtype=object).astype(str)[rows],
        stimulus=stimulus,
        label=label.iloc[rows].to_numpy(dtype=np.int64),
        rating=rating[rows],
        music=np.ascontiguousarray(prepared.music.to_numpy(np.float32)),
        music_row=np.array([order.get(song, -1) for song in stimulus], dtype=np.int64),
        **_places(table, rows),
        left_out=left_out,
        label_rule=dict(prepared.meta.get("settings", {}).get("labels", {})),
        preparation=_preparation(prepared.meta.get("settings", {})),
    )


def _places(table: pd.DataFrame, rows: NDArray[np.int64]) -> dict[str, Any]:
    """File and stretch of each sample; nothing where the folder was prepared before they were kept."""
    if not {"file", "start", "end"} <= set(table.columns):
        return {}
    stretch = {name: table[name].to_numpy(np.float64)[rows] for name in ("start", "end")}
    return {"file": table["file"].to_numpy(dtype=object).astype(str)[rows], **stretch}


def _preparation(settings: dict[str, Any]) -> Preparation | None:
    parts = {name: settings[name] for name in ("window", "decomposition") if name in settings}
    return Preparation.from_dict(parts) if parts else None


def _pack(prepared: Prepared, rows: NDArray[np.int64]) -> PackedSignals:
    values = []
    offsets = np.zeros(1, np.int64)
    for name in CHANNELS:
        channel = prepared.channel(name)
        values.append(np.concatenate([channel[row] for row in rows]))
        offsets = np.concatenate([[0], np.cumsum(np.diff(channel.offsets)[rows])])
    return PackedSignals(values, offsets, prepared.recordings["sampling_rate"].to_numpy(np.float64)[rows])


def _summary(left_out: tuple[tuple[str, str], ...]) -> str:
    if not left_out:
        return "the folder holds no recording of that dimension"
    reasons = [reason for _, reason in left_out]
    return ", ".join(f"{reasons.count(reason)} x {reason}" for reason in dict.fromkeys(reasons))
