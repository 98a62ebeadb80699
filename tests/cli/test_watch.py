"""`ressin watch` as a person runs it: lines in a pipe, a growing file, a stream on the Lab Streaming Layer."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ressin import RecordingError, Stream, StreamParts, StreamResult
from ressin.cli import main
from ressin.cli.options import programme_line
from ressin.cli.watch.picture import Live
from ressin.io.live.feeds import Samples
from tests.signals import Signal, simulate

RATE = 4.0
ABOUT = "standard input: unit unknown, 4 Hz; no header; unit unknown\n"


def watch(*arguments: object, lines: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ressin", "watch", *map(str, arguments)]
    return subprocess.run(command, input=lines, capture_output=True, text=True, check=False, timeout=60)


def as_lines(signal: Signal) -> str:
    return "".join(f"{value:.12g}\n" for value in signal)


def expected(signal: Signal, **settings: Any) -> StreamParts:
    signal = np.array([float(line) for line in as_lines(signal).split()])  # what the command reads
    stream = Stream(RATE, **{"programme": "robust", **settings})
    return StreamParts.join([stream.push(signal).final, stream.finish().final])


def assert_table(text: str, parts: StreamParts, more: tuple[str, ...] = ("outliers", "shifts")) -> None:
    table = pd.read_csv(io.StringIO(text))
    assert list(table.columns) == ["sample", "time", "signal", "phasic", "tonic", "driver", "residual", *more]
    np.testing.assert_array_equal(table["sample"], parts.index)
    for name in ("time", "signal", "phasic", "tonic", "residual", *more):
        np.testing.assert_allclose(table[name], getattr(parts, name), rtol=1e-7, atol=1e-6, err_msg=name)


def test_a_batch_is_cut_where_its_clock_leaps() -> None:
    times = np.array([0.0, 0.25, 0.52, 1.52, 1.77])
    runs = Samples(np.arange(5.0), times).runs(RATE, 0.1)
    assert [run.signal.tolist() for run in runs] == [[0.0, 1.0, 2.0], [3.0, 4.0]]


# --- the command


def test_a_pipe_gives_the_parts_of_all_samples() -> None:
    y = simulate(RATE, 100)
    done = watch("--rate", RATE, "--lag", 15, lines=as_lines(y))
    assert (done.returncode, done.stderr) == (0, f"{programme_line('robust')}\n{ABOUT}400 samples, 100 s\n")
    assert_table(done.stdout, expected(y, lag=15.0))


def test_cvxeda_on_demand() -> None:
    y = simulate(RATE, 100)
    done = watch("--rate", RATE, "--programme", "cvxeda", "--alpha", 1e-3, lines=as_lines(y))
    assert (done.returncode, done.stderr) == (0, f"{programme_line('cvxeda')}\n{ABOUT}400 samples, 100 s\n")
    assert_table(done.stdout, expected(y, programme="cvxeda", alpha=1e-3), ())


def test_settings_and_missing_samples_pass_through() -> None:
    y = simulate(RATE, 100)
    y[100:130] = np.nan
    done = watch(
        "--rate", RATE, "--mean", 5, "--deviation", 0.5, "--tau0", 3, "--baseline", "linear", "--programme", "cvxeda",
        lines=as_lines(y),
    )  # fmt: skip
    wanted = expected(y, mean=5.0, deviation=0.5, tau0=3.0, baseline="linear", programme="cvxeda")
    assert_table(done.stdout, wanted, ())
    assert_table(watch("--rate", RATE, "--tau0", 3, lines=as_lines(y)).stdout, expected(y, tau0=3.0))


def test_a_column_of_times_shows_the_gaps() -> None:
    y, t = simulate(RATE, 100), 50 + np.arange(400) / RATE
    kept = np.r_[0:200, 240:400]
    lines = "time,EDA\n" + "".join(f"{a},{b:.12g}\n" for a, b in zip(t[kept], y[kept], strict=True))
    done = watch("--rate", RATE, "--time-column", "time", lines=lines)
    table = pd.read_csv(io.StringIO(done.stdout))
    np.testing.assert_allclose(table["time"], t, atol=1e-6)
    np.testing.assert_array_equal(np.isnan(table["signal"]), ~np.isin(np.arange(400), kept))


@pytest.mark.parametrize(
    ("arguments", "lines", "status", "message"),
    [
        ([], "1\n2\n", 1, "the rate is not in the file"),
        (["--rate", 4], "", 1, "no samples came"),
        (["--rate", 4], "1\nx\n", 1, "standard input, line 2, column 1: 'x' is not a number"),
        (["--rate", 4, "--lag", 0], "", 2, "lag is 0.0; it must be a finite number > 0"),
        (["--rate", -4], "", 2, "sampling_rate is -4"),
        (["nowhere.csv"], "", 2, "nowhere.csv: No such file"),
        (["a.csv", "--lsl", "b"], "", 2, "watch one at a time"),
        (["a.csv", "--state", "s"], "", 2, "a file is read from its first line"),
        (["--lsl", "b", "--time-column", "t"], "", 2, "an LSL stream has its own clock"),
        (["--idle", 0], "", 2, "--idle is 0"),
        (["--rate", 4, "--mean", 5], "", 2, "--mean belongs to cvxEDA; the robust programme, which is the default"),
        (["--rate", 4, "--baseline", "none"], "", 2, "--baseline belongs to cvxEDA"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[object], lines: str, status: int, message: str) -> None:
    done = watch(*arguments, lines=lines)
    assert done.returncode == status
    assert message in done.stderr


@pytest.mark.parametrize(
    ("last", "arguments", "message"),
    [
        ("garbage\n" + "1\n" * 5, [], "standard input, line 401, column 1: 'garbage' is not a number"),
        ("50.0,1\n", ["--time-column", 1, "--column", 2], "the time does not rise"),
    ],
)
def test_what_came_before_it_ends_badly_is_written(
    last: str, arguments: list[object], message: str, tmp_path: Path
) -> None:
    y = simulate(RATE, 100)
    timed = "".join(f"{100 + k / RATE},{value:.12g}\n" for k, value in enumerate(y))
    lines = (timed if arguments else as_lines(y)) + last
    state, table = tmp_path / "state.npz", tmp_path / "parts.csv"
    done = watch("--rate", RATE, *arguments, lines=lines)
    assert done.returncode == 1
    assert message in done.stderr
    assert [line.split(",")[0] for line in done.stdout.splitlines()[1:]] == [str(k) for k in range(400)]
    assert watch("--rate", RATE, *arguments, "--state", state, "-o", table, lines=lines).returncode == 1
    assert Stream.load(state).n_samples == 400
    assert len(table.read_text().splitlines()) == 1 + 320


@pytest.mark.parametrize("interval", [170.0, 0.01])
def test_times_that_contradict_the_rate_are_refused(interval: float) -> None:
    lines = "".join(f"{interval * k},{k % 3 + 1}\n" for k in range(40))
    done = watch("--rate", RATE, "--time-column", 1, "--column", 2, lines=lines)
    assert done.returncode == 1
    assert "the rate of 4 Hz was given, but the file says" in done.stderr or "too short for" in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_standard_input_or_output_that_is_not_there_is_said() -> None:
    command = f"{sys.executable} -m ressin watch --rate 4"
    closed = subprocess.run(f"{command} <&-", shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert closed.returncode == 2
    assert closed.stderr == "ressin watch: standard input is closed: name a file, or --lsl a stream\n"
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full to write to")
    full = subprocess.run(
        f"{command} > /dev/full", shell=True, input="1\n", capture_output=True, text=True, check=False, timeout=60
    )
    assert full.returncode == 1
    assert full.stderr == f"{programme_line('robust')}\nressin: cannot write standard output: No space left on device\n"


def test_a_programme_that_is_not_solved_is_said_and_the_rest_goes_on() -> None:
    y = simulate(RATE, 100)
    done = watch("--rate", RATE, "--max-iterations", 2, lines=as_lines(y))
    assert done.returncode == 1
    assert "times a programme was not solved to the tolerance" in done.stderr
    assert len(done.stdout.splitlines()) == 401


def test_a_file_is_followed_while_it_grows_until_it_rests(tmp_path: Path) -> None:
    y = simulate(RATE, 100)
    path, out = tmp_path / "EDA.csv", tmp_path / "parts.csv"
    path.write_text("1700000000\n4\n" + as_lines(y[:100]))

    def grow() -> None:
        with path.open("a") as file:
            for first in range(100, 400, 50):
                time.sleep(0.1)
                text = as_lines(y[first : first + 50])
                file.write(text[:-3])  # a line that is not whole yet
                file.flush()
                file.write(text[-3:] if first < 350 else text[-3:-1])  # the last line is never completed
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    assert main(["watch", str(path), "--idle", "1", "-o", str(out), "--no-plot"]) == 0
    writer.join()
    assert_table(out.read_text(), expected(y))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to one process on Windows")
def test_what_is_final_is_written_at_once_and_ctrl_c_writes_the_rest(tmp_path: Path) -> None:
    y = simulate(RATE, 100)
    command = [sys.executable, "-m", "ressin", "watch", "--rate", "4", "--lag", "20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(as_lines(y).encode())
        process.stdin.flush()
        early = [process.stdout.readline() for _ in range(1 + 320)]
        assert early[-1].startswith(b"319,")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 0
    assert_table((b"".join(early) + rest).decode(), expected(y))


def test_a_table_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "parts.csv").write_text("mine")
    done = watch("--rate", RATE, "-o", tmp_path / "parts.csv", lines="1\n")
    assert done.returncode == 2
    assert "exists" in done.stderr
    assert (tmp_path / "parts.csv").read_text() == "mine"


def test_with_a_state_two_runs_are_one(tmp_path: Path) -> None:
    y = simulate(RATE, 150)
    once = watch("--rate", RATE, lines=as_lines(y)).stdout.splitlines()
    options = ("--rate", RATE, "--state", tmp_path / "state.npz", "-o", tmp_path / "parts.csv")
    for part in (y[:333], y[333:]):
        assert watch(*options, lines=as_lines(part)).returncode == 0
    twice = (tmp_path / "parts.csv").read_text().splitlines()
    assert len(twice) == 1 + 600 - 80
    assert twice == once[: len(twice)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", 8], "goes on with sampling_rate 4.0, and 8.0 is asked for"),
        (["--rate", RATE, "--lag", 5], "goes on with lag 20.0, and 5.0 is asked for"),
        (["--rate", RATE, "--tau0", 3], "goes on with tau0 2.0, and 3.0 is asked for"),
        (["--rate", RATE, "--programme", "cvxeda"], "goes on with programme 'robust', and 'cvxeda' is asked for"),
    ],
)
def test_a_state_of_another_programme_is_refused(arguments: list[object], message: str, tmp_path: Path) -> None:
    state, table = tmp_path / "state.npz", tmp_path / "parts.csv"
    lines = as_lines(simulate(RATE, 30))
    assert watch("--rate", RATE, "--state", state, lines=lines).returncode == 0
    done = watch(*arguments, "--state", state, "-o", table, lines=lines)
    assert done.returncode == 1
    assert message in done.stderr
    assert Stream.load(state).n_samples == 120


def test_a_state_that_cannot_be_read_leaves_no_table(tmp_path: Path) -> None:
    (tmp_path / "state.npz").write_text("mine")
    done = watch("--rate", RATE, "--state", tmp_path / "state.npz", "-o", tmp_path / "parts.csv", lines="1\n")
    assert done.returncode == 2
    assert "cannot be read as a stream's state: it is no .npz file" in done.stderr
    assert not (tmp_path / "parts.csv").exists()


# --- the plot


class Terminal(io.StringIO):
    encoding = "utf-8"


def test_the_plot_follows_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    y = simulate(RATE, 200)
    stream, terminal = Stream(RATE), Terminal()
    live = Live(terminal, seconds=60)
    monkeypatch.setattr("ressin.cli.watch.picture._REDRAW", 0.0)
    results: list[StreamResult] = [stream.push(y[first : first + 40]) for first in range(0, 800, 40)]
    for result in results:
        live.show(result)
    lines = live.picture(results[-1].provisional, 79, 23)
    assert max(map(len, lines)) <= 79
    assert len(lines) == 23
    assert lines[-1].count("╌") == round(19.75 / 60 * 68)  # the lag
    values = y[-240:]
    assert f"{values.max():.4g}" in lines[1]
    drawn = terminal.getvalue()
    assert drawn.count("\x1b[23F") == len(results) - 1
    assert any(0x2800 < ord(letter) < 0x2900 for letter in drawn)


def test_the_plot_draws_what_there_is() -> None:
    time_, blank = np.arange(10.0), np.full(10, np.nan)
    from ressin.cli.watch.picture import panel

    rows = panel([np.arange(10.0)], time_, 0.0, 9.0, 10, 10, False)
    for k, row in enumerate(rows):
        assert row[11:].find("*") in (8 - k, 9 - k)
    assert rows[0].startswith("        9 |")
    assert all("*" not in row for row in panel([blank], time_, 0.0, 9.0, 10, 4, False))
    assert sum("*" in row for row in panel([np.ones(10)], time_, 0.0, 9.0, 10, 5, False)) == 1


# --- the Lab Streaming Layer


@pytest.fixture(scope="module")
def pylsl() -> ModuleType:
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:
        pytest.skip(f"pylsl with liblsl is not installed: {error}")
    module: ModuleType = pylsl
    return module


def outlet(pylsl: ModuleType, name: str, rate: float = 64.0, labels: tuple[str, ...] = ("EDA",)) -> Any:
    info = pylsl.StreamInfo(name, "EDA", len(labels), rate, "float32", f"source-{name}")
    info.set_channel_labels(list(labels))
    return pylsl.StreamOutlet(info)


def test_a_stream_of_the_lab_streaming_layer_is_watched(pylsl: ModuleType, tmp_path: Path) -> None:
    name = f"ressin-{uuid.uuid4().hex[:8]}"
    source = outlet(pylsl, name, labels=("temperature", "EDA"))
    y = simulate(64.0, 12.0)
    out = tmp_path / "parts.csv"

    def play() -> None:
        assert source.wait_for_consumers(20)
        start = pylsl.local_clock()
        for first in range(0, y.size, 32):
            chunk = [[33.0, float(value)] for value in y[first : first + 32]]
            source.push_chunk(chunk, start + (first + len(chunk) - 1) / 64.0)
            time.sleep(0.02)

    player = threading.Thread(target=play)
    player.start()
    options = ["--lag", "5", "--warm-up", "0", "--column", "EDA", "--idle", "2", "--no-plot", "-o", str(out)]
    assert main(["watch", "--lsl", f"source_id=source-{name}", *options]) == 0
    player.join()
    table = pd.read_csv(out)
    np.testing.assert_allclose(table["signal"], y[: len(table)].astype(np.float32), rtol=1e-6)
    assert len(table) == y.size
    np.testing.assert_allclose(np.diff(table["time"]), 1 / 64, atol=2e-3)
    np.testing.assert_allclose(
        table[["phasic", "tonic", "outliers", "residual"]].sum(axis=1), table["signal"], atol=1e-6
    )


def test_lsl_streams_that_cannot_be_watched_are_named(
    pylsl: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ressin.io.live import lsl

    name = f"ressin-{uuid.uuid4().hex[:8]}"
    held = [outlet(pylsl, name, labels=("a", "b")), outlet(pylsl, f"{name}-irregular", rate=0.0)]
    with pytest.raises(RecordingError, match=r"has 2 channels \('a', 'b'\): say which, by label or number"):
        lsl.LslFeed(name, timeout=5)
    with pytest.raises(RecordingError, match="none is 'c'"):
        lsl.LslFeed(f"name={name}", "c", timeout=5)
    with pytest.raises(RecordingError, match="has no fixed rate"):
        lsl.LslFeed(f"{name}-irregular", timeout=5)
    with pytest.raises(RecordingError, match=r"no LSL stream with name 'nobody' was found within 0\.2 s"):
        lsl.LslFeed("nobody", timeout=0.2)
    assert len(held) == 2


def test_without_pylsl_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    assert main(["watch", "--lsl", "anything"]) == 2
    assert "pip install 'ressin[lsl]'" in capsys.readouterr().err


def test_where_there_is_no_terminal_nothing_is_drawn() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "ressin", "watch", "--rate", "4"]
    done = subprocess.run(command, input=b"1\n2\n3\n4\n", capture_output=True, check=True, env=environment, timeout=60)
    assert b"\x1b" not in done.stderr
