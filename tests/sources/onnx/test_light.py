"""The nine light models of the official backend suite: figures to the digit, and ONNX Runtime as witness."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.sources.onnx import read_graph, read_model  # noqa: E402
from sources.onnx.light_figures import FIGURES  # noqa: E402
from sources.onnx.suite.cases import inputs_of  # noqa: E402

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
OURS = {
    "AveragePool": "avg_pool", "BatchNormalization": "batch_norm", "Gemm": "linear", "GlobalAveragePool": "mean",
    "LRN": "local_response_norm", "MaxPool": "max_pool", "Sum": "add", "Transpose": "permute",
}  # fmt: skip


def place_of(name):
    return FOLDER / f"light_{name}.onnx"


@pytest.mark.parametrize("name", FIGURES)
def test_figures(name):
    figures = FIGURES[name]
    read = read_graph(read_model(place_of(name)))
    profile = weigh_graph(read.graph)
    assert read.exact
    assert profile.coverage.complete
    assert profile.totals.params == figures.params
    assert profile.totals.buffers == figures.buffers
    assert profile.totals.macs == figures.macs
    contracted = [row for row in profile.layers if row.op in ("conv", "linear")]
    assert sum(row.activation_count for row in contracted) == figures.activations


@pytest.mark.parametrize("name", FIGURES)
def test_calls(name):
    """Dropout drops nothing at inference and is no call; weights are reshaped by calls of ``reshape``."""
    wanted = Counter({OURS.get(op, op.lower()): count for op, count in FIGURES[name].ops.items() if op != "Dropout"})
    model = read_model(place_of(name))
    wanted["reshape"] += sum(node.op_type == "Unsqueeze" for node in model.graph.node)
    assert Counter(node.op for node in read_graph(model).graph.nodes) == +wanted


@pytest.mark.parametrize("name", [name for name, figures in FIGURES.items() if figures.unread])
def test_what_nothing_reads_is_no_parameter(name):
    model = read_model(place_of(name))
    read = {name for node in model.graph.node for name in node.input}
    strays = [tensor for tensor in model.graph.initializer if tensor.name not in read]
    assert [tuple(tensor.dims) for tensor in strays] == [(1, 1)]
    assert not set(read_graph(model).graph.values) & {tensor.name for tensor in strays}


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"vgg19", "zfnet512"}))  # as AlexNet, and slow
def test_runs_as_onnx_runtime_does(name):
    """Random weights instead of the constants of the file; scores are compared before softmax hides them, too."""
    runtime = pytest.importorskip("onnxruntime")
    backend = pytest.importorskip("netweight.onnx_backend")
    model = onnx.load(place_of(name))
    (entry,) = [entry.name for entry in inputs_of(model)]
    weights = taken_out(model)
    softmax = model.graph.node[-1]
    if softmax.op_type == "Softmax":
        model.graph.output.append(onnx.helper.make_tensor_value_info(softmax.input[0], 1, None))
    x = np.random.default_rng(1).standard_normal((1, 3, 224, 224), np.float32)

    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    expected = runtime.InferenceSession(with_inputs(model, weights), options).run(None, {entry: x, **weights})

    model.graph.initializer.extend(onnx.numpy_helper.from_array(array, key) for key, array in weights.items())
    del weights
    for got, wanted in zip(backend.run_model(model, [x]), expected, strict=True):
        assert np.std(wanted) > 1e-5 * np.max(np.abs(wanted))
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.max(np.abs(wanted)))


def taken_out(model):
    """The weights that nodes of the model make, drawn at random; the nodes are gone afterwards."""
    sizes = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    nodes = list(model.graph.node)
    variances = {node.input[4] for node in nodes if node.op_type == "BatchNormalization"}
    block = np.random.default_rng(0).standard_normal(1 << 20, np.float32)
    weights = {}
    for node in nodes:
        if node.op_type != "ConstantOfShape":
            continue
        shape = tuple(int(size) for size in sizes[node.input[0]])
        array = np.resize(block[len(weights) :], shape)  # enough randomness for fully connected layers, too
        scale = np.float32(np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.1)
        weights[node.output[0]] = np.abs(array) * scale + 1 if node.output[0] in variances else array * scale
    del model.graph.node[:]
    model.graph.node.extend(node for node in nodes if node.op_type != "ConstantOfShape")
    return weights


def with_inputs(model, weights):
    """The same network with its weights as inputs, so that nobody has to write them to bytes."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.graph.input.extend(onnx.helper.make_tensor_value_info(key, 1, a.shape) for key, a in weights.items())
    return made.SerializeToString()
