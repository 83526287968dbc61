"""Fourier transforms, windows, Einstein summation, determinants and n-grams: by ONNX Runtime."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import ShapeError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


@pytest.mark.parametrize("size", [None, 6, 10])
@pytest.mark.parametrize("inverse", [0, 1])
def test_transforms(size: int | None, inverse: int) -> None:
    """Cut off or filled with zeros to a length."""
    length = None if size is None else np.array(size)
    fitted = {None: [], 6: ["slice"], 10: ["pad"]}[size]
    read = check_agrees("DFT", f(2, 8, 3, 2), length, np.array(1), opset=20, inverse=inverse)
    assert operators(read) == [*fitted, "view_as_complex", "fft", "view_as_real"]
    check_agrees("DFT", f(2, 8, 2), length, opset=17, axis=1, inverse=inverse)


@pytest.mark.parametrize("size", [None, 6, 10])
def test_transforms_of_real_numbers(size: int | None) -> None:
    length = None if size is None else np.array(size)
    half = check_agrees("DFT", f(2, 8, 1), length, opset=17, axis=1, onesided=1)
    assert operators(half)[-2:] == ["rfft", "view_as_real"]
    whole = check_agrees("DFT", f(2, 8, 1), length, opset=17, axis=1)
    assert operators(whole)[-2:] == ["fft", "view_as_real"]


def test_work_of_a_transform() -> None:
    """8 numbers are 8 * 3 / 2 butterflies of 10 operations."""
    read = read_graph(one_node("DFT", f(1, 8, 2), opset=17, axis=1))
    assert weigh_graph(read.graph).totals.ops_total == 8 * 3 // 2 * 10


@pytest.mark.parametrize("size", [7, 8])
def test_half_of_a_transform_of_complex_numbers(size: int) -> None:
    """Frequencies from 0 to the highest: 0, 1, 2, 3 of 7 and 0, 1, 2, 3, 4 of 8. ONNX Runtime refuses it."""
    read = read_graph(one_node("DFT", f(2, size, 2), opset=17, axis=1, onesided=1))
    assert [read.graph.spec(name).shape for name in read.graph.outputs] == [(2, {7: 4, 8: 5}[size], 2)]


@pytest.mark.parametrize("onesided", [0, 1])
def test_transforms_of_windows(onesided: int) -> None:
    read = check_agrees("STFT", f(2, 32, 1), np.array(4), f(8), opset=17, onesided=onesided)
    transform = "rfft" if onesided else "fft"
    assert operators(read) == ["reshape", "window_view", "mul", transform, "view_as_real"]
    assert read.outputs["y0"].spec.shape == (2, (32 - 8) // 4 + 1, 5 if onesided else 8, 2)
    check_agrees("STFT", f(2, 32, 1), np.array(4), None, np.array(8), opset=17, onesided=onesided)
    check_agrees("STFT", f(2, 32, 2), np.array(4), f(8), opset=17, onesided=0)


@pytest.mark.parametrize("name", ["HannWindow", "HammingWindow", "BlackmanWindow"])
@pytest.mark.parametrize("periodic", [0, 1])
def test_windows_are_constants(name: str, periodic: int) -> None:
    assert operators(check_agrees(name, np.array(10), fixed=(0,), periodic=periodic, opset=17)) == []
    check_agrees(name, np.array(10), fixed=(0,), periodic=periodic, output_datatype=11, opset=17)


def test_mel_weights_are_constants() -> None:
    settings = (np.array(8), np.array(16), np.array(8192), np.array(0, F32), np.array(4096, F32))
    assert operators(check_agrees("MelWeightMatrix", *settings, fixed=range(5), opset=17)) == []


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("ij,jk->ik", ((2, 3), (3, 4)), 2 * 3 * 4),
        ("ij, jk", ((2, 3), (3, 4)), 2 * 3 * 4),
        ("...ij->...ji", ((2, 3, 4),), 0),
        ("bhqd,bhkd->bhqk", ((2, 3, 4, 5), (2, 3, 6, 5)), 2 * 3 * 4 * 6 * 5),
        ("ii->i", ((3, 3),), 0),
    ],
)
def test_einstein_summation(equation: str, shapes: tuple[tuple[int, ...], ...], macs: int) -> None:
    read = check_agrees("Einsum", *(f(*shape) for shape in shapes), equation=equation, fixed=())
    assert operators(read) == ["einsum"]
    assert weigh_graph(read.graph).totals.macs == macs


def test_determinants() -> None:
    assert operators(check_agrees("Det", f(2, 3, 3))) == ["det"]


@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize("skips", [0, 1, 5])
@pytest.mark.parametrize("lengths", [(1, 1), (1, 2), (2, 2)])
def test_n_grams(mode: str, skips: int, lengths: tuple[int, int]) -> None:
    x = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], np.int32)
    read = check_agrees(
        "TfIdfVectorizer", x, mode=mode, min_gram_length=lengths[0], max_gram_length=lengths[1], max_skip_count=skips,
        ngram_counts=[0, 4], ngram_indexes=list(range(7)), pool_int64s=[2, 3, 5, 4, 5, 6, 7, 8, 6, 7],
        weights=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
    )  # fmt: skip
    assert operators(read) == ["ngram_counts"]


def test_errors() -> None:
    with pytest.raises(ShapeError, match="einsum: expected one term per tensor"):
        read_graph(one_node("Einsum", f(2), f(2), equation="i->i"))
    with pytest.raises(ShapeError, match="axis: expected one from -3 to 2, got 3"):
        read_graph(one_node("DFT", f(2, 8, 1), opset=17, axis=3))
    with pytest.raises(ShapeError, match="window_view: expected 1 <= size <= 4"):
        read_graph(one_node("STFT", f(2, 4, 1), np.array(4), f(8), opset=17))
