"""Learning curves: the training loss, and that on what was held back, where something was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ressin.report.figures import curves_of, plot_losses, validation_of
from ressin.report.grid import mean_validation
from ressin.report.plan import Cell


def history(losses: dict[int, float], n: int = 6) -> pd.DataFrame:
    return pd.DataFrame({"step": range(n), "loss": 0.7, "validation_loss": [losses.get(i, np.nan) for i in range(n)]})


def test_losses_on_what_was_held_back_are_means_over_the_folds_that_are_still_running() -> None:
    folds = [history({1: 0.6, 3: 0.5, 5: 0.4}), history({1: 0.8, 3: 0.7}, n=4)]
    assert mean_validation(folds) == [[2, 0.7], [4, 0.6], [6, 0.4]]
    assert mean_validation([history({})]) is None
    assert mean_validation([]) is None


def test_they_are_drawn_dashed_beside_the_training_loss() -> None:
    results: Any = {
        Cell("arousal", "person", "eda-mix"): {"curve": [0.7, 0.6, 0.5], "validation": [[2, 0.65], [3, 0.6]]},
        Cell("arousal", "person", "fusion-mix"): {"curve": [0.7, 0.6, 0.5], "validation": None},
        Cell("arousal", "person", "time"): {"curve": None},
        Cell("arousal", "song", "eda-mix"): {"curve": [0.7]},
    }
    curves, held = curves_of(results, "person"), validation_of(results, "person")
    assert [cell.model for cell in curves] == ["eda-mix", "fusion-mix"]
    assert [cell.model for cell in held] == ["eda-mix"]
    lines = plot_losses(curves, held).axes[0].get_lines()
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-"]
    np.testing.assert_array_equal(np.asarray(lines[1].get_xdata()), [2, 3])
    assert [line.get_linestyle() for line in plot_losses(curves).axes[0].get_lines()] == ["-", "-"]
