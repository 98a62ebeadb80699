"""Options that several commands share: the programme and how it is solved."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

SETTINGS = (
    "tau0", "tau1", "delta_knot", "alpha", "gamma", "revision", "baseline", "standardize", "solver", "tol",
    "max_iterations", "missing",
)  # fmt: skip


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the settings of the decomposition, which `SETTINGS` names, to a parser."""
    group = add_programme(parser, baseline="linear", baselines=("none", "constant", "linear", "spline"))
    group.add_argument(
        "--solver", choices=("interior_point", "osqp"), default="interior_point", help="default: %(default)s"
    )
    group.add_argument(
        "--missing", choices=("raise", "solve"), default="raise",
        help="what to do with missing samples: refuse the file, or solve through them; default: %(default)s",
    )  # fmt: skip


def add_programme(
    parser: argparse.ArgumentParser, *, baseline: str, baselines: Sequence[str]
) -> argparse._ArgumentGroup:
    """Add the options of the programme that all commands share; `baseline` is the default of `baselines`."""
    group = parser.add_argument_group("settings of the decomposition (see the documentation of ressin.decompose)")
    group.add_argument(
        "--tau0", metavar="S", type=float, default=2.0, help="slow time constant; default: %(default)g s"
    )
    group.add_argument(
        "--tau1", metavar="S", type=float, default=0.7, help="fast time constant; default: %(default)g s"
    )
    group.add_argument(
        "--delta-knot", metavar="S", type=float, default=10.0, help="spacing of the tonic knots; default: %(default)g s"
    )
    group.add_argument("--alpha", type=float, default=8e-4, help="weight of the driver; default: %(default)g")
    group.add_argument("--gamma", type=float, default=1e-2, help="weight of the tonic spline; default: %(default)g")
    group.add_argument("--revision", choices=("2025", "2015"), default="2025", help="of cvxEDA; default: %(default)s")
    group.add_argument("--baseline", choices=baselines, default=baseline, help="default: %(default)s")
    group.add_argument(
        "--no-standardize", dest="standardize", action="store_false", help="solve on the signal as it is, not z-scored"
    )
    group.add_argument("--tol", type=float, default=1e-8, help="relative duality gap to reach; default: %(default)g")
    group.add_argument("--max-iterations", metavar="N", type=int, default=100, help="default: %(default)s")
    return group
