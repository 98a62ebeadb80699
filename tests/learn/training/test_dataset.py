from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import ImageSettings, to_image
from ressin.learn.training.buffers import BatchBuffers
from ressin.learn.training.dataset import BatchStream, SignalImages, channel_means
from ressin.learn.training.inputs import FusionInputs, Normalisation, fit_normalisation
from tests.learn.samples import RATE, small


def stream(data: LabelledData, batch_size: int = 16, rank: int = 0, world: int = 1, seed: int = 0) -> BatchStream:
    settings = small()
    source = FusionInputs(data, settings, fit_normalisation(data, np.arange(40), settings))
    return BatchStream(
        source, data.label, np.arange(10, 50), batch_size, seed=seed, crop_padding=3, rank=rank, world=world
    )


def test_pictures_are_those_of_the_recordings(data: LabelledData) -> None:
    images = SignalImages(data, (0, 1, 2), ImageSettings(32))
    drawn = images.draw(np.array([5, 3, 5]))
    for row, sample in enumerate((5, 3, 5)):
        np.testing.assert_array_equal(drawn[row].numpy(), to_image(data.signal(sample), RATE, size=32))
    only = SignalImages(data, (2, 0), ImageSettings(32)).draw(np.array([5]))
    assert torch.equal(only[0], drawn[0][[2, 0]])


def test_an_ordinary_loader_gives_the_same_batches(data: LabelledData) -> None:
    images = SignalImages(data, (0, 1, 2), ImageSettings(16))
    loaded = list(DataLoader(images, batch_size=32, generator=torch.Generator()))
    assert torch.equal(torch.cat([image for image, _ in loaded]), images.draw(np.arange(len(data))))
    assert torch.cat([label for _, label in loaded]).tolist() == data.label.tolist()
    assert torch.equal(images[7][0], images.draw(np.array([7]))[0])
    with pytest.raises(IndexError, match=f"sample {len(data)} of {len(data)}"):
        images[len(data)]


def test_every_sample_comes_once_in_each_shuffle(data: LabelledData) -> None:
    batches = stream(data)
    row = np.concatenate([batches.samples(step) for step in range(5)])  # 80 samples: twice 40
    assert all(len(batches.samples(step)) == 16 for step in range(9))
    np.testing.assert_array_equal(np.sort(row[:40]), np.arange(10, 50))
    np.testing.assert_array_equal(np.sort(row[40:]), np.arange(10, 50))
    assert not np.array_equal(row[:40], row[40:])
    assert batches.epoch(5) == 2.0


def test_a_batch_depends_on_the_seed_and_its_number_alone(data: LabelledData) -> None:
    through = list(stream(data).batches(0, 6))
    begun_late = list(stream(data).batches(4, 6))
    alone = stream(data).batch(5)
    for other in (begun_late[1], alone):
        np.testing.assert_array_equal(through[5].index, other.index)
        for a, b in zip(through[5].inputs, other.inputs, strict=True):
            assert a is not None
            assert b is not None
            assert torch.equal(a, b)
    assert not np.array_equal(stream(data, seed=1).samples(0), through[0].index)


def test_batches_larger_than_the_training_part_wrap_around(data: LabelledData) -> None:
    samples = stream(data, batch_size=100).samples(1)
    counts = np.bincount(samples, minlength=50)[10:]
    assert len(samples) == 100
    assert set(counts) == {2, 3}


@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_a_batch_crops_included(data: LabelledData, world: int) -> None:
    whole = stream(data).batch(2)
    for rank in range(world):
        share = stream(data, rank=rank, world=world).batch(2)
        np.testing.assert_array_equal(share.whole, whole.index)
        np.testing.assert_array_equal(share.index, whole.index[rank::world])
        for part, all_of_it in zip(share.inputs, whole.inputs, strict=True):
            assert part is not None
            assert all_of_it is not None
            assert torch.equal(part, all_of_it[rank::world])


