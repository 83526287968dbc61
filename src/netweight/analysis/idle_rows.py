"""Rows of what does no work: tensors that the caller supplies, and parameters that no operator reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from netweight.count import total
from netweight.ir import Graph, TensorSpec, Value
from netweight.ops import WORK_KINDS
from netweight.ops.dims import named_count
from netweight.results.profile import LayerRow


def input_rows(graph: Graph) -> tuple[LayerRow, ...]:
    """One row per tensor that the caller supplies: it takes memory and costs nothing."""
    return tuple(_input_row(name, graph.spec(name)) for name in graph.inputs)


def unread_rows(graph: Graph) -> tuple[LayerRow, ...]:
    """Parameters that no operator reads: a row for each that is an output, and for each part of the model."""
    read = {name for node in graph.nodes for name in node.inputs}
    given = [graph.values[name] for name in dict.fromkeys(graph.outputs) if name not in read]
    rows = [_weights_row(value.name, "output", [value]) for value in given if value.kind == "parameter"]
    if graph.unread:
        used = {name for name, value in graph.values.items() if value.kind == "parameter"}
        rows += [_weights_row(place, "unread", values) for place, values in _places(graph.unread, used)]
    return tuple(rows)


def _places(unread: Iterable[Value], read: set[str]) -> Iterator[tuple[str, list[Value]]]:
    """Parameters by the outermost part of the model that has none that are read."""
    begun = {name[: at + 1] for name in read for at in range(len(name)) if name[at] == "."}
    found: dict[str, list[Value]] = {}
    for value in unread:
        parts = value.name.split(".")
        prefixes = (".".join(parts[:depth]) for depth in range(1, len(parts)))
        found.setdefault(next((p for p in prefixes if f"{p}." not in begun), value.name), []).append(value)
    yield from found.items()


def _input_row(name: str, spec: TensorSpec) -> LayerRow:
    return _row(
        name, "input", output_shapes=(spec.shape,), dtype=spec.dtype, activation_count=named_count(spec),
        activation_bytes=spec.nbytes,
    )  # fmt: skip


def _weights_row(place: str, op: str, values: list[Value]) -> LayerRow:
    """Parameters in one row; a bias is known by its name alone."""
    largest = max(values, key=lambda value: value.weights)
    return _row(
        place, op, dtype=values[0].spec.dtype, params=total([named_count(value.spec) for value in values]),
        params_no_bias=total([named_count(v.spec) for v in values if not v.name.rpartition(".")[2].startswith("bias")]),
        model_size_bytes=sum(value.stored_bytes for value in values), logical_params=sum(v.weights for v in values),
        weight_dtype=str(largest.stored or largest.spec.dtype),
        weight_shapes={value.name.removeprefix(f"{place}."): value.spec.shape for value in values},
    )  # fmt: skip


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("params", "params_no_bias", "buffers", "model_size_bytes", "logical_params"), 0),
    **dict.fromkeys(("flops", "ops_total", *WORK_KINDS), 0),
    **dict.fromkeys(("activation_count", "activation_bytes", "bytes_read", "bytes_written"), 0),
    "weight_dtype": "", "input_shapes": (), "output_shapes": (), "receptive_field": None,
}  # fmt: skip


def _row(layer: str, op: str, **figures: Any) -> LayerRow:
    return LayerRow(layer=layer, op=op, kind=op, **{**_NOTHING, **figures})
