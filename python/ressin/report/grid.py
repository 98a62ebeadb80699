"""One cell of the grid: computed once and stored as JSON under a key of data, settings and versions."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ressin._files.atomic import replacing
from ressin._files.json_text import parse_json
from ressin.data.samples.labelled import LabelledData, labelled_data
from ressin.data.samples.overlap import occasions
from ressin.data.samples.splits import GROUP_COLUMN, Splits, make_splits
from ressin.errors import EvaluationWarning, InvalidInputError, OutputError
from ressin.learn.evaluation.baselines import BoostedFeatures, MusicSVM, SeriesClassifier
from ressin.learn.evaluation.confounds import PersonOnly, TimeOnly, WithinPerson, has_times
from ressin.learn.evaluation.evaluate import Classifier, CrossValidation, cross_validate
from ressin.learn.evaluation.folds import check_evaluation
from ressin.learn.evaluation.metrics import Estimate
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.evaluation.regression import less_error, regress
from ressin.learn.trained.checkpoint import versions
from ressin.learn.training.machine import processes, wait_for_all
from ressin.learn.training.progress import Progress
from ressin.report.plan import SPLITS, Cell, Plan

if TYPE_CHECKING:
    from ressin.data.store.store import Prepared

FORMAT = 2
Result = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Bench:
    """What all cells share.

    Attributes
    ----------
    plan
        How it is computed.
    data
        The samples of each label; with music where there is any, so that all models see the same samples.
    folds
        For each kind of split, over all recordings.
    folder
        Holds ``cells/`` (results), ``predictions/`` and, meanwhile, ``work/``.
    progress
        Of each training.
    programme
        By which the recordings were decomposed.
    also
        The same samples of each label, decomposed by another programme; empty where there is no second folder.
    also_programme
        Its name, or "".
    refused
        Splits that cannot be drawn, by name, and those that a label cannot be evaluated under, by label and name, with
        the reason.
    """

    plan: Plan
    data: dict[str, LabelledData]
    folds: dict[str, Splits]
    folder: Path
    progress: Progress = False
    programme: str = "cvxeda"
    also: dict[str, LabelledData] = field(default_factory=dict)
    also_programme: str = ""
    refused: dict[tuple[str, ...], str] = field(default_factory=dict)

    def samples(self, cell: Cell) -> LabelledData:
        """Return the samples that a cell is computed on."""
        return self.also[cell.label] if cell.programme else self.data[cell.label]

    @property
    def has_music(self) -> bool:
        """Whether the samples have music features."""
        return all((data.music_row >= 0).all() for data in self.data.values())

    @property
    def rated(self) -> list[str]:
        """Labels with ratings behind them."""
        return [name for name, data in self.data.items() if np.isfinite(data.rating).any()]

    @property
    def timed(self) -> list[str]:
        """Labels whose samples begin at different times of their files."""
        return [name for name, data in self.data.items() if has_times(data)]


def make_bench(
    prepared: Prepared, plan: Plan, folder: Path, *, labels: tuple[str, ...] = (), progress: Progress = False,
    also: Prepared | None = None, splits: tuple[str, ...] = SPLITS,
) -> Bench:  # fmt: skip
    """Collect samples and folds; the folds are saved in ``folds/`` for others to use.

    Without `labels` it takes every label of two classes that some recording has: data with ready labels may have no
    ratings of arousal and valence.

    Raises
    ------
    InvalidInputError
        If a label is not in the data, there is nothing to learn, or `also` does not hold the same samples decomposed by
        another programme.
    OutputError
        If the folder cannot be written.
    """
    names = labels or prepared.two_class_labels
    if not names:
        raise InvalidInputError(f"{prepared.folder} has no labels of two classes{_of_more(prepared)}")
    data = {name: labelled_data(prepared, name) for name in names}
    if any((samples.music_row >= 0).any() for samples in data.values()):
        data = {name: samples.with_music() for name, samples in data.items()}
    for name, samples in data.items():
        if len(np.unique(samples.label)) < 2:
            raise InvalidInputError(f"the {len(samples)} samples of {name!r} are all of one class: nothing to learn")
    used = np.unique(np.concatenate([samples.recording_id for samples in data.values()]))
    table = prepared.recordings[prepared.recordings["recording_id"].isin(used)]
    folds: dict[str, Splits] = {}
    refused: dict[tuple[str, ...], str] = {}
    for kind in dict.fromkeys(("random", *splits)):
        try:
            folds[kind] = _draw(table, kind, plan, data)
        except InvalidInputError as error:
            refused |= {(kind,): str(error)} if kind in splits else {}
            continue
        refused |= _not_evaluable(data, folds[kind]) if kind in splits else {}
    make_folder(folder)
    for part in ("cells", "predictions", "folds"):
        make_folder(folder / part)
    for kind, drawn in folds.items() if processes().first else ():
        drawn.write(folder / "folds" / f"{kind}.parquet")
    other = {} if also is None else _same_samples(prepared, data, also)
    return Bench(
        plan, data, folds, folder, progress, prepared.programme, other, "" if also is None else also.programme, refused
    )  # fmt: skip


def _of_more(prepared: Prepared) -> str:
    """Say how labels of more than two classes can be used; "" where there are none."""
    more = [(name, classes) for name, classes in prepared.classes.items() if len(classes) > 2]
    told = [f"{name} has {len(classes)} ({', '.join(classes)}): --label {name}={classes[0]}" for name, classes in more]
    return f"; {'; '.join(told)} tells one from the others" if told else ": there is nothing to learn"


def _draw(table: pd.DataFrame, kind: str, plan: Plan, data: dict[str, LabelledData]) -> Splits:
    """Draw as many folds as the plan has, or so many fewer that every test part holds both classes of every label."""
    most = min(plan.n_folds, *(samples_groups(samples, kind) for samples in data.values()))
    first = make_splits(table, kind, n_folds=most, seed=plan.seed)
    if kind == "one-subject":
        return first
    for n_folds in range(most, 1, -1):
        splits = make_splits(table, kind, n_folds=n_folds, seed=plan.seed)
        if not any(_one_class(samples, splits.take(samples.recording_id)) for samples in data.values()):
            return splits
    return first


def _not_evaluable(data: dict[str, LabelledData], splits: Splits) -> dict[tuple[str, ...], str]:
    """Find the labels that these folds cannot be used for, with the reason."""
    found: dict[tuple[str, ...], str] = {}
    for name, samples in data.items():
        try:
            check_evaluation(samples, splits.take(samples.recording_id))
        except InvalidInputError as error:
            found[name, splits.kind] = str(error)
    return found


def _one_class(samples: LabelledData, folds: Splits) -> bool:
    """Whether a test part holds one class only."""
    return any(len(np.unique(samples.label[folds.fold == fold])) < 2 for fold in range(folds.n_folds))


def _same_samples(prepared: Prepared, data: dict[str, LabelledData], also: Prepared) -> dict[str, LabelledData]:
    """Collect the samples of `data` from another folder, which must differ in the programme alone.

    Raises
    ------
    InvalidInputError
        If the programme is the same, or samples, labels or music are not.
    """
    if also.programme == prepared.programme:
        raise InvalidInputError(
            f"{prepared.folder} and {also.folder} were both prepared with programme {also.programme}: there is nothing "
            "to compare; prepare one of them with the other programme (ressin prepare --programme)"
        )
    found = {}
    for name, samples in data.items():
        other = labelled_data(also, name)
        known = np.isin(samples.recording_id, other.recording_id)
        if not known.all():
            raise InvalidInputError(
                f"{also.folder} has no usable recording {str(samples.recording_id[np.argmin(known)])!r} with a label "
                f"{name!r}, {prepared.folder} has: prepare both from the same source"
            )
        order = {one: i for i, one in enumerate(other.recording_id)}
        found[name] = other.take(np.array([order[one] for one in samples.recording_id]))
        for column in ("subject", "stimulus", "label"):
            if not np.array_equal(getattr(found[name], column), getattr(samples, column)):
                raise InvalidInputError(
                    f"{also.folder} and {prepared.folder} differ in the column {column} of {name!r}: prepare both from "
                    "the same source with the same rules"
                )
        if not np.array_equal(found[name].music_row >= 0, samples.music_row >= 0):
            raise InvalidInputError(f"of {also.folder} and {prepared.folder} only one has music: prepare both alike")
    return found


def make_folder(folder: Path) -> None:
    """Make a folder where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error


