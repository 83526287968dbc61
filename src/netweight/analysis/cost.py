"""Walks a graph and asks every operator what it costs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from netweight.analysis.memory import CONVENTIONS, Convention, activation_memory, convention, new_outputs
from netweight.analysis.profile import Coverage, InputInfo, LayerRow, ModelInfo, ModuleRow, Profile, Totals, UnknownOp
from netweight.analysis.receptive_field import receptive_fields
from netweight.collector import paused_collector
from netweight.count import Count, total
from netweight.ir import Graph, Node, TensorSpec, Value, is_floating, located
from netweight.ops import REGISTRY, WORK_KINDS, Cost, OpDef
from netweight.ops.dims import named_count

DEFAULT_CONVENTIONS = ("lecture", "liveness")
_BIASES = frozenset({"bias", "bias_ih", "bias_hh"})
_LECTURE = CONVENTIONS["lecture"]
_WORK = attrgetter(*WORK_KINDS)


def weigh_graph(
    graph: Graph,
    *,
    source: str = "graph",
    conventions: Sequence[str] = DEFAULT_CONVENTIONS,
    notes: Sequence[str] = (),
    exact: bool = True,
    stopped_at: str | None = None,
) -> Profile:
    """What a graph costs, layer by layer.

    Args:
        graph: The network.
        source: What kind of model it was made from.
        conventions: Names of the activation conventions to report.
        notes: What the source wants a reader to know.
        exact: Whether the source guessed nothing and left nothing out.
        stopped_at: Module in which the source stopped.

    Raises:
        UnknownNameError: If there is no such convention.
        ShapeError: If an operator cannot accept its inputs.
    """
    rules = {name: convention(name) for name in conventions}
    with paused_collector():
        return _weighed(graph, rules, source=source, notes=tuple(notes), exact=exact, stopped_at=stopped_at)


def _weighed(
    graph: Graph, rules: Mapping[str, Convention], *, source: str, notes: tuple[str, ...], exact: bool,
    stopped_at: str | None,
) -> Profile:  # fmt: skip
    calls = _weigh_calls(graph)
    rows = (*_input_rows(graph), *_merged(calls))
    return Profile(
        model=_model_info(graph, source),
        totals=_totals(graph, rows),
        activations={name: activation_memory(graph, rule) for name, rule in rules.items()},
        coverage=_coverage(rows, calls, exact=exact, stopped_at=stopped_at),
        layers=rows,
        modules=_module_rows(graph, rows),
        notes=notes,
    )


@dataclass(slots=True)
class _Ownership:
    """Parameters and buffers that an earlier layer has already been charged for."""

    seen: set[str]

    def first_reads(
        self, graph: Graph, node: Node, definition: OpDef | None
    ) -> tuple[list[tuple[str, Value]], list[Value]]:
        """Parameters that this node is the first to read, with the name of the slot; and such buffers."""
        params: list[tuple[str, Value]] = []
        buffers: list[Value] = []
        for at, name in enumerate(node.inputs):
            if name is None or (kind := graph.values[name].kind) not in ("parameter", "buffer") or name in self.seen:
                continue
            self.seen.add(name)
            if kind == "buffer":
                buffers.append(graph.values[name])
            else:
                slot = "" if definition is None else definition.slot_names(len(node.inputs))[at]
                params.append((slot, graph.values[name]))
        return params, buffers


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
    dtype = arithmetic_dtype(specs)
    params, buffers = owned.first_reads(graph, node, definition)
    counts = [named_count(value.spec, _dims(definition, slot)) for slot, value in params]
    made = [graph.spec(name) for name in new_outputs(graph, node, _LECTURE)]
    moved = definition is None or not definition.view
    work: dict[str, Any] = (
        dict.fromkeys(WORK_KINDS) if cost is None else dict(zip(WORK_KINDS, _WORK(cost), strict=True))
    )
    return LayerRow(
        layer=node.layer,
        op=node.op,
        kind=definition.kind if definition else "unknown",
        input_shapes=_activation_shapes(graph, node.inputs),
        output_shapes=tuple(graph.spec(name).shape for name in node.outputs),
        dtype=dtype,
        params=total(counts),
        params_no_bias=total([count for count, (slot, _) in zip(counts, params, strict=True) if slot not in _BIASES]),
        buffers=sum(value.spec.numel for value in buffers),
        model_size_bytes=sum([value.stored_bytes for _, value in params]),
        flops=None if cost is None else (cost.arithmetic if is_floating(dtype) else 0),
        ops_total=None if cost is None else cost.ops_total,
        **work,
        activation_count=total([named_count(spec, _dims(definition, "y")) for spec in made]),
        activation_bytes=sum([spec.nbytes for spec in made]),
        bytes_read=_traffic(graph.values[n] for n in dict.fromkeys(node.inputs) if n is not None) if moved else 0,
        bytes_written=_traffic(graph.values[n] for n in node.outputs) if moved else 0,
        receptive_field=field,
    )


def arithmetic_dtype(specs: Iterable[TensorSpec | None]) -> str:
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
    sizes = [(value.name, value.stored_bytes) for value in values]
    return Count(sum([size for _, size in sizes]), tuple([(pair,) for pair in sizes if pair[1]]) or None)


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
        activation_count=named_count(spec),
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


def _coverage(rows: Iterable[LayerRow], calls: Sequence[LayerRow], *, exact: bool, stopped_at: str | None) -> Coverage:
    unknown = tuple(UnknownOp(op=row.op, layer=row.layer, count=row.calls) for row in rows if row.kind == "unknown")
    working = sum(1 for row in calls if row.ops_total)
    return Coverage(
        nodes=len(calls),
        counted=working,
        free=len(calls) - working - sum(op.count for op in unknown),
        unknown=unknown,
        complete=exact and not unknown and stopped_at is None,
        stopped_at=stopped_at,
    )


_MODULE_SUMS = tuple(f.name for f in fields(ModuleRow) if f.name not in ("module", "kind", "layers"))
_MODULE_AMOUNTS = attrgetter(*_MODULE_SUMS)


def _module_rows(graph: Graph, rows: Iterable[LayerRow]) -> tuple[ModuleRow, ...]:
    """Sums for every prefix of every layer's path, the whole network first."""
    below: dict[str, list[Sequence[int]]] = {"": []}
    for row in rows:
        parent = row.layer.rpartition(".")[0]
        if parent not in below:
            below.update({path: [] for path in _prefixes(row.layer) if path not in below})
        below[parent].append((1, *[int(amount or 0) for amount in _MODULE_AMOUNTS(row)]))
    sums: dict[str, Sequence[int]] = {}
    for path in sorted(below, key=_depth, reverse=True):
        sums[path] = [sum(column) for column in zip(*below[path], strict=True)] or (0,) * (1 + len(_MODULE_SUMS))
        if path:
            below[path.rpartition(".")[0]].append(sums[path])
    names = ("layers", *_MODULE_SUMS)
    return tuple(
        ModuleRow(module=path, kind=graph.modules.get(path, ""), **dict(zip(names, sums[path], strict=True)))
        for path in below
    )


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _prefixes(layer: str) -> list[str]:
    """Paths of the modules around a layer: ``["", "layer1", "layer1.0"]`` for ``"layer1.0.conv1"``."""
    parts = layer.split(".")
    return [".".join(parts[:depth]) for depth in range(len(parts))]


__all__ = ["DEFAULT_CONVENTIONS", "Cost", "weigh_graph"]
