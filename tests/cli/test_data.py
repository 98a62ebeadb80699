"""The commands: what they print, what they write, and how they fail."""

from pathlib import Path

import pytest

from ressin._files.limits import digest_file
from ressin.cli import main
from ressin.data.sources.manifest import read_manifest
from ressin.data.sources.manifest_check import NUMBERS, TEXTS, TIMES
from ressin.data.sources.simulated import read_about
from ressin.data.store import schema
from ressin.data.store.store import Prepared, load
from ressin.report.prepared_figures import round_trip
from ressin.simulation.population import CLEAR, SimulationSettings


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_simulate_prints_counts_and_ceiling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ("--subjects", 4, "--songs", 5, "--seed", 3, "--audio", "none", "--processes", 1, "--quiet")
    status, out, _ = run(capsys, "simulate", tmp_path / "sim", *sizes)
    assert status == 0
    assert out.startswith("5 songs, 5 labelled songs, 4 subjects, 20 recordings, 40 EDA files\n")
    rows = [line.split() for line in out.splitlines() if line.startswith("  arousal")]
    assert [row[1] for row in rows] == ["random", "subject", "song", "one-subject"]
    assert all(row[2].endswith("%") for row in rows)
    status, out, _ = run(capsys, "simulate", tmp_path / "sim", *sizes)
    assert status == 0
    assert "this simulation is there already; nothing to do" in out


def test_clear_listeners_are_those_of_the_named_effects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ("--subjects", 3, "--songs", 3, "--audio", "none", "--processes", 1, "--quiet")
    status, _, _ = run(capsys, "simulate", tmp_path / "clear", "--clear", *sizes)
    assert status == 0
    made = read_about(tmp_path / "clear")
    assert made is not None
    assert {name: made["settings"][name] for name in CLEAR} == CLEAR
    assert SimulationSettings(**made["settings"]).n_subjects == 3


def test_prepare_prints_counts_rejects_and_progress_then_nothing_to_do(
    simulated: Path, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, "prepare", simulated, tmp_path / "out", "--threads", 1)
    assert status == 0
    assert out.startswith("programme cvxeda: the paper's plan")
    assert "recordings 30 7,962 (-7,932)" in " ".join(out.split())
    assert "  rejected, missing: 6\n      Chorus/1.mp3: no music clip of song 1\n" in out
    assert "      ... and 1 more\n" in out
    assert out.splitlines()[-1].startswith("60 recordings prepared in ")
    assert "recordings: 100%" in err
    status, out, err = run(capsys, "prepare", simulated, tmp_path / "out", "--threads", 1)
    assert status == 0
    assert "is up to date: same content, settings and version; nothing was done" in out
    assert err == ""
    frames = (load(tmp_path / "out").recordings, prepared.recordings)
    assert frames[0].equals(frames[1])


def test_options_reach_the_result(simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--programme",
        "robust",
        "--drop",
        14,
        "--drop-after",
        "--few",
        "pooled",
        "--music",
        "none",
        "--max-missing",
        0.5,
        "--quiet",
    )
    status, out, err = run(capsys, "prepare", simulated, tmp_path / "out", *options)
    assert (status, err) == (0, "")
    assert out.startswith("programme robust: outliers and shifts")
    settings = load(tmp_path / "out").meta["settings"]
    assert settings["decomposition"]["programme"] == "robust"
    assert settings["window"]["drop_seconds"] == 14.0
    assert settings["window"]["drop"] == "after"
    assert settings["window"]["max_missing"] == 0.5
    assert settings["labels"]["few"] == "pooled"
    assert settings["music"] == "none"


