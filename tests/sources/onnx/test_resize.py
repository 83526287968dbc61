"""Interpolation and sampling: PyTorch's operator where it has it, and the numbers of ONNX Runtime."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")

from onnx.reference import ReferenceEvaluator  # noqa: E402

from netweight import build  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.ops.sample.grid_sample import GridSampleAttrs, grid_sample_forward  # noqa: E402
from netweight.ops.sample.resize import ResizeAttrs  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours, row_of, runtime  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((1, 2, 5, 6)).astype(np.float32)
NONE = np.zeros(0, np.float32)


def floats(*numbers):
    return np.array(numbers, np.float32)


def ints(*numbers):
    return np.array(numbers, np.int64)


@given(
    size=st.lists(st.integers(2, 9), min_size=2, max_size=2),
    mode=st.sampled_from(["linear", "cubic"]),
    placed=st.sampled_from(["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"]),
)
def test_resize_to_a_size(size, mode, placed):
    read = check_agrees(
        "Resize", X, NONE, NONE, ints(1, 2, *size), mode=mode, coordinate_transformation_mode=placed, tolerance=1e-4
    )  # fmt: skip
    assert operators(read) == ([] if size == [5, 6] else ["resize"])


@pytest.mark.parametrize(
    ("settings", "theirs"),
    [
        ({"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, {"mode": "nearest"}),
        ({"nearest_mode": "round_prefer_ceil"}, {"mode": "nearest-exact"}),
        ({"mode": "linear"}, {"mode": "bilinear"}),
        ({"mode": "cubic", "coordinate_transformation_mode": "pytorch_half_pixel"}, {"mode": "bicubic"}),
        (
            {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
            {"mode": "bilinear", "align_corners": True},
        ),
    ],
)
def test_what_pytorch_has_is_recorded_as_pytorchs(settings, theirs):
    """Sizes or scales, the first two dimensions stay: the attributes are those of ``interpolate``."""
    read = check_agrees("Resize", X, None, floats(1, 1, 2, 1.5), **settings)
    graph = build.graph(lambda x: build.interpolate(x, (10, 9), **theirs), X.shape)
    assert [node.attrs for node in read.graph.nodes] == [node.attrs for node in graph.nodes]


@pytest.mark.parametrize(
    "settings",
    [
        {"nearest_mode": "ceil"},
        {"mode": "linear", "antialias": 1},
        {"mode": "cubic", "cubic_coeff_a": -0.5},
        {"mode": "cubic", "exclude_outside": 1},
    ],
)
def test_the_rest_is_computed(settings):
    read = check_agrees("Resize", X, None, floats(1, 1, 0.6, 1.5), tolerance=1e-4, opset=19, **settings)
    assert operators(read) == ["resize"]


def test_one_output_of_pytorch_lies_at_the_start_for_onnx_alone():
    read = check_agrees(
        "Resize", X, None, None, ints(1, 2, 1, 9), mode="cubic", coordinate_transformation_mode="pytorch_half_pixel"
    )
    assert operators(read) == ["resize"]


def test_channels_last_is_resized():
    read = check_agrees("Resize", X, None, floats(1, 2, 2, 1), mode="linear")
    assert operators(read) == ["resize"]


def test_a_scale_that_is_not_the_ratio_of_the_sizes_counts():
    """5 * 1.3 = 6.5 is cut to 6, and 6 * 1.3 = 7.8 to 7; the coordinates go by 1.3."""
    read = check_agrees("Resize", X, None, floats(1.3, 1.3), axes=[2, 3], mode="linear", opset=18)
    assert read.graph.nodes[0].attrs == ResizeAttrs(size=(6, 7), mode="linear", scale=(1.3, 1.3))


def test_a_scale_that_leaves_the_size_counts_too():
    """5 * 1.1 = 5.5 is cut to 5: PyTorch copies, ONNX does not."""
    read = check_agrees("Resize", X, None, floats(1.1, 2), axes=[2, 3], mode="linear", opset=18)
    assert operators(read) == ["resize"]


def test_work_of_a_resize():
    """Rows first, 10 x 6, then columns, 10 x 9: two products and one addition per element and channel."""
    read = check_agrees("Resize", X, None, floats(1, 1, 2, 1.5), mode="linear")
    row = row_of(read, "resize")
    assert (row.muls, row.adds) == (2 * (2 * 60 + 2 * 90), 2 * 60 + 2 * 90)


@pytest.mark.parametrize(("policy", "size"), [("not_larger", (4, 5)), ("not_smaller", (8, 10))])
def test_the_shape_of_a_picture_stays(policy, size):
    """5 x 6 to 4 x 10: by 4/5, so 4.8 columns, or by 5/3, so 8.33 rows; rounded."""
    read = read_graph(one_node("Resize", X, None, None, ints(4, 10), axes=[2, 3], keep_aspect_ratio_policy=policy))
    assert read.outputs["y0"].shape == (1, 2, *size)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_what_lies_outside_altogether_is_zero_for_the_reference(mode):
    """Both axes by 3/4, so 2 rows become 1.5, rounded to 2: the second lies at 2, where nothing is."""
    x = np.arange(1, 9, dtype=np.float32).reshape(2, 4)
    model = one_node(
        "Resize", x, None, None, ints(2, 3), mode=mode, coordinate_transformation_mode="align_corners",
        exclude_outside=1, keep_aspect_ratio_policy="not_larger", opset=19,
    )  # fmt: skip
    (expected,) = ReferenceEvaluator(model).run(None, {"x0": x})
    np.testing.assert_array_equal(expected[1], 0)
    np.testing.assert_allclose(ours(model, (x,))[0], expected, rtol=1e-6, atol=1e-6)


def test_a_crop_is_resized():
    read = check_agrees(
        "Resize", X, floats(0, 0, 0.2, 0.1, 1, 1, 0.8, 1.2), None, ints(1, 2, 4, 4), mode="linear",
        coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.0, tolerance=1e-4,
    )  # fmt: skip
    assert operators(read) == ["resize"]
    assert read.graph.nodes[0].attrs.region == ((0, 1), (0, 1), (0.2, 0.8), (0.1, 1.2))


def test_scales_or_sizes_must_be_there():
    with pytest.raises(FormatError, match="Resize: expected scales or sizes, got neither"):
        read_graph(one_node("Resize", X, None, NONE))
    read = read_graph(one_node("Resize", X, None, floats(1, 1, 2, 2), fixed=()))
    assert read.left_out == ("Resize 'y0': the shape follows from the numbers of 'x2', which only a run has",)


@pytest.mark.parametrize(("op_type", "opset"), [("Upsample", 9), ("Resize", 10)])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_scales_of_old_are_the_second_input(op_type, opset, mode):
    x = X.copy()
    read = check_agrees(op_type, x, floats(1, 1, 2, 2), mode=mode, opset=opset)
    assert read.outputs["y0"].shape == (1, 2, 10, 12)


def test_scales_of_upsample_were_an_attribute():
    read = read_graph(one_node("Upsample", X, scales=[1.0, 1.0, 2.0, 3.0], opset=7))
    assert read.graph.nodes[0].attrs == ResizeAttrs(size=(10, 18), mode="nearest", coordinates="asymmetric")


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("beyond", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [0, 1])
def test_grid_sample(mode, beyond, corners):
    grid = (RNG.random((1, 3, 4, 2)) * 2.4 - 1.2).astype(np.float32)
    check_agrees(
        "GridSample", X, grid, mode=mode, padding_mode=beyond, align_corners=corners, fixed=(), tolerance=1e-4
    )  # fmt: skip


@pytest.mark.parametrize("corners", [False, True])
def test_beyond_the_border_cubic_moves_each_element_that_it_reads(corners):
    """ONNX Runtime agrees on a picture of one row; the reference of ``onnx`` moves the coordinate instead."""
    series = RNG.standard_normal((1, 2, 4)).astype(np.float32)
    places = np.array([-2.6, -0.7, 0.2, 1.6, 3.7, 5.4])
    grid = (places / 1.5 - 1 if corners else (places + 0.5) / 2 - 1).astype(np.float32).reshape(1, -1, 1)
    attrs = GridSampleAttrs(mode="cubic", padding_mode="border", align_corners=corners)
    found = grid_sample_forward(attrs, series, grid)
    picture, row = series[:, :, None], np.concatenate([grid, np.zeros_like(grid)], axis=-1)[:, None]
    model = one_node("GridSample", picture, row, mode="cubic", padding_mode="border", align_corners=int(corners))
    np.testing.assert_allclose(found, runtime(model, (picture, row))[0][:, :, 0], rtol=1e-4, atol=1e-5)
    for n, c, i in np.ndindex(found.shape):
        at = places[i]
        near, expected = int(np.floor(at)), 0.0
        for tap in range(near - 1, near + 3):
            d, a = abs(at - tap), -0.75
            share = (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * (d**3 - 5 * d**2 + 8 * d - 4)
            expected += share * series[n, c, min(max(tap, 0), 3)]
        assert found[n, c, i] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    (reference,) = ReferenceEvaluator(
        one_node("GridSample", series, grid, mode="cubic", padding_mode="border", align_corners=int(corners), opset=20)
    ).run(None, {"x0": series, "x1": grid})
    assert np.abs(reference - found).max() > 1e-3


def test_modes_of_grid_sample_were_those_of_pictures():
    grid = (RNG.random((1, 3, 4, 2)) * 2 - 1).astype(np.float32)
    read = check_agrees("GridSample", X, grid, mode="bilinear", opset=16, fixed=())
    assert read.graph.nodes[0].attrs.mode == "linear"


@pytest.mark.parametrize("corners", [0, 1])
@pytest.mark.parametrize("size", [(2, 3), (2, 3, 4)])
def test_affine_grid_is_a_product(corners, size):
    """A row of a matrix and a position have three numbers, or four: so many products per coordinate."""
    theta = RNG.standard_normal((2, len(size), len(size) + 1)).astype(np.float32)
    read = check_agrees("AffineGrid", theta, ints(2, 1, *size), align_corners=corners, opset=20)
    assert operators(read) == ["permute", "matmul", "reshape"]


def test_one_position_of_a_grid_is_at_its_start():
    """Where the ends of an axis are -1 and 1 and it has one element only, ONNX's own reference takes the first."""
    theta = np.eye(2, 3, dtype=np.float32)[None]
    y = ours(one_node("AffineGrid", theta, ints(1, 1, 1, 2), align_corners=1, opset=20), (theta,))[0]
    np.testing.assert_array_equal(y, [[[[-1, -1], [1, -1]]]])
