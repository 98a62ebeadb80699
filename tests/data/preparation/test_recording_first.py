"""Recordings decomposed as a whole and then cut: once per file, bit for bit, in whole windows, and scaled."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import ressin
from ressin._files.limits import digest_file
from ressin.cli.data import quality_line
from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import DecompositionChoice, Preparation, PrepareSettings
from ressin.data.preparation.single import prepare_recording
from ressin.data.preparation.tables import count_quality
from ressin.data.samples.labelled import labelled_data
from ressin.data.sources.manifest import read_manifest
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store import schema
from ressin.data.store.store import Prepared, load
from ressin.image import CHANNELS, ImageSettings, to_image
from ressin.io import read_recording
from ressin.settings import Programme
from tests.data.folders import copy, found
from tests.signals import RECORDINGS

RATE = 4.0  # Hz
SECONDS = 200


def write_e4(path: Path, seed: int, seconds: float = SECONDS, level: float = 3.0) -> np.ndarray:
    """An E4's EDA.csv of simulated skin conductance."""
    signal = ressin.simulate_eda(duration=seconds, sampling_rate=RATE, rng=np.random.default_rng(seed)).signal + level
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, signal, fmt="%.6f", header=f"1600000000.0\n{RATE}", comments="")
    return signal


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people with two files each, and a manifest of overlapping windows."""
    root = tmp_path_factory.mktemp("windows")
    rows = ["recording,subject,stimulus,start,end,busy_label"]
    for person, files in {"anna": "ab", "bert": "cd"}.items():
        for file in files:
            write_e4(root / f"{file}/EDA.csv", ord(file), level=ord(file) - 95.0)
            rows += [f"{file}/EDA.csv,{person},task,{s},{s + 60},{s // 30 % 2}" for s in range(20, SECONDS - 60, 30)]
    (root / "windows.csv").write_text("\n".join(rows) + "\n")
    return root


def run(folder: Path, target: Path, **settings: Any) -> Prepared:
    prepare(read_manifest(folder / "windows.csv"), target, settings=PrepareSettings(**settings), n_threads=1)
    return load(target)


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return run(folder, tmp_path_factory.mktemp("whole") / "out")


@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
def test_windows_are_their_recordings_decomposition_bit_for_bit(
    folder: Path, tmp_path: Path, programme: Programme
) -> None:
    result = run(folder, tmp_path / "out", decomposition=DecompositionChoice(programme=programme))
    assert (result.decompose, result.scale) == ("recording", "recording")
    assert len(result.recordings) == 16
    for name, rows in result.recordings.groupby("file"):
        recording = read_recording(folder / str(name))
        single = ressin.decompose(recording.signal, recording.sampling_rate, programme=programme)
        for place, start, end in zip(rows.index, rows["start"], rows["end"], strict=True):
            part = slice(round(start * RATE), round(end * RATE))
            parts = {"origin": single.signal, "phasic": single.phasic, "tonic": single.tonic, "driver": single.driver}
            for channel, expected in parts.items():
                assert np.array_equal(result.channel(channel)[place], expected[part].astype(np.float32))


def test_real_windows_are_the_recordings_decomposition_bit_for_bit(recordings_folder: Path, tmp_path: Path) -> None:
    file = next(source.path for source in RECORDINGS if source.path.startswith("empatica_e4/"))
    rows = [f"{file},e,day,{start},{start + 60}" for start in range(600, 1200, 30)]
    (tmp_path / "list.csv").write_text("\n".join(["recording,subject,stimulus,start,end", *rows]) + "\n")
    prepare(read_manifest(tmp_path / "list.csv", root=recordings_folder), tmp_path / "out", n_threads=1)
    result = load(tmp_path / "out")
    recording = read_recording(recordings_folder / file)
    single = ressin.decompose(recording.signal, recording.sampling_rate, missing="solve")
    for place, start in enumerate(range(600, 1200, 30)):
        part = slice(start * 4, start * 4 + 240)
        assert np.array_equal(result.channel("phasic")[place], single.phasic[part].astype(np.float32))
        assert np.array_equal(result.channel("tonic")[place], single.tonic[part].astype(np.float32))


def test_a_file_is_decomposed_once_whatever_its_windows(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ressin.decomposition import decompose_batch

    lengths: list[int] = []
    original = decompose_batch.decompose_batch

    def counted(signals: list[Any], *arguments: Any, **keywords: Any) -> Any:
        lengths.extend(len(signal) for signal in signals)
        return original(signals, *arguments, **keywords)

    monkeypatch.setattr(decompose_batch, "decompose_batch", counted)
    run(folder, tmp_path / "out", partition=3)
    assert lengths == [round(SECONDS * RATE)] * 4


def test_pieces_of_work_and_threads_do_not_change_a_value(folder: Path, whole: Prepared, tmp_path: Path) -> None:
    prepare(read_manifest(folder / "windows.csv"), tmp_path / "out", settings=PrepareSettings(partition=1), n_threads=3)
    other = load(tmp_path / "out")
    assert other.recordings.equals(whole.recordings)
    for name in (*CHANNELS, schema.DRIVER):
        assert np.array_equal(other.channel(name).values, whole.channel(name).values)


def test_the_place_of_every_sample_is_in_the_store_and_in_the_samples(folder: Path, whole: Prepared) -> None:
    rows = pd.read_csv(folder / "windows.csv")
    assert whole.recordings["file"].tolist() == rows["recording"].tolist()
    assert whole.recordings["start"].tolist() == rows["start"].tolist()
    assert whole.recordings["end"].tolist() == rows["end"].tolist()
    data = labelled_data(whole, "busy")
    assert data.file.tolist() == rows["recording"].tolist()
    assert data.take(np.array([3, 1])).start.tolist() == rows["start"][[3, 1]].tolist()
    assert data.end.tolist() == rows["end"].tolist()


def test_a_column_of_a_file_is_a_file_of_its_own_and_pmemos_start_is_the_seconds_dropped(
    prepared: Prepared, tmp_path: Path
) -> None:
    assert set(prepared.recordings["start"]) == {15.0}
    lengths = prepared.recordings["n_samples"] / prepared.recordings["sampling_rate"]
    np.testing.assert_allclose(prepared.recordings["end"] - 15.0, lengths)
    assert prepared.recordings["file"].is_unique
    table = pd.DataFrame({"left": write_e4(tmp_path / "x.csv", 1), "right": write_e4(tmp_path / "y.csv", 2)})
    table.to_csv(tmp_path / "both.csv", index=False)
    lines = [f"both.csv,{who},rest,{who},4,{at},{at + 60}" for who in ("left", "right") for at in (0, 30)]
    head = "recording,subject,stimulus,column,sampling_rate,start,end"
    (tmp_path / "windows.csv").write_text("\n".join([head, *lines]) + "\n")
    assert run(tmp_path, tmp_path / "out").recordings["file"].tolist() == ["both.csv#left"] * 2 + ["both.csv#right"] * 2
    text = (tmp_path / "windows.csv").read_text().replace("left,4,30", "1,4,30")  # by its number
    (tmp_path / "windows.csv").write_text(text)
    assert set(run(tmp_path, tmp_path / "two").recordings["file"]) == {"both.csv#left", "both.csv#right"}


@pytest.mark.parametrize("decompose", ["recording", "window"])
@pytest.mark.parametrize("drop", ["before", "after"])
def test_what_is_dropped_is_dropped_from_files_and_never_from_windows(
    folder: Path, tmp_path: Path, decompose: str, drop: str
) -> None:
    rule = WindowRule(drop_seconds=25.0, drop=drop, min_duration=2.0)
    result = run(folder, tmp_path / "out", decompose=decompose, window=rule)
    assert set(result.recordings["n_samples"]) == {240}
    assert set(result.recordings["start"]) == {50.0, 80.0, 110.0}
    kind, action, reason = found(result, "a/EDA.csv")[0]
    assert (kind, action) == ("dropped", "rejected")
    assert "begins at 20 s, within the first 25 s of the file, which are dropped" in reason
    recording = read_recording(folder / "a/EDA.csv")
    lead = 100 if drop == "before" else 0
    if decompose == "recording":
        single = ressin.decompose(recording.signal[lead:], RATE)
        assert np.array_equal(result.channel("tonic")[0], single.tonic[200 - lead : 440 - lead].astype(np.float32))
        kept = recording.signal[100:].astype(np.float32).astype(np.float64)
        assert result.recordings["origin_mean"][0] == pytest.approx(kept.mean(), rel=1e-12)
        assert result.recordings["origin_deviation"][0] == pytest.approx(kept.std(), rel=1e-12)
    else:
        single = ressin.decompose(recording.signal[200:440], RATE)
        assert np.array_equal(result.channel("tonic")[0], single.tonic.astype(np.float32))


def test_the_papers_way_is_pmemos_default_and_a_recordings_a_manifests(simulated: Path, folder: Path) -> None:
    paper = PrepareSettings().decided(has_windows=read_pmemo(simulated).has_windows)
    assert (paper.decompose, paper.scale, paper.window) == ("window", "window", WindowRule())
    own = PrepareSettings().decided(has_windows=read_manifest(folder / "windows.csv").has_windows)
    assert (own.decompose, own.scale, own.rule.drop_seconds) == ("recording", "recording", 0.0)
    asked = PrepareSettings(decompose="window", scale="person").decided(has_windows=True)
    assert (asked.decompose, asked.scale) == ("window", "person")


def test_a_recordings_scale_is_its_mean_and_deviation(folder: Path, whole: Prepared) -> None:
    recording = read_recording(folder / "a/EDA.csv")
    single = ressin.decompose(recording.signal, RATE)
    for name, values in (("origin", single.signal), ("phasic", single.phasic), ("tonic", single.tonic)):
        scores = (values - values.mean()) / values.std()
        np.testing.assert_allclose(whole.scaled(name)[1], scores[200:440], atol=2e-5)
    data = labelled_data(whole, "busy")
    assert data.unscaled is not None
    np.testing.assert_array_equal(data.signal(1)[0], whole.scaled("origin")[1])
    np.testing.assert_array_equal(data.unscaled.recording(1)[0], whole.channel("origin")[1])


def test_a_persons_scale_is_the_share_of_their_own_samples(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "out", scale="person", partition=3)
    parts = {file: ressin.decompose(read_recording(folder / f"{file}/EDA.csv").signal, RATE) for file in "abcd"}
    assert set(result.recordings["subject"]) == {"anna", "bert"}
    for name, person, first in (("phasic", "ab", 0), ("tonic", "cd", 10)):
        own = np.concatenate([getattr(parts[file], name) for file in person]).astype(np.float32)
        values = result.channel(name)[first]
        expected = [(own <= value).mean() for value in values]
        np.testing.assert_allclose(result.scaled(name)[first], expected, atol=1e-7)
    shares = np.concatenate([result.scaled(name).values for name in CHANNELS])
    assert 0.0 < shares.min() < 0.1 < 0.9 < shares.max() <= 1.0


def test_a_persons_scale_knows_of_nobody_else(folder: Path, tmp_path: Path) -> None:
    """Other people's recordings and all labels are changed: the shares stay."""
    before = run(folder, tmp_path / "before", scale="person")
    changed = copy(folder, tmp_path / "changed")
    write_e4(changed / "c/EDA.csv", 99)
    text = (changed / "windows.csv").read_text().replace(",1\n", ",x\n").replace(",0\n", ",1\n").replace(",x\n", ",0\n")
    (changed / "windows.csv").write_text(text)
    after = run(changed, tmp_path / "after", scale="person")
    anna = np.flatnonzero(before.recordings["subject"] == "anna").tolist()
    for name in CHANNELS:
        for place in anna:
            assert np.array_equal(before.scaled(name)[place], after.scaled(name)[place])
    assert not np.array_equal(before.scaled("origin")[10], after.scaled("origin")[10])
    assert (before.recordings["busy_label"] != after.recordings["busy_label"]).all()


