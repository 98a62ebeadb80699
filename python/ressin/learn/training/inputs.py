"""From samples to the tensors of the network, with means and deviations fitted on the training part alone."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import torch
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.model.settings import LearnSettings, ModelSettings
from ressin.learn.training.dataset import Inputs, SignalImages, channel_means
from ressin.learn.training.relative import RelativeFeatures
from ressin.learn.training.resampled import ResampledSignals, fit_series_scale

MIN_DEVIATION = 1e-6  # a feature that varies less over the training songs is left out: it becomes 0


@dataclass(frozen=True, eq=False)
class Normalisation:
    """What is subtracted and divided by, fitted on the training part.

    Attributes
    ----------
    image_mean
        float32, (n_planes,): mean pixel of each plane; empty without pictures.
    music_mean, music_deviation
        float32, (n_music,): over the training samples; empty without a music branch. The deviation of a feature that
        does not vary is infinite, so that it becomes 0.
    series_mean, series_deviation
        float32, (n_planes,): of each channel over the training samples, in the unit of the recordings; empty unless
        the network is one on signals. The deviation of a channel that does not vary is infinite.
    """

    image_mean: NDArray[np.float32]
    music_mean: NDArray[np.float32]
    music_deviation: NDArray[np.float32]
    series_mean: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    series_deviation: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def check(self) -> None:
        """Check that pictures and features can be scaled with these numbers.

        Raises
        ------
        InvalidInputError
            When an array is not a row of float32, a mean is not finite, a deviation is not above 0, or the arrays of
            the music differ in length.
        """
        for item in fields(self):
            values = getattr(self, item.name)
            if values.dtype != np.float32 or values.ndim != 1:
                raise InvalidInputError(
                    f"{item.name} is {values.ndim}-dimensional {values.dtype}; a row of float32 is needed"
                )
            good = values > 0 if item.name.endswith("_deviation") else np.isfinite(values)
            if not good.all():
                raise InvalidInputError(f"{item.name} holds {values[~good][0]}, which nothing can be scaled with")
        for kind in ("music", "series"):
            if getattr(self, f"{kind}_deviation").shape != getattr(self, f"{kind}_mean").shape:
                raise InvalidInputError(f"{kind}_mean and {kind}_deviation differ in length")

    def scale_music(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Z-score music features, (B, n_music)."""
        return scaled_music(features, self.music_mean, self.music_deviation)


