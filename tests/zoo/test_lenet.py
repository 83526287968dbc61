import math

import numpy as np
import pytest
from numpy.typing import NDArray

from netweight import build, capture, weigh
from netweight.ir import Graph
from netweight.ops import REGISTRY
from netweight.ops.contract.conv import ConvAttrs, conv_forward
from netweight.ops.table import forward
from netweight.zoo import lenet
from netweight.zoo.digit_codes import digit_codes
from netweight.zoo.lenet import C3_INPUTS


def test_modern_lenet5() -> None:
    totals = weigh("lenet5").totals
    assert totals.params == 156 + 2_416 + 48_120 + 10_164 + 850 == 61_706
    assert totals.macs == 117_600 + 240_000 + 48_000 + 10_080 + 840 == 416_520


def test_modern_lenet5_layers() -> None:
    rows = {row.layer: row for row in weigh("lenet5").layers}
    assert {name: (row.params, row.macs) for name, row in rows.items() if row.params} == {
        "C1": (6 * 25 + 6, 28 * 28 * 6 * 25),
        "C3": (16 * 6 * 25 + 16, 10 * 10 * 16 * 6 * 25),
        "C5": (120 * 16 * 25 + 120, 120 * 16 * 25),
        "F6": (84 * 120 + 84, 84 * 120),
        "OUTPUT": (10 * 84 + 10, 10 * 84),
    }
    shapes = [rows[name].output_shapes[0][1:] for name in ("C1", "S2", "C3", "S4", "C5")]
    assert shapes == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1)]


def test_mnist_images_padded_to_32_cost_the_same() -> None:
    totals = weigh("lenet5:padding=2,resolution=28,activation=relu").totals
    assert (totals.params, totals.macs) == (61_706, 416_520)


PAPER = {  # LeCun et al. 1998, section II.B: trained numbers, connections
    "C1": (156, 122_304),
    "S2": (12, 5_880),
    "C3": (1_516, 151_600),
    "S4": (32, 2_000),
    "C5": (48_120, 48_120),
    "F6": (10_164, 10_164),
    "OUTPUT": (0, 840),
}


def connections(graph: Graph) -> dict[str, int]:
    """Inputs of every unit, the bias among them, per module.

    A unit of a convolution or a fully connected layer has one connection per MAC and one for its bias, a unit of a
    subsampling layer one per pixel of its window and one for its bias, a radial basis function one per number of
    its code. The same weight counts as often as it is used.
    """
    found = dict.fromkeys(PAPER, 0)
    for node in graph.nodes:
        y = graph.spec(node.outputs[0])
        match node.op:
            case "conv" | "linear":
                specs = (None if name is None else graph.spec(name) for name in node.inputs)
                count = int(REGISTRY[node.op].cost(node.attrs, *specs).macs) + y.numel
            case "avg_pool":
                count = y.numel * math.prod(node.attrs.kernel_size)
            case "add" | "sub":
                count = y.numel
            case _:
                count = 0
        module, _, _ = node.layer.partition(".")
        found[module] = found.get(module, 0) + count
    return {module: count for module, count in found.items() if count}


def test_published_lenet5_has_60_000_trained_numbers() -> None:
    profile = weigh("lenet5-1998")
    modules = {row.module: row for row in profile.modules}
    assert {name: modules[name].params for name in PAPER} == {name: params for name, (params, _) in PAPER.items()}
    assert profile.totals.params == 60_000
    assert profile.totals.buffers == 10 * 7 * 12  # the fixed codes


def test_published_lenet5_has_340_908_connections() -> None:
    found = connections(capture("lenet5-1998"))
    assert found == {name: count for name, (_, count) in PAPER.items()}
    assert sum(found.values()) == 340_908


def test_connection_table_leaves_150_000_macs() -> None:
    """60 of the 96 pairs of maps are connected: 60 * 5 * 5 weights at each of 10 * 10 places."""
    pairs = {(i, j) for j, maps in enumerate(C3_INPUTS) for i in maps}
    assert len(pairs) == sum(map(len, C3_INPUTS)) == 60
    profile = weigh("lenet5-1998")
    modules = {row.module: row for row in profile.modules}
    assert modules["C3"].macs == 60 * 25 * 100 == 150_000
    assert modules["C3"].params == 60 * 25 + 16
    # Scaling and squared distances are no matrix products: the other MACs are those of C1, C5 and F6.
    assert profile.totals.macs == 117_600 + 150_000 + 48_000 + 10_080


