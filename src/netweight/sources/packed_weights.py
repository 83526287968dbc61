"""Weights that a program makes before it multiplies by them: of packed codes, scales, levels, in any spelling.

What reaches a product and comes from stored tensors alone is a weight. The integers among those hold it, in as many
bits as they have for each of its elements; what stands beside them, scales and zero points, is no weight of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from netweight.ir import Graph, Node, Stored, Value, bits_of, is_floating
from netweight.ops.table import REGISTRY

_PRODUCTS = frozenset({"conv", "embedding", "linear", "matmul", "recurrent"})
"""Kinds of operators that read weights."""
_FLOATING = frozenset({"float16", "bfloat16", "float32", "float64"})
_STORED = frozenset({"parameter", "buffer", "constant"})

Sources = frozenset[str]
"""Names of stored tensors that a value is made of."""


def with_packed_weights(graph: Graph, transient: Callable[[], Collection[str]] = frozenset) -> Graph:
    """The graph, with what each packed or hidden weight is stored as.

    Args:
        graph: A network.
        transient: Gives the buffers that no file of the model has.
    """
    values = graph.values
    integers = {
        name for name, value in values.items() if value.kind == "parameter" and value.spec.dtype not in _FLOATING
    }
    packed = integers | {name for name, value in values.items() if value.kind == "buffer"}
    weights = list(_weights_of(graph, packed)) if packed else []
    if not weights:
        return graph
    left = transient()
    found: dict[str, Stored] = {}
    for sources, numel in weights:
        for name, stored in _stored(graph, sources, numel, left).items():
            if stored.weights or name not in found:
                found[name] = stored
    kept = {name: replace(values[name], stored=stored) for name, stored in found.items()}
    return replace(graph, values={**values, **kept}) if kept else graph


def _weights_of(graph: Graph, packed: set[str]) -> Iterator[tuple[Sources, int]]:
    """What each weight of a product is made of, if anything packed is, and its elements.

    Products of stored tensors alone are weights, too.
    """
    values = graph.values
    made: dict[str, Sources] = {}
    near = set(packed)
    for node in graph.nodes:
        if near.isdisjoint(node.inputs):
            continue
        reads = [name for name in node.inputs if name is not None]
        computed = [name for name in reads if name not in made and values[name].kind not in _STORED]
        if computed and not _multiplies(node):
            continue
        sources = [made.get(name) or frozenset({name}) for name in reads]
        if not computed:
            made.update(dict.fromkeys(node.outputs, frozenset().union(*sources)))
            near.update(node.outputs)
        else:
            yield from ((sources[at], values[name].spec.numel) for at, name in enumerate(reads) if name in near)


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
    """``numel`` weights in a tensor that has bits for each, of which a quarter may be left over; else elements are."""
    spec = value.spec
    width = bits_of(spec.dtype)
    held = spec.numel * width
    bits = held // numel if numel else width
    if not 0 < bits < width or 4 * bits * numel < 3 * held or is_floating(spec.dtype):
        return Stored(dtype=spec.dtype, weights=spec.numel, nbytes=spec.nbytes)
    return Stored(dtype=f"int{bits}", weights=numel, nbytes=spec.nbytes, container=spec.dtype)
