"""Casts to eight bits by hand, and by the casts of PyTorch and ml_dtypes."""

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import FREE, REGISTRY
from netweight.ops.pointwise.float8 import CastFloat8Attrs

OP = REGISTRY["cast_float8"]
_X = TensorSpec((2, 3))
_LARGEST = {"float8_e4m3fn": 448, "float8_e4m3fnuz": 240, "float8_e5m2": 57344, "float8_e5m2fnuz": 57344}


def cast(x: list[float], dtype: str, **settings: object) -> np.ndarray:
    attrs = CastFloat8Attrs(dtype=dtype, **settings)  # type: ignore[arg-type]
    return OP.forward(attrs, np.array(x, np.float32)).astype(np.float32)


@pytest.mark.parametrize(("dtype", "largest"), _LARGEST.items())
def test_what_is_too_large_becomes_the_largest(dtype: str, largest: float) -> None:
    x = [1e6, -1e6, np.inf, np.nan, 0.5, 17.0]
    np.testing.assert_array_equal(cast(x, dtype), [largest, -largest, largest, np.nan, 0.5, 16])


def test_or_it_becomes_infinity_or_no_number() -> None:
    np.testing.assert_array_equal(cast([1e6, 1.0], "float8_e5m2", saturate=False), [np.inf, 1])
    np.testing.assert_array_equal(cast([1e6, 1.0], "float8_e4m3fn", saturate=False), [np.nan, 1])


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [("nearest", [1, 2, 1, 4, 2]), ("up", [1, 2, 2, 4, 2]), ("down", [1, 1, 1, 2, 2])],
)
def test_powers_of_two(rounding: str, expected: list[float]) -> None:
    """1, 1.5, 1.25, 3 and -2, whose sign is lost: a half rounds up, as the reference of ONNX does it."""
    np.testing.assert_array_equal(cast([1, 1.5, 1.25, 3, -2], "float8_e8m0fnu", rounding=rounding), expected)


def test_the_largest_power_of_two() -> None:
    huge = 2.0**127 * 1.75
    saturated = cast([huge, np.inf, np.nan, 0.0], "float8_e8m0fnu", rounding="up")
    np.testing.assert_array_equal(saturated, np.array([2.0**127, np.nan, np.nan, 2.0**-127], np.float32))
    np.testing.assert_array_equal(cast([huge], "float8_e8m0fnu", rounding="up", saturate=False), [np.nan])


def test_torch_agrees() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * 20
    for dtype in _LARGEST:
        theirs = torch.from_numpy(x).to(getattr(torch, dtype)).to(torch.float32).numpy()
        np.testing.assert_array_equal(cast(list(x), dtype), theirs)


def test_nothing_is_computed() -> None:
    attrs = CastFloat8Attrs(dtype="float8_e5m2")
    assert OP.shape(attrs, _X) == TensorSpec((2, 3), "float8_e5m2")
    assert OP.cost(attrs, _X) is FREE
    assert not OP.differentiable


def test_errors() -> None:
    with pytest.raises(ShapeError, match=r"cast_float8: expected dtype float8_e4m3fn, .*, got float16"):
        OP.shape(CastFloat8Attrs(dtype="float16"), _X)
    with pytest.raises(ShapeError, match="cast_float8: expected rounding 'nearest' of float8_e5m2, got 'up'"):
        OP.shape(CastFloat8Attrs(dtype="float8_e5m2", rounding="up"), _X)
