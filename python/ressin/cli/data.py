"""The commands that make, prepare and draw data: ``ressin simulate``, ``ressin prepare``, ``ressin figures``.

`add_parsers` is called by `ressin.cli`; each command takes its parsed arguments and returns the exit status.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ressin.cli.figures import add_figures
from ressin.cli.options import programme_line
from ressin.errors import InvalidInputError
from ressin.settings import Programme

if TYPE_CHECKING:
    from ressin.data.preparation.settings import PrepareSettings
    from ressin.data.sources.catalog import Catalog

Subparsers = Any  # argparse's own type for it is private
SHOWN_REJECTS = 5  # of each kind
# Kinds of reject after which the command fails, where a recording is lost to one: it could not be read whole or solved.
# Others (too short, too much missing, no clip) are choices of the settings.
BAD = ("malformed", "missing", "outside", "size", "solver", "truncated")
DECOMPOSE = ("recording", "window")  # "auto" is the default, and is not to be given
SCALES = ("recording", "person", "window")
PLANS = {"cvxeda": "programme cvxeda: the paper's plan (other: --programme robust)", "robust": programme_line("robust")}
MANIFEST = """columns of a manifest (comma, semicolon or tab; or Parquet), one row per window:
  recording, subject, stimulus   file, whose it is, what was heard or seen (all three needed)
  sampling_rate                  Hz, where the file does not say it
  column                         of the signal: its name, or its number from 1
  where                          column=value: the rows of a table that holds several recordings
  unit                           of the samples, where the file does not state it
  start, end                     window: seconds (75.5) or hh:mm:ss (00:01:15) of the file, Unix seconds, or ISO
                                 times (2024-05-01T09:30:00Z); several windows of one file are several rows
  window, step                   divides the row into windows of so many seconds, so many apart (default: end to
                                 end); they share its ratings and labels
  arousal, valence               ratings on any scale, the same for one subject; one of them will do
  NAME_rating                    ratings of another dimension, such as stress_rating
  NAME_label                     a ready label of any name: 0 and 1, whole numbers or words; other columns by --label
  audio                          music clip of the stimulus (mp3, wav, flac, ogg)
  feature_row                    key of the stimulus in the table of --features (default: its name)
  recording_id                   (default: file and row)

  recording,subject,stimulus,start,end,arousal,valence
  anna/day1.csv,anna,film,0,60,7,3
  anna/day1.csv,anna,rest,60,120,2,5
"""


def add_parsers(subparsers: Subparsers) -> None:
    """Add the sub-commands ``simulate``, ``prepare`` and ``figures`` to a parser."""
    _add_simulate(subparsers)
    _add_prepare(subparsers)
    add_figures(subparsers)


def _add_simulate(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "simulate",
        help="write a simulated PMEmo-2018 folder",
        description="Write a simulated PMEmo-2018 folder: EDA, ratings and music clips of made-up listeners and songs, "
        "and the accuracy of a classifier that knows the latent variables. The same seed writes the same files.",
    )
    parser.add_argument("folder", type=Path, help="new folder")
    parser.add_argument("--seed", type=int, default=0, help="everything follows from it (default 0)")
    parser.add_argument("--subjects", type=int, metavar="N", help="listeners (default 60)")
    parser.add_argument("--songs", type=int, metavar="N", help="songs (default 80)")
    parser.add_argument(
        "--pairs", type=int, metavar="N", help="pairs of listener and song, two recordings each (default 1200)"
    )
    parser.add_argument("--rate", type=float, metavar="HZ", help="sampling rate of the EDA (default 50)")
    parser.add_argument("--pmemo-size", action="store_true", help="as many of everything as PMEmo has: 7,962 pairs")
    parser.add_argument(
        "--clear", action="store_true",
        help="bodies that follow what is felt far more closely than real ones, in everybody alike, without artefacts",
    )  # fmt: skip
    parser.add_argument(
        "--audio", choices=["mp3", "wav", "flac", "none"], default="mp3", help="kind of clips (default mp3)"
    )
    parser.add_argument(
        "--processes", type=int, default=0, metavar="N", help="processes that write (default: every core)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=run_simulate)


def run_simulate(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin simulate``."""
    from ressin.simulation.pmemo import simulate_pmemo
    from ressin.simulation.population import CLEAR, PMEMO_SIZE, SimulationSettings

    effects: dict[str, Any] = dict(CLEAR) if arguments.clear else {}
    sizes: dict[str, Any] = dict(PMEMO_SIZE) if arguments.pmemo_size else {}
    given = {
        "n_subjects": arguments.subjects,
        "n_songs": arguments.songs,
        "n_pairs": arguments.pairs,
        "sampling_rate": arguments.rate,
    }
    sizes |= {name: value for name, value in given.items() if value is not None}
    if "n_pairs" not in sizes and {"n_subjects", "n_songs"} & sizes.keys():
        subjects, songs = sizes.get("n_subjects", 60), sizes.get("n_songs", 80)
        sizes["n_pairs"] = max(subjects, songs, min(1200, subjects * songs))
    settings = dataclasses.replace(SimulationSettings(), **sizes, **effects)
    report = simulate_pmemo(
        arguments.folder,
        seed=arguments.seed,
        settings=settings,
        audio=arguments.audio,
        n_processes=arguments.processes,
        progress=not arguments.quiet,
    )
    if report.up_to_date:
        print(f"{report.folder}: this simulation is there already; nothing to do")
    counts = report.report["counts"]
    print(", ".join(f"{number:,} {name}" for name, number in counts.items()))
    print("\naccuracy of a classifier that knows the latent variables, 10-fold (nothing can be expected to beat it):")
    print(f"  {'dimension':<10}{'split':<10}{'ceiling':>8}{'majority':>10}")
    for row in report.report["ceiling"]:
        print(f"  {row['dimension']:<10}{row['split']:<10}{row['accuracy']:>8.1%}{row['majority']:>10.1%}")
    return 0


