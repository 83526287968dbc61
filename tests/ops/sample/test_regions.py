"""Regions, boxes and moved kernels by hand."""

from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import FREE, REGISTRY, Cost
from netweight.ops.contract.deform_conv import DeformConvAttrs
from netweight.ops.extent import Mixes
from netweight.ops.order.suppression import NmsAttrs, NmsPerClassAttrs
from netweight.ops.sample.roi_align import RoiAlignAttrs, RoiPoolAttrs

PLANE = np.arange(16.0).reshape(1, 1, 4, 4)
MAP, ROIS = TensorSpec((2, 8, 50, 40)), TensorSpec((100, 5))
BOXES = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [4, 4, 6, 6], [0, 0, 2, 1]])


def spec(*shape: int, dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape, dtype)


def test_roi_align_is_the_mean_of_samples() -> None:
    """One bin from 0 to 2, two samples a side at 0.5 and 1.5: the plane is 4 y + x, its mean there 4 * 1 + 1."""
    attrs = RoiAlignAttrs(output_size=(1, 1), sampling_ratio=2)
    rois = np.array([[0, 0.0, 0, 2, 2]])
    np.testing.assert_allclose(REGISTRY["roi_align"].forward(attrs, PLANE, rois), [[[[5.0]]]])
    half = RoiAlignAttrs(output_size=(1, 1), sampling_ratio=2, aligned=True)  # half an element up and left
    np.testing.assert_allclose(REGISTRY["roi_align"].forward(half, PLANE, rois), [[[[4 * 0.5 + 0.5]]]])


def test_roi_align_beyond_the_map_repeats_the_edge_for_one_element() -> None:
    """Samples at -0.5 read row 0; from -1.5 on they are zero."""
    attrs = RoiAlignAttrs(output_size=(2, 1), sampling_ratio=1)
    rois = np.array([[0, 1.0, -2, 2, 0]])  # rows -1.5 and -0.5, column 1.5
    np.testing.assert_allclose(REGISTRY["roi_align"].forward(attrs, PLANE, rois), [[[[0.0], [1.5]]]])


def test_roi_align_takes_as_many_samples_as_bins_are_long() -> None:
    """A region of 4 in 2 bins has 2 samples a bin: rows 0.5, 1.5 and 2.5, then 3.5, which is row 3."""
    attrs = RoiAlignAttrs(output_size=(2, 2))
    y = REGISTRY["roi_align"].forward(attrs, PLANE, np.array([[0, 0.0, 0, 4, 4]]))
    rows = [(0.5 + 1.5) / 2, (2.5 + 3) / 2]
    np.testing.assert_allclose(y[0, 0], [[4 * r + c for c in rows] for r in rows])
    empty = RoiAlignAttrs(output_size=(2, 2), aligned=True)
    for name in ("roi_align", "roi_align_max"):  # upside down: no sample
        np.testing.assert_array_equal(REGISTRY[name].forward(empty, PLANE, np.array([[0, 3.0, 3, 1, 1]])), 0)


def test_roi_align_max_is_that_of_products() -> None:
    """One sample at (1.25, 1.75): products of weights with 5, 6, 9 and 10, the largest 0.75 * 0.75 * 6."""
    attrs = RoiAlignAttrs(output_size=(1, 1), sampling_ratio=1)
    rois = np.array([[0, 1.25, 0.75, 2.25, 1.75]])
    np.testing.assert_allclose(REGISTRY["roi_align_max"].forward(attrs, PLANE, rois), [[[[0.75 * 0.75 * 6]]]])


def test_work_of_roi_align() -> None:
    attrs = RoiAlignAttrs(output_size=(7, 7), sampling_ratio=2)
    lines, places, samples = 100 * (7 + 7) * 2, 100 * 7 * 7 * 4, 100 * 8 * 7 * 7 * 4
    assert REGISTRY["roi_align"].cost(attrs, MAP, ROIS) == Cost(
        muls=lines + 4 * places + 4 * samples, adds=3 * lines + 4 * samples, compares=5 * lines, divs=100 * 8 * 7 * 7
    )
    assert REGISTRY["roi_align_max"].cost(attrs, MAP, ROIS) == Cost(
        muls=lines + 4 * places + 4 * samples, adds=3 * lines, compares=5 * lines + 4 * samples
    )
    # Without a ratio every region is 50 x 40: 8 and 6 samples of each bin.
    free = REGISTRY["roi_align"].cost(RoiAlignAttrs(output_size=(7, 7)), MAP, ROIS)
    assert free.adds == 100 * (7 * 8 + 7 * 6) * 3 + 4 * 100 * 8 * 49 * 8 * 6
    back = REGISTRY["roi_align"].backward_cost(attrs, (True, False), MAP, ROIS)
    assert back == Cost(muls=4 * samples, adds=4 * samples, divs=100 * 8 * 49)
    back = REGISTRY["roi_align_max"].backward_cost(attrs, (True, False), MAP, ROIS)
    assert back == Cost(muls=100 * 8 * 49, adds=100 * 8 * 49)
    assert REGISTRY["roi_align"].backward_cost(attrs, (False, False), MAP, ROIS) is FREE
    assert REGISTRY["roi_align"].extent(attrs, MAP, ROIS) == Mixes((0, 2, 3))


