"""Simulated listeners and songs: what is felt, and how it is rated.

Notes
-----
For subject s, song m and dimension d (arousal, valence), in standard deviations of felt emotion::

    felt      x_smd  = sqrt(w) z_md + sqrt(1 - w) z_smd        song plus personal deviation, w = song_share
    said      y_smd  = c(x_smd + reporting_noise e_smd)        c concave: ratings crowd at the upper end
    rating    r_smd  = centre + bias_s + spread_s y_smd,       in eighths, within 0..1
    drive     u_sm   = (x_sm,arousal + valence_weight x_sm,valence) / its standard deviation

All z and e are standard normal; arousal and valence of one song correlate by `song_correlation`, the two personal
deviations by `personal_correlation`. The body follows the drive u, in each person by a strength of their own
(`ressin.simulation.skin`), the clip follows z_m (`ressin.simulation.clips`), and the label follows r. The music holds
nothing of z_sm, the body is noisy, and even x does not determine r. `ressin.simulation.ceiling` measures the accuracy
that this leaves possible.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd

STREAMS = {"population": 0, "dynamic": 1, "arousal": 2, "valence": 3, "audio": 4}

EIGHTH = 0.125


@dataclass(frozen=True)
class SimulationSettings:
    """Sizes and effects of a simulated data set.

    Attributes
    ----------
    n_subjects, n_songs, n_pairs
        How many listeners, songs with labels, and pairs of the two (each makes two recordings).
    n_short_songs
        Further songs whose clip is shorter than 15.5 s: without ratings and recordings, as PMEmo has 27.
    min_seconds, max_seconds
        Length of the clips, uniform between.
    sampling_rate
        Hz.
    song_share
        Share of the variance of felt emotion that the song explains, 0..1.
    song_correlation, personal_correlation
        Correlation of arousal and valence, between songs and within a person's deviations, -1..1.
    reporting_noise
        Deviation of what is said from what is felt, in standard deviations of felt emotion.
    skew
        Strength k of the concave scale c(x) = (1 - exp(-k x)) / k, standardised; 0 is straight.
    centre, spread, bias_sd, spread_sd
        Mean rating, mean deviation of ratings, and how both vary between subjects (the spread log-normally).
    valence_weight
        How much valence drives the body, beside arousal's 1.
    rate_effect, amplitude_effect
        Change of the logarithm of response rate and amplitude per standard deviation of the drive.
    slope_effect, slope_noise
        Change of the tonic slope per standard deviation of the drive, and its own deviation, both as shares of the
        tonic level per minute.
    coupling_sd
        How people differ in how strongly their body follows: the three effects of a person are those above times a
        normal number of mean 1 and this deviation; a person of a negative one responds the other way.
    wander
        Deviation of the tonic level's slow wandering, as a share of the level.
    spikes, drops
        Artefacts a minute, see `ressin.simulation.kinds.Kind`.
    """

    n_subjects: int = 60
    n_songs: int = 80
    n_pairs: int = 1200
    n_short_songs: int = 0
    min_seconds: float = 40.0
    max_seconds: float = 60.0
    sampling_rate: float = 50.0
    song_share: float = 0.62
    song_correlation: float = 0.5
    personal_correlation: float = 0.4
    reporting_noise: float = 0.3
    skew: float = 0.2
    centre: float = 0.58
    spread: float = 0.22
    bias_sd: float = 0.1
    spread_sd: float = 0.2
    valence_weight: float = 0.5
    rate_effect: float = 0.07
    amplitude_effect: float = 0.055
    slope_effect: float = 0.016
    slope_noise: float = 0.08
    coupling_sd: float = 0.6
    wander: float = 0.02
    spikes: float = 0.2
    drops: float = 0.2

    def __post_init__(self) -> None:
        if min(self.n_subjects, self.n_songs, self.n_pairs) < 1 or self.n_short_songs < 0:
            raise InvalidInputError("subjects, songs and pairs must be at least 1, short songs at least 0")
        if not max(self.n_subjects, self.n_songs) <= self.n_pairs <= self.n_subjects * self.n_songs:
            raise InvalidInputError(
                f"n_pairs={self.n_pairs} with {self.n_subjects} subjects and {self.n_songs} songs: "
                f"{max(self.n_subjects, self.n_songs)}..{self.n_subjects * self.n_songs} are possible"
            )
        if not 18.0 <= self.min_seconds <= self.max_seconds <= 600.0:
            raise InvalidInputError(f"clips of {self.min_seconds:g} to {self.max_seconds:g} s: 18..600 s are possible")
        if not 0.0 <= self.song_share <= 1.0:
            raise InvalidInputError(f"song_share={self.song_share:g} is outside 0..1")
        if not 4.0 <= self.sampling_rate <= 2000.0:
            raise InvalidInputError(f"sampling_rate={self.sampling_rate:g} Hz is outside 4..2000")
        for name in ("coupling_sd", "wander", "spikes", "drops"):
            if not 0.0 <= getattr(self, name) <= 60.0:
                raise InvalidInputError(f"{name}={getattr(self, name):g} is outside 0..60")
        for name in ("song_correlation", "personal_correlation"):
            if not -1.0 <= getattr(self, name) <= 1.0:
                raise InvalidInputError(f"{name}={getattr(self, name):g} is outside -1..1")


PMEMO_SIZE = {"n_subjects": 457, "n_songs": 767, "n_pairs": 7962, "n_short_songs": 27}

CLEAR = {
    "song_share": 0.5,
    "bias_sd": 0.06,
    "rate_effect": 0.4,
    "amplitude_effect": 0.3,
    "slope_effect": 0.11,
    "coupling_sd": 0.0,
    "wander": 0.012,
    "spikes": 0.0,
    "drops": 0.0,
}
"""Effects of listeners who are far easier to read than real ones: everybody's body follows what they feel, closely and
alike, and nothing goes wrong with the recordings."""


@dataclass(frozen=True)
class Population:
    """Tables of the simulated listeners and songs.

    Attributes
    ----------
    songs
        stimulus, song_arousal, song_valence (standard normal), seconds; the short ones last.
    subjects
        subject, bias, spread, and the body's constants (see `ressin.simulation.skin`).
    pairs
        pair, subject, stimulus, felt_arousal, felt_valence, drive, arousal, valence (ratings).
    """

    songs: "pd.DataFrame"
    subjects: "pd.DataFrame"
    pairs: "pd.DataFrame"


def make_population(settings: SimulationSettings, rng: np.random.Generator) -> Population:
    """Draw songs, subjects, who hears what, what is felt, and what is said.

    Parameters
    ----------
    settings
        Sizes and effects.
    rng
        Random generator.
    """
    songs = _songs(settings, rng)
    subjects = _subjects(settings, rng)
    who, what = _assign(settings, rng)  # (n_pairs,) each
    song = songs[["song_arousal", "song_valence"]].to_numpy()[what]  # (n_pairs, 2)
    own = _correlated(settings.n_pairs, settings.personal_correlation, rng)
    felt = math.sqrt(settings.song_share) * song + math.sqrt(1.0 - settings.song_share) * own
    said = _concave(felt + settings.reporting_noise * rng.standard_normal(felt.shape), settings)
    bias, spread = (subjects[name].to_numpy()[who, None] for name in ("bias", "spread"))
    rating = np.clip(np.rint((settings.centre + bias + spread * said) / EIGHTH) * EIGHTH, 0.0, 1.0)
    subjects["coupling"] = rng.normal(1.0, settings.coupling_sd, settings.n_subjects)  # times every effect of the drive
    import pandas as pd

    subject, stimulus = subjects["subject"].to_numpy()[who], songs["stimulus"].to_numpy()[what]
    pairs = pd.DataFrame(
        {
            "pair": [f"{m}_{s}" for m, s in zip(stimulus, subject, strict=True)],
            "subject": subject,
            "stimulus": stimulus,
            "felt_arousal": felt[:, 0],
            "felt_valence": felt[:, 1],
            "drive": _drive(felt, settings),
            "arousal": rating[:, 0],
            "valence": rating[:, 1],
        }
    )
    return Population(songs, subjects, pairs)


def _correlated(n: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Draw n x 2 standard normal numbers whose columns correlate."""
    z = rng.standard_normal((n, 2))
    z[:, 1] = correlation * z[:, 0] + math.sqrt(1.0 - correlation**2) * z[:, 1]
    return z


