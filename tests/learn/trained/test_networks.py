"""Every network, alone and averaged, through training, cross-validation, checkpoint and export."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.splits import make_splits
from ressin.errors import InvalidInputError
from ressin.image import PackedSignals
from ressin.learn.evaluation.evaluate import cross_validate
from ressin.learn.evaluation.metrics import metrics
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.model.recipes import changed, recipe
from ressin.learn.model.settings import NETWORKS, LearnSettings
from ressin.learn.trained.checkpoint import TrainedModel, load
from ressin.learn.trained.export import export_onnx
from ressin.learn.trained.predict import predict_recording
from ressin.learn.trained.train import best_threshold, hold_back, train
from ressin.learn.training.dataset import BatchStream
from ressin.learn.training.tensors import read_tensors, write_tensors
from tests.learn.samples import RATE

TRAIN = np.arange(60)
TUNED: dict[str, Any] = {
    "validation_share": 0.3,
    "validation_group": "subject",
    "threshold": "tuned",
    "class_weights": "balanced",
}


def brief(network: str, *, members: int = 1, use_music: bool = False, **training: object) -> LearnSettings:
    model = {"network": network, "members": members, "use_music": use_music, "length": 32, "hidden": 4 * use_music}
    times = {"iterations": 4, "batch_size": 16, "validate_every": 2, "precision": "fp32", "crop_padding": 1}
    return changed(recipe(network), model, {**times, **training}, size=16)


def trained_on(data: LabelledData, settings: LearnSettings, **keywords: object) -> TrainedModel:
    return train(data, TRAIN, settings, device="cpu", **keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("network", NETWORKS)
def test_a_checkpoint_brings_back_the_model_and_its_threshold(
    data: LabelledData, network: str, members: int, tmp_path: Path
) -> None:
    trained = trained_on(data, brief(network, members=members, use_music=members == 1, **TUNED))
    trained.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(data, device="cpu"), trained.predict(data, device="cpu"))
    assert again.threshold == trained.threshold != 0.5
    assert again.settings == trained.settings


@pytest.mark.parametrize(("network", "members"), [("cnn1d", 2), ("rtcan1d", 1)])
def test_a_training_that_was_interrupted_ends_with_the_same_weights(
    data: LabelledData, network: str, members: int, tmp_path: Path
) -> None:
    def stop(progress: object) -> None:
        if progress.step == 3:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    settings = brief(network, members=members, **TUNED)
    with pytest.raises(KeyboardInterrupt):
        trained_on(data, settings, folder=tmp_path / "a", save_every=1, logs=("csv",), progress=stop)
    resumed = trained_on(data, settings, folder=tmp_path / "a", save_every=1, logs=("csv",))
    whole = trained_on(data, settings)
    np.testing.assert_array_equal(resumed.predict(data, device="cpu"), whole.predict(data, device="cpu"))
    assert resumed.threshold == whole.threshold


def test_few_samples_are_not_seen_more_often_than_the_recipe_says(data: LabelledData) -> None:
    settings = recipe("mlp")
    assert settings.training.limited(2000) is settings.training
    few = settings.training.limited(60)
    assert (few.iterations, few.decay_every) == (6, 6)
    given = changed(settings, {}, {"iterations": 150}).training
    assert given.limited(60).iterations == 150
    assert changed(settings, {}, {"iterations": 150, "most_epochs": 4}).training.limited(60).iterations == 3
    trained = trained_on(data, changed(settings, {"use_music": False, "members": 1}, {}))
    assert len(trained.history.rows) == 6


def test_members_learn_as_they_would_alone(data: LabelledData) -> None:
    """AdamW's steps do not depend on the scale of a loss, and the reported loss is the mean."""
    alone, both = (trained_on(data, brief("cnn1d", members=k)) for k in (1, 2))
    first = both.model.state_dict()
    for name, value in alone.model.state_dict().items():
        np.testing.assert_allclose(first[f"members.0.{name}"].numpy(), value.numpy(), atol=2e-6)
    assert 0.3 < both.history.rows[0].loss < 1.5