def write_gap(folder: Path, seconds: int, gap: tuple[int, int]) -> np.ndarray:
    """A table with empty cells."""
    signal = write_e4(folder / "e4.csv", 3, seconds)
    signal[round(gap[0] * RATE) : round(gap[1] * RATE)] = np.nan
    pd.DataFrame({"time": np.arange(len(signal)) / RATE, "EDA": signal}).to_csv(folder / "gap.csv", index=False)
    return read_recording(folder / "gap.csv").signal


def test_a_recording_is_divided_at_gaps_of_more_than_a_minute(tmp_path: Path) -> None:
    signal = write_gap(tmp_path, 400, (150, 215))
    rows = [f"gap.csv,s,m,{start},{start + 60}" for start in (0, 80, 120, 140, 215, 300)]
    (tmp_path / "windows.csv").write_text("\n".join(["recording,subject,stimulus,start,end", *rows]) + "\n")
    result = run(tmp_path, tmp_path / "out", window=WindowRule(0.0, min_duration=2.0, max_missing=0.6))
    assert result.recordings["start"].tolist() == [0.0, 80.0, 215.0, 300.0]
    late = ressin.decompose(signal[860:], RATE)
    assert np.array_equal(result.channel("phasic")[3], late.phasic[340:580].astype(np.float32))
    early = ressin.decompose(signal[:600], RATE)
    assert np.array_equal(result.channel("phasic")[1], early.phasic[320:560].astype(np.float32))
    reasons = [reason for kind, action, reason in found(result, "gap.csv") if (kind, action) == ("gaps", "rejected")]
    assert reasons == [
        "83.3% of the samples are missing, at most 60.0% may be",
        "it reaches into a gap of more than 60 s, at which the recording was divided",
    ]


