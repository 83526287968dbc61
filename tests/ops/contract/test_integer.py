"""Products of small integers, scales by blocks, and types that NumPy does not have."""

from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec, bits_of
from netweight.ops import REGISTRY, Cost
from netweight.ops.arrays.dtypes import held_type, wrapped
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.quantize.blocks import BlockAttrs, QuantizeBlocksAttrs

_CONV = ConvAttrs(stride=(1, 1), padding=((1, 1), (1, 1)), dilation=(1, 1))
_X, _WEIGHT = TensorSpec((1, 3, 8, 8), "uint8"), TensorSpec((4, 3, 3, 3), "int8")
_ZERO = TensorSpec((), "uint8")
_SUMS, _ONE = TensorSpec((2,), "int32"), TensorSpec(())


def test_a_product_of_differences() -> None:
    a, b = np.array([[255, 3]], np.uint8), np.array([[-128], [1]], np.int8)
    y = REGISTRY["integer_matmul"].forward(None, a, b, np.array(5, np.uint8), np.array([2], np.int8))
    assert y.dtype == np.int32
    np.testing.assert_array_equal(y, [[(255 - 5) * (-128 - 2) + (3 - 5) * (1 - 2)]])


def test_padding_stands_for_zero() -> None:
    """One pixel of 10, zero point 4: nine taps of 1 see 6 once and padding otherwise."""
    x, weight = np.full((1, 1, 1, 1), 10, np.uint8), np.ones((1, 1, 3, 3), np.int8)
    y = REGISTRY["integer_conv"].forward(_CONV, x, weight, np.array(4, np.uint8), None)
    np.testing.assert_array_equal(y, [[[[6]]]])


def test_costs() -> None:
    macs = 4 * 3 * 3 * 3 * 8 * 8
    cost = REGISTRY["integer_conv"].cost
    assert cost(_CONV, _X, _WEIGHT, None, None) == Cost(macs=macs)
    assert cost(_CONV, _X, _WEIGHT, _ZERO, None) == Cost(macs=macs, adds=3 * 8 * 8)
    zeros = TensorSpec((4,), "int8")
    assert cost(_CONV, _X, _WEIGHT, _ZERO, zeros) == Cost(macs=macs, adds=3 * 8 * 8 + 4 * 3 * 3 * 3)
    matmul = REGISTRY["integer_matmul"].cost
    a, b = TensorSpec((2, 3, 4), "int8"), TensorSpec((4, 5), "int8")
    assert matmul(None, a, b, None, None) == Cost(macs=2 * 3 * 4 * 5)
    scale = TensorSpec(())
    each = {"muls": 24, "compares": 3 * 24}
    assert REGISTRY["requantize"].cost(RequantizeAttrs(), a, scale, None) == Cost(**each)
    assert REGISTRY["requantize"].cost(RequantizeAttrs(), a, scale, TensorSpec((), "int8")) == Cost(**each, adds=24)
    assert REGISTRY["requantize"].cost(RequantizeAttrs(x_zero=1), a, scale, None) == Cost(**each, adds=24)


def test_requantize_rounds_halves_to_even_and_stays_in_bounds() -> None:
    x = np.array([1, 3, 5, 900, -900], np.int32)
    y = REGISTRY["requantize"].forward(RequantizeAttrs(dtype="int8"), x, np.array(0.5), np.array(1, np.int8))
    np.testing.assert_array_equal(y, [0 + 1, 2 + 1, 2 + 1, 127, -128])


def _in_fixed_point(x: int, scale: float, bits: int = 0) -> int:
    """As the kernels are written: products cut towards zero after half is added, remainders compared."""
    if not scale:
        return 0
    shift, fraction = 0, scale
    while fraction >= 1:
        fraction, shift = fraction / 2, shift + 1
    while fraction < 0.5:
        fraction, shift = fraction * 2, shift - 1
    multiplier = int(fraction * 2**31 + 0.5)
    product = (x << bits) * 2 ** max(shift, 0) * multiplier
    product += 2**30 if product >= 0 else 1 - 2**30
    upper = abs(product) // 2**31 * (1 if product >= 0 else -1)
    right = max(-shift, 0)
    remainder, threshold = upper & (2**right - 1), (2**right - 1) // 2 + (upper < 0)
    return (upper >> right) + (remainder > threshold)


