from collections.abc import Callable

import pytest

from netweight import Graph, TensorSpec, build, weigh
from netweight.analysis.conventions import CONVENTIONS, Convention
from netweight.analysis.memory import activation_memories
from netweight.errors import UnknownNameError
from netweight.ir import Node, Value, ValueKind
from netweight.ops.quantize.affine import ScaleAttrs
from netweight.results.profile import Activations


def activation_memory(graph: Graph, rule: Convention) -> Activations:
    return activation_memories(graph, {"one": rule})["one"]


def shortcut(x: build.Symbol) -> build.Symbol:
    """A chain a -> b -> c and a shortcut from a to the sum."""
    a = build.conv2d(x, 4, kernel_size=1, bias=False, name="a")
    b = build.conv2d(a, 8, kernel_size=1, bias=False, name="b")
    c = build.conv2d(b, 4, kernel_size=1, bias=False, name="c")
    return build.add(c, a, name="sum")


def test_liveness_by_hand() -> None:
    """One element per channel: x 2, a 4, b 8, c 4, sum 4; a stays until the sum."""
    profile = weigh(build.graph(shortcut, (1, 2, 1, 1)), conventions=("liveness", "io-held", "inplace", "lecture"))
    live = profile.activations["liveness"]
    #            step a: x a = 6; b: a b = 12; c: a b c = 16; sum: a c sum = 12
    assert (live.peak_count, live.peak_bytes, live.peak_layer) == (16, 64, "c")
    assert live.peak_tensors == ("a", "b", "c")
    assert live.total_count == 2 + 4 + 8 + 4 + 4
    assert profile.activations["io-held"].peak_count == 16 + 2  # x is never freed
    in_place = profile.activations["inplace"]
    assert in_place.total_count == 2 + 4 + 8 + 4  # the sum writes over c
    assert in_place.peak_count == 16
    lecture = profile.activations["lecture"]
    assert (lecture.peak_count, lecture.peak_layer) == (12, "b")  # input + output of one layer; the sum has 4 + 4 + 4


def test_a_view_and_an_operator_in_place_take_no_memory() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        y = build.conv2d(x, 4, kernel_size=1, bias=False)
        return build.linear(build.flatten(build.relu(y, inplace=True)), 3, bias=False)

    live = weigh(build.graph(describe, (1, 2, 5, 5))).activations["liveness"]
    assert live.total_count == 2 * 25 + 4 * 25 + 3
    assert (live.peak_count, live.peak_layer) == (6 * 25, "conv")


def test_a_copy_that_is_not_in_place_counts_in_liveness_only() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        return build.relu(build.relu(x, name="first"), name="second")

    found = weigh(build.graph(describe, (1, 10)), conventions=tuple(CONVENTIONS)).activations
    assert (found["liveness"].total_count, found["liveness"].peak_count) == (30, 20)
    assert (found["lecture"].total_count, found["lecture"].peak_count) == (10, 10)
    assert (found["inplace"].total_count, found["inplace"].peak_count) == (10, 10)


def test_in_place_writes_over_nothing_that_is_read_later() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        y = build.linear(x, 10, bias=False)
        return build.add(build.relu(y), y)

    found = weigh(build.graph(describe, (1, 10)), conventions=("inplace",)).activations["inplace"]
    assert found.total_count == 10 + 10 + 10  # x, y, relu; the sum writes over one of the last two


def test_an_output_is_kept_to_the_end() -> None:
    def describe(x: build.Symbol) -> tuple[build.Symbol, build.Symbol]:
        y = build.linear(x, 100, bias=False, name="y")
        return y, build.linear(build.linear(y, 1, bias=False), 1, bias=False)

    live = weigh(build.graph(describe, (1, 10))).activations["liveness"]
    assert live.peak_tensors == ("x", "y")
    assert live.peak_count == 110
    inplace = build.graph(lambda x: (x2 := build.linear(x, 4), build.relu(x2)), (1, 4))
    assert activation_memory(inplace, CONVENTIONS["inplace"]).total_count == 12  # relu may not write over an output


def test_unknown_operators_take_memory_of_their_own() -> None:
    spec = TensorSpec((4,))
    values = {"x": Value(name="x", spec=spec, kind="input"), "y": Value(name="y", spec=spec)}
    graph = Graph(
        name="g", values=values, nodes=(Node(op="mystery", inputs=("x",), outputs=("y",), layer="m"),), inputs=("x",),
        outputs=("y",),
    )  # fmt: skip
    for rule in CONVENTIONS.values():
        assert activation_memory(graph, rule).total_count == 8


