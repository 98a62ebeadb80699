"""The trials of many people on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd


def within_person(
    trials: pd.DataFrame, *, person: str = "Participant", measures: Sequence[str] = ("SCR_Magnitude", "EDA_ISCR")
) -> pd.DataFrame:
    """Add measures corrected for how strongly each person responds.

    Parameters
    ----------
    trials
        Rows of `ressin.event_related` for several people.
    person
        Column that names the person.
    measures
        Columns to correct.

    Returns
    -------
    DataFrame
        The same with two columns more a measure: ``<measure>_Range``, divided by the person's largest (range
        correction, Lykken and Venables 1971; 0 to 1 for what is never negative), NaN for a person whose largest is not
        above zero; and ``<measure>_Z``, less the person's mean over the person's standard deviation, NaN where that is
        zero or there are fewer than two trials. Trials that are NaN stay so and do not count.

    Raises
    ------
    InvalidInputError
        A column that is not there.

    References
    ----------
    Lykken and Venables, "Direct measurement of skin conductance: a proposal for standardization", Psychophysiology
    1971, doi:10.1111/j.1469-8986.1971.tb00501.x. Ben-Shakhar, "Standardization within individuals", Psychophysiology
    1985, doi:10.1111/j.1469-8986.1985.tb01603.x.
    """
    for name in (person, *measures):
        if name not in trials.columns:
            raise InvalidInputError(f"the trials have no column {name!r}; they have {', '.join(map(repr, trials))}")
    table = trials.copy()
    for name in measures:
        groups = table.groupby(person, sort=False)[name]
        largest, deviation = groups.transform("max"), groups.transform("std")
        table[f"{name}_Range"] = table[name] / largest.where(largest > 0, np.nan)
        table[f"{name}_Z"] = (table[name] - groups.transform("mean")) / deviation.where(deviation > 0, np.nan)
    return table
