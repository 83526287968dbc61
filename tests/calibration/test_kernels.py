"""What engines run as one kernel, beside the kernels that they list themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import netweight
from netweight import build
from netweight.analysis.latency.work import kernel_works
from netweight.engines.engine import Prepared
from netweight.engines.table import engine
from netweight.ir import Graph
from netweight.runtime.weights import initialize

ADDED = ("Reorder", "Convert", "Reshape", "Transpose")


@cache
def network(model: str) -> Graph:
    return netweight.capture(model, (1, 3, 64, 64))


@pytest.fixture(scope="module")
def listed_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[str]]:
    """What ``listed`` says of a built-in network."""
    return cache(lambda name, model: listed(name, network(model), tmp_path_factory.mktemp("listed")))


def listed(name: str, graph: Graph, folder: Path) -> list[str]:
    """Operators of the kernels of an engine, in its words, without changes of layout and views."""
    pytest.importorskip(name)
    pytest.importorskip("onnx")
    feeds = {x: np.zeros(graph.spec(x).shape, graph.spec(x).dtype) for x in graph.inputs}
    prepared = Prepared(graph=graph, weights=initialize(graph), feeds=feeds, folder=folder)
    session = engine(name).load(prepared, threads=1, precision=None)
    found = [kernel.op for kernel in session.kernels(1) if not kernel.op.startswith(ADDED)]
    session.close()
    return found


def foreseen(name: str, graph: Graph) -> list[tuple[str, ...]]:
    """Operators in each kernel, as the rules say."""
    nodes = graph.nodes
    return [tuple(nodes[step].op for step in work.steps) for work in kernel_works(graph, name) if not work.is_free]


@pytest.mark.parametrize("model", ["resnet18", "mobilenet_v2", "googlenet-3x3"])
@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_as_many_kernels_as_the_engine_lists(
    name: str, model: str, listed_once: Callable[[str, str], list[str]]
) -> None:
    assert len(foreseen(name, network(model))) == len(listed_once(name, model))


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_sums_run_in_the_convolution_before_them(name: str, listed_once: Callable[[str, str], list[str]]) -> None:
    kernels = foreseen(name, network("resnet18"))
    assert ("conv", "batch_norm", "add", "relu") in kernels
    assert not any(kernel[0] == "add" for kernel in kernels)
    ran = listed_once(name, "resnet18")
    assert not {"Add", "Eltwise", "Relu", "BatchNormalization"} & set(ran)


def test_a_sum_of_what_comes_later_is_a_kernel_of_its_own() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        y = build.conv2d(x, 8, 1, name="early")
        return build.add(y, build.sigmoid(build.mul(x, 2.0, name="twice"), name="late"), name="sum")

    graph = build.graph(describe, (1, 8, 4, 4))
    assert ("conv", "add") not in foreseen("onnxruntime", graph)


def test_layer_normalisation_runs_with_the_sum_before_it_in_onnxruntime(tmp_path: Path) -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        y = build.add(x, build.linear(x, 32, name="fc"), name="sum")
        return build.layer_norm(y, name="norm")

    graph = build.graph(describe, (1, 8, 32))
    assert ("add", "layer_norm") in foreseen("onnxruntime", graph)
    assert ("layer_norm",) in foreseen("openvino", graph)
    assert "SkipLayerNormalization" in listed("onnxruntime", graph, tmp_path)


def test_onnxruntime_runs_gelu_apart_and_openvino_with_the_product_before_it(tmp_path: Path) -> None:
    graph = build.graph(lambda x: build.gelu(build.linear(x, 32, name="fc"), name="gelu"), (1, 8, 32))
    assert foreseen("onnxruntime", graph) == [("linear",), ("gelu",)]
    assert foreseen("openvino", graph) == [("linear", "gelu")]
    assert listed("openvino", graph, tmp_path) == ["FullyConnected"]
    assert {"Gelu", "BiasGelu"} & set(listed("onnxruntime", graph, tmp_path))
