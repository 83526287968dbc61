"""Built-in networks as ONNX: valid, the same outputs in ONNX Runtime, and the same network when read back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netweight
from netweight.analysis.cost import weigh_graph
from netweight.ir import Graph
from netweight.runtime.kernels import KERNELS

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from netweight.sources.onnx.model import read_graph
from netweight.sources.onnx.write.writer import to_onnx
from sources.onnx.exporting import checked, session

# One of each family, at a resolution that its strides leave something of.
NETWORKS: dict[str, tuple[int, ...] | None] = {
    "mlp": None,
    "shallow_cnn": None,
    "lenet5": (2, 1, 32, 32),
    "lenet5-1998": None,
    "alexnet:num_classes=5": (1, 3, 64, 64),
    "vgg11-lrn": (1, 3, 32, 32),
    "vgg11_bn": (1, 3, 32, 32),
    "nin": None,
    "googlenet": (1, 3, 64, 64),
    "inception_v3": (1, 3, 80, 80),
    "resnet18": (2, 3, 32, 32),
    "resnet50": (1, 3, 32, 32),
    "densenet121": (1, 3, 64, 64),
    "mobilenet_v1:width=0.25": (1, 3, 64, 64),
    "mobilenet_v2": (1, 3, 64, 64),
    "xception": (1, 3, 71, 71),
    "vit_b_32": (1, 3, 64, 64),
    "transformer_encoder": None,
    "bert_base": (1, 4),
}
LARGE = ("vgg11-lrn", "vgg11_bn", "vit_b_32", "bert_base")  # too many weights to run them in every test run


def captured(name: str) -> Graph:
    return netweight.capture(name, NETWORKS[name])


def random_inputs(graph: Graph) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal(graph.spec(name).shape).astype(np.float32)
        if graph.spec(name).dtype == "float32"
        else rng.integers(0, 10, graph.spec(name).shape)
        for name in graph.inputs
    }


def check_read_back(model: Any, graph: Graph) -> None:
    """Figures, output sizes, classes of modules, and where the work is."""
    read = read_graph(model)
    assert read.exact
    assert not read.notes
    found, wanted = weigh_graph(read.graph), weigh_graph(graph)
    assert (found.totals.params, found.totals.macs) == (wanted.totals.params, wanted.totals.macs)
    assert [read.graph.spec(name) for name in read.graph.outputs] == [graph.spec(name) for name in graph.outputs]
    assert read.graph.modules == dict(graph.modules)
    assert [row.layer for row in found.layers if row.macs] == [row.layer for row in wanted.layers if row.macs]


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - set(LARGE)))
def test_built_in_networks(name: str) -> None:
    graph = captured(name)
    weights = netweight.initialize(graph)
    model = checked(graph, weights)
    inputs = random_inputs(graph)
    ours = netweight.run(graph, inputs, weights, kernels=KERNELS["im2col"]).outputs
    for found, wanted in zip(session(model).run(None, inputs), ours.values(), strict=True):
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    check_read_back(model, graph)


@pytest.mark.parametrize("name", NETWORKS)
def test_without_weights(name: str) -> None:
    graph = captured(name)
    model = checked(graph)
    assert model.ByteSize() < 1_500_000
    check_read_back(model, graph)


def test_batch_statistics_are_outputs() -> None:
    graph = netweight.capture("resnet18", (2, 3, 32, 32), training=True)
    weights = netweight.initialize(graph)
    model = checked(graph, weights)
    inputs = random_inputs(graph)
    ours = netweight.run(graph, inputs, weights, kernels=KERNELS["im2col"])
    names = [output.name for output in model.graph.output]
    assert names == [*graph.outputs, *graph.updates.values()]
    assert len(graph.updates) == 2 * 20  # mean and variance of 20 batch normalisations
    theirs = dict(zip(names, session(model).run(None, inputs), strict=True))
    for buffer, name in graph.updates.items():
        np.testing.assert_allclose(theirs[name], ours.updates[buffer], rtol=1e-3, atol=1e-4)


def test_same_bytes_every_time() -> None:
    graph = captured("resnet18")
    weights = netweight.initialize(graph)
    first, second = (to_onnx(graph, dict(reversed(weights.items()))).SerializeToString() for _ in range(2))
    assert first == second == to_onnx(graph, weights).SerializeToString()