def _add_prepare(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "prepare",
        help="decompose, label and hear a data set, and write it as Parquet",
        description="Read a PMEmo folder or a manifest of your own recordings, decompose, label high and low per\n"
        "subject, extract the music features, and write a folder of Parquet tables. Interrupted, it goes on\n"
        "where it stopped; with nothing new to do, it says so.\n\n"
        "PMEmo, and files without start and end, as in the paper: the first 15 s of each file are dropped, the\n"
        "rest is decomposed, and each picture is scaled by its own minimum and maximum. Where a manifest has\n"
        "start and end: each file is decomposed and scaled as a whole, and its windows are cut from the result.",
        epilog=MANIFEST,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="PMEmo folder (2018 or 2019), or a manifest (.csv, .parquet)")
    parser.add_argument("folder", type=Path, help="folder to write")
    _add_prepare_source(parser)
    _add_prepare_how(parser)
    _add_prepare_where(parser)
    parser.set_defaults(run=run_prepare)


def _add_prepare_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_argument_group("source")
    source.add_argument("--release", choices=["auto", "2018", "2019"], default="auto", help="release of PMEmo")
    source.add_argument("--root", type=Path, help="folder that a manifest's paths are relative to and may not leave")
    source.add_argument(
        "--label", action="append", default=[], metavar="COLUMN", help="column of ready 0/1 labels; repeatable"
    )
    source.add_argument(
        "--window", type=float, metavar="S", help="divide each row of a manifest into windows of so many seconds"
    )
    source.add_argument("--step", type=float, metavar="S", help="seconds from window to window (default: --window)")
    source.add_argument("--features", metavar="FILE", help="table of music features beside a manifest")


def _add_prepare_how(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("how")
    how.add_argument(
        "--programme", choices=get_args(Programme), default="cvxeda",
        help="cvxeda: the paper's; robust: outliers and shifts apart, settings from each recording (default cvxeda)",
    )  # fmt: skip
    how.add_argument(
        "--decompose", choices=DECOMPOSE, default="auto",
        help="recording: each file once, as a whole, its windows cut from the result; window: each window by itself, "
        "the paper's way on PMEmo (default: recording where the manifest has start and end, else window)",
    )  # fmt: skip
    how.add_argument(
        "--scale", choices=SCALES, default="auto",
        help="what a model sees: by mean and deviation of the recording; by the share of the person's samples that "
        "are not above it; or each window by its own minimum and maximum, the paper's way on PMEmo (default: as "
        "--decompose)",
    )  # fmt: skip
    how.add_argument(
        "--row-seconds", type=float, default=0.0, metavar="S",
        help="seconds in a row of a picture (default: 1, as in the paper; where the manifest has start and end, the "
        "whole number that makes the median window square)",
    )  # fmt: skip
    how.add_argument(
        "--drop", type=float, metavar="S",
        help="seconds dropped at the beginning of each file, never of a window cut from it: a window that begins "
        "within them is refused (default: 15, as in the paper; 0 where the manifest has start and end)",
    )  # fmt: skip
    how.add_argument("--drop-after", action="store_true", help="drop them after the decomposition instead of before")
    how.add_argument(
        "--min-duration", type=float, metavar="S",
        help="shortest recording or window (default 15.5; 2 where the manifest has start and end)",
    )  # fmt: skip
    how.add_argument(
        "--max-missing", type=float, default=0.2, metavar="SHARE", help="most missing samples (default 0.2)"
    )
    how.add_argument(
        "--min-cover", type=float, default=0.9, metavar="SHARE", help="least share of its clip (default 0.9)"
    )
    how.add_argument(
        "--few", choices=["none", "pooled"], default="none", help="subjects with too few ratings (default none)"
    )
    how.add_argument("--music", choices=["auto", "extract", "read", "none"], default="auto", help="music features")
    how.add_argument("--cache", type=Path, help="folder that keeps heard clips (default FOLDER/.cache)")


def _add_prepare_where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="Dask scheduler, or 'local' or 'local:N' for N workers here"
    )
    where.add_argument(
        "--threads", type=int, default=0, metavar="N", help="threads of decomposition (default: every core)"
    )
    where.add_argument("--quiet", action="store_true", help="no progress bars")


