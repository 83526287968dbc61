"""Every engine computes the same, and its kernels are those of our layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.engines.engine import Prepared
from netweight.engines.table import ENGINES, engine
from netweight.errors import EngineError, UnknownNameError
from netweight.ir import Graph
from netweight.runtime import initialize

CONTRACTIONS = ("conv", "linear", "matmul", "scaled_dot_product_attention")
ON_ONNX = ("onnxruntime", "openvino")


def network(graph: Graph, folder: Path) -> Prepared:
    rng = np.random.default_rng(0)
    feeds: dict[str, Any] = {}
    for name in graph.inputs:
        spec = graph.spec(name)
        floating = spec.dtype == "float32"
        feeds[name] = rng.standard_normal(spec.shape).astype("float32") if floating else rng.integers(0, 10, spec.shape)
    return Prepared(graph=graph, weights=initialize(graph, seed=0), feeds=feeds, folder=folder)


def loaded(name: str, prepared: Prepared, **more: Any) -> Any:
    pytest.importorskip({"onnxruntime": "onnxruntime", "openvino": "openvino", "torch": "torch"}.get(name, "numpy"))
    return engine(name).load(prepared, threads=1, **{"precision": None, **more})


MODELS = {
    "lenet5": "lenet5",
    "resnet18": ("resnet18", (1, 3, 64, 64)),
    "mobilenet_v2": ("mobilenet_v2", (1, 3, 64, 64)),
    "googlenet": ("googlenet", (1, 3, 64, 64)),
}


def graph_of(name: str) -> Graph:
    found = MODELS[name]
    return netweight.capture(found) if isinstance(found, str) else netweight.capture(*found)


def transformer() -> Any:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("other", ["onnxruntime", "openvino", "torch"])
def test_outputs_are_those_of_the_reference(name: str, other: str, tmp_path: Path) -> None:
    prepared = network(graph_of(name), tmp_path)
    expected = loaded("reference", prepared).run(prepared.feeds)
    found = loaded(other, prepared).run(prepared.feeds)
    assert list(found) == list(expected)
    for key, array in expected.items():
        np.testing.assert_allclose(found[key], array, rtol=1e-3, atol=2e-5 * float(np.abs(array).max()))


@pytest.mark.parametrize("other", ON_ONNX)
@pytest.mark.parametrize("name", [*MODELS, "transformer"])
def test_each_contraction_runs_in_a_kernel(name: str, other: str, tmp_path: Path) -> None:
    graph = netweight.capture(transformer(), (1, 5, 16)) if name == "transformer" else graph_of(name)
    session = loaded(other, network(graph, tmp_path))
    kernels = session.kernels(2)
    run_by: dict[str, int] = {}
    for kernel in kernels:
        for layer in kernel.layers:
            run_by[layer] = run_by.get(layer, 0) + 1
    work = {node.layer for node in graph.nodes if node.op in CONTRACTIONS}
    assert work <= set(run_by)
    if name != "transformer":  # a linear layer over three dimensions is a few kernels
        assert {layer: run_by[layer] for layer in work} == dict.fromkeys(work, 1)
    assert all(kernel.seconds > 0 for kernel in kernels)
    assert session.precision.split(", ")[0] in ("fp32", "bf16")


def test_a_fused_kernel_has_all_of_its_layers(tmp_path: Path) -> None:
    kernels = loaded("onnxruntime", network(graph_of("resnet18"), tmp_path)).kernels(1)
    by_first = {kernel.layers[0]: kernel for kernel in kernels if kernel.layers}
    assert by_first["conv1"].layers == ("conv1", "bn1", "relu")
    assert by_first["layer1.0.conv2"].layers == ("layer1.0.conv2", "layer1.0.bn2", "layer1.0.add", "layer1.0.relu_1")
    assert by_first["fc"].op == "Gemm"
    assert [kernel.layers for kernel in kernels if kernel.op.startswith("Reorder")] == [()]


def test_openvino_names_the_code_that_ran(tmp_path: Path) -> None:
    kernels = loaded("openvino", network(graph_of("resnet18"), tmp_path)).kernels(1)
    first = next(kernel for kernel in kernels if "conv1" in kernel.layers)
    assert first.op == "Convolution"
    assert first.implementation.endswith(("f32", "bf16"))


def test_a_precision_is_asked_for_and_said(tmp_path: Path) -> None:
    prepared = network(graph_of("lenet5"), tmp_path)
    half = loaded("torch", prepared, precision="bf16")
    assert half.precision == "bf16"
    exact = loaded("torch", prepared).run(prepared.feeds)["OUTPUT"]
    assert 0 < np.abs(half.run(prepared.feeds)["OUTPUT"] - exact).max() < 0.1 * np.abs(exact).max()
    assert loaded("openvino", prepared, precision="fp32").precision == "fp32"
    for name, precision in (("onnxruntime", "bf16"), ("openvino", "int8"), ("torch", "int8"), ("reference", "bf16")):
        with pytest.raises(EngineError, match=precision):
            loaded(name, prepared, precision=precision)


def test_a_quantised_file_says_that_it_computes_in_integers() -> None:
    pytest.importorskip("ai_edge_litert")
    file = Path(__file__).parents[1] / "models" / "tflite" / "mlperf_kws_ref_model.tflite"
    graph = netweight.capture(file)
    feeds = {name: np.zeros(graph.spec(name).shape, "int8") for name in graph.inputs}
    prepared = Prepared(graph=graph, weights={}, feeds=feeds, folder=file.parent, file=file)
    session = engine("litert").load(prepared, threads=1, precision=None)
    assert session.precision == "int8"
    (theirs,) = session.run(feeds).values()
    (ours,) = netweight.run(file, feeds).outputs.values()
    np.testing.assert_array_equal(theirs, ours)
    with pytest.raises(EngineError, match="does not say how long"):
        session.kernels(1)
    with pytest.raises(EngineError, match="not in bf16"):
        engine("litert").load(prepared, threads=1, precision="bf16")


def test_what_an_engine_does_not_run_is_refused(tmp_path: Path) -> None:
    prepared = network(graph_of("lenet5"), tmp_path)
    with pytest.raises(EngineError, match=r"runs \.tflite files"):
        engine("litert").load(prepared, threads=1, precision=None)
    with pytest.raises(UnknownNameError, match="onnxrt"):
        engine("onnxrt")
    assert {engine(name).name for name in ENGINES} == set(ENGINES)


def test_a_file_that_an_engine_cannot_read_is_refused_in_its_words(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    graph = graph_of("lenet5")
    prepared = Prepared(
        graph=graph, weights={}, feeds={"x": np.zeros((1, 1, 32, 32), "float32")}, folder=tmp_path, file=broken
    )
    with pytest.raises(EngineError, match=r"ONNX Runtime cannot load the network: .*(protobuf|Protobuf)"):
        engine("onnxruntime").load(prepared, threads=1, precision=None)


def test_a_users_module_runs_as_it_is(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4)).eval()
    x = torch.randn(5, 16)
    graph = netweight.capture(module, (5, 16))
    prepared = Prepared(
        graph=graph, weights={}, feeds={graph.inputs[0]: x.numpy()}, folder=tmp_path, module=module, arguments=(x,)
    )
    session = engine("torch").load(prepared, threads=1, precision=None)
    np.testing.assert_allclose(session.run({})[graph.outputs[0]], module(x).detach().numpy(), rtol=1e-5)
    assert [(kernel.name, kernel.op) for kernel in session.kernels(1)] == [
        ("0", "Linear"),
        ("1", "ReLU"),
        ("2", "Linear"),
    ]
    assert engine("torch").load(prepared, threads=1, precision="bf16").precision == "bf16"
    assert module[0].weight.dtype == torch.float32
    assert not module[0]._forward_hooks
