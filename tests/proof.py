"""The oracle's verdict on a Decomposition: the programme built again from the data, the solution judged by duality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests import reference
from tests.reference import Certificate

if TYPE_CHECKING:
    from ressin import Decomposition


@dataclass(frozen=True)
class Proof:
    """The certificate in the programme's unit, and how far the parts are from what driver and coefficients imply."""

    certificate: Certificate
    relative_gap: float
    part_error: float  # largest difference of a part, over the signal's scale


def prove(found: Decomposition, **choice: Any) -> Proof:
    """Judge a decomposition whose programme is given by choice, the same keywords as decompose's.

    The tonic part is B l + C d + mean, so the programme is judged on the signal less its mean; without standardisation
    that is the same programme, because the mean is only taken out where the drift has a constant to take it up.
    """
    unit = found.scale if found.settings.standardize else 1.0
    weights = found.weights
    observed = found.signal if weights is None else np.where(weights > 0, found.signal, found.mean)
    prog = reference.program((observed - found.mean) / unit, found.sampling_rate, sample_weight=weights, **choice)
    certificate = reference.certify(
        prog, found.driver / unit, found.spline / unit, found.drift / unit, found.phasic / unit
    )
    errors = (certificate.phasic - found.phasic / unit, certificate.tonic - (found.tonic - found.mean) / unit)
    part_error = max(float(np.abs(error).max()) for error in errors) * unit / found.scale
    return Proof(certificate, certificate.relative_gap, part_error)


def assert_proved(found: Decomposition, **choice: Any) -> None:
    """The result says that it is optimal, to 1e-8, and the oracle agrees."""
    proof = prove(found, **choice)
    assert found.status == "optimal"
    assert found.converged
    assert found.relative_gap <= 1e-8
    assert found.is_optimal(1e-6)
    assert found.driver.min() >= 0
    assert proof.relative_gap <= 1e-8
    assert proof.part_error <= 1e-8
    value = proof.certificate.objective
    assert abs(found.objective - value) <= 1e-8 * max(value, proof.certificate.zero_objective * 1e-6)
