"""`ressin decompose` and `ressin demo` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.cli import main
from ressin.cli.decompose import work as decompose_work
from ressin.cli.decompose.outputs import Target
from ressin.decomposition.decompose import decompose
from ressin.reading import Reading
from ressin.simulation.eda import simulate_eda


def write_empatica(path: Path, seed: int = 0, seconds: float = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = simulate_eda(seconds, 4, n_scr=4, rng=np.random.default_rng(seed)).signal
    path.write_text("1600000000.0\n4.0\n" + "".join(f"{value:.6f}\n" for value in samples))
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_empatica(tmp_path / "in" / "EDA.csv")


CVXEDA = ("--programme", "cvxeda")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_one_file_gives_table_and_evidence_and_says_what_it_took(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("decompose", recording, "-o", tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["EDA_decomposed.csv", "EDA_evidence.json"]
    table = pd.read_csv(tmp_path / "out" / "EDA_decomposed.csv")
    parts = [table[f"EDA_{part} (uS)"] for part in ("Tonic", "Phasic", "Outliers", "Residual")]
    np.testing.assert_allclose(sum(parts), table["EDA_Raw (uS)"], atol=1e-8)
    assert table["Time (s)"].iloc[-1] == 59.75
    evidence = json.loads((tmp_path / "out" / "EDA_evidence.json").read_text())
    assert evidence["status"] == "optimal"
    assert evidence["recording"]["start_time"] == 1.6e9
    assert "Empatica" in evidence["recording"]["notes"][0]
    printed = capsys.readouterr()
    assert printed.out.startswith("programme robust: outliers and shifts")
    assert "240 samples at 4 Hz, 60 s" in printed.out
    assert "taken     Empatica E4 layout" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "parquet"])
def test_the_table_can_be_named(recording: Path, tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert run("decompose", recording, "-o", tmp_path / f"mine.{suffix}", "--scrs", "-q") == 0
    names = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert names == sorted([f"mine.{suffix}", "mine_evidence.json", "mine_scrs.csv"])


def test_the_robust_programme_leaves_its_findings_in_every_file(tmp_path: Path) -> None:
    signal = simulate_eda(60, 8, n_scr=4, rng=np.random.default_rng(4)).signal
    signal[300:] += 1.5
    signal[100:103] += 2.0
    pd.DataFrame({"EDA": signal}).to_csv(tmp_path / "x.csv", index=False)
    assert run("decompose", tmp_path / "x.csv", "--rate", 8, "-o", tmp_path / "o.csv", "-q") == 0
    table = pd.read_csv(tmp_path / "o.csv").rename(columns=lambda name: name.removesuffix(" (uS)"))
    expected = decompose(signal, 8, programme="robust")
    assert expected.robust is not None
    for column, part in (("Outliers", expected.outliers), ("Shifts", expected.shifts), ("Tonic", expected.tonic)):
        np.testing.assert_allclose(table[f"EDA_{column}"], part, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(table["EDA_Tonic_Unshifted"], expected.tonic - expected.shifts, rtol=1e-8)
    assert np.abs(table["EDA_Outliers"][100:103]).min() > 1.5
    assert np.ptp(table["EDA_Shifts"]) == pytest.approx(1.5, abs=0.2)
    assert np.ptp(table["EDA_Tonic_Unshifted"]) < np.ptp(table["EDA_Tonic"])
    evidence = json.loads((tmp_path / "o_evidence.json").read_text())
    assert evidence["settings"]["programme"] == "robust"
    assert evidence["quality"]["n_shifts"] == expected.quality.n_shifts >= 1
    for name in ("smallest_response", "noise", "rounds"):
        assert evidence["robust"][name] == getattr(expected.robust, name)


def test_times_of_the_file_that_do_not_begin_at_zero_are_kept(tmp_path: Path) -> None:
    made, file = simulate_eda(30, 4, n_scr=2, rng=np.random.default_rng(5)), tmp_path / "in.csv"
    file.write_text("ms,EDA (uS)\n" + "".join(f"{17_250 + 250 * i},{y:.6f}\n" for i, y in enumerate(made.signal)))
    assert run("decompose", file, "-o", tmp_path / "out") == 0
    table = pd.read_csv(tmp_path / "out" / "in_decomposed.csv")
    assert list(table.columns[:2]) == ["Time_Recorded (s)", "Time (s)"]
    np.testing.assert_allclose(table["Time_Recorded (s)"], 17.25 + np.arange(120) / 4)
    np.testing.assert_allclose(table["Time (s)"], np.arange(120) / 4)
    about = json.loads((tmp_path / "out" / "in_evidence.json").read_text())["recording"]
    assert (about["start_time"], about["clock"]["begins"]) == (None, 17.25)


def test_what_cannot_be_is_said_of_cvxeda_and_nothing_is_warned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = np.repeat(np.random.default_rng(0).uniform(0.0, 1.5, 30), 40)
    pd.DataFrame({"EDA": steps}).to_csv(tmp_path / "x.csv", index=False)
    assert run("decompose", tmp_path / "x.csv", "--rate", 4, "-o", tmp_path / "o.csv", *CVXEDA) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("programme cvxeda: Greco et al. 2016")
    assert "The tonic part is below zero in 61% of the recording" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("kind", ["png", "svg", "html"])
def test_pictures(recording: Path, tmp_path: Path, kind: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    flags = ["--plot"] if kind == "png" else ["--plot-format", kind]
    assert run("decompose", recording, "-o", tmp_path / "out", "-q", *flags) == 0
    assert (tmp_path / "out" / f"EDA_decomposed.{kind}").stat().st_size > 5_000


def test_settings_reach_the_decomposition(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = simulate_eda(40, 8, n_scr=3, rng=np.random.default_rng(1)).signal
    pd.DataFrame({"ECG": 0.0, "left": rows, "right": rows}).to_csv(path, index=False)
    settings = {
        "--tau0": 3.0, "--tau1": 0.5, "--delta-knot": 5.0, "--alpha": 0.002, "--gamma": 0.05, "--revision": "2015",
        "--baseline": "constant", "--tol": 1e-9, "--max-iterations": 60, "--missing": "solve",
    }  # fmt: skip
    flat = [str(item) for pair in settings.items() for item in pair]
    flat += ["--no-standardize", "--programme", "cvxeda"]
    assert run("decompose", path, "-o", tmp_path / "o.csv", "--rate", 8, "--column", "left", *flat) == 0
    used = json.loads((tmp_path / "o_evidence.json").read_text())["settings"]
    assert used["standardize"] is False
    for flag, value in settings.items():
        assert used[flag[2:].replace("-", "_")] == value


def test_one_bad_file_does_not_lose_the_others(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "in" / "text.csv"
    text.write_text("EDA\n1\nabc\n2\n")
    gap = tmp_path / "in" / "gap.csv"
    gap.write_text("EDA,n\n" + "".join(f"{'' if i == 7 else i % 5},{i}\n" for i in range(30)))
    missing = tmp_path / "in" / "nowhere.csv"
    code = run("decompose", gap, text, recording, missing, "-o", tmp_path / "out", "--rate", 4, "--missing", "raise")
    printed = capsys.readouterr()
    assert code == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"EDA_decomposed.csv", "EDA_evidence.json"}
    table = printed.err.splitlines()
    assert table[0] == "3 of 4 files failed:"
    joined = " ".join(" ".join(table).split())
    assert "line 3, column 'EDA': 'abc' is not a number" in joined
    assert "the signal is NaN at 1 of 30 samples, first at index 7" in joined
    assert "there is no such file" in joined
    places = [joined.index(path.name) for path in (gap, text, missing)]
    assert places == sorted(places)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = [write_empatica(tmp_path / "study" / name / "EDA.csv", i) for i, name in enumerate(["S1", "S2", "S3"])]
    other = write_empatica(tmp_path / "study" / "extra.csv", 9)
    assert run("decompose", *files, other, files[0], "-o", tmp_path / "out", "-q") == 0
    names = {path.name for path in (tmp_path / "out").glob("*_decomposed.csv")}
    assert names == {f"{stem}_decomposed.csv" for stem in ("S1-EDA", "S2-EDA", "S3-EDA", "extra")}
    first = pd.read_csv(tmp_path / "out" / "S1-EDA_decomposed.csv")["EDA_Raw (uS)"]
    np.testing.assert_allclose(first[:3], [float(line) for line in files[0].read_text().split()[2:5]], rtol=1e-9)


def test_deeper_folders_and_names_that_differ_in_case(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "x" / "EDA.csv", tmp_path / "b" / "x" / "EDA.csv", tmp_path / "b" / "x" / "eda.txt"]
    files = [write_empatica(path) for path in paths]
    assert run("decompose", *files[:2], "-o", tmp_path / "out", "-q") == 0
    assert {path.name for path in (tmp_path / "out").glob("*.csv")} == {
        "a-x-EDA_decomposed.csv",
        "b-x-EDA_decomposed.csv",
    }


def test_patterns_are_expanded_where_the_shell_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("subject-1.csv", "subject-2.csv", "odd[1].csv", "other.csv"):
        write_empatica(tmp_path / "in" / name)
    folder = tmp_path / "in"
    assert run("decompose", folder / "subject-*.csv", folder / "odd[1].csv", "-o", tmp_path / "out", "-q") == 0
    assert {path.name for path in (tmp_path / "out").glob("*.csv")} == {
        f"{stem}_decomposed.csv" for stem in ("subject-1", "subject-2", "odd[1]")
    }
    assert run("decompose", folder / "none-*.csv", "-o", tmp_path / "out") == 1
    assert "none-*.csv" in capsys.readouterr().err


def test_files_of_one_folder_and_stem_are_told_apart_by_their_suffixes(tmp_path: Path) -> None:
    files = [write_empatica(tmp_path / "in" / name) for name in ("EDA.csv", "EDA.txt", "other.csv")]
    assert run("decompose", *files, "-o", tmp_path / "out", "-q") == 0
    assert {path.name for path in (tmp_path / "out").glob("*.csv")} == {
        "EDA-csv_decomposed.csv",
        "EDA-txt_decomposed.csv",
        "other_decomposed.csv",
    }


def test_inputs_that_cannot_be_told_apart_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write_empatica(tmp_path / name) for name in ("EDA.csv", "eda.csv")]
    if files[0].samefile(files[1]):
        pytest.skip("the file system ignores case")
    assert run("decompose", *files, "-o", tmp_path / "out") == 2
    assert "would write results of the same name; rename one, or run them apart" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--programme", "cvxeda", "--alpha", "0"], "alpha is 0; it must be > 0"),
        (["--programme", "cvxeda", "--alpha", "-1"], "alpha is -1"),
        (["--programme", "cvxeda", "--gamma", "-1"], "gamma is -1"),
        (["--rate", "0"], "sampling_rate is 0"),
        (["--rate", "nan"], "sampling_rate is nan"),
        (["--jobs", "-1"], "n_threads is -1"),
        (["--tol", "0"], "tol is 0"),
        *(
            ([*option.split()], f"{option.split()[0]} belongs to cvxEDA; the robust programme")
            for option in (
                "--alpha 8e-4",
                "--gamma 0.01",
                "--revision 2025",
                "--baseline linear",
                "--no-standardize",
                "--solver osqp",
                "--n-boot 20",
                "--boot-seed 0",
            )
        ),
        (["--min-amplitude", "0"], "--min-amplitude is 0; it must be positive"),
    ],
)
def test_settings_out_of_range_stop_before_any_work(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run("decompose", recording, "-o", tmp_path / "out", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_outputs_that_cannot_be_are_refused(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = recording.read_bytes()
    blocked = tmp_path / "file"
    blocked.write_text("x")
    assert run("decompose", recording, "-o", blocked) == 2
    assert "cannot make the folder" in capsys.readouterr().err
    assert run("decompose", recording, "-o", recording) == 2
    assert "would overwrite the input" in capsys.readouterr().err
    assert run("decompose", recording, write_empatica(tmp_path / "b.csv"), "-o", tmp_path / "t.csv") == 2
    assert "names one table, but there are 2 inputs; name a folder" in capsys.readouterr().err
    assert run("decompose", recording, "-o", tmp_path / "t.xlsx") == 2
    assert "the suffix says the format, and it must be one of .csv" in capsys.readouterr().err
    assert run("decompose", recording, "-o", tmp_path / "nowhere" / "t.csv") == 1
    assert "does not exist" in " ".join(capsys.readouterr().err.split())
    assert recording.read_bytes() == before
    assert blocked.read_text() == "x"


def test_a_wrong_command_line_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["decompose"], ["decompose", "x.csv", "--rate", "fast"], ["nothing"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    assert "usage: ressin" in capsys.readouterr().err


def test_ctrl_c_exits_with_130(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ressin.decomposition.decompose_batch.decompose_batch", interrupt)
    assert run("decompose", recording, "-o", tmp_path / "out") == 130
    assert "stopped" in capsys.readouterr().err


def test_demo_finds_what_it_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert run("demo", "--short", "-o", tmp_path / "demo", "--seed", 3, *CVXEDA) == 0
    printed = capsys.readouterr().out
    assert "12 SCRs: 12 of 12 responses matched, 0 missed, 0 extra" in printed
    assert "optimality recomputed from the data holds" in printed
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    assert names == {"demo.csv", "demo.json", "demo.png", "demo_scrs.csv", "real.csv", "real.png"}
    told = json.loads((tmp_path / "demo" / "demo.json").read_text())["demo"]
    assert (told["seed"], told["matched"], told["certified"]) == (3, 12, True)
    assert told["phasic_rmse"] < 0.01
    assert told["residual_rms"] == pytest.approx(told["noise"], rel=0.1)


def test_demo_uses_the_robust_programme_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--short", "-o", tmp_path, "--seed", 3) == 0
    assert capsys.readouterr().out.startswith("programme   robust: outliers and shifts")
    written = json.loads((tmp_path / "demo.json").read_text())
    assert written["settings"]["programme"] == "robust"
    assert (written["demo"]["matched"], written["demo"]["certified"]) == (12, True)


def test_demo_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("demo", "--short", "-o", tmp_path / name, "--seed", seed) == 0
    tables = [(tmp_path / name / "demo.csv").read_bytes() for name in "abc"]
    assert tables[0] == tables[1] != tables[2]


def test_demo_without_matplotlib_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ressin.plots.decomposition", "ressin.plots.files"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run("demo", "--short", "-o", tmp_path / "demo") == 0
    assert "no picture" in capsys.readouterr().out
    assert (tmp_path / "demo" / "demo.csv").exists()


def test_the_module_runs_and_knows_its_version() -> None:
    import ressin

    done = subprocess.run([sys.executable, "-m", "ressin", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"ressin {ressin.__version__}"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_bands_on_demand_are_in_the_table_and_the_evidence(recording: Path, tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert (
        run("decompose", recording, "-o", tmp_path / f"mine.{suffix}", "--n-boot", 20, "--boot-seed", 3, "-q", *CVXEDA)
        == 0
    )
    path = tmp_path / f"mine.{suffix}"
    table = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    unit = " (uS)" if suffix == "csv" else ""
    signal = np.loadtxt(recording)[2:]
    bands = decompose(signal, 4, n_boot=20, boot_seed=3).bands
    assert bands is not None
    for column in ("EDA_Tonic_Low", "EDA_Tonic_High", "EDA_Phasic_Low", "EDA_Phasic_High"):
        expected = getattr(bands, column.removeprefix("EDA_").lower())
        np.testing.assert_allclose(table[column + unit], expected, rtol=1e-8, atol=1e-9)
    evidence = json.loads((tmp_path / "mine_evidence.json").read_text())
    assert evidence["bands"]["seed"] == 3


def test_too_few_replicates_are_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("decompose", tmp_path / "nothing.csv", "--n-boot", 5, *CVXEDA) == 2
    assert "n_boot is 5; it must be an integer >= 20" in capsys.readouterr().err


def test_files_in_processes_of_their_own_give_the_same_files(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "in" / "text.csv"
    text.write_text("EDA\n1\nabc\n2\n")
    other = write_empatica(tmp_path / "in" / "other.csv", seed=1)
    arguments = ("decompose", other, text, recording, "--rate", 4, "--scrs", "--jobs", 2, "-o")
    assert run(*arguments, tmp_path / "here") == 1
    here = capsys.readouterr()
    monkeypatch.setattr(decompose_work, "_WORTH_PROCESSES", 0.0)
    assert run(*arguments, tmp_path / "apart") == 1
    apart = capsys.readouterr()
    assert apart.out == here.out.replace(str(tmp_path / "here"), str(tmp_path / "apart"))
    assert apart.err == here.err
    for path in sorted((tmp_path / "here").glob("*.csv")):
        assert path.read_bytes() == (tmp_path / "apart" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("n_bytes", "picture", "jobs", "n_files", "expected"),
    [(10_000, False, 8, 20, 1), (10_000_000, False, 8, 20, 8), (10_000, True, 8, 20, 8), (10_000_000, False, 1, 20, 1),
     (10_000_000, True, 8, 3, 3)],
)  # fmt: skip
def test_processes_are_used_where_they_pay(
    tmp_path: Path, n_bytes: int, picture: bool, jobs: int, n_files: int, expected: int
) -> None:
    path = tmp_path / "EDA.csv"
    path.touch()
    os.truncate(path, n_bytes)
    target = Target(path, "EDA", path, path, path, path)
    options = decompose_work.Options({"n_threads": jobs}, Reading(), False, picture, 0.01, 0, 0)
    assert decompose_work.count_processes([target] * n_files, options) == expected
