"""One file of tensors with a JSON text in its header (safetensors): written whole or not at all, checked when read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ressin._files.atomic import replacing
from ressin._files.json_text import parse_json
from ressin.errors import InvalidInputError, OutputError

KEY = "ressin"
MAX_FILE_BYTES = 4 * 1024**3
MAX_JSON_BYTES = 64 * 1024**2


def write_tensors(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write tensors and a JSON object to one file.

    Raises
    ------
    OutputError
        If the file cannot be written, for instance because the disk is full; what stood there before is untouched.
    """
    plain = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps(about, allow_nan=False, sort_keys=True)
    with replacing(path) as temporary:
        try:
            save_file(plain, temporary, metadata={KEY: text})
        except SafetensorError as error:
            raise OutputError(f"cannot write {path}: {error}") from error


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_tensors` wrote; nothing in the file is executed.

    Raises
    ------
    InvalidInputError
        If the file is missing, too large, damaged, or not one of ressin's.
    """
    if not path.is_file():
        raise InvalidInputError(f"{path}: there is no such file")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InvalidInputError(f"{path} has {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(KEY, "")
            if len(text) > MAX_JSON_BYTES:
                raise InvalidInputError(f"{path}: its header has {len(text):,} characters; {MAX_JSON_BYTES:,} are read")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 -- not a mapping
    except (SafetensorError, OSError) as error:
        raise InvalidInputError(f"{path} is not a safetensors file: {error}") from error
    try:
        about = parse_json(text)
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, or an integer of thousands of digits
        raise InvalidInputError(f"{path}: its header holds no ressin description") from error
    if not isinstance(about, dict):
        raise InvalidInputError(f"{path}: its header holds no ressin description")
    return tensors, about


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``name.``, without that beginning."""
    return {key[len(name) + 1 :]: value for key, value in tensors.items() if key.startswith(f"{name}.")}


def check_finite(tensors: dict[str, Tensor], where: str) -> None:
    """Check that what is to be saved is finite: what is not would be loaded, trained on and believed.

    Raises
    ------
    InvalidInputError
        With the first tensor that is not; `where` says of what.
    """
    for name, value in tensors.items():
        if not bool(torch.isfinite(value).all()):
            count = int((~torch.isfinite(value)).sum())
            raise InvalidInputError(
                f"{where}: {name} holds {count} of {value.numel()} numbers that are not finite, and nothing is saved; "
                "a lower learning rate may help, or precision='fp32'"
            )


def check_weights(weights: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Check that weights have the model's dtypes and are finite; otherwise only wrong predictions would show it.

    Raises
    ------
    InvalidInputError
        With the first weight that is not.
    """
    for name, value in weights.items():
        if name in wanted and value.dtype != wanted[name].dtype:
            raise InvalidInputError(f"{name} holds {value.dtype}; {wanted[name].dtype} is needed")
        if not bool(torch.isfinite(value).all()):
            raise InvalidInputError(f"{name} holds numbers that are not finite")
