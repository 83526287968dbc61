"""MACs of small ONNX models by netweight and by onnx-tool, beside the count by hand.

The models are those that onnx-tool fails on or gets wrong, and one that it gets right; each is built here.

    pip install netweight[onnx] onnx-tool
    python benchmarks/onnx_peers.py
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper, save
from timing import markdown

import netweight
from netweight.errors import UsageError

FLOAT, INT64, BOOL = 1, 7, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model whose MACs anybody can count.

    Attributes:
        title: What it is.
        model: Builds it.
        macs: Its MACs by hand.
        sum: The sum behind them.
        dims: Sizes of symbolic dimensions.
    """

    title: str
    model: Callable[[], ModelProto]
    macs: int
    sum: str
    dims: dict[str, int] = field(default_factory=dict)


def value(name: str, shape: Sequence[int | str], kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name: str, *shape: int, dtype: str = "float32") -> Any:
    return numpy_helper.from_array(np.ones(shape, dtype), name)


def model_of(
    nodes: Sequence[NodeProto],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    weights: Sequence[Any] = (),
    opset: int = 17,
) -> ModelProto:
    graph = helper.make_graph(nodes, "case", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def convolution() -> ModelProto:
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return model_of(
        [node], [value("x", (1, 3, 16, 16))], [value("y", (1, 8, 16, 16))], [weight("w", 8, 3, 3, 3), weight("b", 8)]
    )


def symbolic() -> ModelProto:
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    return model_of([node], [value("x", ("batch", 64))], [value("y", ("batch", 128))], [weight("w", 64, 128)])


def recurrent(kind: str, gates: int) -> ModelProto:
    """Ten steps of 8 features into 16 units, without a bias."""
    node = helper.make_node(kind, ["x", "w", "r"], ["y"], hidden_size=16)
    weights = [weight("w", 1, gates * 16, 8), weight("r", 1, gates * 16, 16)]
    return model_of([node], [value("x", (10, 1, 8))], [value("y", (10, 1, 1, 16))], weights)


def four_bits() -> ModelProto:
    node = helper.make_node(
        "MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", K=64, N=128, bits=4, block_size=32
    )
    weights = [weight("w", 128, 2, 16, dtype="uint8"), weight("s", 256)]
    return model_of([node], [value("x", (1, 10, 64))], [value("y", (1, 10, 128))], weights)


def attention() -> ModelProto:
    node = helper.make_node("Attention", ["q", "k", "v"], ["y"])
    inputs = [value(name, (1, 4, 50, 16)) for name in "qkv"]
    return model_of([node], inputs, [value("y", (1, 4, 50, 16))], opset=23)


def branch(name: str, width: int) -> GraphProto:
    nodes = [
        helper.make_node("MatMul", ["x", f"w{width}"], [f"h{width}"]),
        helper.make_node("ReduceSum", [f"h{width}"], [name]),
    ]
    return helper.make_graph(nodes, name, [], [value(name, (1, 1))], [weight(f"w{width}", 64, width)])


def condition() -> ModelProto:
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("then", 32), else_branch=branch("else", 8))
    return model_of([node], [value("x", (1, 64)), value("c", (), BOOL)], [value("y", (1, 1))])


def transposed(groups: int) -> ModelProto:
    """8 channels to 8 in groups, kernel 2, stride 2."""
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], kernel_shape=[2, 2], strides=[2, 2], group=groups)
    return model_of(
        [node], [value("x", (1, 8, 16, 16))], [value("y", (1, 8, 32, 32))], [weight("w", 8, 8 // groups, 2, 2)]
    )


def volume() -> ModelProto:
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    weights = [weight("w", 4, 4, 2, 2, 2)]
    return model_of([node], [value("x", (1, 4, 8, 8, 8))], [value("y", (1, 4, 16, 16, 16))], weights)


CASES = (
    Case(title="Conv 3x3, 3 to 8", model=convolution, macs=8 * 16 * 16 * 27, sum="8 x 16 x 16 x 27"),
    Case(
        title="MatMul, batch left open (`--dim batch=4`)",
        model=symbolic,
        macs=4 * 64 * 128,
        sum="4 x 64 x 128",
        dims={"batch": 4},
    ),
    Case(title="MatMul, batch left open, nothing said", model=symbolic, macs=0, sum="batch x 64 x 128"),
    Case(title="LSTM without bias", model=lambda: recurrent("LSTM", 4), macs=10 * 64 * 24, sum="10 x 64 x (8 + 16)"),
    Case(title="GRU without bias", model=lambda: recurrent("GRU", 3), macs=10 * 48 * 24, sum="10 x 48 x (8 + 16)"),
    Case(title="MatMulNBits, 4 bits", model=four_bits, macs=10 * 64 * 128, sum="10 x 64 x 128"),
    Case(title="Attention, 4 heads of 16", model=attention, macs=2 * 4 * 50 * 50 * 16, sum="2 x 4 x 50 x 50 x 16"),
    Case(title="If, the dearer branch", model=condition, macs=64 * 32, sum="64 x 32"),
    Case(
        title="ConvTranspose 2x2, stride 2",
        model=lambda: transposed(1),
        macs=16 * 16 * 8 * 8 * 4,
        sum="16 x 16 x 8 x 8 x 4",
    ),
    Case(title="ConvTranspose 2x2x2, stride 2", model=volume, macs=8**3 * 4 * 4 * 8, sum="8 x 8 x 8 x 4 x 4 x 8"),
    Case(
        title="ConvTranspose 2x2, stride 2, 8 groups",
        model=lambda: transposed(8),
        macs=16 * 16 * 8 * 4,
        sum="16 x 16 x 8 x 4",
    ),
)


def ours(case: Case) -> str:
    try:
        profile = netweight.weigh(case.model(), dims=case.dims)
    except UsageError as error:
        return f"{error.message}; fix: `{error.fix}`"
    return f"{profile.totals.macs:,}"


def theirs(case: Case) -> str:
    """What onnx-tool says; the batch is given to it as a whole input, which is how it wants it."""
    import onnx_tool

    model = case.model()
    given = {
        entry.name: np.zeros([case.dims.get(d.dim_param, 0) or d.dim_value for d in entry.type.tensor_type.shape.dim])
        for entry in model.graph.input
        if case.dims
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = str(Path(folder) / "case.onnx")
        save(model, path)
        try:
            graph = onnx_tool.Model(path).graph
            graph.shape_infer(given)
            graph.profile()
        except Exception as error:  # whatever it fails with is what the table shows
            return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:72]}"
    return f"{int(sum(graph.macs)):,}"


def main() -> None:
    warnings.simplefilter("ignore")
    version = importlib.metadata.version("onnx-tool")
    rows = [[case.title, case.sum, f"{case.macs:,}" if case.macs else "-", ours(case), theirs(case)] for case in CASES]
    print(markdown(["model", "sum", "MACs by hand", "netweight", f"onnx-tool {version}"], rows, left=2))


if __name__ == "__main__":
    main()
