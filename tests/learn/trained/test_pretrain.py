"""Networks that start from simulated recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ressin import simulate_recording
from ressin.cli import main
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.model.recipes import changed, recipe
from ressin.learn.model.settings import LearnSettings
from ressin.learn.trained.checkpoint import load
from ressin.learn.trained.pretrain import simulated_windows
from ressin.learn.trained.train import train

BRIEF = {"iterations": 3, "batch_size": 16}


def tuned(weights: str | Path, network: str = "cnn1d", **model: object) -> LearnSettings:
    fields = {"network": network, "use_music": False, "pretrained": str(weights), "members": 2, **model}
    return changed(recipe(network), fields, {**BRIEF, "learning_rate": 0.0, "weight_decay": 0.0})


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pretrained") / "weights.safetensors"
    options = ("--recordings", 3, "--seconds", 20, "--members", 2, "--iterations", 5, "--batch", 16, "--device", "cpu")
    assert main(["pretrain", "-o", str(path), "--quiet", *map(str, options)]) == 0
    return path


def test_windows_are_labelled_by_the_responses_that_begin_in_them() -> None:
    data = simulated_windows(2, seconds=20.0, seed=4)
    assert len(data) == 20
    made = simulate_recording("wristband", 200.0, rng=np.random.default_rng([4, 1]))
    counts = [((made.onsets >= 20.0 * k) & (made.onsets < 20.0 * (k + 1))).sum() for k in range(10)]
    np.testing.assert_array_equal(data.label[10:], counts > np.median(counts))
    signal = np.concatenate([data.signal(k)[0] for k in range(10, 20)])
    np.testing.assert_allclose(signal, made.signal, rtol=1e-6)


def test_the_branch_starts_from_the_weights_and_the_classifier_from_its_own(data: LabelledData, weights: Path) -> None:
    before, after = (
        load(weights).model.state_dict(),
        train(data, range(60), tuned(weights), device="cpu").model.state_dict(),
    )
    for name in before:
        if "subnet." in name and "running" not in name and "tracked" not in name:
            assert np.array_equal(before[name].numpy(), after[name].numpy()), name
    assert not np.array_equal(before["members.0.classifier.out.weight"], after["members.0.classifier.out.weight"])


def test_other_weights_are_another_training(data: LabelledData, weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(weights.read_bytes())
    settings = tuned(copy)
    train(data, range(60), settings, device="cpu", folder=tmp_path / "run", logs=())
    key = NetworkClassifier(settings, device="cpu").key()
    load(weights).save(copy)
    other = load(weights)
    other.model.state_dict()["members.0.subnet.convolutions.0.weight"].mul_(2.0)
    other.save(copy)
    assert NetworkClassifier(settings, device="cpu").key() != key
    with pytest.raises(InvalidInputError, match="is the result of another training"):
        train(data, range(60), settings, device="cpu", folder=tmp_path / "run", logs=())


@pytest.mark.parametrize(
    ("network", "model"),
    [("rtcan1d", {}), ("cnn1d", {"channels": "tonic"}), ("cnn1d", {"members": 1}), ("cnn1d", {"members": 3})],
)
def test_weights_of_another_network_are_refused(
    data: LabelledData, weights: Path, network: str, model: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError, match="holds another EDA branch than"):
        train(data, range(60), tuned(weights, network, **model), device="cpu")


def test_what_cannot_be_pretrained_is_refused(data: LabelledData) -> None:
    with pytest.raises(InvalidInputError, match="pretrained='nowhere': there is no such file"):
        train(data, range(60), tuned("nowhere"), device="cpu")
    with pytest.raises(InvalidInputError, match="at least 2 recordings"):
        simulated_windows(1)
    with pytest.raises(InvalidInputError, match="is for the EDA branch"):
        tuned("x", use_music=True, use_eda=False)
