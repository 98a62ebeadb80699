"""`reproduce`: every table and figure of the paper from a prepared folder, resumable from its folder."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ressin._files.limits import locked, remove_leftovers
from ressin.data.store.store import Prepared, load
from ressin.errors import InvalidInputError
from ressin.learn.trained.checkpoint import versions
from ressin.learn.trained.train import MODEL, train
from ressin.learn.training.machine import processes, wait_for_all
from ressin.learn.training.progress import Progress
from ressin.report.claims import Claim
from ressin.report.estimate import StepTimes, TimeLeft, estimate_seconds, model_seconds
from ressin.report.grid import Bench, compute, file_name, make_bench, make_folder, read_finished
from ressin.report.plan import ALL_SPLITS, SPLITS, Cell, Plan, also_of, cells_of
from ressin.report.tables import Results
from ressin.report.write import write_report

PAGES = 10.0  # seconds for the figures and pages
Say = Callable[[str], None]


@dataclass(frozen=True)
class Reproduction:
    """The result of a run.

    Attributes
    ----------
    folder
        With ``report.html``, ``report.md``, ``results.json``, ``figures/``, ``cells/``, ``predictions/``, ``folds/``
        and ``models/``.
    computed, read
        How many cells were computed now, and how many were there already.
    missing
        Cells that could not be computed, and why.
    claims
        Claims computed from the cells.
    """

    folder: Path
    computed: int
    read: int
    missing: tuple[tuple[str, str], ...]
    claims: tuple[Claim, ...]


def reproduce(
    data: str | Path,
    folder: str | Path,
    plan: Plan,
    *,
    labels: tuple[str, ...] = (),
    splits: tuple[str, ...] = SPLITS,
    say: Say | None = None,
    progress: Progress = False,
    models: bool = True,
    also: str | Path | None = None,
) -> Reproduction:
    """Compute a plan on a prepared folder and write the report.

    Parameters
    ----------
    data
        What ``ressin prepare`` wrote.
    folder
        For the results. Cells that are there with the same data and settings are read, a cell or training that was
        interrupted goes on where it was.
    plan
        From `ressin.report.plan.make_plan`.
    labels
        Which to predict; default all of the folder.
    splits
        Which to evaluate under, of `ressin.report.plan.ALL_SPLITS`. Table 1 is computed in any case.
    say
        Called with lines of text: the estimate of the time, and each cell when it is finished.
    progress
        Of each training.
    models
        Train the fusion model (the subnet where there is no music) on all samples of each label in the end, for
        ``ressin predict``.
    also
        A second folder, which ``ressin prepare`` wrote from the same source with the other programme: the network is
        computed on its channels, too, in the same folds, and the report has a table of both.

    Raises
    ------
    RecordingError
        If the folder is no prepared one.
    InvalidInputError
        If there is nothing to learn, or a result that is there is damaged.
    OutputError
        If something cannot be written, or another process holds its lock.

    Notes
    -----
    Inside `ressin.learn.training.machine.joined_processes` all processes that ``torchrun`` started compute the same
    cells and share the batches of every training; process 0 alone holds the lock and writes.
    """
    unknown = [name for name in splits if name not in ALL_SPLITS]
    if unknown:
        raise InvalidInputError(f"split {unknown[0]!r} is not known: one of {', '.join(ALL_SPLITS)}")
    tell = say or (lambda text: None)
    target = Path(folder)
    prepared = load(data)
    other = None if also is None else load(also)
    make_folder(target)
    me = processes()
    with locked(target) if me.first else nullcontext():
        for place in (target, *(path for path in target.rglob("*") if path.is_dir())) if me.first else ():
            remove_leftovers(place)
        bench = make_bench(prepared, plan, target, labels=labels, progress=progress, also=other, splits=splits)
        return _reproduce(prepared, bench, splits, tell, models)


def _reproduce(prepared: Prepared, bench: Bench, splits: tuple[str, ...], tell: Say, models: bool) -> Reproduction:
    every = cells_of(
        bench.plan, tuple(bench.data), music=bench.has_music, rated=bench.rated, timed=bench.timed, splits=splits
    )
    cells = [cell for cell in every if cell.split in bench.folds and _evaluable(bench, cell)]
    cells += also_of(cells, bench.also_programme) if bench.also else []
    found = {cell: read_finished(bench, cell) for cell in cells}
    wait_for_all()  # every process has read what is there before the first one writes
    waiting = [cell for cell in cells if found[cell] is None]
    also = f", and {bench.also_programme}" if bench.also else ""
    tell(f"programme {bench.programme}{also}: what the recordings were decomposed by")
    counts = ", ".join(f"{len(samples):,} samples of {name}" for name, samples in bench.data.items())
    tell(f"{counts}; {len(cells)} cells of the grid, {len(cells) - len(waiting)} of them are there already")
    missing = [(f"{', '.join(about)} split", reason) for about, reason in bench.refused.items()]
    if waiting:
        steps = StepTimes()
        left = TimeLeft(estimate_seconds(bench, waiting, steps))
        after = model_seconds(bench, _final_model(bench), steps) if models else 0.0
        tell(f"estimated time on this machine: {in_words(sum(left.expected.values()) + after + PAGES)}")
    for number, cell in enumerate(waiting, start=1):
        began = time.perf_counter()
        try:
            found[cell] = compute(bench, cell)
        except InvalidInputError as error:
            missing.append((cell.name, str(error)))
        seconds = left.finish(cell, time.perf_counter() - began)
        more = f"; {in_words(seconds)} left" if number < len(waiting) else ""
        tell(f"[{number}/{len(waiting)}] {cell.name}: {_outcome(found[cell], missing)}{more}")
    trained = _final_models(bench, tell) if models else {}
    results: Results = {cell: result for cell, result in found.items() if result is not None}
    claims = write_report(prepared, bench, results, tuple(missing), trained) if processes().first else ()
    wait_for_all()  # until the report is written
    n_read = len(cells) - len(waiting)
    return Reproduction(bench.folder, sum(found[cell] is not None for cell in waiting), n_read, tuple(missing), claims)


def _evaluable(bench: Bench, cell: Cell) -> bool:
    """Whether a cell's label can be evaluated under its split; a regression of ratings needs no classes."""
    return cell.model == "regression" or (cell.label, cell.split) not in bench.refused