@pytest.mark.parametrize("network", ["cnn1d", "rtcan1d"])
def test_onnx_takes_the_signals_as_they_are(data: LabelledData, network: str, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="ONNX needs the extra 'export'")
    pytest.importorskip("onnxscript", reason="ONNX needs the extra 'export'")
    from ressin.learn.training.resampled import resampled

    trained = trained_on(data, brief(network, members=2))
    found = export_onnx(trained, tmp_path / "model.onnx")
    assert found.inputs == (("series", (3, 32)),)
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    series = resampled(data, np.arange(9), (0, 1, 2), 32)
    (chances,) = session.run(["probability"], {"series": series})
    np.testing.assert_allclose(np.asarray(chances)[:, 1], trained.predict(data, np.arange(9), device="cpu"), atol=1e-5)


def test_one_recording_is_predicted_as_among_others(data: LabelledData) -> None:
    trained = trained_on(data, brief("cnn1d", **TUNED))
    found = predict_recording(trained, data.signal(70), RATE, device="cpu")
    assert found.probability == pytest.approx(float(trained.predict(data, np.array([70]), device="cpu")[0]), abs=1e-6)
    assert found.threshold == trained.threshold


def test_the_small_network_learns_what_the_signal_shows(data: LabelledData) -> None:
    settings = changed(recipe("cnn1d"), {"use_music": False}, {"iterations": 60, "batch_size": 30})
    chances = train(data, TRAIN, settings, device="cpu").predict(data, np.arange(60, 90), device="cpu")
    scores = metrics(data.label[60:], chances, data.subject[60:], n_resamples=100)
    assert scores["roc_auc"].value > 0.8


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_is_the_best_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(30) % 3 == 0).astype(np.int64)
    chances = np.array([round(float(x), 1 + seed % 2) for x in np.clip(0.4 * label + 0.6 * rng.random(30), 0, 1)])

    def balanced(threshold: float) -> float:
        called = chances > threshold
        return float((called[label == 1].mean() + (~called)[label == 0].mean()) / 2)

    found = best_threshold(label, chances)
    assert balanced(found) == pytest.approx(max(balanced(t) for t in np.linspace(-0.01, 1.01, 500)))
    assert not np.isin(found, chances)


def test_a_threshold_needs_both_classes() -> None:
    with pytest.raises(InvalidInputError, match="the 3 samples held back are all of one class"):
        best_threshold(np.ones(3, np.int64), np.array([0.1, 0.2, 0.3]))


def test_test_people_have_no_part_in_the_threshold_or_the_weights(data: LabelledData) -> None:
    """With the labels of all others turned round, a model is the same."""
    settings = brief("cnn1d", **TUNED)
    turned = data.label.copy()
    turned[60:] = 1 - turned[60:]
    one, other = trained_on(data, settings), trained_on(dataclasses.replace(data, label=turned), settings)
    assert one.threshold == other.threshold
    np.testing.assert_array_equal(one.predict(data, device="cpu"), other.predict(data, device="cpu"))
    fitted, held = hold_back(data, TRAIN, settings.training)
    assert not set(data.subject[fitted]) & set(data.subject[held])
    expected = best_threshold(data.label[held], one.predict(data, held, device="cpu"))
    assert one.threshold == pytest.approx(expected)


def test_in_cross_validation_the_tuned_threshold_lies_at_a_half(data: LabelledData) -> None:
    table = pd.DataFrame({name: getattr(data, name) for name in ("recording_id", "pair", "subject", "stimulus")})
    folds = make_splits(table, "subject", n_folds=2)
    settings = brief("cnn1d", **TUNED)
    found = cross_validate(data, folds, NetworkClassifier(settings, device="cpu"))
    assert found.classifier == "EDA, mix, cnn1d"
    assert found.threshold == 0.5
    for number, (fit, test) in enumerate(folds):
        trained = train(data, fit, settings, device="cpu")
        direct = trained.predict(data, test, device="cpu")
        moved = found.table["score"].to_numpy()[test]
        np.testing.assert_array_equal(moved > 0.5, direct > trained.threshold)
        assert np.all(np.diff(moved[np.argsort(direct)]) >= 0), f"fold {number}"