def test_roi_pool_rounds_and_takes_the_largest() -> None:
    """Corners 0.5 and 2.4 are rows and columns 1 to 2; a bin before the map is empty."""
    rois = np.array([[0, 0.5, 0.5, 2.4, 2.4], [0, -3, -3, -2, -2]])
    y, positions = REGISTRY["roi_pool"].forward(RoiPoolAttrs(output_size=(1, 2)), PLANE, rois)
    np.testing.assert_array_equal(y[:, 0], [[[9, 10]], [[0, 0]]])
    np.testing.assert_array_equal(positions[:, 0], [[[9, 10]], [[-1, -1]]])


def test_work_of_roi_pool() -> None:
    """50 rows in 7 bins: those from 0 to 8, 7 to 15, ... 42 to 50, of which 6 are in two bins; 40 columns as well."""
    attrs = RoiPoolAttrs(output_size=(7, 7))
    assert REGISTRY["roi_pool"].cost(attrs, MAP, ROIS) == Cost(compares=100 * 8 * ((50 + 6) * (40 + 6) - 7 * 7))
    assert REGISTRY["roi_pool"].backward_cost(attrs, (True, False), MAP, ROIS) == Cost(adds=100 * 8 * 49)


@pytest.mark.parametrize(
    ("threshold", "kept"), [(0.5, [1, 0, 2, 3]), (0.4, [1, 0, 2]), (0.3, [1, 2, 3]), (0.1, [1, 2])]
)
def test_nms(threshold: float, kept: list[int]) -> None:
    """Overlap of boxes 0 and 1: 2 / 6; of 0 and 3: 2 / 4; of 1 and 3: 1 / 5."""
    y = REGISTRY["nms"].forward(NmsAttrs(iou_threshold=threshold), BOXES, np.array([0.8, 0.9, 0.5, 0.4]))
    np.testing.assert_array_equal(y, kept)


def test_empty_boxes_overlap_with_nothing() -> None:
    y = REGISTRY["nms"].forward(NmsAttrs(iou_threshold=0.0), np.zeros((2, 4)), np.array([0.1, 0.1]))
    np.testing.assert_array_equal(y, [0, 1])


def test_work_of_nms() -> None:
    """Merge sort of 4: 1 + 2 + 2; with all kept 3 + 2 + 1 pairs, with two 3 + 2."""
    inputs = spec(4, 4), spec(4)
    everything = REGISTRY["nms"].cost(NmsAttrs(iou_threshold=0.5), *inputs)
    assert everything == Cost(compares=5 + 6 * 7, adds=4 * 2 + 6 * 4, muls=4 + 6, divs=6)
    assert REGISTRY["nms"].cost(NmsAttrs(iou_threshold=0.5, count=2), *inputs).divs == 3 + 2
    assert REGISTRY["nms"].shape(NmsAttrs(iou_threshold=0.5, count=2), *inputs) == spec(2, dtype="int64")
    assert REGISTRY["nms"].cost(NmsAttrs(iou_threshold=0.5), spec(0, 4), spec(0)).ops_total == 0


def test_nms_per_class() -> None:
    """Class 0 keeps its two best, of class 1 all but one are under the score; corners in any order, or centres."""
    scores = np.array([[[0.8, 0.9, 0.5, 0.4], [0.1, 0.2, 0.7, 0.3]]])
    attrs = NmsPerClassAttrs(iou_threshold=0.3, max_per_class=2, score_threshold=0.3)
    wanted = [[0, 0, 1], [0, 0, 2], [0, 1, 2]]
    op = REGISTRY["nms_per_class"]
    np.testing.assert_array_equal(op.forward(attrs, BOXES[None], scores), wanted)
    np.testing.assert_array_equal(op.forward(attrs, BOXES[None][..., [2, 3, 0, 1]], scores), wanted)
    centred = NmsPerClassAttrs(iou_threshold=0.3, max_per_class=2, score_threshold=0.3, center_point_box=True)
    boxes = np.concatenate([(BOXES[:, :2] + BOXES[:, 2:]) / 2, BOXES[:, 2:] - BOXES[:, :2]], axis=1)[None]
    np.testing.assert_array_equal(op.forward(centred, boxes, scores), wanted)