@pytest.mark.parametrize(("bits", "scales"), [(0, (1e-4, 0.0173, 0.25, 0.5, 1.0, 3.7)), (20, (0.5, 0.31, 0.0021))])
def test_requantize_in_fixed_point_is_that_of_the_kernels(bits: int, scales: tuple[float, ...]) -> None:
    most = 2 ** (31 - bits) // 8
    x = np.random.default_rng(0).integers(-most, most, 400).astype(np.int32)
    attrs = RequantizeAttrs(dtype="int32", rounding="fixed_point", fraction_bits=bits, x_zero=7)
    for scale in scales:
        y = REGISTRY["requantize"].forward(attrs, x, np.array(scale), None)
        assert y.tolist() == [_in_fixed_point(int(each) - 7, scale, bits) for each in x]


def test_requantize_in_fixed_point_rounds_twice() -> None:
    """Of 0.5 halves go up; 0.25 is half of that, whose halves go away from zero: 1 * 0.25 becomes 1."""
    x = np.array([3, 2, 1, -1, -2, -3], np.int32)
    attrs = RequantizeAttrs(rounding="fixed_point", dim=0)
    forward = REGISTRY["requantize"].forward
    np.testing.assert_array_equal(forward(attrs, x, np.full(6, 0.5), None), [2, 1, 1, 0, -1, -1])
    np.testing.assert_array_equal(forward(attrs, x, np.full(6, 0.25), None), [1, 1, 1, 0, -1, -1])
    np.testing.assert_array_equal(forward(attrs, x, np.full(6, 2.0**-40), None), [0] * 6)
    almost = np.full(6, 1 - 2.0**-40)  # a multiplier of 2^31 does not fit: it is 2^30 twice
    np.testing.assert_array_equal(forward(attrs, x, almost, None), x)


def test_requantize_of_a_mean_rounds_halves_away_from_zero() -> None:
    """49 * (1 / 49) is less than 1 in double precision: the quotient is one of whole numbers."""
    x = np.array([5, -5, 7, 6], np.int32)
    forward, attrs = REGISTRY["requantize"].forward, RequantizeAttrs(rounding="away")
    np.testing.assert_array_equal(forward(attrs, x, np.array(1 / 2), np.array(1, np.int8)), [3 + 1, -3 + 1, 4 + 1, 4])
    np.testing.assert_array_equal(forward(attrs, x, np.array(1 / 3), None), [2, -2, 2, 2])
    np.testing.assert_array_equal(forward(attrs, np.array([73, 74, -74]), np.array(1 / 49), None), [1, 2, -2])


def test_blocks_by_hand() -> None:
    """Five numbers, blocks of two, the last one of one: scales 1, 2 and 4."""
    x, scale = np.array([[1.0, 2.0, 6.0, 8.0, 12.0]]), np.array([[1.0, 2.0, 4.0]])
    zero = np.array([[0, 1, 2]], np.int8)
    attrs = QuantizeBlocksAttrs(dim=1, block_size=2, dtype="int4")
    q = REGISTRY["quantize_blocks"].forward(attrs, x, scale, zero)
    np.testing.assert_array_equal(q, [[1, 2, 3 + 1, 4 + 1, 3 + 2]])
    assert REGISTRY["quantize_blocks"].shape(attrs, TensorSpec((1, 5)), TensorSpec((1, 3)), None).dtype == "int4"
    back = REGISTRY["dequantize_blocks"].forward(BlockAttrs(dim=1, block_size=2), q, scale, zero)
    np.testing.assert_array_equal(back, x)


def test_blocks_stay_in_the_bounds_of_the_type() -> None:
    x, scale = np.array([-99.0, 99.0, 2.5, 3.5]), np.array([1.0])
    for dtype, low, high in (("int4", -8, 7), ("uint4", 0, 15), ("int8", -99, 99)):
        attrs = QuantizeBlocksAttrs(dim=0, block_size=4, dtype=dtype)
        np.testing.assert_array_equal(REGISTRY["quantize_blocks"].forward(attrs, x, scale, None), [low, high, 2, 4])


