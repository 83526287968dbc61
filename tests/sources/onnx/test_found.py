"""Operators whose results are as large as the numbers say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")

from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours, runtime  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 8, 9)).astype(np.float32)


def ints(*numbers):
    return np.array(numbers, np.int64)


def check_found(note, shape, op_type, *inputs, **settings):
    """Without numbers the most that can be, and a note; with them as ONNX Runtime."""
    model = one_node(op_type, *inputs, **settings)
    read = read_graph(model)
    assert read.outputs["y0"].shape == shape
    assert read.notes == (note,)
    assert not read.exact
    for found, wanted in zip(ours(model, inputs), runtime(model, inputs), strict=True):
        np.testing.assert_array_equal(found, wanted)
    return read


def test_nonzero_has_at_most_all_elements():
    x = np.array([[0, 2, 0], [1, 0, 3]], np.float32)
    note = "NonZero: all elements are taken to be found; how many depends on data"
    read = check_found(note, (2, 6), "NonZero", x)
    assert operators(read) == ["nonzero", "permute"]


def test_nonzero_of_what_is_stored_is_known():
    read = check_agrees("NonZero", np.array([0, 2, 0, 1], np.float32), fixed=(0,))
    assert read.outputs["y0"].array().tolist() == [[1, 3]]


@pytest.mark.parametrize(("axis", "shape"), [(None, (3,)), (0, (2, 3)), (-1, (2, 3))])
def test_compress_keeps_at_most_as_many_as_there_are_conditions(axis, shape):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    condition = np.array([False, True, True])[: 2 if axis == 0 else 3]
    note = "Compress: all slices are taken to be kept; how many depends on data"
    settings = {} if axis is None else {"axis": axis}
    check_found(note, shape, "Compress", x, condition, fixed=(), **settings)
    check_agrees("Compress", x, condition, **settings)


@given(axis=st.sampled_from([None, 0, 1, 2, -1]), order=st.integers(0, 1), outputs=st.integers(1, 4))
def test_unique(axis, order, outputs):
    x = RNG.integers(0, 2, (3, 2, 2)).astype(np.float32)
    note = "Unique: all are taken to differ; how many depends on data"
    settings = {} if axis is None else {"axis": axis}
    shape = (12,) if axis is None else (3, 2, 2)
    read = check_found(note, shape, "Unique", x, sorted=order, outputs=outputs, **settings)
    assert len(read.graph.nodes[-1].outputs) == outputs


@given(axis=st.integers(-3, 2), largest=st.integers(0, 1), data=st.data())
def test_topk(axis, largest, data):
    x = np.ascontiguousarray(X[0])
    k = data.draw(st.integers(0, x.shape[axis]))
    check_agrees("TopK", x, ints(k), axis=axis, largest=largest, outputs=2, opset=11)


def test_topk_of_old_has_k_as_an_attribute():
    read = read_graph(one_node("TopK", X, k=2, axis=1, outputs=2, opset=9))
    assert [output.spec.shape for output in read.outputs.values()] == [(2, 2, 8, 9)] * 2


BOXES = RNG.random((1, 6, 4)).astype(np.float32)
SCORES = RNG.random((1, 2, 6)).astype(np.float32)


@pytest.mark.parametrize("center", [0, 1])
def test_non_max_suppression_keeps_at_most_what_it_may(center):
    """Three boxes of each of two classes."""
    check_found(
        "NonMaxSuppression: all boxes are taken to be kept; how many depends on data",
        (6, 3), "NonMaxSuppression", BOXES, SCORES, ints(3), np.array([0.3], np.float32), np.array([0.2], np.float32),
        center_point_box=center, fixed=(2, 3, 4),
    )  # fmt: skip


def test_non_max_suppression_keeps_nothing_unless_told_how_many():
    read = read_graph(one_node("NonMaxSuppression", BOXES, SCORES, fixed=()))
    assert read.outputs["y0"].shape == (0, 3)


REGIONS = np.array([[0, 0, 4, 4], [1, 2, 7, 6]], np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("opset", [10, 16])
def test_roi_align(mode, opset):
    """Two samples along each dimension of a bin: no guess."""
    read = check_agrees(
        "RoiAlign", X, REGIONS, ints(1, 0), mode=mode, opset=opset, output_height=2, output_width=3, sampling_ratio=2,
        spatial_scale=0.5, fixed=(),
    )  # fmt: skip
    assert read.exact
    assert read.graph.nodes[-1].attrs.aligned == (opset == 16)


def test_regions_of_unknown_size_are_taken_to_be_whole():
    note = "RoiAlign: every region is taken to be the whole picture"
    read = check_agrees("RoiAlign", X, REGIONS, ints(1, 0), output_height=2, output_width=2, opset=16, fixed=())
    assert read.notes == (note,)


def test_max_roi_pool():
    regions = np.concatenate([[[1], [0]], REGIONS], axis=1).astype(np.float32)
    read = check_agrees("MaxRoiPool", X, regions, pooled_shape=[2, 3], opset=16, fixed=())
    assert read.notes == ("MaxRoiPool: every region is taken to be the whole picture",)
    assert operators(read) == ["roi_pool"]
