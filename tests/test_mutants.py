"""The faults of tests/mutate still fit the code: each replaces exactly one place. They are run by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutate.harness import ROOT, Mutant
from tests.mutate.mutants import MUTANTS


def test_there_are_at_least_forty_with_names_of_their_own() -> None:
    assert len(MUTANTS) >= 40
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place_and_names_tests_that_exist(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.old) == 1
    assert mutant.new != mutant.old
    assert all(Path(ROOT, test).exists() for test in mutant.tests)
