"""One recording, not a data set: its probability, and how it differs from what the model was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ressin.data.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import CHANNELS, PackedSignals
from ressin.learn.checkpoint import TrainedModel


@dataclass(frozen=True)
class Prediction:
    """What a model says of one recording.

    Attributes
    ----------
    label_name
        Such as ``"arousal"``.
    probability
        Of high, 0 to 1.
    notes
        How the recording is unlike the training samples, in words; empty where it is not.
    """

    label_name: str
    probability: float
    notes: tuple[str, ...]


def predict_recording(
    trained: TrainedModel,
    channels: ArrayLike,
    sampling_rate: float,
    *,
    music: ArrayLike | None = None,
    device: str = "auto",
) -> Prediction:
    """Give the probability of high for one recording.

    Parameters
    ----------
    trained
        From `ressin.learn.training.train` or `ressin.learn.checkpoint.load`.
    channels
        (3, n_samples): origin, phasic and tonic, prepared as the training data were (the start dropped).
    sampling_rate
        Hz.
    music
        (n_music,), features of the clip, where the model hears music.
    device
        See `TrainedModel.predict`.

    Raises
    ------
    InvalidInputError
        If the shape is wrong, the recording too short, a sample not finite, or the music missing or of another length.
    """
    signal = np.asarray(channels)
    if signal.ndim != 2 or len(signal) != len(CHANNELS):
        raise InvalidInputError(f"channels have shape {signal.shape}; (3, n_samples) is needed: {', '.join(CHANNELS)}")
    features = np.zeros((0, 0), np.float32) if music is None else np.atleast_2d(np.asarray(music, np.float32))
    if trained.settings.model.use_music and not len(features):
        raise InvalidInputError("the model hears music: give the features of the clip")
    one = np.array(["this recording"])
    data = LabelledData(
        label_name=trained.label_name,
        signals=PackedSignals.pack([signal], sampling_rate),
        place=np.zeros(1, np.int64),
        recording_id=one,
        pair=one,
        subject=one,
        stimulus=one,
        label=np.zeros(1, np.int64),
        rating=np.full(1, np.nan),
        music=features,
        music_row=np.full(1, 0 if len(features) else -1),
    )
    notes = trained.domain.unlike(sampling_rate, signal.shape[1] / sampling_rate)
    return Prediction(trained.label_name, float(trained.predict(data, device=device)[0]), notes)
