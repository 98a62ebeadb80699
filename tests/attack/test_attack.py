"""The attack, in a minute: the same seeds as by hand, fewer of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ressin import _core
from tests.attack import core, processors
from tests.attack.corpus import corpus
from tests.attack.fuzz import AS_GIVEN, fuzz, make_case, table
from tests.attack.mutations import MUTATIONS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and signals of POSIX are used")


def test_no_file_gets_through_a_reader(tmp_path: Path) -> None:
    tallies = fuzz(tmp_path, first=0, count=len(corpus()) * len(AS_GIVEN) + 700)
    lost = [f"{kind}, seed {seed}: {fault}" for kind, tally in tallies.items() for seed, fault in tally.lost]
    assert not lost, "\n".join([*lost[:20], table(tallies)])
    assert all(tallies[kind].cases >= 15 for kind in MUTATIONS)


def test_a_seed_gives_the_same_case_again() -> None:
    files = corpus()
    assert [make_case(seed, files) for seed in range(30)] == [make_case(seed, files) for seed in range(30)]
    assert len({make_case(seed, files)[0] for seed in range(200)}) == len(MUTATIONS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "cases"),
    [("full disk", 1), ("kill at a random moment", 1),
     ("kill at an operation on a file", 4), ("Ctrl-C while a folder is prepared", 4), ("memory limits", 60),
     ("bad files beside good ones, decompose", 1000), ("bad files beside good ones, prepare", 1000)],
)  # fmt: skip
def test_faults(kind: str, cases: int) -> None:
    if kind.endswith(("prepare", "prepared")):
        pytest.importorskip("pandera", reason="needs the extra 'data'")
    from tests.attack.faults import inject

    tally = inject(kind, cases, seed=1)
    assert tally.cases >= min(cases, 50)
    assert not tally.lost, "\n".join(fault for _, fault in tally.lost[:10])


@pytest.mark.skipif(sys.platform != "linux", reason="MALLOC_PERTURB_ is glibc's")
def test_no_result_depends_on_memory_that_nobody_has_written() -> None:
    told = []
    for value in ("0", "128"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.attack.bits"], capture_output=True, text=True, check=False, timeout=300,
            env={**os.environ, "MALLOC_PERTURB_": value}, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.splitlines())
    assert len(told[0]) > 60
    assert all(line.endswith(" finite") for line in told[0])
    assert told[0] == told[1]


@pytest.mark.slow
@pytest.mark.skipif(processors.emulator() is None, reason=processors.why_not())
def test_a_processor_without_avx_gives_the_same_numbers() -> None:
    tallies = processors.attack("Nehalem", count=2, seed=0)
    assert sum(tally.cases for tally in tallies.values()) > 100
    assert not (lost := [fault for tally in tallies.values() for _, fault in tally.lost]), "\n".join(lost[:10])


@pytest.mark.skipif(sys.platform != "linux", reason="limits and MALLOC_PERTURB_ are Linux's and glibc's")
def test_the_core_raises_or_is_right_whatever_it_is_given() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.attack.core", "--cases", "250"], capture_output=True, text=True, check=False,
        timeout=300, env={**os.environ, "MALLOC_PERTURB_": "85"}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.endswith("250 cases, 0 lost\n"), done.stdout + done.stderr


def misaligned(array: np.ndarray) -> np.ndarray:
    """Return an array of the same numbers at an address that its type does not allow."""
    memory = np.empty(array.nbytes + 1, dtype=np.uint8)
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    assert not moved.flags.aligned
    return moved


class TestTheCoreItself:
    """`ressin._core`, called past the checks that Python makes before it."""

    def draw(self, **change: object) -> np.ndarray:
        n, out = 64, np.zeros((2, 1, 16, 16), np.float32)
        given: dict[str, object] = {
            "channels": [np.sin(np.arange(2.0 * n))], "offsets": np.array([0, n, 2 * n]), "rates": np.array([8.0, 8.0]),
            "index": np.array([0, 1]), "shifts": np.zeros((2, 2), np.int64), "mean": np.zeros(1, np.float32),
            "antialias": False, "out": out, "n_threads": 1,
        } | change  # fmt: skip
        assert _core.draw_images(**given) == -1  # type: ignore[arg-type]
        return out

    @pytest.mark.parametrize(
        "offsets",
        [[0, 200, 128], [128, 64, 0], [0, -64, 128], [-64, 0, 64], [0, 2**62, 128], [0, 64, 129], [0, 64, -(2**63)]],
    )
    def test_offsets_out_of_order_or_out_of_reach(self, offsets: list[int]) -> None:
        with pytest.raises(ValueError, match=r"offsets must not|shorter than the last offset"):
            self.draw(offsets=np.array(offsets))

    @pytest.mark.parametrize("rate", [np.nan, np.inf, 0.0, -1.0, 1e300])
    def test_rates(self, rate: float) -> None:
        with pytest.raises(ValueError, match="rate must be a positive number"):
            self.draw(rates=np.array([8.0, rate]))
        with pytest.raises(ValueError, match="rate must be a positive number"):
            _core.image_grid(100, rate)

    @pytest.mark.parametrize("n", [-(2**63), -1, 2**63 - 1])
    def test_grids_of_impossible_sizes(self, n: int) -> None:
        with pytest.raises(ValueError, match="n must be a number of samples"):
            _core.image_grid(n, 8.0)
        with pytest.raises(ValueError, match="rows must be >= 0"):
            _core.grid_starts(n, 8.0)

    @pytest.mark.parametrize("far", [2**63 - 1, -(2**63), 2**40])
    def test_a_shift_far_out_of_sight_is_an_empty_picture(self, far: int) -> None:
        for place in ([far, 0], [0, far]):
            assert not self.draw(shifts=np.array([place, place])).any()

    def test_what_is_misaligned_is_copied_and_never_written_to_as_a_copy(self) -> None:
        expected = self.draw()
        assert expected.any()
        for name, value in (
            ("channels", [misaligned(np.sin(np.arange(128.0)))]), ("offsets", misaligned(np.array([0, 64, 128]))),
            ("rates", misaligned(np.array([8.0, 8.0]))), ("index", misaligned(np.array([0, 1]))),
            ("shifts", misaligned(np.zeros((2, 2), np.int64))), ("mean", misaligned(np.zeros(1, np.float32))),
        ):  # fmt: skip
            np.testing.assert_array_equal(self.draw(**{name: value}), expected)
        with pytest.raises(ValueError, match="must be aligned"):
            self.draw(out=misaligned(np.zeros((2, 1, 16, 16), np.float32)))

    def test_misaligned_signals_and_weights_are_solved_as_their_copies(self) -> None:
        import ressin

        signal = ressin.simulate_eda(30, 8, rng=np.random.default_rng(0)).signal
        weights = np.ones(signal.size)
        expected = ressin.decompose(signal, 8, sample_weight=weights)
        found = ressin.decompose(misaligned(signal), 8, sample_weight=misaligned(weights))
        np.testing.assert_array_equal(found.phasic, expected.phasic)

    @pytest.mark.parametrize("knots", [(0, 80, 2**63 - 1), (0, 80, 0), (0, 80, -3), (2**62, 80, 3), (0, 2**60, 3)])
    def test_knots_that_cannot_be(self, knots: tuple[int, int, int]) -> None:
        with pytest.raises(ValueError, match="knots must"):
            _core.build_qp(np.ones(200), None, 0.125, core.settings(knots=knots))

    @pytest.mark.parametrize("dt", [-1.0, 0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1e-300])
    def test_an_interval_that_cannot_be(self, dt: float) -> None:
        y = np.sin(np.arange(200.0)) + 2.0
        refused = pytest.raises(ValueError, match=r"positive numbers of seconds|no more than 2\^53|at least one sample")
        with refused:
            _core.decompose_robust([y], [None], [dt], 2.0, 0.7, 10.0, 1e-8, 60, 1, None)
        with refused:
            _core.build_qp(y, None, dt, core.settings())
        with refused:
            _core.Window(200, dt, core.settings())

    def test_programmes_of_unequal_lengths_are_refused(self) -> None:
        given = core.entries()["robust_solve"].given
        first = given["programmes"][0]
        shorter = tuple(x[:100] if isinstance(x, np.ndarray) and x.size == core.N else x for x in first)
        for programmes in ([first, shorter], [shorter, first]):
            with pytest.raises(ValueError, match=r"one length|each inner knot"):
                _core.robust_solve(**given | {"programmes": programmes})

    @pytest.mark.parametrize("samples", [[5, 3], [3, 3], [-1, 3], [0, 2**62], [-(2**63), 0]])
    def test_a_support_out_of_order_or_reach(self, samples: list[int]) -> None:
        window = _core.Window(240, 0.125, core.settings())
        with pytest.raises(ValueError, match="samples must increase"):
            window.support = np.array(samples), np.ones(2)

    def test_an_array_to_write_to_that_overlaps_what_is_read(self) -> None:
        memory = np.sin(np.arange(2048.0)).astype(np.float32)
        out = memory[100 : 100 + 2 * 16 * 16].reshape(2, 1, 16, 16)
        with pytest.raises(ValueError, match="must not overlap"):
            self.draw(channels=[memory[:128]], out=out)
        given = core.entries()["pictures_forward"].given
        signals = np.zeros((2, 2, core.N))
        pixels = signals.reshape(-1).view(np.float32)[: 2 * 2 * 16 * 16].reshape(2, 2, 16, 16)
        with pytest.raises(ValueError, match="must not overlap"):
            _core.pictures_forward(**given | {"signals": signals, "pixels": pixels})
