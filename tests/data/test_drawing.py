"""Parts, batches, sizes, and pictures changed at random."""

from __future__ import annotations

import threading
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from netweight.data.augment import move
from netweight.data.augment.mix import cutmix, mixup
from netweight.data.augment.table import WAYS, augmentation
from netweight.data.dataset import Dataset
from netweight.data.loader import Batches
from netweight.data.prepared import fitted, normalisation
from netweight.data.split import split
from netweight.errors import ShapeError, UnknownNameError, UsageError

Array = NDArray[Any]
RNG = np.random.default_rng


def _data(labels: Array, own_test: int = 0) -> Dataset:
    images = np.arange(len(labels), dtype=np.float32).reshape(-1, 1, 1, 1)
    return Dataset("x", images, labels, tuple(map(str, range(int(labels.max()) + 1))), own_test)


@given(st.lists(st.integers(0, 3), min_size=40, max_size=90), st.integers(0, 9))
def test_each_picture_is_in_one_part_and_classes_have_the_same_share_in_all(labels: list[int], seed: int) -> None:
    data = _data(np.array([0, 1, 2, 3] * 5 + labels))
    parts = split(data, seed=seed, fractions=(0.5, 0.25, 0.25))
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test]).tolist()) == list(range(len(data)))
    for label in range(4):
        count = int((data.labels == label).sum())
        for part, share in ((parts.train, 0.5), (parts.validation, 0.25), (parts.test, 0.25)):
            assert abs((data.labels[part] == label).sum() - share * count) <= 1
    again = split(data, seed=seed, fractions=(0.5, 0.25, 0.25))
    assert (again.train == parts.train).all()


def test_another_seed_parts_otherwise() -> None:
    data = _data(np.arange(60) % 3)
    assert split(data, seed=0).test.tolist() != split(data, seed=1).test.tolist()


def test_a_test_part_of_its_own_stays() -> None:
    parts = split(_data(np.arange(60) % 3, own_test=12), fractions=(0.7, 0.1, 0.2))
    assert parts.test.tolist() == list(range(48, 60))
    assert (len(parts.train), len(parts.validation)) == (42, 6)


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.5, 0.6, 0.1), (0, 0.5, 0.5), (1.2, -0.2, 0)])
def test_shares_that_are_none(fractions: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="add up to 1"):
        split(_data(np.arange(30) % 3), fractions=fractions)


def test_too_few_pictures_for_a_part() -> None:
    with pytest.raises(UsageError, match="expected pictures for test, got none: 6 pictures are too few"):
        split(_data(np.arange(6) % 3))


