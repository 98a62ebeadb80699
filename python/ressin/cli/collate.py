"""`ressin collate`: the results of many runs in one table of recordings and one of responses."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.errors import OutputError, RessinError

if TYPE_CHECKING:
    import pandas as pd


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "collate",
        help="gather the results of an array of jobs",
        description="Gather what `ressin decompose` has written to a folder, by one job or many: recordings.csv with a "
        "row for each recording, scrs.csv with all responses where --scrs wrote them. With --files-from, the files of "
        "the list without results are named, and the exit status is 1 if there are any.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="of the results")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder for the two tables; default: FOLDER")
    parser.add_argument("--files-from", metavar="LIST", help="the list that the jobs worked on")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the tables; list what is missing."""
    try:
        rows, responses = _gather(Path(arguments.folder))
        missing = _missing(arguments.files_from, rows)
    except RessinError as error:
        print(f"ressin collate: {error}", file=sys.stderr)
        return 2
    written = _write(rows, responses, Path(arguments.output or arguments.folder))
    print(f"{len(rows)} recordings; written {', '.join(map(str, written))}")
    if missing:
        print(f"{len(missing)} files of the list have no results:", *missing, sep="\n  ", file=sys.stderr)
    return 1 if missing else 0


def _gather(folder: Path) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    responses: list[pd.DataFrame] = []
    for path in sorted(folder.glob("*_evidence.json")):
        try:
            rows.append(_row(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutputError(
                f"{path} is not the evidence that ressin writes ({type(error).__name__}: {error})"
            ) from error
        scrs = path.with_name(path.name.replace("_evidence.json", "_scrs.csv"))
        if scrs.is_file():
            table = pd.read_csv(scrs)
            table.insert(0, "recording", rows[-1]["recording"])
            responses.append(table)
    if not rows:
        raise OutputError(f"{folder} holds no results of ressin decompose (no file ends with _evidence.json)")
    return rows, responses


def _row(evidence: dict[str, Any]) -> dict[str, Any]:
    """One recording's row, from its evidence."""
    about, quality = evidence["recording"], evidence["quality"]
    minutes = about["duration"] / 60.0
    return {
        "recording": about["name"],
        "file": about["file"],
        "layout": about.get("layout", ""),
        "unit": about["unit"],
        "start_time (s)": about["start_time"],
        "duration (s)": about["duration"],
        "sampling_rate (Hz)": evidence["sampling_rate"],
        "n_samples": evidence["n_samples"],
        "n_missing": evidence["n_missing"],
        "programme": evidence["settings"]["programme"],
        "status": evidence["status"],
        "relative_gap": evidence["relative_gap"],
        "n_scrs": evidence["scrs"]["count"],
        "scrs_per_minute": evidence["scrs"]["count"] / minutes if minutes else None,
        "outlier_share": quality["outlier_share"],
        "n_shifts": quality["n_shifts"],
        "quality": " ".join(quality["messages"]) or "good",
        "warnings": "; ".join(about.get("warnings", [])),
    }


def _missing(listing: str | None, rows: list[dict[str, Any]]) -> list[str]:
    from ressin.cli.inputs import expand, listed

    if listing is None:
        return []
    done = {str(Path(row["file"])) for row in rows}
    return [str(found.path) for found in expand(listed(listing)) if str(found.path) not in done and not found.is_found]


def _write(rows: list[dict[str, Any]], responses: list[pd.DataFrame], folder: Path) -> list[Path]:
    import pandas as pd

    from ressin._files.atomic import replacing

    folder.mkdir(parents=True, exist_ok=True)
    tables = {"recordings.csv": pd.DataFrame(rows)}
    if responses:
        tables["scrs.csv"] = pd.concat(responses, ignore_index=True)
    for name, table in tables.items():
        with replacing(folder / name) as temporary:
            table.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")
    return [folder / name for name in tables]