def _with_weights_made(source: ValueKind) -> Graph:
    """x (1, 8) times a weight (8, 8) that is dequantised and transposed before."""
    values = (
        Value(name="x", spec=TensorSpec((1, 8)), kind="input"),
        Value(name="w", spec=TensorSpec((8, 8), "int8"), kind=source),
        Value(name="scale", spec=TensorSpec(()), kind="constant"),
        Value(name="wide", spec=TensorSpec((8, 8))),
        Value(name="turned", spec=TensorSpec((8, 8))),
        Value(name="y", spec=TensorSpec((1, 8))),
    )
    nodes = (
        Node(op="dequantize", attrs=ScaleAttrs(), inputs=("w", "scale", None), outputs=("wide",), layer="dequantize"),
        Node(op="neg", inputs=("wide",), outputs=("turned",), layer="neg"),
        Node(op="matmul", inputs=("x", "turned"), outputs=("y",), layer="product"),
    )
    inputs = ("x", "w") if source == "input" else ("x",)
    return Graph(name="net", values={v.name: v for v in values}, nodes=nodes, inputs=inputs, outputs=("y",))


@pytest.mark.parametrize("source", ["parameter", "buffer", "constant"])
def test_what_is_made_from_weights_alone_is_no_activation(source: ValueKind) -> None:
    """8 of x and 8 of y are left; what PyTorch makes at every call, it holds."""
    graph = _with_weights_made(source)
    found = activation_memories(graph, CONVENTIONS)
    held = found.pop("torch-eager")
    assert {(memory.total_count, memory.peak_count) for memory in found.values()} == {(16, 16)}
    assert held.total_count == 8 + 64 + 64 + 8
    assert [(row.layer, row.activation_count) for row in weigh(graph).layers] == [
        ("x", 8), ("dequantize", 0), ("neg", 0), ("product", 8),
    ]  # fmt: skip


def test_what_is_made_from_an_input_or_from_nothing_is_an_activation() -> None:
    found = activation_memory(_with_weights_made("input"), CONVENTIONS["lecture"])
    assert found.total_count == 8 + 64 + 64 + 64 + 8
    graph = build.graph(lambda x: build.add(x, build.arange(x, 0, 8, dtype="float32")), (1, 8))
    assert activation_memory(graph, CONVENTIONS["lecture"]).total_count == 8 + 8 + 8


def test_unknown_convention() -> None:
    with pytest.raises(UnknownNameError, match="no activation convention is called 'livness'") as caught:
        weigh("alexnet", conventions=("livness",))
    assert "did you mean liveness" in caught.value.fix


def test_depthwise_in_place_only_in_eight_bits() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        return build.conv2d(x, 6, kernel_size=3, padding=1, groups=6, bias=False)

    graph = build.graph(describe, (1, 6, 4, 4))
    assert weigh(graph, conventions=("inplace",)).activations["inplace"].peak_count == 2 * 96
    assert weigh(graph, bits="8", conventions=("inplace",)).activations["inplace"].peak_count == 96


def test_a_view_that_repeats_elements_takes_no_memory() -> None:
    graph = build.graph(lambda x: build.sum(build.expand(x, 100, 10)), (1, 10))
    live = weigh(graph).activations["liveness"]
    assert (live.total_count, live.peak_count) == (11, 11)


def in_place_bytes(describe: Callable[[build.Symbol], build.Symbol], *shape: int, bits: str | None = None) -> int:
    graph = build.graph(describe, shape)
    return weigh(graph, bits=bits, conventions=("inplace",)).activations["inplace"].peak_bytes


@pytest.mark.parametrize(
    ("c_in", "c_out", "groups", "inplace"),
    [
        (1, 1, 1, 784 + 196),
        (1, 4, 1, 784 + 4 * 196),
        (8, 32, 8, 8 * 784 + 32 * 196),
        (8, 8, 8, 8 * 784),
        (8, 8, 4, 8 * 784 + 8 * 196),
    ],
)
def test_only_one_channel_for_each_channel_is_depthwise(c_in: int, c_out: int, groups: int, inplace: int) -> None:
    """28 x 28 bytes of each input channel, 14 x 14 of each output channel, of which 4 would fit in the place of one."""

    def describe(x: build.Symbol) -> build.Symbol:
        return build.conv2d(x, c_out, kernel_size=3, stride=2, padding=1, groups=groups, bias=False)

    assert in_place_bytes(describe, 1, c_in, 28, 28, bits="8") == inplace


def test_nothing_is_written_over_what_is_read_in_another_order() -> None:
    """8 x 8 numbers of 4 bytes are 256; h + h.t() reads h[j, i] after h[i, j] + h[j, i] was written."""
    assert in_place_bytes(lambda h: build.add(h, build.transpose(h, 0, 1)), 8, 8) == 512
    assert in_place_bytes(lambda h: build.add(build.reshape(h, 64), build.flatten(h, 0)), 8, 8) == 256
    assert in_place_bytes(lambda h: build.relu(build.transpose(h, 0, 1)), 8, 8) == 256  # only one order


def test_nothing_is_written_over_rows_that_are_read_again() -> None:
    """The first row of h is added to every row of w: it may not go into h, but into w."""
    first = build.graph(lambda h, w: build.add(build.narrow(h, 0, 0, 1), w), (8, 8), (8, 8))
    assert activation_memory(first, CONVENTIONS["inplace"]).total_bytes == 512
    kept = build.graph(lambda h, w: (build.add(build.narrow(h, 0, 0, 1), w), w), (8, 8), (8, 8))
    assert activation_memory(kept, CONVENTIONS["inplace"]).total_bytes == 768
