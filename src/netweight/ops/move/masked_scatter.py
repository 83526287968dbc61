"""Elements of one tensor, in their order, to the places that a mask picks in another.

Shapes
    x, mask  any that broadcast
    source   any, with at least as many elements as the mask picks
    y        the broadcast shape of x and mask

Which element goes where follows from the mask alone: nothing is computed.

Source: torch.masked_scatter.
"""

from __future__ import annotations

from netweight.errors import UsageError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import broadcast_shape, unbroadcast, unbroadcast_cost
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.define import define_move
from netweight.ops.table import Cost, Wanted, copied


def masked_scatter_shape(_attrs: None, x: TensorSpec, mask: TensorSpec, _source: TensorSpec) -> TensorSpec:
    """Broadcast shape of ``x`` and mask, element type of ``x``."""
    return TensorSpec(broadcast_shape("masked_scatter", x.shape, mask.shape), x.dtype)


def masked_scatter_forward(_attrs: None, x: Array, mask: Array, source: Array) -> Array:
    """The next element of ``source`` where the mask is true, ``x`` elsewhere.

    Raises:
        UsageError: If ``source`` has too few elements.
    """
    shape = np.broadcast_shapes(x.shape, mask.shape)
    y, picked = np.array(np.broadcast_to(x, shape)), np.broadcast_to(mask.astype(bool), shape)
    count = int(picked.sum())
    if count > source.size:
        raise UsageError(f"masked_scatter: expected a source of at least {count} elements, got {source.size}")
    y[picked] = source.ravel()[:count].astype(x.dtype, copy=False)
    return y


def masked_scatter_backward(
    _attrs: None, grad_y: Array, x: Array, mask: Array, source: Array
) -> tuple[Array, None, Array]:
    """To ``x`` where it stayed; to the elements of ``source`` where they went, to the rest nothing."""
    picked = np.broadcast_to(mask.astype(bool), grad_y.shape)
    grad_source = np.zeros(source.size, grad_y.dtype)
    grad_source[: int(picked.sum())] = grad_y[picked]
    return unbroadcast(grad_y * ~picked, x.shape), None, grad_source.reshape(source.shape)


def masked_scatter_backward_cost(
    attrs: None, wanted: Wanted, x: TensorSpec, mask: TensorSpec, source: TensorSpec
) -> Cost:
    """Copies; additions where ``x`` was stretched."""
    cost = copied(attrs, wanted)
    if wanted[0]:
        cost += unbroadcast_cost(masked_scatter_shape(attrs, x, mask, source).numel, x.numel)
    return cost


def masked_scatter_extent(_attrs: None, x: TensorSpec, _mask: TensorSpec, _source: TensorSpec) -> Extent:
    """Any element of the source, as the mask decides."""
    return Mixes(tuple(range(len(x.shape))))


MASKED_SCATTER = define_move(
    name="masked_scatter",
    inputs=("x", "mask", "source"),
    shape=masked_scatter_shape,
    forward=masked_scatter_forward,
    backward=masked_scatter_backward,
    backward_cost=masked_scatter_backward_cost,
    saves=("mask",),
    extent=masked_scatter_extent,
)
