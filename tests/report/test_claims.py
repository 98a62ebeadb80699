"""Statements of the report, from made-up cells."""

from __future__ import annotations

from typing import Any

import pytest

from ressin.report.claims import make_claims
from ressin.report.plan import Cell
from ressin.report.tables import Results, make_tables

METRICS = ("balanced_accuracy", "roc_auc", "accuracy", "f1", "precision", "recall")


def result(value: float, **more: Any) -> dict[str, Any]:
    shown = {name: [value, value - 0.1, value + 0.1] for name in METRICS}
    majority = {name: [0.5, 0.5, 0.5] for name in METRICS}
    return {"metrics": shown, "majority": majority, "n_folds": 5, "n_subjects": 20, **more}


def cells(*models: str, split: str = "subject") -> Results:
    return {Cell("calm", split, model): result(0.6 + 0.01 * k) for k, model in enumerate(models)}


@pytest.mark.parametrize(("low", "holds"), [(0.01, True), (0.0, False), (-0.02, False), (None, False)])
def test_a_model_is_better_where_the_difference_is_clear_of_zero(low: float | None, holds: bool) -> None:
    asked: list[tuple[str, str | None]] = []

    def compare(cell: Cell, other: Cell | None) -> dict[str, list[float | None]]:
        asked.append((cell.model, None if other is None else other.model))
        return {name: [0.05, low, None if low is None else 0.1] for name in METRICS}

    found = make_claims(cells("eda-mix", "music-svm", "fusion-mix", "time", "within"), {}, compare)
    assert asked[:3] == [("fusion-mix", "eda-mix"), ("fusion-mix", "music-svm"), ("fusion-mix", None)]
    assert [claim.holds for claim in found] == [holds] * len(found)
    texts = [claim.text for claim in found]
    for model in ("subnet + EDA, mix", "SVM + music", "fusion, mix"):
        assert f"{model} beats the time in the session alone (subject split)" in texts
    assert not [text for text in texts if "within-person" in text]
    assert "ROC-AUC 60.0% against 63.0%, +5.0" in found[3].numbers


@pytest.mark.parametrize(("people", "holds"), [(2, False), (5, False), (6, True)])
def test_nothing_holds_for_a_handful_of_people(people: int, holds: bool) -> None:
    results = {cell: {**value, "n_subjects": people} for cell, value in cells("eda-mix", "fusion-mix").items()}
    found = make_claims(results, {}, lambda cell, other: {name: [0.05, 0.01, 0.1] for name in METRICS})
    assert found
    for claim in found:
        assert claim.holds is holds
        assert (f"of {people} people: an interval over fewer than 6 shows nothing" in claim.numbers) is not holds


def test_table_1_holds_where_the_error_is_lower_from_end_to_end() -> None:
    def row(channel: str, rmse: float, high: float) -> dict[str, Any]:
        less = [rmse - 0.2, rmse - 0.25, high]
        return {"method": "MLR", "channel": channel, "rmse": [rmse, 0.1, 0.3], "less_than_origin": less}

    for high, holds in ((-0.01, True), (0.01, False)):
        rows = [row("origin", 0.2, 0.0), row("phasic", 0.19, 0.05), row("tonic", 0.18, high)]
        table: Results = {Cell("calm", "random", "regression"): {"rows": rows, "mean": {"rmse": 0.2}, "n_subjects": 6}}
        (claim,) = make_claims(table, {}, lambda cell, other: {})
        assert claim.holds is holds
        assert "tonic less origin -0.0200" in claim.numbers


def test_remarks_on_the_folds_stand_below_the_table_once() -> None:
    remark = "2 of 5 test parts of the song split hold one class only"
    results = cells("eda-mix", "fusion-mix", "time", split="song")
    for value in results.values():
        value |= {"remark": remark, "left_out": [3, 5]}
    table = next(table for table in make_tables(results, {}) if table.name == "splits")
    assert table.note.count(remark) == 1
    assert "Song split: 2 samples a fold were left out of training, since they overlap a tested one" in table.note
    assert [row[2] for row in table.rows] == ["fusion, mix", "subnet + EDA, mix", "time only", "always the majority"]
    assert not make_tables(cells("time", "within"), {})