def _concave(x: np.ndarray, settings: SimulationSettings) -> np.ndarray:
    """c(x) = (1 - exp(-k x)) / k with mean 0 and deviation 1 for the x that occur."""
    s = math.sqrt(1.0 + settings.reporting_noise**2)
    k = settings.skew * s
    if k == 0.0:
        return x / s
    mean = (1.0 - math.exp(k * k / 2.0)) / k
    deviation = math.sqrt(math.exp(2.0 * k * k) - math.exp(k * k)) / k
    return np.asarray(((1.0 - np.exp(-k * x / s)) / k - mean) / deviation)


def _drive(felt: np.ndarray, settings: SimulationSettings) -> np.ndarray:
    """Compute u = (x_arousal + w x_valence) / its standard deviation over the population."""
    w = settings.valence_weight
    rho = settings.song_share * settings.song_correlation + (1.0 - settings.song_share) * settings.personal_correlation
    return np.asarray((felt[:, 0] + w * felt[:, 1]) / math.sqrt(1.0 + w * w + 2.0 * w * rho))


def _songs(settings: SimulationSettings, rng: np.random.Generator) -> "pd.DataFrame":
    import pandas as pd

    n = settings.n_songs + settings.n_short_songs
    latent = _correlated(n, settings.song_correlation, rng)
    seconds = np.round(rng.uniform(settings.min_seconds, settings.max_seconds, n), 1)
    seconds[settings.n_songs :] = np.round(rng.uniform(9.0, 15.0, settings.n_short_songs), 1)
    names = [str(number) for number in range(1, n + 1)]
    return pd.DataFrame(
        {"stimulus": names, "song_arousal": latent[:, 0], "song_valence": latent[:, 1], "seconds": seconds}
    )


