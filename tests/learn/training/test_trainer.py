from __future__ import annotations

import csv
import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError, OutputError
from ressin.learn.model.fusion import ResSIN
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings
from ressin.learn.model.subnet import ResidualSubnet
from ressin.learn.trained.checkpoint import TrainedModel, load
from ressin.learn.trained.train import MODEL, hold_back, train
from ressin.learn.training.history import COLUMNS, Row
from ressin.learn.training.machine import choose_device, choose_precision, choose_series_precision
from ressin.learn.training.progress import TrainingProgress
from ressin.learn.training.state import TrainingState
from ressin.learn.training.trainer import STATE, learning_rate
from tests.learn.conftest import PYTHONPATH
from tests.learn.samples import in_files, made_up, small

pytestmark = pytest.mark.slow

TRAIN = np.arange(60)
BRIEF = TrainSettings(iterations=8, batch_size=16, crop_padding=2, precision="fp32", momentum=0.9, decay_every=3)


class Interruption(Exception):
    """Raised in the place of a kill between two iterations."""


def interrupt_at(step: int) -> object:
    def stop(progress: TrainingProgress) -> None:
        if progress.step == step:
            raise Interruption

    return stop


def without_speed(rows: list[Row]) -> list[str]:
    return [repr(dataclasses.replace(row, samples_per_second=0.0)) for row in rows]


def assert_same(one: TrainedModel, other: TrainedModel) -> None:
    assert without_speed(one.history.rows) == without_speed(other.history.rows)
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name


def test_learns_what_can_be_learnt() -> None:
    data, test = made_up(n=300), np.arange(200, 300)
    training = TrainSettings(
        iterations=50, batch_size=16, optimizer="adamw", decay_every=30, crop_padding=0, precision="fp32"
    )
    trained = train(data, np.arange(200), small(ModelSettings(use_music=False), training))
    losses = [row.loss for row in trained.history.rows]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])
    right = (trained.predict(data, test) > 0.5) == data.label[test]
    share_high = data.label[test].mean()
    assert right.mean() > max(share_high, 1 - share_high) + 0.2


def test_same_seed_same_numbers_and_another_seed_others(data: LabelledData) -> None:
    first, second = train(data, TRAIN, small(training=BRIEF)), train(data, TRAIN, small(training=BRIEF))
    assert_same(first, second)
    other = train(data, TRAIN, small(training=dataclasses.replace(BRIEF, seed=1)))
    assert without_speed(other.history.rows) != without_speed(first.history.rows)


@pytest.mark.parametrize(
    "training",
    [
        BRIEF,
        dataclasses.replace(BRIEF, optimizer="adamw", momentum=0.0, precision="bf16"),
        dataclasses.replace(BRIEF, validation_share=0.3, validate_every=2, patience=3, class_weights="balanced"),
    ],
    ids=["sgd", "adamw-bf16", "early-stopping"],
)
def test_goes_on_after_an_interruption_to_the_same_bits(
    data: LabelledData, tmp_path: Path, training: TrainSettings
) -> None:
    settings = small(training=training)
    straight = train(data, TRAIN, settings, folder=tmp_path / "straight", logs=("csv",))
    broken = {"folder": tmp_path / "broken", "save_every": 2, "logs": ("csv",)}
    for stop in (3, 6):
        with pytest.raises(Interruption):
            train(data, TRAIN, settings, **broken, progress=interrupt_at(stop))  # type: ignore[arg-type]
        assert (tmp_path / "broken" / STATE).is_file()
    resumed = train(data, TRAIN, settings, **broken)  # type: ignore[arg-type]
    assert_same(straight, resumed)
    assert not (tmp_path / "broken" / STATE).exists()
    np.testing.assert_array_equal(straight.predict(data), resumed.predict(data))
    assert [row[:4] for row in read_log(tmp_path / "broken")] == [row[:4] for row in read_log(tmp_path / "straight")]


