from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from ressin.data.samples.features import STATISTICS, channel_features
from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.splits import Splits, make_splits
from ressin.errors import EvaluationWarning, InvalidInputError
from ressin.learn.evaluation.baselines import (
    BoostedFeatures,
    Majority,
    MusicSVM,
    SeriesClassifier,
    SeriesInputs,
    SeriesNetwork,
)
from ressin.learn.evaluation.confounds import PersonOnly, TimeOnly, WithinPerson
from ressin.learn.evaluation.evaluate import Classifier, Fold, cross_validate
from ressin.learn.evaluation.folds import check_folds
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.evaluation.regression import regress
from ressin.learn.model.recipes import changed, recipe
from ressin.learn.model.settings import NETWORKS, ModelSettings, TrainSettings
from ressin.learn.model.shared_norm import SharedNorm1d
from tests.learn.samples import RATE, in_files, made_up, small

KINDS = ("random", "subject", "song", "one-subject")
NOWHERE = Fold(0, "test", None, False)


def folds_of(data: LabelledData, kind: str, n_folds: int = 3) -> Splits:
    names = ("recording_id", "pair", "subject", "stimulus", "file", "start", "end")
    return make_splits(pd.DataFrame({name: getattr(data, name) for name in names}), kind, n_folds=n_folds, seed=0)


@dataclass
class Spy:
    """Scores a sample by its own number; remembers what it was given."""

    name: str = "spy"
    threshold: float = 45.0
    version: int = 1
    calls: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)
    fail_at: int = -1

    def key(self) -> dict[str, Any]:
        return {"version": self.version}

    def scores(
        self, data: LabelledData, train: NDArray[np.int64], test: NDArray[np.int64], fold: Fold
    ) -> NDArray[np.float64]:
        if fold.number == self.fail_at:
            raise KeyboardInterrupt
        self.calls.append((train, test))
        return test.astype(np.float64)


@pytest.mark.filterwarnings("ignore::ressin.errors.EvaluationWarning")  # some people have one class only
@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_is_predicted_once_by_a_model_that_has_not_seen_it(data: LabelledData, kind: str) -> None:
    spy = Spy()
    result = cross_validate(data, folds_of(data, kind), spy)
    np.testing.assert_array_equal(result.table["score"], np.arange(len(data)))
    for name in ("recording_id", "pair", "subject", "stimulus", "label", "rating"):
        np.testing.assert_array_equal(result.table[name], getattr(data, name))
    for number, (train, test) in enumerate(spy.calls):
        assert not set(train) & set(test)
        assert (result.table["fold"].to_numpy()[test] == number).all()
        apart = {"subject": data.subject, "song": data.stimulus, "one-subject": data.subject}.get(kind, data.pair)
        assert not set(apart[train]) & set(apart[test])
    assert len(result.seconds) == (15 if kind == "one-subject" else 3)


def test_the_majority_baseline_is_taken_from_each_training_part(data: LabelledData) -> None:
    folds = folds_of(data, "song")
    result = cross_validate(data, folds, Spy())
    for train, test in folds:
        share = data.label[train].mean()
        assert set(result.majority[test]) == {float(share >= 0.5)}
    right = ((result.majority > 0.5) == data.label).mean()
    assert result.majority_metrics(n_resamples=20)["accuracy"].value == pytest.approx(right)
    own = cross_validate(data, folds, Majority())
    np.testing.assert_array_equal(own.table["score"], result.majority)


def test_two_models_are_compared_on_the_same_samples(data: LabelledData) -> None:
    folds = folds_of(data, "subject")
    spy, majority = cross_validate(data, folds, Spy()), cross_validate(data, folds, Majority())
    found = spy.less(majority, n_resamples=50)
    for name, value in found.items():
        of = [result.metrics(n_resamples=10)[name].value for result in (spy, majority)]
        assert value.value == pytest.approx(of[0] - of[1])
    part = data.take(np.arange(50))
    with pytest.raises(InvalidInputError, match="spy and majority were not evaluated on the same samples: 90 and 50"):
        spy.less(cross_validate(part, folds_of(part, "subject"), Majority()))


def test_finished_folds_are_read_and_the_rest_goes_on(data: LabelledData, tmp_path: Path) -> None:
    folds, broken = folds_of(data, "subject"), Spy(fail_at=2)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(data, folds, broken, folder=tmp_path)
    assert len(broken.calls) == 2
    rest, told = Spy(), list[tuple[int, int]]()
    result = cross_validate(data, folds, rest, folder=tmp_path, done=lambda n, of: told.append((n, of)))
    assert len(rest.calls) == 1
    assert told == [(1, 3), (2, 3), (3, 3)]
    np.testing.assert_array_equal(result.table["score"], np.arange(len(data)))


