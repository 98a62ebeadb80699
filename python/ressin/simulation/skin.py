"""The skin conductance of a simulated listener: responses, tonic level, noise, artefacts, and an orienting response.

Notes
-----
With u the drive times the subject's coupling, and the subject's own rate, amplitude, slope and level::

    onsets       Poisson, rate_s exp(rate_effect u) a minute
    amplitudes   amplitude_s exp(amplitude_effect u) times a log-normal with deviation 0.35
    tonic slope  level_s (slope_s + slope_effect u + slope_noise N(0, 1)) a minute, plus slow wandering
    artefacts    spikes and drops, `ressin.simulation.artefacts`
    beginning    an orienting response at 1..3 s and a level that settles with a time constant of 5 s: over by 15 s

The signal itself is `ressin.simulation.eda.simulate_eda` with these onsets, amplitudes and time constants.
"""

import math
from collections.abc import Mapping

import numpy as np

from ressin.simulation.artefacts import draw_artefacts
from ressin.simulation.eda import simulate_eda
from ressin.simulation.kinds import Kind
from ressin.simulation.population import SimulationSettings

SETTLING_SECONDS = 5.0


def make_trace(
    subject: Mapping[str, float], drive: float, seconds: float, settings: SimulationSettings, rng: np.random.Generator
) -> np.ndarray:
    """Make one recording.

    Parameters
    ----------
    subject
        A row of `Population.subjects`.
    drive
        u of the pair, in standard deviations.
    seconds
        Length.
    settings
        Effects and sampling rate.
    rng
        Random generator.

    Returns
    -------
    signal
        round(seconds x rate) samples in microsiemens, rounded to 0.1 nS as an instrument would.
    """
    minutes, drive = seconds / 60.0, drive * subject["coupling"]
    count = rng.poisson(subject["rate"] * math.exp(settings.rate_effect * drive) * minutes)
    height = subject["amplitude"] * math.exp(settings.amplitude_effect * drive)
    onsets = np.concatenate([[rng.uniform(1.0, 3.0)], rng.uniform(-5.0, seconds, count)])
    heights = np.concatenate([[3.0 * subject["amplitude"]], height * rng.lognormal(0.0, 0.35, count)])
    slope = subject["slope"] + settings.slope_effect * drive + settings.slope_noise * rng.standard_normal()
    level = subject["level"] * rng.lognormal(0.0, 0.05)
    made = simulate_eda(
        seconds,
        settings.sampling_rate,
        rng=rng,
        onsets=onsets,
        amplitudes=heights,
        tau0=subject["tau0"],
        tau1=subject["tau1"],
        level=level,
        drift=slope * level,
        wander=settings.wander * level,
        noise=subject["noise"],
    )
    settling = 0.05 * level * np.exp(-made.time / SETTLING_SECONDS)
    skin = made.signal + settling
    artefacts = draw_artefacts(rng, _device(settings), made.time, skin)
    return np.asarray(np.round(np.maximum(skin + artefacts.added, 0.01), 4))


def _device(settings: SimulationSettings) -> Kind:
    """Give what goes wrong in these recordings."""
    return Kind(
        description="laboratory, with artefacts",
        sampling_rate=settings.sampling_rate,
        spikes=settings.spikes,
        drops=settings.drops,
    )
