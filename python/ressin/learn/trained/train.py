"""`train`: from labelled data to a trained model, resumable from its folder after an interruption."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin._files.limits import remove_leftovers
from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.overlap import occasions, overlapping
from ressin.errors import InvalidInputError
from ressin.learn.model.decomposing import build_networks
from ressin.learn.model.settings import DEFAULT, LearnSettings, TrainSettings
from ressin.learn.trained.checkpoint import Domain, TrainedModel, load, versions
from ressin.learn.trained.pretrain import digest_of, start_from
from ressin.learn.training.history import LOGS
from ressin.learn.training.inference import probabilities
from ressin.learn.training.inputs import fit_normalisation, make_inputs, one_rate
from ressin.learn.training.machine import agreed, choose_device, choose_precision, processes, wait_for_all
from ressin.learn.training.progress import Progress
from ressin.learn.training.trainer import STATE, Trainer

MODEL = "model.safetensors"


def train(
    data: LabelledData,
    index: ArrayLike,
    settings: LearnSettings = DEFAULT,
    *,
    folder: str | Path | None = None,
    device: str = "auto",
    save_every: int = 50,
    logs: tuple[str, ...] = LOGS,
    progress: Progress = False,
    name: str = "training",
    n_threads: int = 0,
) -> TrainedModel:
    """Train a network on some of the samples.

    Parameters
    ----------
    data
        Signals, music, labels.
    index
        The training samples; where early stopping is on, part of them is held back for it.
    settings
        Model, training, pictures; the defaults are the paper's.
    folder
        Where the state, the logs and in the end ``model.safetensors`` go; made if it is not there. A training that was
        killed goes on from its last state, to the same numbers bit for bit; one that is finished is read. None writes
        nothing.
    device
        ``"auto"`` (the GPU where there is one), ``"cpu"``, ``"cuda"`` ...
    save_every
        Iterations between states.
    logs
        Any of ``"csv"`` and ``"tensorboard"``.
    progress
        True shows a bar; a callable is given a `TrainingProgress` after every iteration.
    name
        Name of this training in its progress.
    n_threads
        Threads of the image kernel; 0 takes every core.

    Returns
    -------
    TrainedModel
        In evaluation mode.

    Raises
    ------
    InvalidInputError
        If the samples hold one class only, an index is out of range, music is used and missing, the loss or a weight
        is no longer finite, bf16 is asked for where it is not sound, or the folder holds another training.
    OutputError
        If the folder cannot be written to.

    Notes
    -----
    Started by ``torchrun`` inside `ressin.learn.training.machine.joined_processes`, the processes share every batch;
    process 0 writes the files. Without batch normalisation the loss curve is that of a single process up to rounding.
    """
    samples = _checked(data, index)
    target = None if folder is None else Path(folder)
    place = choose_device(device)
    fitted, validation = hold_back(data, samples, settings.training)
    precision = choose_precision(settings, place)
    run = {
        "settings": settings.as_dict(),
        "precision": precision,
        "data": data.fingerprint,
        "samples": hashlib.blake2b(samples.tobytes(), digest_size=16).hexdigest(),
        "versions": versions(),
        "pretrained": digest_of(settings.model.pretrained),
    }
    if target is not None:
        target.mkdir(parents=True, exist_ok=True)
        if processes().first:
            remove_leftovers(target)
        if agreed((target / MODEL).is_file()):
            return _finished(target / MODEL, run)
    normalisation = fit_normalisation(data, fitted, settings)
    rate = one_rate(data, samples) if settings.model.decompose == "layer" else 0.0
    model = build_networks(
        settings.model, data.music.shape[1], settings.training.seed, sampling_rate=rate, image=settings.image
    )
    if settings.model.pretrained:
        start_from(model, settings.model)
    trainer = Trainer(
        model,
        make_inputs(data, settings, normalisation, n_threads),
        data.label,
        fitted,
        validation,
        settings.training.limited(len(fitted)),
        device=place,
        precision=precision,
        run=run,
        folder=target,
        save_every=save_every,
        logs=logs,
        progress=progress,
        name=name,
    )
    state = trainer.fit()
    threshold = 0.5
    if settings.training.threshold == "tuned":
        size = settings.training.batch_size
        threshold = best_threshold(
            data.label[validation],
            probabilities(model, trainer.source, validation, batch_size=size, device=place),
        )
    trained = TrainedModel(
        model=model,
        settings=settings,
        normalisation=normalisation,
        label_name=data.label_name,
        domain=Domain.of(data, fitted),
        history=state.history,
        best_step=state.best_step if state.best else state.step - 1,
        label_rule=data.label_rule,
        preparation=data.preparation,
        versions=versions(),
        run=run,
        threshold=threshold,
    )
    if target is not None:
        if processes().first:
            trained.save(target / MODEL)
            (target / STATE).unlink(missing_ok=True)
        wait_for_all()
    return trained


def hold_back(
    data: LabelledData, index: NDArray[np.int64], settings: TrainSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide training samples into a part to fit and a part for early stopping.

    Whole subjects or songs are held back where ``validation_group`` says so, else whole files; they are drawn at random
    until the share is reached. Samples that share a stretch of a file with one that is held back are in neither part.
    With a share of 0 the second part is empty.

    Raises
    ------
    InvalidInputError
        If there are fewer than two groups, or nothing is left to fit.
    """
    if settings.validation_share == 0.0:
        return index, index[:0]
    files = occasions(data.pair, data.file)
    groups = {"none": files, "subject": data.subject, "song": data.stimulus}[settings.validation_group][index]
    names = np.unique(groups)
    if len(names) < 2:
        what = {"none": "file", "subject": "subject", "song": "song"}[settings.validation_group]
        raise InvalidInputError(
            f"validation_group={settings.validation_group!r}: the training part is of {len(names)} {what}; to hold "
            "back one of them, 2 are needed"
        )
    order = np.random.default_rng([settings.seed, 2]).permutation(len(names))
    counts = np.array([(groups == names[k]).sum() for k in order])
    n_held = int(np.searchsorted(np.cumsum(counts), settings.validation_share * len(index))) + 1
    held = np.isin(groups, names[order[: min(n_held, len(names) - 1)]])
    apart = ~np.isin(index, overlapping(data.file, data.start, data.end, index[held]))
    if not (apart & ~held).any():
        raise InvalidInputError(
            f"validation_group={settings.validation_group!r}: every sample overlaps one that is held back, in its "
            "file: hold back by file (none) or by subject"
        )
    return index[~held & apart], index[held]


