"""Take the pictures of the pages that `ressin report` writes: `python -m bench.pages [FOLDER]`, by default docs/.

Prints the sizes of the pages of an hour and of a day at 4 Hz, too.

Needs the extra report, and Chromium with its driver.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tests.browser import browser

import ressin
from ressin.cli.main import main as command

KINDS = ("wristband", "wristband_lost", "wristband_moving", "laboratory", "ambulatory", "wristband_dry")
SECONDS = 900.0


def main(folder: Path) -> None:
    with TemporaryDirectory() as made, TemporaryDirectory() as profile:
        for hours in (1, 24):
            print(f"{hours} h at 4 Hz: a page of {size_of(hours, Path(made)) / 1e6:.1f} MB")
        study = Path(made) / "study"
        write_study(study)
        page = Path(made) / "recording.html"
        shown = study / "wristband.csv"
        command(["report", str(shown), "--events", str(study / "events.csv"), "-o", str(page), "-q"])
        (study / "events.csv").unlink()
        command(["report", str(study), "-o", str(Path(made) / "study.html"), "-q"])
        with browser(Path(profile)) as shown_in:
            shown_in.open(page, 1000)
            shown_in.wait("return document.body.dataset.drawn")
            shown_in.save(folder / "recording_report.png", 1010)
            shown_in.open(Path(made) / "study.html", 1000)
            shown_in.save(folder / "study_report.png", 840)


def size_of(hours: int, folder: Path) -> int:
    """Return the size in bytes of the page of a simulated ambulatory recording at 4 Hz."""
    made = ressin.simulate_recording("ambulatory", 3600.0 * hours, rng=np.random.default_rng(0), sampling_rate=4.0)
    page = folder / "size.html"
    ressin.write_report(ressin.Recording(made.signal, 4.0), page)
    return page.stat().st_size


def write_study(folder: Path) -> None:
    """Write a recording of each kind, one that is damaged, and events for the first."""
    folder.mkdir()
    for seed, kind in enumerate(KINDS):
        recording = ressin.simulate_recording(kind, SECONDS, rng=np.random.default_rng(seed))
        time = np.arange(recording.signal.size) / recording.sampling_rate
        lines = (f"{t:.4f},{'' if np.isnan(x) else f'{x:.5f}'}" for t, x in zip(time, recording.signal, strict=True))
        (folder / f"{kind}.csv").write_text("time (s),EDA (uS)\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "EDA_damaged.csv").write_text("time (s),EDA (uS)\n0.00,4.1\n0.25,4#2\n0.50,4.2\n", encoding="utf-8")
    rows = (f"{onset},{'cs+' if number % 2 else 'cs-'}" for number, onset in enumerate(range(30, 880, 60)))
    (folder / "events.csv").write_text("onset,condition\n" + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs")
