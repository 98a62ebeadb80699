"""Options that several commands share: the programme, its settings and how it is solved."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, get_args

from ressin.errors import InvalidInputError
from ressin.settings import Baseline, Missing, Programme, Revision, Settings, Solver

PROGRAMME = (
    "programme", "tau0", "tau1", "delta_knot", "alpha", "gamma", "revision", "baseline", "standardize", "tol",
    "max_iterations",
)  # fmt: skip
SETTINGS = (*PROGRAMME, "solver", "missing")
DEFAULTS = Settings()
DEFAULT_PROGRAMME: Programme = "robust"  # of the commands; the functions' is cvxEDA, as their names promise
MEANING: dict[Programme, str] = {
    "robust": "robust: outliers and shifts of the level apart, settings from the recording (other: --programme cvxeda)",
    "cvxeda": "cvxeda: Greco et al. 2016, settings as given (other: --programme robust)",
}


class OfCvxeda(argparse.Action):
    """Keeps a value, and that its option was given: the robust programme does not have it."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Keep both."""
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)
        namespace.of_cvxeda = [*getattr(namespace, "of_cvxeda", ()), option]


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the settings of the decomposition, which `SETTINGS` names, and the choice of the programme to a parser."""
    group = add_programme(parser, baseline=DEFAULTS.baseline, baselines=get_args(Baseline))
    group.add_argument(
        "--solver", choices=get_args(Solver), default=DEFAULTS.solver, action=OfCvxeda,
        help="default: %(default)s (cvxeda)",
    )  # fmt: skip
    group.add_argument(
        "--missing", choices=get_args(Missing), default=DEFAULTS.missing,
        help="what to do with missing samples: refuse the file, or solve through them; default: %(default)s",
    )  # fmt: skip


def add_choice(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup, *, default: Programme = DEFAULT_PROGRAMME
) -> None:
    """Add ``--programme`` to a parser or a group."""
    parser.add_argument(
        "--programme", choices=get_args(Programme), default=default,
        help="robust: outliers and shifts apart, settings from the recording; cvxeda: as published, settings as given; "
        "default: %(default)s",
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
    add_choice(group)
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
    group.add_argument(
        "--alpha", type=float, default=DEFAULTS.alpha, action=OfCvxeda,
        help="weight of the driver; default: %(default)g (cvxeda)",
    )  # fmt: skip
    group.add_argument(
        "--gamma", type=float, default=DEFAULTS.gamma, action=OfCvxeda,
        help="weight of the tonic spline; default: %(default)g (cvxeda)",
    )  # fmt: skip
    group.add_argument(
        "--revision", choices=get_args(Revision), default=DEFAULTS.revision, action=OfCvxeda,
        help="of cvxEDA; default: %(default)s (cvxeda)",
    )  # fmt: skip
    group.add_argument(
        "--baseline", choices=baselines, default=baseline, action=OfCvxeda, help="default: %(default)s (cvxeda)"
    )
    group.add_argument(
        "--no-standardize", dest="standardize", nargs=0, const=False, default=DEFAULTS.standardize, action=OfCvxeda,
        help="solve on the signal as it is, not z-scored (cvxeda)",
    )  # fmt: skip
    group.add_argument(
        "--tol", type=float, default=DEFAULTS.tol, help="relative duality gap to reach; default: %(default)g"
    )
    group.add_argument(
        "--max-iterations", metavar="N", type=int, default=DEFAULTS.max_iterations, help="default: %(default)s"
    )
    return group


def check_programme(arguments: argparse.Namespace) -> None:
    """Refuse options that the chosen programme does not have.

    Raises
    ------
    InvalidInputError
        The robust programme, and an option of cvxEDA's; the message names the option.
    """
    if arguments.programme == "robust":
        for option in getattr(arguments, "of_cvxeda", ()):
            raise InvalidInputError(
                f"{option} belongs to cvxEDA; the robust programme, which is the default, does not have it: leave it "
                "out, or add --programme cvxeda"
            )


def programme_line(programme: Programme) -> str:
    """Return the first line of what a command says."""
    return f"programme {MEANING[programme]}"


def add_event_window(parser: argparse.ArgumentParser) -> None:
    """Add what the numbers in a table of events are, and when a response to an event may begin."""
    parser.add_argument(
        "--event-unit", choices=("seconds", "samples"), default="seconds", help="of numbers; default: %(default)s"
    )
    parser.add_argument(
        "--latency", metavar=("FROM", "TO"), nargs=2, type=float, default=(1.0, 4.0),
        help="seconds from an event to the onset of its response; default: 1 4",
    )  # fmt: skip
