"""Walks a graph and asks every operator what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from math import prod
from operator import attrgetter
from typing import Any

from netweight.analysis.biases import added_biases
from netweight.analysis.conventions import DEFAULT_CONVENTIONS, convention
from netweight.analysis.coverage import coverage_of
from netweight.analysis.digest import digest_of
from netweight.analysis.from_weights import made_from_weights
from netweight.analysis.frozen import frozen_params
from netweight.analysis.idle_rows import input_rows, unread_rows
from netweight.analysis.layer_row import call_row
from netweight.analysis.memory import activation_memories
from netweight.analysis.notes import notes_on, notes_on_totals
from netweight.analysis.overwriting import Run, runs_of
from netweight.analysis.own_rules import note_on_own
from netweight.analysis.ownership import Ownership
from netweight.analysis.receptive_field import receptive_fields
from netweight.analysis.shared import notes_on_sharing
from netweight.count import total
from netweight.gc_pause import paused_collector
from netweight.ir import Graph, Value
from netweight.ir.lifetimes import last_reads
from netweight.ops import WORK_KINDS
from netweight.results.profile import (
    InputInfo,
    LayerRow,
    Layers,
    ModelInfo,
    ModuleRow,
    Modules,
    Profile,
    Totals,
)  # fmt: skip


def weigh_graph(
    graph: Graph,
    *,
    source: str = "graph",
    conventions: Sequence[str] = DEFAULT_CONVENTIONS,
    notes: Sequence[str] = (),
    exact: bool = True,
    guesses: Sequence[str] = (),
    stopped_at: str | None = None,
    freeze: Sequence[str] = (),
) -> Profile:
    """What a graph costs, layer by layer.

    Args:
        graph: The network.
        source: What kind of model it was made from.
        conventions: Names of the activation conventions to report.
        notes: What the source wants a reader to know.
        exact: Whether the source guessed nothing and left nothing out.
        guesses: Those of the notes after which figures may not be exact.
        stopped_at: Module in which the source stopped.
        freeze: Patterns of parameters that training leaves as they are.

    Raises:
        UnknownNameError: If there is no such convention.
        ShapeError: If an operator cannot accept its inputs.
    """
    rules = {name: convention(name) for name in conventions}
    with paused_collector():
        calls = call_rows(graph)
        rows = (*input_rows(graph), *_merged(calls), *unread_rows(graph))
        activations = activation_memories(graph, rules)
        coverage = coverage_of(graph, rows, calls, exact=exact, stopped_at=stopped_at, guesses=tuple(guesses))
        return Profile(
            model=model_info(graph, source),
            totals=_totals(graph, rows, freeze),
            activations=activations,
            coverage=coverage,
            layers=Layers(rows),
            modules=Modules(_module_rows(graph, rows)),
            notes=(
                *notes,
                *notes_on(graph, rows),
                *notes_on_sharing(graph),
                *notes_on_totals(activations),
                *note_on_own(coverage.own_rules),
            ),
        )


def call_rows(graph: Graph) -> list[LayerRow]:
    """One row per node, in their order; calls that are alike in all that their cost depends on are priced once."""
    owned = Ownership.of(graph)
    fields_of = receptive_fields(graph)
    roles = _roles(graph.values)
    made = made_from_weights(graph)
    known: dict[tuple[Any, ...], LayerRow] = {}
    runs = runs_of(graph, last_reads(graph)) if graph.fused else {}
    biases = added_biases(graph)
    rows = []
    for step, node in enumerate(graph.nodes):
        run = runs.get(step)
        charged = owned.first_reads(graph, node)
        inputs, outputs = node.inputs, node.outputs
        is_bias = node.op in ("add", "reshape") and not biases.isdisjoint(inputs)
        of_weights = bool(made) and not made.isdisjoint(outputs)
        key = (
            node.op,
            node.attrs,
            tuple([roles[name] for name in inputs]),
            tuple([roles[name] for name in outputs]),
            len(inputs) < 2 or len(set(inputs)),
            tuple(charged.items()) if owned.rounded else tuple(charged),
            of_weights,
            is_bias,
            None if run is None else _shape_of_run(graph, run, roles, step),
        )
        row = known.get(key)
        if row is None:
            row = call_row(graph, node, charged, run, of_weights=of_weights)
            known[key] = row = LayerRow.of({**vars(row), "params_no_bias": 0}) if is_bias else row
        rows.append(row.at(node.layer, fields_of.get(outputs[0]) if outputs else None))
    return rows


def _shape_of_run(graph: Graph, run: Run, roles: Mapping[str | None, int], step: int) -> Any:
    """What the cost of a call depends on in the kernel that it is part of."""
    nodes = graph.nodes[run.first : run.last + 1]
    parts = [(node.op, node.attrs, *[(roles[name], name in run.inner) for name in node.outputs]) for node in nodes]
    return step - run.first, *parts, *[roles[name] for name in run.reads]


def _roles(values: Mapping[str, Value]) -> dict[str | None, int]:
    """A number for each value: equal for values that differ in nothing that a cost depends on."""
    numbers: dict[Any, int] = {}
    roles: dict[str | None, int] = {None: -1}
    for name, value in values.items():
        role = _role(values, value)
        number = numbers.get(role)
        if number is None:
            number = numbers[role] = len(numbers)
        roles[name] = number
    return roles


def _role(values: Mapping[str, Value], value: Value) -> Any:
    kind = value.kind
    owner = kind if value.storage == value.name else values[value.storage].kind
    if owner == kind and value.quantization is None and value.stored is None:
        return value.spec, kind
    return value.spec, kind, owner, value.quantization, value.stored


_SUMMED = (
    "params", "params_no_bias", "buffers", "model_size_bytes", "logical_params", "flops", "ops_total", *WORK_KINDS,
    "activation_count", "activation_bytes", "bytes_read", "bytes_written", "calls",
)  # fmt: skip
_AMOUNTS = attrgetter(*_SUMMED)


def _merged(calls: Iterable[LayerRow]) -> tuple[LayerRow, ...]:
    """Calls of the same layer as one row, at the place of the first."""
    groups: dict[tuple[str, str], LayerRow | list[LayerRow]] = {}
    for row in calls:
        place = (row.layer, row.op)
        found = groups.setdefault(place, row)
        if isinstance(found, list):
            found.append(row)
        elif found is not row:
            groups[place] = [found, row]
    return tuple([_sum_of_calls(found) if isinstance(found, list) else found for found in groups.values()])


def _sum_of_calls(rows: list[LayerRow]) -> LayerRow:
    columns = zip(*map(_AMOUNTS, rows), strict=True)
    sums = [None if None in column else total(column) if any(column) else 0 for column in columns]
    return LayerRow.of({**vars(rows[0]), **dict(zip(_SUMMED, sums, strict=True))})


def model_info(graph: Graph, source: str) -> ModelInfo:
    """What a graph is: its name, its inputs, its digest."""
    specs = [(name, graph.spec(name)) for name in graph.inputs]
    inputs = tuple(InputInfo(name=name, shape=spec.shape, dtype=spec.dtype) for name, spec in specs)
    return ModelInfo(name=graph.name, source=source, inputs=inputs, digest=digest_of(graph))


def stored_bytes_of(graph: Graph) -> int:
    """Bytes of all that a network has to have stored."""
    kinds = ("parameter", "buffer", "constant")
    return sum([value.stored_bytes for value in graph.values.values() if value.kind in kinds])


def samples_of(graph: Graph) -> int:
    """Samples at once: the first dimension of the first input that has one."""
    shapes = (graph.spec(name).shape for name in graph.inputs)
    return next((shape[0] for shape in shapes if shape), 1)


_TOTALLED = (
    "params", "params_no_bias", "model_size_bytes", "logical_params", "macs", "flops", "ops_total", "bytes_read",
    "bytes_written",
)  # fmt: skip
_TOTALS = attrgetter(*_TOTALLED)


def _totals(graph: Graph, rows: Sequence[LayerRow], freeze: Sequence[str]) -> Totals:
    columns = zip(*map(_TOTALS, rows), strict=True) if rows else [()] * len(_TOTALLED)
    sums = dict(zip(_TOTALLED, map(_sum, columns), strict=True))
    frozen = frozen_params(graph, freeze)
    return Totals(
        trainable_params=sums["params"] - frozen,
        frozen_params=frozen,
        active_params=sums["params"] - _idle(graph),
        buffers=sum([value.spec.numel for value in graph.values.values() if value.kind == "buffer"]),
        contraction_flops=2 * _sum([row.macs for row in rows if row.flops]),
        weight_dtypes=_weight_dtypes(graph),
        **sums,
    )


def _idle(graph: Graph) -> int:
    """Parameters that a token does not meet: of experts that it is not sent to, and those that nothing reads."""
    sizes = {value.name: value.spec.numel for value in graph.unread}
    unread = sum([size for name, size in sizes.items() if name not in graph.experts])
    held: dict[tuple[int, int], int] = {}
    for name, share in graph.experts.items():
        size = graph.spec(name).numel if name in graph.values else sizes.get(name, 0)
        held[share] = held.get(share, 0) + size
    return unread + sum([count - count * chosen // experts for (chosen, experts), count in held.items()])


def _weight_dtypes(graph: Graph) -> dict[str, int]:
    """How many weights are stored as which element type, most of them first."""
    found: Counter[str] = Counter()
    for value in (*graph.values.values(), *graph.unread):
        if value.stored is not None or value.quantization is not None:
            found[value.kept_as] += value.weights if value.weighs else 0
        elif value.kind == "parameter":
            found[value.spec.dtype] += prod(value.spec.shape)
    return {dtype: count for dtype, count in found.most_common() if count}


def _sum(amounts: Iterable[int | None]) -> int:
    """Sum of what is known, a plain int."""
    return sum([int(amount) for amount in amounts if amount])


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
    kinds = graph.modules
    return tuple(
        [
            ModuleRow(module=path, kind=kinds.get(path, ""), **dict(zip(names, sums[path], strict=True)))
            for path in below
        ]
    )


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _prefixes(layer: str) -> list[str]:
    """Paths of the modules around a layer: ``["", "layer1", "layer1.0"]`` for ``"layer1.0.conv1"``."""
    parts = layer.split(".")
    return [".".join(parts[:depth]) for depth in range(len(parts))]
