"""Cut, padded, repeated, dealt out: as ONNX Runtime has it, and as few operators of the table as can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")

from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours, row_of  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4, 5)).astype(np.float32)
ENDS = st.integers(-7, 7)


def ints(*numbers):
    return np.array(numbers, np.int64)


@given(axis=st.integers(-3, 2), start=ENDS, end=ENDS | st.just(2**31 - 1), step=st.sampled_from([1, 2, 3, -1, -2]))
def test_slice(axis, start, end, step):
    if step < 0 and end > 7:
        end = -(2**31)
    check_agrees("Slice", X, ints(start), ints(end), ints(axis), ints(step))


def test_slice_along_several_axes_is_a_view_along_each():
    read = check_agrees("Slice", X, ints(1, 0), ints(3, 4), ints(0, 2))
    assert operators(read) == ["slice", "slice"]


def test_a_slice_of_everything_is_nothing():
    assert operators(check_agrees("Slice", X, ints(0, 0), ints(3, 2**62))) == []


def test_a_series_that_falls_is_one_that_rises_in_what_is_turned_round():
    """Positions 4, 2, 0 of five are 0, 2, 4 of them turned round."""
    read = check_agrees("Slice", X, ints(-1), ints(-(2**62)), ints(2), ints(-2))
    assert operators(read) == ["flip", "slice"]
    attrs = read.graph.nodes[1].attrs
    assert (attrs.start, attrs.stop, attrs.step) == (0, 5, 2)


def test_a_falling_series_that_begins_before_the_front_begins_there():
    """The definition moves the start into the dimension, where a slice of Python would be empty."""
    assert check_agrees("Slice", X, ints(-9), ints(-(2**31)), ints(1), ints(-1)).outputs["y0"].shape == (3, 1, 5)


def test_slices_of_old_have_attributes():
    read = read_graph(one_node("Slice", X, starts=[1], ends=[9], axes=[1], opset=9))
    assert read.outputs["y0"].shape == (3, 3, 5)


def test_axes_must_be_known_and_inside():
    read = read_graph(one_node("Slice", X, ints(0), ints(1), fixed=(1,)))
    assert read.left_out == ("Slice 'y0': the shape follows from the numbers of 'x2', which only a run has",)
    with pytest.raises(Exception, match="axis: expected one from -3 to 2, got 3"):
        read_graph(one_node("Slice", X, ints(0), ints(1), ints(3)))


@given(axis=st.integers(-3, 2), data=st.data())
def test_split_by_sizes(axis, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, X.shape[axis]), max_size=3)))
    sizes = np.diff([0, *cuts, X.shape[axis]])
    check_agrees("Split", X, sizes, axis=axis, outputs=len(sizes))


def test_split_into_parts_that_are_nearly_equal():
    read = check_agrees("Split", X, axis=2, num_outputs=3, outputs=3, opset=18)
    assert operators(read) == ["split"]
    assert read.graph.nodes[0].attrs.sizes == (2, 2, 1)


def test_split_of_old_has_sizes_as_an_attribute():
    read = read_graph(one_node("Split", X, axis=1, split=[1, 3], outputs=2, opset=11))
    assert [value.shape for value in read.outputs.values()] == [(3, 1, 5), (3, 3, 5)]


def test_sizes_that_are_not_all_of_it_are_refused():
    with pytest.raises(FormatError, match=r"Split: expected sizes with the sum 4, got \(1, 2\)"):
        read_graph(one_node("Split", X, ints(1, 2), axis=1, outputs=2))
    with pytest.raises(FormatError, match="Split: expected 3 outputs, got 2"):
        read_graph(one_node("Split", X, axis=1, num_outputs=3, outputs=2))


MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@given(
    mode=st.sampled_from(list(MODES)),
    amounts=st.lists(st.integers(-1, 2), min_size=4, max_size=4),
    valued=st.booleans(),
)
def test_pad(mode, amounts, valued):
    if mode == "reflect":  # what is cut first is too short to be seen in the mirror
        amounts = [max(amount, 0) for amount in amounts]
    value = np.array(1.5, np.float32) if valued else None
    read = check_agrees("Pad", X, ints(*amounts), value, ints(-1, 0), mode=mode, opset=19)
    pads = [node for node in read.graph.nodes if node.op == "pad"]
    assert all(node.attrs.mode == MODES[mode] for node in pads)
    assert len(pads) <= 1


def test_pads_of_old_are_attributes():
    model = one_node("Pad", X[0], pads=[1, 0, 0, 2], value=3.0, opset=10)
    y = ours(model, (X[0],))[0]
    assert y.shape == (5, 7)
    assert y[0, 0] == 3


def test_pad_makes_something_of_nothing():
    """No steps yet, and a mask for two of them."""
    x = np.zeros((2, 0), np.float32)
    y = ours(one_node("Pad", x, ints(0, 0, 0, 2), np.array(1, np.float32)), (x,))[0]
    np.testing.assert_array_equal(y, np.ones((2, 2)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "mirror"}, "Pad: expected mode constant, reflect, edge, wrap, got 'mirror'"),
        ({}, "Pad: expected 6 amounts for 3 axes, got 2"),
    ],
)
def test_pads_that_say_nothing_are_refused(settings, message):
    with pytest.raises(FormatError, match=message):
        read_graph(one_node("Pad", X, ints(1, 1), **settings))


@given(sizes=st.lists(st.integers(1, 8), min_size=2, max_size=2))
def test_center_crop_pad(sizes):
    check_agrees("CenterCropPad", X, ints(*sizes), axes=[-1, 0], opset=18)


@given(data=st.data())
def test_expand_both_ways(data):
    x = X[:, :1]
    shape = [data.draw(st.sampled_from([1, size])) for size in X.shape]
    check_agrees("Expand", x, ints(*shape[data.draw(st.integers(0, 2)) :]))


def test_expand_to_nothing():
    assert check_agrees("Expand", X[:1], ints(0, 1, 1)).outputs["y0"].shape == (0, 4, 5)


@given(repeats=st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_tile(repeats):
    read = check_agrees("Tile", X, ints(*repeats))
    assert (operators(read) == []) == (repeats == [1, 1, 1])


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space_is_one_operator(mode):
    x = RNG.standard_normal((1, 8, 2, 3)).astype(np.float32)
    assert operators(check_agrees("DepthToSpace", x, blocksize=2, mode=mode)) == ["pixel_shuffle"]


def test_space_to_depth_is_one_operator():
    x = RNG.standard_normal((1, 3, 4, 6)).astype(np.float32)
    assert operators(check_agrees("SpaceToDepth", x, blocksize=2)) == ["pixel_unshuffle"]


def test_col2im_adds_every_element_of_every_window():
    """Windows of 2 x 3 in a picture of 4 x 5 are 3 x 3: 6 * 9 additions per sample and channel."""
    x = RNG.standard_normal((1, 12, 9)).astype(np.float32)
    read = check_agrees("Col2Im", x, ints(4, 5), ints(2, 3), opset=18)
    assert operators(read) == ["reshape", "fold"]
    assert row_of(read, "fold").adds == 2 * 6 * 9


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, -1, 2])
def test_trilu(upper, k):
    read = check_agrees("Trilu", X, None if k is None else np.array(k), upper=upper)
    assert operators(read) == ["triu" if upper else "tril"]
