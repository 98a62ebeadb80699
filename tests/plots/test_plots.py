"""Figures: what is in them, and that their files are complete, small and reproducible."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ressin.decomposition.decompose import decompose
from ressin.decomposition.decompose_windows import decompose_windows
from ressin.decomposition.result import Decomposition
from ressin.decomposition.scrs import find_scrs
from ressin.decomposition.sweep import sweep
from ressin.errors import InvalidInputError, MissingExtraError, OutputError
from ressin.plots.decomposition import draw_overview, plot_decomposition
from ressin.plots.files import save_figure
from ressin.plots.many import plot_sweep, plot_windows
from ressin.plots.style import draw_band, envelope
from ressin.simulation.eda import simulate_eda


@pytest.fixture(scope="module")
def result() -> Decomposition:
    return decompose(simulate_eda(60, 16, n_scr=6, rng=np.random.default_rng(2)).signal, 16)


def long_result() -> Decomposition:
    return decompose(simulate_eda(86_400, 4, n_scr=0, rng=np.random.default_rng(2)).signal, 4)


def test_four_panels_show_the_parts_in_seconds_and_units(result: Decomposition) -> None:
    scrs = find_scrs(result, min_amplitude=0.05)
    figure = plot_decomposition(result, scrs=scrs, title="one minute")
    panels = figure.axes
    assert [panel.get_ylabel() for panel in panels] == ["\u00b5S", "\u00b5S", "\u00b5S/s", "\u00b5S"]
    assert panels[-1].get_xlabel() == "time (s)"
    assert panels[-1].get_xlim() == (0, 60)
    signal, tonic = panels[0].get_lines()
    np.testing.assert_array_equal(signal.get_xydata(), np.column_stack([result.time, result.signal]))
    np.testing.assert_array_equal(tonic.get_ydata(), result.tonic)
    phasic, marks = panels[1].get_lines()
    np.testing.assert_array_equal(phasic.get_ydata(), result.phasic)
    np.testing.assert_allclose(np.asarray(marks.get_xdata()), scrs["SCR_Peaks"] / 16)
    np.testing.assert_array_equal(panels[2].get_lines()[0].get_ydata(), result.driver)
    np.testing.assert_array_equal(panels[3].get_lines()[0].get_ydata(), result.residual)
    assert panels[1].get_title(loc="left") == f"phasic with {len(scrs)} SCRs"


def test_a_unit_of_ones_own_and_no_events(result: Decomposition) -> None:
    panels = plot_decomposition(result, unit="kOhm").axes
    assert [panel.get_ylabel() for panel in panels] == ["kOhm", "kOhm", "kOhm/s", "kOhm"]
    assert len(panels[1].get_lines()) == 1


def test_nothing_of_matplotlibs_state_changes(result: Decomposition, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save_figure(plot_decomposition(result), tmp_path / "x.svg")
    assert dict(mpl.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_missing_samples_are_shaded() -> None:
    signal = simulate_eda(60, 16, n_scr=6, rng=np.random.default_rng(2)).signal
    signal[100:180] = np.nan
    signal[500] = np.nan
    figure = plot_decomposition(decompose(signal, 16, missing="solve"))
    panel = figure.axes[0]
    assert panel.get_legend_handles_labels()[1] == ["signal", "tonic", "missing"]
    assert [len(axis.patches) for axis in figure.axes] == [2, 2, 2, 2]
    starts = [patch.get_extents().transformed(panel.transData.inverted()).x0 for patch in panel.patches]
    np.testing.assert_allclose(starts, [100 / 16, 500 / 16])


def test_the_robust_programmes_outliers_and_shifts_are_drawn() -> None:
    signal = simulate_eda(60, 16, n_scr=4, rng=np.random.default_rng(2)).signal
    signal[500:] += 1.5
    signal[200] += 3.0
    signal[320:360] -= 2.0
    robust = decompose(signal, 16, programme="robust")
    assert robust.smallest_response is not None
    panels = plot_decomposition(robust).axes
    assert [panel.get_ylabel() for panel in panels] == ["\u00b5S", "\u00b5S", "\u00b5S/s", "\u00b5S", "\u00b5S"]
    assert [panel.get_xlabel() for panel in panels] == ["", "", "", "", "time (s)"]
    lines = {str(line.get_label()): np.asarray(line.get_ydata()) for line in panels[0].get_lines()}
    assert list(lines) == ["signal", "tonic", "outliers", "tonic without shifts"]
    np.testing.assert_array_equal(lines["tonic"], robust.tonic)
    np.testing.assert_array_equal(lines["tonic without shifts"], robust.tonic - robust.shifts)
    marked = np.flatnonzero(~np.isnan(lines["outliers"]))
    assert {200, *range(320, 360)} <= set(marked)
    np.testing.assert_array_equal(lines["outliers"][marked], signal[marked])
    outlying = np.abs(robust.outliers) > robust.smallest_response
    assert set(marked) == {i + j for i in np.flatnonzero(outlying) for j in (-1, 0, 1)} & set(range(signal.size))
    outliers, shifts = panels[4].get_lines()
    np.testing.assert_array_equal(outliers.get_ydata(), robust.outliers)
    np.testing.assert_array_equal(shifts.get_ydata(), robust.shifts)


def test_a_clean_recording_has_neither(result: Decomposition) -> None:
    robust = decompose(result.signal, 16, programme="robust")
    still = replace(robust, robust=replace(robust.robust, outliers=np.zeros(960), shifts=np.zeros(960)))  # type: ignore[type-var]
    assert [line.get_label() for line in plot_decomposition(still).axes[0].get_lines()] == ["signal", "tonic"]


def test_a_day_is_drawn_in_hours_by_its_envelope_and_weighs_little(tmp_path: Path) -> None:
    day = long_result()
    figure = plot_decomposition(day)
    assert figure.axes[-1].get_xlabel() == "time (h)"
    assert figure.axes[-1].get_xlim() == (0, 24)
    drawn = np.asarray(figure.axes[0].get_lines()[0].get_ydata())
    assert drawn.size <= 3000
    assert (drawn.min(), drawn.max()) == (day.signal.min(), day.signal.max())
    save_figure(figure, tmp_path / "day.svg")
    assert (tmp_path / "day.svg").stat().st_size < 1_000_000


def test_too_many_events_are_counted_instead_of_marked(result: Decomposition) -> None:
    scrs = find_scrs(result, min_amplitude=0.05)
    many = scrs.loc[np.repeat(scrs.index.to_numpy(), 100)]
    panel = plot_decomposition(result, scrs=many).axes[1]
    assert panel.get_title(loc="left") == f"phasic ({len(many)} SCRs, too many to mark)"
    assert len(panel.get_lines()) == 1


@pytest.mark.parametrize("n", [6001, 6007, 50_000, 1_000_003])
def test_the_envelope_keeps_every_extreme_in_its_place(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    positions, thinned = envelope(values, 1500)
    assert positions.size == thinned.size == 3000
    assert (np.diff(positions) >= 0).all()
    assert positions[-1] < n
    edges = np.append(positions[::2], n)
    for column in (0, 7, 1499):
        inside = values[edges[column] : edges[column + 1]]
        assert sorted(thinned[2 * column : 2 * column + 2]) == [inside.min(), inside.max()]


def test_the_envelope_of_a_short_or_missing_line() -> None:
    values = np.arange(10.0)
    positions, same = envelope(values, 1500)
    np.testing.assert_array_equal(same, values)
    np.testing.assert_array_equal(positions, np.arange(10))
    holes = np.ones(10_000)
    holes[2000:6000] = np.nan
    _, thinned = envelope(holes, 100)
    assert np.isnan(thinned).sum() == 80
    with pytest.raises(InvalidInputError, match="n_bins is 0; a line is drawn in one column or more"):
        envelope(values, 0)


Line = npt.NDArray[np.float64]
MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "html": b"<!DOCTYPE html>"}


@pytest.mark.parametrize("kind", MAGIC)
def test_files_of_every_format_are_whole_and_reproducible(result: Decomposition, tmp_path: Path, kind: str) -> None:
    for name in ("first", "second"):
        save_figure(plot_decomposition(result), tmp_path / f"{name}.{kind}", title="t", facts={"a": 1})
    first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("first", "second"))
    assert first.startswith(MAGIC[kind])
    assert first == second
    assert len(list(tmp_path.iterdir())) == 2


def test_svg_is_xml_whose_text_is_text(result: Decomposition, tmp_path: Path) -> None:
    save_figure(plot_decomposition(result, title="A < B"), tmp_path / "x.svg")
    words = {element.text for element in ElementTree.parse(tmp_path / "x.svg").iter() if element.tag.endswith("}text")}
    assert {"A < B", "tonic", "time (s)"} <= words


def test_html_needs_no_other_file_and_escapes_what_it_is_given(result: Decomposition, tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    save_figure(plot_decomposition(result), path, title="<S1> & co", facts={"taken": "a < b", "n": 3})
    page = path.read_text(encoding="utf-8")
    assert "<title>&lt;S1&gt; &amp; co</title>" in page
    assert "<th>taken</th><td>a &lt; b</td>" in page
    assert page.count("<svg") == 1
    assert re.findall(r"""(?:src|href)=["']?(?!#)[^"'\s>]+""", re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)) == []


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.csv"])
def test_another_suffix_is_refused(result: Decomposition, tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"a picture's suffix must be \.png, \.svg, \.pdf or \.html"):
        save_figure(plot_decomposition(result), tmp_path / name)


def test_a_picture_that_cannot_be_written_names_its_folder(result: Decomposition, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the folder .*nowhere does not exist"):
        save_figure(plot_decomposition(result), tmp_path / "nowhere" / "x.png")


def test_an_overview_is_drawn_into_axes_of_ones_own(result: Decomposition) -> None:
    axis = Figure().subplots()
    draw_overview(axis, result)
    assert [line.get_label() for line in axis.get_lines()] == ["signal", "tonic", "phasic"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("time (s)", "\u00b5S")


def test_a_constant_signal_can_be_drawn(tmp_path: Path) -> None:
    flat = decompose(np.full(200, 3.0), 4)
    save_figure(plot_decomposition(flat, scrs=find_scrs(flat)), tmp_path / "x.png")
    short = replace(flat, signal=flat.signal[:1], tonic=flat.tonic[:1])
    draw_overview(Figure().subplots(), replace(short, phasic=flat.phasic[:1]))


def shade(panel: Axes) -> tuple[Line, Line]:
    """Return the lower and the upper edge of a panel's only shade."""
    (collection,) = panel.collections
    (path,) = collection.get_paths()
    x, y = np.asarray(path.vertices)[:-1].T
    low, high = ([f(y[x == at]) for at in np.unique(x)] for f in (min, max))
    return np.array(low), np.array(high)


def test_bands_are_shaded_and_named() -> None:
    result = decompose(simulate_eda(60, 4, n_scr=6, rng=np.random.default_rng(2)).signal, 4, n_boot=20)
    assert result.bands is not None
    panels = plot_decomposition(result).axes
    for panel, part in ((panels[0], "tonic"), (panels[1], "phasic")):
        low, high = shade(panel)
        np.testing.assert_allclose(low, getattr(result.bands, f"{part}_low"))
        np.testing.assert_allclose(high, getattr(result.bands, f"{part}_high"))
        legend = panel.get_legend()
        assert legend is not None
        assert f"{part}, 90% band" in [text.get_text() for text in legend.get_texts()]
    assert not panels[2].collections


def test_the_bands_of_a_long_recording_keep_their_extremes() -> None:
    n = 20_000
    axis, noise = Figure().subplots(), np.random.default_rng(1).normal(size=n)
    recorded = long_result()
    draw_band(axis, recorded, noise - 1, noise + 1, 1.0, color="black")
    low, high = shade(axis)
    assert low.size <= 3000
    assert (low.min(), high.max()) == (noise.min() - 1, noise.max() + 1)


def test_windows_are_drawn_as_their_average_and_spread() -> None:
    signal = simulate_eda(90, 4, n_scr=8, rng=np.random.default_rng(2)).signal
    windows = decompose_windows(signal, 4, 30, 10)
    average = windows.average()
    panels = plot_windows(windows, title="windows").axes
    assert panels[0].get_title(loc="left") == "7 windows of 30 s"
    for panel, part in zip(panels, ("Tonic", "Phasic"), strict=True):
        np.testing.assert_array_equal(panel.get_lines()[-1].get_ydata(), average[f"EDA_{part}"])
        low, high = shade(panel)
        np.testing.assert_allclose(high - low, 2 * average[f"EDA_{part}_SD"], atol=1e-12)
    assert panels[1].get_xlim() == (0, 90)


def test_a_sweep_has_a_column_for_each_parameter_that_varies() -> None:
    signal = simulate_eda(60, 8, n_scr=6, rng=np.random.default_rng(2)).signal
    found = sweep(signal, 8, alpha=[1e-4, 1e-3, 1e-2], baseline=["linear", "spline"])
    table = found.to_frame()
    figure = plot_sweep(found)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["one choice of the others", "median over the others"]
    panels = np.array(figure.axes, dtype=object).reshape(3, 2)
    assert [panel.get_xlabel() for panel in panels[-1]] == ["alpha", "baseline"]
    assert panels[0, 0].get_xscale() == "log"
    assert [label.get_text() for label in panels[-1, 1].get_xticklabels()] == ["linear", "spline"]
    for row, measure in enumerate(("n_scrs", "residual_share", "phasic_tonic_correlation")):
        linear, _, median = panels[row, 0].get_lines()
        np.testing.assert_array_equal(linear.get_ydata(), table[measure][table["baseline"] == "linear"])
        np.testing.assert_allclose(np.asarray(median.get_ydata()), table.groupby("alpha")[measure].median())
    assert len(panels[0, 1].get_lines()) == 4
    single = plot_sweep(sweep(signal, 8))
    assert single.axes[-1].get_xlabel() == "alpha"
    assert single.legends == []


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "ressin.plots.decomposition")
    with pytest.raises(MissingExtraError, match=r"needs matplotlib: .*ressin\[plot\]"):
        __import__("ressin.plots.decomposition")
