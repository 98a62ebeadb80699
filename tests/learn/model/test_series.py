from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from ressin.errors import InvalidInputError
from ressin.learn.model.decomposing import build_model, build_networks
from ressin.learn.model.fusion import Ensemble, count_parameters, n_eda_features
from ressin.learn.model.perceptron import FORMS, columns_of
from ressin.learn.model.recipes import changed, recipe
from ressin.learn.model.series import RTCAN, ChannelAttention, SeriesNetwork, TemporalAttention
from ressin.learn.model.settings import NETWORKS, ModelSettings, TrainSettings


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def quiet(kind: type[torch.nn.Module], *arguments: int) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(*arguments)


@pytest.mark.parametrize(("kind", "counts"), [(SeriesNetwork, (8_176, 7_952)), (RTCAN, (131_396, 130_500))])
def test_sizes_are_those_of_the_docstrings(kind: type[SeriesNetwork], counts: tuple[int, int]) -> None:
    for planes, count in zip((3, 1), counts, strict=True):
        network = quiet(kind, planes).eval()
        assert count_parameters(network) == count
        for length in (16, 64, 100):
            assert network(noise(2, planes, length)).shape == (2, kind.n_features)
    assert f"{counts[0]:,}" in " ".join((kind.__doc__ or "").split())


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("music", [0, 5])
def test_every_network_takes_its_place_in_fusion(network: str, music: int) -> None:
    settings = ModelSettings(network=network, channels="phasic", use_music=music > 0, hidden=0)
    model = build_model(settings, music, 0).eval()
    of_phasic = FORMS * len(columns_of(("phasic",)))
    shape = (2, of_phasic) if settings.on_features else (2, 1, 64) if settings.on_signals else (2, 1, 24, 24)
    assert model(noise(*shape), noise(2, music)).shape == (2, 2)
    assert model.classifier.out.in_features == n_eda_features(settings) + music
    assert model.subnet is not None
    assert model.subnet.n_features == n_eda_features(settings)


def test_temporal_attention_starts_as_the_identity_and_then_sees_all_times() -> None:
    attention = quiet(TemporalAttention, 8).eval()
    x = noise(1, 8, 10)
    assert torch.equal(attention(x), x)
    torch.nn.init.ones_(attention.back[1].weight)  # type: ignore[index,union-attr]
    other = x.clone()
    other[:, :, 9] += 1.0
    assert (attention(other) - attention(x))[:, :, 0].abs().max() > 0


def test_temporal_attention_is_the_mean_of_values_weighted_by_likeness() -> None:
    attention = quiet(TemporalAttention, 4).eval()
    torch.nn.init.ones_(attention.back[1].weight)  # type: ignore[index,union-attr]
    x = noise(1, 4, 5)
    query, key, value = (part(x)[0].detach().numpy() for part in (attention.query, attention.key, attention.value))  # type: ignore[operator]
    seen = np.zeros((2, 5))
    for t in range(5):
        likeness = np.exp([query[:, t] @ key[:, s] for s in range(5)])
        seen[:, t] = (value * likeness / likeness.sum()).sum(axis=1)
    expected = x + attention.back(torch.tensor(seen[None], dtype=torch.float32))  # type: ignore[operator]
    torch.testing.assert_close(attention(x), expected)


def test_channel_attention_scales_each_channel_by_one_weight() -> None:
    attention = quiet(ChannelAttention, 32)
    x = noise(3, 32, 7).abs() + 0.1
    weights = (attention(x) / x).detach()
    torch.testing.assert_close(weights, weights[:, :, :1].expand_as(weights))
    assert float(weights.min()) > 0.0
    assert float(weights.max()) < 1.0


def test_an_ensemble_averages_probabilities_and_shows_each_member_in_training() -> None:
    settings = ModelSettings(network="cnn1d", members=3, use_music=False)
    model = build_networks(settings, 0, 7)
    assert isinstance(model, Ensemble)
    x = noise(4, 3, 64)
    model.eval()
    mean = torch.stack([torch.softmax(member(x, None), dim=1) for member in model.members]).mean(dim=0)
    torch.testing.assert_close(torch.softmax(model(x, None), dim=1), mean)
    first = build_model(dataclasses.replace(settings, members=1), 0, 7).state_dict()
    for name, value in first.items():
        assert torch.equal(model.members[0].state_dict()[name], value)
    second, third = (member.state_dict()["classifier.out.weight"] for member in list(model.members)[1:])
    assert not torch.equal(second, third)
    assert model.train()(x, None).shape == (4, 3, 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"network": "vgg"}, "network='vgg' is not known: one of resnet18, cnn1d, rtcan1d"),
        ({"length": 8}, r"length=8 is outside 16\.\.4096"),
        ({"members": 0}, r"members=0 is outside 1\.\.64"),
        ({"network": "cnn1d", "imagenet": "x.pth", "norm": "batch"}, "imagenet='x.pth' is of network='resnet18'"),
        ({"network": "rtcan1d", "decompose": "layer"}, "decompose='layer' is of network='resnet18'"),
        ({"members": 2, "decompose": "layer"}, "members=2 networks would learn several"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ModelSettings(**values)  # type: ignore[arg-type]


def test_a_threshold_is_tuned_on_what_is_held_back_alone() -> None:
    with pytest.raises(InvalidInputError, match="give a validation_share"):
        TrainSettings(threshold="tuned")
    with pytest.raises(InvalidInputError, match="threshold='best' is not known: one of half, tuned"):
        TrainSettings(threshold="best")


def test_other_iterations_scale_the_decay_unless_it_is_given() -> None:
    paper = recipe("resnet18")
    assert changed(paper, {}, {"iterations": 90}).training.decay_every == 30
    assert changed(paper, {}, {"iterations": 2}).training.decay_every == 1
    assert changed(paper, {}, {"iterations": 90, "decay_every": 7}).training.decay_every == 7
    assert paper.training.lasting(1800).decay_every == 600
    with pytest.raises(InvalidInputError, match="iterations=0: at least 1"):
        changed(paper, {}, {"iterations": 0})
    with pytest.raises(InvalidInputError, match="network='vgg' is not known"):
        recipe("vgg")
