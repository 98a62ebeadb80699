"""The package on processors that are not here: QEMU's user emulation beside this one, as kind | cases | survived.

``python -m tests.attack.processors [--core-tests build/tests/core] [--seed N] [--signals N]`` runs decompositions of
every solver, windows, streams and pictures, and the C++ tests where their folder is named, on an emulated Nehalem (no
AVX) and Haswell (AVX2 and FMA). A case survives if it ends, with the numbers of this processor: pictures bit for bit,
the rest up to 1e-9 of the largest, or 1e-2 for the robust programme, whose settings are found in single precision
to about 1e-4; an instruction that the processor lacks ends it with SIGILL. QEMU emulates no
AVX-512.

The emulator is qemu-x86_64 (Debian's packages qemu-user and qemu-user-static), found on PATH or named by RESSIN_QEMU.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import ressin
from ressin import _core
from ressin.image import ImageSettings, PackedSignals
from tests.attack.fuzz import Tally, table

SETS = {"Nehalem": ("baseline", "baseline"), "Haswell": ("v3", "avx2")}  # of the kernels, of the pictures
NAMES = ("qemu-x86_64-static", "qemu-x86_64")
RATE = 8.0
CLOSE, CLOSE_ROBUST = 1e-9, 1e-2  # of the largest number of a part
SECONDS = 1800.0  # that one emulated process may take
KINDS: dict[str, dict[str, Any]] = {
    "auto": {},
    "active set": {"solver": "active_set"},
    "interior point": {"solver": "interior_point"},
    "osqp": {"solver": "osqp"},
    "2015": {"revision": "2015"},
    "2015, no baseline": {"revision": "2015", "baseline": "none"},
    "constant baseline": {"baseline": "constant"},
    "robust": {"programme": "robust"},
}
PARTS = ("phasic", "tonic", "driver", "residual", "spline", "drift")


def emulator() -> str | None:
    """Return the path of QEMU's emulator for this architecture's programs, or None."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return None
    named = os.environ.get("RESSIN_QEMU")
    return next((found for name in ([named] if named else NAMES) if (found := shutil.which(name))), None)


def why_not() -> str:
    """Say why no processor can be emulated here."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"processors of x86-64 are emulated on Linux on x86-64 alone, not on {platform.machine()}"
    return "no qemu-x86_64 (packages qemu-user, qemu-user-static) on PATH or at RESSIN_QEMU"


def make_signals(count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return made-up recordings by name, some with gaps, which every processor is then given."""
    made = {}
    for k in range(count):
        y = ressin.simulate_eda(float(rng.uniform(25, 70)), RATE, n_scr=5, rng=rng).signal
        if k % 3 == 1:
            start = int(rng.integers(y.size - 40))
            y[start : start + int(rng.integers(4, 40))] = np.nan
        made[f"signal{k}"] = y
    return made


