"""A graph to an ONNX model: every node by its rule, weights as initializers, the same bytes every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netweight.errors import UnsupportedOpError, UsageError
from netweight.ir import Graph, Value, is_floating, located
from netweight.lazy import Array, np
from netweight.ops import REGISTRY
from netweight.sources.onnx.files import need_onnx
from netweight.sources.onnx.numbers import PRODUCER
from netweight.sources.onnx.write import RULES
from netweight.sources.onnx.write.labels import Labels
from netweight.sources.onnx.write.step import Body, Step, proto_type
from netweight.sources.onnx.write.stored import Outside, filled, initializer, is_even
from netweight.version import __version__

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto


OPSET = 20
IR_VERSION = 10
_STORED = ("parameter", "buffer", "constant")
_FIGURES_ONLY = ("conv", "linear", "attention", "recurrent", "norm")


def to_onnx(graph: Graph, weights: Mapping[str, Array] | None = None, *, outside: Outside | None = None) -> ModelProto:
    """The model that a graph is.

    Args:
        graph: The network.
        weights: Array per parameter, buffer and constant; None writes zeros that take no room in the file.
        outside: Where the numbers of large weights go instead of the model.

    Raises:
        UnsupportedOpError: If ONNX has nothing for some operators of the graph; all are named.
        UsageError: If a weight is missing or has another shape.
    """
    onnx = need_onnx()
    body = Body(labels=Labels(graph.name, graph.modules), values=set(graph.values))
    _check_weights(graph, weights)
    _check_widths(graph)
    _write_nodes(graph, body, weights)
    names = (*graph.outputs, *(name for name in graph.updates.values() if name not in graph.outputs))
    outputs = [_output(graph, name, body, names[:at].count(name)) for at, name in enumerate(names)]
    read = {name for node in body.nodes for name in node.input}
    stored: list[TensorProto] = []
    made = []
    for value in graph.values.values():
        if value.kind not in _STORED or value.name not in read:
            continue
        if weights is None:
            made.append(filled(value, _shape_of(value, body)))
        elif is_even(value, weights[value.name]):
            made.append(filled(value, _shape_of(value, body), weights[value.name].reshape(-1)[:1]))
        else:
            stored.append(initializer(value, value.name, weights[value.name], outside))
    if weights is not None:
        for name, (sources, rule) in body.rewritten.items():
            made_of = rule(*(weights[source] for source in sources))
            stored.append(initializer(graph.values[sources[0]], name, made_of, outside))
    whole = onnx.helper.make_graph(
        [*made, *body.nodes],
        graph.name or "network",
        [_info(graph.values[name], name) for name in graph.inputs],
        outputs,
        [*stored, *body.constants.values()],
    )
    return onnx.helper.make_model(
        whole,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
        producer_version=__version__,
    )


def _write_nodes(graph: Graph, body: Body, weights: Mapping[str, Array] | None) -> None:
    """Every node by its rule.

    Raises:
        UnsupportedOpError: If there is none for some, or they have settings that ONNX does not have.
    """
    missing: Counter[str] = Counter()
    for node in graph.nodes:
        rule = RULES.find(node.op)
        if rule is None:
            missing[node.op] += 1
            continue
        reads, makes = graph.input_specs(node), tuple(graph.spec(name) for name in node.outputs)
        if any(spec is not None and spec.dtype.startswith("complex") for spec in (*reads, *makes)):
            missing[f"{node.op} of complex numbers"] += 1
            continue
        try:
            with located(node):
                rule(Step(body, node, reads, makes, weights or {}))
        except UnsupportedOpError as error:
            missing[str(error)] += 1
    if missing:
        named = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(missing.items()))
        raise UnsupportedOpError(f"export: expected operators that ONNX {OPSET} has, got {named}")


def _check_weights(graph: Graph, weights: Mapping[str, Array] | None) -> None:
    for name, value in graph.values.items():
        if weights is None or value.kind not in _STORED:
            continue
        if name not in weights:
            raise UsageError(f"export: expected an array for {value.kind} {name!r}, got none")
        if tuple(weights[name].shape) != value.spec.shape:
            raise UsageError(f"export: expected {name!r} of shape {value.spec.shape}, got {weights[name].shape}")


def _check_widths(graph: Graph) -> None:
    """Refuse a network at other bit widths: it says what would be stored and computed, not with which scales.

    Raises:
        UsageError: If a layer that multiplies has integers.
    """
    for node in graph.nodes:
        op = REGISTRY.find(node.op)
        if op is None or op.kind not in _FIGURES_ONLY or node.op.startswith("integer_"):
            continue
        learned = [name for name in node.inputs if name is not None and graph.values[name].kind == "parameter"]
        read = [name for name in node.inputs[:2] if name is not None]
        dtypes = [graph.spec(name).dtype for name in (*read, *learned, *node.outputs[:1])]
        whole = [dtype for dtype in dtypes if not is_floating(dtype) and dtype != "bool"]
        if whole:
            raise UsageError(
                f"export: expected floating numbers in {node.layer!r}, got {whole[0]}, which is for figures only",
                fix="export the network at 16, 32 or 64 bits",
            )


def _shape_of(value: Value, body: Body) -> str:
    """Name of the sizes of a weight; weights of the same sizes share it."""
    import onnx

    key = "shape", value.spec.shape
    if key not in body.shared:
        name = body.new_value("shape")
        body.constants[name] = onnx.numpy_helper.from_array(np.array(value.spec.shape, np.int64), name)
        body.shared[key] = name
    return body.shared[key]


def _output(graph: Graph, name: str, body: Body, before: int) -> Any:
    """An output of the model; what no node writes is copied, and what was an output ``before``, so many times."""
    import onnx

    value = graph.values[name]
    if value.kind == "activation" and not before:
        return _info(value, name)
    copy = f"{name}.output{before or ''}"
    body.nodes.append(onnx.helper.make_node("Identity", [name], [copy], name=copy))
    return _info(value, copy)


def _info(value: Value, name: str) -> Any:
    import onnx

    return onnx.helper.make_tensor_value_info(name, proto_type(value.spec.dtype), value.spec.shape)
