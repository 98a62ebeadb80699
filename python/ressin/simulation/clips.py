"""A clip for a made-up song: tempo, loudness, brightness, register, articulation and mode follow its emotion.

Notes
-----
The cues are those that listeners are known to use (Juslin & Laukka, 2003). Each is a straight line in the song's
arousal A or valence V (standard normal) plus its own scatter, so that no clip determines the emotion.

References
----------
Juslin, Laukka, "Communication of emotions in vocal expression and music performance", Psychological Bulletin 129, 2003,
doi:10.1037/0033-2909.129.5.770.
"""

from dataclasses import dataclass

import numpy as np

AUDIO_RATE = 16_000
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
PROGRESSION = (0, 3, 4, 0, 5, 3, 4, 4)  # degrees of the bass, one a bar


@dataclass(frozen=True)
class Cues:
    """The audible properties of a clip.

    Attributes
    ----------
    tempo
        Beats a minute.
    loudness
        Root mean square in dB below full scale.
    rolloff
        Partial h of a note has the amplitude h^-rolloff: lower is brighter.
    root
        Lowest note of the scale, MIDI number.
    legato
        Share of its time that a note sounds.
    major
        The mode.
    """

    tempo: float
    loudness: float
    rolloff: float
    root: float
    legato: float
    major: bool


def cues_of(arousal: float, valence: float, rng: np.random.Generator) -> Cues:
    """Draw the cues of a song with this arousal and valence (standard normal)."""
    scatter = rng.standard_normal(6)
    return Cues(
        tempo=float(np.clip(105.0 + 24.0 * arousal + 8.0 * scatter[0], 50.0, 190.0)),
        loudness=float(np.clip(-21.0 + 3.5 * arousal + 1.0 * scatter[1], -34.0, -10.0)),
        rolloff=float(np.clip(1.5 - 0.30 * arousal + 0.12 * scatter[2], 0.5, 3.0)),
        root=float(np.clip(55.0 + 4.0 * valence + 1.5 * scatter[3], 40.0, 72.0)),
        legato=float(np.clip(0.62 - 0.14 * valence + 0.06 * scatter[4], 0.2, 1.0)),
        major=bool(valence + 0.5 * scatter[5] > 0.0),
    )


def make_clip(cues: Cues, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Synthesise a clip: a bass note a bar, a melody in eighths, a drum on the beat.

    Returns
    -------
    samples
        round(seconds x 16,000) float32 samples within -1..1.
    """
    n = round(seconds * AUDIO_RATE)
    beat = 60.0 / cues.tempo
    scale = np.array(MAJOR if cues.major else MINOR)
    sound = np.zeros(n + AUDIO_RATE)  # room for the last notes' tails
    degree = 7
    for step in range(int(seconds / (beat / 2.0))):
        start = round(step * beat / 2.0 * AUDIO_RATE)
        bar = int(step // 8) % len(PROGRESSION)
        if step % 8 == 0:
            _add(sound, start, _note(cues.root - 12.0 + scale[PROGRESSION[bar] % 7], 3.6 * beat, cues.rolloff), 0.8)
        degree = int(np.clip(degree + rng.integers(-2, 3), 3, 14))
        pitch = cues.root + 12.0 * (degree // 7) + scale[degree % 7]
        _add(sound, start, _note(pitch, cues.legato * beat / 2.0, cues.rolloff), 0.6)
        if step % 2 == 0:
            _add(sound, start, _drum(rng), 0.12 + 0.12 * max(0.0, 1.6 - cues.rolloff))
    sound = sound[:n]
    target = 10.0 ** (cues.loudness / 20.0)
    return np.asarray(np.tanh(sound * (target / np.sqrt(np.mean(sound**2)))), np.float32)


def _note(pitch: float, seconds: float, rolloff: float) -> np.ndarray:
    """Make a plucked tone: partials h^-rolloff up to 7 kHz, 5 ms attack, decaying, 20 ms release."""
    t = np.arange(max(round((seconds + 0.02) * AUDIO_RATE), 480)) / AUDIO_RATE
    frequency = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    partials = np.arange(1, min(12, int(7000.0 / frequency)) + 1)
    weights = partials**-rolloff
    tone = np.zeros_like(t)
    for h, weight in zip(partials, weights / weights.sum(), strict=True):
        tone += weight * np.sin(2.0 * np.pi * frequency * h * t)
    envelope = np.minimum(t / 0.005, 1.0) * np.exp(-1.5 * t) * np.clip((t[-1] - t) / 0.02, 0.0, 1.0)
    return np.asarray(tone * envelope)


def _drum(rng: np.random.Generator) -> np.ndarray:
    """Make a short burst of noise."""
    t = np.arange(round(0.06 * AUDIO_RATE)) / AUDIO_RATE
    return np.asarray(rng.standard_normal(len(t)) * np.exp(-60.0 * t))


def _add(sound: np.ndarray, start: int, part: np.ndarray, gain: float) -> None:
    """Mix a part in, as far as there is room."""
    end = min(start + len(part), len(sound))
    sound[start:end] += gain * part[: end - start]
