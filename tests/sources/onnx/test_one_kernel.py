"""What is one kernel of small integers is one: what it has inside is no activation of the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight import Profile  # noqa: E402
from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.ir.serial import graph_from_json, graph_to_json  # noqa: E402
from netweight.ops import REGISTRY  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import one_node  # noqa: E402

MS = "com.microsoft"
X = np.zeros((1, 8, 16, 16), np.int8)
SCALE = np.array(0.1, np.float32)
ZERO = np.array(0, np.int8)
BYTES = 8 * 16 * 16
"""Of x, and of a result as large."""
CONVENTIONS = ("lecture", "liveness", "inplace")
Described = Callable[[], Any]


def conv(out: int, each: int, **attributes: Any) -> Any:
    w = np.ones((out, each, 3, 3), np.int8)
    bias = np.ones(out, np.int32)
    return one_node("QLinearConv", X, SCALE, ZERO, w, SCALE, ZERO, SCALE, ZERO, bias, pads=[1] * 4, **attributes)


def of_two(name: str) -> Any:
    return one_node(name, X, SCALE, ZERO, X, SCALE, ZERO, SCALE, ZERO, domain=MS, fixed=[1, 2, 4, 5, 6, 7])


def of_one(name: str) -> Any:
    return one_node(name, X, SCALE, ZERO, SCALE, ZERO, domain=MS)


def weighed(model: Any) -> Profile:
    return weigh_graph(read_graph(model).graph, conventions=CONVENTIONS)


@pytest.mark.parametrize(
    ("model", "peaks"),
    [
        (lambda: conv(8, 8), (2 * BYTES, 2 * BYTES, 2 * BYTES)),
        (lambda: conv(8, 1, group=8), (2 * BYTES, 2 * BYTES, BYTES)),  # depthwise: over x
        (lambda: conv(8, 2, group=4), (2 * BYTES, 2 * BYTES, 2 * BYTES)),
        (lambda: of_two("QLinearAdd"), (3 * BYTES, 3 * BYTES, 2 * BYTES)),
        (lambda: of_two("QLinearMul"), (3 * BYTES, 3 * BYTES, 2 * BYTES)),
        (lambda: of_one("QLinearSigmoid"), (BYTES, 2 * BYTES, BYTES)),  # an activation function: over x
    ],
)
def test_only_what_goes_in_and_out_is_memory(model: Described, peaks: tuple[int, ...]) -> None:
    profile = weighed(model())
    assert tuple(profile.activations[name].peak_bytes for name in CONVENTIONS) == peaks
    assert profile.activations["liveness"].total_bytes == peaks[1]
    assert profile.activations["lecture"].total_bytes == sum(row.activation_bytes for row in profile.layers)


def test_only_what_goes_in_and_out_is_moved() -> None:
    """x and y of 2,048 bytes; weights, biases of 4 bytes, and settings besides: 3 scales as one, 2 zero points."""
    totals = weighed(conv(8, 8)).totals
    assert totals.bytes_written == BYTES
    weight = 8 * 8 * 9 + (4 + 1)  # beside it its scale and zero point
    assert totals.bytes_read == BYTES + weight + 8 * 4 + (1 + 1) + (4 + 1)


def test_what_a_kernel_reads_lives_until_it_is_done() -> None:
    """The same as if it were two kernels, but for the sums of 32 bits between them."""
    graph = read_graph(conv(8, 8)).graph
    apart = weigh_graph(replace(graph, fused=())).activations["liveness"]
    together = weigh_graph(graph).activations["liveness"]
    assert apart.peak_bytes > together.peak_bytes == 2 * BYTES
    assert together.peak_tensors == ("x0", graph.outputs[0])


def test_channels_last_is_one_kernel_too() -> None:
    w, bias = np.ones((16, 8, 3, 3), np.int8), np.ones(16, np.int32)
    rest = (SCALE, ZERO, w, SCALE, ZERO, SCALE, ZERO, bias)
    model = one_node("QLinearConv", X.transpose(0, 2, 3, 1), *rest, domain=MS, channels_last=1, pads=[1] * 4)
    assert weighed(model).activations["liveness"].total_bytes == BYTES + 2 * BYTES


def test_runs_are_kept_in_json() -> None:
    graph = read_graph(conv(8, 8)).graph
    ((first, last),) = graph.fused
    assert (first, last) == (0, len(graph.nodes) - 1)
    assert graph_from_json(graph_to_json(graph), {name: op.attrs for name, op in REGISTRY.items()}) == graph
    assert not read_graph(one_node("Relu", np.zeros((2, 3), np.float32))).graph.fused
