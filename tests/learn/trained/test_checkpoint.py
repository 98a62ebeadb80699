from __future__ import annotations

import json
import os
import pickle
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ressin.data.preparation.settings import Preparation
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError, OutputError
from ressin.learn.model.settings import DEFAULT, LearnSettings, ModelSettings, TrainSettings
from ressin.learn.trained.checkpoint import Domain, TrainedModel, load
from ressin.learn.trained.predict import predict_recording
from ressin.learn.trained.train import train
from ressin.learn.training.tensors import read_tensors, write_tensors
from tests.learn.samples import RATE, made_up, small

TRAIN = np.arange(60)


def prepared_with(**changes: Any) -> dict[str, Any]:
    """A description of a preparation, altered."""
    known = Preparation().as_dict()
    return {**known, "decomposition": {**known["decomposition"], **changes}}


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    settings = small(ModelSettings(norm="none", hidden=8), TrainSettings(iterations=2, batch_size=8, precision="fp32"))
    return train(made_up(), TRAIN, settings)


@pytest.fixture
def saved(trained: TrainedModel, tmp_path: Path) -> Path:
    trained.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def rewritten(path: Path, tensors: dict[str, torch.Tensor] | None = None, **changes: Any) -> Path:
    """The same checkpoint with some of its description or its tensors replaced."""
    old, about = read_tensors(path)
    target = path.with_name("altered.safetensors")
    write_tensors(target, {**old, **(tensors or {})}, {**about, **changes})
    return target


def test_comes_back_as_it_was(data: LabelledData, trained: TrainedModel, saved: Path) -> None:
    again = load(saved)
    np.testing.assert_array_equal(again.predict(data), trained.predict(data))
    assert again.settings == trained.settings
    assert again.domain == trained.domain
    assert again.label_name == "arousal"
    assert again.label_rule == {"min_ratings": 4}
    assert again.preparation == trained.preparation == Preparation()
    assert again.versions == trained.versions
    assert {"ressin", "torch", "torchvision"} <= set(again.versions)
    assert again.history.to_frame().equals(trained.history.to_frame())
    assert not again.model.training


def test_predictions_do_not_depend_on_the_batch_or_the_threads(data: LabelledData, trained: TrainedModel) -> None:
    all_at_once = trained.predict(data)
    np.testing.assert_allclose(trained.predict(data, batch_size=7, n_threads=1), all_at_once, atol=1e-6)
    some = np.array([88, 3, 41])
    np.testing.assert_allclose(trained.predict(data, some), all_at_once[some], atol=1e-6)
    assert trained.predict(data, np.zeros(0, np.int64)).shape == (0,)