def in_words(seconds: float) -> str:
    """Write a duration with one unit that suits it."""
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _outcome(result: dict[str, Any] | None, missing: list[tuple[str, str]]) -> str:
    if result is None:
        return f"not computed: {missing[-1][1]}"
    if "rows" in result:
        return "done"
    area = result["metrics"]["roc_auc"][0]
    return (
        f"balanced accuracy {result['metrics']['balanced_accuracy'][0]:.1%}, "
        f"ROC-AUC {'not defined' if area is None else f'{area:.1%}'}"
    )


def _final_model(bench: Bench) -> str:
    return "fusion-mix" if bench.has_music else "eda-mix"


def _final_models(bench: Bench, tell: Say) -> dict[str, str]:
    """Train on all samples of each label, for use on other recordings; gives the files by label."""
    model = _final_model(bench)
    settings = bench.plan.settings_of(model)
    files = {}
    for label, data in bench.data.items():
        about = json.dumps([label, data.fingerprint, settings.as_dict(), versions()], sort_keys=True)
        key = hashlib.blake2b(about.encode(), digest_size=6).hexdigest()
        place = bench.folder / "models" / f"{file_name(label)}_{key}"
        make_folder(place)
        name = f"{label}, all samples: {model}"
        index = np.arange(len(data))
        train(
            data,
            index,
            settings,
            folder=place,
            device=bench.plan.device,
            logs=("csv",),
            progress=bench.progress,
            name=name,
        )
        files[label] = f"models/{place.name}/{MODEL}"
        tell(f"model for ressin predict: {bench.folder / files[label]}")
    return files
