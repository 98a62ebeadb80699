"""Faults of the machine and of the neighbours, put into real runs: kind | cases | survived.

What survives is stated for each kind. Every run is a process of its own; POSIX only.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np

from ressin.simulation.eda import simulate_eda
from tests.attack import core
from tests.attack.corpus import corpus
from tests.attack.fuzz import Tally
from tests.attack.interrupts import content

Files = dict[str, bytes]
Fault = Callable[[Path, int, np.random.Generator], Iterator[str]]
MIB = 2**20
NO_TRACEBACK = "Traceback (most recent call last)"


def write_recording(path: Path, seed: int, seconds: float = 30.0) -> Path:
    """Write an Empatica file."""
    samples = simulate_eda(seconds, 4, n_scr=4, rng=np.random.default_rng(seed)).signal
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("1600000000.0\n4.0\n" + "".join(f"{value:.6f}\n" for value in samples))
    return path


def command(*arguments: object) -> list[str]:
    """Return the command line of `ressin` with these arguments."""
    return [sys.executable, "-m", "ressin", *map(str, arguments)]


def run(line: list[str], limit: tuple[int, int] | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command, under a limit of the system where one is given."""
    return subprocess.run(
        line, capture_output=True, text=True, errors="backslashreplace", check=False, timeout=300,
        env={**os.environ, **environment}, preexec_fn=None if limit is None else lambda: _limit(*limit),
    )  # fmt: skip


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))
    if kind == resource.RLIMIT_FSIZE:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing then fails, as on a full disk


def rows_of(folder: Path, count: int) -> Path:
    """Write a manifest of `count` recordings."""
    names = [write_recording(folder / f"r{k}.csv", k, 40.0).name for k in range(count)]
    manifest = folder / "list.csv"
    manifest.write_text("recording,subject,stimulus\n" + "".join(f"{name},s,{name}\n" for name in names))
    return manifest