def test_is_plain_safetensors_with_json(saved: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        about = json.loads(file.metadata()["ressin"])
    assert about["settings"]["model"]["hidden"] == 8
    assert about["domain"]["n_samples"] == 60


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (os.environ["RESSIN_TRAP"],)


def test_a_pickle_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESSIN_TRAP", str(tmp_path / "sprung"))
    for name, write in (("raw", pickle.dumps), ("torch", None)):
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(pickle.dumps(Trap())) if write else torch.save({"model": Trap()}, path)
        with pytest.raises(InvalidInputError, match="is not a safetensors file"):
            load(path)
    assert not (tmp_path / "sprung").exists()


def test_damaged_files_are_refused(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    for cut in (0, 5, 200, len(content) - 1):
        (tmp_path / "cut.safetensors").write_bytes(content[:cut])
        with pytest.raises(InvalidInputError, match="is not a safetensors file"):
            load(tmp_path / "cut.safetensors")
    with pytest.raises(InvalidInputError, match="there is no such file"):
        load(tmp_path / "none.safetensors")
    save_file({"weight": torch.zeros(3)}, tmp_path / "foreign.safetensors")
    with pytest.raises(InvalidInputError, match="its header holds no ressin description"):
        load(tmp_path / "foreign.safetensors")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(5 * 1024**3)  # a sparse file: takes no space on the disk
    with pytest.raises(InvalidInputError, match=r"has 5,368,709,120 bytes; at most"):
        load(path)


def test_settings_that_ask_for_more_than_the_file_holds_build_nothing(trained: TrainedModel, saved: Path) -> None:
    settings = trained.settings.as_dict()
    settings["model"]["hidden"] = 10**12
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidInputError, match="which the settings and 12 music features contradict"):
        load(rewritten(saved, settings=settings))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "is a checkpoint of format 99; this version reads 4"),
        ({"settings": {}}, "settings must hold the parts model, training and image"),
        ({"settings": {**DEFAULT.as_dict(), "model": {"hidden": 8}}}, "settings of the model part do not fit"),
        ({"history": {"loss": []}}, "a history has the columns"),
        ({"domain": {}}, "its parts do not fit together"),
        ({"label_rule": 5}, "its parts do not fit together"),
        ({"versions": None}, "its parts do not fit together"),
        ({"best_step": "x"}, "its parts do not fit together"),
        ({"preparation": {}}, "a preparation must hold the parts window and decomposition"),
        ({"preparation": prepared_with(alpha="1")}, "decomposition.alpha is '1'; a float is needed"),
        (
            {"preparation": prepared_with(shell="ls")},
            "the decomposition part do not fit this version: shell",
        ),
    ],
)
def test_a_description_that_does_not_fit_is_refused(saved: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        load(rewritten(saved, **changes))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model.subnet.net.conv1.weight", torch.zeros(1), "size mismatch"),
        ("model.surplus", torch.zeros(1), "surplus"),
        ("normalisation.image_mean", torch.zeros(2), "image_mean has shape"),
        ("normalisation.music_deviation", torch.ones(2), "differ in length"),
        ("normalisation.extra", torch.zeros(2), "its parts do not fit together"),
        ("normalisation.music_mean", torch.zeros(12).double(), "music_mean is 1-dimensional float64; a row of float32"),
        ("normalisation.music_mean", torch.full((12,), torch.nan), "music_mean holds nan"),
        ("normalisation.music_deviation", torch.zeros(12), r"music_deviation holds 0\.0"),
        (
            "model.classifier.out.bias",
            torch.tensor([0.0, torch.nan]),
            "out.bias holds numbers that are not finite",
        ),
        ("model.classifier.out.bias", torch.zeros(2).half(), "out.bias holds torch.float16; torch.float32"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(saved: Path, name: str, value: torch.Tensor, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        load(rewritten(saved, {name: value}))


@pytest.mark.parametrize(
    "text", ['{"format": ' + "9" * 5000 + "}", '{"format": 3, "best_step": Infinity}', "[" * 100_000]
)
def test_a_description_that_python_cannot_hold_is_refused(saved: Path, text: str) -> None:
    tensors, about = read_tensors(saved)
    if "best_step" in text:  # as JSON in everything else
        text = json.dumps({**about, "best_step": float("inf")})
    save_file(tensors, saved, metadata={"ressin": text})
    with pytest.raises(InvalidInputError, match=r"holds no ressin description|its parts do not fit together"):
        load(saved)


def test_numbers_that_overflow_are_no_prediction(data: LabelledData, trained: TrainedModel, saved: Path) -> None:
    weights = {
        "model.classifier.out.weight": torch.full((2, 8), 3e38),
        "model.classifier.hidden.bias": torch.ones(8),
    }
    huge = load(rewritten(saved, weights))
    with pytest.raises(InvalidInputError, match="gives no probability for this recording"):
        predict_recording(huge, data.signal(3), RATE, music=data.music[data.music_row[3]])


def test_no_other_file_is_opened(trained: TrainedModel, saved: Path) -> None:
    settings = trained.settings.as_dict()
    settings["model"] = {**settings["model"], "norm": "batch", "imagenet": "/nowhere/weights.pth"}
    with pytest.raises(InvalidInputError, match=r"Missing key\(s\)|Unexpected key\(s\)|size mismatch"):
        load(rewritten(saved, settings=settings))  # not: there is no such file


@pytest.mark.parametrize(
    ("part", "name", "value", "message"),
    [
        ("model", "hidden", "512", "model.hidden is '512'; a int is needed"),
        ("model", "hidden", True, "model.hidden is True; a int is needed"),
        ("training", "seed", -1, "seed=-1: at least 0"),
        ("image", "size", 10**9, "size=1000000000"),
    ],
)
def test_settings_of_another_type_or_range_are_refused(part: str, name: str, value: object, message: str) -> None:
    values = DEFAULT.as_dict()
    values[part][name] = value
    with pytest.raises(InvalidInputError, match=message):
        LearnSettings.from_dict(values)


def test_settings_survive_json() -> None:
    assert LearnSettings.from_dict(json.loads(json.dumps(DEFAULT.as_dict()))) == DEFAULT


def test_other_music_than_in_training_is_refused(trained: TrainedModel) -> None:
    with pytest.raises(InvalidInputError, match="13 music features; the model was trained on 12"):
        trained.predict(made_up(n_music=13))


def test_says_how_a_recording_is_unlike_the_training_samples(data: LabelledData) -> None:
    domain = Domain.of(data, TRAIN)
    assert domain.n_subjects == 15
    shortest, longest = domain.seconds
    assert domain.unlike(RATE, 0.5 * (shortest + longest)) == ()
    assert domain.unlike(4.0, shortest)[0].startswith("sampled at 4 Hz; trained on 8 Hz")
    assert domain.unlike(RATE, 300.0)[0].startswith("300.0 s long after the start was dropped; trained on")
    assert len(domain.unlike(100.0, 1.0)) == 2


def test_a_full_disk_leaves_what_was_there(trained: TrainedModel, saved: Path) -> None:
    before = saved.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))  # writing beyond a megabyte fails
    try:
        with pytest.raises(OutputError, match="cannot write"):
            trained.save(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_one_recording_is_predicted_as_it_is_among_others(data: LabelledData, trained: TrainedModel) -> None:
    all_of_them = trained.predict(data)
    for sample in (3, 70):
        music = data.music[data.music_row[sample]]
        found = predict_recording(trained, data.signal(sample), RATE, music=music)
        assert found.probability == pytest.approx(all_of_them[sample], abs=1e-6)
        assert (found.label_name, found.notes) == ("arousal", ())
    slow = predict_recording(trained, data.signal(3)[:, ::2], RATE / 2, music=data.music[0])
    assert slow.notes == ("sampled at 4 Hz; trained on 8 Hz",)
    with pytest.raises(InvalidInputError, match="the model hears music"):
        predict_recording(trained, data.signal(3), RATE)
    with pytest.raises(InvalidInputError, match="5 music features; the model was trained on 12"):
        predict_recording(trained, data.signal(3), RATE, music=np.zeros(5))
    with pytest.raises(InvalidInputError, match=r"channels have shape \(2, \d+\); \(3, n_samples\) is needed"):
        predict_recording(trained, data.signal(3)[:2], RATE, music=data.music[0])
