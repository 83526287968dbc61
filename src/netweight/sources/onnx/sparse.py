"""Sparse weights of an ONNX file: the elements that are not zero, and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netweight.errors import FormatError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.effort import check_room
from netweight.sources.onnx.numbers import array_of, checked_shape, spec_of

if TYPE_CHECKING:
    from onnx import SparseTensorProto


def sparse_spec(sparse: SparseTensorProto) -> TensorSpec:
    """Shape and element type of the whole tensor.

    Raises:
        FormatError: If there are not as many places as elements, or a place does not have as many numbers as there
            are dimensions.
    """
    name = sparse.values.name
    spec = TensorSpec(checked_shape(sparse.dims, name), spec_of(sparse.values).dtype)
    values, places = tuple(sparse.values.dims), tuple(sparse.indices.dims)
    if len(values) != 1 or places not in (values, (*values, len(spec.shape))):
        raise FormatError(
            f"onnx: expected NNZ elements of {name!r} and (NNZ) or (NNZ, {len(spec.shape)}) places, got shapes "
            f"{values} and {places}"
        )
    return spec


def dense(sparse: SparseTensorProto) -> Array:
    """The whole tensor.

    Raises:
        FormatError: If a place is outside of it.
        LimitError: If it is larger than a run may make arrays.
    """
    spec = sparse_spec(sparse)
    check_room(f"weight {sparse.values.name}", spec)
    places, values = array_of(sparse.indices), array_of(sparse.values)
    sizes = spec.shape if places.ndim > 1 else (spec.numel,)
    rows = places.reshape(len(values), len(sizes))
    if ((rows < 0) | (rows >= np.array(sizes, np.int64))).any():
        raise FormatError(f"onnx: expected places of {sparse.values.name!r} within {sizes}, got one outside")
    array = np.zeros(spec.shape, values.dtype)
    array[np.unravel_index(places, spec.shape) if places.ndim == 1 else tuple(rows.T)] = values
    return array