def full_disk(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """A file that cannot grow any further: an error that names a file, no half a file, and the next run is whole."""
    source = write_recording(folder / "EDA.csv", 0)
    plain = ("decompose", source, "--scrs", "-q")
    whole = run(command(*plain, "-o", folder / "whole"))
    assert whole.returncode == 0, whole.stderr
    expected = content(folder / "whole")
    largest = max(map(len, expected.values()))
    for number in range(cases):
        out = folder / f"out{number}"
        done = run(command(*plain, "-o", out), (resource.RLIMIT_FSIZE, int(rng.integers(0, largest))))
        found = content(out)
        if done.returncode != 1 or NO_TRACEBACK in done.stderr or "cannot write" not in done.stderr:
            yield f"status {done.returncode}: {done.stderr[-300:]}"
        elif any(expected.get(name) != data for name, data in found.items()):
            yield f"half a file among {sorted(found)}"
        else:
            again = run(command(*plain, "-o", out))
            yield "" if again.returncode == 0 and content(out) == expected else "the next run is not whole"


def kills(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """SIGKILL at a random moment: nothing is half written, and the next run gives the same bytes and clears up."""
    sources = [write_recording(folder / "in" / f"r{k}.csv", k, 120.0) for k in range(12)]
    plain = ("decompose", *sources, "--scrs", "-q", "-o")
    began = time.monotonic()
    assert run(command(*plain, folder / "whole")).returncode == 0
    spent = time.monotonic() - began
    expected = content(folder / "whole")
    for number in range(cases):
        out = folder / f"out{number}"
        process = subprocess.Popen(command(*plain, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(float(rng.uniform(0.3, 1.0)) * spent)
        process.kill()
        process.wait()
        if any(expected[name] != data for name, data in content(out).items() if ".part." not in name):
            yield "half a file"
            continue
        again = run(command(*plain, out))
        found = content(out)
        left = sorted(set(found) - set(expected))
        yield "" if again.returncode == 0 and found == expected else f"status {again.returncode}, left over: {left}"


KILL_AT = """
import os, signal, sys
left, folder = int(sys.argv[1]), sys.argv[2]

def count(event, given):
    global left
    opened = event == "open" and isinstance(given[1], str) and set(given[1]) & set("wax+")
    if (opened or event in ("os.rename", "os.remove", "os.mkdir")) and str(given[0]).startswith(folder):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
from ressin.cli.main import main
status = main(sys.argv[3:])
print("operations", int(sys.argv[1]) - left, file=sys.stderr)
sys.exit(status)
"""


def kills_at_operations(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """SIGKILL at an operation on a file of the output: the next run gives the same files and no others, none hidden."""
    sources = [write_recording(folder / "in" / f"r{k}.csv", k, 60.0) for k in range(2)]
    events = folder / "events.csv"
    events.write_text("onset,condition\n10,a\n25,b\n40,a\n")
    gathered = folder / "gathered"
    assert run(command("decompose", *sources, "--scrs", "-q", "-o", gathered)).returncode == 0
    lines: dict[str, tuple[object, ...]] = {
        "decompose": ("decompose", *sources, "--scrs", "-q", "-o", "{}"),
        "events": ("events", sources[0], "--events", events, "-q", "-o", "{}/table.csv"),
        "features": ("features", *sources, "--window", 20, "-q", "-o", "{}/table.csv"),
        "collate": ("collate", gathered, "-o", "{}"),
    }
    whole: dict[str, tuple[Files, int]] = {}
    for number in range(cases):
        name = list(lines)[number % len(lines)]

        def killed(out: Path, at: int, name: str = name) -> subprocess.CompletedProcess[str]:
            out.mkdir(exist_ok=True)
            return run([sys.executable, "-c", KILL_AT, str(at), str(out), *(str(x).format(out) for x in lines[name])])

        if name not in whole:
            done = killed(folder / name, 10**9)
            assert done.returncode == 0, done.stderr
            whole[name] = content(folder / name), int(done.stderr.rpartition("operations")[2])
        expected, operations = whole[name]
        out = folder / f"{name}{number}"
        at = int(rng.integers(1, operations + 1))
        first = killed(out, at).returncode
        again = killed(out, 10**9)
        found = content(out)
        good = first == -signal.SIGKILL and again.returncode == 0 and found == expected
        yield (
            ""
            if good
            else f"{name}, operation {at}: {first}, {again.returncode}, left over {set(found) - set(expected)}"
        )


SOLVE = """
import os, re, resource, sys, warnings
import numpy as np
warnings.simplefilter("ignore")
import ressin
y = np.cumsum(np.random.default_rng(0).standard_normal(30_000)) / 50 + 5
signals = [y * (1 + 0.1 * k) for k in range(8)]
settings = {"robust": {"programme": "robust"}, "2015": {"revision": "2015"}}.get(sys.argv[1], {"solver": sys.argv[1]})
ressin.decompose_batch([y[:200]], 50, n_threads=1, errors="return", **settings)  # imports what it needs
now = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) * 1024
for room in map(float, sys.argv[3:]):
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (now + int(room * 2**20),) * 2)
        try:
            ressin.decompose_batch(signals, 50, n_threads=int(sys.argv[2]), errors="return", **settings)
            os._exit(10)
        except MemoryError:
            os._exit(11)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
SOLVED, NO_MEMORY = "10", "11"


def memory_limits(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """Address space that runs out while a batch is solved: the results or a MemoryError, and the process lives."""
    kinds = ("interior_point", "active_set", "2015", "robust", "osqp")
    for number, kind in enumerate(kinds):
        threads = int(rng.choice([1, 2, 2, 400]))
        rooms = [f"{room:.3f}" for room in 2.0 ** rng.uniform(-4, 6, len(range(number, cases, len(kinds))))]
        done = run([sys.executable, "-c", SOLVE, kind, str(threads), *rooms])
        for room, ended in zip_longest(rooms, done.stdout.split()):
            good = ended in (SOLVED, NO_MEMORY)
            yield "" if good else f"{kind}, {threads} threads, {room} MiB: status {ended} {done.stderr[-200:]}"


def bad_neighbours(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """Hostile files beside good ones: the good ones are decomposed, the others done or listed; each file is a case."""
    files = corpus()
    chosen = list(files) if cases >= len(files) else [str(x) for x in rng.choice(list(files), cases, replace=False)]
    bad = folder / "in"
    bad.mkdir(parents=True)
    for name in chosen:
        (bad / name).write_bytes(files[name])
    good = [write_recording(folder / "good" / f"good{k}.csv", k) for k in range(2)]
    line = command("decompose", good[0], *sorted(bad.iterdir()), good[1], "--rate", 4, "-q", "-o", folder / "out")
    done = run(line, PYTHONIOENCODING="ascii", MPLBACKEND="module://nowhere.backend_inline")
    written = {path.name for path in (folder / "out").glob("*_decomposed.csv")}
    whole = {f"good{k}_decomposed.csv" for k in range(2)} <= written and NO_TRACEBACK not in done.stderr
    for name in chosen:
        stem = name.removesuffix(".gz").rpartition(".")[0] or name
        ended = name in done.stderr or any(stem in other for other in written)
        yield "" if whole and ended else f"{name}: status {done.returncode}, {done.stderr[-200:]}"


def bad_recordings(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """The same in a manifest that is prepared: the good ones are in the result, and the command fails."""
    files = {name: data for name, data in corpus().items() if "," not in name}
    chosen = list(files) if cases >= len(files) else [str(x) for x in rng.choice(list(files), cases, replace=False)]
    manifest = rows_of(folder / "in", 2)
    for name in chosen:
        (manifest.parent / name).write_bytes(files[name])
    with manifest.open("a") as rows:
        rows.writelines(f"{name},s,{name}\n" for name in chosen)
    done = run(command("prepare", manifest, folder / "out", "--quiet"), PYTHONIOENCODING="ascii")
    whole = "recordings prepared in" in done.stdout and NO_TRACEBACK not in done.stderr and done.returncode == 1
    for name in chosen:
        yield "" if whole else f"{name}: status {done.returncode}, {done.stderr[-200:]}"


def interrupts(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """Ctrl-C in `ressin prepare`: it ends soon with 130, what it leaves is whole, and the next run gives the same."""
    line = [sys.executable, "-m", "tests.attack.interrupts", folder, cases, rng.integers(2**31)]
    done = subprocess.run(
        [str(x) for x in line], capture_output=True, text=True, check=False, timeout=180 + 60 * cases,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    said = done.stdout.splitlines()
    for number in range(cases):
        yield json.loads(said[number]) if number < len(said) else f"no answer: {done.stderr[-600:]}"


def core_calls(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """The compiled core called with anything, past the checks before it: it raises or is right, and never crashes."""
    yield from core.faults(core.chosen(cases, rng))


KINDS: dict[str, Fault] = {
    "full disk": full_disk,
    "kill at a random moment": kills,
    "kill at an operation on a file": kills_at_operations,
    "Ctrl-C while a folder is prepared": interrupts,
    "memory limits": memory_limits,
    "the core past its checks": core_calls,
    "bad files beside good ones, decompose": bad_neighbours,
    "bad files beside good ones, prepare": bad_recordings,
}


def inject(kind: str, cases: int, seed: int, say: Callable[[str], object] = lambda text: None) -> Tally:
    """Try one kind of fault some times."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="ressin-attack-") as folder:
        for number, fault in enumerate(KINDS[kind](Path(folder), cases, np.random.default_rng(seed))):
            tally.cases += 1
            if fault:
                tally.lost.append((number, fault))
                say(f"{kind}, case {number}: {fault}")
    return tally
