"""The state of a training: all that the next iteration depends on, in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ressin.errors import InvalidInputError
from ressin.learn.training.history import History
from ressin.learn.training.tensors import check_finite, part, read_tensors, write_tensors

FORMAT = 1


@dataclass
class TrainingState:
    """The state of a training between two iterations.

    Attributes
    ----------
    model
        Its weights and running statistics are part of the state.
    optimizer
        So are its momenta.
    step
        The next iteration.
    history
        Rows of the iterations before it.
    best_loss, best_step, best
        Lowest validation loss so far, the iteration after which it was seen and the weights then; infinite, -1 and
        empty before the first validation.
    waited
        Validations since then.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    history: History = field(default_factory=History)
    best_loss: float = float("inf")
    best_step: int = -1
    best: dict[str, Tensor] = field(default_factory=dict)
    waited: int = 0

    def keep_best(self, loss: float) -> None:
        """Note a validation loss; remember the weights if it is the lowest so far."""
        if loss < self.best_loss:
            self.best_loss, self.best_step, self.waited = loss, self.step - 1, 0
            self.best = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
        else:
            self.waited += 1

    def save(self, path: Path, run: dict[str, Any]) -> None:
        """Write the state; `run` says which training it belongs to.

        Raises
        ------
        InvalidInputError
            If a weight, a statistic or a momentum is not finite; the state that was saved before is untouched.
        OutputError
            If the file cannot be written.
        """
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        for number, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": value for name, value in values.items() if value is not None}
        check_finite(tensors, f"the training's state at iteration {self.step}")
        about = {
            "format": FORMAT,
            "run": run,
            "step": self.step,
            "history": self.history.as_lists(),
            "best_loss": None if self.best_loss == float("inf") else self.best_loss,
            "best_step": self.best_step,
            "waited": self.waited,
        }
        write_tensors(path, tensors, about)

    def restore(self, path: Path, run: dict[str, Any]) -> None:
        """Continue from a file.

        Raises
        ------
        InvalidInputError
            If the file is damaged or belongs to another training (other settings, data, or versions).
        """
        tensors, about = read_tensors(path)
        if about.get("format") != FORMAT or about.get("run") != run:
            raise InvalidInputError(
                f"{path} belongs to another training ({_difference(about.get('run'), run)}); "
                "choose another folder, or delete this one to start afresh"
            )
        self.model.load_state_dict(part(tensors, "model"))
        states: dict[int, dict[str, Tensor]] = {}
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        for name, value in part(tensors, "optimizer").items():
            number, _, key = name.partition(".")
            weight = weights[int(number)]
            # A momentum has the memory layout of its weight, which a file does not record.
            like = torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
            states.setdefault(int(number), {})[key] = like
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": states, "param_groups": groups})
        self.step, self.history = int(about["step"]), History.from_lists(about["history"])
        self.best, self.best_step, self.waited = part(tensors, "best"), int(about["best_step"]), int(about["waited"])
        self.best_loss = float("inf") if about["best_loss"] is None else float(about["best_loss"])


def _difference(found: Any, wanted: dict[str, Any], where: str = "") -> str:
    if not isinstance(found, dict):
        return f"{where or 'run'} is {found!r}, not {wanted!r}"
    for name in wanted:
        if found.get(name) != wanted[name]:
            place = f"{where}{name}"
            if isinstance(wanted[name], dict):
                return _difference(found.get(name), wanted[name], f"{place}.")
            return f"{place} was {found.get(name)!r}, is {wanted[name]!r}"
    return "it holds more than this version knows"
