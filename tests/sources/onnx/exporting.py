"""Running exported models somewhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

from netweight.ir import Graph, Node, TensorSpec, Value
from netweight.ops import REGISTRY, output_specs

onnxruntime.set_default_logger_severity(4)

_MISSING = (
    "NOT_IMPLEMENTED",
    "Could not find an implementation",
    "INVALID_GRAPH",
    "must be 4D",
    "Only 4-D",
    "ScalesValidation",
    "SafeInt",
    "Non per-tensor",
    "exclude_outside",
    "ad should be smaller",
)


def one_node(op: str, attrs: Any, inputs: tuple[Any, ...]) -> Graph:
    """A graph of one operator that reads inputs only."""
    definition = REGISTRY[op]
    specs = [None if x is None else TensorSpec(x.shape, x.dtype.name) for x in inputs]
    names = tuple(None if spec is None else f"in{at}" for at, spec in enumerate(specs))
    made = output_specs(definition, attrs, *specs)
    outputs = tuple(f"out{at}" for at in range(len(made)))
    values = [
        Value(name=name, spec=spec, kind="input")
        for name, spec in zip(names, specs, strict=True)
        if name is not None and spec is not None
    ]
    values += [Value(name=name, spec=spec) for name, spec in zip(outputs, made, strict=True)]
    return Graph(
        name="one",
        values={value.name: value for value in values},
        nodes=(Node(op=op, attrs=attrs, inputs=names, outputs=outputs, layer="layer"),),
        inputs=tuple(name for name in names if name is not None),
        outputs=outputs,
    )


def feeds(graph: Graph, inputs: tuple[Any, ...]) -> dict[str, Any]:
    """The inputs that are there, by name."""
    return dict(zip(graph.inputs, (x for x in inputs if x is not None), strict=True))


def session(model: Any) -> Any:
    """ONNX Runtime, which computes what is written and not something that it takes to be faster."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run_elsewhere(model: Any, arrays: dict[str, Any], expected: Any = ()) -> list[Any]:
    """Outputs by ONNX Runtime; by the reference of ``onnx`` where that lacks an operator or a type, or disagrees.

    Where both run and differ from each other, one of them is wrong: that of ``expected`` is then taken.
    """
    try:
        found = session(model).run(None, arrays)
    except Exception as error:
        if not any(reason in f"{type(error).__name__} {error}" for reason in _MISSING):
            raise
    else:
        if not expected or all(near(a, b) for a, b in zip(found, expected, strict=True)):
            return found
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, arrays)


def near(found: Any, wanted: Any) -> bool:
    if found.dtype.kind == "f" and wanted.dtype.kind == "f":
        sizes = np.abs(wanted[np.isfinite(wanted)])
        limit = 1e-3 * max(1, sizes.max(initial=0))
        return found.shape == wanted.shape and bool(np.isclose(found, wanted, 1e-3, limit, equal_nan=True).all())
    return found.shape == wanted.shape and bool((found == wanted).all())


def checked(graph: Graph, weights: Any = None) -> Any:
    """The model of a graph, valid, with every shape that ONNX infers equal to ours."""
    from netweight.sources.onnx.write.writer import to_onnx

    model = to_onnx(graph, weights)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    for info in inferred.graph.value_info:
        if info.name in graph.values:
            sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in info.type.tensor_type.shape.dim]
            ours = graph.spec(info.name).shape
            if info.type.tensor_type.HasField("shape") and None not in sizes:
                assert tuple(sizes) == ours, info.name
    return model