def samples_groups(samples: LabelledData, kind: str) -> int:
    """Count what a split distributes: files, subjects or songs."""
    if kind == "random":
        return len(np.unique(occasions(samples.pair, samples.file)))
    return len(np.unique(getattr(samples, GROUP_COLUMN[kind])))


def classifier_of(plan: Plan, model: str) -> Classifier:
    """Make the classifier of a cell."""
    if model == "music-svm":
        return MusicSVM()
    if model == "eda-classical":
        return BoostedFeatures(seed=plan.seed)
    confounds: dict[str, Classifier] = {
        "time": TimeOnly(seed=plan.seed),
        "person": PersonOnly(),
        "within": WithinPerson(),
    }
    if model in confounds:
        return confounds[model]
    if model == "eda-cnn":
        return SeriesClassifier(training=plan.series, device=plan.device)
    return NetworkClassifier(plan.settings_of(model), device=plan.device)


def cell_key(bench: Bench, cell: Cell) -> str:
    """Digest of everything that decides a cell's numbers."""
    plan, data = bench.plan, bench.samples(cell)
    folds = bench.folds[cell.split].take(data.recording_id)
    how = {} if cell.model == "regression" else classifier_of(plan, cell.model).key()
    about = [FORMAT, versions(), data.fingerprint, cell.label, cell.split, cell.model, how]
    about += [plan.n_resamples, plan.seed, folds.fold.tolist()]
    return hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=16).hexdigest()