def test_refuses_batches_that_cannot_be(data: LabelledData) -> None:
    with pytest.raises(InvalidInputError, match="batch_size=2 for 3 processes: each needs a sample"):
        stream(data, batch_size=2, world=3)
    source = FusionInputs(data, small(), fit_normalisation(data, np.arange(40), small()))
    with pytest.raises(InvalidInputError, match="no samples to train on"):
        BatchStream(source, data.label, np.zeros(0, np.int64), 4, seed=0)


def test_normalisation_is_fitted_on_the_training_part_alone(data: LabelledData) -> None:
    train = np.flatnonzero(data.music_row < 6)
    fitted = fit_normalisation(data, train, small())
    altered = data.music.copy()
    altered[6:] *= 100.0
    same = fit_normalisation(dataclasses.replace(data, music=altered), train, small())
    np.testing.assert_array_equal(fitted.music_mean, same.music_mean)
    np.testing.assert_array_equal(fitted.music_deviation, same.music_deviation)
    scaled = fitted.scale_music(data.music_of(train))
    flat = np.ptp(data.music, axis=0) == 0
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0)[~flat], 1.0, atol=1e-4)
    assert flat.sum() == 1
    assert not scaled[:, flat].any()
    images = SignalImages(data, (0, 1, 2), ImageSettings(24), mean=fitted.image_mean)
    np.testing.assert_allclose(images.draw(train).mean(dim=(0, 2, 3)).numpy(), 0.0, atol=1e-6)
    np.testing.assert_allclose(channel_means(images, train), fitted.image_mean, atol=1e-6)


def test_missing_music_values_become_the_mean(data: LabelledData) -> None:
    holes = data.music.copy()
    holes[2, 5], holes[4, 1] = np.nan, np.inf
    with_holes = dataclasses.replace(data, music=holes)
    fitted = fit_normalisation(with_holes, np.arange(len(data)), small())
    assert np.isfinite(fitted.music_mean).all()
    assert fitted.scale_music(holes[[2]])[0, 5] == 0.0
    assert fitted.scale_music(holes[[4]])[0, 1] == 0.0


def test_a_song_without_features_is_named(data: LabelledData) -> None:
    rows = data.music_row.copy()
    rows[data.stimulus == "stimulus3"] = -1
    without = dataclasses.replace(data, music_row=rows)
    with pytest.raises(InvalidInputError, match="'stimulus3' has no music features"):
        fit_normalisation(without, np.arange(len(data)), small())
    kept = without.with_music()
    assert "stimulus3" not in kept.stimulus
    assert len(kept) + len(kept.left_out) == len(data)
    assert {reason for _, reason in kept.left_out} == {"its song has no music features"}
    assert isinstance(fit_normalisation(kept, np.arange(len(kept)), small()), Normalisation)


def test_a_buffer_is_used_again_only_when_nothing_refers_to_it() -> None:
    buffers = BatchBuffers(n_kept=2)
    first = buffers.take((4, 3))
    place, view = first.data_ptr(), first[1:2]
    del first
    second = buffers.take((4, 3))
    assert second.data_ptr() != place, "a view still refers to it"
    del view
    again = buffers.take((2, 3))
    assert again.data_ptr() == place
    others = [buffers.take((4, 3)) for _ in range(3)]
    assert len({tensor.data_ptr() for tensor in (again, second, *others)}) == 5
    weight = torch.ones(4, 3, requires_grad=True)
    product = (weight * second.fill_(2.0)).sum()
    held = second.data_ptr()
    del second, again, others
    assert held not in [tensor.data_ptr() for tensor in (buffers.take((4, 3)), buffers.take((4, 3)))]
    product.backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    assert (weight.grad == 2.0).all()


def test_a_larger_batch_than_before_gets_its_room() -> None:
    buffers = BatchBuffers(n_kept=1)
    buffers.take((2,))
    places = {buffers.take((50,)).data_ptr() for _ in range(3)}
    assert len(places) == 1
    assert buffers.take((50,)).data_ptr() % 64 == 0
