"""A Decomposition checked by the oracle: the programme is built again from the data, the solution judged by duality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests import reference
from tests.reference import Certificate

if TYPE_CHECKING:
    from ressin import Decomposition
    from tests.reference import Array, Program


@dataclass(frozen=True)
class Proof:
    """The certificate in the programme's unit, and how far the parts are from what driver and coefficients imply."""

    certificate: Certificate
    relative_gap: float
    part_error: float  # largest difference of a part, over the signal's scale
    rounding: float  # one unit in the last place of the largest of signal and parts, over the signal's scale
    gap_rounding: float  # what it, or the parts' error, can do to the objective, over the objective


def prove(found: Decomposition, **choice: Any) -> Proof:
    """Judge a decomposition whose programme is given by choice, the same keywords as decompose's.

    The tonic part is B l + C d + mean, so the programme is judged on the signal less its mean; without standardisation
    that is the same programme, because the mean is subtracted only where the drift has a constant.
    """
    unit = found.scale if found.settings.standardize else 1.0
    weights = found.weights
    observed = found.signal if weights is None else np.where(weights > 0, found.signal, found.mean)
    prog = reference.program((observed - found.mean) / unit, found.sampling_rate, sample_weight=weights, **choice)
    residual = np.where(prog.weights > 0, found.residual, 0.0)
    certificate = reference.certify(
        prog, found.driver / unit, found.spline / unit, found.drift / unit, found.phasic / unit, residual / unit
    )
    errors = (certificate.phasic - found.phasic / unit, certificate.tonic - (found.tonic - found.mean) / unit)
    part_error = max(float(np.abs(error).max()) for error in errors) * unit / found.scale
    largest = max(float(np.abs(part).max()) for part in (observed, found.phasic, found.tonic))
    rounding = float(np.spacing(largest))
    # sum w |e| <= sqrt(2 objective sum w): a rounding of e moves the objective by no more than this times itself
    size = max(certificate.objective, 1e-6 * certificate.zero_objective)
    error = max(rounding, part_error * found.scale) / unit
    gap_rounding = error * float(np.sqrt(2 * prog.weights.sum()) / np.sqrt(size)) if size > 0 else 0.0
    memory = max(found.settings.tau0, found.settings.tau1, 1.0 / found.sampling_rate) * found.sampling_rate
    gap_rounding += _dual_rounding(prog, certificate, found.driver / unit, rounding / unit, size, memory)
    return Proof(certificate, certificate.relative_gap, part_error, rounding / found.scale, gap_rounding)


def _dual_rounding(
    prog: Program, certificate: Certificate, driver: Array, rounding: float, size: float, memory: float
) -> float:
    """Return what roundings of the residual e have done to the dual bound, over the objective.

    They add up as their root: R'We moves by about one of them times R'W1 over the root of the samples that a response
    extends over. By what R'We exceeds alpha the oracle divides the dual point: with weights of 1e12 alphas a share
    worth naming, though the solver's own dual point is exact. No more than can come from roundings is granted.
    """
    if not size > 0 or prog.alpha == 0:
        return 0.0
    moved = rounding * float(np.max(reference.filter_residual(prog, prog.weights))) / np.sqrt(memory) / prog.alpha
    share = min(moved, max(-certificate.smallest_multiplier, 0.0))
    return float(share * prog.alpha * driver.sum() + share**2 * certificate.objective) / size


def assert_proved(found: Decomposition, **choice: Any) -> None:
    """The result says that it is optimal, to 1e-8, and the oracle agrees as far as the parts' rounding lets it.

    That matters where the data determine the parts' sum but not the parts: ten samples at 50 Hz and a response of ten
    seconds leave phasic and tonic parts of 1e7 times the signal that cancel.
    """
    proof = prove(found, **choice)
    assert found.status == "optimal"
    assert found.converged
    assert found.relative_gap <= 1e-8
    assert found.is_optimal(1e-6 + 16 * proof.rounding + 2 * proof.gap_rounding)
    assert found.driver.min() >= 0
    assert proof.relative_gap <= 1e-8 + 2 * proof.gap_rounding
    # the response extends over so many samples, whose rounding errors add up
    memory = max(found.settings.tau0, found.settings.tau1) * found.sampling_rate
    assert proof.part_error <= 1e-8 + (8 + 2 * memory) * proof.rounding
    value = proof.certificate.objective
    tolerance = 1e-8 + 2 * proof.gap_rounding
    assert abs(found.objective - value) <= tolerance * max(value, proof.certificate.zero_objective * 1e-6)
