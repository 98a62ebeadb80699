"""How often the bootstrap's bands hold the true part: `python -m bench.coverage`, about two minutes on one core.

The truth is simulated (`ressin.simulate_eda`), and not drawn from the model that is fitted: impulses lie between
samples, the tonic level is a drift and three sines, the noise is added to the sum. Coverage is the share of samples,
over all recordings, at which a band holds the true part.
"""

from __future__ import annotations

import argparse

from bench import threads

threads.limit_to_one()

from dataclasses import dataclass  # noqa: E402

import numpy as np  # noqa: E402
from scipy.signal import lfilter  # noqa: E402

import ressin  # noqa: E402


@dataclass(frozen=True)
class Scenario:
    """Simulated recordings of one kind."""

    sampling_rate: float  # Hz
    duration: float  # s
    noise: float  # microsiemens
    spacing: float  # s from response to response, on average
    memory: float = 0.0  # correlation of the noise from sample to sample
    alpha: float = 8e-4

    def __str__(self) -> str:
        white = "white" if self.memory == 0 else f"AR(1) {self.memory:g}"
        return (
            f"{self.duration:g} s at {self.sampling_rate:g} Hz, an SCR every {self.spacing:g} s, "
            f"noise {self.noise:g} uS {white}" + ("" if self.alpha == 8e-4 else f", alpha {self.alpha:g}")
        )


SCENARIOS = (
    Scenario(50, 45, 0.01, 10),
    Scenario(50, 45, 0.003, 5),
    Scenario(50, 45, 0.05, 10),
    Scenario(50, 45, 0.01, 10, 0.8),
    Scenario(16, 120, 0.01, 6),
    Scenario(4, 60, 0.01, 10),
    Scenario(4, 300, 0.01, 10),
    Scenario(4, 300, 0.03, 5),
    Scenario(4, 300, 0.01, 10, 0.5),
    Scenario(100, 30, 0.02, 6),
)
OTHER_ALPHAS = (
    Scenario(50, 45, 0.01, 10, alpha=0.01),
    Scenario(4, 300, 0.01, 10, alpha=0.01),
    Scenario(50, 45, 0.01, 10, alpha=0.05),
    Scenario(16, 120, 0.01, 6, alpha=0.05),
)


@dataclass(frozen=True)
class Coverage:
    """Shares of samples within the bands, and the bands' mean widths in microsiemens."""

    phasic: float
    tonic: float
    phasic_width: float
    tonic_width: float


def simulate(scenario: Scenario, seed: int) -> tuple[ressin.simulation.eda.SimulatedEDA, np.ndarray]:
    """Return the truth and the signal with this scenario's noise."""
    rng = np.random.default_rng(seed)
    truth = ressin.simulate_eda(
        scenario.duration,
        scenario.sampling_rate,
        rng=rng,
        n_scr=max(1, round(scenario.duration / scenario.spacing)),
        min_gap=min(2.0, scenario.spacing / 3),
        noise=0.0,
    )
    white = rng.normal(size=truth.signal.size)
    noise = lfilter([np.sqrt(1 - scenario.memory**2)], [1.0, -scenario.memory], white)
    return truth, truth.signal + scenario.noise * noise


def measure(scenario: Scenario, count: int, level: float = 0.9, n_boot: int = 200, first_seed: int = 0) -> Coverage:
    """Measure the coverage over `count` recordings."""
    found = []
    for seed in range(first_seed, first_seed + count):
        truth, signal = simulate(scenario, seed)
        result = ressin.decompose(signal, scenario.sampling_rate, alpha=scenario.alpha)
        bands = ressin.bootstrap_bands(result, n_boot, level=level, seed=seed)
        found.append(
            (
                np.mean((bands.phasic_low <= truth.phasic) & (truth.phasic <= bands.phasic_high)),
                np.mean((bands.tonic_low <= truth.tonic) & (truth.tonic <= bands.tonic_high)),
                np.mean(bands.phasic_high - bands.phasic_low),
                np.mean(bands.tonic_high - bands.tonic_low),
            )
        )
    return Coverage(*(float(x) for x in np.mean(found, axis=0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="recordings of each kind; default: %(default)s")
    parser.add_argument("--level", type=float, default=0.9, help="default: %(default)s")
    parser.add_argument("--n-boot", type=int, default=200, help="default: %(default)s")
    arguments = parser.parse_args()
    print(f"{arguments.count} recordings of each kind, {arguments.n_boot} replicates, level {arguments.level:.0%}\n")
    print("| recordings | phasic | tonic | mean width, phasic | tonic |")
    print("| --- | ---: | ---: | ---: | ---: |")
    all_found = []
    for scenario in (*SCENARIOS, *OTHER_ALPHAS):
        c = measure(scenario, arguments.count, arguments.level, arguments.n_boot)
        all_found.append((c.phasic, c.tonic))
        print(
            f"| {scenario} | {c.phasic:.1%} | {c.tonic:.1%} | {c.phasic_width:.3f} uS | {c.tonic_width:.3f} uS |",
            flush=True,
        )
    phasic, tonic = np.mean(all_found[: len(SCENARIOS)], axis=0)
    print(f"| those at the default alpha, equal shares | {phasic:.1%} | {tonic:.1%} | | |")


if __name__ == "__main__":
    main()
