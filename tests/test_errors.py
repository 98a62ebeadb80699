"""Arguments of the wrong kind, size or type give one of ressin's own errors, whose message stays short."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ressin
from ressin._files.atomic import replacing, temporary_name
from ressin._files.json_text import parse_json
from ressin.errors import InvalidInputError, OutputError, RessinError, describe
from ressin.image import ImageSettings
from ressin.io.write import write_decomposition

RATE = 4.0
SIGNAL = ressin.simulate_eda(30, RATE, rng=np.random.default_rng(0)).signal
HUGE = 10**400
NUMBERS = ("alpha", "gamma", "tau0", "tau1", "delta_knot", "tol", "osqp_eps")
COUNTS = ("max_iterations", "n_threads")
ODD: tuple[Any, ...] = (HUGE, -HUGE, "1", b"1", None, 1j, [1.0], {}, float("nan"), float("inf"), object(), "x" * 10**6)
ODD_COUNTS: tuple[Any, ...] = (2**31, 2**63, HUGE, -1, 1.5, "4", None, True, float("nan"), [1])


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RessinError) as caught:
        call()
    assert len(str(caught.value)) < 1000
    return str(caught.value)


@pytest.mark.parametrize(
    "value", ODD, ids=lambda value: f"{type(value).__name__}-{str(value)[:8]}"[:30] if value != HUGE else "huge"
)
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_the_settings(name: str, value: Any) -> None:
    assert name in refused(lambda: ressin.Settings(**{name: value}))
    assert "sampling_rate" in refused(lambda: ressin.decompose(SIGNAL, value))


@pytest.mark.parametrize("value", ODD_COUNTS, ids=lambda value: str(value)[:10])
@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_the_settings(name: str, value: Any) -> None:
    assert name in refused(lambda: ressin.decompose(SIGNAL, RATE, **{name: value}))
    assert name in refused(lambda: ressin.decompose(SIGNAL, RATE, programme="robust", **{name: value}))


OF_FIND_SCRS: dict[str, tuple[Any, ...]] = {
    "min_amplitude": (None, "x", HUGE, 0.0, -1, [1], float("nan")),
    "min_distance": (None, "x", HUGE, -1, {}),
    "min_rise": ("x", HUGE, -1, float("inf")),
    "rise_time": (None, 3, ("a", 2), (1, 2, 3), (2, 1), (None, 1), "ab", (float("nan"), 1)),
}


@pytest.mark.parametrize("name", OF_FIND_SCRS)
def test_arguments_of_find_scrs(name: str) -> None:
    found = ressin.decompose(SIGNAL, RATE)
    for value in OF_FIND_SCRS[name]:
        assert name in refused(lambda v=value: ressin.find_scrs(found, **{name: v}))  # type: ignore[misc]


def test_further_numbers() -> None:
    found = ressin.decompose(SIGNAL, RATE)
    refused(lambda: found.is_optimal(HUGE))
    refused(lambda: ressin.decompose_windows(SIGNAL, RATE, HUGE, 1))
    refused(lambda: ImageSettings(2**40))
    for n_boot in (2**70, HUGE, -5, "20"):
        assert "n_boot" in refused(lambda n=n_boot: ressin.decompose(SIGNAL, RATE, n_boot=n))  # type: ignore[misc]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int64])
def test_knots_of_every_type_of_integer(dtype: Any) -> None:
    expected = ressin.decompose(SIGNAL, RATE, knots=[0, 40, 80])
    np.testing.assert_array_equal(
        ressin.decompose(SIGNAL, RATE, knots=np.array([0, 40, 80], dtype)).tonic, expected.tonic
    )
    for knots in ([80, 40, 0], [40, 0, 80], [0, 40, 90]):
        assert "knots must increase by one constant spacing" in refused(
            lambda k=knots: ressin.decompose(SIGNAL, RATE, knots=np.array(k, dtype))  # type: ignore[misc]
        )
    assert "they must be within" in refused(
        lambda: ressin.decompose(SIGNAL, RATE, knots=np.array([0, 2**63], np.uint64))
    )


@pytest.mark.parametrize("size", [1e13, 1e20, 1e100, 1e300])
@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
def test_weights_that_osqp_cannot_factorise(size: float, programme: Any) -> None:
    weights = np.ones(SIGNAL.size)
    weights[7] = size
    message = refused(lambda: ressin.decompose(SIGNAL, RATE, solver="osqp", sample_weight=weights, programme=programme))
    assert f"sample_weight reaches {size:g}; with solver='osqp' it may be at most 1e+12" in message
    results = ressin.decompose_batch(
        [SIGNAL, SIGNAL], RATE, solver="osqp", sample_weight=[weights, None], programme=programme, errors="return"
    )
    assert isinstance(results[0], InvalidInputError)
    assert isinstance(results[1], ressin.Decomposition)


def tensors() -> list[Any]:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    plain = torch.from_numpy(SIGNAL)
    odd = [plain.clone().requires_grad_(), plain.to("meta"), plain.to(torch.bfloat16), plain.to_sparse()]
    return odd + ([plain.cuda()] if torch.cuda.is_available() else [])


def test_tensors_that_numpy_cannot_read_are_errors_of_their_own_signal() -> None:
    for tensor in tensors():
        refused(lambda t=tensor: ressin.decompose(t, RATE))  # type: ignore[misc]
        results = ressin.decompose_batch([tensor, SIGNAL], RATE, errors="return")
        assert isinstance(results[0], InvalidInputError)
        assert isinstance(results[1], ressin.Decomposition)
        refused(lambda t=tensor: ressin.Stream(RATE).push(t))  # type: ignore[misc]
        refused(lambda t=tensor: ressin.decompose(SIGNAL, RATE, sample_weight=t))  # type: ignore[misc]


@pytest.mark.parametrize(
    "name",
    ["a" * 246 + ".csv", "b" * 251 + ".csv", "c" * 240 + ".csv.gz", "\u20ac" * 80 + ".parquet", "d" * 235 + ".js"],
)
def test_names_up_to_the_longest_that_a_file_may_have(name: str, tmp_path: Path) -> None:
    with replacing(tmp_path / name) as temporary:
        temporary.write_text("x")
        assert temporary.suffix == Path(name).suffix
    assert [path.name for path in tmp_path.iterdir()] == [name]
    others = {temporary_name(f"{start}{name}"[:250]) for start in "pqrstuvw"}
    assert len(others) == 8


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    found = ressin.decompose(SIGNAL, RATE)
    for name in ("a" * 256 + ".csv", "a\0b.csv", "\u20ac" * 90 + ".csv"):
        with pytest.raises(OutputError, match="cannot write"):
            write_decomposition(found, f"{tmp_path}/{name}")
        with pytest.raises(OutputError, match="cannot write"):
            ressin.Stream(RATE).save(f"{tmp_path}/{name}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "1" * 10_000, "{", "nul", b"\xff", ""])
def test_json_that_is_none_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|line 1|Exceeds the limit|can't decode|column 1"):
        parse_json(text)


def test_what_was_raised_is_described_in_one_line() -> None:
    assert describe(InvalidInputError("alpha is 0")) == "alpha is 0"
    assert describe(MemoryError()) == "not enough memory (nothing more is known)"
    try:
        [].pop()
    except IndexError as error:
        told = describe(error)
    assert told.startswith("an error that was not foreseen, IndexError in test_errors.py, line ")
    assert "\n" not in describe(TypeError("first\nsecond"))
    assert len(describe(ValueError("x" * 10**6))) < 500
