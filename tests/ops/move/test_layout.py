from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Permutes, Slides
from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs
from netweight.ops.move.places import GatherAttrs
from netweight.ops.move.rearrange import FlipAttrs, PadAttrs, RepeatAttrs, RollAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs

_MAPS = TensorSpec((1, 3, 8, 8))
_VIEWS = ("reshape", "permute", "expand", "slice", "split")
_COPIES = ("concat", "pad", "roll", "flip", "repeat", "gather", "index_select", "cast")


def test_what_shares_storage_and_what_does_not() -> None:
    assert all(REGISTRY[name].view for name in _VIEWS)
    assert not any(REGISTRY[name].view for name in _COPIES)


@pytest.mark.parametrize("name", _VIEWS + _COPIES)
def test_moving_is_no_work(name: str) -> None:
    assert REGISTRY[name].cost(None, _MAPS) == Cost()


def test_views_are_views_of_the_array_too() -> None:
    x = np.arange(6.0).reshape(2, 3)
    views = [
        REGISTRY["permute"].forward(PermuteAttrs(order=(1, 0)), x),
        REGISTRY["expand"].forward(ExpandAttrs(shape=(4, 2, 3)), x),
        REGISTRY["slice"].forward(SliceAttrs(dim=1, start=0, stop=3, step=2), x),
        *REGISTRY["split"].forward(SplitAttrs(sizes=(1, 2), dim=1), x),
    ]
    assert all(np.shares_memory(view, x) for view in views)


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("pad", PadAttrs(padding=((0, 0), (0, 0)))),
        ("roll", RollAttrs(shifts=(0,), dims=(0,))),
        ("flip", FlipAttrs(dims=(1,))),
        ("repeat", RepeatAttrs(repeats=(1, 1))),
        ("concat", ConcatAttrs(dim=0)),
    ],
)
def test_copies_share_nothing(name: str, attrs: Any) -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert not np.shares_memory(REGISTRY[name].forward(attrs, x), x)


def test_concatenation_takes_the_type_of_the_floating_one() -> None:
    specs = TensorSpec((2, 1), "int64"), TensorSpec((2, 3), "float32")
    assert REGISTRY["concat"].shape(ConcatAttrs(dim=1), *specs) == TensorSpec((2, 4), "float32")
    y = REGISTRY["concat"].forward(ConcatAttrs(dim=0), np.ones(1, "int64"), np.ones(2, "float32"))
    assert y.dtype == np.float32


def test_permutation_and_its_way_back() -> None:
    attrs = PermuteAttrs(order=(2, 0, 1))
    assert REGISTRY["permute"].shape(attrs, TensorSpec((5, 6, 7))) == TensorSpec((7, 5, 6))
    assert REGISTRY["permute"].extent(attrs, TensorSpec((5, 6, 7))) == Permutes((2, 0, 1))
    assert REGISTRY["permute"].backward(attrs, np.ones((7, 5, 6)), np.ones((5, 6, 7)))[0].shape == (5, 6, 7)


def test_every_other_row_from_the_third_on() -> None:
    """Rows 2 4 6 of 8: a window of one element, stride 2, that starts 2 inside."""
    attrs = SliceAttrs(dim=2, start=2, stop=8, step=2)
    assert REGISTRY["slice"].shape(attrs, _MAPS) == TensorSpec((1, 3, 3, 8))
    assert REGISTRY["slice"].extent(attrs, _MAPS) == Slides((1, 1), (2, 1), (1, 1))


def test_padding_moves_the_start() -> None:
    attrs = PadAttrs(padding=((0, 0), (0, 0), (1, 2), (3, 0)), value=9.0)
    assert REGISTRY["pad"].shape(attrs, _MAPS) == TensorSpec((1, 3, 11, 11))
    ones = (1, 1, 1, 1)
    assert REGISTRY["pad"].extent(attrs, _MAPS) == Slides(ones, ones, ones)


def test_padding_by_hand() -> None:
    forward, x = REGISTRY["pad"].forward, np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(forward(PadAttrs(padding=((1, 2),), value=9.0), x), [9, 1, 2, 3, 9, 9])
    np.testing.assert_array_equal(forward(PadAttrs(padding=((-1, 1),)), x), [2, 3, 0])
    np.testing.assert_array_equal(forward(PadAttrs(padding=((2, 1),), mode="reflect"), x), [3, 2, 1, 2, 3, 2])
    np.testing.assert_array_equal(forward(PadAttrs(padding=((2, 1),), mode="circular"), x), [2, 3, 1, 2, 3, 1])
    grad = REGISTRY["pad"].backward(PadAttrs(padding=((2, 1),), mode="reflect"), np.arange(6.0), x)[0]
    np.testing.assert_array_equal(grad, [2, 1 + 3 + 5, 0 + 4])  # positions 2 | 1 3 5 | 0 4 show elements 0 | 1 | 2


def test_a_repeated_element_collects_its_gradients() -> None:
    attrs = RepeatAttrs(repeats=(2, 2))
    np.testing.assert_array_equal(REGISTRY["repeat"].forward(attrs, np.array([1.0, 2.0])), [[1, 2, 1, 2]] * 2)
    np.testing.assert_array_equal(REGISTRY["repeat"].backward(attrs, np.ones((2, 4)), np.ones(2))[0], [4, 4])


