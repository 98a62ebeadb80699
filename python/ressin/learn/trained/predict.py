"""The prediction for one recording, and how the recording differs from the training samples."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin._files.limits import MAX_AUDIO_BYTES, read_limited
from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.music import decode_audio, extract
from ressin.data.preparation.settings import Preparation
from ressin.data.preparation.single import prepare_recording
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import CHANNELS, PackedSignals
from ressin.learn.trained.checkpoint import TrainedModel
from ressin.recording import Recording


@dataclass(frozen=True)
class Prediction:
    """The prediction for one recording.

    Attributes
    ----------
    label_name
        Such as ``"arousal"``.
    probability
        Of high, 0 to 1.
    notes
        How the recording is unlike the training samples, in words; empty where it is not.
    threshold
        Probabilities above it are called high; 0.5 unless the model's was tuned.
    """

    label_name: str
    probability: float
    notes: tuple[str, ...]
    threshold: float = 0.5


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
        From `ressin.learn.trained.train.train` or `ressin.learn.trained.checkpoint.load`.
    channels
        (3, n_samples): origin, phasic and tonic, prepared as the training data were (the start dropped, scaled).
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
    if trained.settings.model.compares_samples:
        raise InvalidInputError(
            "the model compares the samples of a person (within_person, or network='mlp'), and one recording has no "
            "other: predict a prepared folder, by ressin evaluate or TrainedModel.predict"
        )
    signal = np.asarray(channels)
    if signal.ndim != 2 or len(signal) != len(CHANNELS):
        raise InvalidInputError(f"channels have shape {signal.shape}; (3, n_samples) is needed: {', '.join(CHANNELS)}")
    features = np.zeros((0, 0), np.float32) if music is None else np.atleast_2d(np.asarray(music, np.float32))
    if trained.settings.model.use_music and not len(features):
        raise InvalidInputError("the model hears music: give the features of the clip")
    known = trained.preparation or Preparation()
    one = np.array(["this recording"])
    data = LabelledData(
        label_name=trained.label_name,
        signals=PackedSignals.pack([signal], sampling_rate, row_seconds=known.row_seconds, span=known.span),
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
    probability = float(trained.predict(data, device=device)[0])
    if not math.isfinite(probability):
        raise InvalidInputError("the model gives no probability for this recording: its numbers overflow")
    return Prediction(trained.label_name, probability, notes, trained.threshold)


def predict_file(
    trained: TrainedModel,
    recording: Recording,
    *,
    music: str | Path | None = None,
    window: WindowRule | None = None,
    start: float = 0.0,
    end: float | None = None,
    device: str = "auto",
) -> Prediction:
    """Prepare one recording as the training data were, and give the probability of high.

    Parameters
    ----------
    trained
        From `ressin.learn.trained.checkpoint.load`.
    recording
        From `ressin.io.read_recording`.
    music
        The clip that was heard (mp3, wav, flac), where the model hears music.
    window
        How much of the beginning is dropped, and what is refused. None does it as for the training data, but takes a
        recording of any length that makes a picture: that it is shorter than those is said in a note.
    start, end
        Window in seconds; None goes to the end of the recording. Where the training samples were whole files, the
        beginning is dropped from the window; where they were windows of files, only from the recording.
    device
        See `TrainedModel.predict`.

    Returns
    -------
    Prediction
        With notes on rate, length and preparation, missing samples, and the quality of the decomposition.

    Raises
    ------
    InvalidInputError
        If the recording is too short or has too many gaps, or music is missing, not wanted or not what the model knows.
    RecordingError
        If the clip cannot be read.
    MissingExtraError
        If a clip is given and the extra `music` is not installed.
    ConvergenceError
        If the decomposition fails.
    """
    if music is not None and not trained.settings.model.use_music:
        raise InvalidInputError(f"the model hears no music, and the clip {music} was given: leave it out")
    if music is None and trained.settings.model.use_music:
        raise InvalidInputError("the model hears music: give the clip")
    known = trained.preparation or Preparation()
    rule = window or dataclasses.replace(known.window, min_duration=0.0)
    ready = prepare_recording(recording, known, rule, start=start, end=end)
    features = None if music is None else hear_clip(Path(music))
    found = predict_recording(trained, ready.channels, ready.sampling_rate, music=features, device=device)
    remarks = _unlike(trained.preparation, rule) + ready.notes
    return dataclasses.replace(found, notes=found.notes + remarks)


def _unlike(preparation: Preparation | None, rule: WindowRule) -> tuple[str, ...]:
    """Return the differences between the preparation of the recording and of the training samples."""
    if preparation is None:
        return ("the model does not say how its recordings were prepared; this one was with the defaults",)
    then = preparation.window
    if (rule.drop_seconds, rule.drop) == (then.drop_seconds, then.drop):
        return ()
    now = f"the first {rule.drop_seconds:g} s were dropped {rule.drop} the decomposition"
    return (f"{now}; in training {then.drop_seconds:g} s {then.drop} it",)


def hear_clip(path: Path) -> NDArray[np.float32]:
    """Extract the 6373 features of a clip.

    Raises
    ------
    RecordingError
        If it cannot be read as audio, is too large, too short or silent.
    MissingExtraError
        If openSMILE or soundfile is not installed.
    """
    samples, rate = decode_audio(read_limited(path, MAX_AUDIO_BYTES), path.name)
    return np.asarray(extract(samples, rate, path.name), np.float32)
