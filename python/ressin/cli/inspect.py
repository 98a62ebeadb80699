"""`ressin inspect`: what is in a file, what would be taken, and why."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.cli.reading import add_help, add_reading, reading_of, try_next
from ressin.cli.terminal import duration_text
from ressin.errors import RessinError, describe

if TYPE_CHECKING:
    from ressin.reading import Reading
    from ressin.recording import Channel, Recording

_SHOWN = 40  # channels, gaps and markers that are listed


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "inspect",
        help="say what is in files, and what would be taken as skin conductance",
        description="Print what files hold: layout, channels with units and rates, length, gaps, clock, markers, "
        "range, and what `ressin decompose` would take and why.",
        add_help=False,
    )
    add_help(parser)
    parser.add_argument("files", metavar="FILE", nargs="+", help="files, folders, or zip archives")
    parser.add_argument("--json", action="store_true", help="print a list of JSON objects, one for each file")
    add_reading(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print each file; the status is 1 where one could not be read at all."""
    from ressin.cli.inputs import expand

    try:
        reading = reading_of(arguments)
        files = [found.path for found in expand(arguments.files)]
    except RessinError as error:
        print(f"ressin inspect: {error}", file=sys.stderr)
        return 2
    told: list[dict[str, Any]] = []
    failed = False
    for file in files:
        about = _about(file, reading)
        failed = failed or "error" in about
        if arguments.json:
            told.append(about)
        else:
            print(_text(about), end="\n\n" if len(files) > 1 else "\n")
    if arguments.json:
        print(json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False))
    return 1 if failed else 0


def _about(file: Path, reading: Reading) -> dict[str, Any]:
    """Return what is in one file, as plain values."""
    from ressin.io.read import open_recording

    try:
        recording = open_recording(file, **reading.arguments())
    except Exception as error:  # noqa: BLE001  # whatever one file does, the others are told of
        reason = describe(error)
        return {"file": str(file), "error": reason, "try": try_next(file, reason)}
    return {
        "file": str(file),
        "layout": recording.layout,
        "device": recording.device,
        "channels": [_channel(channel) for channel in recording.channels],
        "taken": None if recording.refusal else _taken(recording),
        "refusal": recording.refusal,
        "try": try_next(file, recording.refusal) if recording.refusal else "",
        "markers": [{"time": marker.time, "label": marker.label} for marker in recording.markers],
        "notes": list(recording.notes),
        "warnings": list(recording.warnings),
    }


def _channel(channel: Channel) -> dict[str, Any]:
    present = channel.values[channel.values == channel.values]
    return {
        "name": channel.name,
        "unit": channel.unit,
        "sampling_rate": channel.sampling_rate,
        "n_samples": int(channel.values.size),
        "missing": int(channel.values.size - present.size),
        "range": [float(present.min()), float(present.max())] if present.size else None,
    }


def _taken(recording: Recording) -> dict[str, Any]:
    present = recording.signal[recording.signal == recording.signal]
    clock = recording.clock
    return {
        "unit": recording.unit,
        "sampling_rate": recording.sampling_rate,
        "n_samples": recording.n_samples,
        "duration": recording.duration,
        "missing": recording.n_samples - int(present.size),
        "range": [float(present.min()), float(present.max())],
        "start_time": recording.start_time,
        "start_from": clock.origin,
        "begins": clock.begins,
        "clock": clock.source,
        "jitter": clock.jitter,
        "gaps": [{"first": gap.first, "n_samples": gap.n_samples} for gap in clock.gaps],
    }


def _text(about: dict[str, Any]) -> str:
    if "error" in about:
        return f"{about['file']}\n  refused   {_without(about['error'], about['file'])}\n  try       {about['try']}"
    lines = [about["file"], f"  layout    {about['layout']}" + (f", {about['device']}" if about["device"] else "")]
    lines += [f"  channel   {_channel_text(channel)}" for channel in about["channels"][:_SHOWN]]
    if len(about["channels"]) > _SHOWN:
        lines.append(f"            and {len(about['channels']) - _SHOWN} more")
    if about["taken"] is None:
        lines += [f"  refused   {_without(about['refusal'], about['file'])}", f"  try       {about['try']}"]
    else:
        lines += _taken_lines(about["taken"])
    lines += [f"  marker    {marker['time']:.6g} s  {marker['label']}" for marker in about["markers"][:_SHOWN]]
    if len(about["markers"]) > _SHOWN:
        lines.append(f"            and {len(about['markers']) - _SHOWN} more")
    lines += [f"  because   {'; '.join(about['notes'])}"] if about["notes"] else []
    lines += [f"  warning   {warning}" for warning in about["warnings"]]
    return "\n".join(lines)


def _channel_text(channel: dict[str, Any]) -> str:
    unit = channel["unit"] or "unit unknown"
    rate = f", {channel['sampling_rate']:g} Hz" if channel["sampling_rate"] else ""
    if channel["range"] is None:
        return f"{channel['name']}: no numbers"
    missing = f", {channel['missing']} missing" if channel["missing"] else ""
    low, high = channel["range"]
    return f"{channel['name']} ({unit}){rate}: {channel['n_samples']} values from {low:.6g} to {high:.6g}{missing}"


def _taken_lines(taken: dict[str, Any]) -> list[str]:
    low, high = taken["range"]
    lines = [
        f"  taken     {taken['n_samples']} samples at {taken['sampling_rate']:.6g} Hz, "
        f"{duration_text(taken['duration'])}, from {low:.4g} to {high:.4g} {taken['unit'] or '(unit unknown)'}"
        + (f", {taken['missing']} missing" if taken["missing"] else "")
    ]
    jitter = f", jitter up to {taken['jitter']:.2g} samples" if taken["jitter"] > 0.01 else ""
    lines.append(f"  clock     {taken['clock']}{_start_text(taken)}{jitter}")
    rate = taken["sampling_rate"]
    lines += [
        f"  gap       {gap['n_samples']} samples ({gap['n_samples'] / rate:.4g} s) from {gap['first'] / rate:.6g} s on"
        for gap in taken["gaps"][:_SHOWN]
    ]
    return lines


def _start_text(taken: dict[str, Any]) -> str:
    start = taken["start_time"]
    if start is None:
        return "" if taken["begins"] is None else f", begins at {taken['begins']:g} s"
    if taken["start_from"] != "1970-01-01 UTC":
        return f", starts at {start:g} s after {taken['start_from']}"
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=start)
    return f", starts at {moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"


def _without(message: str, file: str) -> str:
    return message.removeprefix(file).lstrip(":, ")