def test_gather_by_hand() -> None:
    x, index = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[2, 2], [0, 1]])
    attrs = GatherAttrs(dim=1)
    np.testing.assert_array_equal(REGISTRY["gather"].forward(attrs, x, index), [[3, 3], [4, 5]])
    grad, none = REGISTRY["gather"].backward(attrs, np.ones((2, 2)), x, index)
    np.testing.assert_array_equal(grad, [[0, 0, 2], [1, 1, 0]])
    assert none is None
    picked = REGISTRY["index_select"].forward(attrs, x, np.array([1, 1, 0]))
    np.testing.assert_array_equal(picked, [[2, 2, 1], [5, 5, 4]])


_INDEX = TensorSpec((2,), "int64")


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("reshape", ReshapeAttrs(shape=(5, -1)), (_MAPS,), "reshape: expected a shape of 192 elements"),
        ("reshape", ReshapeAttrs(shape=(-1, -1)), (_MAPS,), "reshape: expected a shape of 192 elements"),
        ("permute", PermuteAttrs(order=(0, 0, 1, 2)), (_MAPS,), "permute: expected an order of the dims 0 to 3"),
        ("permute", PermuteAttrs(order=(0, 1)), (_MAPS,), r"permute: .* got \(0, 1\) for shape \(1, 3, 8, 8\)"),
        ("expand", ExpandAttrs(shape=(2, 4, 8, 8)), (_MAPS,), "expand: expected a shape that stretches sizes of 1"),
        ("expand", ExpandAttrs(shape=(8, 8)), (_MAPS,), r"expand: .* got \(8, 8\) for \(1, 3, 8, 8\)"),
        ("expand", ExpandAttrs(shape=(-1, 3, 8, 8)), (_MAPS,), r"expand: .* got \(-1, 3, 8, 8\)"),
        ("slice", SliceAttrs(dim=1, start=0, stop=4), (_MAPS,), "slice: expected 0 <= start <= stop <= 3 .* got 0:4:1"),
        ("slice", SliceAttrs(dim=1, start=2, stop=1), (_MAPS,), "slice: .* got 2:1:1"),
        ("slice", SliceAttrs(dim=1, start=0, stop=2, step=0), (_MAPS,), "step of at least 1, got 0:2:0"),
        ("slice", SliceAttrs(dim=4, start=0, stop=1), (_MAPS,), "slice: expected different dims from 0 to 3, got 4"),
        ("split", SplitAttrs(sizes=(1, 1), dim=1), (_MAPS,), r"split: expected positive sizes with the sum 3, got \(1"),
        ("split", SplitAttrs(sizes=(), dim=1), (_MAPS,), r"split: .* got \(\)"),
        ("split", SplitAttrs(sizes=(1,), dim=-1), (_MAPS,), "split: expected different dims from 0 to 3, got -1"),
        ("concat", ConcatAttrs(dim=0), (), "concat: expected at least one tensor, got none"),
        ("concat", ConcatAttrs(dim=1), (_MAPS, TensorSpec((1, 3, 8, 9))), "differ along dim 1 only, got "),
        ("concat", ConcatAttrs(dim=1), (_MAPS, TensorSpec((1, 3))), "differ along dim 1 only"),
        (
            "pad",
            PadAttrs(padding=((0, 0),)),
            (_MAPS,),
            r"pad: expected one \(before, after\) per dim of",
        ),
        ("pad", PadAttrs(padding=((2, 0),), mode="reflect"), (_INDEX,), "pad: expected reflect padding of at most 1"),
        ("pad", PadAttrs(padding=((-1, 2),), mode="circular"), (_INDEX,), "at least 0 in mode circular"),
        (
            "pad",
            PadAttrs(padding=((-2, -1),)),
            (_INDEX,),
            r"pad: expected padding that crops no more than there is of \(2,\)",
        ),
        (
            "roll",
            RollAttrs(shifts=(1,), dims=(0, 1)),
            (_MAPS,),
            r"one shift per dim, got shifts \(1,\) and",
        ),
        ("roll", RollAttrs(shifts=(1,), dims=(4,)), (_MAPS,), "roll: expected different dims"),
        ("flip", FlipAttrs(dims=(1, 1)), (_MAPS,), r"flip: expected different dims from 0 to 3, got \(1, 1\)"),
        (
            "repeat",
            RepeatAttrs(repeats=(2, 2)),
            (_MAPS,),
            r"at least 1 repeat for each dim of .* got \(2, 2\)",
        ),
        ("repeat", RepeatAttrs(repeats=(0,)), (_INDEX,), r"repeat: .* got \(0,\)"),
        ("gather", GatherAttrs(dim=0), (_MAPS, _INDEX), "gather: expected index no larger than x but along dim 0"),
        ("gather", GatherAttrs(dim=0), (TensorSpec((3, 1)), TensorSpec((9, 2), "int8")), r"got \(9, 2\) and \(3, 1\)"),
        ("gather", GatherAttrs(dim=0), (_MAPS, _MAPS), "gather: expected positions of an integer type, got float32"),
        ("gather", GatherAttrs(dim=4), (_MAPS, _INDEX), "gather: expected different dims from 0 to 3, got 4"),
        ("index_select", GatherAttrs(dim=0), (_MAPS, TensorSpec((2, 2), "int64")), r"one dimension, got \(2, 2\)"),
        ("index_select", GatherAttrs(dim=0), (_MAPS, TensorSpec((2,), "bool")), "of an integer type, got bool"),
        ("index_select", GatherAttrs(dim=4), (_MAPS, _INDEX), "index_select: expected different dims"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[TensorSpec, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
