"""Weights that a program makes before it multiplies by them: of packed codes, scales, levels, in any spelling.

What reaches a product and comes from stored tensors alone is a weight. The integers among those hold it, in as many
bits as they have for each of its elements; what stands beside them, scales and zero points, is no weight of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from netweight.ir import Graph, Node, Stored, Value, bits_of, is_floating
from netweight.ops.table import REGISTRY

_PRODUCTS = frozenset({"conv", "embedding", "linear", "matmul", "recurrent"})
"""Kinds of operators that read weights."""

Sources = frozenset[str]
"""Names of stored tensors that a value is made of."""


def with_packed_weights(graph: Graph, *, transient: Collection[str] = ()) -> Graph:
    """The graph, with what each packed or hidden weight is stored as.

    Args:
        graph: A network.
        transient: Buffers that no file of the model has.
    """
    candidates = {name for name, value in graph.values.items() if _may_pack(value)}
    for node in graph.nodes:
        if node.op == "batch_norm":  # running statistics, which most buffers are
            candidates.difference_update(node.inputs)
    if not candidates:
        return graph
    found: dict[str, Stored] = {}
    for sources, numel in _weights_of(graph):
        for name, stored in _stored(graph, sources, numel, transient).items():
            if stored.weights or name not in found:
                found[name] = stored
    if not found:
        return graph
    values = {
        name: replace(value, stored=found[name]) if name in found else value for name, value in graph.values.items()
    }
    return replace(graph, values=values)


def _may_pack(value: Value) -> bool:
    return value.kind == "buffer" or (value.kind == "parameter" and not is_floating(value.spec.dtype))


def _weights_of(graph: Graph) -> Iterator[tuple[Sources, int]]:
    """What each weight of a product is made of, and its elements; products of stored tensors alone are weights, too."""
    values = graph.values
    made: dict[str, Sources] = {name: frozenset({name}) for name, value in values.items() if _is_stored(value)}
    for node in graph.nodes:
        reads = [name for name in node.inputs if name is not None]
        if reads and all(name in made for name in reads):
            together = frozenset().union(*(made[name] for name in reads))
            made.update(dict.fromkeys(node.outputs, together))
        elif _multiplies(node):
            yield from ((made[name], values[name].spec.numel) for name in reads if name in made)


def _is_stored(value: Value) -> bool:
    return value.kind in ("parameter", "buffer", "constant")


def _multiplies(node: Node) -> bool:
    definition = REGISTRY.find(node.op)
    return definition is not None and definition.kind in _PRODUCTS


def _stored(graph: Graph, sources: Sources, numel: int, transient: Collection[str]) -> Mapping[str, Stored]:
    """What the sources of a weight of ``numel`` elements are stored as."""
    values = [graph.values[name] for name in sorted(sources)]
    learned = [value for value in values if value.kind == "parameter"]
    kept = [
        value for value in values if value.kind == "buffer" and value.name not in transient and value.stored is None
    ]
    if learned:
        codes = _largest([value for value in learned if not is_floating(value.spec.dtype)])
        packed = None if codes is None or (codes.quantization or codes.stored) else _packed(codes, numel)
        return {codes.name: packed} if codes is not None and packed is not None and packed.container else {}
    holder = _largest([value for value in kept if not is_floating(value.spec.dtype)] or kept)
    return {
        value.name: _packed(value, numel) if value is holder
        else Stored(dtype=value.spec.dtype, weights=0, nbytes=value.spec.nbytes)
        for value in kept
    }  # fmt: skip


def _largest(values: list[Value]) -> Value | None:
    return max(values, key=lambda value: value.spec.nbytes, default=None)


def _packed(value: Value, numel: int) -> Stored:
    """``numel`` weights in a tensor that has a whole number of bits for each; else each element is one."""
    spec = value.spec
    width = bits_of(spec.dtype)
    bits, rest = divmod(spec.numel * width, numel) if numel else (width, 0)
    if rest or not 0 < bits < width or is_floating(spec.dtype):
        return Stored(dtype=spec.dtype, weights=spec.numel, nbytes=spec.nbytes)
    return Stored(dtype=f"int{bits}", weights=numel, nbytes=spec.nbytes, container=spec.dtype)