def test_a_short_gap_is_solved_through(tmp_path: Path) -> None:
    signal = write_gap(tmp_path, 200, (100, 110))
    (tmp_path / "windows.csv").write_text("recording,subject,stimulus,start,end\ngap.csv,s,m,80,140\n")
    result = run(tmp_path, tmp_path / "out")
    single = ressin.decompose(signal, RATE, missing="solve")
    assert np.array_equal(result.channel("phasic")[0], single.phasic[320:560].astype(np.float32))
    assert result.recordings["missing_share"][0] == pytest.approx(1 / 6)
    present = signal[~np.isnan(signal)].astype(np.float32).astype(np.float64)
    assert result.recordings["origin_mean"][0] == pytest.approx(present.mean(), rel=1e-12)


@pytest.mark.parametrize(("scale", "span"), [("window", None), ("recording", (-3.0, 3.0)), ("person", (0.0, 1.0))])
def test_pictures_are_drawn_by_the_folders_scale_in_its_rows(
    folder: Path, tmp_path: Path, scale: str, span: tuple[float, float] | None
) -> None:
    result = run(folder, tmp_path / "out", scale=scale)
    assert result.row_seconds == 4.0  # 60 s at 4 Hz: 15 rows of 16 samples
    data = labelled_data(result, "busy")
    channels = np.stack([result.scaled(name)[5] for name in CHANNELS])
    expected = to_image(channels, RATE, size=20, row_seconds=4.0, span=span)
    np.testing.assert_array_equal(data.signals.draw([5], ImageSettings(20))[0], expected)
    assert data.preparation is not None
    assert Preparation.from_dict(data.preparation.as_dict()) == data.preparation
    assert (data.preparation.scale, data.preparation.windows) == (scale, True)


