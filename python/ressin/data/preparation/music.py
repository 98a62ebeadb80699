"""The music of a stimulus as 6373 numbers: the ComParE 2016 functionals, heard by openSMILE or read from a table.

Notes
-----
openSMILE is under audEERING's research licence (non-commercial), which is why it is an extra of its own.

References
----------
Schuller et al., "The INTERSPEECH 2016 computational paralinguistics challenge", INTERSPEECH 2016.
Eyben, Woellmer, Schuller, "openSMILE", ACM Multimedia 2010, doi:10.1145/1873951.1874246.
"""

import io
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ressin._extras import require
from ressin._files.limits import MAX_AUDIO_BYTES, digest_bytes, inside, read_limited, write_bytes
from ressin.errors import RecordingError, describe

N_FEATURES = 6373
READER_VERSION = 1  # raised whenever the same clip would give other numbers
MAX_AUDIO_SECONDS = 3600.0
MAX_AUDIO_SAMPLES = 400_000_000  # of all channels: an hour in stereo at 48 kHz and a little more
MIN_AUDIO_SECONDS = 1.0


@dataclass(frozen=True)
class MusicTable:
    """Features of some stimuli.

    Attributes
    ----------
    stimuli
        Their names.
    names
        Name of each feature.
    values
        stimuli x features, float32, finite.
    sources
        Where each row came from, in words.
    """

    stimuli: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    sources: tuple[str, ...]


def extractor_version() -> str:
    """Name and version of the extractor of features, a part of every cache key.

    Raises
    ------
    MissingExtraError
        When opensmile or soundfile is not installed.
    """
    require("soundfile", "music", "reading music clips")
    version = require("opensmile", "music", "hearing music clips").__version__
    return f"openSMILE {version} ComParE_2016 functionals, reader {READER_VERSION}"


def _smile() -> Any:
    """Make an extractor; one per call, because an openSMILE component graph is not shared between threads."""
    smile = require("opensmile", "music", "hearing music clips")
    return smile.Smile(smile.FeatureSet.ComParE_2016, smile.FeatureLevel.Functionals)


@cache
def feature_names() -> tuple[str, ...]:
    """Names of the 6373 functionals, in openSMILE's order."""
    return tuple(_smile().feature_names)


def decode_audio(data: bytes, name: str) -> tuple[np.ndarray, int]:
    """Decode mp3, wav, flac or ogg to one channel.

    Returns
    -------
    samples, rate
        float32 in -1..1, the mean of the channels, and Hz.

    Raises
    ------
    RecordingError
        When it is not audio, is damaged, is shorter than 1 s or longer than an hour, or is silent.
    """
    soundfile = require("soundfile", "music", "reading music clips")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as stream:
            rate, frames = int(stream.samplerate), int(stream.frames)
            if rate < 1 or frames > MAX_AUDIO_SECONDS * rate or stream.channels > 16:
                raise RecordingError(
                    f"{name}: {frames} frames at {rate} Hz in {stream.channels} channels; at most "
                    f"{MAX_AUDIO_SECONDS:g} s and 16 channels are read"
                )
            if frames * stream.channels > MAX_AUDIO_SAMPLES:
                raise RecordingError(
                    f"{name}: {frames:,} frames of {stream.channels} channel(s), {frames * stream.channels:,} samples; "
                    f"at most {MAX_AUDIO_SAMPLES:,} are read"
                )
            samples = stream.read(dtype="float32", always_2d=True).mean(axis=1)
    except soundfile.SoundFileError as error:
        reason = getattr(error, "error_string", error)  # its own text has an address in memory
        raise RecordingError(f"{name}: not readable as audio ({reason})") from error
    if len(samples) < MIN_AUDIO_SECONDS * rate:
        raise RecordingError(
            f"{name}: {len(samples) / rate:.2f} s of sound, at least {MIN_AUDIO_SECONDS:g} s are needed"
        )
    if not np.isfinite(samples).all() or not samples.any():
        raise RecordingError(f"{name}: the clip is silent or holds infinite samples")
    return samples, rate


def extract(samples: np.ndarray, rate: int, name: str = "clip") -> np.ndarray:
    """Extract the features of a clip.

    Parameters
    ----------
    samples
        One channel, float32.
    rate
        Hz.
    name
        How messages call it.

    Returns
    -------
    features
        6373 float32, in the order of `feature_names`.

    Raises
    ------
    RecordingError
        When openSMILE gives anything but 6373 finite numbers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a clip that is too short comes back as NaN and is refused below
        features = _smile().process_signal(samples, rate).to_numpy(np.float32)
    if features.shape != (1, N_FEATURES) or not np.isfinite(features).all():
        bad = int(np.count_nonzero(~np.isfinite(features)))
        raise RecordingError(f"{name}: openSMILE gave {features.shape[-1]} features, {bad} of them not finite")
    return np.asarray(features[0])


@dataclass(frozen=True)
class Clip:
    """One clip to be heard: file under `root`, digest of its content, the cache folder, and the extractor's name."""

    root: str
    path: str
    digest: str
    cache: str
    version: str

    @property
    def cached(self) -> Path:
        """File that keeps the features: its name is the content and the version."""
        return Path(self.cache) / f"{digest_bytes(f'{self.digest} {self.version}'.encode())}.npy"


def hear(clip: Clip) -> str:
    """Put a clip's features into the cache, if they are not there.

    Returns
    -------
    problem
        ``""``, or why the clip cannot be used.
    """
    if load_cached(clip.cached) is not None:
        return ""
    try:
        data = read_limited(inside(Path(clip.root), clip.path), MAX_AUDIO_BYTES)
        if digest_bytes(data) != clip.digest:
            return f"{clip.path}: changed while it was being prepared; run again"
        samples, rate = decode_audio(data, clip.path)
        features = extract(samples, rate, clip.path)
    except Exception as error:  # noqa: BLE001  # whatever one clip does, the others are heard
        return describe(error)
    buffer = io.BytesIO()
    np.save(buffer, np.append(features, np.float32(len(samples) / rate)), allow_pickle=False)
    write_bytes(clip.cached, buffer.getvalue())
    return ""


def load_cached(path: Path) -> tuple[np.ndarray, float] | None:
    """Read the features and the length of a clip from the cache.

    Returns
    -------
    features, seconds
        None when they are not there, or are not 6373 + 1 finite float32 numbers: then the clip is heard again.
    """
    if not path.is_file() or path.stat().st_size > 8 * N_FEATURES:
        return None
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError):
        return None
    whole = values.shape == (N_FEATURES + 1,) and values.dtype == np.float32 and np.isfinite(values).all()
    return (values[:-1], float(values[-1])) if whole else None
