"""The command that writes a manifest: of a published data set's folder, or of tags and a table of ratings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    from ressin.data.studies.rows import Found

SHOWN = 10
HELP = """columns of RATINGS (--tags), one row per window:
  recording or subject   the file, relative to FOLDER, or whose it is (the name of its folder or file)
  tag                    at which tag it begins, by number from 1 or by label; without the column, the rows of a
                         recording take its tags in order
  until, duration        the tag at which it ends, or its seconds (default: the next tag)
  stimulus, and others   as in a manifest: arousal, valence, NAME_label ... (ressin prepare --help)

layouts (--layout), what a folder of each has, and what the manifest gets:
  wesad            S2/S2_quest.csv, S2/S2_E4_Data/EDA.csv, S2/S2_respiban.txt
                   the wrist; labels state and stress, valence and arousal
  wesad-chest      S2/S2_quest.csv, S2/S2_respiban.txt
                   the chest; labels state and stress, valence and arousal
  case             interpolated/physiological/sub_1.csv, interpolated/annotations/sub_1.csv
                   label video, valence and arousal: means of the joystick's
  k-emocon         e4_data/1/E4_EDA.csv, P1.self.csv, subjects.csv
                   valence and arousal: every 5 s, or means over the windows
  eevr             EDA.csv, VADS.csv
                   label quadrant, valence and arousal
  stress-predict   S02/EDA.csv, S02/tags.csv (or tags_S02.csv)
                   labels state, stress and mental
  exam-stress      S1/Final/EDA.csv, S1/Midterm 1/EDA.csv, StudentGrades.txt
                   labels exam and grade (80 % of the points)
  emopaircompete   D1_1/ID_1/round_1/phase1/EDA.csv, response.csv beside it
                   labels phase, puzzle and frustrated (5 of 10)
"""


def add_parser(subparsers: Any) -> None:
    """Add the sub-command ``manifest``."""
    parser = subparsers.add_parser(
        "manifest",
        help="write a manifest for ressin prepare: of a published data set, or of tags and ratings",
        description="Write a manifest for ressin prepare, from the folder of a published data set (--layout), or from\n"
        "a device's tags and a table of ratings (--tags --ratings). The recordings are not changed.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=HELP,
    )
    parser.add_argument("folder", type=Path, help="folder of the recordings; the manifest's paths are relative to it")
    parser.add_argument("--layout", metavar="NAME", help="data set whose folder it is")
    parser.add_argument(
        "--tags", action="store_true", help="join the tags of the recordings with the table of --ratings"
    )
    parser.add_argument("--ratings", type=Path, metavar="RATINGS", help="table (CSV) of ratings, a row per window")
    parser.add_argument("--window", type=float, metavar="S", help="divide the rows into windows of so many seconds")
    parser.add_argument("--step", type=float, metavar="S", help="seconds from window to window (default: --window)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: FOLDER/manifest.csv")
    parser.add_argument("--overwrite", action="store_true", help="replace a manifest that is there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin manifest``."""
    from ressin.data.studies.rows import write_manifest

    target = arguments.output or arguments.folder / "manifest.csv"
    if target.exists() and not arguments.overwrite:
        raise InvalidInputError(f"{target} is there already: name another with -o, or add --overwrite")
    found = _found(arguments)
    write_manifest(target, found.rows)
    files = len({row["recording"] for row in found.rows})
    people = len({row["subject"] for row in found.rows})
    print(f"{len(found.rows):,} rows, {files:,} recording(s) of {people:,} people: {target}")
    for sentence in found.left_out[:SHOWN]:
        print(f"  left out: {sentence}")
    if len(found.left_out) > SHOWN:
        print(f"  ... and {len(found.left_out) - SHOWN:,} more")
    root = "" if target.resolve().parent == arguments.folder.resolve() else f" --root {arguments.folder}"
    print(f"next: ressin prepare {target} prepared{root}")
    return 0


def _found(arguments: argparse.Namespace) -> Found:
    if arguments.tags == bool(arguments.layout):
        raise InvalidInputError("one of --layout NAME and --tags is needed")
    if arguments.layout:
        from ressin.data.studies.registry import find_study

        if arguments.ratings:
            raise InvalidInputError("--ratings belongs to --tags; a layout has its own")
        return find_study(arguments.folder, arguments.layout, window=arguments.window, step=arguments.step)
    return _joined(arguments)


def _joined(arguments: argparse.Namespace) -> Found:
    from ressin.cli.inputs import expand
    from ressin.data.studies.rows import Cutting, with_windows
    from ressin.data.studies.tags import join_tags

    if arguments.ratings is None:
        raise InvalidInputError("--tags needs --ratings FILE, the table that says what the tags mean")
    own = {path.resolve() for path in (arguments.ratings, arguments.output) if path is not None}
    files = [found.path for found in expand([str(arguments.folder)]) if found.path.resolve() not in own]
    found = join_tags(arguments.folder, files, arguments.ratings)
    return with_windows(found, Cutting(arguments.window, arguments.step))
