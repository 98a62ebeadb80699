"""The machine and the processes of a training: device, precision, distributed processes."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from ressin.errors import InvalidInputError
from ressin.learn.model.settings import LearnSettings

LARGEST_UNSOUND = 16  # pixels: up to here the network's last stage reads maps of 1 x 1
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # x86, x86, Arm


@dataclass(frozen=True)
class Processes:
    """Number of this process and how many there are; (0, 1) when it is alone."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and shows progress."""
        return self.rank == 0


def processes() -> Processes:
    """Return the processes of the training: the default process group of torch, where there is one."""
    if dist.is_available() and dist.is_initialized():
        return Processes(dist.get_rank(), dist.get_world_size())
    return Processes()


@contextmanager
def joined_processes() -> Iterator[Processes]:
    """Join the other processes that ``torchrun`` started: gloo on CPU, NCCL on GPU. Alone, do nothing."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or dist.is_initialized():
        yield processes()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield processes()
    finally:
        dist.destroy_process_group()


def summed(values: Tensor) -> Tensor:
    """Sum over all processes."""
    if processes().world > 1:
        dist.all_reduce(values)
    return values


def from_first(value: float, device: torch.device) -> float:
    """Return the value of process 0, in every process."""
    if processes().world == 1:
        return value
    holder = torch.tensor([value], dtype=torch.float64, device=device)
    dist.broadcast(holder, src=0)
    return float(holder.item())


def agreed(choice: bool) -> bool:
    """Return what process 0 chose, in every process: whether a file is there can change between two looks."""
    if processes().world == 1:
        return choice
    holder = [choice]
    dist.broadcast_object_list(holder, src=0)
    return holder[0]


def wait_for_all() -> None:
    """Wait for every process."""
    if processes().world > 1:
        dist.barrier()


def choose_device(device: str = "auto") -> torch.device:
    """Resolve ``"auto"`` to the GPU where there is one, else the CPU.

    Raises
    ------
    InvalidInputError
        If torch does not know the device, or it is not there.
    """
    if device == "auto":
        device = f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise InvalidInputError(f"device={device!r} cannot be used here: {str(error).splitlines()[0]}") from error
    return chosen


def choose_precision(settings: LearnSettings, device: torch.device) -> str:
    """Resolve ``"auto"``: ``"bf16"`` where the hardware multiplies it and it is sound, else ``"fp32"``.

    On a CPU it is not sound for pictures of up to 16 pixels, of which the last stage of the network is given maps of
    1 x 1: there the gradient of a 3 x 3 convolution of stride 2 is computed from memory that nobody wrote (torch 2.11
    and 2.13 on processors with AVX-512 bf16, whatever the batch, the layout and the number of threads; maps of 2 x 2 to
    8 x 8, other strides and kernels are right). Networks on signals: see `choose_series_precision`.

    Raises
    ------
    InvalidInputError
        Where bf16 is asked for and is not sound.
    """
    asked, size = settings.training.precision, settings.image.size
    if settings.model.use_eda and settings.model.network != "resnet18":
        return choose_series_precision(asked, device, settings.model.network)
    is_sound = device.type != "cpu" or not settings.model.use_eda or size > LARGEST_UNSOUND
    if asked == "bf16" and not is_sound:
        raise InvalidInputError(
            f"precision='bf16' with pictures of {size} pixels on a CPU: torch computes the gradient of a strided "
            f"convolution over maps of 1 x 1 from memory that was not written; take fp32, or pictures of more than "
            f"{LARGEST_UNSOUND} pixels"
        )
    return fastest_precision(asked, device) if is_sound else "fp32"


def choose_series_precision(asked: str, device: torch.device, network: str) -> str:
    """Resolve ``"auto"`` for a network on signals, whose last maps can be one sample long: on a CPU ``"fp32"``.

    Raises
    ------
    InvalidInputError
        Where bf16 is asked for on a CPU, with the name of the network.
    """
    if device.type != "cpu":
        return fastest_precision(asked, device)
    if asked == "bf16":
        raise InvalidInputError(
            f"precision='bf16' with network={network!r} on a CPU: its last maps can be one sample long, where torch "
            "computes the gradient of a strided convolution from memory that was not written; take fp32"
        )
    return "fp32"


def fastest_precision(precision: str, device: torch.device) -> str:
    """Resolve ``"auto"`` by the hardware alone: ``"bf16"`` where it multiplies it, else ``"fp32"``."""
    if precision != "auto":
        return precision
    fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_has_bf16()
    return "bf16" if fast else "fp32"


def cpu_has_bf16() -> bool:
    """Tell whether the processor has bf16 instructions; False where the system does not say (only Linux does)."""
    listing = Path("/proc/cpuinfo")
    if platform.system() != "Linux" or not listing.is_file():
        return False
    lines = listing.read_text(encoding="ascii", errors="replace").splitlines()
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return bool(BF16_FLAGS & set(flags.split()))
