"""What runs as one kernel, what is padded apart, which blocks are inverted bottlenecks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import netweight
from netweight import build
from netweight.analysis.bottlenecks import bottlenecks, sums_onto_shortcuts
from netweight.analysis.deployed import deployed
from netweight.analysis.padded import needs_pad
from netweight.ir.lifetimes import last_reads


def conv(x: build.Symbol, channels: int, kernel: int = 1, **options: Any) -> build.Symbol:
    return build.conv2d(x, channels, kernel_size=kernel, bias=False, **options)


def steps(describe: Callable[[build.Symbol], Any], kernels: str = "runtime") -> list[list[str]]:
    """Operators of each step."""
    graph = build.graph(describe, (1, 4, 8, 8))
    found = deployed(graph, kernels)
    assert [node.op for node in found.graph.nodes if node.op != "pad"] == [
        graph.nodes[places[0]].op for places in found.steps if places
    ]
    return [[graph.nodes[place].op for place in places] or ["pad"] for places in found.steps]


def test_normalisation_is_folded_and_activations_run_in_the_kernel() -> None:
    def block(x: build.Symbol) -> build.Symbol:
        y = build.relu(build.batch_norm(conv(x, 4, name="conv")), inplace=True)
        return build.silu(build.add(y, x))

    assert steps(block) == [["conv", "batch_norm", "relu"], ["add", "silu"]]
    assert steps(block, "tflm") == [["conv", "batch_norm", "relu"], ["add"], ["silu"]]
    assert steps(block, "written") == [["conv"], ["batch_norm"], ["relu"], ["add"], ["silu"]]


@pytest.mark.parametrize(
    ("describe", "found"),
    [
        # Somebody else reads what the convolution writes.
        (lambda x: build.add(y := conv(x, 4), build.relu(y)), [["conv"], ["relu"], ["add"]]),
        # The caller gets it.
        (lambda x: ((y := conv(x, 4)), build.relu(y)), [["conv"], ["relu"]]),
        # Nothing is before the activation function, or before the normalisation, but the input.
        (lambda x: build.batch_norm(build.relu(x)), [["relu"], ["batch_norm"]]),
        # A normalisation behind an activation function cannot be folded; it has an activation function of its own.
        (lambda x: build.relu(build.batch_norm(build.relu(conv(x, 4)))), [["conv", "relu"], ["batch_norm", "relu"]]),
        # One activation function to a kernel.
        (lambda x: build.tanh(build.relu(conv(x, 4))), [["conv", "relu"], ["tanh"]]),
        # A gate halves the channels: another shape.
        (lambda x: build.glu(conv(x, 4), dim=1), [["conv"], ["glu"]]),
        # The result times itself is no activation function.
        (lambda x: build.mul(y := conv(x, 4), y), [["conv"], ["mul"]]),
        (lambda x: build.relu(build.flatten(conv(x, 4))), [["conv"], ["reshape"], ["relu"]]),
        (lambda x: build.relu(build.max_pool2d(x, 2)), [["max_pool", "relu"]]),
        (lambda x: build.relu(build.concat((x, conv(x, 2)), dim=1)), [["conv"], ["concat"], ["relu"]]),
    ],
)  # fmt: skip
def test_what_is_no_part_of_the_kernel_before(describe: Any, found: list[list[str]]) -> None:
    assert steps(describe) == found


def test_kernels_that_are_given_stay_whole() -> None:
    graph = build.graph(lambda x: build.tanh(build.relu(conv(build.relu(x), 4))), (1, 4, 8, 8))
    assert [node.op for node in graph.nodes] == ["relu", "conv", "relu", "tanh"]
    found = deployed(replace(graph, fused=((2, 3),)), "runtime")
    assert found.steps == ((0,), (1,), (2,), (3,))
    assert found.graph.fused == ((2, 3),)
    # What is folded before them moves them forward.
    later = deployed(replace(graph, fused=((3, 3),)), "runtime")
    assert (later.steps, later.graph.fused) == (((0,), (1, 2), (3,)), ((2, 2),))


def test_memory_that_is_shared_is_shared_with_the_result_of_the_kernel() -> None:
    def block(x: build.Symbol) -> build.Symbol:
        y = build.relu(build.batch_norm(conv(x, 4), name="norm"), inplace=True, name="first")
        return build.add(y, x, inplace=True, name="sum")

    graph = build.graph(block, (1, 4, 8, 8))
    assert graph.values["sum"].storage == "norm"
    found = deployed(graph, "runtime").graph
    assert found.values["sum"].storage == "first"
    assert found.values["first"].storage == "first"


def same_amounts(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding of TensorFlow's SAME before and after, from its documentation."""
    span = dilation * (kernel - 1) + 1
    total = max(span - stride, 0) if size % stride == 0 else max(span - size % stride, 0)
    return total // 2, total - total // 2


