"""The programme's keywords have one set of defaults, those of `Settings`, wherever they stand."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import inspect
import json
import pkgutil
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ressin
from ressin.cli.main import make_parser
from ressin.settings import Settings
from tests.signals import simulate

DEFAULTS = {item.name: item.default for item in dataclasses.fields(Settings)}

SIGNAL = simulate(4.0, 100.0)

# What stands under one of these names with another default, and why.
OTHERWISE: dict[tuple[str, str], tuple[object, str]] = {
    ("ressin.stream.stream.Stream", "baseline"): ("none", "a stream cannot have the line that its future decides"),
    ("ressin watch", "baseline"): ("none", "as Stream"),
    ("ressin decompose", "programme"): ("robust", "a person wants parts that can be; cvxEDA's name promises cvxEDA"),
    ("ressin windows", "programme"): ("robust", "as ressin decompose"),
    ("ressin watch", "programme"): ("robust", "as ressin decompose"),
    ("ressin events", "programme"): ("robust", "as ressin decompose"),
    ("ressin features", "programme"): ("robust", "as ressin decompose"),
    ("ressin decompose", "missing"): ("solve", "files have short gaps; it says how many samples are missing"),
    ("ressin events", "missing"): ("solve", "as ressin decompose"),
    ("ressin features", "missing"): ("solve", "as ressin decompose"),
    ("ressin report", "missing"): ("solve", "as ressin decompose"),
    ("ressin report", "programme"): ("robust", "as ressin decompose"),
    ("ressin.learn.evaluation.baselines.BoostedFeatures", "n_threads"): (1, "of the trees: folds share the cores"),
    ("ressin demo", "programme"): ("robust", "as ressin decompose"),
    ("ressin.time_constants.fit.fit_time_constants", "alpha"): (None, "learned unless given"),
    ("ressin.decomposition.result.Decomposition.is_optimal", "tol"): (1e-6, "of the check, not of the solve"),
    ("ressin.compat.cvxEDA", "solver"): (None, "the reference's own argument"),
    ("ressin.compat.eda_phasic", "solver"): (None, "NeuroKit's own argument"),
    ("ressin.events.trials.event_related", "baseline"): (1.0, "seconds before an event, not a baseline of cvxEDA's"),
    ("ressin.events.averages.align_trials", "baseline"): (None, "likewise"),
    ("ressin.report.plan.Cell", "programme"): ("", "that of the folder that the report is about"),
    ("ressin.report.pages.Report", "missing"): ((), "cells of a report that could not be computed"),
}
AT_LEAST = {
    "ressin.settings.Settings",
    "ressin.compat.cvxEDA",
    "ressin.compat.eda_phasic",
    "ressin.decomposition.decompose.decompose",
    "ressin.decomposition.decompose_batch.decompose_batch",
    "ressin.decomposition.decompose_windows.decompose_windows",
    "ressin.decomposition.sweep.sweep",
    "ressin.decomposition.qp.build_qp",
    "ressin.estimator.CvxEDA",
    "ressin.stream.stream.Stream",
    "ressin.time_constants.fit.fit_time_constants",
    "ressin.data.preparation.settings.DecompositionChoice",
    "ressin.nn.layer.cvxeda",
    "ressin.nn.layer.CvxEDA",
}


def modules() -> Iterator[Any]:
    """Import every module of the package."""
    for found in pkgutil.walk_packages(ressin.__path__, "ressin."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def callables() -> dict[str, Any]:
    """Return all functions, classes and methods of the package by their full names."""
    found: dict[str, Any] = {}
    for module in modules():
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", None) != module.__name__ or not callable(thing):
                continue
            found[f"{module.__name__}.{name}"] = thing
            if inspect.isclass(thing):
                methods = {
                    f"{module.__name__}.{name}.{method}": getattr(thing, method)
                    for method, kind in vars(thing).items()
                    if not method.startswith("__") and isinstance(kind, (type(callables), classmethod, staticmethod))
                }
                found |= methods
    return found


def defaults_of(thing: Any) -> dict[str, object]:
    """Return the defaults that a signature gives to the programme's keywords."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (ValueError, TypeError):  # of the compiled core, and of types without a signature
        return {}
    return {p.name: p.default for p in parameters if p.name in DEFAULTS and p.default is not p.empty}


