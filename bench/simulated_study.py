"""How hard the simulated study is: music, Table 1 and the paper's network on it, for docs/res_sin.md.

    python -m bench.simulated_study                                     music and Table 1: a minute or two
    python -m bench.simulated_study --networks eda-mix fusion-mix       the networks of --quick on new people, too

Music is judged under five folds, at random and by person, Table 1 under the random ones; the networks are trained as
ressin reproduce --quick does it: pictures of 32 pixels, 120 iterations, three folds by person.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from bench import threads

threads.limit_to_one()

from bench.stress_predict import percent  # noqa: E402
from ressin.data.preparation.prepare import prepare  # noqa: E402
from ressin.data.samples.labelled import LabelledData, labelled_data  # noqa: E402
from ressin.data.samples.splits import make_splits  # noqa: E402
from ressin.data.sources.pmemo import read_pmemo  # noqa: E402
from ressin.data.store.store import Prepared, load  # noqa: E402
from ressin.learn.evaluation.baselines import MusicSVM  # noqa: E402
from ressin.learn.evaluation.evaluate import Classifier, cross_validate  # noqa: E402
from ressin.learn.evaluation.network import NetworkClassifier  # noqa: E402
from ressin.learn.evaluation.regression import regress  # noqa: E402
from ressin.report.plan import make_plan  # noqa: E402
from ressin.simulation.pmemo import simulate_pmemo  # noqa: E402
from ressin.simulation.population import SimulationSettings  # noqa: E402

LABELS = ("arousal", "valence")


def prepared_study(folder: Path, seed: int, n_pairs: int) -> Prepared:
    """Simulate and prepare a study of the default design, unless it is there."""
    settings = dataclasses.replace(SimulationSettings(), n_pairs=n_pairs)
    simulate_pmemo(folder / "pmemo", seed=seed, settings=settings, audio="wav", n_processes=1)
    prepare(read_pmemo(folder / "pmemo"), folder / "prepared", n_threads=1)
    return load(folder / "prepared")


def accuracy(
    prepared: Prepared, data: LabelledData, model: Classifier, split: str, n_folds: int, folder: Path | None = None
) -> str:
    """Cross-validate a model and write its accuracy and ROC-AUC in per cent."""
    folds = make_splits(prepared.recordings, split, n_folds=n_folds, seed=0).take(data.recording_id)
    found = cross_validate(data, folds, model, folder=folder).metrics(n_resamples=500)
    return f"{percent(found['accuracy'])} | {percent(found['roc_auc'])}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of the simulation (1)")
    parser.add_argument("--pairs", type=int, default=1200, help="of listener and song (1200, the default design's)")
    parser.add_argument("--networks", nargs="*", choices=["eda-mix", "fusion-mix"], default=[], help="(none)")
    parser.add_argument("--work", type=Path, default=Path("build/simulated_study"), help="(build/simulated_study)")
    arguments = parser.parse_args()
    prepared = prepared_study(arguments.work / f"seed{arguments.seed}", arguments.seed, arguments.pairs)
    samples = {label: labelled_data(prepared, label).with_music() for label in LABELS}
    print("| label | model | split | accuracy | ROC-AUC |\n| --- | --- | --- | ---: | ---: |")
    for label, data in samples.items():
        high = max(data.label.mean(), 1.0 - data.label.mean())
        print(f"| {label} | always the majority | | {100 * high:.1f} | |")
        for split in ("random", "subject"):
            print(f"| {label} | SVM on music | {split} | {accuracy(prepared, data, MusicSVM(), split, 5)} |")
    for label, data in samples.items():
        for name in arguments.networks:
            model = NetworkClassifier(make_plan("quick").settings_of(name), device="cpu")
            found = accuracy(prepared, data, model, "subject", 3, arguments.work / "folds")
            print(f"| {label} | {name} | subject | {found} |", flush=True)
    print("\n| label | regression | channel | r |\n| --- | --- | --- | ---: |")
    for label, data in samples.items():
        folds = make_splits(prepared.recordings, "random", n_folds=5, seed=0).take(data.recording_id)
        for row in regress(data, folds, n_resamples=500):
            r = row.correlation
            print(f"| {label} | {row.method} | {row.channel} | {r.value:.2f} [{r.low:.2f}, {r.high:.2f}] |")


if __name__ == "__main__":
    main()