def test_padding_that_is_same_is_no_copy() -> None:
    seen = set()
    for size in range(4, 9):
        for kernel, stride, dilation, before, after in (
            (k, s, d, b, a) for k in (1, 2, 3, 5) for s in (1, 2, 3) for d in (1, 2) for b in range(3) for a in range(3)
        ):
            if size + before + after < dilation * (kernel - 1) + 1:
                continue

            def describe(x: build.Symbol) -> build.Symbol:
                pads = ((before, after), (before, after))  # noqa: B023
                return conv(x, 2, kernel, stride=stride, dilation=dilation, padding=pads)  # noqa: B023

            graph = build.graph(describe, (1, 1, size, size))
            wanted = same_amounts(size, kernel, stride, dilation)
            # Positions behind the last window are read by none, however they are padded.
            read = (graph.spec(graph.outputs[0]).shape[2] - 1) * stride + dilation * (kernel - 1) + 1 - size - before
            same = before == wanted[0] and max(read, 0) == wanted[1]
            none = before == after == 0
            assert (needs_pad(graph, graph.nodes[0]) is None) == (same or none), (
                size,
                kernel,
                stride,
                dilation,
                before,
                after,
            )
            seen.add((same, none))
    assert seen == {(True, True), (True, False), (False, True), (False, False)}


def test_padding_of_numbers_that_are_not_zeros_is_a_copy() -> None:
    def mirrored(x: build.Symbol) -> build.Symbol:
        return conv(x, 4, 3, padding=1, padding_mode="reflect")

    assert steps(mirrored, "tflm") == [["pad"], ["conv"]]
    assert steps(lambda x: conv(x, 4, 3, padding=1), "tflm") == [["conv"]]
    assert steps(lambda x: build.max_pool2d(x, 3, stride=2, padding=1), "tflm") == [["pad"], ["max_pool"]]


def test_padded_maps_by_hand() -> None:
    """8 x 8 and a ring around: 4 * 10 * 10; the input dies when it is copied."""
    graph = build.graph(lambda x: conv(x, 4, 3, stride=2, padding=1, name="conv"), (1, 4, 8, 8))
    found = netweight.memory(graph, bits=8, conventions="tflm").conventions["tflm"]
    assert [(step.layer, step.op, step.alive_bytes) for step in found.steps] == [
        ("conv", "pad", 256 + 400), ("conv", "conv", 400 + 64),
    ]  # fmt: skip
    weighed = netweight.weigh(graph, bits=8, conventions="tflm").activations["tflm"]
    assert (weighed.peak_bytes, weighed.peak_layer, weighed.peak_step) == (656, "conv", 1)


def test_nothing_is_in_place_and_views_are_copies_on_a_microcontroller() -> None:
    def chain(x: build.Symbol) -> build.Symbol:
        return build.sigmoid(build.dropout(build.flatten(x)), inplace=False)

    found = netweight.memory(build.graph(chain, (1, 3, 3, 3)), bits=8, conventions="tflm").conventions["tflm"]
    # 27 bytes take 32: the image, its copy as a vector, the result; dropout does nothing and is left out.
    assert [one.nbytes for one in found.tensors] == [32, 32, 32]


def test_maps_that_are_channels_last_already_are_not_copied() -> None:
    """TensorFlow Lite has channels last: 4 x 8 x 8 is moved nowhere; tokens that become columns are."""

    def there_and_back(x: build.Symbol) -> build.Symbol:
        return conv(build.permute(build.relu(build.permute(x, 0, 2, 3, 1)), 0, 3, 1, 2), 4)

    found = netweight.memory(build.graph(there_and_back, (1, 4, 8, 8)), bits=8, conventions="tflm").conventions["tflm"]
    assert [one.nbytes for one in found.tensors] == [256, 256, 256]
    turned = build.graph(lambda x: build.relu(build.permute(x, 0, 2, 1)), (1, 4, 8))
    found = netweight.memory(turned, bits=8, conventions="tflm").conventions["tflm"]
    assert [one.nbytes for one in found.tensors] == [32, 32, 32]


def bottleneck(x: build.Symbol, wide: int, out: int, *, gate: bool = False) -> build.Symbol:
    y = build.relu6(conv(x, wide, name="widen"))
    y = build.relu6(conv(y, wide, 3, padding=1, groups=wide, name="depthwise"))
    if gate:
        s = build.adaptive_avg_pool2d(y, 1)
        s = build.sigmoid(conv(build.relu(conv(s, 2, name="squeeze")), wide, name="excite"))
        y = build.mul(y, s)
    return conv(y, out, name="project")


def blocks(describe: Callable[[build.Symbol], Any], *shape: int) -> list[tuple[str, str]]:
    graph = deployed(build.graph(describe, shape or (1, 4, 8, 8)), "runtime").graph
    return [(name, graph.nodes[step].layer) for name, step in bottlenecks(graph)]


