"""Pictures from files, and what is refused."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netweight import limits
from netweight.data.dataset import Dataset
from netweight.data.idx import read_idx
from netweight.data.load import load
from netweight.errors import FormatError, NetweightError


def _idx(path: Path, array: np.ndarray, *, code: int = 8) -> None:
    content = struct.pack(">HBB", 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for part, count, end in (("train", 7, ".gz"), ("t10k", 3, "")):
        _idx(tmp_path / f"{part}-images-idx3-ubyte{end}", rng.integers(0, 256, (count, 4, 5), dtype=np.uint8))
        _idx(tmp_path / f"{part}-labels-idx1-ubyte{end}", np.arange(count, dtype=np.uint8) % 3)
    return tmp_path


def test_digits_are_those_of_scikit_learn() -> None:
    data = load("digits")
    assert data.images.shape == (1797, 1, 8, 8)
    assert data.images.min() == 0
    assert data.images.max() == 1
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_mnist_files(mnist: Path) -> None:
    data = load(str(mnist))
    assert data.images.shape == (10, 1, 4, 5)
    assert data.own_test == 3
    assert data.labels.tolist() == [0, 1, 2, 0, 1, 2, 0, 0, 1, 2]
    raw = gzip.decompress((mnist / "train-images-idx3-ubyte.gz").read_bytes())
    assert data.images[0, 0, 0, 0] == np.float32(raw[16]) / np.float32(255)  # after 4 bytes and three sizes
    assert data.images[6, 0, 3, 4] == np.float32(raw[-1]) / np.float32(255)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda b: b[:-1], "cut off"),
        (lambda b: b + b"x", "got more"),
        (lambda b: b"PK" + b[2:], "got one that begins with"),
        (lambda b: b[:2] + b"\x07" + b[3:], "got one that begins with"),
        (lambda b: b[:4] + b"\xff\xff\xff\xff" + b[8:], "expected at most"),
        (lambda b: b[:6], "cut off"),
        (lambda _b: b"", "got one that begins with"),
    ],
)
def test_a_damaged_idx_file(mnist: Path, damage: object, said: str) -> None:
    path = mnist / "t10k-images-idx3-ubyte"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(FormatError, match=said):
        load(mnist)


def test_labels_that_are_not_as_many(mnist: Path) -> None:
    _idx(mnist / "t10k-labels-idx1-ubyte", np.zeros(4, np.uint8))
    with pytest.raises(FormatError, match="expected 3 labels"):
        load(mnist)


def test_a_part_of_mnist_that_is_missing(mnist: Path) -> None:
    (mnist / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FormatError, match="train-labels-idx1-ubyte beside the other"):
        load(mnist)


def test_a_broken_gzip(mnist: Path) -> None:
    path = mnist / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(FormatError, match="IDX file"):
        load(mnist)


def test_cifar_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    records = rng.integers(0, 256, (5, 3073), dtype=np.uint8)
    records[:, 0] = [3, 1, 9, 0, 3]
    (tmp_path / "data_batch_2.bin").write_bytes(records[:3].tobytes())
    (tmp_path / "test_batch.bin").write_bytes(records[3:].tobytes())
    (tmp_path / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n")
    data = load(tmp_path)
    assert data.images.shape == (5, 3, 32, 32)
    assert data.labels.tolist() == [3, 1, 9, 0, 3]
    assert (data.own_test, data.classes[9]) == (2, "j")
    green = records[1, 1 + 1024 + 32 * 4 + 7]  # after the label and the reds: row 4, column 7
    assert data.images[1, 1, 4, 7] == np.float32(green) / np.float32(255)
    (tmp_path / "test_batch.bin").write_bytes(records[3:].tobytes()[:-1])
    with pytest.raises(FormatError, match="a whole number of pictures of 3,073 bytes"):
        load(tmp_path)


def test_cifar_100_has_a_coarse_label_first(tmp_path: Path) -> None:
    records = np.zeros((2, 3074), np.uint8)
    records[:, 0], records[:, 1] = 5, [99, 7]
    (tmp_path / "train.bin").write_bytes(records.tobytes())
    data = load(tmp_path)
    assert data.labels.tolist() == [99, 7]
    assert len(data.classes) == 100


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name, colour in (("cat", (255, 0, 0)), ("dog", (0, 128, 255))):
        (tmp_path / name).mkdir()
        for index in range(2):
            Image.new("RGB", (5, 4), colour).save(tmp_path / name / f"{index}.png")
    return tmp_path


def test_a_folder_per_class(photos: Path) -> None:
    Image.new("L", (5, 4), 51).save(photos / "cat" / "grey.png")
    data = load(photos)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 0, 1, 1]
    assert data.images.shape == (5, 3, 4, 5)
    assert data.images[3, :, 0, 0].tolist() == pytest.approx([0, 128 / 255, 1])
    assert data.images[2, :, 0, 0].tolist() == pytest.approx([0.2, 0.2, 0.2])


def test_pictures_that_cannot_be_read_are_listed_and_left_out_on_request(photos: Path) -> None:
    (photos / "cat" / "bad.png").write_bytes(b"no picture")
    cut = (photos / "dog" / "0.png").read_bytes()
    (photos / "dog" / "cut.png").write_bytes(cut[: len(cut) // 2])
    Image.new("RGB", (9, 4)).save(photos / "dog" / "wide.png")
    with pytest.raises(FormatError, match="got 3 that are not") as caught:
        load(photos)
    assert "cat/bad.png" in caught.value.why
    assert "dog/cut.png" in caught.value.why
    assert "dog/wide.png: 4 x 9, where most are 4 x 5" in caught.value.why
    data = load(photos, skip=True)
    assert len(data) == 4
    assert "3 left out" in data.notes[0]


def test_folders_that_have_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="got no folder in it"):
        load(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(FormatError, match="got folders without pictures: 1"):
        load(tmp_path)
    Image.new("L", (2, 2)).save(tmp_path / "cat" / "1.png")
    with pytest.raises(FormatError, match=r"at least two classes in .*, got 'cat' alone"):
        load(tmp_path)


def test_arrays(tmp_path: Path) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.savez(tmp_path / "x.npz", images=images, labels=np.array([0, 1]))
    for given in (tmp_path / "x.npz", (images, [0, 1])):
        data = load(given)
        assert data.images.shape == (2, 1, 3, 4)
        assert data.images[1, 0, 2, 3] == np.float32(23) / np.float32(255)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((np.zeros((2, 1, 3, 3)), [0, 1, 0]), "a label for each of 2 pictures"),
        ((np.zeros((2, 1, 3, 3)), [0, -1]), "labels from 0 to 0 .*, got -1 for picture 1"),
        ((np.zeros((2, 1, 3, 3)), [0, 0]), "at least two classes"),
        ((np.zeros((0, 1, 3, 3)), np.zeros(0, int)), "expected pictures in"),
        ((np.full((2, 1, 3, 3), np.nan), [0, 1]), "NaN or infinity in picture 0"),
        ((np.zeros((2, 1, 3, 3), int), [0, 1]), "floating or unsigned type"),
        ((np.zeros((2, 1, 3, 3)), [0.5, 1]), "class numbers"),
        ((np.zeros((2, 3)), [0, 1]), r"pictures \(N, C, H, W\)"),
        ("nowhere", "a folder or file that is there"),
        (7, "expected digits, a folder"),
    ],
)
def test_what_is_no_data(given: object, said: str) -> None:
    with pytest.raises(NetweightError, match=said):
        load(given)


def test_a_label_out_of_range_of_a_data_set() -> None:
    with pytest.raises(FormatError, match=r"labels from 0 to 1 .*, got 2 for picture 1"):
        load(Dataset("mine", np.zeros((2, 1, 3, 3), np.float32), np.array([0, 2]), ("a", "b")))


def test_a_file_without_the_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", pictures=np.zeros(3))
    with pytest.raises(FormatError, match=r"arrays images and labels in .*, got pictures"):
        load(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((np.zeros((4, 1, 0, 3)), [0, 1, 0, 1]), r"pictures \(N, C, H, W\) .*, got shape \[4, 1, 0, 3\]"),
        (([[1.0, 2.0], [3.0]], [0, 1]), "expected pictures in an array, got none"),
        ((np.zeros((2, 1, 3, 3)), [0, 10**12]), "labels below 131,072 in the arrays, got 1000000000000 for picture 1"),
        ((np.zeros((2, 1, 3, 3), bool), [0, 1]), "floating or unsigned type"),
        (Dataset("mine", np.zeros((2, 1, 3, 3), np.uint8), np.array([0, 1]), ("a", "b")), "floating type in mine"),
        (Dataset("mine", np.zeros((2, 1, 3, 3)), np.array([0.0, 1.0]), ("a", "b")), "labels of type float64"),
    ],
)
def test_arrays_that_are_no_pictures(given: object, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        load(given)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255, "one to three sizes in .*, got 255"),
        (b"\0\0\x08\0", "one to three sizes in .*, got 0"),
        (b"\0\0\x08\x03" + b"\0\0\0\0" + b"\xff" * 8, "got none: its shape is "),
        (b"\0\0\x0c\x03" + struct.pack(">3I", 1, 1, 1) + b"abcd", "in bytes or floats in .*, got int32"),
    ],
)
def test_an_idx_file_of_another_kind(mnist: Path, head: bytes, said: str) -> None:
    (mnist / "t10k-images-idx3-ubyte").write_bytes(head)
    with pytest.raises(FormatError, match=said):
        load(mnist)


def test_parts_of_mnist_with_pictures_of_two_sizes(mnist: Path) -> None:
    _idx(mnist / "t10k-images-idx3-ubyte", np.zeros((3, 6, 5), np.uint8))
    with pytest.raises(FormatError, match=r"one size in .*, got 4 x 5 and 6 x 5"):
        load(mnist)


def test_labels_of_mnist_that_are_no_class_numbers(mnist: Path) -> None:
    _idx(mnist / "t10k-labels-idx1-ubyte", np.array([0, 0.5, 1], ">f4"), code=13)
    with pytest.raises(FormatError, match=r"class numbers in .*, got labels of type float32"):
        load(mnist)
    _idx(mnist / "t10k-labels-idx1-ubyte", np.array([0, 2**31 - 1, 1], ">i4"), code=12)
    with pytest.raises(FormatError, match=r"labels below 131,072 in .*, got 2147483647 for picture 8"):
        load(mnist)


def test_cifar_with_test_pictures_alone(tmp_path: Path) -> None:
    records = np.zeros((2, 3073), np.uint8)
    records[1, 0] = 4
    (tmp_path / "test_batch.bin").write_bytes(records.tobytes())
    data = load(tmp_path)
    assert (len(data), data.own_test) == (2, 0)  # nothing to train on would be left


def test_cifar_for_python_is_not_unpickled(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(b"cos\nsystem\n(S'exit 7'\ntR.")
    with pytest.raises(FormatError, match="got its pickled ones, which are never read"):
        load(tmp_path)


def test_cifar_and_folders_that_take_more_than_the_limit(photos: Path) -> None:
    two = 5 * 4 * 3 * 4 * 2  # pictures of 5 x 4 in colour, float32
    with (
        limits.raised(memory=two),
        pytest.raises(FormatError, match=r"of pictures in .*, got more: 3 of 4 take 720 B in float32"),
    ):
        load(photos)
    (photos / "train.bin").write_bytes(bytes(3074))
    with limits.raised(memory=two), pytest.raises(FormatError, match=r"got 12.3 kB in float32"):
        load(photos)


def test_a_class_without_pictures_is_named_and_left_out_on_request(photos: Path) -> None:
    (photos / "bee").mkdir()
    with pytest.raises(FormatError, match="got 1 that are not") as caught:
        load(photos)
    assert caught.value.why == "bee: no pictures in it"
    data = load(photos, skip=True)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 1, 1]


def test_a_folder_where_nothing_can_be_read_is_refused_even_on_request(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"no picture")
    with pytest.raises(FormatError, match="got 2 that are not"):
        load(tmp_path, skip=True)


def test_deep_grey_is_from_0_to_1(photos: Path) -> None:
    for place, value in (("cat", 65535), ("dog", 13107)):
        for file in (photos / place).iterdir():
            Image.fromarray(np.full((4, 5), value, np.uint16)).save(file)
    data = load(photos)
    assert data.images.shape == (4, 1, 4, 5)
    assert data.images[[0, 3], 0, 0, 0].tolist() == pytest.approx([1, 0.2])


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"])
def test_broken_pictures_are_listed_whatever_is_broken(photos: Path, kind: str) -> None:
    """Every ending and every changed byte leads to a picture or to a line of the list, never to an error of Pillow."""
    path = photos / "cat" / f"x.{kind}"
    Image.fromarray(np.arange(60, dtype=np.uint8).reshape(4, 5, 3)).save(path)
    refused = []
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for index in range(60):
        at = int(rng.integers(0, len(whole)))
        other = bytes([int(rng.integers(0, 256))])
        path.write_bytes(whole[:at] if index % 2 else whole[:at] + other + whole[at + 1 :])
        try:
            load(photos)
        except FormatError as error:
            refused.append(error.why)
    assert len(refused) > 20
    assert all(f"cat/x.{kind}: " in why for why in refused)


@pytest.mark.parametrize(
    ("code", "dtype", "numbers"),
    [
        (8, ">u1", [0, 200, 255]), (9, ">i1", [-128, -1, 127]), (11, ">i2", [-2, 258, 3]),
        (12, ">i4", [-2, 66051, 3]), (13, ">f4", [-0.5, 1.25, 3]), (14, ">f8", [-0.5, 0.1, 3]),
    ],
)  # fmt: skip
def test_each_type_of_an_idx_file(tmp_path: Path, code: int, dtype: str, numbers: list[float]) -> None:
    """The codes 08, 09, 0B, 0C, 0D, 0E of the format, the highest byte first."""
    _idx(tmp_path / "x", np.array(numbers, dtype), code=code)
    assert read_idx(tmp_path / "x").tolist() == pytest.approx(numbers, rel=1e-7)


def test_an_idx_file_at_the_limit(mnist: Path) -> None:
    """7 pictures of 4 x 5 are 560 bytes in float32."""
    with limits.raised(memory=560):
        assert len(load(mnist)) == 10
    with limits.raised(memory=559), pytest.raises(FormatError, match="at most 559 B of pictures"):
        load(mnist)


def test_hidden_folders_are_no_classes_and_endings_may_be_in_capitals(photos: Path) -> None:
    (photos / ".cache").mkdir()
    (photos / "cat" / "0.png").rename(photos / "cat" / "0.PNG")
    data = load(photos)
    assert data.classes == ("cat", "dog")
    assert len(data) == 4


def test_a_picture_that_says_it_is_huge_is_not_decoded(photos: Path) -> None:
    """A PNG's header gives its size: 30,000 x 20,000 in colour is 7.2 GB in float32."""
    path = photos / "cat" / "0.png"
    whole = path.read_bytes()
    header = b"IHDR" + struct.pack(">2I", 30_000, 20_000) + whole[24:29]
    path.write_bytes(whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:])
    with pytest.raises(FormatError) as caught:
        load(photos)
    assert "cat/0.png: " in caught.value.why
    small = photos / "dog" / "0.png"
    Image.new("RGB", (50, 40)).save(small)
    with limits.raised(memory=12 * 50 * 40 - 1), pytest.raises(FormatError) as caught:
        load(photos)
    assert "dog/0.png: 50 x 40 is more than 24.0 kB" in caught.value.why


def test_arrays_of_each_unsigned_type_are_from_0_to_1() -> None:
    for dtype in (np.uint8, np.uint16, np.uint32):
        data = load((np.full((2, 1, 3, 3), np.iinfo(dtype).max, dtype), [0, 1]))
        assert data.images.max() == 1
        assert data.images.dtype == np.float32