KILLED = """
import sys
import numpy as np
from ressin.learn.trained.train import train
from tests.learn.samples import in_files, made_up, small
from tests.learn.training.test_trainer import BRIEF
train(made_up(), np.arange(60), small(training=BRIEF), folder=sys.argv[1], save_every=1, logs=("csv",),
      progress=lambda p: print(p.step, flush=True))
"""


def test_goes_on_after_kill_9(data: LabelledData, tmp_path: Path) -> None:
    straight = train(data, TRAIN, small(training=BRIEF), folder=tmp_path / "straight", logs=("csv",))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    env = {**os.environ, "PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            if int(line) == 4:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert_same(straight, train(data, TRAIN, small(training=BRIEF), folder=tmp_path / "killed", logs=("csv",)))


def test_goes_on_after_a_full_disk(data: LabelledData, tmp_path: Path) -> None:
    """No disk space for a state, then none for the model: an error that says so, and later the same numbers."""
    settings = small(training=dataclasses.replace(BRIEF, iterations=4))
    straight = train(data, TRAIN, settings)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for save_every in (3, 9):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            with pytest.raises(OutputError, match="cannot write"):
                train(data, TRAIN, settings, folder=tmp_path, save_every=save_every, logs=("csv",))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]
    signal.signal(signal.SIGXFSZ, handler)
    (tmp_path / ".1.part.state.safetensors").write_bytes(b"left by a killed run")
    assert_same(straight, train(data, TRAIN, settings, folder=tmp_path, logs=("csv",)))
    assert {path.name for path in tmp_path.iterdir()} == {"log.csv", MODEL}


def test_a_finished_training_is_read_and_another_one_refused(data: LabelledData, tmp_path: Path) -> None:
    settings = small(training=dataclasses.replace(BRIEF, iterations=2))
    first = train(data, TRAIN, settings, folder=tmp_path)
    before = (tmp_path / MODEL).stat().st_mtime_ns
    again = train(data, TRAIN, settings, folder=tmp_path, progress=interrupt_at(1))  # type: ignore[arg-type]
    assert_same(first, again)
    assert (tmp_path / MODEL).stat().st_mtime_ns == before
    with pytest.raises(InvalidInputError, match="is the result of another training"):
        train(data, TRAIN[:50], settings, folder=tmp_path)


def test_a_state_of_another_training_is_refused_with_the_difference(data: LabelledData, tmp_path: Path) -> None:
    with pytest.raises(Interruption):
        train(data, TRAIN, small(training=BRIEF), folder=tmp_path, save_every=1, progress=interrupt_at(2))  # type: ignore[arg-type]
    faster = small(training=dataclasses.replace(BRIEF, learning_rate=0.5))
    with pytest.raises(InvalidInputError, match=r"settings\.training\.learning_rate was 0\.001, is 0\.5"):
        train(data, TRAIN, faster, folder=tmp_path)


DISTRIBUTED = """
import json, sys
import numpy as np
from ressin.learn.training.machine import joined_processes
from ressin.learn.trained.train import train
from tests.learn.samples import made_up
from tests.learn.training.test_trainer import distributed_settings
with joined_processes() as me:
    assert me.world == 2
    curves = {}
    for name, settings in distributed_settings().items():
        trained = train(made_up(), np.arange(60), settings, folder=f"{sys.argv[1]}/{name}", logs=("csv",))
        curves[name] = [row.loss for row in trained.history.rows]
    if me.first:
        print(json.dumps(curves))
"""


def distributed_settings() -> dict[str, LearnSettings]:
    """The default, and networks on signals with batch normalisation inside; 15 samples a step are 8 and 7."""
    training = TrainSettings(
        iterations=6,
        batch_size=15,
        crop_padding=2,
        precision="fp32",
        learning_rate=0.01,
        class_weights="balanced",
        validation_share=0.2,
        validate_every=3,
    )
    models = {
        "default": ModelSettings(),
        "cnn1d": ModelSettings(network="cnn1d", members=2, use_music=False, hidden=0),
        "rtcan1d": ModelSettings(network="rtcan1d", length=32),
    }
    return {name: small(model, training) for name, model in models.items()}


