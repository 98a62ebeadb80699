"""An exact solver of small programmes: slow, simple, and accurate to the last digits at any rate.

General sparse solvers lose most of their digits above 100 Hz, where A is nearly singular; in p the programme is well
scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.reference import Array, Program, filter_driver, filter_residual


@dataclass(frozen=True)
class Solution:
    """A general-purpose solver's answer."""

    driver: Array
    phasic: Array
    tonic: Array
    spline: Array
    drift: Array


def solve(prog: Program) -> Solution:
    """Solve the programme exactly by Lawson and Hanson's active-set method on p; for up to a few thousand samples.

    One sample at a time enters the support, the one whose multiplier is most negative; a sample whose p would turn
    negative leaves. On the support the problem is least squares in the dense columns of R, B and F.
    """
    n, first = prog.y.size, prog.first_row
    pulse = filter_driver(prog, np.eye(1, n)[0])
    others = np.hstack([prog.B.toarray(), prog.C, prog.H.astype(float)])
    support: list[int] = []
    p = np.zeros(n)
    for _ in range(20 * n + 100):
        trial = _least_squares(prog, pulse, support, others)
        while support and trial[: len(support)].min() <= 0:
            step, now = trial[: len(support)], p[support]
            falls = step <= 0
            share = np.min(now[falls] / (now[falls] - step[falls]))
            p[support] = np.where(
                falls & (now + share * (step - now) <= 1e-14 * p.max()), 0, now + share * (step - now)
            )
            support = [i for i in support if p[i] > 0]
            trial = _least_squares(prog, pulse, support, others)
        p[:] = 0
        p[support] = trial[: len(support)]
        rest = trial[len(support) :]
        e = prog.y - filter_driver(prog, p) - others @ rest
        slack = prog.alpha - filter_residual(prog, prog.weights * e)
        slack[:first], slack[support] = np.inf, np.inf
        if slack.min() >= -1e-12 * prog.alpha:
            break
        support.append(int(np.argmin(slack)))
    else:
        raise RuntimeError("the active-set method did not end")
    spline, drift, start = np.split(rest, np.cumsum([prog.B.shape[1], prog.C.shape[1]]))
    phasic = (filter_driver(prog, p) + prog.H @ start).astype(float)
    return Solution(p, phasic, prog.B @ spline + prog.C @ drift, spline, drift)


def _least_squares(prog: Program, pulse: Array, support: list[int], others: Array) -> Array:
    """Minimise the objective over [p on the support, l, d, start], whatever their signs."""
    n, knots = prog.y.size, prog.B.shape[1]
    columns = [np.concatenate([np.zeros(i), pulse[: n - i]]).astype(float) for i in support]
    G = np.sqrt(prog.weights)[:, None] * np.column_stack([*columns, others])
    G = np.vstack([G, np.zeros((knots, G.shape[1]))])
    G[n:, len(support) : len(support) + knots] = np.sqrt(prog.gamma) * np.eye(knots)
    unit = np.linalg.norm(G, axis=0)
    unit[unit == 0] = 1.0
    cost = np.zeros(G.shape[1])
    cost[: len(support)] = prog.alpha
    left, values, right = np.linalg.svd(G / unit, full_matrices=False)
    kept = values > 1e-14 * values[0]
    left, values, right = left[:, kept], values[kept], right[kept]
    target = left.T @ np.concatenate([np.sqrt(prog.weights) * prog.y, np.zeros(knots)])
    return np.asarray(right.T @ ((target - right @ (cost / unit) / values) / values) / unit)