def test_work_of_nms_per_class() -> None:
    """2 samples of 3 classes sort 4 scores each, and of each 2 boxes meet those after them: 3 + 2 pairs."""
    inputs = spec(2, 4, 4), spec(2, 3, 4)
    op = REGISTRY["nms_per_class"]
    cost = op.cost(NmsPerClassAttrs(iou_threshold=0.5, max_per_class=2), *inputs)
    assert cost == Cost(compares=6 * 5 + 6 * 5 * 7 + 8 * 4, adds=6 * 4 * 2 + 6 * 5 * 4, muls=6 * 4 + 6 * 5, divs=6 * 5)
    attrs = NmsPerClassAttrs(iou_threshold=0.5, max_per_class=9, score_threshold=0.1, center_point_box=True)
    assert op.cost(attrs, *inputs).adds == 6 * 4 * 2 + 6 * 6 * 4 + 8 * 4
    assert op.cost(attrs, *inputs).compares == 6 * 5 + 6 * 6 * 7 + 24
    assert op.shape(attrs, *inputs) == spec(24, 3, dtype="int64")


def test_a_kernel_that_is_not_moved_is_a_convolution() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 4, 6, 5)), rng.standard_normal((6, 2, 3, 2))
    attrs = DeformConvAttrs(stride=(2, 1), padding=((1, 0), (1, 1)), dilation=(1, 2), groups=2, offset_groups=2)
    offset = np.zeros((2, 2 * 2 * 6, 3, 5))
    from netweight.ops.contract.conv import ConvAttrs

    plain = ConvAttrs(stride=(2, 1), padding=((1, 0), (1, 1)), dilation=(1, 2), groups=2)
    expected = REGISTRY["conv"].forward(plain, x, weight, None)
    assert expected.shape == (2, 6, 3, 5)
    np.testing.assert_allclose(REGISTRY["deform_conv"].forward(attrs, x, weight, offset, None, None), expected)
    # Everything one row down is the convolution of what lies one row down.
    offset.reshape(2, 12, 2, 3, 5)[:, :, 0] = 1
    down = np.concatenate([x[:, :, 1:], np.zeros((2, 4, 1, 5))], axis=2)
    with_first = REGISTRY["deform_conv"].forward(attrs, x, weight, offset, None, None)
    np.testing.assert_allclose(with_first[:, :, 1:], REGISTRY["conv"].forward(plain, down, weight, None)[:, :, 1:])


def test_work_of_a_deformable_convolution() -> None:
    """n 2, 8 channels, 3 x 3 taps, 5 x 4 positions."""
    attrs = DeformConvAttrs(stride=(1, 1), padding=((1, 1), (1, 1)), dilation=(1, 1), groups=2, offset_groups=4)
    inputs = spec(2, 8, 5, 4), spec(6, 4, 3, 3), spec(2, 4 * 18, 5, 4), spec(2, 4 * 9, 5, 4), spec(6)
    macs, places, reads = 2 * 6 * 4 * 9 * 20, 2 * 4 * 9 * 20, 2 * 8 * 9 * 20
    op = REGISTRY["deform_conv"]
    assert op.cost(attrs, *inputs) == Cost(
        macs=macs, adds=places * 2 * 3 + reads * 3 + 2 * 6 * 20, compares=places * 2 * 5,
        muls=places * 4 + reads * 4 + reads,
    )  # fmt: skip
    bare = op.cost(attrs, *inputs[:3], None, None)
    assert (bare.muls, bare.adds) == (places * 4 + reads * 4, places * 2 * 3 + reads * 3)
    everything = op.backward_cost(attrs, (True,) * 5, *inputs)
    assert everything.macs == 2 * macs
    assert everything.muls == 2 * reads * 4 + reads + places * 4 * 2 * 2 + reads
    assert everything.adds == 2 * reads * 4 + reads + places * 4 * 2 + 2 * 6 * 20
    assert op.backward_cost(attrs, (False, True, False, False, False), *inputs) == Cost(macs=macs)
    assert op.backward_cost(attrs, (False, False, False, True, False), *inputs) == Cost(
        macs=macs, muls=reads, adds=reads
    )
    assert op.extent(attrs, *inputs) == Mixes((1, 2, 3))


