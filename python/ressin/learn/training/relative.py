"""The features of intervals as a network takes them: relative to the person's other samples."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from ressin.data.samples.features import CLASSICAL, personal_features
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.model.perceptron import columns_of
from ressin.learn.model.settings import SELECTIONS, LearnSettings

LARGEST = 4.0  # deviations beyond which a z-score is cut


class RelativeFeatures:
    """Features of all samples: z-scores within the person, cut at 4, and ranks within the person of mean 0, variance 1.

    A feature that a sample does not have, such as the amplitude of responses where there is none, is 0 in both forms:
    the person's mean. Labels have no part in it.

    Parameters
    ----------
    data
        Samples.
    settings
        Which channels.

    Raises
    ------
    InvalidInputError
        If there are not two samples of any person.
    """

    def __init__(self, data: LabelledData, settings: LearnSettings) -> None:
        if np.unique(data.subject).size == len(data):
            raise InvalidInputError(
                f"network={settings.model.network!r} compares the samples of a person, and each of the {len(data)} "
                "samples is of another one"
            )
        columns = np.array(columns_of(SELECTIONS[settings.model.channels]))
        n = len(CLASSICAL)
        known = personal_features(data)
        z, rank = known[:, n + columns], known[:, 2 * n + columns]
        both = np.hstack([np.clip(z, -LARGEST, LARGEST), (rank - 0.5) * math.sqrt(12.0)])
        self.features = np.nan_to_num(both, nan=0.0).astype(np.float32)

    def of(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None) -> torch.Tensor:
        """Features of samples, (B, 2 n); there is nothing to move."""
        return torch.from_numpy(self.features[index])