def test_every_map_of_c3_reads_maps_side_by_side_on_a_ring() -> None:
    """Table I: runs of three, runs of four, two pairs with a gap between them, everything."""
    runs = [tuple(sorted((start + step) % 6 for step in range(size))) for size in (3, 4) for start in range(6)]
    assert list(C3_INPUTS[:12]) == runs
    assert list(C3_INPUTS[12:15]) == [tuple(sorted((s + d) % 6 for d in (0, 1, 3, 4))) for s in range(3)]
    assert C3_INPUTS[15] == tuple(range(6))


def test_published_lenet5_shapes() -> None:
    shapes = {row.layer: row.output_shapes[0] for row in weigh("lenet5-1998", batch=2).layers}
    assert shapes["S2.amplitude"] == (2, 6, 14, 14)
    assert shapes["C3.amplitude"] == (2, 16, 10, 10)
    assert shapes["S4.amplitude"] == (2, 16, 5, 5)
    assert shapes["OUTPUT.sum"] == (2, 10)


def test_codes_of_two_digits_differ_in_several_pixels() -> None:
    codes = digit_codes()
    pictures = [codes[84 * digit : 84 * (digit + 1)] for digit in range(10)]
    for first in range(10):
        for second in range(first):
            differing = sum(a != b for a, b in zip(pictures[first], pictures[second], strict=True))
            assert differing >= 4, (second, first)


@pytest.mark.parametrize("name", ["lenet5", "lenet5-1998"])
def test_training_graph_has_the_same_parameters(name: str) -> None:
    assert weigh(name, training=True).totals.params == weigh(name).totals.params


def reference(graph: Graph, values: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Output of a graph by the reference rules, from its input and weights by name."""
    for node in graph.nodes:
        arrays = tuple(None if name is None else values[name] for name in node.inputs)
        results, _ = forward(REGISTRY[node.op], node.attrs, arrays)
        values.update(zip(node.outputs, results, strict=True))
    return values[graph.outputs[0]]


def test_connection_table_is_a_full_convolution_with_zeros(rng: np.random.Generator) -> None:
    graph = build.graph(lambda x: lenet._connect(x, C3_INPUTS), (2, 6, 14, 14))
    drawn = {value.name: rng.standard_normal(value.spec.shape) for value in graph.values.values()}
    full = np.zeros((16, 6, 5, 5))
    rows = [row for size in (3, 4, 6) for row in drawn[f"conv{size}.weight"]]
    for map_number, (inputs, row) in enumerate(zip(C3_INPUTS, rows, strict=True)):
        full[map_number, list(inputs)] = row
    bias = np.concatenate([drawn[f"conv{size}.bias"] for size in (3, 4, 6)])
    plain = ConvAttrs(stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1))
    expected = conv_forward(plain, drawn["x"], full, bias)
    np.testing.assert_allclose(reference(graph, drawn), expected, rtol=1e-12, atol=1e-12)


def test_squashing_maps_one_to_one() -> None:
    """Appendix A: f(1) = 1 and f(-1) = -1."""
    y = reference(build.graph(lenet._squash, (2, 1)), {"x": np.array([[1.0], [-1.0]])})
    np.testing.assert_allclose(y, [[1.0], [-1.0]], atol=1e-4)


def test_subsampling_adds_four_pixels_then_scales_and_shifts() -> None:
    graph = build.graph(lambda x: lenet._subsample(x, name="S"), (1, 2, 2, 2))
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    weight, bias = np.array([0.1, 0.01]).reshape(2, 1, 1), np.array([-0.5, 0.25]).reshape(2, 1, 1)
    y = reference(graph, {"x": x, "S.weight": weight, "S.bias": bias})
    sums = np.array([0 + 1 + 2 + 3, 4 + 5 + 6 + 7])
    expected = 1.7159 * np.tanh(2 / 3 * (sums * weight.ravel() + bias.ravel()))
    np.testing.assert_allclose(y.ravel(), expected, rtol=1e-12)


def test_output_is_the_squared_distance_to_each_code() -> None:
    codes = np.array(digit_codes()).reshape(10, 84)
    graph = build.graph(lenet._distances, (10, 84))
    distances = reference(graph, {"x": codes, "codes": codes})
    differing = (codes[:, None] != codes[None]).sum(axis=-1)
    np.testing.assert_array_equal(distances, 4.0 * differing)