def best_threshold(label: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """Find the threshold with the highest balanced accuracy on some samples, in the middle of its gap.

    Of several the one nearest to 0.5 is taken.

    Raises
    ------
    InvalidInputError
        If all samples are of one class.
    """
    if len(np.unique(label)) < 2:
        raise InvalidInputError(
            f"threshold='tuned': the {len(label)} samples held back are all of one class; "
            "a larger validation_share, or another seed, is needed"
        )
    known = np.unique(probability)
    between = np.concatenate([[known[0] / 2.0], (known[1:] + known[:-1]) / 2.0, [(1.0 + known[-1]) / 2.0]])
    high, low = np.sort(probability[label == 1]), np.sort(probability[label == 0])
    found = 1.0 - np.searchsorted(high, between, side="right") / len(high)  # sensitivity
    spared = np.searchsorted(low, between, side="right") / len(low)  # specificity
    best = np.flatnonzero(found + spared >= (found + spared).max() - 1e-12)
    nearest = between[best[np.argmin(np.abs(between[best] - 0.5))]]
    return float(np.clip(nearest, 1e-9, 1.0 - 1e-9))


def _checked(data: LabelledData, index: ArrayLike) -> NDArray[np.int64]:
    samples = np.asarray(index, dtype=np.int64)
    if samples.ndim != 1 or not len(samples):
        raise InvalidInputError(f"the training index has shape {samples.shape}; a list of samples is needed")
    if samples.min() < 0 or samples.max() >= len(data):
        raise InvalidInputError(f"the training index holds {samples.min()}..{samples.max()} of {len(data)} samples")
    classes = np.unique(data.label[samples])
    if len(classes) < 2:
        which = "high" if classes[0] == 1 else "low"
        raise InvalidInputError(
            f"all {len(samples)} training samples are {which} in {data.label_name}: nothing to learn"
        )
    return samples


def _finished(path: Path, run: dict[str, Any]) -> TrainedModel:
    trained = load(path)
    if trained.run != run:
        raise InvalidInputError(f"{path} is the result of another training; choose another folder, or delete this one")
    return trained