_SCALE = TensorSpec((4, 2))


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("integer_matmul", None, (TensorSpec((2, 3)), _X, None, None), "expected a of an integer type, got float32"),
        ("integer_matmul", None, (_X, _X, _ZERO, TensorSpec((), "bool")), "b_zero of an integer type, got bool"),
        (
            "integer_matmul", None,
            (TensorSpec((2, 3), "int8"), TensorSpec((3, 4), "int8"), TensorSpec((5, 2, 1), "int8"),
            None), r"a_zero that broadcasts to a \(2, 3\), got \(5, 2, 1\)",
        ),
        ("integer_conv", _CONV, (_X, TensorSpec((4, 3, 3, 3)), None, None), "weight of an integer type, got float32"),
        ("integer_conv", _CONV, (_X, _WEIGHT, TensorSpec((3,), "uint8"), None), r"x_zero of shape \(\), got \(3,\)"),
        (
            "integer_conv", _CONV, (_X, _WEIGHT, None, TensorSpec((3,), "int8")),
            r"weight_zero of shape \(\) or \(4,\), got \(3,\)",
        ),
        ("requantize", RequantizeAttrs(), (TensorSpec((2,)), _ONE, None), "x of an integer type, got float32"),
        ("requantize", RequantizeAttrs(rounding="up"), (_SUMS, _ONE, None), "rounding 'even', .* got 'up'"),
        ("requantize", RequantizeAttrs(fraction_bits=1), (_SUMS, _ONE, None), "of fixed point alone, got 'even'"),
        (
            "requantize", RequantizeAttrs(rounding="fixed_point", fraction_bits=25), (_SUMS, _ONE, None),
            "expected 0 <= fraction_bits <= 24, got 25",
        ),
        (
            "quantize_blocks", QuantizeBlocksAttrs(dim=0, block_size=2, dtype="float16"), (_SCALE, _SCALE, None),
            "quantize_blocks: expected an integer type, got float16",
        ),
        (
            "quantize_blocks", QuantizeBlocksAttrs(dim=1, block_size=4), (TensorSpec((4, 9)), _SCALE, None),
            r"scale and zero_point of shape \(4, 3\), got \(4, 2\)",
        ),
        (
            "dequantize_blocks", BlockAttrs(dim=1, block_size=0), (TensorSpec((4, 9), "int8"), _SCALE, None),
            "a block_size and sizes of at least 1, got 0",
        ),
        (
            "dequantize_blocks", BlockAttrs(dim=1, block_size=8),
            (TensorSpec((4, 9), "int8"), _SCALE, TensorSpec((4, 1), "int8")), r"got \(4, 2\) and \(4, 1\)",
        ),
        (
            "dequantize_blocks", BlockAttrs(dim=1, block_size=8), (TensorSpec((4, 9)), _SCALE, None),
            "dequantize_blocks: expected x of an integer type, got float32",
        ),
        ("bitcast", CastAttrs(dtype="int16"), (TensorSpec((2,)),), "a type of 32 bits as float32, got int16"),
    ],
)  # fmt: skip
def test_errors(name: str, attrs: Any, inputs: tuple[TensorSpec, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)


def test_bits_of_one() -> None:
    y = REGISTRY["bitcast"].forward(CastAttrs(dtype="uint32"), np.array([1.0], np.float32))
    np.testing.assert_array_equal(y, [127 << 23])  # exponent 0, biased by 127, before 23 bits of the fraction


def test_four_bits_are_held_in_eight() -> None:
    cast = REGISTRY["cast"]
    x = np.array([7, 8, 15, 16, -1])
    np.testing.assert_array_equal(cast.forward(CastAttrs(dtype="int4"), x), [7, -8, -1, 0, -1])
    np.testing.assert_array_equal(cast.forward(CastAttrs(dtype="uint4"), x), [7, 8, 15, 0, 15])
    assert cast.forward(CastAttrs(dtype="uint4"), x).dtype == held_type("uint4") == np.uint8
    assert wrapped(x, "int64") is x


def test_types_of_eight_and_four_bits() -> None:
    assert [bits_of(f"float8_{name}") for name in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")] == [8] * 5
    assert TensorSpec((3,), "float4_e2m1fn").nbytes == 2


def test_a_type_that_nobody_has() -> None:
    with pytest.raises(UsageError, match="expected ml_dtypes to be installed for float8_e9m9"):
        held_type("float8_e9m9")