def test_inverted_bottlenecks() -> None:
    assert blocks(lambda x: bottleneck(x, 24, 4)) == [("x", "project")]
    assert blocks(lambda x: bottleneck(x, 24, 4, gate=True)) == [("x", "project")]  # MobileNetV3's
    assert blocks(lambda x: conv(conv(x, 4, 3, padding=1, groups=4), 2, name="narrow")) == [("x", "narrow")]
    # MobileNetV1's blocks narrow nothing, ConvNeXt's depthwise convolution comes first, a full one is none.
    assert blocks(lambda x: conv(conv(x, 4, 3, padding=1, groups=4), 8)) == []
    assert blocks(lambda x: conv(conv(conv(x, 4, 3, padding=1, groups=4), 16), 4)) == []
    assert blocks(lambda x: conv(conv(conv(x, 24), 24, 3, padding=1), 4)) == []
    assert blocks(lambda x: conv(conv(conv(x, 24), 24, 3, padding=1, groups=24), 24, 3)) == []
    assert len(blocks(lambda x: bottleneck(bottleneck(x, 24, 4), 24, 4))) == 2

    def widened_for_two(x: build.Symbol) -> build.Symbol:
        y = conv(x, 24, name="widen")
        return build.concat((conv(conv(y, 24, 3, padding=1, groups=24), 4, name="narrow"), y), dim=1)

    assert blocks(widened_for_two) == [("widen", "narrow")]  # somebody else reads what is widened: no part of the block
    assert len(list(bottlenecks(deployed(netweight.capture("mobilenet_v2"), "runtime").graph))) == 17


def test_a_block_keeps_its_input_to_its_end() -> None:
    """x 4, wide 24, depthwise 24, out 2 channels of 64 bytes: x waits while the depthwise convolution runs."""
    graph = build.graph(lambda x: bottleneck(x, 24, 2), (1, 4, 8, 8))
    found = netweight.memory(graph, bits=8, conventions=("mcunet-v1", "liveness")).conventions
    alive = {name: [step.alive_bytes // 64 for step in memory.steps] for name, memory in found.items()}
    assert alive == {"liveness": [28, 48, 26], "mcunet-v1": [28, 52, 30]}


def body(x: build.Symbol, channels: int = 4) -> build.Symbol:
    return conv(conv(x, 6), channels)


def onto(describe: Callable[[build.Symbol], Any]) -> dict[str, str]:
    graph = build.graph(describe, (1, 4, 8, 8))
    return sums_onto_shortcuts(graph, last_reads(graph))


def test_a_projection_is_added_onto_its_shortcut() -> None:
    def second(x: build.Symbol) -> build.Symbol:
        a = conv(x, 4, name="a")
        return build.add(a, conv(conv(a, 6), 4, name="b"), name="sum")

    assert onto(second) == {"b": "a", "sum": "a"}
    assert onto(lambda x: build.add(conv(conv(x, 6), 4, name="b"), x, name="sum")) == {"b": "x", "sum": "x"}


@pytest.mark.parametrize(
    "describe",
    [
        lambda x: build.add(conv(x, 4), x),  # the convolution reads the shortcut itself
        lambda x: build.mul(body(x), x),  # no sum
        lambda x: build.add(build.tanh(conv(x, 4)), x),  # no convolution
        lambda x: (build.add(body(x), x), x),  # the shortcut is an output
        lambda x: ((y := body(x)), build.add(y, x)),  # the result is one
        lambda x: build.tanh(build.add((y := body(x)), build.add(y, x))),  # the result is read twice
        lambda x: build.add(body(x, 1), x),  # broadcast
        lambda x: build.add(body(x), build.reshape(build.reshape(x, 1, 4, 64), 1, 4, 8, 8)),  # a view of it
    ],
)
def test_what_cannot_be_added_onto_a_shortcut(describe: Any) -> None:
    assert "x" not in onto(describe).values()


def test_sums_in_place_are_onto_their_shortcuts_too() -> None:
    """Two blocks: x += body(x), twice; the memory of the shortcut is that of x all along."""

    def blocks_in_place(x: build.Symbol) -> build.Symbol:
        x = conv(x, 4, name="first")
        x = build.add(x, body(x), inplace=True, name="one")
        return build.add(x, body(x), inplace=True, name="two")

    assert onto(blocks_in_place) == {"conv_1": "first", "one": "first", "conv_3": "one", "two": "one"}
    graph = build.graph(blocks_in_place, (1, 4, 8, 8))
    found = netweight.memory(graph, bits=8, conventions="mcunet-v2").conventions["mcunet-v2"]
    # x and first; first and 6 channels; those and the sum, written onto first: 10 channels of 64 bytes.
    assert [step.alive_bytes // 64 for step in found.steps] == [8, 10, 10, 4, 10, 10, 4]


def test_a_shortcut_that_is_read_between_keeps_its_memory() -> None:
    """The body's result is there before c is computed from a: a may not be overwritten until then."""

    def describe(x: build.Symbol) -> build.Symbol:
        a = conv(x, 4, name="a")
        b = body(x)
        c = conv(a, 2, name="c")
        return build.concat((build.add(b, a, name="sum"), c), dim=1)

    assert onto(describe) == {}