def run_prepare(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin prepare``."""
    from ressin.data.preparation.prepare import prepare

    print(PLANS[arguments.programme])
    catalog = read_source(
        arguments.source, arguments.release, arguments.root, arguments.label, arguments.features,
        window=arguments.window, step=arguments.step,
    )  # fmt: skip
    settings = _settings(arguments, has_windows=catalog.has_windows)
    print(settings.in_words(has_windows=catalog.has_windows))
    report = prepare(
        catalog,
        arguments.folder,
        settings=settings,
        scheduler=arguments.scheduler,
        cache=arguments.cache,
        n_threads=arguments.threads,
        progress=not arguments.quiet,
    )
    if catalog.kind.startswith("pmemo"):
        from ressin.data.sources.pmemo import compare_counts

        print(compare_counts(catalog.counts))
    lost = _print_rejects(report.folder)
    if report.up_to_date:
        print(
            f"{report.folder} is up to date: same content, settings and version; "
            f"nothing was done ({report.seconds:.1f} s)"
        )
    else:
        resumed = f", {report.resumed} piece(s) of it left by an earlier run" if report.resumed else ""
        number = report.meta["counts"]["prepared"]
        print(quality_line(report.meta["quality"]))
        print(f"{number:,} recordings prepared in {report.seconds:.1f} s{resumed}: {report.folder}")
    return 1 if lost else 0


def quality_line(counts: dict[str, int]) -> str:
    """Say in one line what the evidence says of the samples."""
    words = {
        "good": "nothing to say", "not_converged": "not converged", "large_residual": "large residual",
        "correlated_parts": "correlated parts", "mirrored_parts": "mirrored parts", "fast_decays": "fast decays",
        "missing": "missing samples", "artefacts": "steps, outliers or other artefacts",
    }  # fmt: skip
    told = ", ".join(f"{text} {counts[name]:,}" for name, text in words.items() if counts[name] or name == "good")
    return f"of {counts['samples']:,} samples of {counts['files']:,} file(s): {told}"


def read_source(
    source: Path,
    release: str = "auto",
    root: Path | None = None,
    labels: list[str] | None = None,
    features: str | None = None,
    *,
    window: float | None = None,
    step: float | None = None,
) -> "Catalog":
    """Take stock of a PMEmo folder or a manifest, whichever the path is.

    Raises
    ------
    InvalidInputError
        When it is neither.
    """
    if source.is_dir():
        from ressin.data.sources.pmemo import read_pmemo

        if window is not None or step is not None:
            raise InvalidInputError("--window and --step divide the rows of a manifest; PMEmo's files are not divided")
        return read_pmemo(source, release=release)
    if source.suffix.lower() in (".csv", ".tsv", ".txt", ".parquet"):
        from ressin.data.sources.manifest import read_manifest

        return read_manifest(source, root=root, labels=labels or [], features=features, window=window, step=step)
    raise InvalidInputError(f"{source} is neither a folder nor a manifest (.csv, .parquet)")


def _settings(arguments: argparse.Namespace, *, has_windows: bool) -> "PrepareSettings":
    from ressin.data.preparation.labels import LabelRule
    from ressin.data.preparation.settings import DecompositionChoice, PrepareSettings

    settings = PrepareSettings(
        decomposition=DecompositionChoice(programme=arguments.programme),
        decompose=arguments.decompose,
        scale=arguments.scale,
        row_seconds=arguments.row_seconds,
        labels=LabelRule(few=arguments.few),
        music=arguments.music,
        min_cover=arguments.min_cover,
    ).decided(has_windows=has_windows)
    given = {"drop_seconds": arguments.drop, "min_duration": arguments.min_duration}
    window = dataclasses.replace(
        settings.rule,
        drop="after" if arguments.drop_after else "before",
        max_missing=arguments.max_missing,
        **{name: value for name, value in given.items() if value is not None},
    )
    return dataclasses.replace(settings, window=window)


def _print_rejects(folder: Path) -> int:
    """Print how many rejects there are of each kind, the first ones by name; return how many recordings were bad."""
    from ressin.data.store.store import load

    prepared = load(folder)
    rejects = prepared.rejects
    if not len(rejects):
        print("no file was missing, malformed or in disagreement")
        return 0
    print(f"\n{len(rejects)} remark(s) about the data, all of them in {folder / 'rejects.parquet'}:")
    for count in prepared.meta["rejects"]:
        print(f"  {count['action']}, {count['kind']}: {count['count']:,}")
        same = rejects[(rejects["action"] == count["action"]) & (rejects["kind"] == count["kind"])]
        for file, reason in zip(same["file"][:SHOWN_REJECTS], same["reason"], strict=False):
            print(f"      {file}: {reason.removeprefix(f'{file}: ')}")
        if len(same) > SHOWN_REJECTS:
            print(f"      ... and {len(same) - SHOWN_REJECTS:,} more")
    print()
    bad = rejects["kind"].isin(BAD) & (rejects["recording_id"] != "") & (rejects["action"] == "rejected")
    return int(bad.sum())
