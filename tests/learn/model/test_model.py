from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ressin.errors import InvalidInputError
from ressin.learn.evaluation.baselines import SeriesNetwork
from ressin.learn.model.decomposing import build_model
from ressin.learn.model.fusion import FusionClassifier, ResSIN, count_parameters
from ressin.learn.model.settings import ModelSettings
from ressin.learn.model.subnet import ResidualSubnet, load_imagenet
from ressin.learn.model.vision import import_torchvision


def made(settings: ModelSettings, n_music: int = 6373) -> ResSIN:
    return build_model(settings, n_music, seed=0).eval()


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize(("channels", "n_planes"), [("mix", 3), ("origin", 1), ("phasic", 1), ("tonic", 1)])
def test_shapes(channels: str, n_planes: int, norm: str) -> None:
    settings = ModelSettings(channels=channels, norm=norm)
    model = made(settings, n_music=7)
    image, music = torch.zeros(2, n_planes, 64, 64), torch.zeros(2, 7)
    assert model.subnet is not None
    assert model.subnet(image).shape == (2, 512)
    assert model(image, music).shape == (2, 2)


def test_documented_parameter_counts_are_the_real_ones() -> None:
    rows = re.findall(r"\| (\d) \| (\w+) \| ([\d,]+) \|", str(ResidualSubnet.__doc__))
    assert len(rows) == 4
    with torch.random.fork_rng(devices=[]):
        for n_planes, norm, count in rows:
            assert count_parameters(ResidualSubnet(int(n_planes), norm)) == int(count.replace(",", ""))
        assert "3,526,658" in str(FusionClassifier.__doc__)
        assert count_parameters(FusionClassifier(6885)) == 3_526_658
        assert "101,986" in str(SeriesNetwork.__doc__)
        assert count_parameters(SeriesNetwork()) == 101_986
    totals = [int(text.replace(",", "")) for text in re.findall(r"\| ([\d,]{9,}) \|", str(ResSIN.__doc__))]
    branches = [(True, True), (True, False), (False, True)]
    assert totals == [count_parameters(made(ModelSettings(use_eda=e, use_music=m))) for e, m in branches]


def test_the_subnet_is_torchvisions_resnet18_without_its_last_layer() -> None:
    import_torchvision()
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        whole, image = resnet18().eval(), torch.rand(2, 3, 64, 64)
        subnet = ResidualSubnet(norm="batch").eval()
    kept = {name: value for name, value in whole.state_dict().items() if not name.startswith("fc.")}
    subnet.net.load_state_dict(kept)
    whole.fc = torch.nn.Identity()
    assert torch.equal(subnet(image), whole(image))


def test_a_branch_that_is_off_takes_no_part() -> None:
    image, music = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.ones(2, 5)
    eda, song = made(ModelSettings(use_music=False), 5), made(ModelSettings(use_eda=False), 5)
    assert eda.n_music == 0
    assert eda.classifier.hidden is not None
    assert eda.classifier.hidden.in_features == 512
    assert torch.equal(eda(image, None), eda(image, music))
    assert song.subnet is None
    assert torch.equal(song(None, music), song(image, music))
    with pytest.raises(InvalidInputError, match="has an EDA branch, and no image was given"):
        eda(None, None)
    with pytest.raises(InvalidInputError, match="has a music branch, and no music features were given"):
        made(ModelSettings(), 5)(image, None)


def test_without_normalisation_every_block_starts_as_the_identity() -> None:
    subnet = made(ModelSettings(norm="none"), 5).subnet
    assert isinstance(subnet, ResidualSubnet)
    x = torch.rand(2, 64, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(subnet.net.layer1(x), x)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in subnet.modules())


def test_the_seed_alone_decides_the_initial_weights() -> None:
    first, same, other = (build_model(ModelSettings(), 5, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["subnet.net.conv1.weight"], other["subnet.net.conv1.weight"])


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("channels", ["mix", "phasic"])
def test_starts_from_imagenet_weights(tmp_path: Path, suffix: str, channels: str) -> None:
    import_torchvision()
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        state = resnet18().state_dict()
    path = tmp_path / f"resnet18{suffix}"
    torch.save(state, path) if suffix == ".pth" else save_file(state, path)
    subnet = made(ModelSettings(channels=channels, norm="batch", imagenet=str(path)), 5).subnet
    assert isinstance(subnet, ResidualSubnet)
    found, first = subnet.net.state_dict(), state["conv1.weight"]
    assert torch.equal(found["conv1.weight"], first if channels == "mix" else first.sum(dim=1, keepdim=True))
    assert torch.equal(found["layer4.1.conv2.weight"], state["layer4.1.conv2.weight"])


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (os.environ["RESSIN_TRAP"],)


def test_weights_from_untrusted_hands_execute_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "sprung"
    monkeypatch.setenv("RESSIN_TRAP", str(trap))
    torch.save({"conv1.weight": Trap()}, tmp_path / "trap.pth")
    with torch.random.fork_rng(devices=[]):
        subnet = ResidualSubnet(norm="batch")
    with pytest.raises(InvalidInputError, match=r"is not a file of weights alone: .* is not loaded"):
        load_imagenet(subnet, tmp_path / "trap.pth")
    assert not trap.exists()
    save_file({"conv1.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InvalidInputError, match="does not hold the weights of torchvision's resnet18"):
        load_imagenet(subnet, tmp_path / "other.safetensors")
    with pytest.raises(InvalidInputError, match="there is no such file"):
        load_imagenet(subnet, tmp_path / "none.pth")


FAKE_TORCHVISION = """
import torch
try:
    torch.ops.torchvision.nms.default
except AttributeError:
    raise RuntimeError({message!r})
answer = 42
"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [("operator torchvision::nms does not exist", "42"), ("another reason", "another reason")],
)
def test_helps_a_torchvision_that_was_built_for_another_torch(tmp_path: Path, message: str, expected: str) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(FAKE_TORCHVISION.format(message=message))
    program = "from ressin.learn.model.vision import import_torchvision; print(import_torchvision().answer)"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert expected in run.stdout + run.stderr
    assert (run.returncode == 0) == (expected == "42")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": "blue"}, "channels='blue' is not known: one of mix, origin, phasic, tonic"),
        ({"norm": "layer"}, "norm='layer' is not known: one of batch, none"),
        ({"use_eda": False, "use_music": False}, "both off"),
        ({"hidden": -1}, "hidden=-1: at least 0"),
        ({"norm": "none", "imagenet": "x.pth"}, "imagenet weights come with batch normalisation"),
    ],
)
def test_settings_that_make_no_model_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ModelSettings(**values)  # type: ignore[arg-type]


def test_music_without_features_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="the data have no music features"):
        made(ModelSettings(), 0)
