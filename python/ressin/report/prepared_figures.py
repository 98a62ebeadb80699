"""Figures 2 and 3 of the paper, from prepared data: a subject's labels, and a signal read back from its picture."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ressin._extras import require
from ressin.errors import InvalidInputError
from ressin.image import CHANNELS, image_grid, to_image, to_signal
from ressin.plots.backend import import_matplotlib

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ressin.data.store.store import Prepared

HIGH, LOW, UNKNOWN, LINE = "#D55E00", "#0072B2", "#7a7a7a", "#404040"
WIDTH = 48  # letters of a title in one line
JITTER = 0.012  # ratings are multiples of 1/8: points on top of each other are drawn side by side


@dataclass(frozen=True)
class RoundTrip:
    """The channels of a recording, and what its picture says when it is read back.

    Attributes
    ----------
    recording_id
        Which recording.
    sampling_rate
        Hz.
    signals
        3 x n_samples, origin, phasic, tonic, in the unit of the input.
    images
        3 x size x size, float32, 0..1.
    read_back
        3 x m, m <= n_samples: the samples that the picture holds, in the unit of the input.
    error
        Root mean square of the difference, per channel, as a share of the channel's range; 0 for a constant channel.
    unit
        Of the signals, in words.
    """

    recording_id: str
    sampling_rate: float
    signals: NDArray[np.float64]
    images: NDArray[np.float32]
    read_back: NDArray[np.float64]
    error: tuple[float, float, float]
    unit: str


def round_trip(prepared: Prepared, recording_id: str, *, size: int = 224) -> RoundTrip:
    """Draw a recording as a picture and read it back.

    Parameters
    ----------
    prepared
        From `ressin.data.store.store.load`.
    recording_id
        One of ``prepared.recordings["recording_id"]``.
    size
        Pixels of a side.

    Raises
    ------
    InvalidInputError
        When there is no such recording, or it is shorter than two seconds.
    """
    places = np.flatnonzero(prepared.recordings["recording_id"] == recording_id)
    if not len(places):
        raise InvalidInputError(f"recording {recording_id!r} is not in {prepared.folder}")
    place = int(places[0])
    rate = float(prepared.recordings["sampling_rate"].iloc[place])
    signals = np.stack([prepared.channel(name)[place] for name in CHANNELS]).astype(np.float64)
    drawn = signals[:, : image_grid(signals.shape[1], rate).n_samples]  # without an incomplete last second
    low, high = drawn.min(axis=1), drawn.max(axis=1)
    images = to_image(signals, rate, size=size)
    read_back = to_signal(images, rate, signals.shape[1], low=low, high=high)
    difference = np.sqrt(((read_back - drawn) ** 2).mean(axis=1))
    span = high - low
    origin, phasic, tonic = np.divide(difference, span, out=np.zeros(3), where=span > 0)
    error = (float(origin), float(phasic), float(tonic))
    known = str(prepared.meta["source"].get("kind", "")).startswith("pmemo")
    return RoundTrip(recording_id, rate, signals, images, read_back, error, "µS" if known else "unit of the file")


def first_rated_subject(prepared: Prepared) -> str | None:
    """Find the first subject with thresholds, or with ratings at least; None where nobody rated both dimensions."""
    rated = prepared.ratings.dropna(subset=["arousal", "valence"])["subject"]
    known = prepared.subjects[prepared.subjects["subject"].isin(rated)]
    ordered = known.sort_values("threshold_arousal", key=lambda values: values.isna(), kind="stable")
    return str(ordered["subject"].iloc[0]) if len(ordered) else None


def plot_labels(prepared: Prepared, subject: str) -> Figure:
    """Draw a subject's ratings in the valence-arousal plane, the two centres, and the thresholds (Fig. 2).

    Parameters
    ----------
    prepared
        From `ressin.data.store.store.load`.
    subject
        One of ``prepared.subjects["subject"]``.

    Returns
    -------
    Figure
        A matplotlib figure, not registered with pyplot.

    Raises
    ------
    InvalidInputError
        When there is no such subject, or no rating of theirs in both dimensions.
    MissingExtraError
        When matplotlib is not installed.
    """
    rows = prepared.subjects[prepared.subjects["subject"] == subject]
    if not len(rows):
        raise InvalidInputError(f"subject {subject!r} is not in {prepared.folder}")
    row = rows.iloc[0]
    own = prepared.ratings[prepared.ratings["subject"] == subject].dropna(subset=["arousal", "valence"])
    if not len(own):
        raise InvalidInputError(f"subject {subject!r} has rated nothing in arousal and valence: no points to draw")
    import_matplotlib()
    figure = require("matplotlib.figure", "plot", "drawing Fig. 2").Figure(figsize=(4.8, 5.2), layout="constrained")
    axis = figure.subplots()
    _draw_points(axis, own)
    for name in ("centre1", "centre2"):
        label = "centre of k-means" if name == "centre1" and np.isfinite(row[f"{name}_valence"]) else None
        place = row[f"{name}_valence"], row[f"{name}_arousal"]
        axis.plot(*place, "k+", markersize=14, markeredgewidth=2, label=label)
    if np.isfinite(row["threshold_valence"]):
        axis.axvline(row["threshold_valence"], color=LINE, linestyle="--", linewidth=0.9, label="threshold")
    if np.isfinite(row["threshold_arousal"]):
        axis.axhline(row["threshold_arousal"], color=LINE, linestyle="--", linewidth=0.9)
    count = f"{row['n_ratings']} rating{'' if row['n_ratings'] == 1 else 's'}"
    axis.set(xlabel="valence", ylabel="arousal", title=fill(f"subject {subject}: {count}, {row['rule']}", WIDTH))
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure  # type: ignore[no-any-return]


def _draw_points(axis: Axes, own: pd.DataFrame) -> None:
    """Draw a subject's ratings, coloured by the label of arousal and shaped by that of valence."""
    together = own.groupby(["arousal", "valence"]).cumcount().to_numpy()
    shift = JITTER * np.stack([np.cos(2.4 * together), np.sin(2.4 * together)]) * np.sqrt(together)
    x, y = own["valence"].to_numpy() + shift[0], own["arousal"].to_numpy() + shift[1]
    arousal, valence = (own[f"{name}_label"].astype("float64").to_numpy() for name in ("arousal", "valence"))
    for level, colour, word in ((1.0, HIGH, "high"), (0.0, LOW, "low"), (np.nan, UNKNOWN, "no label")):
        for side, marker, other in ((1.0, "o", "high"), (0.0, "s", "low"), (np.nan, "x", "no label")):
            chosen = _equal(arousal, level) & _equal(valence, side)
            if chosen.any():
                label = f"arousal {word}, valence {other}"
                axis.plot(x[chosen], y[chosen], marker, color=colour, alpha=0.75, markersize=6, label=label)


