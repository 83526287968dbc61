"""The order of a network's operators: less memory, the same outputs, and what is proved of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.ordering.test_best import orders as all_orders

import netweight
from netweight import TensorSpec, build
from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.deployed import deployed
from netweight.analysis.memory import activation_memories
from netweight.analysis.memory_table import as_deployed, memory_table
from netweight.analysis.order import best_places, has_order
from netweight.analysis.order_problem import order_problem
from netweight.analysis.pieces import Facts
from netweight.cli.main import run as command
from netweight.errors import GraphError, UsageError
from netweight.ir import Graph
from netweight.ir.reorder import reordered
from netweight.rewrite.order import in_best_order
from netweight.runtime import initialize, run

ORDERED = tuple(name for name, rule in CONVENTIONS.items() if has_order(rule))


class Towers(torch.nn.Module):
    """Wide layers side by side, each made narrow again by a layer of its own: written down in the worst order."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = torch.nn.ModuleList(torch.nn.Linear(4, 64) for _ in range(3))
        self.narrow = torch.nn.ModuleList(torch.nn.Linear(64, 4) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = [layer(x) for layer in self.widen]
        return torch.cat([layer(y) for layer, y in zip(self.narrow, wide, strict=True)], 1)


def outputs(graph: Graph, x: Any) -> dict[str, Any]:
    """What a network computes with weights from a seed."""
    return dict(run(graph, {graph.inputs[0]: x}, initialize(graph, seed=3)).outputs)


def peak(graph: Graph, name: str = "liveness") -> int:
    return activation_memories(graph, CONVENTIONS)[name].peak_bytes


def test_towers_one_after_the_other_hold_one_wide_tensor() -> None:
    graph = netweight.capture(Towers(), inputs=(1, 4))
    best = in_best_order(graph, CONVENTIONS["liveness"])
    assert peak(graph) == 4 * (3 * 64 + 4)  # three wide ones, and x or the first narrow one
    # The last wide one is made narrow beside two narrow ones.
    assert peak(best) == 4 * (64 + 4 + 4 + 4)
    assert [node.layer for node in best.nodes if node.op == "linear"] == [
        "widen.0", "narrow.0", "widen.1", "narrow.1", "widen.2", "narrow.2",
    ]  # fmt: skip
    assert set(best.nodes) == set(graph.nodes)


@pytest.mark.parametrize("name", ORDERED)
def test_outputs_are_the_same_to_the_bit(name: str) -> None:
    graph = netweight.capture("lenet5-1998")
    best = in_best_order(graph, as_deployed(CONVENTIONS[name]))
    assert best.nodes != graph.nodes
    x = np.random.default_rng(0).standard_normal((1, 1, 32, 32)).astype("float32")
    (before,), (after,) = (outputs(g, x).values() for g in (graph, best))
    np.testing.assert_array_equal(before, after)


def test_the_exported_file_computes_the_same_in_its_better_order(tmp_path: Path) -> None:
    session = pytest.importorskip("onnxruntime").InferenceSession
    model = Towers()
    x = np.random.default_rng(0).standard_normal((1, 4)).astype("float32")
    results, peaks = [], []
    for name, reorder in (("given.onnx", None), ("best.onnx", "liveness")):
        netweight.export(model, tmp_path / name, (1, 4), reorder=reorder)
        found = session(str(tmp_path / name), providers=["CPUExecutionProvider"])
        results.append(found.run(None, {found.get_inputs()[0].name: x})[0])
        peaks.append(netweight.memory(tmp_path / name, conventions="liveness").conventions["liveness"].peak_bytes)
    np.testing.assert_array_equal(*results)
    np.testing.assert_allclose(results[0], model(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6)
    assert peaks[1] < peaks[0]


def test_random_numbers_are_drawn_in_the_same_turn() -> None:
    class Dropped(Towers):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            wide = [torch.dropout(layer(x), 0.5, train=True) for layer in self.widen]
            return torch.cat([layer(y) for layer, y in zip(self.narrow, wide, strict=True)], 1)

    graph = netweight.capture(Dropped(), inputs=(1, 4), training=True)
    best = in_best_order(graph, CONVENTIONS["liveness"])
    assert peak(best) < peak(graph)
    x = np.ones((1, 4), "float32")
    (before,), (after,) = (outputs(g, x).values() for g in (graph, best))
    np.testing.assert_array_equal(before, after)


def test_a_better_order_that_would_draw_other_numbers_is_not_taken() -> None:
    class Kept(torch.nn.Module):
        """What the first branch leaves is large, what the second needs meanwhile: the second should come first."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            kept = self.noise(torch.cat([x] * 20, 1))
            small = self.noise(torch.cat([x] * 40, 1)).sum(1, keepdim=True)
            return kept * small

        def noise(self, x: torch.Tensor) -> torch.Tensor:
            return x

    class Random(Kept):
        def noise(self, x: torch.Tensor) -> torch.Tensor:
            return torch.dropout(x, 0.5, train=True)

    free, bound = (netweight.capture(model(), inputs=(1, 4), training=True) for model in (Kept, Random))
    assert peak(in_best_order(free, CONVENTIONS["liveness"])) < peak(free)
    best = in_best_order(bound, CONVENTIONS["liveness"])
    drawing = [[node.outputs for node in graph.nodes if node.op == "dropout"] for graph in (bound, best)]
    assert len(drawing[0]) == 2
    assert drawing[0] == drawing[1]


def test_what_is_changed_in_place_is_read_before() -> None:
    class Changed(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x * 2
            wide = torch.cat([x] * 20, 1)  # gone with the sum that is added: to add before would hold less
            before = torch.cat([y] * 30, 1)
            y.add_(wide.sum())
            return y.sum() + before.sum()

    graph = netweight.capture(Changed(), inputs=(2, 3))
    for name in ORDERED:
        best = in_best_order(graph, CONVENTIONS[name])
        order = [node.outputs[0] for node in best.nodes]
        assert order.index("concat_1") < order.index("add"), order
        assert outputs(best, np.ones((2, 3), "float32")) == outputs(graph, np.ones((2, 3), "float32"))


def test_where_a_smaller_output_is_written_over_its_input_nothing_is_said_to_be_proved() -> None:
    class Smaller(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            positive = torch.cat([x] * 4, 1) > 0  # a byte each, over four
            return torch.cat([positive, positive.logical_not(), x > 1], 1)

    graph = netweight.capture(Smaller(), inputs=(2, 3))
    order = memory_table(graph, CONVENTIONS, as_written=True)["inplace"].order
    assert order is not None
    assert order.lower_bound_bytes == order.footprint_bytes < order.peak_bytes
    assert not order.proved_optimal


@pytest.mark.parametrize("name", ORDERED)
def test_no_order_of_a_small_network_holds_less(name: str) -> None:
    class Small(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            a, b = x.relu(), torch.cat([x, x], 1)
            c = b.exp()
            d = torch.cat([c, a], 1)
            return d.sum(1), a.sigmoid() + x, c.mean()

    graph = netweight.capture(Small(), inputs=(2, 5))
    rule = CONVENTIONS[name]
    order = memory_table(graph, {name: rule}, as_written=True)[name].order
    assert order is not None
    assert order.proved_optimal

    steps = order_problem(Facts.of(graph), replace(rule, kernels="written"))
    assert not steps.beside
    peaks = []
    for found in all_orders(steps.problem):
        places = [place for step in found for place in steps.nodes[step]]
        peaks.append(
            activation_memories(reordered(graph, places), {"": replace(rule, kernels="written")})[""].peak_bytes
        )
    assert len(set(peaks)) > 1
    assert order.peak_bytes == min(peaks)


@pytest.mark.parametrize(
    "network", ["googlenet", "densenet121", "inception_v3", "mobilenet_v2", "lenet5-1998", "bert_base"]
)
def test_the_chain_of_bounds_rises_and_the_best_order_is_proved(network: str) -> None:
    graph = netweight.capture(network)
    for found in memory_table(graph, CONVENTIONS, as_written=False).values():
        if found.order is None or found.plan is None:
            continue
        order, plan = found.order, found.plan
        assert order.proved_optimal
        chain = [
            order.footprint_bytes, order.lower_bound_bytes, order.peak_bytes, found.peak_bytes, plan.arena_bytes,
            plan.greedy_bytes, found.total_bytes,
        ]  # fmt: skip
        assert chain == sorted(chain)


def test_weights_in_another_form_stand_where_they_are_needed() -> None:
    class Made(Towers):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            made = [layer.weight.t().exp() for layer in self.narrow]
            wide = [layer(x) for layer in self.widen]
            return torch.cat([y @ weight for weight, y in zip(made, wide, strict=True)], 1)

    graph = netweight.capture(Made(), inputs=(1, 4))
    best = in_best_order(graph, CONVENTIONS["liveness"])
    assert peak(best) < peak(graph)
    x = np.ones((1, 4), "float32")
    (before,), (after,) = (outputs(g, x).values() for g in (graph, best))
    np.testing.assert_array_equal(before, after)


def test_a_network_in_the_best_order_comes_back_as_it_is() -> None:
    graph = netweight.capture("alexnet")
    assert in_best_order(graph, CONVENTIONS["liveness"]) is graph


def test_conventions_without_an_order_are_refused() -> None:
    for name in set(CONVENTIONS) - set(ORDERED):
        with pytest.raises(UsageError, match="expected a convention whose order can be chosen"):
            best_places(netweight.capture("mlp"), CONVENTIONS[name])
    assert ORDERED == ("liveness", "io-held", "inplace", "tflm")


def _two(x: build.Symbol) -> build.Symbol:
    return build.relu(build.conv2d(x, 4, kernel_size=3, name="first"), name="second")


def test_orders_that_are_none() -> None:
    graph = build.graph(_two, TensorSpec((1, 3, 8, 8)), name="two")
    with pytest.raises(GraphError, match="order: expected 'first' before 'second', which reads its 'first'"):
        reordered(graph, (1, 0))
    with pytest.raises(GraphError, match="order: expected each of the 2 nodes of 'two' once, got 3 numbers"):
        reordered(graph, (0, 1, 1))
    with pytest.raises(GraphError, match="order: expected each of the 2 nodes"):
        reordered(graph, (0, 2))


def test_nodes_of_one_kernel_stay_together() -> None:
    graph = netweight.capture(Towers(), inputs=(1, 4))
    places = {node.layer: place for place, node in enumerate(graph.nodes)}
    kernel = (places["widen.1"], places["widen.2"])
    assert kernel[1] == kernel[0] + 1
    fused = replace(graph, fused=(kernel,))
    best = in_best_order(fused, CONVENTIONS["liveness"])
    first, last = best.fused[0]
    assert [best.nodes[step].layer for step in range(first, last + 1)] == ["widen.1", "widen.2"]
    order = [places["widen.0"], places["narrow.0"], kernel[0], places["narrow.1"], kernel[1]]
    order += [place for place in range(len(graph.nodes)) if place not in order]
    with pytest.raises(GraphError, match=r"order: expected the 2 nodes of one kernel around 'widen\.1' together"):
        reordered(fused, order)


def test_kernels_whose_nodes_stand_in_another_order_come_back_in_theirs() -> None:
    graph = netweight.capture(Path(__file__).parent.parent / "models/tflite/mlperf_vww_96_int8.tflite")
    assert any(list(step) != sorted(step) for step in deployed(graph, "tflm").steps)
    assert in_best_order(graph, CONVENTIONS["tflm"]) is graph


def test_every_node_of_the_network_is_in_the_order_of_a_runtimes_kernels() -> None:
    graph = netweight.capture("googlenet")
    for name in ORDERED:
        rule = as_deployed(CONVENTIONS[name])
        steps = deployed(graph, rule.kernels).steps
        assert sorted(place for step in steps for place in step) == list(range(len(graph.nodes)))


def test_the_command_says_what_an_order_saves_and_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*flags: str) -> str:
        assert command(["memory", "lenet5-1998", "--convention", "liveness", *flags]) == 0
        return capsys.readouterr().out

    assert "  best order        35,728  proved optimal\n" in shown()
    assert "  this order        38,928  --reorder saves 3,200 (8.2 %)\n" in shown()
    assert "  this order        35,728  no order is better\n" in shown("--reorder")