def _subjects(settings: SimulationSettings, rng: np.random.Generator) -> "pd.DataFrame":
    """Draw the listeners: their scale, and their skin."""
    import pandas as pd

    n = settings.n_subjects
    level = rng.lognormal(math.log(5.0), 0.4, n)  # uS
    return pd.DataFrame(
        {
            "subject": [str(100_001 + number) for number in range(n)],
            "bias": rng.normal(0.0, settings.bias_sd, n),
            "spread": settings.spread * rng.lognormal(0.0, settings.spread_sd, n),
            "level": level,  # uS
            "rate": rng.lognormal(math.log(9.0), 0.25, n),  # responses a minute at drive 0
            "amplitude": rng.lognormal(math.log(0.25), 0.4, n),  # uS at drive 0
            "slope": rng.normal(-0.02, 0.03, n),  # share of the level per minute at drive 0
            "tau0": np.clip(rng.normal(2.0, 0.3, n), 1.2, 3.0),  # s
            "tau1": np.clip(rng.normal(0.7, 0.1, n), 0.4, 1.0),  # s
            "noise": rng.lognormal(math.log(0.01), 0.4, n),  # uS
        }
    )


def _assign(settings: SimulationSettings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Deal songs to subjects: as evenly as whole numbers allow on both sides, no song twice to one subject."""
    heard = np.zeros(settings.n_songs, np.int64)
    counts = np.full(settings.n_subjects, settings.n_pairs // settings.n_subjects)
    counts[: settings.n_pairs % settings.n_subjects] += 1
    who, what = [], []
    for subject, count in enumerate(counts):
        order = np.lexsort((rng.random(settings.n_songs), heard))[:count]  # the least heard first, equals at random
        heard[order] += 1
        who.append(np.full(count, subject))
        what.append(np.sort(order))
    return np.concatenate(who), np.concatenate(what)


def generator(seed: int, stream: str, number: int = 0) -> np.random.Generator:
    """Random generator of one file; it depends on the seed, the stream and the number alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS[stream], number)))