def _equal(values: NDArray[np.floating], wanted: float) -> NDArray[np.bool_]:
    """Compare, with NaN equal to NaN."""
    return np.asarray(np.isnan(values) if np.isnan(wanted) else values == wanted)


def plot_round_trip(trip: RoundTrip) -> Figure:
    """Draw the three channels as signals, as pictures, and as the pictures say when read back (Fig. 3).

    Parameters
    ----------
    trip
        From `round_trip`.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    import_matplotlib()
    figure = require("matplotlib.figure", "plot", "drawing Fig. 3").Figure(figsize=(9.0, 6.0), layout="constrained")
    axes = figure.subplots(3, 2, width_ratios=[3.2, 1.0], squeeze=False)
    time = np.arange(trip.signals.shape[1]) / trip.sampling_rate
    for place, name in enumerate(CHANNELS):
        line, picture = axes[place]
        back = trip.read_back[place]
        line.plot(time, trip.signals[place], color=UNKNOWN, linewidth=1.8, label="signal")
        line.plot(time[: len(back)], back, color=HIGH, linewidth=0.9, label="read back from the picture")
        line.set(ylabel=trip.unit, title=f"{name}: round-trip error {trip.error[place]:.2e} of the range")
        line.margins(x=0.0)
        picture.imshow(trip.images[place], cmap="gray", vmin=0.0, vmax=1.0, aspect="equal")
        picture.set(xticks=[], yticks=[], ylabel=f"{len(back) / trip.sampling_rate:.0f} s, downwards")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
    axes[2][0].set_xlabel("s after the dropped beginning")
    axes[2][1].set_xlabel("one second a row")
    figure.suptitle(f"recording {trip.recording_id}", x=0.01, ha="left")
    return figure  # type: ignore[no-any-return]