def commands() -> dict[str, dict[str, object]]:
    """Return the defaults of the programme's options of each command."""
    parser = make_parser()
    (choice,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {
        f"ressin {name}": {a.dest: a.default for a in one._actions if a.dest in DEFAULTS}
        for name, one in choice.choices.items()
    }


def test_every_default_of_the_programme_is_that_of_settings() -> None:
    for extra in ("torch", "sklearn", "pyarrow", "matplotlib"):
        pytest.importorskip(extra, reason=f"{extra} is not installed")
    stated = {name: found for name, thing in callables().items() if (found := defaults_of(thing))} | commands()
    assert set(stated) >= AT_LEAST | {"ressin decompose", "ressin windows", "ressin watch"}
    different = {
        (where, name): value
        for where, found in stated.items()
        for name, value in found.items()
        if value != DEFAULTS[name]
    }
    assert different == {place: value for place, (value, _) in OTHERWISE.items()}


def test_the_command_line_prepares_and_watches_with_the_librarys_defaults() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from ressin.cli.data import _settings
    from ressin.data.preparation.settings import PrepareSettings
    from ressin.stream.options import StreamOptions

    parser = make_parser()
    prepared = parser.parse_args(["prepare", "source", "folder"])
    settings = PrepareSettings()
    for has_windows in (False, True):
        expected = settings.decided(has_windows=has_windows)
        assert _settings(prepared, has_windows=has_windows) == expected
    assert (prepared.min_cover, prepared.music, prepared.few) == (
        settings.min_cover, settings.music, settings.labels.few,
    )  # fmt: skip
    watched, options = parser.parse_args(["watch"]), StreamOptions(sampling_rate=1.0)
    assert (watched.lag, watched.warm_up) == (options.lag, options.warm_up)


def failing(choice: dict[str, Any]) -> list[Any]:
    """Run what takes `errors` on programmes that two iterations do not solve."""
    few: dict[str, Any] = {"max_iterations": 2, "solver": "interior_point"} | choice
    return [
        ressin.decompose(SIGNAL, 4.0, **few),
        ressin.decompose_windows(SIGNAL, 4.0, 20, 10, **few),
        ressin.sweep(SIGNAL, 4.0, alpha=[1e-3, 1e-2], **few),
        ressin.Stream(4.0, **few).push(SIGNAL),
    ]


def test_the_older_name_of_errors_still_works_and_warns() -> None:
    with pytest.warns(DeprecationWarning, match="on_failure is deprecated .* write errors='return'") as caught:
        older = failing({"on_failure": "return"})
    assert len(caught) == 4
    assert {Path(warning.filename).name for warning in caught} == {Path(__file__).name}
    for one, other in zip(older, failing({"errors": "return"}), strict=True):
        assert np.array_equal(one.converged, other.converged)
        assert not np.all(one.converged)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"on_failure": "drop"}, "on_failure is 'drop'; it must be 'raise' or 'return'"),
        ({"errors": "return", "on_failure": "raise"}, "errors is 'return' and on_failure, its older name, 'raise'"),
    ],
)
def test_an_older_name_that_cannot_be_used_is_named(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(ressin.InvalidInputError, match=message):
        failing(choice)


def test_a_stream_saved_under_the_older_name_goes_on(tmp_path: Path) -> None:
    new, old = tmp_path / "new.npz", tmp_path / "old.npz"
    ressin.Stream(4.0, errors="return").save(new)
    with np.load(new) as file:
        held = {name: file[name] for name in file.files}
    header = json.loads(held["header"].tobytes())
    header["options"]["on_failure"] = header["options"].pop("errors")
    np.savez(old, **held | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)})
    assert ressin.Stream.load(old).options == ressin.Stream.load(new).options


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not keep overloads")
@pytest.mark.parametrize("function", [ressin.decompose_batch, ressin.fit_time_constants])
def test_overloads_name_what_the_function_takes(function: Any) -> None:
    overloads = typing.get_overloads(function)  # type: ignore[attr-defined, unused-ignore]
    assert len(overloads) >= 2
    wanted = inspect.signature(function).parameters.values()
    for one in overloads:
        named = inspect.signature(one).parameters.values()
        assert [(p.name, p.kind) for p in named] == [(p.name, p.kind) for p in wanted]
        optional = {p.name for p in named if p.default is not p.empty}
        assert optional >= {p.name for p in wanted if p.default is not p.empty} - {"errors"}
