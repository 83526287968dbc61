"""The rules of a recurrent layer, made from what its cell does in a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from netweight.count import Count, product, total
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.recurrent.cells import (
    Arrays,
    Cell,
    Given,
    RecurrentAttrs,
    Way,
    check,
    previous_states,
    project,
    recurrent_extent,
    starts,
)
from netweight.ops.table import FREE, Cost, OpDef, Wanted, define


def layer_shape(cell: Cell, attrs: RecurrentAttrs, *tensors: TensorSpec | None) -> tuple[TensorSpec, ...]:
    """y (T, N, H) and the last states (N, H), then the extras."""
    given = cell.given(tensors)
    check(cell, attrs, given)
    t, n, _, hidden = _sizes(given)
    kept = [(t, n, width * hidden) for width in cell.widths(attrs)]
    return tuple(TensorSpec(s, given.x.dtype) for s in [(t, n, hidden), *[(n, hidden)] * cell.states, *kept])


def layer_cost(cell: Cell, attrs: RecurrentAttrs, tensors: tuple[TensorSpec | None, ...]) -> Cost:
    """MACs of both products of every gate, one addition per bias and gate, and the cell's work per hidden feature.

    The first hidden product counts even where the initial state is left out, and steps beyond a length count.
    """
    given = cell.given(tensors)
    t, n, c, hidden = _sizes(given)
    biases = sum(bias is not None for bias in (given.bias_ih, given.bias_hh))
    features = total([product(c=c), product(hidden=hidden)])
    macs = product({"t": t, "n": n, "gates": cell.gates, "hidden": hidden, "c + hidden": features})
    return Cost(macs=macs, **_around(cell, given, cell.work(attrs, int(given.peephole is not None)), biases))


def layer_backward_cost(
    cell: Cell, attrs: RecurrentAttrs, wanted: Wanted, tensors: tuple[TensorSpec | None, ...]
) -> Cost:
    """Twice the MACs of the forward if all gradients are wanted, and the cell's work per hidden feature.

    Back through time, with weight_hh, is needed for any gradient; the products of the gates' gradients with weight_ih,
    x and h' for those of ``x``, weight_ih and weight_hh. A bias takes one add per gate. What is computed again (the
    value of a function whose argument was kept) is not counted.
    """
    if not any(wanted):
        return FREE
    given = cell.given(tensors)
    t, n, c, hidden = _sizes(given)
    asked = {name for name, one in zip(cell.slots, wanted, strict=False) if one}
    features = [product(hidden=hidden)] * (1 + ("weight_hh" in asked))
    features += [product(c=c)] * len(asked & {"x", "weight_ih"})
    macs = product({"t": t, "n": n, "gates": cell.gates, "hidden": hidden, "features": total(features)})
    work = cell.backward_work(attrs, int(given.peephole is not None))
    return Cost(macs=macs, **_around(cell, given, work, len(asked & {"bias_ih", "bias_hh"})))


def _around(cell: Cell, given: Given, each: Mapping[str, int], biases: int) -> dict[str, Count]:
    """Work outside the products: so much per hidden feature of every step, and the biases of every gate."""
    t, n, _, hidden = _sizes(given)
    parts = {kind: [product(t=t, n=n, hidden=hidden, each=count)] for kind, count in each.items() if count}
    parts.setdefault("adds", []).extend([product(t=t, n=n, gates=cell.gates, hidden=hidden)] * biases)
    return {kind: total(counts) for kind, counts in parts.items()}


def _sizes(given: Given) -> tuple[int, int, int, int]:
    """Steps, samples, features, hidden features."""
    return (*given.x.shape, given.weight_hh.shape[1])


def layer_forward(cell: Cell, attrs: RecurrentAttrs, *tensors: Array | None) -> Arrays:
    """Step by step."""
    given = cell.given(tensors)
    way, states = Way.of(attrs, given.x, given.lengths), starts(given)
    t, n, _, hidden = _sizes(given)
    y, *kept = (np.empty((t, n, width * hidden), given.x.dtype) for width in (1, *cell.widths(attrs)))
    for step, read in enumerate(project(way.read(given.x), given.weight_ih, given.bias_ih)):
        active = way.active[step][:, None]
        reached, notes = cell.forward(attrs, given, read, states)
        states = tuple(np.where(active, new, old) for new, old in zip(reached, states, strict=True))
        y[step] = states[0]
        for array, note in zip(kept, notes, strict=True):
            array[step] = note
    return (way.put(y), *states, *kept)


def layer_backward(
    cell: Cell, attrs: RecurrentAttrs, grad_outputs: Arrays, *tensors: Array | None, y: Array, **saved: Array
) -> tuple[Array | None, ...]:
    """Back through time."""
    given, kept = cell.given(tensors), [saved[name] for name in cell.extras]
    way, first = Way.of(attrs, given.x, given.lengths), starts(given)
    after = [way.read(y), *kept[1 : cell.states]]
    before = [previous_states(steps, state) for steps, state in zip(after, first, strict=True)]
    t, n, _, hidden = _sizes(given)
    read, recalled = (np.zeros((t, n, cell.gates * hidden), given.x.dtype) for _ in range(2))
    seen = np.repeat(before[0][:, None], 2, axis=1)  # what all gates but the last multiplied, and the last
    grad_y, grads = way.read(grad_outputs[0]), grad_outputs[1:]
    for step in reversed(range(t)):
        active = way.active[step][:, None]
        own, states = tuple(array[step] for array in (*kept, after[0])), tuple(array[step] for array in before)
        found = cell.backward(attrs, given, own, states, (grads[0] + grad_y[step], *grads[1:]))
        grads = tuple(np.where(active, new, old) for new, old in zip(found.states, grads, strict=True))
        read[step], recalled[step] = np.where(active, found.read, 0), np.where(active, found.recalled, 0)
        if found.candidate is not None:
            seen[step, 1] = found.candidate
    split = (cell.gates - 1) * hidden
    weight_hh = [
        np.einsum("tng,tnh->gh", part, seen[:, which])
        for which, part in enumerate((recalled[..., :split], recalled[..., split:]))
    ]
    results: dict[str, Array | None] = {
        "x": way.put(read @ given.weight_ih),
        **{name: None if s is None else g for name, s, g in zip(("h0", "c0"), given.states, grads, strict=False)},
        "weight_ih": np.einsum("tng,tnc->gc", read, way.read(given.x)),
        "weight_hh": np.concatenate(weight_hh),
        "bias_ih": None if given.bias_ih is None else read.sum(axis=(0, 1)),
        "bias_hh": None if given.bias_hh is None else recalled.sum(axis=(0, 1)),
        "peephole": None if given.peephole is None else _peephole_gradient(read, before[1], kept[1]),
    }
    return tuple(results.get(name) for name in cell.slots[: len(tensors)])


def _peephole_gradient(grad_gates: Array, before: Array, after: Array) -> Array:
    """The input and forget gates look at the cell before the step, the output gate at the cell after it."""
    i, f, _, o = np.split(grad_gates, 4, axis=-1)
    return np.concatenate([(i * before).sum((0, 1)), (f * before).sum((0, 1)), (o * after).sum((0, 1))])


def register_layer(
    cell: Cell,
    attrs: type[RecurrentAttrs],
    cost: Callable[..., Cost],
    backward_cost: Callable[..., Cost],
) -> OpDef:
    """Add a recurrent layer to the table.

    Args:
        cell: What it does in a step.
        attrs: Class of its attributes.
        cost: ``layer_cost`` of the cell, with the numbers of its formulas in words.
        backward_cost: ``layer_backward_cost`` likewise.
    """
    rows = "hidden_out" if cell.gates == 1 else f"{cell.gates}*hidden"
    dims = {
        "x": "t n c", "h0": "n hidden", "c0": "n hidden", "weight_ih": f"{rows} c", "weight_hh": f"{rows} hidden",
        "bias_ih": rows, "bias_hh": rows, "peephole": "3*hidden", "lengths": "n", "y": "t n hidden",
    }  # fmt: skip
    return define(
        name=cell.op,
        kind="recurrent",
        attrs=attrs,
        inputs=cell.slots,
        shape=partial(layer_shape, cell),
        cost=cost,
        forward=partial(layer_forward, cell),
        backward=partial(layer_backward, cell),
        backward_cost=backward_cost,
        saves=(*(slot for slot in cell.slots if not slot.startswith("bias")), "y", *cell.extras),
        extras=cell.extras,
        extent=recurrent_extent,
        dims=dims,
    )
