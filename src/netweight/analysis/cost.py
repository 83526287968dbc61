"""Walks a graph and asks every operator what it costs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from netweight.analysis.memory import CONVENTIONS, activation_memory, convention, new_outputs
from netweight.analysis.profile import Coverage, InputInfo, LayerRow, ModelInfo, ModuleRow, Profile, Totals, UnknownOp
from netweight.analysis.receptive_field import receptive_fields
from netweight.count import product, total
from netweight.ir import Graph, Node, TensorSpec, Value, is_floating, located
from netweight.ops import REGISTRY, WORK_KINDS, Cost, OpDef
from netweight.ops.dims import named_shape

DEFAULT_CONVENTIONS = ("lecture", "liveness")
_BIASES = frozenset({"bias", "bias_ih", "bias_hh"})
_LECTURE = CONVENTIONS["lecture"]


def weigh_graph(
    graph: Graph, *, source: str = "graph", conventions: Sequence[str] = DEFAULT_CONVENTIONS, notes: Sequence[str] = ()
) -> Profile:
    """What a graph costs, layer by layer.

    Args:
        graph: The network.
        source: What kind of model it was made from.
        conventions: Names of the activation conventions to report.
        notes: What the source wants a reader to know.

    Raises:
        UnknownNameError: If there is no such convention.
        ShapeError: If an operator cannot accept its inputs.
    """
    rules = {name: convention(name) for name in conventions}
    calls = _weigh_calls(graph)
    rows = (*_input_rows(graph), *_merged(calls))
    return Profile(
        model=_model_info(graph, source),
        totals=_totals(graph, rows),
        activations={name: activation_memory(graph, rule) for name, rule in rules.items()},
        coverage=_coverage(graph, rows, calls),
        layers=rows,
        modules=_module_rows(graph, rows),
        notes=tuple(notes),
    )


@dataclass(slots=True)
class _Ownership:
    """Parameters and buffers that an earlier layer has already been charged for."""

    seen: set[str]

    def first_reads(self, graph: Graph, node: Node, kind: str) -> list[tuple[str, Value]]:
        """Values of ``kind`` that this node is the first to read, with the name of the slot."""
        found = []
        definition = REGISTRY.get(node.op)
        slots = definition.slot_names(len(node.inputs)) if definition else ("",) * len(node.inputs)
        for slot, name in zip(slots, node.inputs, strict=True):
            if name is not None and name not in self.seen and graph.values[name].kind == kind:
                self.seen.add(name)
                found.append((slot, graph.values[name]))
        return found


def _weigh_calls(graph: Graph) -> list[LayerRow]:
    owned = _Ownership(set())
    fields_of = receptive_fields(graph)
    return [
        _call_row(graph, node, owned, fields_of.get(node.outputs[0]) if node.outputs else None) for node in graph.nodes
    ]


def _call_row(graph: Graph, node: Node, owned: _Ownership, field: tuple[int, ...] | None) -> LayerRow:
    """Cost of one call of an operator."""
    definition = REGISTRY.get(node.op)
    specs = graph.input_specs(node)
    cost = None
    if definition is not None:
        with located(node):
            cost = definition.cost(node.attrs, *specs)
    dtype = _arithmetic_dtype(specs)
    params = owned.first_reads(graph, node, "parameter")
    buffers = owned.first_reads(graph, node, "buffer")
    made = [graph.spec(name) for name in new_outputs(graph, node, _LECTURE)]
    moved = definition is None or not definition.view
    work: dict[str, Any] = {kind: None if cost is None else getattr(cost, kind) for kind in WORK_KINDS}
    return LayerRow(
        layer=node.layer,
        op=node.op,
        kind=definition.kind if definition else "unknown",
        input_shapes=_activation_shapes(graph, node.inputs),
        output_shapes=tuple(graph.spec(name).shape for name in node.outputs),
        dtype=dtype,
        params=total(_count(value, _dims(definition, slot)) for slot, value in params),
        params_no_bias=total(_count(value, _dims(definition, slot)) for slot, value in params if slot not in _BIASES),
        buffers=sum(value.spec.numel for _, value in buffers),
        model_size_bytes=sum(value.stored_bytes for _, value in params),
        flops=None if cost is None else (cost.arithmetic if is_floating(dtype) else 0),
        ops_total=None if cost is None else cost.ops_total,
        **work,
        activation_count=total(product(named_shape(spec, _dims(definition, "y"))) for spec in made),
        activation_bytes=sum(spec.nbytes for spec in made),
        bytes_read=_traffic(graph.values[n] for n in dict.fromkeys(node.inputs) if n is not None) if moved else 0,
        bytes_written=_traffic(graph.values[n] for n in node.outputs) if moved else 0,
        receptive_field=field,
    )


def _arithmetic_dtype(specs: Iterable[TensorSpec | None]) -> str:
    """Type the arithmetic is done in: floating where an input is, else that of the first input."""
    dtypes = [spec.dtype for spec in specs if spec is not None]
    return next((dtype for dtype in dtypes if is_floating(dtype)), dtypes[0] if dtypes else "float32")


def _activation_shapes(graph: Graph, names: Iterable[str | None]) -> tuple[tuple[int, ...], ...]:
    values = (graph.values[name] for name in names if name is not None)
    return tuple(value.spec.shape for value in values if value.kind in ("input", "activation"))


def _dims(definition: OpDef | None, slot: str) -> str:
    return "" if definition is None else definition.dims.get(slot, "")


def _traffic(values: Iterable[Value]) -> int:
    """Bytes of the values, each named."""
    return total(product({value.name: value.stored_bytes}) for value in values)


def _count(value: Value, dims: str) -> int:
    return product(named_shape(value.spec, dims))


def _input_rows(graph: Graph) -> tuple[LayerRow, ...]:
    """One row per tensor that the caller supplies: it takes memory and costs nothing."""
    return tuple(_input_row(name, graph.spec(name)) for name in graph.inputs)


def _input_row(name: str, spec: TensorSpec) -> LayerRow:
    return LayerRow(
        layer=name,
        op="input",
        kind="input",
        input_shapes=(),
        output_shapes=(spec.shape,),
        dtype=spec.dtype,
        params=0,
        params_no_bias=0,
        buffers=0,
        model_size_bytes=0,
        flops=0,
        ops_total=0,
        **dict.fromkeys(WORK_KINDS, 0),
        activation_count=product(named_shape(spec)),
        activation_bytes=spec.nbytes,
        bytes_read=0,
        bytes_written=0,
        receptive_field=None,
    )


_SUMMED = (
    "params", "params_no_bias", "buffers", "model_size_bytes", "flops", "ops_total", *WORK_KINDS, "activation_count",
    "activation_bytes", "bytes_read", "bytes_written", "calls",
)  # fmt: skip


def _merged(calls: Iterable[LayerRow]) -> tuple[LayerRow, ...]:
    """Calls of the same layer as one row, at the place of the first."""
    groups: dict[tuple[str, str], list[LayerRow]] = {}
    for row in calls:
        groups.setdefault((row.layer, row.op), []).append(row)
    return tuple(rows[0] if len(rows) == 1 else _sum_of_calls(rows) for rows in groups.values())


def _sum_of_calls(rows: list[LayerRow]) -> LayerRow:
    merged: dict[str, Any] = {f.name: getattr(rows[0], f.name) for f in fields(LayerRow)}
    for name in _SUMMED:
        parts = [getattr(row, name) for row in rows]
        merged[name] = None if None in parts else total(parts)
    return LayerRow(**merged)


def _model_info(graph: Graph, source: str) -> ModelInfo:
    specs = [(name, graph.spec(name)) for name in graph.inputs]
    inputs = tuple(InputInfo(name=name, shape=spec.shape, dtype=spec.dtype) for name, spec in specs)
    return ModelInfo(name=graph.name, source=source, inputs=inputs, digest=_digest(graph))


def _digest(graph: Graph) -> str:
    """Hash of what is computed: operators, attributes, shapes and how they connect; names do not enter."""
    number: dict[str | None, int] = {None: -1}
    for name in graph.values:
        number[name] = len(number) - 1
    state = hashlib.sha256()
    for value in graph.values.values():
        state.update(f"{value.kind}{value.spec.shape}{value.spec.dtype};".encode())
    for node in graph.nodes:
        wires = ([number[n] for n in node.inputs], [number[n] for n in node.outputs])
        state.update(f"{node.op}{node.attrs}{wires};".encode())
    return state.hexdigest()[:16]


def _sum(rows: Iterable[LayerRow], name: str) -> int:
    return sum(int(getattr(row, name) or 0) for row in rows)


def _totals(graph: Graph, rows: Sequence[LayerRow]) -> Totals:
    unread = [v for v in graph.values.values() if v.kind == "buffer"]
    return Totals(
        params=_sum(rows, "params"),
        params_no_bias=_sum(rows, "params_no_bias"),
        buffers=sum(value.spec.numel for value in unread),
        model_size_bytes=_sum(rows, "model_size_bytes"),
        macs=_sum(rows, "macs"),
        flops=_sum(rows, "flops"),
        contraction_flops=2 * _sum([row for row in rows if row.flops], "macs"),
        ops_total=_sum(rows, "ops_total"),
        bytes_read=_sum(rows, "bytes_read"),
        bytes_written=_sum(rows, "bytes_written"),
    )


def _coverage(graph: Graph, rows: Iterable[LayerRow], calls: Sequence[LayerRow]) -> Coverage:
    unknown = tuple(UnknownOp(op=row.op, layer=row.layer, count=row.calls) for row in rows if row.kind == "unknown")
    working = sum(1 for row in calls if row.ops_total)
    return Coverage(
        nodes=len(graph.nodes),
        counted=working,
        free=len(calls) - working - sum(op.count for op in unknown),
        unknown=unknown,
        complete=not unknown,
    )


_MODULE_SUMS = tuple(f.name for f in fields(ModuleRow) if f.name not in ("module", "kind", "layers"))


def _module_rows(graph: Graph, rows: Iterable[LayerRow]) -> tuple[ModuleRow, ...]:
    """Sums for every prefix of every layer's path, the whole network first."""
    sums: dict[str, dict[str, int]] = {"": dict.fromkeys(("layers", *_MODULE_SUMS), 0)}
    for row in rows:
        amounts = {name: int(getattr(row, name) or 0) for name in _MODULE_SUMS} | {"layers": 1}
        for path in _prefixes(row.layer):
            into = sums.setdefault(path, dict.fromkeys(amounts, 0))
            for name, amount in amounts.items():
                into[name] += amount
    return tuple(ModuleRow(module=path, kind=graph.modules.get(path, ""), **amounts) for path, amounts in sums.items())


def _prefixes(layer: str) -> list[str]:
    """Paths of the modules around a layer: ``["", "layer1", "layer1.0"]`` for ``"layer1.0.conv1"``."""
    parts = layer.split(".")
    return [".".join(parts[:depth]) for depth in range(len(parts))]


__all__ = ["DEFAULT_CONVENTIONS", "Cost", "weigh_graph"]