def test_folds_under_other_settings_data_or_rows_are_not_used(data: LabelledData, tmp_path: Path) -> None:
    cross_validate(data, folds_of(data, "subject"), Spy(), folder=tmp_path)
    others = {
        "settings": (data, "subject", Spy(version=2)),
        "rows": (data, "song", Spy()),
        "data": (made_up(seed=1), "subject", Spy()),
    }
    for what, (samples, kind, spy) in others.items():
        cross_validate(samples, folds_of(samples, kind), spy, folder=tmp_path)
        assert len(spy.calls) == 3, what


@dataclass
class FewerTrained:
    """Folds that test the same samples, with the first training sample of each left out."""

    folds: Splits
    kind: str = "subject"

    @property
    def n_folds(self) -> int:
        return self.folds.n_folds

    @property
    def recording_id(self) -> NDArray[Any]:
        return self.folds.recording_id

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        return ((train[1:], test) for train, test in self.folds)


def test_a_fold_that_was_trained_on_other_samples_is_computed_again(data: LabelledData, tmp_path: Path) -> None:
    folds, again, fewer = folds_of(data, "subject"), Spy(), Spy()
    cross_validate(data, folds, Spy(), folder=tmp_path)
    cross_validate(data, folds, again, folder=tmp_path)
    assert again.calls == []
    cross_validate(data, FewerTrained(folds), fewer, folder=tmp_path)
    assert len(fewer.calls) == 3


def test_a_training_part_of_one_class_is_refused_before_anything_is_computed(data: LabelledData) -> None:
    folds, spy = folds_of(data, "subject"), Spy()
    train, _ = list(folds)[1]
    label = np.ones_like(data.label)
    label[np.setdiff1d(np.arange(len(data)), train)] = 0
    with pytest.raises(InvalidInputError, match=rf"fold 1: the labels of its {len(train)} training samples are all 1"):
        cross_validate(dataclasses.replace(data, label=label), folds, spy)
    assert spy.calls == []


def test_a_damaged_fold_is_named(data: LabelledData, tmp_path: Path) -> None:
    folds = folds_of(data, "subject")
    cross_validate(data, folds, Spy(), folder=tmp_path)
    kept = next(tmp_path.glob("fold_01_*/scores.json"))
    kept.write_text("{")
    with pytest.raises(InvalidInputError, match=r"scores\.json is damaged: delete it"):
        cross_validate(data, folds, Spy(), folder=tmp_path)


