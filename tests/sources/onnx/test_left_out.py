"""Operators whose shapes only a run has: their weights count, their work is unknown and never 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.helper import make_node as node  # noqa: E402

import netweight  # noqa: E402
from netweight.ir.serial import graph_from_json, graph_to_json  # noqa: E402
from netweight.report.summary import incomplete, unknown_lines  # noqa: E402

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
REGULATED = [
    node("ReduceSum", ["x"], ["sum"], keepdims=0), node("Cast", ["sum"], ["count"], to=INT64),
    node("Range", ["zero", "count", "one"], ["r"]), node("Cast", ["r"], ["f"], to=FLOAT),
]  # fmt: skip
"""``f``: as many numbers as those of ``x`` sum up to."""


def normal(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def info(name: str, kind: int, shape: Any = None) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def network(nodes: list[Any], functions: list[Any] | None = None, **stored: Any) -> Any:
    stored = {"zero": np.array(0), "one": np.array(1), **stored}
    graph = helper.make_graph(
        [*REGULATED, *nodes],
        "g",
        [info("x", FLOAT, [8])],
        [info("y", FLOAT)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=functions or [])


INT8 = np.arange(16, dtype=np.int8).reshape(1, 16)
PLAIN = {
    "matmul": (
        [node("Unsqueeze", ["f", "one"], ["u"]), node("MatMul", ["u", "w"], ["y"])], {"w": normal(1, 16)}, 16, 64,
    ),
    "bias": ([node("Add", ["f", "b"], ["y"])], {"b": normal(3, 1)}, 3, 12),
    "integers": (
        [
            node("Unsqueeze", ["f", "one"], ["u"]), node("DynamicQuantizeLinear", ["u"], ["q", "s", "z"]),
            node("MatMulInteger", ["q", "w", "z"], ["i"]), node("Cast", ["i"], ["y"], to=FLOAT),
        ],
        {"w": INT8}, 16, 16,
    ),
    "cast and scaled": (
        [
            node("Unsqueeze", ["f", "one"], ["u"]), node("Cast", ["q"], ["w"], to=FLOAT),
            node("Mul", ["w", "s"], ["v"]), node("MatMul", ["u", "v"], ["y"]),
        ],
        {"q": INT8, "s": normal(1, 16)}, 32, 16 + 4 * 16,
    ),
    "settings": (
        [node("Unsqueeze", ["f", "axes"], ["u"]), node("Resize", ["u", "", "scales"], ["y"])],
        {"axes": np.array([0, 1]), "scales": np.array([1, 1, 2], np.float32)}, 0, 0,
    ),
    "a mask": (
        [node("Unsqueeze", ["f", "one"], ["u"]), node("Add", ["u", "mask"], ["y"])],
        {"mask": np.triu(np.full((4, 4), -np.inf, np.float32), 1)}, 0, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_weights_behind_an_unknown_size(name: str) -> None:
    nodes, stored, params, nbytes = PLAIN[name]
    profile = netweight.weigh(network(nodes, **stored))
    assert (profile.totals.params, profile.totals.model_size_bytes) == (params, nbytes)
    assert not profile.coverage.complete


def test_statistics_behind_an_unknown_size_are_buffers() -> None:
    vectors = {name: np.ones(1, np.float32) for name in ("scale", "bias", "mean", "var")}
    nodes = [node("Unsqueeze", ["f", "one"], ["u"]), node("BatchNormalization", ["u", *vectors], ["y"])]
    totals = netweight.weigh(network(nodes, **vectors)).totals
    assert (totals.params, totals.buffers) == (2, 2)


def test_rows_say_that_they_do_not_know() -> None:
    nodes, stored, *_ = PLAIN["matmul"]
    profile = netweight.weigh(network(nodes, **stored))
    row = next(row for row in profile.layers if row.op == "onnx.MatMul")
    assert row.params == 16
    assert {row.macs, row.flops, row.activation_count, row.activation_bytes, row.bytes_read, row.bytes_written} == {
        None
    }
    shown = next(line for line in str(profile).splitlines() if "onnx.MatMul" in line)
    assert shown.split()[:6] == ["matmul", "onnx.MatMul", "16", "100.0", "?", "?"]


def arm(name: str, nodes: list[Any], **stored: Any) -> Any:
    kept = [numpy_helper.from_array(array, key) for key, array in stored.items()]
    return helper.make_graph(nodes, name, [], [info(f"{name}y", FLOAT)], kept)


def test_branches_behind_an_unknown_condition() -> None:
    """The condition is one of as many as there are frames; of 6 and 12 weights the dearer arm has 12."""
    arms = {
        "then_branch": arm("a", [node("Gemm", ["row", "w6"], ["ay"])], w6=normal(8, 2)),
        "else_branch": arm("b", [node("Gemm", ["row", "w12"], ["by"])], w12=normal(8, 4)),
    }
    nodes = [
        node("Greater", ["f", "half"], ["g"]), node("Gather", ["g", "zero"], ["c"]),
        node("Unsqueeze", ["x", "zero_axis"], ["row"]), node("If", ["c"], ["y"], **arms),
    ]  # fmt: skip
    profile = netweight.weigh(network(nodes, half=np.float32(0.5), zero_axis=np.array([0])))
    assert profile.totals.params == 8 * 4
    assert profile.totals.macs == 8 * 4


def test_a_loop_that_runs_an_unknown_number_of_times() -> None:
    body = helper.make_graph(
        [node("Identity", ["going"], ["again"]), node("MatMul", ["h", "w"], ["h_next"])],
        "body",
        [info("i", INT64, []), info("going", BOOL, []), info("h", FLOAT)],
        [info("again", BOOL, []), info("h_next", FLOAT)],
        [numpy_helper.from_array(normal(8, 8), "w")],
    )
    nodes = [
        node("Unsqueeze", ["f", "one"], ["u"]), node("Size", ["u"], ["often"]),
        node("Loop", ["often", "", "x"], ["y"], body=body),
    ]  # fmt: skip
    profile = netweight.weigh(network(nodes))
    assert (profile.totals.params, profile.totals.macs) == (64, 64)
    assert any("how often it runs is known in a run alone" in note for note in profile.notes)


def test_a_scan_over_an_unknown_number_of_frames() -> None:
    body = helper.make_graph(
        [node("MatMul", ["frame", "w"], ["out"])],
        "body",
        [info("frame", FLOAT)],
        [info("out", FLOAT)],
        [numpy_helper.from_array(normal(1, 8), "w")],
    )
    nodes = [node("Unsqueeze", ["f", "one"], ["u"]), node("Scan", ["u"], ["y"], body=body, num_scan_inputs=1)]
    assert netweight.weigh(network(nodes)).totals.params == 8


def test_a_function_of_which_one_input_is_unknown() -> None:
    """What the function does with the other one is counted."""
    function = helper.make_function(
        "own", "both", ["a", "b", "w"], ["p", "q"],
        [node("MatMul", ["a", "w"], ["p"]), node("Mul", ["b", "b"], ["q"])], [helper.make_opsetid("", 21)],
    )  # fmt: skip
    nodes = [node("both", ["x", "f", "w"], ["p", "q"], domain="own"), node("ReduceSum", ["q"], ["t"], keepdims=0)]
    profile = netweight.weigh(network([*nodes, node("Add", ["p", "t"], ["y"])], [function], w=normal(8, 5)))
    assert (profile.totals.params, profile.totals.macs) == (40, 40)


def test_one_line_for_each_kind_of_unknown_operator() -> None:
    nodes = [node("Relu", ["f"], ["h0"]), *(node("Relu", [f"h{at}"], [f"h{at + 1}"]) for at in range(20))]
    strange = node("Strange", ["x"], ["s"], domain="own")
    profile = netweight.weigh(network([*nodes, strange, node("Add", ["h20", "s"], ["y"])]))
    assert unknown_lines(profile.coverage.unknown) == [
        ("unknown op onnx.Range", "1 x in range; shape unknown"),
        ("unknown op onnx.Cast", "1 x in cast_1; shape unknown"),
        ("unknown op onnx.Relu", "21 x in relu and 20 others; shape unknown"),
        ("unknown op own.Strange", "1 x in strange; no rule"),
        ("unknown op onnx.Add", "1 x in add; shape unknown"),
    ]
    assert incomplete(profile) == (
        "1 unknown operator: own.Strange",
        "shapes that only a run has, of onnx.Add, onnx.Cast, onnx.Range, onnx.Relu",
    )


def test_a_graph_in_json_keeps_what_is_unknown() -> None:
    nodes, stored, *_ = PLAIN["matmul"]
    graph = netweight.capture(network(nodes, **stored))
    assert (
        graph_from_json(graph_to_json(graph), {op.op: type(op.attrs) for op in graph.nodes if op.attrs}).nodes[-1]
        == (graph.nodes[-1])
    )