def scaled_music(
    features: NDArray[np.float32], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Z-score music features, (n, n_music); what is missing (not finite) becomes the mean, 0."""
    scaled = (features - mean) / deviation
    return np.where(np.isfinite(scaled), scaled, np.float32(0.0)).astype(np.float32)


def fit_normalisation(data: LabelledData, train: NDArray[np.int64], settings: LearnSettings) -> Normalisation:
    """Fit on the samples `train` alone."""
    empty = np.zeros(0, np.float32)
    image_mean, music, series = empty, (empty, empty), (empty, empty)
    if settings.model.use_eda and settings.model.on_signals:
        series = fit_series_scale(data, train, settings)
    elif settings.model.use_eda:
        image_mean = channel_means(SignalImages(data, settings.model.channel_index, settings.image), train)
    if settings.model.use_music:
        music = fit_music_scale(data, train)
    return Normalisation(image_mean, *music, *series)


def fit_music_scale(data: LabelledData, train: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of the music features over the training samples; infinite where a feature does not vary."""
    data.music_of(train)  # raises where a song has none
    rows, counts = np.unique(data.music_row[train], return_counts=True)
    values = data.music[rows].astype(np.float64)
    known = np.isfinite(values)
    weight = counts[:, None] * known
    total = np.maximum(weight.sum(axis=0), 1)
    mean = (weight * np.where(known, values, 0.0)).sum(axis=0) / total
    variance = (weight * np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / total
    deviation = np.sqrt(variance)
    flat = deviation <= MIN_DEVIATION * np.maximum(1.0, np.abs(mean))
    return mean.astype(np.float32), np.where(flat, np.inf, deviation).astype(np.float32)


def one_rate(data: LabelledData, index: NDArray[np.int64]) -> float:
    """Return the sampling rate in Hz that all samples have.

    Raises
    ------
    InvalidInputError
        If they have several.
    """
    rates = np.unique(data.sampling_rates()[index])
    if len(rates) != 1:
        raise InvalidInputError(
            f"decompose='layer' needs recordings of one sampling rate; these have {rates.min():g} to {rates.max():g} Hz"
        )
    return float(rates[0])


class SignalInputs:
    """An `InputSource` for `DecomposingResSIN`: (signal, lengths, shifts, mean, music or None)."""

    groups = None

    def __init__(self, data: LabelledData, settings: LearnSettings, normalisation: Normalisation) -> None:
        self.data, self.use_music, self.normalisation = data, settings.model.use_music, normalisation
        self.mean = torch.from_numpy(normalisation.image_mean)

    def inputs(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None) -> Inputs:
        """Origin (B, n) of these samples, padded with zeros, and how they are drawn; music (B, n_music)."""
        one_rate(self.data, index)
        origins = [torch.from_numpy(np.array(self.data.signal(int(i))[0], dtype=np.float32)) for i in index]
        signal = torch.nn.utils.rnn.pad_sequence(origins, batch_first=True)
        lengths = torch.tensor([len(x) for x in origins])
        moves = np.zeros((len(index), 2), np.int64) if shifts is None else shifts
        music = None
        if self.use_music:
            music = torch.from_numpy(self.normalisation.scale_music(self.data.music_of(index)))
        return signal, lengths, torch.from_numpy(moves), self.mean, music


class FusionInputs:
    """An `InputSource` for `ResSIN`: (image, signals or None, music or None), and whose they are where it matters."""

    def __init__(
        self, data: LabelledData, settings: LearnSettings, normalisation: Normalisation, n_threads: int = 0
    ) -> None:
        model: ModelSettings = settings.model
        self.data, self.use_music, self.normalisation = data, model.use_music, normalisation
        self.images: SignalImages | None = None
        self.series: ResampledSignals | RelativeFeatures | None = None
        self.person = np.unique(data.subject, return_inverse=True)[1].astype(np.int64) if model.within_person else None
        if model.use_eda and model.on_signals:
            self.series = ResampledSignals(data, settings, normalisation.series_mean, normalisation.series_deviation)
        elif model.use_eda and model.on_features:
            self.series = RelativeFeatures(data, settings)
        elif model.use_eda:
            self.images = SignalImages(
                data, model.channel_index, settings.image, mean=normalisation.image_mean, n_threads=n_threads
            )

    def inputs(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None) -> Inputs:
        """Image (B, n_planes, size, size), signals (B, n_planes, length) or features (B, n); music (B, n_music)."""
        image = None
        if self.series is not None:
            image = self.series.of(index, shifts)
        elif self.images is not None:
            image = self.images.draw(index, shifts)
        music = None
        if self.use_music:
            music = torch.from_numpy(self.normalisation.scale_music(self.data.music_of(index)))
        if self.person is None:
            return image, music
        return image, music, torch.from_numpy(self.person[index])

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """Whose each sample is, where the model looks at a person's samples together; else None."""
        return self.person


def make_inputs(
    data: LabelledData, settings: LearnSettings, normalisation: Normalisation, n_threads: int = 0
) -> FusionInputs | SignalInputs:
    """Make the source that feeds the model of these settings."""
    if settings.model.decompose == "layer":
        if data.signals.span is not None or data.signals.row_seconds != 1.0:
            raise InvalidInputError(
                "decompose='layer' decomposes each window and draws it by its own minimum and maximum, a second a row: "
                "prepare the data with --decompose window --scale window --row-seconds 1"
            )
        return SignalInputs(data, settings, normalisation)
    return FusionInputs(data, settings, normalisation, n_threads)