def test_the_papers_pictures_are_pmemos(prepared: Prepared) -> None:
    data = labelled_data(prepared, "arousal")
    assert (data.signals.row_seconds, data.signals.span) == (1.0, None)
    assert data.preparation == Preparation()


@pytest.mark.parametrize("scale", ["window", "recording", "person"])
@pytest.mark.parametrize("decompose", ["window", "recording"])
def test_one_recording_alone_is_prepared_as_the_folder_was(
    folder: Path, tmp_path: Path, decompose: str, scale: str
) -> None:
    rows = (folder / "windows.csv").read_text().splitlines()
    (tmp_path / "one.csv").write_text("\n".join([rows[0], *(row for row in rows if row.startswith("a/"))]) + "\n")
    settings = PrepareSettings(decompose=decompose, scale=scale)
    prepare(read_manifest(tmp_path / "one.csv", root=folder), tmp_path / "out", settings=settings, n_threads=1)
    data = labelled_data(load(tmp_path / "out"), "busy")
    known = data.preparation
    assert known is not None
    recording = read_recording(folder / "a/EDA.csv")
    for sample, (start, end) in enumerate(zip(data.start, data.end, strict=True)):
        single = prepare_recording(recording, known, known.window, start=float(start), end=float(end))
        alone = [note for note in single.notes if "this window alone" in note]
        assert len(alone) == (decompose == "window" and scale != "window")
        if not alone:
            np.testing.assert_allclose(single.channels, data.signal(sample), atol=1e-6)


