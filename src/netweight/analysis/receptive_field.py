"""Receptive field of every value: how many input positions, per spatial dimension, one of its positions depends on.

Along each spatial dimension of the input: ``size += (kernel - 1) * dilation * jump``, then ``jump *= stride``; where
branches meet, the largest. An operator that mixes all positions makes the field the whole input, and more where
windows had already reached into the padding.

Source: Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from netweight.ir import Graph, Node, located
from netweight.lazy_modules import fractions
from netweight.ops import REGISTRY
from netweight.ops.extent import Extent, Mixes, Permutes, Reshapes, Slides, Spreads, same_position

_SAME = Mixes()


@dataclass(frozen=True, slots=True)
class _Field:
    """Field along one spatial dimension of the input.

    Attributes:
        size: Input positions that one output position depends on.
        jump: Input positions between neighbouring outputs; a fraction of one after an operator that enlarges.
        count: Outputs along the dimension.
    """

    size: int | fractions.Fraction
    jump: int | fractions.Fraction
    count: int

    def whole(self) -> _Field:
        """Field of all outputs together."""
        return _Field(self.size + (self.count - 1) * self.jump, self.jump, 1)


@dataclass(frozen=True, slots=True)
class _State:
    """Fields along the input's spatial dimensions, and which of them each dimension of a value enumerates."""

    fields: tuple[_Field, ...]
    axes: tuple[tuple[int, ...], ...]


