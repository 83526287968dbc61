"""Where tensors of positions point: what reading and writing by position share.

Shapes
    gather, scatter           index no larger than x but along one dimension
    index_select, index_add   index (count,): whole slices
    gather_nd, scatter_nd     x (*batch, *in), index (*batch, *out, k): a slice per list of k positions
    index, index_put          one index per dimension named; they broadcast against each other

Of ``index``, the broadcast dimensions take the place of those named where these lie side by side; where others lie
between, they come first. Negative positions count from the end. A mask does not list positions: how many elements it
picks depends on its values.

Source: torch.gather, torch.index_select; ONNX GatherND; NumPy advanced indexing, the same as PyTorch's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import broadcast_shape
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherAttrs:
    """Attributes of picking by position.

    Attributes:
        dim: Dimension of ``x`` that the positions are along.
    """

    dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherNdAttrs:
    """Attributes of reading slices.

    Attributes:
        batch_dims: Leading dimensions that ``x`` and ``index`` share.
    """

    batch_dims: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAttrs:
    """Attributes of reading by positions along several dimensions.

    Attributes:
        dims: Dimensions of ``x`` that have a tensor of positions, in ascending order; the others are taken whole.
    """

    dims: tuple[int, ...]


def check_positions(op: str, index: TensorSpec) -> None:
    """Refuse positions that are not integers."""
    if is_floating(index.dtype) or index.dtype == "bool":
        raise ShapeError(f"{op}: expected positions of an integer type, got {index.dtype}")


def check_listed(op: str, dim: int, x: TensorSpec, index: TensorSpec) -> None:
    """Refuse what is not a list of positions along a dimension of ``x``."""
    check_dims(op, x.shape, dim)
    check_positions(op, index)
    if len(index.shape) != 1:
        raise ShapeError(f"{op}: expected index with one dimension, got {index.shape}")


def picked_shape(op: str, dims: tuple[int, ...], x: TensorSpec, indices: Sequence[TensorSpec]) -> tuple[int, ...]:
    """Shape of ``x[..., i, ..., j, ...]``."""
    check_dims(op, x.shape, *dims)
    if len(indices) != len(dims) or not indices or list(dims) != sorted(dims):
        raise ShapeError(
            f"{op}: expected one tensor of positions per dim, dims ascending, got {len(indices)} for dims {dims}"
        )
    for index in indices:
        check_positions(op, index)
    picked = broadcast_shape(op, *(index.shape for index in indices))
    first, last = dims[0], dims[-1]
    if last - first < len(dims):  # side by side
        return (*x.shape[:first], *picked, *x.shape[last + 1 :])
    return (*picked, *(size for dim, size in enumerate(x.shape) if dim not in dims))


def of_each(attrs: GatherAttrs, index: Array) -> tuple[Any, ...]:
    """Places of the elements of ``index``, each along one dimension, where it stands itself along the others."""
    own: list[Array] = list(np.indices(index.shape, sparse=True))
    own[attrs.dim] = index
    return tuple(own)


def of_slices(attrs: GatherAttrs, index: Array) -> tuple[Any, ...]:
    """Places of whole slices."""
    return (*(slice(None),) * attrs.dim, index)


def of_lists(batch_dims: int, index: Array) -> tuple[Any, ...]:
    """Positions along each dimension that is picked from, after those of the batch."""
    batch: list[Array] = list(np.indices(index.shape[:batch_dims], sparse=True))
    inner = index.ndim - 1 - batch_dims
    return (*(own.reshape(*own.shape, *(1,) * inner) for own in batch), *np.moveaxis(index, -1, 0))


def of_dims(attrs: IndexAttrs, *indices: Array) -> tuple[Any, ...]:
    """What stands in the square brackets."""
    at = dict(zip(attrs.dims, indices, strict=True))
    return tuple(at.get(dim, slice(None)) for dim in range(attrs.dims[-1] + 1))


def extent_along(attrs: GatherAttrs, *_specs: TensorSpec | None) -> Extent:
    """Any position along the dimension."""
    return Mixes((attrs.dim,))


def extent_of_dims(attrs: IndexAttrs, *_specs: TensorSpec) -> Extent:
    """Any position along the dimensions."""
    return Mixes(attrs.dims)
