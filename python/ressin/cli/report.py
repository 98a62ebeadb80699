"""`ressin report`: a page for each recording, and an overview of a study."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.cli.options import SETTINGS, add_event_window, add_settings, check_programme, programme_line
from ressin.cli.reading import add_help, add_reading, reading_of
from ressin.cli.terminal import Console, failure_table
from ressin.errors import OutputError, RessinError, describe

if TYPE_CHECKING:
    from ressin.cli.inputs import Input
    from ressin.reading import Reading
    from ressin.recording_report.reported import Reported
    from ressin.recording_report.study import Row

_HTML = (".html", ".htm")


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "report",
        help="write a page about each recording, and an overview of a study",
        description="Write a page of HTML about each recording: its parts in a picture that zooms, responses, events, "
        "what can be trusted, settings, and sentences for the methods section. Of a folder or several recordings also "
        "an overview, the worst first. No page needs another file or a network.",
        add_help=False,
    )
    add_help(parser)
    parser.add_argument("recordings", metavar="RECORDING", nargs="+", help="recordings, folders, zip archives")
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="report.html",
        help="the page; of a study its overview, with the pages in OUT_recordings/; or a folder for all; "
        "default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--events", metavar="FILE",
        help="table of events, as for ressin events; default: the markers of each recording, if it has any",
    )  # fmt: skip
    add_event_window(parser)
    parser.add_argument(
        "--min-amplitude", metavar="US", type=float,
        help="least height of an SCR, in the unit of the signal; default: 0.01 uS, none where the unit is another",
    )  # fmt: skip
    parser.add_argument("--title", default="", help="heading of the overview; default: the folder's name")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but failures")
    add_reading(parser)
    add_settings(parser)
    parser.set_defaults(run=run, missing="solve")


@dataclass(frozen=True)
class _Places:
    """Where the pages go: that of the overview, or None for a single page, and the folder of the others."""

    overview: Path | None
    folder: Path

    def page(self, name: str) -> Path:
        """Return the page of a recording."""
        return self.folder / f"{name}.html"

    def link(self, name: str) -> str:
        """Return its path from the overview."""
        return f"{self.folder.name}/{name}.html"


def run(arguments: argparse.Namespace) -> int:
    """Write the pages; a recording that fails is listed, in the overview too, and does not stop the others."""
    from ressin._files.atomic import remove_leftovers_of
    from ressin._files.tables import read_table
    from ressin.cli.inputs import distinct_names, expand
    from ressin.recording_report.page import check_installed

    try:
        check_installed()
        check_programme(arguments)
        reading = reading_of(arguments)
        inputs = expand(arguments.recordings, leave_out=Path(arguments.output))
        if not inputs:
            raise OutputError(f"no file that could be a recording is in {', '.join(arguments.recordings)}")
        names = distinct_names([found.path for found in inputs])
        if arguments.events is not None:
            read_table(arguments.events, "events")  # a wrong one is told before any recording is read
        places = _places(arguments.output, inputs)
        remove_leftovers_of([*map(places.page, names), places.overview or Path(arguments.output)])
    except RessinError as error:
        print(f"ressin report: {error}", file=sys.stderr)
        return 2
    with Console(len(inputs), quiet=arguments.quiet) as console:
        console.say(programme_line(arguments.programme))
        return _write(inputs, names, places, reading, arguments, console)


def _write(
    inputs: list[Input], names: list[str], places: _Places, reading: Reading, arguments: argparse.Namespace,
    console: Console,
) -> int:  # fmt: skip
    from ressin.cli.inputs import is_other
    from ressin.io.read import read_recording
    from ressin.pages.render import write_page
    from ressin.recording_report.page import page
    from ressin.recording_report.study import Row, row_of, write_overview

    rows: list[Row] = []
    failures: list[tuple[str, str]] = []
    left_out: list[tuple[str, str]] = []
    for found, name in zip(inputs, names, strict=True):
        path = found.path
        try:
            recording = read_recording(path, **reading.arguments())
            reported = _report_of(recording, name, arguments)
            target = Path(arguments.output) if places.overview is None else places.page(name)
            write_page(page(reported), target)
            rows.append(row_of(reported, places.link(name)))
        except Exception as error:  # noqa: BLE001  # whatever one file does, the others are worked on
            reason = describe(error).removeprefix(str(path)).lstrip(":, ")
            if found.is_found and is_other(path, error):  # in a folder there are other files beside the recordings
                left_out.append((str(path), reason))
                console.say(f"{path} is left out: {reason}")
            else:
                failures.append((str(path), reason))
                rows.append(Row(name, remarks=(reason,)))
        else:
            console.say(f"{name}: {target}")
        finally:
            console.step()
    if places.overview is not None:
        title = arguments.title or _title(arguments.recordings)
        write_overview(rows, places.overview, title=title, left_out=left_out)
        console.say(f"{len(rows)} recordings in {places.overview}")
    if failures:
        print(failure_table(failures, len(inputs)), file=sys.stderr)
    return 1 if failures or not rows or console.lost else 0


def _report_of(recording: Any, name: str, arguments: argparse.Namespace) -> Reported:
    from ressin.recording_report.reported import report_of

    return report_of(
        recording,
        events=arguments.events,
        event_unit=arguments.event_unit,
        latency=tuple(arguments.latency),
        min_amplitude=arguments.min_amplitude,
        name=name,
        settings={setting: getattr(arguments, setting) for setting in SETTINGS},
    )


def _places(output: str, inputs: list[Input]) -> _Places:
    """Say where the pages go, and make the folder that they need."""
    path = Path(output)
    if path.suffix.lower() in _HTML and not path.is_dir():
        if len(inputs) == 1 and not inputs[0].is_found:
            return _Places(None, path.parent)
        places = _Places(path, path.with_name(f"{path.stem}_recordings"))
    else:
        places = _Places(path / "index.html", path / "recordings")
    try:
        places.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {places.folder}: {error.strerror or error}") from error
    return places


def _title(given: list[str]) -> str:
    return Path(given[0]).resolve().name if len(given) == 1 else f"{len(given)} recordings"