def test_a_manifest_is_prepared_like_a_folder(
    simulated: Path, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["recording,subject,stimulus,busy"]
    names = list(prepared.recordings["recording_id"][:4])
    folders = {"A": "Arousal", "V": "Valence"}
    rows += [f"EDA/{folders[name[-1]]}/{name}.csv,s,m,1" for name in names]
    manifest = tmp_path / "list.csv"
    manifest.write_text("\n".join(rows) + "\n")
    options = ("--root", simulated, "--label", "busy", "--quiet")
    status, out, _ = run(capsys, "prepare", manifest, tmp_path / "out", *options)
    assert status == 0
    assert "no file was missing, malformed or in disagreement" in out
    result = load(tmp_path / "out")
    assert result.recordings["busy_label"].tolist() == [1, 1, 1, 1]
    for place in range(4):
        assert (result.channel("tonic")[place] == prepared.channel("tonic")[place]).all()


def test_figures_are_written_and_the_error_is_printed(
    prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    status, out, _ = run(capsys, "figures", prepared.folder, tmp_path / "figures")
    assert status == 0
    assert out.startswith(f"programme cvxeda: what {prepared.folder} was prepared with\n")
    trip = round_trip(prepared, str(prepared.recordings["recording_id"][0]))
    assert f"origin {trip.error[0]:.2e}, phasic {trip.error[1]:.2e}, tonic {trip.error[2]:.2e}" in out
    for name in ("figure2.svg", "figure3.svg"):
        assert (tmp_path / "figures" / name).read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("prepare", "NOTHING", "out"), "is neither a folder nor a manifest"),
        (("prepare", ".", "out"), "is not a PMEmo folder"),
        (("prepare", "bad.csv", "out"), "column 'recording' is missing"),
        (("simulate", "sim", "--subjects", "0"), "at least 1"),
    ],
)
def test_errors_are_one_line_and_a_status(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    status, _, err = run(capsys, *arguments)
    assert status != 0
    assert words in err
    assert "Traceback" not in err
    assert not (tmp_path / "out" / schema.META).exists()


def test_a_cluster_gives_the_same_bytes(simulated: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'scale'")
    import subprocess
    import sys

    for name, extra in (("here", []), ("there", ["--scheduler", "local:1"])):
        command = [sys.executable, "-m", "ressin", "prepare", str(simulated), str(tmp_path / name), "--quiet", *extra]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    for name in (*schema.TABLES, schema.META):
        assert digest_file(tmp_path / "here" / name) == digest_file(tmp_path / "there" / name)


def test_a_folder_that_cannot_be_made_is_an_error_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = run(capsys, "simulate", tmp_path / "file" / "sim", "--subjects", 2, "--songs", 2, "--quiet")
    assert (status, err) == (1, f"ressin: {tmp_path / 'file' / 'sim' / 'simulation'}: Not a directory\n")


def test_the_help_of_prepare_names_every_column_of_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["prepare", "--help"])
    text = capsys.readouterr().out
    columns = text[text.index("columns of a manifest") :]
    assert all(name in columns for name in (*TEXTS, *TIMES, *NUMBERS, "NAME_label"))
    example = [line.strip() for line in columns.strip().splitlines()[-3:]]
    manifest = tmp_path / "mine.csv"
    manifest.write_text("\n".join(example) + "\n")
    assert [entry.stimulus for entry in read_manifest(manifest).entries] == ["film", "rest"]


def test_windows_of_a_manifest_and_how_they_are_decomposed_and_scaled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "\n".join(f"{k / 4},{3 + 0.2 * (k % 80 < 20) * (k % 80) / 20}" for k in range(600))
    (tmp_path / "a.csv").write_text(f"time,EDA\n{rows}\n")
    (tmp_path / "mine.csv").write_text("recording,subject,stimulus,start,end\na.csv,s,film,0,150\n")
    options = ("--window", 60, "--step", 30, "--scale", "person", "--row-seconds", 3, "--drop", 10, "--quiet")
    status, out, _ = run(capsys, "prepare", tmp_path / "mine.csv", tmp_path / "out", *options)
    assert status == 0
    said = out.splitlines()[1]
    assert said.startswith("each file decomposed once, as a whole, windows cut from the result; the first 10 s of each")
    assert said.endswith("scaled by the person's empirical distribution function")
    assert "rejected, dropped: 1" in out
    assert "of 3 samples of 1 file(s): " in out
    result = load(tmp_path / "out")
    assert result.recordings["start"].tolist() == [30.0, 60.0, 90.0]
    assert (result.decompose, result.scale, result.row_seconds) == ("recording", "person", 3.0)
    status, out, _ = run(capsys, "prepare", tmp_path / "mine.csv", tmp_path / "two", "--decompose", "window", "--quiet")
    assert status == 0
    assert "each window decomposed by itself; nothing dropped; scaled by minimum and maximum of each picture" in out
    status, _, err = run(capsys, "prepare", tmp_path, tmp_path / "three", "--window", 60)
    assert (status, "PMEmo's files are not divided" in err) == (1, True)
