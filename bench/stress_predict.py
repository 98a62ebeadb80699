"""Models beside what they must beat, on real people: a table for docs/res_sin.md.

    python -m bench.stress_predict                                    Stress-Predict by person, the classical model
    python -m bench.stress_predict --models classical mlp cnn1d       networks, too
    ... --scale person --row-seconds 7.5 --models classical resnet18  the paper's, on pictures of the person's ranks
    python -m bench.stress_predict --simulated 101                    simulated people, on which networks are chosen
    python -m bench.stress_predict --manifest mine.csv --label calm   any other manifest

RESSIN_LABELLED_DIR names the folder of labelled recordings. The recordings are prepared as ressin prepare does it, and
nothing is chosen on a test part: every model has its own settings, whatever the data. Balanced accuracy and ROC-AUC
with 95 % intervals over people; the differences are taken on the same resamples. Folds that were computed before with
the same data and settings are read from the folder.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import threads

threads.limit_to_one()

from bench.phases import write_phases  # noqa: E402
from ressin.data.preparation.prepare import prepare  # noqa: E402
from ressin.data.preparation.settings import DecompositionChoice, PrepareSettings  # noqa: E402
from ressin.data.samples.labelled import LabelledData, labelled_data  # noqa: E402
from ressin.data.samples.splits import KINDS, make_splits  # noqa: E402
from ressin.data.sources.manifest import read_manifest  # noqa: E402
from ressin.data.store.store import load  # noqa: E402
from ressin.learn.evaluation.baselines import BoostedFeatures, Majority  # noqa: E402
from ressin.learn.evaluation.confounds import PersonOnly, TimeOnly, WithinPerson, has_times  # noqa: E402
from ressin.learn.evaluation.evaluate import Classifier, CrossValidation, cross_validate  # noqa: E402
from ressin.learn.evaluation.folds import Folds  # noqa: E402
from ressin.learn.evaluation.metrics import Estimate  # noqa: E402
from ressin.learn.evaluation.network import NetworkClassifier  # noqa: E402
from ressin.learn.model.recipes import recipe  # noqa: E402
from ressin.report.plan import make_plan  # noqa: E402

SHOWN = ("balanced_accuracy", "roc_auc")


def network(name: str, seed: int) -> Classifier:
    """Give a network on EDA alone with its own settings, the paper's at the size of the quick plan."""
    settings = make_plan("quick").learn if name == "resnet18" else recipe(name)
    model = dataclasses.replace(settings.model, use_music=False)
    training = dataclasses.replace(settings.training, seed=seed)
    return NetworkClassifier(dataclasses.replace(settings, model=model, training=training), device="cpu")


MODELS: dict[str, Callable[[int], Classifier]] = {
    "classical": lambda seed: BoostedFeatures(seed=seed),
    "cnn1d": lambda seed: network("cnn1d", seed),
    "rtcan1d": lambda seed: network("rtcan1d", seed),
    "mlp": lambda seed: network("mlp", seed),
    "resnet18": lambda seed: network("resnet18", seed),
}


def confounds(data: LabelledData, split: str, seed: int) -> list[Classifier]:
    """List what a model must beat, as far as it can be computed."""
    found: list[Classifier] = [Majority(), WithinPerson()]
    found += [PersonOnly()] if split in ("random", "song") else []
    return [*found, TimeOnly(seed=seed)] if has_times(data) else found


def percent(value: Estimate, sign: str = "") -> str:
    low, high = (format(100.0 * end, f"{sign}.1f") for end in (value.low, value.high))
    return f"{format(100.0 * value.value, f'{sign}.1f')} [{low}, {high}]"


