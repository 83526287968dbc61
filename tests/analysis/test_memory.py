import pytest

from netweight import Graph, TensorSpec, build, weigh
from netweight.analysis.memory import CONVENTIONS, activation_memory
from netweight.errors import UnknownNameError
from netweight.ir import Node, Value


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
