"""Print the tables of the README and of docs/ as Markdown: speed, memory and accuracy, with machine and versions.

    python -m bench.table                    everything (some minutes)
    python -m bench.table speed              one of speed, memory, accuracy

The accuracy table includes the real recordings where RESSIN_EDA_DIR names their folder.
"""

from __future__ import annotations

import argparse
import importlib
import platform
from importlib import metadata
from pathlib import Path

from bench import threads

threads.limit_to_one()

import ressin  # noqa: E402
from bench import accuracy, claims, memory, robust, test_real_recordings, test_stream  # noqa: E402

CLAIMS = (
    "test_batch_vs_cvxeda",
    "test_batch_vs_piqp",
    "test_one_signal",
    "test_day_at_4_hz",
    "test_five_minutes_at_1_khz",
    "test_two_threads",
    "test_two_threads_one_recording",
    "test_osqp_warm",
    "test_osqp_cold",
    "test_windows_vs_cvxeda",
    "test_bootstrap",
)
PACKAGES = ("numpy", "scipy", "cvxeda", "cvxopt", "neurokit2", "piqp")


def speed() -> None:
    _print_row("work", "ressin", "peer", "peer's time", "ratio", "guaranteed", "aim")
    _print_row("---", "---:", "---", "---:", "---:", "---:", "---:")
    races = [importlib.import_module(f"bench.{name}").prepare for name in CLAIMS]
    others = (test_stream.claims(), test_real_recordings.claims(), robust.claims())
    for prepare in (*races, *(prepare for rows in others for prepare in rows.values())):
        outcome = claims.run(prepare())
        claim = outcome.claim
        _print_row(
            claim.work,
            _duration(outcome.ours),
            claim.peer,
            _duration(outcome.peer),
            f"**{outcome.ratio:.3g}x**",
            "-" if claim.at_least is None else f"{claim.at_least:g}x",
            "-" if claim.aim is None else f"{claim.aim:g}x",
        )


def peaks() -> None:
    _print_row("work", "peak memory above the interpreter", "of which input and output")
    _print_row("---", "---:", "---:")
    for work, n, count, rate in (
        ("24 h at 4 Hz, one signal", 345_600, 1, 4.0),
        ("batch of 512, 45 s at 50 Hz", 2250, 512, 50.0),
        ("batch of 4,096, 45 s at 50 Hz", 2250, 4096, 50.0),
        ("24 h at 64 Hz, one signal (5.5 million samples)", 5_529_600, 1, 64.0),
    ):
        peak = memory.measure(n, count, rate)
        _print_row(work, f"{peak.megabytes:.0f} MB", f"{peak.arrays / 1e6:.0f} MB")


def differences() -> None:
    _print_row(*accuracy.HEADER)
    _print_row("---", "---:", "---", "---:", "---:", "---:", "---:")
    for row in accuracy.rows():
        _print_row(*row)


TABLES = {"speed": speed, "memory": peaks, "accuracy": differences}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="which tables to print; all of them if none")
    chosen = parser.parse_args().tables or list(TABLES)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _installed())
    print(f"{_processor()}; ressin {ressin.__version__}, {versions}; Python {platform.python_version()}.")
    print("One thread unless it says otherwise.")
    for name in chosen:
        print()
        TABLES[name]()


def _print_row(*cells: str) -> None:
    print("|", " | ".join(cells), "|", flush=True)


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor() or platform.machine()


def _installed() -> list[str]:
    found = []
    for name in PACKAGES:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


if __name__ == "__main__":
    main()
