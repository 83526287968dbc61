"""What one call of an operator costs: the row of a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.dtypes import arithmetic_dtype
from netweight.analysis.overwriting import Run, new_outputs
from netweight.analysis.settings import settings_of
from netweight.count import Count, product, total
from netweight.ir import Graph, Node, NoShape, TensorSpec, Value, is_floating, located
from netweight.ops import FREE, REGISTRY, WORK_KINDS, OpDef
from netweight.ops.dims import named_count
from netweight.results.profile import LayerRow

_BIASES = frozenset({"bias", "bias_ih", "bias_hh"})
_LECTURE = CONVENTIONS["lecture"]
_STORED = ("parameter", "buffer")
_WORK = attrgetter(*WORK_KINDS)
_NO_WORK = {**dict.fromkeys(WORK_KINDS, 0), "flops": 0, "ops_total": 0}
_UNKNOWN_WORK = dict.fromkeys(_NO_WORK)
_UNKNOWN_SIZES = dict.fromkeys(("activation_count", "activation_bytes", "bytes_read", "bytes_written"))
_UNCHARGED = {
    "params": Count(0),
    "params_no_bias": Count(0),
    "buffers": 0,
    "model_size_bytes": 0,
    "logical_params": 0,
    "weight_dtype": "",
}


def call_row(
    graph: Graph, node: Node, charged: Mapping[int, Value], run: Run | None = None, *, of_weights: bool = False
) -> LayerRow:
    """Cost of one call of an operator.

    Args:
        graph: The network.
        node: The call.
        charged: Parameters and buffers that it is the first to read, by position among its inputs.
        run: The kernel that it is part of; values inside of that are neither moved nor activations.
        of_weights: Whether it reads stored weights alone, so that its outputs are not activations.

    Raises:
        ShapeError: If the operator cannot accept its inputs.
    """
    definition = REGISTRY.find(node.op) or _own(node)
    values = graph.values
    reads = [None if name is None else values[name] for name in node.inputs]
    writes = [values[name] for name in node.outputs]
    specs = [None if value is None else value.spec for value in reads]
    dtype = arithmetic_dtype(specs) if run is None or not run.integer else run.integer
    slots = _slot_names(definition, len(reads))
    made = [] if of_weights else [values[name].spec for name in new_outputs(graph, node, _LECTURE, run)]
    inner = frozenset() if run is None else run.inner
    moved = definition is None or not definition.view
    figures = {
        "layer": node.layer,
        "op": node.op,
        "kind": "unknown" if definition is None else definition.kind,
        "input_shapes": tuple([v.spec.shape for v in reads if v is not None and v.kind in ("input", "activation")]),
        "output_shapes": tuple([value.spec.shape for value in writes]),
        "dtype": dtype,
        "settings": settings_of(definition, node.attrs, specs),
        "weight_shapes": {slot: v.spec.shape for slot, v in zip(slots, reads, strict=True) if v and v.kind in _STORED},
        **(_stored(definition, slots, charged) if charged else _UNCHARGED),
        **_work(definition, node, specs, dtype),
        "activation_count": _elements(made, _dims(definition, "y")),
        "activation_bytes": sum([spec.nbytes for spec in made]),
        "bytes_read": _traffic(slots, reads, inner) if moved else 0,
        "bytes_written": _traffic(_numbered("y", len(writes)), writes, inner) if moved else 0,
        "receptive_field": None,
        "calls": 1,
    }
    if isinstance(node.attrs, NoShape):
        figures.update(_UNKNOWN_SIZES)
    return LayerRow.of(figures)


def _own(node: Node) -> OpDef | None:
    """Operator that a rule of the user's counts; what knows of those is imported where one may be."""
    if node.attrs is None:
        return None
    from netweight.ops.own import definition_of

    return definition_of(node)


def _work(
    definition: OpDef | None, node: Node, specs: Sequence[TensorSpec | None], dtype: str
) -> Mapping[str, int | None]:
    """Operations by kind, and their sums."""
    if definition is None:
        return _UNKNOWN_WORK
    with located(node):
        cost = definition.cost(node.attrs, *specs)
    if cost is FREE:
        return _NO_WORK
    work: dict[str, int | None] = dict(zip(WORK_KINDS, _WORK(cost), strict=True))
    arithmetic = cost.arithmetic
    work["flops"] = arithmetic if is_floating(dtype) else 0
    work["ops_total"] = arithmetic + int(cost.logics)
    return work


def _stored(definition: OpDef | None, slots: Sequence[str], charged: Mapping[int, Value]) -> dict[str, int | str]:
    """Sizes of the parameters and buffers that the call is charged for."""
    params = [(slots[at], value) for at, value in charged.items() if value.kind == "parameter"]
    counts = [_count(value, _dims(definition, slot)) for slot, value in params]
    free_of_bias = [
        count
        for count, (slot, _) in zip(counts, params, strict=True)
        if slot not in _BIASES and not slot.endswith(".bias")
    ]
    return {
        "params": total(counts),
        "params_no_bias": total(free_of_bias),
        "buffers": sum([value.spec.numel for value in charged.values() if value.kind == "buffer"]),
        **_kept(charged, counts),
    }


def _kept(charged: Mapping[int, Value], counts: Sequence[Count]) -> dict[str, int | str]:
    """How the weights of a call are kept: bytes, their number, and the element type of most of them."""
    values = [value for value in charged.values() if value.kind == "parameter" or value.stored is not None]
    figures: dict[str, int | str] = {
        "model_size_bytes": sum([value.stored_bytes for value in values]),
        "logical_params": int(total(counts)),
        "weight_dtype": values[0].spec.dtype if values else "",
    }
    if [value for value in values if value.stored is not None or value.quantization is not None]:
        largest = max(values, key=lambda value: value.weights)
        figures["logical_params"] = sum([value.weights for value in values])
        figures["weight_dtype"] = largest.kept_as if largest.weights else ""
    return figures


def _count(value: Value, dims: str) -> Count:
    """Weights of a parameter: the elements of its tensor, or as many as are packed into them."""
    packed = value.elements != value.spec.numel
    return product(weights=value.elements) if packed else named_count(value.spec, dims)


def _elements(specs: Sequence[TensorSpec], dims: str) -> Count:
    """Elements of tensors with dimensions of these names."""
    return named_count(specs[0], dims) if len(specs) == 1 else total([named_count(spec, dims) for spec in specs])


def _traffic(slots: Sequence[str], values: Sequence[Value | None], inner: frozenset[str]) -> int:
    """Bytes of the values that are not inside of a kernel, each once, and called what it is to the operator."""
    seen = set(inner)
    amount = 0
    terms = []
    for slot, value in zip(slots, values, strict=True):
        if value is not None and value.name not in seen:
            seen.add(value.name)
            size = value.stored_bytes
            amount += size
            if size:
                terms.append(((slot, size),))
    return Count(amount, tuple(terms) or None)


def _slot_names(definition: OpDef | None, count: int) -> tuple[str, ...]:
    """What each input is called; those of an unknown operator are numbered."""
    return tuple([f"x{at}" for at in range(count)]) if definition is None else definition.slot_names(count)


def _numbered(stem: str, count: int) -> tuple[str, ...]:
    """``("y", "y1")`` for two outputs."""
    return (stem,) if count == 1 else tuple([f"{stem}{at or ''}" for at in range(count)])


def _dims(definition: OpDef | None, slot: str) -> str:
    return "" if definition is None else definition.dims.get(slot, "")