def test_two_processes_give_the_loss_curve_of_one(data: LabelledData, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(DISTRIBUTED)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    env = {**os.environ, "PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, str(tmp_path / "program.py"), str(tmp_path / "run")]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    together = json.loads(run.stdout.splitlines()[-1])
    for name, settings in distributed_settings().items():
        alone = train(data, TRAIN, settings, device="cpu")
        curve = [row.loss for row in alone.history.rows]
        np.testing.assert_allclose(together[name], curve, rtol=5e-5, err_msg=name)
        assert len(read_log(tmp_path / "run" / name)) == 1 + 6
        shared = load(tmp_path / "run" / name / MODEL)
        np.testing.assert_allclose(shared.predict(data), alone.predict(data), atol=1e-3, err_msg=name)


def test_the_rate_falls_at_every_three_hundredth_iteration() -> None:
    paper = TrainSettings()
    rates = [learning_rate(paper, step) for step in (0, 299, 300, 599, 600, 899)]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5])
    assert (paper.batch_size, paper.optimizer, paper.momentum) == (100, "sgd", 0.0)


def test_early_stopping_keeps_the_weights_of_the_lowest_validation_loss(data: LabelledData) -> None:
    training = TrainSettings(
        iterations=60,
        batch_size=16,
        crop_padding=0,
        precision="fp32",
        optimizer="adamw",
        learning_rate=3e-3,
        validation_share=0.3,
        validation_group="subject",
        validate_every=2,
        patience=3,
    )
    trained = train(data, TRAIN, small(ModelSettings(use_eda=False), training))
    looks = {
        row.step: row.validation_loss for row in trained.history.rows if row.validation_loss == row.validation_loss
    }
    assert trained.best_step == min(looks, key=looks.__getitem__)
    assert len(trained.history.rows) < 60
    assert list(looks)[-1] == trained.best_step + 2 * 3
    fitted, held = hold_back(data, TRAIN, training)
    chances = trained.predict(data, held)
    loss = -np.log(np.where(data.label[held] == 1, chances, 1 - chances)).mean()
    np.testing.assert_allclose(loss, looks[trained.best_step], rtol=1e-5)
    assert not set(data.subject[fitted]) & set(data.subject[held])


@pytest.mark.parametrize("group", ["none", "subject", "song"])
def test_the_validation_part_is_about_its_share_and_divides_no_group(data: LabelledData, group: str) -> None:
    training = TrainSettings(validation_share=0.25, validation_group=group)
    fitted, held = hold_back(data, np.arange(90), training)
    np.testing.assert_array_equal(np.sort(np.concatenate([fitted, held])), np.arange(90))
    assert 0.2 <= len(held) / 90 <= 0.4
    column = {"none": data.pair, "subject": data.subject, "song": data.stimulus}[group]
    assert not set(column[fitted]) & set(column[held])


def test_class_weights_count_every_class_the_same(data: LabelledData) -> None:
    keep = np.concatenate([np.flatnonzero(data.label == 1)[:30], np.flatnonzero(data.label == 0)[:6]])
    model = ModelSettings(use_eda=False)
    training = dataclasses.replace(BRIEF, iterations=60, batch_size=36, learning_rate=0.0, decay_every=100)
    settings = small(model, dataclasses.replace(training, iterations=1, class_weights="balanced"))
    trained = train(data, keep, settings)
    chances = trained.predict(data, keep)
    losses = -np.log(np.where(data.label[keep] == 1, chances, 1 - chances))
    expected = 0.5 * (losses[data.label[keep] == 1].mean() + losses[data.label[keep] == 0].mean())
    np.testing.assert_allclose(trained.history.rows[0].loss, expected, rtol=1e-5)


