"""Networks that have seen simulated recordings first, in which the responses are known."""

from __future__ import annotations

import hashlib
import itertools
import warnings
from pathlib import Path

import numpy as np
from torch import nn

from ressin.data.samples.labelled import LabelledData
from ressin.decomposition.decompose import decompose
from ressin.errors import InvalidInputError, QualityWarning
from ressin.image import PackedSignals
from ressin.learn.model.fusion import Ensemble
from ressin.learn.model.settings import ModelSettings
from ressin.learn.training.tensors import part, read_tensors
from ressin.simulation.recording import simulate_recording

WINDOWS = 10  # of one recording


def simulated_windows(
    n_recordings: int, *, kind: str = "wristband", seconds: float = 60.0, seed: int = 0
) -> LabelledData:
    """Simulate people, and label windows of their recordings by how active they are.

    Parameters
    ----------
    n_recordings
        How many, at least 2; each is a person of its own, of 10 windows.
    kind
        See `ressin.simulate_recording`.
    seconds
        Of a window, at least 10.
    seed
        Of the simulation.

    Returns
    -------
    LabelledData
        Label ``"activity"``: 1 where more responses begin in a window than in the median window of its recording.
        Channels from `ressin.decompose` of the whole recording, in microsiemens.

    Raises
    ------
    InvalidInputError
        If a number is out of range or the kind unknown.
    """
    if n_recordings < 2 or not 10.0 <= seconds <= 3600.0:
        raise InvalidInputError(
            f"n_recordings={n_recordings}, seconds={seconds:g}: at least 2 recordings, and windows of 10 to 3600 s"
        )
    signals, labels, rate = [], [], 0.0
    for number in range(n_recordings):
        made = simulate_recording(kind, WINDOWS * seconds, rng=np.random.default_rng([seed, number]))
        rate = made.sampling_rate
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", QualityWarning)  # artefacts are simulated, too
            result = decompose(made.signal, rate, missing="solve")
        channels = np.stack([made.signal, result.phasic, result.tonic]).astype(np.float32)
        edges = np.round(np.arange(WINDOWS + 1) * seconds * rate).astype(int)
        signals += [channels[:, begin:end] for begin, end in itertools.pairwise(edges)]
        counts = np.histogram(made.onsets, bins=np.arange(WINDOWS + 1) * seconds)[0]
        labels += (counts > np.median(counts)).astype(np.int64).tolist()
    return _collected(signals, np.array(labels, np.int64), rate)


def _collected(signals: list[np.ndarray], label: np.ndarray, rate: float) -> LabelledData:
    number = np.arange(len(signals))
    name = np.array([f"simulated{k // WINDOWS}_{k % WINDOWS}" for k in number])
    return LabelledData(
        label_name="activity",
        signals=PackedSignals.pack(signals, rate),
        place=number,
        recording_id=name,
        pair=name,
        subject=np.array([f"simulated{k // WINDOWS}" for k in number]),
        stimulus=name,
        label=label,
        rating=np.full(len(name), np.nan),
        music=np.zeros((0, 0), np.float32),
        music_row=np.full(len(name), -1),
    )


def digest_of(path: str | Path) -> str:
    """Digest of a file of weights, for what identifies a training; "" for no file.

    Raises
    ------
    InvalidInputError
        If the file is missing.
    """
    if not path:
        return ""
    if not Path(path).is_file():
        raise InvalidInputError(f"pretrained={str(path)!r}: there is no such file")
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()


def start_from(model: nn.Module, settings: ModelSettings) -> None:
    """Give a model's EDA branches the weights of ``settings.pretrained``; the classifier keeps its own.

    Raises
    ------
    InvalidInputError
        If the file is no model of ressin's, or of another network, number of members, channels or size.
    """
    tensors, _ = read_tensors(Path(settings.pretrained))
    found = part(tensors, "model")
    names = [name for name in model.state_dict() if "subnet." in name]
    own = {name: model.state_dict()[name] for name in names}
    odd = [name for name in names if name not in found or found[name].shape != own[name].shape]
    if odd or any("subnet." in name and name not in own for name in found):
        count = len(model.members) if isinstance(model, Ensemble) else 1
        raise InvalidInputError(
            f"{settings.pretrained} holds another EDA branch than network={settings.network!r} of {settings.n_planes} "
            f"planes and {count} members: pretrain one with the same settings"
        )
    model.load_state_dict({name: found[name] for name in names}, strict=False)
