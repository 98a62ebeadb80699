"""What type checkers make of the functions that take one signal or many: mypy reads this file, pytest runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import ressin
from ressin import Decomposition, RessinError, TimeConstants
from ressin.settings import Errors
from tests.signals import simulate

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value: Any, kind: Any) -> Any:
        return value


SIGNAL = simulate(4.0, 30.0)
SLOW = simulate(10.0, 40.0)


def test_a_mapping_gives_a_dictionary_and_a_sequence_a_list() -> None:
    by_key = assert_type(ressin.decompose_batch({"a": SIGNAL}, 4.0), "dict[str, Decomposition]")
    assert type(by_key) is dict
    assert type(by_key["a"]) is Decomposition
    in_order = assert_type(ressin.decompose_batch([SIGNAL], 4.0), "list[Decomposition]")
    assert type(in_order) is list
    assert_type(ressin.decompose_batch(np.stack([SIGNAL, SIGNAL]), 4.0), "list[Decomposition]")
    assert_type(ressin.decompose_batch([SIGNAL], 4.0, errors="raise"), "list[Decomposition]")


def test_errors_that_are_returned_are_in_the_type() -> None:
    bad: NDArray[np.float64] = np.full(100, np.inf)
    in_order = assert_type(
        ressin.decompose_batch([SIGNAL, bad], 4.0, errors="return"), "list[Decomposition | RessinError]"
    )
    assert isinstance(in_order[1], RessinError)
    by_key = assert_type(
        ressin.decompose_batch({1: SIGNAL, 2: bad}, 4.0, errors="return"), "dict[int, Decomposition | RessinError]"
    )
    assert isinstance(by_key[2], RessinError)
    chosen: Errors = "return" if in_order else "raise"
    assert_type(ressin.decompose_batch([SIGNAL], 4.0, errors=chosen), "list[Decomposition | RessinError]")


def test_one_person_gives_time_constants_and_a_mapping_of_persons_a_dictionary() -> None:
    one = assert_type(ressin.fit_time_constants(SLOW, 10.0, max_iterations=1), TimeConstants)
    assert type(one) is TimeConstants
    many = assert_type(ressin.fit_time_constants({"anna": [SLOW]}, 10.0, max_iterations=1), "dict[str, TimeConstants]")
    assert many["anna"] == one
