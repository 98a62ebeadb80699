"""The command ``ressin figures``: Fig. 2 and Fig. 3 of the paper from a prepared folder."""

import argparse
from pathlib import Path
from typing import Any

from ressin.image import CHANNELS

Subparsers = Any  # argparse's own type for it is private


def add_figures(subparsers: Subparsers) -> None:
    """Add the sub-command ``figures`` to a parser."""
    parser = subparsers.add_parser(
        "figures",
        help="draw Fig. 2 and Fig. 3 of the paper from a prepared folder",
        description="Draw a subject's ratings with centres and thresholds (Fig. 2), and a recording's channels beside "
        "what its picture says when it is read back (Fig. 3), and print the round-trip error.",
    )
    parser.add_argument("prepared", type=Path, help="folder that ressin prepare wrote")
    parser.add_argument("folder", type=Path, help="folder for the figures")
    parser.add_argument("--subject", help="whose labels (default: the first with thresholds)")
    parser.add_argument("--recording", metavar="ID", help="which recording (default: the first)")
    parser.add_argument("--format", choices=["svg", "png", "pdf", "html"], default="svg", help="default svg")
    parser.set_defaults(run=run_figures)


def run_figures(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin figures``."""
    from ressin.data.store.store import load
    from ressin.plots.files import save_figure
    from ressin.report.prepared_figures import first_rated_subject, plot_labels, plot_round_trip, round_trip

    prepared = load(arguments.prepared)
    print(f"programme {prepared.programme}: what {arguments.prepared} was prepared with")
    subject = arguments.subject or first_rated_subject(prepared)
    trip = round_trip(prepared, arguments.recording or str(prepared.recordings["recording_id"].iloc[0]))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if subject is None:
        print("no figure 2: nobody has rated both arousal and valence")
    else:
        labels = arguments.folder / f"figure2.{arguments.format}"
        save_figure(plot_labels(prepared, subject), labels, title=f"Labels of subject {subject}")
        print(f"{labels}: labels of subject {subject}")
    picture = arguments.folder / f"figure3.{arguments.format}"
    save_figure(plot_round_trip(trip), picture, title=f"Recording {trip.recording_id} as a picture and back")
    errors = ", ".join(f"{name} {error:.2e}" for name, error in zip(CHANNELS, trip.error, strict=True))
    print(f"{picture}: recording {trip.recording_id}; round-trip error as a share of the range: {errors}")
    return 0