def test_a_checkpoint_of_another_size_than_its_settings_is_refused(data: LabelledData, tmp_path: Path) -> None:
    trained_on(data, brief("cnn1d", members=2)).save(tmp_path / "model.safetensors")
    tensors, about = read_tensors(tmp_path / "model.safetensors")
    for part, values, message in (
        ("model", {"members": 50}, "weights of less than members=50 networks"),
        ("model", {"network": "rtcan1d"}, "the fusion layer is"),
        ("model", {"channels": "tonic"}, "series_mean has shape"),
    ):
        settings = {**about["settings"], part: {**about["settings"][part], **values}}
        write_tensors(tmp_path / "odd.safetensors", tensors, {**about, "settings": settings})
        with pytest.raises(InvalidInputError, match=message):
            load(tmp_path / "odd.safetensors")
    write_tensors(tmp_path / "odd.safetensors", tensors, {**about, "threshold": 1.5})
    with pytest.raises(InvalidInputError, match=r"threshold=1\.5 is outside \(0, 1\)"):
        load(tmp_path / "odd.safetensors")


def test_within_a_person_neither_level_nor_gain_matters(data: LabelledData) -> None:
    """Each person's recordings multiplied and moved by numbers of their own: the same model, the same predictions."""
    settings = changed(brief("cnn1d", members=2), {"within_person": True}, {})
    one = trained_on(data, settings)
    _, who = np.unique(data.subject, return_inverse=True)
    recordings = [data.signal(i) * (1.0 + who[i]) + who[i] for i in range(len(data))]
    other = dataclasses.replace(data, signals=PackedSignals.pack(recordings, RATE))
    np.testing.assert_allclose(
        trained_on(other, settings).predict(other, device="cpu"), one.predict(data, device="cpu"), atol=1e-3
    )


@pytest.mark.parametrize("network", NETWORKS)
def test_a_person_is_predicted_as_a_whole_whatever_the_order_and_the_batch(
    data: LabelledData, network: str, tmp_path: Path
) -> None:
    settings = changed(brief(network, use_music=True), {"within_person": network != "mlp"}, {})
    trained = trained_on(data, settings)
    trained.save(tmp_path / "model.safetensors")
    test = np.flatnonzero(np.isin(data.subject, ["subject3", "subject11"]))
    chances = trained.predict(data, test, device="cpu")
    back = load(tmp_path / "model.safetensors").predict(data, test[::-1], batch_size=2, device="cpu")
    np.testing.assert_allclose(back[::-1], chances, atol=1e-6)
    alone = trained.predict(data, test[data.subject[test] == "subject3"], device="cpu")
    np.testing.assert_allclose(alone, chances[data.subject[test] == "subject3"], atol=1e-6)


def test_one_recording_has_no_other_to_be_compared_with(data: LabelledData, tmp_path: Path) -> None:
    trained = trained_on(data, changed(brief("cnn1d"), {"within_person": True}, {}))
    with pytest.raises(InvalidInputError, match="one recording has no other: predict a prepared folder"):
        predict_recording(trained, data.signal(0), RATE, device="cpu")
    with pytest.raises(InvalidInputError, match="the model compares the samples of a person; ONNX"):
        export_onnx(trained, tmp_path / "model.onnx")
    with pytest.raises(InvalidInputError, match="within_person scales features of the EDA branch"):
        changed(brief("cnn1d", use_music=True), {"within_person": True, "use_eda": False}, {})


def test_the_network_on_features_compares_a_persons_samples(data: LabelledData, tmp_path: Path) -> None:
    trained = trained_on(data, brief("mlp", members=2))
    with pytest.raises(InvalidInputError, match="one recording has no other: predict a prepared folder"):
        predict_recording(trained, data.signal(0), RATE, device="cpu")
    with pytest.raises(InvalidInputError, match="the model compares the samples of a person; ONNX"):
        export_onnx(trained, tmp_path / "model.onnx")
    with pytest.raises(InvalidInputError, match="relative to the person already: within_person is for the others"):
        changed(brief("mlp"), {"within_person": True}, {})


def test_batches_hold_several_samples_of_each_person_and_each_sample_once_an_epoch() -> None:
    groups = np.repeat(np.arange(4), [30, 25, 12, 5])
    stream = BatchStream(Nothing(), np.zeros(72, np.int64), np.arange(72), 72, seed=3, groups=groups)
    for step in range(3):
        samples = stream.samples(step)
        np.testing.assert_array_equal(np.sort(samples), np.arange(72))
        changes = np.count_nonzero(np.diff(groups[samples])) + 1
        assert changes <= 2 + 2 + 1 + 1
    assert not np.array_equal(stream.samples(0), stream.samples(1))


class Nothing:
    """A source that is never asked."""

    def inputs(self, index: np.ndarray, shifts: np.ndarray | None) -> tuple[None]:
        raise AssertionError