@given(st.integers(1, 40), st.integers(1, 12), st.booleans())
def test_batches_have_each_picture_once(count: int, batch: int, drop_last: bool) -> None:
    images = np.arange(count).reshape(-1, 1)
    if drop_last and count < batch:
        with pytest.raises(UsageError, match=f"at least {batch} pictures .*, got {count}"):
            Batches(images=images, labels=images[:, 0], batch=batch, drop_last=True)
        return
    batches = Batches(images=images, labels=images[:, 0], batch=batch, seed=3, drop_last=drop_last)
    found = [one[1] for one in batches.epoch(0)]
    assert len(found) == len(batches)
    seen = np.concatenate(found)
    assert len(set(seen.tolist())) == len(seen) == (count // batch * batch if drop_last else count)
    assert all(len(one) == batch for one in found[:-1])


def test_an_epoch_follows_from_the_seed_and_its_number_alone() -> None:
    def epochs(seed: int, *numbers: int) -> list[list[int]]:
        x = np.arange(50).reshape(-1, 1)
        change = lambda images, labels, rng: (images + rng.random(images.shape), labels)  # noqa: E731
        batches = Batches(images=x, labels=x[:, 0], batch=8, seed=seed, change=change)
        return [[round(float(v), 9) for one in batches.epoch(n) for v in one[0].ravel()] for n in numbers]

    assert epochs(1, 0, 1, 2)[2] == epochs(1, 2)[0]
    assert epochs(1, 0) != epochs(1, 1) != epochs(2, 1)


def test_an_error_of_the_thread_arrives_and_no_thread_is_left() -> None:
    def change(images: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        if 7 in labels:
            raise ZeroDivisionError("seven")
        return images, labels

    x = np.arange(20).reshape(-1, 1)
    batches = Batches(images=x, labels=x[:, 0], batch=2, change=change)
    with pytest.raises(ZeroDivisionError, match="seven"):
        list(batches.epoch(0))
    stopped = Batches(images=x, labels=x[:, 0], batch=2).epoch(0)
    next(stopped)
    stopped.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "netweight-batches"]


def test_pictures_in_another_size() -> None:
    small = RNG(0).random((2, 1, 3, 4)).astype(np.float32)
    large = fitted(small, 3, (7, 9))
    assert large.shape == (2, 3, 7, 9)
    assert (large[:, :, 6] == 0).all()  # 6 x 8 in 7 x 9: what is left over is below and at the right
    assert (large[:, :, :, 8] == 0).all()
    np.testing.assert_array_equal(large[:, 1, :6, :8], small[:, 0].repeat(2, 1).repeat(2, 2))
    assert (fitted(small, 1, (5, 8))[:, :, [0, 4]] == 0).all()  # 3 x 4 in the middle of 5 x 8
    halved = fitted(large[:, :, :6, :8], 3, (3, 4))
    np.testing.assert_allclose(halved[:, 0], small[:, 0], rtol=1e-6)
    colour = RNG(1).random((1, 3, 5, 5)).astype(np.float32)
    luma = 0.299 * colour[:, 0] + 0.587 * colour[:, 1] + 0.114 * colour[:, 2]
    np.testing.assert_allclose(fitted(colour, 1, (5, 5))[:, 0], luma, rtol=1e-5)
    pillow = np.asarray(Image.fromarray(colour[0, 1]).resize((3, 4), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(fitted(colour, 3, (4, 3))[0, 1], pillow)
    with pytest.raises(ShapeError, match="pictures of 3 channels, got 2"):
        fitted(np.zeros((1, 2, 4, 4), np.float32), 3, (4, 4))


def test_normalisation_is_of_each_channel() -> None:
    images = RNG(0).normal([[[[2.0]], [[-5.0]]]], [[[[3.0]], [[0.5]]]], (40, 2, 6, 6)).astype(np.float32)
    found = normalisation(images)(images)
    np.testing.assert_allclose(found.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(0, 2, 3)), 1, rtol=1e-5)
    flat = np.full((3, 1, 2, 2), 0.25, np.float32)
    assert (normalisation(flat)(flat) == 0).all()


IMAGES = RNG(5).random((6, 2, 9, 11)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("name", WAYS)
def test_every_way_keeps_shape_type_and_range_and_follows_the_seed(name: str) -> None:
    change = augmentation([name], 3)
    assert change is not None
    before = IMAGES.copy()
    first, targets = change(IMAGES, LABELS, RNG(1))
    again, _ = change(IMAGES, LABELS, RNG(1))
    other, _ = change(IMAGES, LABELS, RNG(2))
    assert (first.shape, first.dtype) == (IMAGES.shape, IMAGES.dtype)
    assert first.min() >= 0
    assert first.max() <= 1
    assert (first == again).all()
    assert (first != other).any()
    assert (before == IMAGES).all()  # nothing of the caller's is written over
    if WAYS[name].mixes:
        np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    else:
        assert (targets == LABELS).all()


def test_flip_mirrors_the_share_that_is_asked_for() -> None:
    assert (move.flip(IMAGES, RNG(0), 1.0) == np.flip(IMAGES, 3)).all()
    some = move.flip(IMAGES, RNG(0), 0.5)
    for before, after in zip(IMAGES, some, strict=True):
        assert (after == before).all() or (after == before[:, :, ::-1]).all()


def test_crop_is_a_window_of_the_padded_picture() -> None:
    padded = np.pad(IMAGES, ((0, 0), (0, 0), (3, 3), (3, 3)))
    found = move.crop(IMAGES, RNG(7), 3)
    places = set()
    for picture, wanted in zip(padded, found, strict=True):
        fits = [
            (top, left)
            for top in range(7)
            for left in range(7)
            if (picture[:, top : top + 9, left : left + 11] == wanted).all()
        ]
        assert len(fits) == 1
        places.add(fits[0])
    assert len(places) > 1


@pytest.mark.parametrize("most", [8, 9, 15, 16, 400])
def test_a_shift_out_of_the_picture_leaves_zeros(most: int) -> None:
    ones = np.ones((60, 1, 8, 5), np.float32)
    found = WAYS["shift"].change(ones, RNG(0), most)[:, 0]
    offsets = np.abs(RNG(0).integers(-most, most + 1, (60, 2)))
    left = np.maximum(8 - offsets[:, 0], 0) * np.maximum(5 - offsets[:, 1], 0)
    assert found.sum(axis=(1, 2)).tolist() == left.tolist()


def test_an_affine_change_is_that_of_scipy() -> None:
    """What is read: sheared first (rows by columns), then turned, then stretched down and across."""
    found = move.affine(IMAGES, RNG(4), 0.3)
    rng = RNG(4)
    angles = rng.uniform(-0.3, 0.3, 6) * np.pi / 2
    stretch = 1 + rng.uniform(-0.3, 0.3, (2, 6))
    shear = rng.uniform(-0.3, 0.3, 6)
    middle = np.array([4.0, 5.0])  # of 9 x 11
    for k in range(6):
        cos, sin = np.cos(angles[k]), np.sin(angles[k])
        turn, sheared = np.array([[cos, sin], [-sin, cos]]), np.array([[1, shear[k]], [0, 1]])
        matrix = np.diag(stretch[:, k]) @ turn @ sheared
        for channel in range(2):
            other = ndimage.affine_transform(
                IMAGES[k, channel], matrix, middle - matrix @ middle, order=1, mode="grid-constant"
            )
            np.testing.assert_allclose(found[k, channel], other, atol=1e-5)


def test_a_turn_is_that_of_scipy() -> None:
    angle = np.deg2rad(23.0)
    ones = np.ones(len(IMAGES))
    found = move.warped(IMAGES, ones * np.cos(angle), ones * np.sin(angle), -ones * np.sin(angle), ones * np.cos(angle))
    for before, after in zip(IMAGES[:, 0], found[:, 0], strict=True):
        other = ndimage.rotate(before, np.rad2deg(angle), reshape=False, order=1, mode="grid-constant", cval=0.0)
        np.testing.assert_allclose(after, other, atol=1e-5)


def test_rotate_turns_within_its_bounds() -> None:
    """A point right of the middle stays within a turn of 10 degrees of where it was."""
    picture = np.zeros((200, 1, 41, 41), np.float32)
    picture[:, 0, 20, 38] = 1
    found = move.rotate(picture, RNG(0), 10)[:, 0]
    rows = (found * np.arange(41)[:, None]).sum(axis=(1, 2)) / found.sum(axis=(1, 2)) - 20
    columns = (found * np.arange(41)).sum(axis=(1, 2)) / found.sum(axis=(1, 2)) - 20
    angles = np.rad2deg(np.arctan2(rows, columns))
    assert np.abs(angles).max() <= 10.5
    assert angles.min() < -5
    assert angles.max() > 5


def test_mixup_blends_pictures_and_targets_alike() -> None:
    targets = np.eye(3, dtype=np.float32)[LABELS]
    images, mixed = mixup(IMAGES, targets, RNG(3), 0.4)
    rng = RNG(3)
    share, other = rng.beta(0.4, 0.4), rng.permutation(6)
    np.testing.assert_allclose(images, share * IMAGES + (1 - share) * IMAGES[other], rtol=1e-5)
    np.testing.assert_allclose(mixed, share * targets + (1 - share) * targets[other], rtol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_cutmix_gives_the_targets_the_share_of_the_pixels(seed: int) -> None:
    targets = np.eye(6, dtype=np.float32)  # every picture a class of its own
    images, mixed = cutmix(IMAGES, targets, RNG(seed), 1.0)
    for index in range(6):
        own = (images[index] == IMAGES[index]).all(axis=0).mean()
        assert mixed[index, index] == pytest.approx(own, abs=1e-6)
        assert mixed[index].sum() == pytest.approx(1)


def test_cutout_covers_a_square() -> None:
    ones = np.ones((300, 1, 9, 11), np.float32)
    covered = 1 - WAYS["cutout"].change(ones, RNG(0), 4)[:, 0]
    areas = covered.sum(axis=(1, 2))
    assert areas.max() == 16
    assert areas.min() == 2 * 2  # its middle in a corner
    for one in covered[:50]:
        rows, columns = one.any(axis=1).sum(), one.any(axis=0).sum()
        assert one.sum() == rows * columns  # all of a rectangle


def test_light() -> None:
    flat = np.full((400, 1, 2, 2), 0.5, np.float32)
    brighter = WAYS["brightness"].change(flat, RNG(0), 0.2)[:, 0, 0, 0]
    assert brighter.min() == pytest.approx(0.3, abs=0.01)
    assert brighter.max() == pytest.approx(0.7, abs=0.01)
    edge = np.tile(np.float32([0.4, 0.6]).reshape(1, 1, 1, 2), (400, 1, 1, 1))
    spread = np.diff(WAYS["contrast"].change(edge, RNG(0), 0.5)[:, 0, 0])[:, 0] / 0.2
    assert spread.min() == pytest.approx(0.5, abs=0.02)
    assert spread.max() == pytest.approx(1.5, abs=0.02)
    assert WAYS["noise"].change(np.full((50, 1, 9, 9), 0.5, np.float32), RNG(0), 0.05).std() == pytest.approx(
        0.05, rel=0.05
    )


@pytest.mark.parametrize("name", WAYS)
def test_pixels_stay_within_0_and_1_or_the_picture_where_it_goes_further(name: str) -> None:
    change = augmentation([name], 3)
    assert change is not None
    ones = np.ones((6, 1, 12, 12), np.float32)
    wide = (IMAGES * 6 - 3).astype(np.float64)
    for seed in range(20):
        full, _ = change(ones, LABELS, RNG(seed))
        assert full.max() <= 1
        found, _ = change(wide, LABELS, RNG(seed))
        assert found.dtype == np.float64
        assert found.min() >= wide.min()
        assert found.max() <= wide.max()
    assert found.max() > 2  # not cut off at 1


def test_a_seed_or_batch_that_is_none() -> None:
    with pytest.raises(UsageError, match="seed: expected a whole number from 0 on, got -1"):
        split(_data(np.arange(60) % 3), seed=-1)
    with pytest.raises(UsageError, match="batch: expected at least 1, got 0"):
        Batches(images=IMAGES, labels=LABELS, batch=0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("crop:1.5", "a whole number"),
        ("flip:2", "to 1"),
        ("rotate:x", "got 'x'"),
        ("noise:0", "above 0"),
        ("shift:0", "from 1 to 10,000"),
        ("shift:1e30", "from 1 to 10,000"),
        ("noise:inf", "above 0 and up to 1 for"),
    ],
)
def test_numbers_that_no_way_takes(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        augmentation([text], 3)


def test_an_unknown_way() -> None:
    with pytest.raises(UnknownNameError, match="augmentation") as caught:
        augmentation(["mixip"], 3)
    assert "mixup" in str(caught.value)


def test_cutout_has_its_middle_anywhere_in_a_picture_that_is_not_square() -> None:
    ones = np.ones((400, 1, 4, 40), np.float32)
    covered = 1 - WAYS["cutout"].change(ones, RNG(0), 2)[:, 0]
    assert covered.any(axis=(0, 1)).all()  # every column once


def test_contrast_is_about_the_mean_of_all_channels() -> None:
    """A picture whose channels are flat, at 0.2 and 0.6: what stretches is their distance from 0.4."""
    images = np.tile(np.float32([0.2, 0.6]).reshape(1, 2, 1, 1), (50, 1, 3, 3))
    found = WAYS["contrast"].change(images, RNG(0), 0.5)
    factors = RNG(0).uniform(0.5, 1.5, 50)
    np.testing.assert_allclose(found[:, 0, 0, 0], 0.4 - 0.2 * factors, atol=1e-6)
    np.testing.assert_allclose(found[:, 1, 2, 2], 0.4 + 0.2 * factors, atol=1e-6)


@pytest.mark.parametrize("name", WAYS)
def test_the_most_that_a_way_takes_is_taken(name: str) -> None:
    change = augmentation([f"{name}:{WAYS[name].high}"], 3)
    assert change is not None
    made, _ = change(IMAGES, LABELS, RNG(0))
    assert np.isfinite(made).all()


def test_places_of_a_part_are_in_rising_order() -> None:
    parts = split(_data(np.arange(60) % 3))
    assert all((np.diff(part) > 0).all() for part in (parts.train, parts.validation, parts.test))


def test_order_and_draws_differ_by_epoch_batch_and_seed() -> None:
    """The orders of two epochs, and the first numbers drawn for each batch of two epochs and two seeds."""

    def seen(seed: int, epoch: int) -> tuple[tuple[int, ...], list[float]]:
        drawn: list[float] = []

        def change(images: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
            drawn.append(float(rng.random()))
            return images, labels

        x = np.arange(24).reshape(-1, 1)
        batches = Batches(images=x, labels=x[:, 0], batch=8, seed=seed, change=change)
        return tuple(int(label) for one in batches.epoch(epoch) for label in one[1]), drawn

    found = [seen(seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len({order for order, _ in found}) == 4
    assert len({number for _, drawn in found for number in drawn}) == 4 * 3
