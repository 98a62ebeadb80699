"""`ressin events` and `ressin features`: recordings from files, measures of their trials and intervals to a table."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.cli.options import SETTINGS, add_event_window, add_settings, check_programme, programme_line
from ressin.cli.reading import add_help, add_reading, reading_of
from ressin.cli.terminal import Console, failure_table
from ressin.errors import QualityWarning, RessinError, describe

if TYPE_CHECKING:
    import pandas as pd

    from ressin.decomposition.result import Decomposition
    from ressin.recording import Recording

    Measure = Callable[[Decomposition, Recording], pd.DataFrame]

_TABLES = (".csv", ".tsv", ".parquet")


def add_parsers(subparsers: Any) -> None:
    """Add the commands' parsers."""
    events = subparsers.add_parser(
        "events",
        help="measure the responses to the events of an experiment",
        description="Measure the skin conductance response to each event: a row a trial. The events are the "
        "recording's own markers, or a table with a column onset.",
        add_help=False,
    )
    _add_common(events, "trials.csv")
    events.add_argument(
        "--events", metavar="FILE",
        help="table (CSV, TSV, Parquet) with onset and, if it likes, duration, condition or trial_type, trial; in "
        "seconds after the first sample, or clock times; default: the markers of each recording",
    )  # fmt: skip
    add_event_window(events)
    events.add_argument(
        "--choose", choices=("first", "largest"), default="first",
        help="which response is the event's where several begin in its window; default: %(default)s",
    )  # fmt: skip
    events.add_argument(
        "--overlap", choices=("assign", "each"), default="assign",
        help="where windows overlap, assign each response to one event, or look at each window by itself, as NeuroKit2 "
        "does; default: %(default)s",
    )  # fmt: skip
    add_settings(events)
    events.set_defaults(run=run_events, missing="solve")
    features = subparsers.add_parser(
        "features",
        help="compute features of intervals of recordings",
        description="Compute features of sliding windows or given intervals: responses, levels, oscillations; a row "
        "an interval. Each recording is decomposed as a whole.",
        add_help=False,
    )
    _add_common(features, "features.csv")
    features.add_argument("--window", metavar="S", type=float, help="length of a window; default: the whole recording")
    features.add_argument("--step", metavar="S", type=float, help="from one window to the next; default: the window")
    features.add_argument("--intervals", metavar="FILE", help="table (CSV, TSV, Parquet) with start and end in seconds")
    add_settings(features)
    features.set_defaults(run=run_features, missing="solve")


def _add_common(parser: argparse.ArgumentParser, output: str) -> None:
    add_help(parser)
    parser.add_argument("recordings", metavar="RECORDING", nargs="+", help="recordings, folders, zip archives")
    parser.add_argument(
        "-o", "--output", metavar="TABLE", default=output,
        help=f"one table of all recordings ({', '.join(_TABLES)}); default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--min-amplitude", metavar="US", type=float, default=0.01,
        help="least height of an SCR, in the unit of the signal; default: %(default)g",
    )  # fmt: skip
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but failures")
    add_reading(parser)


def run_events(arguments: argparse.Namespace) -> int:
    """Measure the trials of all recordings, with columns that correct for the person where there are several."""
    from ressin.events.study import within_person
    from ressin.events.trials import event_related

    def measure(result: Decomposition, recording: Recording) -> pd.DataFrame:
        return event_related(
            result,
            recording if arguments.events is None else arguments.events,
            latency=tuple(arguments.latency),
            min_amplitude=arguments.min_amplitude,
            choose=arguments.choose,
            overlap=arguments.overlap,
            unit=arguments.event_unit,
            start_time=recording.start_time,
        )

    return _run("events", arguments, measure, within_person)


def run_features(arguments: argparse.Namespace) -> int:
    """Compute the features of all recordings."""
    from ressin._files.tables import read_table
    from ressin.intervals.features import features

    try:
        intervals = None if arguments.intervals is None else read_table(arguments.intervals, "intervals")
    except RessinError as error:
        print(f"ressin features: {error}", file=sys.stderr)
        return 2

    def measure(result: Decomposition, _: Recording) -> pd.DataFrame:
        return features(
            result,
            window=arguments.window,
            step=arguments.step,
            intervals=intervals,
            min_amplitude=arguments.min_amplitude,
        )

    return _run("features", arguments, measure, lambda table: table)


def _run(
    command: str, arguments: argparse.Namespace, measure: Measure, together: Callable[[pd.DataFrame], pd.DataFrame]
) -> int:
    """Measure each recording; one that fails is listed at the end and does not stop the others."""
    import pandas as pd

    from ressin._files.tables import write_table
    from ressin.cli.inputs import distinct_names, expand, is_other
    from ressin.io.read import read_recording

    try:
        check_programme(arguments)
        reading = reading_of(arguments)
        output = _output(arguments.output)
        inputs = expand(arguments.recordings)
        names = distinct_names([found.path for found in inputs])
    except RessinError as error:
        print(f"ressin {command}: {error}", file=sys.stderr)
        return 2
    settings = {name: getattr(arguments, name) for name in SETTINGS}
    tables: list[pd.DataFrame] = []
    failures: list[tuple[str, str]] = []
    with Console(len(inputs), quiet=arguments.quiet) as console:
        console.say(programme_line(arguments.programme))
        for found, name in zip(inputs, names, strict=True):
            path = found.path
            try:
                table = _measured(read_recording(path, **reading.arguments()), settings, measure)
            except Exception as error:  # noqa: BLE001  # whatever one file does, the others are worked on
                reason = describe(error).removeprefix(str(path)).lstrip(":, ")
                if found.is_found and is_other(path, error):  # in a folder there are other files beside the recordings
                    console.say(f"{path} is left out: {reason}")
                else:
                    failures.append((str(path), reason))
            else:
                table.insert(0, "Participant", name)
                tables.append(table)
                console.say(f"{name}: {len(table)} rows")
            finally:
                console.step()
        if tables:
            table = pd.concat(tables, ignore_index=True)
            write_table(together(table) if len(tables) > 1 else table, output)
            console.say(f"{len(table)} rows in {output}")
    if failures:
        print(failure_table(failures, len(inputs)), file=sys.stderr)
    return 1 if failures or console.lost else 0


def _measured(recording: Recording, settings: dict[str, Any], measure: Measure) -> pd.DataFrame:
    from ressin.decomposition.decompose import decompose

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QualityWarning)
        result = decompose(recording.signal, recording.sampling_rate, **settings)
    return measure(result.with_temperature(recording.temperature), recording)


def _output(name: str) -> Path:
    from ressin.errors import OutputError

    path = Path(name)
    if path.suffix not in _TABLES:
        raise OutputError(f"{path}: a table is written as {', '.join(_TABLES)}")
    return path
