import json
from dataclasses import replace

import pytest

from netweight import build
from netweight.errors import FormatError, GraphError, NetweightError, ShapeError, UsageError
from netweight.ir import Graph, Node, Quantization, TensorSpec, Value, bits_of, located, topological, validate
from netweight.ir.serial import graph_from_json, graph_to_json
from netweight.ir.text import to_text
from netweight.ops import REGISTRY
from netweight.zoo import make

ATTRS = {name: op.attrs for name, op in REGISTRY.items()}


def tiny() -> Graph:
    def describe(x: build.Symbol) -> build.Symbol:
        x = build.conv2d(x, 4, kernel_size=3, stride=2, padding=1, name="conv")
        x = build.relu(x, inplace=True)
        return build.linear(build.flatten(x), 10, bias=False, name="fc")

    return build.graph(describe, (1, 3, 8, 8), name="tiny")


def test_text_is_stable() -> None:
    settings = "{stride=(2, 2), padding=((1, 1), (1, 1)), dilation=(1, 1)}"
    assert to_text(tiny()).splitlines() == [
        "graph tiny",
        "  input  x: float32[1, 3, 8, 8]",
        "  param  conv.weight: float32[4, 3, 3, 3]",
        "  param  conv.bias: float32[4]",
        "  param  fc.weight: float32[10, 64]",
        f"  conv: float32[1, 4, 4, 4] = conv(x, conv.weight, conv.bias) {settings}  # conv",
        "  relu: float32[1, 4, 4, 4] in conv = relu(conv)  # relu",
        "  flatten: float32[1, 64] in conv = reshape(relu) {shape=(1, 64)}  # flatten",
        "  fc: float32[1, 10] = linear(flatten, fc.weight, None)  # fc",
        "  output fc",
    ]


def test_json_round_trip_keeps_everything() -> None:
    for graph in (tiny(), make("alexnet")):
        again = graph_from_json(graph_to_json(graph), ATTRS)
        assert again == graph
        assert to_text(again) == to_text(graph)


def test_json_keeps_scales_and_buffers_state() -> None:
    graph = tiny()
    value = replace(graph.values["fc.weight"], quantization=Quantization(group_size=32, zero_point_bits=4))
    graph = replace(graph, values={**graph.values, "fc.weight": value})
    assert graph_from_json(graph_to_json(graph), ATTRS).values["fc.weight"] == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("[1, 2]", "got a list"),
        ('{"schema": "other/1"}', "got 'other/1'"),
        ('{"schema": "netweight/graph/1", "values": 3}', "malformed"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_foreign_json_is_refused(text: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        graph_from_json(text, ATTRS)


def test_json_of_a_broken_graph_is_refused() -> None:
    data = json.loads(graph_to_json(tiny()))
    data["outputs"] = ["nowhere"]
    with pytest.raises(GraphError, match="every output to have a value, got 'nowhere'"):
        graph_from_json(json.dumps(data), ATTRS)


def node(name: str, *inputs: str) -> Node:
    return Node(op="relu", inputs=inputs, outputs=(name,), layer=name)


def graph_of(nodes: tuple[Node, ...]) -> Graph:
    spec = TensorSpec((1,))
    values = {"x": Value(name="x", spec=spec, kind="input")}
    values |= {n.outputs[0]: Value(name=n.outputs[0], spec=spec) for n in nodes}
    return Graph(name="g", values=values, nodes=nodes, inputs=("x",), outputs=(nodes[-1].outputs[0],))


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ((node("b", "a"), node("a", "x")), "'a' to be written before 'b' reads it"),
        ((node("a", "x"), node("a", "x")), "'a', written twice"),
    ],
)
def test_a_graph_that_contradicts_itself_is_refused(nodes: tuple[Node, ...], why: str) -> None:
    with pytest.raises(GraphError, match=why):
        validate(graph_of(nodes))


def test_a_view_needs_an_owner() -> None:
    graph = graph_of((node("a", "x"),))
    values = {**graph.values, "a": replace(graph.values["a"], storage="gone")}
    with pytest.raises(GraphError, match="storage of 'a' to be a value, got 'gone'"):
        validate(replace(graph, values=values))


@pytest.mark.parametrize("fused", [((0, 2),), ((1, 0),), ((0, 1), (1, 1)), ((-1, 0),)])
def test_runs_of_one_kernel_are_of_the_graph(fused: tuple[tuple[int, int], ...]) -> None:
    graph = graph_of((node("a", "x"), node("b", "a")))
    validate(replace(graph, fused=((0, 1),)))
    with pytest.raises(GraphError, match="expected fused runs of its nodes one after the other, got"):
        validate(replace(graph, fused=fused))


def test_topological_order_is_stable_and_finds_circles() -> None:
    nodes = (node("c", "b"), node("a", "x"), node("b", "a"), node("d", "x"))
    assert [n.layer for n in topological(nodes, ["x"])] == ["a", "b", "c", "d"]
    with pytest.raises(GraphError, match="no circle"):
        topological((node("a", "b"), node("b", "a")), [])
    with pytest.raises(GraphError, match="'gone' read by 'a' only"):
        topological((node("a", "gone"),), [])


def test_order_of_twenty_thousand_nodes() -> None:
    chain = [node(f"n{i}", f"n{i - 1}" if i else "x") for i in range(20_000)]
    assert list(topological(chain[::-1], ["x"])) == chain
    graph = graph_of(tuple(chain))
    validate(graph)
    assert graph_from_json(graph_to_json(graph), ATTRS) == graph


def test_errors_say_where_once() -> None:
    with pytest.raises(NetweightError) as caught, located(node("conv1", "x")):
        raise ShapeError("relu: expected something")
    assert caught.value.__notes__ == ["in node 'conv1' (relu)"]


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 32), ("bfloat16", 16), ("int4", 4), ("uint3", 3), ("bool", 8)])
def test_widths(dtype: str, bits: int) -> None:
    assert bits_of(dtype) == bits
    assert TensorSpec((3,), dtype).nbytes == -(-3 * bits // 8)


@pytest.mark.parametrize("dtype", ["int0", "int65", "float31", "str"])
def test_unknown_types_are_refused(dtype: str) -> None:
    with pytest.raises(UsageError, match="dtype: expected a type such as float32"):
        bits_of(dtype)