def read_finished(bench: Bench, cell: Cell) -> Result | None:
    """Read a cell that was computed before with the same settings and data; None where there is none.

    Raises
    ------
    InvalidInputError
        If the file is damaged.
    """
    path = _path(bench, cell, cell_key(bench, cell))
    if not path.is_file():
        return None
    try:
        result = parse_json(path.read_text(encoding="utf-8"))
        whole = isinstance(result, dict) and path.stem.endswith(result["key"][:12])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{path} is damaged: delete it to compute it again ({error})") from error
    if not whole:
        raise InvalidInputError(f"{path} is not what its name says: delete it to compute it again")
    return dict(result)


def compute(bench: Bench, cell: Cell, done: Callable[[int, int], None] | None = None) -> Result:
    """Compute a cell and keep it; a cell that was interrupted goes on with its last state.

    Parameters
    ----------
    bench, cell
        What.
    done
        Called with (finished folds, all folds).

    Returns
    -------
    result
        JSON values: identity, counts, and either ``metrics``, ``majority`` and ``curve`` (mean training loss over the
        folds, per iteration; None without iterations), ``validation`` (pairs of iteration and mean loss on what was
        held back of the training part, None where nothing was) or ``rows`` of Table 1 and ``mean`` (always answering
        the mean rating of the training part). With metrics comes ``remark``: what a reader must know of the folds, or
        "".
    """
    data, key = bench.samples(cell), cell_key(bench, cell)
    folds = bench.folds[cell.split].take(data.recording_id)
    result: Result = {
        "format": FORMAT,
        "key": key,
        "label": cell.label,
        "split": cell.split,
        "model": cell.model,
        "n": len(data),
        "n_subjects": samples_groups(data, "subject"),
        "n_songs": samples_groups(data, "song"),
        "n_folds": folds.n_folds,
    }
    path, first = _path(bench, cell, key), processes().first
    work = bench.folder / "work" / path.stem
    if cell.model == "regression":
        result |= _regression(bench, data, folds)
    else:
        classifier = classifier_of(bench.plan, cell.model)
        make_folder(work)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EvaluationWarning)  # the remark has it
            found = cross_validate(data, folds, classifier, folder=work, progress=bench.progress, done=done)
        result |= _classification(bench, found, work)
        if first:
            with replacing(predictions_file(bench, cell, key)) as temporary:
                found.table.assign(majority=found.majority).to_csv(temporary, index=False)
    wait_for_all()  # before the work goes that another process may still read
    if first:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(result, allow_nan=False, indent=1), encoding="utf-8")
        if work.is_dir():
            shutil.rmtree(work)
    return result


