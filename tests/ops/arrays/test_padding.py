"""Amounts of padding by hand, and which element every padded position copies."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import DrawFn

from netweight.errors import ShapeError
from netweight.ops.arrays.padding import check_padding, pad_array, resolve_padding, source_index, unpad_gradient
from netweight.ops.arrays.windows import out_sizes, windows

sizes = st.integers(1, 50)
small = st.integers(1, 7)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "same"),
    [
        (5, 3, 1, 1, (1, 1)),  # 5 outputs: (5 - 1) * 1 + 3 - 5 = 2
        (5, 3, 2, 1, (1, 1)),  # 3 outputs: (3 - 1) * 2 + 3 - 5 = 2
        (6, 3, 2, 1, (0, 1)),  # 3 outputs: (3 - 1) * 2 + 3 - 6 = 1, after
        (224, 7, 2, 1, (2, 3)),  # 112 outputs: 111 * 2 + 7 - 224 = 5
        (7, 2, 1, 1, (0, 1)),  # an even kernel
        (7, 3, 1, 4, (4, 4)),  # span 9: 6 + 9 - 7 = 8
        (5, 1, 3, 1, (0, 0)),  # 2 outputs reach to 4 of 5 elements: nothing to add
    ],
)
def test_same_by_hand(size: int, kernel: int, stride: int, dilation: int, same: tuple[int, int]) -> None:
    window = ((size,), (kernel,), (stride,), (dilation,))
    assert resolve_padding("same", *window) == resolve_padding("same_upper", *window) == (same,)
    assert resolve_padding("same_lower", *window) == (same[::-1],)


@given(size=sizes, kernel=small, stride=small, dilation=small, amount=st.sampled_from(["same_upper", "same_lower"]))
def test_same_makes_the_output_the_input_over_the_stride(
    size: int, kernel: int, stride: int, dilation: int, amount: str
) -> None:
    window = ((size,), (kernel,), (stride,), (dilation,))
    ((before, after),) = resolve_padding(amount, *window)
    assert abs(before - after) <= 1
    assert (before <= after) if amount == "same_upper" else (before >= after)
    out = out_sizes("conv", (size,), (kernel,), (stride,), ((before, after),), (dilation,))
    assert out == (-(-size // stride),)


@given(size=sizes, kernel=small, dilation=small)
def test_full_meets_every_overlap_once(size: int, kernel: int, dilation: int) -> None:
    span = dilation * (kernel - 1) + 1
    pads = resolve_padding("full", (size,), (kernel,), (1,), (dilation,))
    assert pads == ((span - 1, span - 1),)
    assert out_sizes("conv", (size,), (kernel,), (1,), pads, (dilation,)) == (size + span - 1,)


@pytest.mark.parametrize(
    ("amount", "pads"),
    [
        (2, ((2, 2), (2, 2))),
        ((2, 1), ((2, 2), (1, 1))),
        (((0, 1), 3), ((0, 1), (3, 3))),
        ("valid", ((0, 0), (0, 0))),
        ("full", ((2, 2), (4, 4))),
    ],
)
def test_amounts_become_pairs(amount: Any, pads: Any) -> None:
    assert resolve_padding(amount, (8, 8), (3, 5), (1, 1), (1, 1)) == pads


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("half", r"expected a number, a tuple, 'valid', 'same', 'same_upper', 'same_lower' or 'full', got 'half'"),
        ((1, 1, 1), r"expected one entry per spatial dimension \(2\), got \(1, 1, 1\)"),
        (((1, 1), (1, 2, 3)), r"a number or a \(before, after\) pair per spatial dimension, got \(\(1, 1\), \(1, 2, 3"),
    ],
)
def test_other_amounts_are_refused(amount: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        resolve_padding(amount, (8, 8), (3, 3), (1, 1), (1, 1))


@pytest.mark.parametrize(
    ("mode", "pad", "message"),
    [
        ("reflect", (4, 0), r"conv: expected reflect padding of at most 3, got \(4, 0\) for input size 4"),
        ("circular", (0, 5), r"conv: expected circular padding of at most 4, got \(0, 5\) for input size 4"),
    ],
)
def test_a_mode_refuses_what_it_cannot_fill(mode: Any, pad: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check_padding("conv", (4,), (pad,), mode)


def test_the_other_modes_fill_any_amount() -> None:
    check_padding("conv", (4,), ((9, 9),), "zeros")
    check_padding("conv", (4,), ((9, 9),), "replicate")
    check_padding("conv", (4,), ((3, 3),), "reflect")
    check_padding("conv", (4,), ((4, 4),), "circular")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", [-1, -1, 0, 1, 2, -1]),
        ("replicate", [0, 0, 0, 1, 2, 2]),
        ("reflect", [2, 1, 0, 1, 2, 1]),
        ("circular", [1, 2, 0, 1, 2, 0]),
    ],
)
def test_source_of_every_padded_position(mode: Any, expected: list[int]) -> None:
    assert source_index(3, (2, 1), mode).tolist() == expected


def test_a_single_element_reflects_to_itself() -> None:
    assert source_index(1, (0, 0), "reflect").tolist() == [0]


def test_negative_amounts_crop() -> None:
    x = np.arange(5.0)
    np.testing.assert_array_equal(pad_array(x, ((-1, -2),)), [1, 2])
    np.testing.assert_array_equal(unpad_gradient(np.array([7.0, 8.0]), (5,), ((-1, -2),)), [0, 7, 8, 0, 0])


@st.composite
def padded(draw: DrawFn) -> Any:
    mode = draw(st.sampled_from(["zeros", "replicate", "reflect", "circular"]))
    shape = tuple(draw(st.integers(2, 5)) for _ in range(draw(st.integers(1, 3))))
    pads = tuple((draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))) for size in shape)
    return mode, shape, pads


@given(case=padded())
def test_padding_is_numpys_and_its_gradient_the_transpose(case: Any) -> None:
    mode, shape, pads = case
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, *shape))
    y = pad_array(x, pads, mode)
    numpys = {"zeros": "constant", "replicate": "edge", "reflect": "reflect", "circular": "wrap"}[mode]
    np.testing.assert_array_equal(y, np.pad(x, ((0, 0), *pads), mode=numpys))  # type: ignore[call-overload]
    grad_y = rng.standard_normal(y.shape)
    np.testing.assert_allclose(np.vdot(grad_y, y), np.vdot(unpad_gradient(grad_y, shape, pads, mode), x), rtol=1e-9)


@pytest.mark.parametrize(
    ("ceil_mode", "size", "pad", "expected"),
    [
        (False, 6, (0, 0), 2),  # floor((6 - 3) / 2) + 1
        (True, 6, (0, 0), 3),  # ceil((6 - 3) / 2) + 1: the last window reads one element and two beyond
        (True, 5, (1, 1), 3),  # ceil(4 / 2) + 1, all within the padding
        (True, 4, (1, 1), 3),  # ceil(3 / 2) + 1: starts at 3
        (True, 1, (2, 2), 2),  # ceil(2 / 2) + 1: starts at 0
        (True, 1, (1, 2), 1),  # ceil(1 / 2) + 1 = 2, but the second starts at 1, in the padding: dropped
    ],
)
def test_output_sizes_of_windows_of_three_every_two(ceil_mode: bool, size: int, pad: Any, expected: int) -> None:
    assert out_sizes("pool", (size,), (3,), (2,), (pad,), (1,), ceil_mode=ceil_mode) == (expected,)


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "message"),
    [
        (9, 1, 1, r"conv: expected the dilated kernel to fit .* got kernel span \(9,\) for input size \(6,\) with pad"),
        (3, 0, 1, r"conv: expected kernel_size, stride and dilation of at least 1, got .* stride \(0,\)"),
        (3, 1, 0, r"at least 1, .* dilation \(0,\)"),
        (0, 1, 1, r"at least 1, got kernel_size \(0,\)"),
    ],
)
def test_windows_that_cannot_be_are_refused(kernel: int, stride: int, dilation: int, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        out_sizes("conv", (6,), (kernel,), (stride,), ((1, 1),), (dilation,))


def test_windows_are_views() -> None:
    x = np.arange(10.0)
    view = windows(x, (2,), (3,), (2,), (3,))
    np.testing.assert_array_equal(view, [[0, 2], [3, 5], [6, 8]])
    assert np.shares_memory(view, x)