def receptive_fields(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Size of the field per spatial dimension, by value name; values that no spatial input reaches are left out."""
    states = _input_states(graph)
    if not states:
        return {}
    for node in graph.nodes:
        found = [states[name] for name in node.inputs if name in states]
        definition = REGISTRY.find(node.op)
        if not found or definition is None:
            continue
        merged = found[0] if len(found) == 1 else _merged(found)
        extent: Extent = _SAME
        if definition.extent is not same_position:
            with located(node):
                extent = definition.extent(node.attrs, *graph.input_specs(node))
        for name in node.outputs:
            states[name] = _step(merged, extent, graph, node, name)
    sizes = {id(state): tuple([math.ceil(f.size) for f in state.fields]) for state in states.values()}
    return {name: sizes[id(state)] for name, state in states.items()}


def _input_states(graph: Graph) -> dict[str, _State]:
    """Inputs are images, series or volumes; of rank 3 only where a window slides over them."""
    states = {}
    for name in graph.inputs:
        shape = graph.spec(name).shape
        rank = len(shape)
        if rank >= 4 or (rank == 3 and _is_slid_over(graph, name)):
            spatial = _spatial_dims(graph, name)
            fields = tuple(_Field(1, 1, shape[dim]) for dim in spatial)
            axes: list[tuple[int, ...]] = [()] * rank
            for axis, dim in enumerate(spatial):
                axes[dim] = (axis,)
            states[name] = _State(fields, tuple(axes))
    return states


def _spatial_dims(graph: Graph, name: str) -> tuple[int, ...]:
    """Dimensions of an input that the first window slides over: those behind (N, C), wherever the input has them."""
    rank = len(graph.spec(name).shape)
    dims = {name: tuple(range(rank))}
    for node in graph.nodes:
        read = node.inputs[0] if node.inputs else None
        definition = REGISTRY.find(node.op)
        if read not in dims or definition is None:
            continue
        if definition.kind in ("conv", "pool"):
            return dims[read][2:]
        order = node.attrs.order if node.op == "permute" else range(rank)
        for output in node.outputs:
            if len(graph.spec(output).shape) == rank:
                dims[output] = tuple([dims[read][dim] for dim in order])
    return tuple(range(2, rank))


def _is_slid_over(graph: Graph, name: str) -> bool:
    """Whether a window slides over the value."""
    return any(
        name == node.inputs[0] and (definition := REGISTRY.find(node.op)) and definition.kind in ("conv", "pool")
        for node in graph.nodes
        if node.inputs
    )


def _merged(found: Sequence[_State]) -> _State:
    """Where branches meet: the largest field, the layout of the value with the most dimensions."""
    widest = max(found, key=lambda state: len(state.axes))
    if all(state.fields is widest.fields for state in found):
        return widest
    alike = [state.fields for state in found if len(state.fields) == len(widest.fields)]
    best = tuple(max(options, key=lambda field: field.size) for options in zip(*alike, strict=True))
    return _State(best, widest.axes)


def _step(state: _State, extent: Extent, graph: Graph, node: Node, output: str) -> _State:
    shape = graph.spec(output).shape
    match extent:
        case Mixes(dims):
            return _mix(state, dims, len(shape))
        case Slides() | Spreads():
            return _slide(state, extent, shape)
        case Permutes(order):
            return _State(state.fields, tuple(() if dim is None else state.axes[dim] for dim in order))
        case Reshapes():
            before = graph.spec(node.inputs[0]).shape if node.inputs[0] else ()
            return _State(state.fields, _regroup(state.axes, before, shape))


def _slide(state: _State, extent: Slides | Spreads, shape: tuple[int, ...]) -> _State:
    """The last dimensions of the value are windowed."""
    fields = list(state.fields)
    count = len(extent.stride) if isinstance(extent, Slides) else len(extent.scale)
    for window, axes in enumerate(state.axes[-count:]):
        for axis in axes:
            outputs = shape[window - count]
            if len(axes) > 1 or fields[axis].count == 1:
                # Rows and columns share a dimension, perhaps with a class token, or all positions were pooled before:
                # a window over it cannot have more positions than there were.
                outputs = min(outputs, fields[axis].count)
            fields[axis] = _windowed(fields[axis], extent, window, outputs)
    return _State(tuple(fields), state.axes)


def _windowed(field: _Field, extent: Slides | Spreads, window: int, count: int) -> _Field:
    if isinstance(extent, Spreads):
        size = field.size + (extent.taps[window] - 1) * field.jump
        return _Field(size, fractions.Fraction(field.jump) / extent.scale[window], count)
    extra = (extent.kernel_size[window] - 1) * extent.dilation[window]
    return _Field(field.size + extra * field.jump, field.jump * extent.stride[window], count)


def _mix(state: _State, dims: tuple[int, ...], rank_out: int) -> _State:
    rank = len(state.axes)
    dims = tuple([dim for dim in dims if -rank <= dim < rank])  # the operand with most dimensions has them all
    if rank == rank_out and not any(state.axes[dim] for dim in dims):
        return state  # the mixed dimensions do not enumerate positions of the input
    fields = list(state.fields)
    axes = list(state.axes)
    for dim in dims:
        for axis in axes[dim]:
            fields[axis] = fields[axis].whole()
        axes[dim] = ()
    if rank_out < len(axes):  # a reduction that drops the mixed dimensions
        dropped = {dim % len(axes) for dim in dims}
        axes = [axis for dim, axis in enumerate(axes) if dim not in dropped]
    axes = [()] * (rank_out - len(axes)) + axes[max(0, len(axes) - rank_out) :]
    return _State(tuple(fields), tuple(axes))


@lru_cache(maxsize=1024)
def _regroup(
    axes: tuple[tuple[int, ...], ...], old: tuple[int, ...], new: tuple[int, ...]
) -> tuple[tuple[int, ...], ...]:
    """Axes enumerated by each dimension after a reshape: dimensions that merge pool theirs, parts of a split share."""
    result: list[tuple[int, ...]] = []
    i = 0
    for group in _groups(old, new):
        old_count, new_sizes = group
        pooled = tuple(dict.fromkeys(axis for dim in axes[i : i + old_count] for axis in dim))
        i += old_count
        result.extend(pooled if size != 1 or len(new_sizes) == 1 else () for size in new_sizes)
    return tuple(result)


def _groups(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
    """Smallest runs of old and new dimensions with equal products: how many old ones, and the new ones.

    >>> _groups((2, 3, 4, 5), (6, 2, 2, 5))
    [(2, (6,)), (1, (2, 2)), (1, (5,))]
    """
    groups: list[tuple[int, tuple[int, ...]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        i0, j0 = i, j
        left = right = 1
        if i < len(old):
            left, i = old[i], i + 1
        if j < len(new):
            right, j = new[j], j + 1
        while left != right:
            if left < right and i < len(old):
                left, i = left * old[i], i + 1
            elif j < len(new):
                right, j = right * new[j], j + 1
            else:
                break
        groups.append((i - i0, new[j0:j]))
    return groups