def file_name(label: str) -> str:
    """Make a part of a file name from a label, which may hold any characters; keys keep different ones apart."""
    return "".join(letter if letter.isalnum() else "_" for letter in label)


def predictions_file(bench: Bench, cell: Cell, key: str) -> Path:
    """Name the file with what a cell's model said of every sample."""
    return bench.folder / "predictions" / f"{_path(bench, cell, key).stem}.csv"


def _path(bench: Bench, cell: Cell, key: str) -> Path:
    return bench.folder / "cells" / f"{file_name(cell.label)}_{cell.split}_{cell.model}_{key[:12]}.json"


def _classification(bench: Bench, found: CrossValidation, work: Path) -> Result:
    sizes = {"n_resamples": bench.plan.n_resamples, "seed": bench.plan.seed}
    histories = [pd.read_csv(path) for path in sorted(work.glob("fold_*/training.csv"))]
    curves = [history["loss"].to_numpy() for history in histories]
    curve = None
    if curves:  # folds that stopped early are shorter: the mean is over those that are still running
        longest = max(map(len, curves))
        padded = np.array([np.pad(loss, (0, longest - len(loss)), constant_values=np.nan) for loss in curves])
        curve = [round(float(value), 6) for value in np.nanmean(padded, axis=0)]
    return {
        "metrics": {name: plain(value) for name, value in found.metrics(**sizes).items()},
        "majority": {name: plain(value) for name, value in found.majority_metrics(**sizes).items()},
        "curve": curve,
        "validation": mean_validation(histories),
        "remark": found.remark,
        "threshold": found.threshold,
        "left_out": list(found.left_out),
    }


def mean_validation(histories: list[pd.DataFrame]) -> list[list[float]] | None:
    """Return [iteration, mean loss on what was held back for validation] over the folds; None where nothing was."""
    seen = [history.loc[history["validation_loss"].notna(), ["step", "validation_loss"]] for history in histories]
    if not seen or all(table.empty for table in seen):
        return None
    means = pd.concat(seen).groupby("step")["validation_loss"].mean()
    steps = means.index.to_numpy(dtype=np.int64) + 1
    return [[step, round(loss, 6)] for step, loss in zip(steps.tolist(), means.tolist(), strict=True)]


def _regression(bench: Bench, data: LabelledData, folds: Splits) -> Result:
    n_resamples, seed = bench.plan.n_resamples, bench.plan.seed
    found = regress(data, folds, n_resamples=n_resamples, seed=seed)
    origin = {row.method: row for row in found if row.channel == "origin"}
    rows = [
        {
            "method": row.method,
            "channel": row.channel,
            "rmse": plain(row.rmse),
            "correlation": plain(row.correlation),
            "less_than_origin": plain(less_error(data, row, origin[row.method], n_resamples=n_resamples, seed=seed)),
        }
        for row in found
    ]
    rated = np.isfinite(data.rating)
    error = np.zeros(len(data))
    for train, test in folds:
        error[test] = data.rating[test] - data.rating[train[rated[train]]].mean()
    return {"rows": rows, "mean": {"rmse": float(np.sqrt((error[rated] ** 2).mean()))}}


def plain(estimate: Estimate) -> list[float | None]:
    """Write an estimate as [value, low, high], None where it is not defined."""
    return [value if math.isfinite(value) else None for value in (estimate.value, estimate.low, estimate.high)]