@dataclass
class Rows:
    """Folds without the checks of `Splits`."""

    kind: str
    recording_id: NDArray[Any]
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]]

    @property
    def n_folds(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        return iter(self.parts)


@pytest.mark.parametrize(
    ("kind", "test", "message"),
    [
        ("subject", np.arange(8), "subject 'subject0' is in the training and in the test part"),
        ("song", np.arange(8), "stimulus 'stimulus0' is in the training and in the test part"),
        ("random", np.arange(8), "'recording_id8' is tested 0 times, not once"),
        ("random", np.arange(0), "fold 0 has 90 training and 0 test samples"),
    ],
)
def test_folds_that_divide_what_belongs_together_are_refused(
    data: LabelledData, kind: str, test: NDArray[np.int64], message: str
) -> None:
    train = np.setdiff1d(np.arange(90), test)
    with pytest.raises(InvalidInputError, match=message):
        check_folds(data, Rows(kind, data.recording_id, [(train, test)]))


def test_a_training_sample_that_overlaps_a_tested_one_is_refused(data: LabelledData) -> None:
    windows = in_files(data)
    test = np.flatnonzero(windows.stimulus == "stimulus0")
    others = np.setdiff1d(np.arange(90), test)
    rest = [(np.flatnonzero(windows.stimulus == "stimulus0"), others)]
    parts = [(others, test), *rest]
    with pytest.raises(InvalidInputError, match=r"fold 0: .* shares a stretch of the file 'subject\d+_1.csv' with a"):
        check_folds(windows, Rows("song", windows.recording_id, parts))
    with pytest.raises(InvalidInputError, match=r"fold 0: file 'subject0_1.csv' is in the training and in the test"):
        check_folds(windows, Rows("random", windows.recording_id, parts))
    for kind in KINDS:
        check_folds(windows, folds_of(windows, kind))


def test_a_fold_without_training_samples_says_that_they_all_overlap(data: LabelledData) -> None:
    start = np.arange(90, dtype=np.float64) % 2
    one = dataclasses.replace(data, file=np.full(90, "one.csv"), start=start, end=start + 60.0)
    with pytest.raises(InvalidInputError, match=r"has 0 training and .* every other sample overlaps a tested one"):
        check_folds(one, folds_of(one, "subject"))


def conditions(data: LabelledData, one_kind: int) -> LabelledData:
    """The samples with a label that the first stimuli decide."""
    number = np.array([int(name.removeprefix("stimulus")) for name in data.stimulus])
    label = np.where(number < one_kind, number % 2, data.label)
    return dataclasses.replace(data, label=label.astype(np.int64))


def test_folds_that_test_one_class_each_are_refused_with_the_reason(data: LabelledData) -> None:
    samples = conditions(data, 10)
    with pytest.raises(InvalidInputError, match="every test part holds one class only: 10 of 10 values of stimulus"):
        cross_validate(samples, folds_of(samples, "song", 10), Spy())
    cross_validate(samples, folds_of(samples, "subject"), Spy())


def test_some_folds_of_one_class_are_warned_about(data: LabelledData) -> None:
    samples = conditions(data, 4)
    number = sum(len(np.unique(samples.label[samples.stimulus == name])) < 2 for name in np.unique(samples.stimulus))
    assert 4 <= number < 10
    with pytest.warns(EvaluationWarning, match=f"{number} of 10 test parts of the song split hold one class only"):
        result = cross_validate(samples, folds_of(samples, "song", 10), Spy())
    assert f"{number} of 10 values of stimulus have arousal labels of one kind only" in result.remark


HELD_BACK: dict[str, Any] = {"validation_share": 0.3, "validation_group": "subject", "threshold": "tuned"}
STOPPING = {"iterations": 6, "batch_size": 16, "validate_every": 2, "patience": 1, "precision": "fp32"}
CLASSIFIERS: list[Classifier] = [
    *(
        NetworkClassifier(changed(recipe(name), {"length": 32, "members": 2}, {**STOPPING, **HELD_BACK}, size=16))
        for name in NETWORKS
    ),
    SeriesClassifier(changed(recipe("cnn1d"), {}, {**STOPPING, **HELD_BACK}).training, length=32),
    BoostedFeatures(iterations=5, n_trees=5),
    MusicSVM(),
    Majority(),
    TimeOnly(n_trees=5),
    PersonOnly(),
    WithinPerson(),
]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda classifier: classifier.name)
def test_nothing_is_chosen_by_the_labels_of_a_test_part(data: LabelledData, classifier: Classifier) -> None:
    """Neither weights nor the iteration to stop at, nor the threshold: with other labels there, the same scores."""
    samples = in_files(data)
    train, test = np.arange(60), np.arange(60, 90)
    label = np.where(np.arange(len(data)) < 60, data.label, 1 - data.label)
    other = dataclasses.replace(samples, label=label, rating=np.where(np.arange(len(data)) < 60, data.rating, np.nan))
    first, second = (classifier.scores(one, train, test, NOWHERE) for one in (samples, other))
    np.testing.assert_array_equal(first, second)


def test_folds_of_other_samples_are_refused(data: LabelledData) -> None:
    with pytest.raises(InvalidInputError, match=r"use splits\.take\(data\.recording_id\)"):
        cross_validate(data.take(np.arange(50)), folds_of(data, "random"), Spy())
    part = data.take(np.arange(50))
    check_folds(part, folds_of(data, "random").take(part.recording_id))


def test_the_network_goes_through_cross_validation_and_leaves_its_curves(data: LabelledData, tmp_path: Path) -> None:
    training = TrainSettings(iterations=3, batch_size=16, crop_padding=2, precision="fp32")
    network = NetworkClassifier(small(ModelSettings(channels="phasic"), training))
    assert network.name == "fusion, phasic"
    folds = folds_of(data, "subject", n_folds=2)
    result = cross_validate(data, folds, network, folder=tmp_path)
    again = cross_validate(data, folds, network)
    np.testing.assert_array_equal(result.table["score"], again.table["score"])
    curves = sorted(tmp_path.glob("fold_*/training.csv"))
    assert [len(pd.read_csv(curve)) for curve in curves] == [3, 3]
    assert not list(tmp_path.glob("fold_*/training"))
    scores = result.metrics(n_resamples=20)
    assert 0.0 <= scores["accuracy"].low <= scores["accuracy"].value <= scores["accuracy"].high <= 1.0


def test_the_svm_on_songs_is_the_svm_on_samples(data: LabelledData) -> None:
    from sklearn.svm import SVC

    train, test = np.arange(60), np.arange(60, 90)
    found = MusicSVM().scores(data, train, test, NOWHERE)
    x = data.music[data.music_row].astype(np.float64)
    deviation = x[train].std(axis=0)
    z = np.where(deviation > 0, (x - x[train].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0), 0.0)
    direct = SVC(gamma="scale", tol=1e-6).fit(z[train], data.label[train]).decision_function(z[test])
    np.testing.assert_allclose(found, direct, atol=5e-3)


