"""Training: one loop for every model, in one process or several."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ressin.errors import InvalidInputError
from ressin.learn.model.fusion import Ensemble
from ressin.learn.model.settings import TrainSettings
from ressin.learn.training.dataset import Batch, BatchStream, InputSource
from ressin.learn.training.history import LOGS, Logs, Row
from ressin.learn.training.inference import loss_and_accuracy, moved
from ressin.learn.training.machine import agreed, from_first, processes, summed, wait_for_all
from ressin.learn.training.progress import Display, Progress
from ressin.learn.training.state import TrainingState

STATE = "state.safetensors"
DECOMPOSITION = "decomposition."  # where `DecomposingResSIN` keeps what it learns of alpha and the time constants


class Trainer:
    """Fits a model to labels.

    Parameters
    ----------
    model
        Takes the tensors of `source` and gives logits (B, 2).
    source
        Draws them.
    label
        int64, (n,), of all samples.
    train, validation
        Samples to learn from, and to look at for early stopping (may be empty).
    settings
        See `TrainSettings`.
    device
        Where to train.
    precision
        ``"fp32"`` or ``"bf16"``, mixed precision; see `choose_precision`.
    run
        What identifies this training (settings, data), JSON values; a state saved under another one is refused.
    folder
        Where the state and the logs go; None writes nothing and cannot be resumed.
    save_every
        Iterations between states.
    logs
        Any of ``"csv"`` and ``"tensorboard"``.
    progress, name
        See `Display`.
    """

    def __init__(
        self,
        model: nn.Module,
        source: InputSource,
        label: NDArray[np.int64],
        train: NDArray[np.int64],
        validation: NDArray[np.int64],
        settings: TrainSettings,
        *,
        device: torch.device,
        precision: str,
        run: dict[str, Any],
        folder: Path | None = None,
        save_every: int = 50,
        logs: tuple[str, ...] = LOGS,
        progress: Progress = False,
        name: str = "training",
    ) -> None:
        self.me = processes()
        self.model = model.to(device)
        if settings.channels_last:
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.source, self.label, self.validation, self.settings = source, label, validation, settings
        self.device, self.run, self.folder, self.save_every = device, run, folder, save_every
        self.log_kinds, self.progress, self.name = logs, progress if self.me.first else False, name
        self.precision = precision
        self.n_members = len(model.members) if isinstance(model, Ensemble) else 1
        self.class_weight = _class_weights(label[train], settings.class_weights)
        self.state = TrainingState(self.model, make_optimizer(self.model, settings))
        self.stream = BatchStream(
            source,
            label,
            train,
            settings.batch_size,
            seed=settings.seed,
            crop_padding=settings.crop_padding,
            rank=self.me.rank,
            world=self.me.world,
        )

    def fit(self) -> TrainingState:
        """Train to the end, from the start or from the last saved state."""
        state, settings = self.state, self.settings
        if self.folder is not None and agreed((self.folder / STATE).is_file()):
            state.restore(self.folder / STATE, self.run)
        network = self._network()
        logs = Logs(self.folder, self.log_kinds, state.history) if self.folder is not None and self.me.first else None
        display = Display(self.progress, self.name, state.step, settings.iterations)
        self.model.train()
        clock = time.perf_counter()

        for batch in self.stream.batches(state.step, self._stop()):
            rate = learning_rate(settings, batch.step)
            for group in state.optimizer.param_groups:
                group["lr"] = rate * group["factor"]
            state.optimizer.zero_grad(set_to_none=True)
            loss, correct = self._loss(network, batch)
            (loss * self.me.world).backward()  # type: ignore[no-untyped-call]  # gradients are averaged over processes
            state.optimizer.step()
            state.step = batch.step + 1

            mean_loss, accuracy = self._over_all(loss, correct, batch)
            now, clock_before = time.perf_counter(), clock
            clock = now
            validation = self._validate()
            speed = len(batch.whole) / max(now - clock_before, 1e-9)
            row = Row(batch.step, self.stream.epoch(state.step), rate, mean_loss, accuracy, speed, *validation)
            state.history.rows.append(row)
            display.show(batch.step, len(batch.whole), *state.history.smoothed())
            if logs is not None:
                logs.write(row)
            if self._done():
                break
            if self.folder is not None and state.step % self.save_every == 0:
                self._save(self.folder)

        display.close()
        if logs is not None:
            logs.close()
        if state.best:
            self.model.load_state_dict(state.best)
        self.model.eval()
        return state

    def _loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Compute this process's share of the batch's mean cross-entropy, and how many it got right."""
        label = batch.label.to(self.device)
        with self._autocast():
            logits = network(*moved(batch.inputs, self.device, self.settings.channels_last))
        logits = logits.float()
        weight = None if self.class_weight is None else self.class_weight.to(self.device)
        if logits.ndim == 3:  # an ensemble: each member learns from the whole batch
            return self._loss_of_members(logits, label, weight, self._weight_of(batch))
        total = nn.functional.cross_entropy(logits, label, weight=weight, reduction="sum")
        return total / self._weight_of(batch), (logits.detach().argmax(dim=1) == label).sum()

    @staticmethod
    def _loss_of_members(logits: Tensor, label: Tensor, weight: Tensor | None, whole: float) -> tuple[Tensor, Tensor]:
        """Sum of the members' losses, so that each has its own gradient, and how many the mean probability got right.

        Logits are (B, n_members, 2).
        """
        n_members = logits.shape[1]
        repeated = label.repeat_interleave(n_members)
        total = nn.functional.cross_entropy(logits.flatten(0, 1), repeated, weight=weight, reduction="sum")
        right = torch.softmax(logits.detach(), dim=2).mean(dim=1).argmax(dim=1) == label
        return total / whole, right.sum()

    def _weight_of(self, batch: Batch) -> float:
        """Sum of the class weights over the whole batch, all processes together."""
        if self.class_weight is None:
            return float(len(batch.whole))
        return float(self.class_weight[torch.from_numpy(self.label[batch.whole])].sum())

    def _over_all(self, loss: Tensor, correct: Tensor, batch: Batch) -> tuple[float, float]:
        both = summed(torch.stack([loss.detach().double() / self.n_members, correct.double()])).tolist()
        if not np.isfinite(both[0]):
            raise InvalidInputError(
                f"the loss became {both[0]} at iteration {batch.step}: "
                f'lower learning_rate={self.settings.learning_rate:g}, or use norm="batch"'
            )
        return both[0], both[1] / len(batch.whole)

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.precision == "bf16" else nullcontext()

    def _network(self) -> nn.Module:
        """Wrap the model as it is run: shared between processes, compiled."""
        network: nn.Module = self.model
        if self.me.world > 1:
            network = DistributedDataParallel(self.model)
        if self.settings.compile:
            network = torch.compile(network)  # type: ignore[assignment]
        return network

    def _validate(self) -> tuple[float, float]:
        """Loss and accuracy on the validation part, every so many iterations; the values of process 0 are used."""
        state = self.state
        if not len(self.validation) or state.step % self.settings.validate_every:
            return float("nan"), float("nan")
        loss, accuracy = loss_and_accuracy(
            self.model,
            self.source,
            self.label,
            self.validation,
            batch_size=self.settings.batch_size,
            device=self.device,
        )
        loss = from_first(loss, self.device)
        state.keep_best(loss)
        return loss, accuracy

    def _done(self) -> bool:
        return self.state.step >= self.settings.iterations or self.state.waited >= self.settings.patience

    def _stop(self) -> int:
        return self.state.step if self._done() else self.settings.iterations

    def _save(self, folder: Path) -> None:
        if self.me.first:
            self.state.save(folder / STATE, self.run)
        wait_for_all()


def make_optimizer(model: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """SGD or AdamW over all weights; the decomposition's parameters with a separate rate."""
    weights = [p for name, p in model.named_parameters() if not name.startswith(DECOMPOSITION)]
    inner = [p for name, p in model.named_parameters() if name.startswith(DECOMPOSITION)]
    groups: list[dict[str, Any]] = [{"params": weights, "factor": 1.0}]
    if inner:
        groups.append({"params": inner, "factor": settings.decompose_factor, "weight_decay": 0.0})
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=rate, weight_decay=decay)
    return torch.optim.SGD(groups, lr=rate, momentum=settings.momentum, weight_decay=decay)


def learning_rate(settings: TrainSettings, step: int) -> float:
    """Rate of iteration `step`: times decay_factor after every decay_every iterations."""
    return float(settings.learning_rate * settings.decay_factor ** (step // settings.decay_every))


def _class_weights(label: NDArray[np.int64], rule: str) -> Tensor | None:
    """``n / (2 n_c)`` for class c, or None. A class that does not occur keeps weight 1."""
    if rule == "none":
        return None
    counts = np.bincount(label, minlength=2)
    weights = np.where(counts > 0, len(label) / (2.0 * np.maximum(counts, 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32)