_CONV = DeformConvAttrs(stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), offset_groups=2)
_WEIGHT = spec(6, 4, 3, 3)


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        (
            "roi_align",
            RoiAlignAttrs(output_size=(2, 2)),
            (spec(8, 5, 4), ROIS),
            r"roi_align: expected x \(N, C, H, W\)",
        ),
        ("roi_pool", RoiPoolAttrs(output_size=(2, 2)), (MAP, spec(9, 4)), r"rois \(regions, 5\), got .* and \(9, 4\)"),
        ("roi_pool", RoiPoolAttrs(output_size=(0, 2)), (MAP, ROIS), r"sizes of at least 1 .*got .*\(0, 2\) and 1.0"),
        ("roi_align", RoiAlignAttrs(output_size=(2, 2), spatial_scale=0), (MAP, ROIS), "positive spatial_scale"),
        ("roi_align", RoiAlignAttrs(output_size=(2, 2), sampling_ratio=-1), (MAP, ROIS), "at least 0, got -1"),
        ("nms", NmsAttrs(iou_threshold=0.5), (spec(9, 4), spec(8)), r"nms: expected boxes \(boxes, 4\) and scores"),
        (
            "nms",
            NmsAttrs(iou_threshold=0.5, count=10),
            (spec(9, 4), spec(9)),
            "nms: expected a count from 0 to 9, got 10",
        ),
        (
            "nms_per_class",
            NmsPerClassAttrs(iou_threshold=0.5, max_per_class=-1),
            (spec(1, 9, 4), spec(1, 3, 9)),
            "max_per_class of at least 0, got .* and -1",
        ),
        (
            "nms_per_class",
            NmsPerClassAttrs(iou_threshold=0.5, max_per_class=2),
            (spec(2, 9, 4), spec(1, 3, 9)),
            r"nms_per_class: expected boxes \(N, boxes, 4\)",
        ),
        (
            "nms_per_class",
            NmsPerClassAttrs(iou_threshold=0.5, max_per_class=2, count=7),
            (spec(1, 9, 4), spec(1, 3, 9)),
            "nms_per_class: expected a count from 0 to 6, got 7",
        ),
        (
            "deform_conv",
            DeformConvAttrs(stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), offset_groups=3),
            (spec(1, 4, 5, 5), _WEIGHT, spec(1, 54, 3, 3), None, None),
            "expected in_channels divisible by offset_groups, got 4 % 3",
        ),
        (
            "deform_conv",
            _CONV,
            (spec(1, 4, 5, 5), _WEIGHT, spec(1, 18, 3, 3), None, None),
            r"expected offset of shape \(1, 36, 3, 3\), got \(1, 18, 3, 3\)",
        ),
        (
            "deform_conv",
            _CONV,
            (spec(1, 4, 5, 5), _WEIGHT, spec(1, 36, 3, 3), spec(1, 9, 3, 3), None),
            r"expected mask of shape \(1, 18, 3, 3\), got \(1, 9, 3, 3\)",
        ),
    ],
)
def test_refused(name: str, attrs: Any, inputs: tuple[TensorSpec | None, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)


def test_builders() -> None:
    from netweight import build

    def network(x: Any, rois: Any, scores: Any) -> Any:
        offset, mask = (build.conv2d(x, c, kernel_size=3, padding=1, name=n) for c, n in ((36, "offset"), (18, "mask")))
        x = build.deform_conv2d(x, offset, 6, kernel_size=3, padding=1, mask=mask, groups=2)
        boxes = build.narrow(rois, 1, 1, 4)
        aligned, pooled = build.roi_align(x, rois, 7, 0.25, 2, aligned=True), build.roi_pool(x, rois, (3, 2), 0.5)
        return aligned, pooled, build.nms(boxes, scores, 0.5), build.nms(boxes, scores, 0.5, count=4)

    graph = build.graph(network, (1, 4, 8, 8), (9, 5), (9,))
    assert [graph.spec(name).shape for name in graph.outputs] == [(9, 6, 7, 7), (9, 6, 3, 2), (9,), (4,)]
    by_op = {node.op: node.attrs for node in graph.nodes}
    assert by_op["deform_conv"].offset_groups == 2
    assert by_op["roi_align"] == RoiAlignAttrs(output_size=(7, 7), spatial_scale=0.25, sampling_ratio=2, aligned=True)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_antialiased_resize_is_as_pytorchs(mode: str) -> None:
    torch = pytest.importorskip("torch")
    from netweight import build, run

    x = np.random.default_rng(0).standard_normal((2, 3, 17, 9))
    for size in ((5, 4), (17, 3), (30, 9), (8, 20)):
        graph = build.graph(lambda x, size=size: build.interpolate(x, size=size, mode=mode, antialias=True), x.shape)
        found = run(graph, {graph.inputs[0]: x}, {}).outputs[graph.outputs[0]]
        expected = torch.nn.functional.interpolate(torch.from_numpy(x), size=size, mode=mode, antialias=True)
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-9, atol=1e-11)


def test_antialiasing_is_for_bilinear_and_bicubic() -> None:
    from netweight import build

    with pytest.raises(UsageError, match="expected antialias with 'bilinear' or 'bicubic' and without align_corners"):
        build.graph(lambda x: build.interpolate(x, size=4, mode="nearest", antialias=True), (1, 1, 8, 8))
