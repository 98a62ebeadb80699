"""Figures 2 and 3: what they show is what the prepared data say."""

import io

import numpy as np
import pandas as pd
import pytest

from ressin.data.store.store import Prepared
from ressin.errors import InvalidInputError
from ressin.report.prepared_figures import plot_labels, plot_round_trip, round_trip

pytest.importorskip("matplotlib", reason="needs the extra 'plot'")


def test_pictures_read_back_follow_the_signals(prepared: Prepared) -> None:
    for place, row in enumerate(prepared.recordings.head(8).itertuples()):
        trip = round_trip(prepared, str(row.recording_id))
        assert trip.images.shape == (3, 224, 224)
        whole = int(trip.signals.shape[1] // 50) * 50
        assert trip.read_back.shape == (3, whole)
        np.testing.assert_array_equal(trip.signals[1], prepared.channel("phasic")[place])
        span = np.ptp(trip.signals[:, :whole], axis=1)
        error = np.sqrt(((trip.read_back - trip.signals[:, :whole]) ** 2).mean(axis=1)) / span
        np.testing.assert_allclose(trip.error, error)
        assert max(trip.error) < 1e-5


def test_a_smaller_picture_knows_less_and_says_so(prepared: Prepared) -> None:
    name = prepared.recordings["recording_id"][0]
    assert round_trip(prepared, name, size=16).error[0] > 100 * round_trip(prepared, name).error[0]


def test_figure_3_shows_signals_and_errors(prepared: Prepared) -> None:
    trip = round_trip(prepared, prepared.recordings["recording_id"][0])
    figure = plot_round_trip(trip)
    lines = [axis for axis in figure.axes if axis.get_lines()]
    for axis, name, signal, back, error in zip(
        lines, ("origin", "phasic", "tonic"), trip.signals, trip.read_back, trip.error, strict=True
    ):
        assert axis.get_title() == f"{name}: round-trip error {error:.2e} of the range"
        np.testing.assert_array_equal(axis.get_lines()[0].get_ydata(), signal)
        np.testing.assert_array_equal(axis.get_lines()[1].get_ydata(), back)
        assert axis.get_ylabel() == "µS"
        assert axis.get_legend() is None  # it would lie on the curve
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["signal", "read back from the picture"]
    figure.savefig(io.BytesIO(), format="svg")


def test_figure_2_shows_points_centres_and_thresholds(prepared: Prepared) -> None:
    subject = prepared.subjects["subject"][1]
    row = prepared.subjects.iloc[1]
    figure = plot_labels(prepared, subject)
    axis = figure.axes[0]
    lines = [(line, *np.asarray(line.get_data(), dtype=np.float64)) for line in axis.get_lines()]
    assert [(x[0], y[0]) for line, x, y in lines if line.get_marker() == "+"] == [
        (row["centre1_valence"], row["centre1_arousal"]),
        (row["centre2_valence"], row["centre2_arousal"]),
    ]
    dashed = [(x, y) for line, x, y in lines if line.get_linestyle() == "--"]
    assert dashed[0][0][0] == row["threshold_valence"]
    assert dashed[1][1][0] == row["threshold_arousal"]
    points = [(str(line.get_label()), y) for line, _, y in lines if line.get_marker() in ("o", "s", "x")]
    assert sum(len(y) for _, y in points) == row["n_ratings"]
    for label, y in points:
        if "arousal high" in label:
            assert (y > row["threshold_arousal"] - 0.05).all()
    figure.savefig(io.BytesIO(), format="svg")


def test_a_title_and_a_legend_stay_inside_figure_2(prepared: Prepared) -> None:
    few = prepared.subjects.assign(n_ratings=1, rule="too few ratings (1 of 4 needed), pooled with those of the others")
    figure = plot_labels(replace_frame(prepared, few), few["subject"][1])
    figure.draw_without_rendering()
    extent = figure.axes[0].title.get_window_extent()
    assert figure.bbox.x0 <= extent.x0 < extent.x1 <= figure.bbox.x1
    assert figure.axes[0].get_title().startswith(f"subject {few['subject'][1]}: 1 rating, too few")
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[-2:] == ["centre of k-means", "threshold"]


def replace_frame(prepared: Prepared, subjects: pd.DataFrame) -> Prepared:
    """The same folder with another table of subjects."""
    other = Prepared(prepared.folder, prepared.meta)
    other.__dict__["subjects"] = subjects
    return other


def test_a_manifest_does_not_say_its_unit(prepared: Prepared) -> None:
    other = Prepared(prepared.folder, {**prepared.meta, "source": {"kind": "manifest"}})
    trip = round_trip(other, prepared.recordings["recording_id"][0])
    assert trip.unit == "unit of the file"
    assert plot_round_trip(trip).axes[0].get_ylabel() == "unit of the file"


def test_what_is_not_there_is_named(prepared: Prepared) -> None:
    with pytest.raises(InvalidInputError, match="recording 'x' is not in"):
        round_trip(prepared, "x")
    with pytest.raises(InvalidInputError, match="subject 'x' is not in"):
        plot_labels(prepared, "x")