def test_boosting_finds_what_the_classical_features_tell() -> None:
    data = made_up(n=200, n_subjects=20)
    result = cross_validate(data, folds_of(data, "subject"), BoostedFeatures(iterations=40, n_trees=40))
    assert result.metrics(n_resamples=200)["roc_auc"].low > 0.7


def test_threads_do_not_change_what_boosting_finds(data: LabelledData) -> None:
    train, test = np.arange(60), np.arange(60, 90)
    one, two = (BoostedFeatures(iterations=10, n_trees=10, n_threads=n) for n in (1, 2))
    np.testing.assert_allclose(one.scores(data, train, test, NOWHERE), two.scores(data, train, test, NOWHERE))
    assert one.key() == two.key()


def test_the_series_network_learns_from_the_channels_themselves() -> None:
    data = made_up(n=160, n_subjects=16)
    training = TrainSettings(iterations=60, batch_size=32, optimizer="adamw", precision="fp32", crop_padding=0)
    result = cross_validate(data, folds_of(data, "subject", 2), SeriesClassifier(training, length=64))
    assert result.metrics(n_resamples=200)["roc_auc"].low > 0.7


def test_the_series_network_is_not_trained_in_bf16_on_a_cpu(data: LabelledData) -> None:
    classifier = SeriesClassifier(TrainSettings(precision="bf16", crop_padding=0), length=32, device="cpu")
    with pytest.raises(InvalidInputError, match="network='EDA, 1-D CNN' on a CPU: its last maps can be one sample"):
        classifier.scores(data, np.arange(60), np.arange(60, 90), NOWHERE)


def test_the_series_network_normalises_over_all_processes() -> None:
    with torch.random.fork_rng(devices=[]):
        norms = [module for module in SeriesNetwork().modules() if isinstance(module, nn.BatchNorm1d)]
    assert len(norms) == 4
    assert all(isinstance(module, SharedNorm1d) for module in norms)


def test_series_are_stretched_from_end_to_end(data: LabelledData) -> None:
    series = SeriesInputs(data, 33).series
    assert series.shape == (len(data), 3, 33)
    origin = data.signal(4)[0].astype(np.float64)
    scaled = (origin - origin.mean()) / origin.std()
    np.testing.assert_allclose(series[4, 0, [0, -1]].numpy(), scaled[[0, -1]], atol=1e-5)


def test_channel_features_are_numbers_whatever_the_unit(data: LabelledData) -> None:
    first = channel_features(data, 1)
    assert first.shape == (len(data), len(STATISTICS))
    assert np.isfinite(first).all()
    louder = data.signals.pack([1000.0 * data.signal(i) for i in range(len(data))], RATE)
    scaled = dataclasses.replace(data, signals=louder)
    np.testing.assert_allclose(channel_features(scaled, 1), first, rtol=1e-3, atol=1e-4)


def test_regression_is_scikit_learns_fold_by_fold(data: LabelledData) -> None:
    from sklearn.linear_model import LinearRegression

    folds = folds_of(data, "random")
    results = regress(data, folds, n_resamples=100)
    assert {(r.method, r.channel) for r in results} == {
        (m, c) for m in ("MLR", "SVR") for c in ("origin", "phasic", "tonic")
    }
    cell = next(r for r in results if (r.method, r.channel) == ("MLR", "phasic"))
    features, predicted = channel_features(data, 1), np.empty(len(data))
    for train, test in folds:
        predicted[test] = LinearRegression().fit(features[train], data.rating[train]).predict(features[test])
    np.testing.assert_allclose(cell.predicted, predicted, atol=1e-6)
    assert cell.rmse.value == pytest.approx(np.sqrt(np.mean((predicted - data.rating) ** 2)))
    assert cell.correlation.value == pytest.approx(np.corrcoef(predicted, data.rating)[0, 1])
    assert cell.rmse.low <= cell.rmse.value <= cell.rmse.high
    assert cell.correlation.value > 0.4  # ratings follow the number of responses


def test_regression_leaves_out_what_has_no_rating(data: LabelledData) -> None:
    rating = data.rating.copy()
    rating[::4] = np.nan
    partly = dataclasses.replace(data, rating=rating)
    cell = regress(partly, folds_of(data, "random"), methods=("MLR",), channels=("tonic",), n_resamples=50)[0]
    assert np.isnan(cell.predicted[::4]).all()
    assert np.isfinite(np.delete(cell.predicted, np.s_[::4])).all()
    none = dataclasses.replace(data, rating=np.full(len(data), np.nan))
    with pytest.raises(InvalidInputError, match="no sample has a rating of arousal"):
        regress(none, folds_of(data, "random"))
    with pytest.raises(InvalidInputError, match="'GAM' is not known: one of MLR, SVR"):
        regress(data, folds_of(data, "random"), methods=("GAM",))
