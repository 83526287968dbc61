"""Classes of kernels, and which measured time belongs to which of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import netweight
from netweight import build
from netweight.analysis.latency.work import kernel_works
from netweight.calibration.classes import class_of
from netweight.calibration.features import features_of
from netweight.calibration.samples import samples_of
from netweight.engines.engine import Kernel
from netweight.ir import Graph, TensorSpec

IMAGE = TensorSpec((1, 16, 12, 12))
ROWS = TensorSpec((1, 20, 16))


def graph_of(describe: Callable[..., Any], *specs: TensorSpec) -> Graph:
    return build.graph(describe, *specs, name="small")


@pytest.mark.parametrize(
    ("describe", "spec", "expected"),
    [
        (lambda x: build.conv2d(x, 8, 3, padding=1), IMAGE, "3x3 convolution"),
        (lambda x: build.conv2d(x, 8, 3, 2, 1), IMAGE, "other convolution"),
        (lambda x: build.conv2d(x, 8, (1, 7)), IMAGE, "other convolution"),
        (lambda x: build.conv2d(x, 8, 1), IMAGE, "1x1 convolution"),
        (lambda x: build.conv2d(x, 16, 3, groups=16), IMAGE, "depthwise"),
        (lambda x: build.conv2d(x, 32, 3, groups=16), IMAGE, "depthwise"),
        (lambda x: build.conv2d(x, 16, 3, groups=2), IMAGE, "grouped convolution"),
        (lambda x: build.conv2d(x, 8, 3), TensorSpec((1, 3, 12, 12)), "first convolution"),
        (lambda x: build.linear(x, 8), ROWS, "linear"),
        (lambda x: build.linear(x, 8), TensorSpec((1, 16)), "few rows"),
        (lambda x: build.linear(x, 8), TensorSpec((4, 16)), "few rows"),
        (lambda x: build.linear(x, 8), TensorSpec((5, 16)), "linear"),
        (lambda x: build.max_pool2d(x, 2), IMAGE, "max pooling"),
        (lambda x: build.avg_pool2d(x, 2), IMAGE, "average pooling"),
        (build.global_avg_pool, IMAGE, "global pooling"),
        (lambda x: build.adaptive_avg_pool2d(x, 1), IMAGE, "global pooling"),
        (lambda x: build.mean(x, (2, 3)), IMAGE, "global pooling"),
        (build.layer_norm, ROWS, "normalisation"),
        (build.batch_norm, IMAGE, "scale and shift"),
        (lambda x: build.softmax(x, 1), ROWS, "softmax"),
        (build.relu, IMAGE, "clamp"),
        (build.gelu, IMAGE, "activation"),
        (lambda x: build.add(x, x), IMAGE, "elementwise"),
        (lambda x: build.concat([x, x], 1), IMAGE, "concat"),
        (lambda x: build.permute(x, 0, 2, 1), ROWS, "transpose"),
        (lambda x: build.reshape(x, 1, -1), ROWS, "view"),
        (lambda x: build.sort(x, 1)[0], ROWS, ""),
    ],
)
def test_classes(describe: Callable[..., Any], spec: TensorSpec, expected: str) -> None:
    graph = graph_of(describe, spec)
    assert class_of(graph, kernel_works(graph, "written")[-1]) == expected


def test_features_are_bytes_and_logarithms() -> None:
    graph = graph_of(lambda x: build.conv2d(x, 12, 3, 2, bias=False), IMAGE)
    work = kernel_works(graph, "written")[0]
    warm, cold = features_of(graph, work, cold=False), features_of(graph, work, cold=True)
    # 12 x 12 gives 5 x 5 with steps of 2: 25 positions, 12 channels, sums of 16 * 9 = 144 products
    assert warm.ops == 2 * 25 * 12 * 144
    # windows of 3 with steps of 2 touch 4 * 2 + 3 = 11 of 12 rows and columns
    assert warm.active_bytes == 4 * (16 * 11 * 11 + 12 * 25)
    assert (warm.cached_bytes, warm.cold_bytes) == (4 * 12 * 144, 0)
    assert (cold.cached_bytes, cold.cold_bytes) == (0, 4 * 12 * 144)
    # 12 channels fill two vectors of 8: 16 / 12
    assert [2**size for size in warm.shape] == pytest.approx([144 / 256, 12 / 128, 25 / 256, 16 / 12, 4])


def block(x: Any) -> Any:
    y = build.relu(build.batch_norm(build.conv2d(x, 16, 3, padding=1, name="conv"), name="bn"), name="relu")
    return build.max_pool2d(build.add(y, x, name="add"), 2, name="pool")


def timed(layers: tuple[str, ...], seconds: float) -> Kernel:
    return Kernel(name="k", op="k", seconds=seconds, layers=layers)


def test_times_go_to_the_kernel_that_they_begin_with() -> None:
    graph = graph_of(block, IMAGE)
    works = kernel_works(graph, "onnxruntime")
    kernels = [
        timed((), 5.0), timed(("conv", "bn", "relu"), 1.0), timed(("add",), 0.25), timed(("pool",), 0.5),
        timed(("pool",), 0.125),
    ]  # fmt: skip
    found = samples_of(graph, works, kernels, cold=False)
    assert {(one.layer, one.class_name, one.seconds) for one in found} == {
        ("conv", "3x3 convolution", 1.0), ("add", "elementwise", 0.25), ("pool", "max pooling", 0.625),
    }  # fmt: skip


def test_what_an_engine_runs_as_one_goes_to_its_main_part_by_its_share() -> None:
    graph = graph_of(lambda x: build.tanh(build.layer_norm(x, name="norm"), name="tanh"), ROWS)
    works = [replace(work, ops_total=ops) for work, ops in zip(kernel_works(graph, "written"), (9e6, 1e6), strict=True)]
    found = samples_of(graph, works, [timed(("norm", "tanh"), 1.0)], cold=False)
    assert [(one.layer, one.seconds) for one in found] == [("norm", pytest.approx(0.9))]


def test_two_halves_in_one_kernel_give_no_sample() -> None:
    graph = graph_of(lambda x: build.relu(build.sigmoid(x, name="a"), name="b"), IMAGE)
    found = samples_of(graph, kernel_works(graph, "written"), [timed(("a", "b"), 1.0)], cold=False)
    assert found == []


@pytest.mark.parametrize("model", ["resnet18", "mobilenet_v2", "googlenet", "vit_b_32", "bert_base", "alexnet"])
@pytest.mark.parametrize("rules", ["onnxruntime", "openvino", "written"])
def test_every_kernel_of_a_network_has_a_class(model: str, rules: str) -> None:
    graph = netweight.capture(model)
    assert all(class_of(graph, work) for work in kernel_works(graph, rules))