def test_meta_says_what_was_done_and_how_good_it_is(whole: Prepared, prepared: Prepared) -> None:
    assert whole.meta["in_words"] == (
        "each file decomposed once, as a whole, windows cut from the result; nothing dropped; scaled by mean and "
        "deviation of the recording"
    )
    assert whole.meta["settings"]["window"]["drop_seconds"] == 0.0
    assert prepared.meta["in_words"] == (
        "each file decomposed by itself; the first 15 s of each file dropped before it; scaled by minimum and maximum "
        "of each picture"
    )
    for folder in (whole, prepared):
        counts, rows = folder.meta["quality"], folder.recordings
        assert counts["samples"] == len(rows)
        assert counts["files"] == rows["file"].nunique()
        assert counts["good"] == (rows["quality"] == "").sum()
        assert counts["correlated_parts"] == (rows["phasic_tonic_correlation"].abs() > 0.5).sum()
        assert counts["mirrored_parts"] == (rows["phasic_tonic_correlation"] < -0.9).sum()
        assert counts["not_converged"] == counts["missing"] == 0


def test_quality_counts_leave_nothing_unsaid(whole: Prepared, tmp_path: Path) -> None:
    table = pq.read_table(whole.folder / "recordings.parquet")
    said = table.column("quality").to_pylist()
    place = said.index("")
    said[place] = "The level steps abruptly, 3 times: loose contact."
    column = table.schema.get_field_index("quality")
    pq.write_table(table.set_column(column, "quality", [said]), tmp_path / "table.parquet")
    before, after = whole.meta["quality"], count_quality(tmp_path / "table.parquet")
    assert after == {**before, "good": before["good"] - 1, "artefacts": before["artefacts"] + 1}
    assert "steps, outliers or other artefacts 1" in quality_line({**after, "artefacts": 1})


def test_a_cluster_gives_the_same_bytes_by_person(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'scale'")
    for name, extra in (("here", []), ("there", ["--scheduler", "local:1"])):
        command = [sys.executable, "-m", "ressin", "prepare", str(folder / "windows.csv"), str(tmp_path / name)]
        options = ["--scale", "person", "--programme", "robust", "--quiet", *extra]
        subprocess.run([*command, *options], check=True, capture_output=True, timeout=120)
    for name in (*schema.TABLES, schema.META):
        assert digest_file(tmp_path / "here" / name) == digest_file(tmp_path / "there" / name)


def test_a_run_that_was_stopped_goes_on_with_its_parts_and_people(folder: Path, tmp_path: Path) -> None:
    catalog, settings = read_manifest(folder / "windows.csv"), PrepareSettings(scale="person", partition=4)

    def stop(stage: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(catalog, tmp_path / "out", settings=settings, n_threads=1, progress=stop)
    report = prepare(catalog, tmp_path / "out", settings=settings, n_threads=1)
    assert report.resumed == 2
    prepare(catalog, tmp_path / "again", settings=settings, n_threads=1)
    for name in (*schema.TABLES, schema.META):
        assert digest_file(tmp_path / "out" / name) == digest_file(tmp_path / "again" / name)
    assert not (tmp_path / "out" / ".work").exists()
