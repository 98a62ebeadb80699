"""Kinds of simulated recordings: what the skin does, what the device makes of it, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of person, device and artefact. Ranges are drawn from once a recording.

    Attributes
    ----------
    description
        One sentence.
    sampling_rate
        Samples per second of the file (Hz).
    native_rate
        Samples per second that the device takes (Hz) where the file has more of them, else None.
    held
        Whether the samples in between repeat the last one; otherwise they lie on a line between two.
    cutoff
        Cut-off frequency of the device's low-pass filter (Hz).
    quantum
        Smallest step of the device in microsiemens; 0 for none.
    ceiling_share
        Range of shares of the samples below the end of the amplifier's range; (1, 1) for a range that is never left.
    level, amplitude
        Medians over people of the tonic level and of the responses' amplitudes, in microsiemens.
    responses
        Range of responses a minute.
    wander
        Median over people of the standard deviation of the logarithm of the level's wandering.
    wave
        Range of the amplitudes of a slow wave of the level, as shares of the level.
    wave_period
        Range of the wave's period in seconds.
    donning
        Range of the change of the level after donning, as a share of where it settles; negative where it rises.
    breathing
        Range of the amplitudes of the respiration, as shares of the level.
    white, pink, red
        Standard deviations of white noise, 1/f noise and first-order red noise, in microsiemens.
    red_time
        Time in which the correlation of the red noise falls to 1/e, in seconds.
    noise_walk
        Standard deviation of the logarithm of the noise's strength from minute to minute.
    spikes, drops, steps, contacts, losses
        Artefacts a minute: spikes, drops after movements, lasting shifts of the level, loose contact for seconds, loss
        of contact for half a minute and more.
    """

    description: str
    sampling_rate: float
    native_rate: float | None = None
    held: bool = False
    cutoff: float = 1.5
    quantum: float = 0.0
    ceiling_share: tuple[float, float] = (1.0, 1.0)
    level: float = 0.5
    amplitude: float = 0.06
    responses: tuple[float, float] = (2.0, 10.0)
    wander: float = 0.15
    wave: tuple[float, float] = (0.0, 0.0)
    wave_period: tuple[float, float] = (60.0, 180.0)
    donning: tuple[float, float] = (0.0, 0.0)
    breathing: tuple[float, float] = (0.0, 0.0)
    white: float = 0.002
    pink: float = 0.0
    red: float = 0.0
    red_time: float = 2.4
    noise_walk: float = 0.0
    spikes: float = 0.0
    drops: float = 0.0
    steps: float = 0.0
    contacts: float = 0.0
    losses: float = 0.0


_WRIST = Kind(
    description="Dry wristband at 4 Hz, calm wearer: a few responses a minute, no artefacts.",
    sampling_rate=4.0,
    cutoff=1.5,
    quantum=9e-4,
    level=0.5,
    amplitude=0.06,
    white=0.002,
    pink=0.001,
)
_FINGER = Kind(
    description="Gelled finger electrodes at 50 Hz in a laboratory, no artefacts.",
    sampling_rate=50.0,
    cutoff=5.0,
    quantum=3e-4,
    level=6.0,
    amplitude=0.3,
    white=0.004,
    pink=0.001,
)
_REST = (0.0, 0.0)
_DENSE = (18.0, 26.0)

KINDS = MappingProxyType(
    {
        "wristband": _WRIST,
        "wristband_rest": replace(_WRIST, description="Wristband at rest: no response at all.", responses=_REST),
        "wristband_dense": replace(
            _WRIST, description="Wristband under stress: 18 to 26 responses a minute.", responses=_DENSE
        ),
        "wristband_donned": replace(
            _WRIST, description="Wristband just put on: the level climbs or falls for minutes.", donning=(-0.7, 0.5)
        ),
        "wristband_dry": replace(
            _WRIST,
            description="Wristband on dry skin: a level of 0.15 uS, small responses, few quanta.",
            level=0.15,
            amplitude=0.025,
            white=0.0012,
        ),
        "wristband_moving": replace(
            _WRIST,
            description="Wristband on a moving arm: drops and spikes.",
            spikes=1.5,
            drops=1.0,
            white=0.004,
        ),
        "wristband_loose": replace(
            _WRIST, description="Loose wristband: contact breaks for seconds and comes back.", contacts=1.0
        ),
        "wristband_lost": replace(
            _WRIST, description="Wristband that loses contact for half a minute and more.", losses=0.35
        ),
        "wristband_red": replace(
            _WRIST, description="Wristband with strongly red noise (0.9 from sample to sample at 4 Hz).", red=0.01
        ),
        "ambulatory": replace(
            _WRIST,
            description="Wristband in daily life: all artefacts, noise that comes and goes.",
            donning=(-0.4, 0.3),
            noise_walk=0.6,
            breathing=(0.0, 0.004),
            wave=(0.0, 0.05),
            spikes=0.6,
            drops=0.4,
            steps=0.3,
            contacts=0.4,
            losses=0.1,
        ),
        "upsampled": replace(
            _WRIST, description="Wristband exported at 32 Hz by lines between samples.", sampling_rate=32.0,
            native_rate=4.0,
        ),
        "held": replace(
            _WRIST, description="Wristband exported at 32 Hz, each sample repeated.", sampling_rate=32.0,
            native_rate=4.0, held=True,
        ),
        "laboratory": _FINGER,
        "laboratory_rest": replace(
            _FINGER, description="Finger electrodes at rest: no response at all.", responses=_REST
        ),
        "laboratory_dense": replace(
            _FINGER, description="Finger electrodes under stress: 18 to 26 responses a minute.", responses=_DENSE
        ),
        "laboratory_steps": replace(
            _FINGER, description="Finger electrodes that slip: lasting shifts and spikes.", steps=0.8, spikes=0.8
        ),
        "laboratory_saturated": replace(
            _FINGER, description="Finger electrodes, amplifier range too small: the tops are cut.",
            ceiling_share=(0.85, 0.97),
        ),
        "laboratory_breathing": replace(
            _FINGER, description="Finger electrodes at 25 Hz, respiration in the signal.", sampling_rate=25.0,
            breathing=(0.002, 0.008),
        ),
        "laboratory_wave": replace(
            _FINGER, description="Clean finger recording at 8 Hz whose level swings with a period of 45 to 90 s.",
            sampling_rate=8.0, cutoff=2.5, wave=(0.03, 0.1), wave_period=(45.0, 90.0), white=0.002,
        ),
        "laboratory_100": replace(
            _FINGER, description="Finger electrodes at 100 Hz, noisy amplifier with 1/f noise.", sampling_rate=100.0,
            white=0.02, pink=0.006,
        ),
        "laboratory_1000": replace(
            _FINGER, description="Finger electrodes at 1000 Hz behind a 1 Hz filter.", sampling_rate=1000.0,
            cutoff=1.0, white=0.01,
        ),
        "coarse": replace(
            _FINGER, description="Ten-bit device at 100 Hz: steps of 0.024 uS.", sampling_rate=100.0,
            quantum=25.0 / 1024.0, white=0.01,
        ),
    }
)  # fmt: skip
"""Read-only mapping of the names that `simulate_recording` takes to what they stand for."""

ARTEFACTS = ("spike", "drop", "step", "contact", "saturation")
"""Names of the artefact masks of a simulated recording."""