def computed(signals: list[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what is compared, by name; of decompositions the solver that found them, too."""
    yield "instruction sets", np.array([_core.instruction_set(), _core.image_instruction_set()])
    for kind, settings in KINDS.items():
        batch = ressin.decompose_batch(signals, RATE, missing="solve", n_threads=2, **settings)
        for k, found in enumerate(batch):
            yield f"{kind} {k} solver and status", np.array([found.solver, found.status])
            for part in PARTS:
                yield f"{kind} {k} {part}", getattr(found, part)
    whole = [y for y in signals if not np.isnan(y).any()]
    for k, y in enumerate(whole):
        yield f"windows {k}", ressin.decompose_windows(y, RATE, 15, 5).phasic
        for programme in ("cvxeda", "robust"):
            result = ressin.Stream(RATE, lag=5.0, warm_up=10.0, programme=programme).push(y)
            yield f"stream {programme} {k}", np.concatenate([result.final.phasic, result.provisional.phasic])
    for antialias in (True, False):
        packed = PackedSignals.pack([np.stack([y, y[::-1], y]).astype(np.float32) for y in whole], RATE)
        for size in (16, 33, 64):
            yield f"pictures {size} {antialias}", packed.draw(np.arange(len(whole)), ImageSettings(size, antialias))


def differs(name: str, here: np.ndarray, there: np.ndarray) -> str:
    """Say what is wrong with the numbers of another processor, or nothing."""
    if here.shape != there.shape:
        return f"{name}: shape {there.shape} instead of {here.shape}"
    if here.dtype.kind == "U" or name.startswith("pictures"):
        return "" if np.array_equal(here, there) else f"{name}: {there[:2]} instead of {here[:2]}"
    if not np.array_equal(np.isnan(here), np.isnan(there)):
        return f"{name}: other numbers are NaN"
    close = CLOSE_ROBUST if "robust" in name else CLOSE
    apart = np.nanmax(np.abs(here - there), initial=0.0)
    largest = np.nanmax(np.abs(here), initial=0.0)
    return f"{name}: {apart / largest:.1e} of the largest apart" if apart > close * largest else ""


class Emulated:
    """A processor that QEMU plays."""

    def __init__(self, program: str, processor: str) -> None:
        self.processor = processor
        self.line = [program, "-cpu", processor]

    def run(self, *line: str) -> tuple[int, str]:
        """Run a program; return its status and what it said."""
        done = subprocess.run(
            [*self.line, *line], capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        said = [text for text in done.stderr.splitlines() if "TCG doesn't support" not in text]
        return done.returncode, "\n".join([done.stdout[-1000:], *said[-20:]])


def ended(status: int, said: str) -> str:
    """Say how a program ended, or nothing where it ended well."""
    if status == 0:
        return ""
    if status in (-signal.SIGILL, 128 + signal.SIGILL):
        return f"an instruction that the processor lacks; {said}"
    return f"status {status}; {said}"


def try_python(processor: Emulated, folder: Path, here: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield for every array what is wrong with it on a processor, or nothing."""
    out = folder / f"{processor.processor}.npz"
    fault = ended(
        *processor.run(sys.executable, "-m", "tests.attack.processors", "--compute", str(folder / "in.npz"), str(out))
    )
    there = dict(np.load(out)) if not fault else {}
    if not fault and tuple(there["instruction sets"]) != SETS[processor.processor]:
        fault = f"instruction sets {there['instruction sets']} instead of {SETS[processor.processor]}"
    for name, array in here.items():
        if name != "instruction sets":
            yield fault or differs(name, array, there[name])


def try_core(processor: Emulated, folder: Path) -> Iterator[str]:
    """Yield for each program of the C++ tests how it went wrong, or nothing."""
    programs = sorted(path for path in folder.resolve().glob("test_*") if path.is_file() and os.access(path, os.X_OK))
    if not programs:
        raise SystemExit(f"{folder} holds no programs test_*: build with -DRESSIN_BUILD_TESTS=ON")
    for path in programs:
        fault = ended(*processor.run(str(path)))
        yield f"{path.name}: {fault}" if fault else ""


def attack(*names: str, count: int, seed: int, core_tests: Path | None = None) -> dict[str, Tally]:
    """Try processors, on so many recordings; return what survived."""
    program, tallies = emulator(), {}
    assert program is not None, why_not()
    with tempfile.TemporaryDirectory(prefix="ressin-processors-") as made:
        folder = Path(made)
        signals = make_signals(count, np.random.default_rng(seed))
        np.savez(folder / "in.npz", **signals)  # type: ignore[arg-type]
        here = dict(computed(list(signals.values())))
        for name in names:
            processor = Emulated(program, name)
            tallies[f"numbers, {name}"] = tally_of(try_python(processor, folder, here))
            if core_tests is not None:
                tallies[f"C++ tests, {name}"] = tally_of(try_core(processor, core_tests))
    return tallies


def tally_of(faults: Iterable[str]) -> Tally:
    """Count cases, and those that went wrong."""
    tally = Tally()
    for number, fault in enumerate(faults):
        tally.cases += 1
        if fault:
            tally.lost.append((number, fault))
    return tally


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and return 0 if everything survived or nothing can be emulated."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.processors", description=__doc__)
    parser.add_argument("--core-tests", type=Path, metavar="FOLDER", help="programs of the C++ tests")
    parser.add_argument("--signals", type=int, default=6, help="recordings made up (default 6)")
    parser.add_argument("--seed", type=int, default=0, help="of the recordings (default 0)")
    parser.add_argument("--compute", nargs=2, metavar=("IN", "OUT"), help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.compute:
        found = dict(computed(list(np.load(given.compute[0]).values())))
        np.savez(given.compute[1], **found)  # type: ignore[arg-type]
        return 0
    if emulator() is None:
        print(f"skipped: {why_not()}")
        return 0
    tallies = attack(*SETS, count=given.signals, seed=given.seed, core_tests=given.core_tests)
    for kind, tally in tallies.items():
        for _, fault in tally.lost:
            print(f"{kind}: {fault}")
    print(table(tallies))
    return 1 if any(tally.lost for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
