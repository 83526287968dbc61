import math
from typing import Any

import numpy as np
import pytest

from definitions.counting import counted, numbers, values
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.algebra.fourier import FftAttrs, RfftAttrs, butterflies
from netweight.ops.algebra.fourier_real import IrfftAttrs
from netweight.ops.extent import Mixes
from netweight.ops.table import WORK_KINDS


def _radix2(x: Any) -> tuple[Any, int]:
    """The transform by Cooley and Tukey's halving, and how many butterflies it took."""
    n = len(x)
    if n == 1:
        return x, 0
    (even, first), (odd, second) = _radix2(x[::2]), _radix2(x[1::2])
    turned = odd * np.exp(-2j * np.pi * np.arange(n // 2) / n)
    return np.concatenate([even + turned, even - turned]), first + second + n // 2


@pytest.mark.parametrize("n", [1, 2, 8, 32])
def test_butterflies_are_those_of_the_algorithm(n: int) -> None:
    x = np.random.default_rng(0).standard_normal(n) + 1j
    y, count = _radix2(x)
    np.testing.assert_allclose(REGISTRY["fft"].forward(FftAttrs(dims=(0,)), x), y)
    assert butterflies(n) == count


def test_other_sizes_are_rounded_up() -> None:
    """6 log2(6) / 2 = 7.75...; 1000 log2(1000) / 2 = 4982.89..."""
    assert (butterflies(6), butterflies(1000)) == (8, 4983)


def test_a_transform_of_1024_points_costs_five_n_log_n() -> None:
    cost = REGISTRY["fft"].cost(FftAttrs(dims=(1,)), TensorSpec((3, 1024), "complex64"))
    assert cost == Cost(muls=3 * 5120 * 4, adds=3 * 5120 * 6)  # 1024 * 10 / 2 butterflies
    assert cost.arithmetic == 3 * 5 * 1024 * 10
    back = REGISTRY["fft"].cost(FftAttrs(dims=(1,), inverse=True), TensorSpec((3, 1024), "complex64"))
    assert back.muls - cost.muls == 3 * 1024 * 2  # divided by n
    half = REGISTRY["rfft"].cost(RfftAttrs(dims=(1,)), TensorSpec((3, 1024)))
    assert half.arithmetic * 2 == cost.arithmetic


def test_work_of_a_global_filter_over_14_by_14() -> None:
    """Rows of 14 real numbers first, half the butterflies each; then 8 columns."""
    assert butterflies(14) == 27  # 14 * 3.807 / 2 = 26.65
    spec = TensorSpec((1, 14, 14, 64))
    cost = REGISTRY["rfft"].cost(RfftAttrs(dims=(1, 2), norm="ortho"), spec)
    rows, columns, scaled = 14 * 64 * 14, 8 * 64 * 27, 14 * 8 * 64 * 2
    assert cost == Cost(muls=4 * (rows + columns) + scaled, adds=6 * (rows + columns))
    y = REGISTRY["rfft"].shape(RfftAttrs(dims=(1, 2)), spec)
    assert y == TensorSpec((1, 14, 8, 64), "complex64")
    back = IrfftAttrs(dims=(1, 2), norm="ortho", size=14)
    assert REGISTRY["irfft"].shape(back, y) == spec
    assert REGISTRY["irfft"].cost(back, y) == Cost(muls=4 * (rows + columns) + 14 * 14 * 64, adds=6 * (rows + columns))
    assert REGISTRY["rfft"].extent(RfftAttrs(dims=(1, 2)), spec) == Mixes((1, 2))


def test_types() -> None:
    shape = REGISTRY["fft"].shape
    assert shape(FftAttrs(dims=(0,)), TensorSpec((4,), "float64")).dtype == "complex128"
    assert shape(FftAttrs(dims=(0,)), TensorSpec((4,), "complex64")).dtype == "complex64"
    single = np.arange(3, dtype=np.complex64)
    assert REGISTRY["irfft"].forward(IrfftAttrs(dims=(0,), size=5), single).dtype == np.float32


_BAD: Any = "unit"
_X, _Z = TensorSpec((4, 6)), TensorSpec((4, 6), "complex64")


@pytest.mark.parametrize(
    ("name", "attrs", "x", "message"),
    [
        ("fft", FftAttrs(dims=(2,)), _X, "fft: expected different dims from 0 to 1, got 2"),
        ("fft", FftAttrs(dims=()), _X, r"fft: expected dims with elements along them, got \(\) for shape \(4, 6\)"),
        ("fft", FftAttrs(dims=(0,)), TensorSpec((0,)), r"got \(0,\) for shape \(0,\)"),
        ("fft", FftAttrs(dims=(0,), norm=_BAD), _X, "fft: expected norm 'backward', 'forward', 'ortho', got 'unit'"),
        ("rfft", RfftAttrs(dims=(0,)), _Z, "rfft: expected real numbers, got complex64"),
        ("rfft", RfftAttrs(dims=(0, 0)), _X, r"rfft: expected different dims from 0 to 1, got \(0, 0\)"),
        (
            "irfft",
            IrfftAttrs(dims=(1,), size=12),
            _Z,
            r"irfft: expected size // 2 \+ 1 elements along dim 1, got 6 for",
        ),
        ("irfft", IrfftAttrs(dims=(1,), size=0), TensorSpec((4, 1)), "irfft: .* got 1 for size 0"),
    ],
)
def test_errors(name: str, attrs: Any, x: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, x)


def halves(x: list[Any]) -> list[Any]:
    """The transform of (real, imaginary) pairs from those of the even and the odd ones (Cooley & Tukey 1965)."""
    if len(x) == 1:
        return x
    even, odd = halves(x[::2]), halves(x[1::2])
    sums, differences = [], []
    for k, ((a, b), (c, d)) in enumerate(zip(even, odd, strict=True)):
        cos, sin = math.cos(2 * math.pi * k / len(x)), -math.sin(2 * math.pi * k / len(x))
        real, imag = c * cos - d * sin, c * sin + d * cos
        sums.append((a + real, b + imag))
        differences.append((a - real, b - imag))
    return sums + differences


@pytest.mark.parametrize("n", [1, 2, 4, 8, 16])
def test_butterflies_are_those_of_the_transform_in_halves(n: int) -> None:
    x = np.random.default_rng(0).standard_normal((n, 2))
    with counted() as work:
        found = halves([tuple(pair) for pair in numbers(x)])
    expected = np.fft.fft(x[:, 0] + 1j * x[:, 1])
    np.testing.assert_allclose(values(np.array(found)), np.stack([expected.real, expected.imag], -1), atol=1e-12)
    cost = REGISTRY["fft"].cost(FftAttrs(dims=(0,)), TensorSpec((n,), "complex64"))
    assert {kind: getattr(cost, kind) for kind in WORK_KINDS if getattr(cost, kind)} == work


def test_work_of_a_transform_of_any_size_is_known_at_once() -> None:
    """n log2(n) / 2 rounded up: exact powers below 4,096 and digits of the logarithm above agree where both can."""
    for n in (4095, 4097, 5000, 9999):
        assert butterflies(n) == -(-(n**n - 1).bit_length() // 2)
    assert butterflies(3 << 60) == pytest.approx((3 << 60) * (60 + math.log2(3)) / 2, rel=1e-12)