def table(models: list[CrossValidation], rivals: list[CrossValidation], n_resamples: int) -> list[str]:
    """Lay out one row a model, with its difference in ROC-AUC from the time alone and from the first model."""
    time_only = next((rival for rival in rivals if rival.classifier == "time only"), None)
    first = models[0]
    lines = ["| model | balanced accuracy | ROC-AUC | ROC-AUC less time only | less the first model |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for found in (*models, *rivals):
        metrics = found.metrics(n_resamples=n_resamples)
        cells = [percent(metrics[name]) for name in SHOWN]
        for other in (time_only, first):
            same = other is None or other is found
            cells.append("" if same else percent(found.less(other, n_resamples=n_resamples)["roc_auc"], "+"))
        lines.append(f"| {found.classifier} | {' | '.join(cells)} |")
    return lines


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `samples`."""
    parser.add_argument("--manifest", type=Path, help="instead of Stress-Predict's")
    parser.add_argument("--simulated", type=int, metavar="SEED", help="on 40 simulated people of bench/phases.py")
    parser.add_argument("--label", default="stress", help="what to predict (stress)")
    parser.add_argument("--split", choices=KINDS, default="subject", help="(subject: folds by person)")
    parser.add_argument("--folds", type=int, default=10, help="(10)")
    parser.add_argument("--seed", type=int, default=0, help="of folds and models (0)")
    parser.add_argument("--resamples", type=int, default=2000, help="of the bootstrap over people (2000)")
    parser.add_argument("--programme", choices=["cvxeda", "robust"], default="cvxeda", help="(cvxeda)")
    parser.add_argument("--scale", default="auto", help="of what the networks see, as in ressin prepare (auto)")
    parser.add_argument("--row-seconds", type=float, default=1.0, help="of a picture's row (1)")
    parser.add_argument("--work", type=Path, default=Path("build/stress_predict"), help="(build/stress_predict)")


def samples(arguments: argparse.Namespace) -> tuple[LabelledData, Folds]:
    """Prepare the recordings, say what they are, and give their samples and folds."""
    manifest, name = arguments.manifest, f"prepared-{arguments.programme}-{arguments.scale}"
    if arguments.simulated is not None:
        name = f"simulated{arguments.simulated}-{name}"
        manifest = write_phases(arguments.work / f"simulated{arguments.simulated}", seed=arguments.simulated)
    elif manifest is None:
        if "RESSIN_LABELLED_DIR" not in os.environ:
            sys.exit("RESSIN_LABELLED_DIR names no folder: nothing to evaluate on")
        manifest = Path(os.environ["RESSIN_LABELLED_DIR"]) / "stress_predict" / "manifest.csv"
    choice = DecompositionChoice(programme=arguments.programme)
    settings = PrepareSettings(
        decomposition=choice, scale=arguments.scale, music="none", row_seconds=arguments.row_seconds
    )
    name += f"-{arguments.row_seconds:g}" if arguments.row_seconds != 1.0 else ""
    folder = arguments.work / name
    prepare(read_manifest(manifest), folder, settings=settings, n_threads=1)
    prepared = load(folder)
    data = labelled_data(prepared, arguments.label)
    folds = make_splits(prepared.recordings, arguments.split, n_folds=arguments.folds, seed=arguments.seed)
    people = f"{len(data):,} samples of {len(set(data.subject))} people, {data.label.mean():.1%} high"
    print(
        f"{arguments.label}: {people}; {folds.n_folds} folds, {arguments.split} split; {prepared.meta.get('in_words')}"
    )
    return data, folds.take(data.recording_id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=["classical"], help="(classical)")
    arguments = parser.parse_args()
    data, folds = samples(arguments)
    found = []
    for model in [*(MODELS[name](arguments.seed) for name in arguments.models),
                  *confounds(data, arguments.split, arguments.seed)]:  # fmt: skip
        began = time.process_time()
        found.append(cross_validate(data, folds, model, folder=arguments.work / "folds"))
        print(f"  {model.name}: {time.process_time() - began:.0f} s of processor time", flush=True)
    n = len(arguments.models)
    print("\n".join(table(found[:n], found[n:], arguments.resamples)))


if __name__ == "__main__":
    main()
