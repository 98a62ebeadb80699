"""Options that several commands share: the programme and how it is solved."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import get_args

from ressin.settings import Baseline, Missing, Revision, Settings, Solver

PROGRAMME = (
    "tau0", "tau1", "delta_knot", "alpha", "gamma", "revision", "baseline", "standardize", "tol", "max_iterations",
)  # fmt: skip
SETTINGS = (*PROGRAMME, "solver", "missing")
DEFAULTS = Settings()


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the settings of the decomposition, which `SETTINGS` names, to a parser."""
    group = add_programme(parser, baseline=DEFAULTS.baseline, baselines=get_args(Baseline))
    group.add_argument("--solver", choices=get_args(Solver), default=DEFAULTS.solver, help="default: %(default)s")
    group.add_argument(
        "--missing", choices=get_args(Missing), default=DEFAULTS.missing,
        help="what to do with missing samples: refuse the file, or solve through them; default: %(default)s",
    )  # fmt: skip


def add_programme(
    parser: argparse.ArgumentParser, *, baseline: str, baselines: Sequence[str]
) -> argparse._ArgumentGroup:
    """Add the options of the programme that all commands share, which `PROGRAMME` names.

    Parameters
    ----------
    parser
        Of a command.
    baseline, baselines
        The command's default of ``--baseline`` and what it takes; all other defaults are those of `Settings`.
    """
    group = parser.add_argument_group("settings of the decomposition (see the documentation of ressin.decompose)")
    group.add_argument(
        "--tau0", metavar="S", type=float, default=DEFAULTS.tau0, help="slow time constant; default: %(default)g s"
    )
    group.add_argument(
        "--tau1", metavar="S", type=float, default=DEFAULTS.tau1, help="fast time constant; default: %(default)g s"
    )
    group.add_argument(
        "--delta-knot", metavar="S", type=float, default=DEFAULTS.delta_knot,
        help="spacing of the tonic knots; default: %(default)g s",
    )  # fmt: skip
    group.add_argument("--alpha", type=float, default=DEFAULTS.alpha, help="weight of the driver; default: %(default)g")
    group.add_argument(
        "--gamma", type=float, default=DEFAULTS.gamma, help="weight of the tonic spline; default: %(default)g"
    )
    group.add_argument(
        "--revision", choices=get_args(Revision), default=DEFAULTS.revision, help="of cvxEDA; default: %(default)s"
    )
    group.add_argument("--baseline", choices=baselines, default=baseline, help="default: %(default)s")
    group.add_argument(
        "--no-standardize", dest="standardize", action="store_false", help="solve on the signal as it is, not z-scored"
    )
    group.add_argument(
        "--tol", type=float, default=DEFAULTS.tol, help="relative duality gap to reach; default: %(default)g"
    )
    group.add_argument(
        "--max-iterations", metavar="N", type=int, default=DEFAULTS.max_iterations, help="default: %(default)s"
    )
    return group