def test_mixed_precision_is_not_chosen_where_it_is_not_sound(
    data: LabelledData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ressin.learn.training.machine.cpu_has_bf16", lambda: True)
    cpu = torch.device("cpu")

    def chosen(size: int, precision: str, **model: object) -> str:
        settings = small(ModelSettings(**model), dataclasses.replace(BRIEF, precision=precision), size)  # type: ignore[arg-type]
        return choose_precision(settings, cpu)

    assert [chosen(size, "auto") for size in (2, 8, 15, 16, 17, 32, 224)] == ["fp32"] * 4 + ["bf16"] * 3
    assert chosen(16, "bf16", use_eda=False) == chosen(16, "auto", use_eda=False) == "bf16"  # no pictures
    assert chosen(17, "bf16") == "bf16"
    for size in (2, 8, 16):
        with pytest.raises(InvalidInputError, match=f"pictures of {size} pixels on a CPU: torch computes"):
            chosen(size, "bf16")
    with pytest.raises(InvalidInputError, match="memory that was not written; take fp32, or pictures of more than 16"):
        train(data, TRAIN, small(training=dataclasses.replace(BRIEF, precision="bf16"), size=16))
    assert choose_series_precision("auto", cpu, "cnn1d") == chosen(64, "auto", network="cnn1d") == "fp32"
    maps = []
    model = train(data, TRAIN, small(training=dataclasses.replace(BRIEF, iterations=1), size=17)).model
    assert isinstance(model, ResSIN)
    assert isinstance(model.subnet, ResidualSubnet)
    for part in model.subnet.modules():
        if isinstance(part, torch.nn.Conv2d):
            part.register_forward_hook(lambda part, given, _: maps.append((part.stride, given[0].shape[-1])))
    model.subnet(torch.zeros(1, model.subnet.n_planes, 17, 17))
    assert min(side for stride, side in maps if stride != (1, 1)) == 2  # what the rule is about: no stride over 1 x 1
    maps.clear()
    model.subnet(torch.zeros(1, model.subnet.n_planes, 16, 16))
    assert min(side for stride, side in maps if stride != (1, 1)) == 1


def test_what_is_not_finite_is_not_saved(data: LabelledData, tmp_path: Path) -> None:
    trained = train(data, TRAIN, small(training=dataclasses.replace(BRIEF, iterations=2)))
    assert isinstance(trained.model, ResSIN)
    trained.save(tmp_path / "model.safetensors")
    before = (tmp_path / "model.safetensors").read_bytes()
    for value in (float("nan"), float("inf"), float("-inf")):
        weight = trained.model.classifier.out.weight
        kept = weight.detach().clone()
        with torch.no_grad():
            weight[0, 3] = value
        with pytest.raises(InvalidInputError, match=r"out\.weight holds 1 of \d+ numbers that are not finite"):
            trained.save(tmp_path / "model.safetensors")
        optimizer = torch.optim.SGD(trained.model.parameters(), lr=0.1, momentum=0.9)
        with pytest.raises(InvalidInputError, match="the training's state at iteration 0: model"):
            TrainingState(trained.model, optimizer).save(tmp_path / "state", {})
        with torch.no_grad():
            weight.copy_(kept)
    assert (tmp_path / "model.safetensors").read_bytes() == before
    assert not (tmp_path / "state").exists()
    optimizer.zero_grad()
    for parameter in trained.model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    next(iter(optimizer.state.values()))["momentum_buffer"].fill_(float("nan"))
    with pytest.raises(InvalidInputError, match=r"optimizer\.\d+\.momentum_buffer holds \d+ of"):
        TrainingState(trained.model, optimizer).save(tmp_path / "state", {})


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_layout_and_precision_change_rounding_only(data: LabelledData, precision: str, channels_last: bool) -> None:
    reference = dataclasses.replace(BRIEF, iterations=3, channels_last=False)
    chosen = dataclasses.replace(reference, precision=precision, channels_last=channels_last)
    model = ModelSettings(norm="none", scaling="none")  # normalising by a tiny batch would magnify rounding
    losses = [[row.loss for row in train(data, TRAIN, small(model, t)).history.rows] for t in (reference, chosen)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5 if precision == "fp32" else 0.03)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method.*:DeprecationWarning")  # inside torch.compile
def test_compiling_changes_rounding_only(data: LabelledData) -> None:
    reference = dataclasses.replace(BRIEF, iterations=2)
    settings = [small(ModelSettings(use_eda=False), dataclasses.replace(reference, compile=c)) for c in (False, True)]
    losses = [[row.loss for row in train(data, TRAIN, s).history.rows] for s in settings]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_progress_tells_loss_accuracy_rate_and_time_left(
    data: LabelledData, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[TrainingProgress] = []
    settings = small(training=dataclasses.replace(BRIEF, iterations=3))
    trained = train(data, TRAIN, settings, progress=told.append, name="fold 1/10")
    assert [report.step for report in told] == [1, 2, 3]
    assert {(report.total, report.name) for report in told} == {(3, "fold 1/10")}
    assert told[-1].loss == pytest.approx(np.mean([row.loss for row in trained.history.rows]))
    assert told[-1].accuracy == pytest.approx(np.mean([row.accuracy for row in trained.history.rows]))
    assert told[-1].samples_per_second > 0
    assert told[-1].seconds_left == 0.0
    assert told[0].seconds_left > 0.0
    train(data, TRAIN, settings, progress=True, name="fold 1/10")
    shown = capsys.readouterr()
    assert shown.out == ""
    for word in ("fold 1/10", "loss", "accuracy", "/s", "left"):
        assert word in shown.err


def test_logs_hold_every_iteration(data: LabelledData, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs the extra 'train'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained = train(data, TRAIN, small(training=dataclasses.replace(BRIEF, iterations=4)), folder=tmp_path)
    header, *rows = read_log(tmp_path)
    assert tuple(header) == COLUMNS
    assert [float(row[3]) for row in rows] == [row.loss for row in trained.history.rows]
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    logged = [event.value for event in board.Scalars("training/loss")]
    np.testing.assert_allclose(logged, [row.loss for row in trained.history.rows], rtol=1e-6)


def read_log(folder: Path) -> list[list[str]]:
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_bad_requests_are_refused(data: LabelledData, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="training samples are high in arousal"):
        train(data, np.flatnonzero(data.label == 1), small())
    with pytest.raises(InvalidInputError, match=r"holds 0\.\.90 of 90 samples"):
        train(data, np.arange(91), small())
    with pytest.raises(InvalidInputError, match="device='tpu9' cannot be used here"):
        choose_device("tpu9")
    huge = dataclasses.replace(BRIEF, learning_rate=1e30, momentum=0.0)
    with pytest.raises(InvalidInputError, match="the loss became"):
        train(data, TRAIN, small(ModelSettings(norm="none", scaling="none"), huge))
    with pytest.raises(InvalidInputError, match="log 'wandb' is not known: csv, tensorboard"):
        train(data, TRAIN, small(), folder=tmp_path, logs=("wandb",))
    assert choose_precision(small(), torch.device("cpu")) == "fp32"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"iterations": 0}, "iterations=0: at least 1"),
        ({"optimizer": "lion"}, "optimizer='lion' is not known: one of sgd, adamw"),
        ({"precision": "fp8"}, "precision='fp8' is not known"),
        ({"decay_factor": 0.0}, r"decay_factor=0 is outside \(0, 1\]"),
        ({"validation_share": 1.0}, "leaves nothing to train on"),
        ({"optimizer": "adamw", "momentum": 0.9}, "momentum=0.9 is SGD's"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
    ],
)
def test_settings_that_make_no_training_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        TrainSettings(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("group", ["none", "subject", "song"])
def test_what_is_held_back_shares_no_stretch_of_a_file_with_the_rest(data: LabelledData, group: str) -> None:
    windows = in_files(data)
    training = TrainSettings(validation_share=0.2, validation_group=group)
    fitted, held = hold_back(windows, np.arange(90), training)
    assert len(held) >= 0.2 * 90
    for row in held:
        same = fitted[windows.file[fitted] == windows.file[row]]
        assert not ((windows.start[same] < windows.end[row]) & (windows.start[row] < windows.end[same])).any()
    if group == "none":
        assert not set(windows.file[fitted]) & set(windows.file[held])
    if group != "song":
        assert len(fitted) + len(held) == 90
