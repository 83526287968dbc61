"""What operators on several tensors at once share: one shape rule, one element type rule, and the way back.

Source: NumPy broadcasting, the same as PyTorch's and as ONNX's multidirectional broadcasting.
"""

from __future__ import annotations

from functools import reduce

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import bits_of, is_floating
from netweight.lazy import Array
from netweight.ops.table import FREE, Cost

Shape = tuple[int, ...]


def broadcast_shape(op: str, *shapes: Shape) -> Shape:
    """Sizes aligned from the right; a size of 1, or none at all, stretches.

    >>> broadcast_shape("add", (8, 1, 6, 1), (7, 1, 5))
    (8, 7, 6, 5)
    """
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    rank = max(len(shape) for shape in shapes)
    aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    sizes = []
    for meeting in zip(*aligned, strict=True):
        wanted = {size for size in meeting if size != 1}
        if len(wanted) > 1:
            listed = " and ".join(map(str, shapes))
            raise ShapeError(f"{op}: expected shapes that broadcast (equal sizes from the right, or 1), got {listed}")
        sizes.append(wanted.pop() if wanted else 1)
    return tuple(sizes)


def joint_dtype(*dtypes: str) -> str:
    """Element type of a result of several: the type they agree on.

    Where they do not, floating beats integer and integer beats bool; among two of a sort the wider one wins, and the
    first of two of one width.

    >>> joint_dtype("int64", "float32"), joint_dtype("float16", "float32"), joint_dtype("int8", "uint8")
    ('float32', 'float32', 'int8')
    """
    return reduce(lambda first, second: second if _rank(second) > _rank(first) else first, dtypes)


def unbroadcast(grad: Array, shape: Shape) -> Array:
    """Transpose of broadcasting: ``grad`` summed over every dimension along which ``shape`` was stretched."""
    if grad.shape == shape:
        return grad
    extra = grad.ndim - len(shape)
    stretched = tuple(extra + dim for dim, size in enumerate(shape) if size == 1 and grad.shape[extra + dim] != 1)
    summed = (*range(extra), *stretched)
    return (grad.sum(axis=summed, keepdims=True) if summed else grad).reshape(shape)


def unbroadcast_cost(elements: int, into: int) -> Cost:
    """Adds that ``unbroadcast`` of ``elements`` gradients takes: all but the first of each of ``into`` sums."""
    return Cost(adds=product(summed=elements - into)) if elements > into else FREE


def summed_back(grad: Array, into: Array) -> Array | None:
    """``grad`` in the shape and type of the tensor it belongs to; integers and booleans have none."""
    return unbroadcast(grad, into.shape).astype(into.dtype, copy=False) if into.dtype.kind in "fc" else None


def _rank(dtype: str) -> tuple[int, int]:
    sort = 0 if dtype == "bool" else 1 + is_floating(dtype) + dtype.startswith("complex")
    return sort, bits_of(dtype)
