"""Small simulated data in which a label can be learnt from the signal and, less well, from the song."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ressin.data.preparation.settings import Preparation
from ressin.data.samples.labelled import LabelledData
from ressin.image import ImageSettings, PackedSignals
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings

RATE = 8.0  # Hz


def made_up(n: int = 90, n_subjects: int = 15, n_songs: int = 10, n_music: int = 12, seed: int = 0) -> LabelledData:
    rng = np.random.default_rng(seed)
    subject, song = np.arange(n) % n_subjects, (np.arange(n) * 7) % n_songs
    mood = rng.normal(size=n_songs)
    label = (mood[song] + 0.7 * rng.normal(size=n) > 0).astype(np.int64)
    music = rng.normal(size=(n_songs, n_music)).astype(np.float32)
    music[:, 0] += 2.0 * mood
    music[:, 3] = 5.0  # a feature without information
    return LabelledData(
        label_name="arousal",
        signals=PackedSignals.pack([_recording(rng, int(high)) for high in label], RATE),
        place=np.arange(n),
        recording_id=_named("recording_id", np.arange(n)),
        pair=_named("pair", np.arange(n)),
        subject=_named("subject", subject),
        stimulus=_named("stimulus", song),
        label=label,
        rating=np.clip(0.5 + 0.2 * (2 * label - 1) + 0.1 * rng.normal(size=n), 0.0, 1.0),
        music=music,
        music_row=song.astype(np.int64),
        label_rule={"min_ratings": 4},
        preparation=Preparation(),
    )


def _named(name: str, numbers: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.array([f"{name}{number}" for number in numbers])


def _recording(rng: np.random.Generator, high: int) -> NDArray[np.float32]:
    n = int(RATE * rng.integers(10, 14)) + int(rng.integers(0, 8))
    time = np.arange(n) / RATE
    phasic = np.zeros(n)
    for onset in rng.uniform(0.0, 10.0, size=2 + 4 * high):
        after = np.maximum(time - onset, 0.0)
        phasic += np.exp(-after / 2.0) - np.exp(-after / 0.7)
    tonic = 3.0 + 0.05 * rng.normal() * time
    return np.stack([phasic + tonic + 0.01 * rng.normal(size=n), phasic, tonic]).astype(np.float32)


def small(model: ModelSettings | None = None, training: TrainSettings | None = None, size: int = 24) -> LearnSettings:
    """Settings for tests: few, tiny pictures."""
    training = training or TrainSettings(iterations=6, batch_size=16, crop_padding=2, precision="fp32")
    return LearnSettings(model or ModelSettings(), training, ImageSettings(size))


def in_files(data: LabelledData, windows: int = 6, step: float = 30.0) -> LabelledData:
    """Make the samples overlapping windows of 60 s: of one file a person, in the order of the samples."""
    number = np.zeros(len(data))
    for name in np.unique(data.subject):
        rows = np.flatnonzero(data.subject == name)
        number[rows] = np.arange(len(rows))
    file = np.char.add(data.subject, np.where(number < windows, "_1.csv", "_2.csv"))
    start = step * (number % windows)
    return dataclasses.replace(data, file=file, start=start, end=start + 60.0)
