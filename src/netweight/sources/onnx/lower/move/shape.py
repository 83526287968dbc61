"""Shape arithmetic, views and copies."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.move.creation import ArangeAttrs
from netweight.ops.move.slicing import ConcatAttrs
from netweight.sources.onnx.call import Call, dense_tensor, marked, stored_tensor
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axes_of, axis_of, permuted, reshaped
from netweight.sources.onnx.numbers import checked_shape, dtype_of
from netweight.sources.onnx.tensor import Tensor


@lowers("Constant")
def constant(call: Call) -> Any:
    stored = call.attr("value")
    if stored is not None:
        return stored_tensor(stored, "constant")
    if call.attr("sparse_value") is not None:
        return dense_tensor(call.attr("sparse_value"))
    number = call.attr("value_int", call.attr("value_ints"))
    if number is not None:
        return call.constant(np.array(number, np.int64))
    number = call.attr("value_float", call.attr("value_floats"))
    if number is not None:
        return _listed(np.array(number, np.float32))
    return NotImplemented


def _listed(numbers: Array) -> Tensor:
    """Floating numbers that the file has one by one: as much stored as those of a tensor."""
    return Tensor("constant", TensorSpec(numbers.shape, str(numbers.dtype)), lambda: numbers, fixed=True, stored=True)


@lowers("ConstantOfShape")
def constant_of_shape(call: Call, shape: Tensor) -> Any:
    """Equal elements, of which the file has one: a weight where an operator has a place for one, else a constant."""
    filling = call.attr("value")
    stored = call.constant(np.zeros(1, np.float32)) if filling is None else stored_tensor(filling, "value")
    filler = stored.array()
    sizes = checked_shape(shape.ints(), call.node.name)
    filled = Tensor(
        call.node.output[0],
        TensorSpec(sizes, stored.dtype),
        lambda: np.full(sizes, filler.reshape(-1)[0], filler.dtype),
        fixed=shape.fixed,
        stored=shape.stored,
        filled=True,
    )
    return marked(filled, call.node)


@lowers("Shape")
def shape(call: Call, x: Tensor) -> Any:
    sizes = x.shape[slice(call.attr("start", 0), call.attr("end", None))]
    return call.constant(np.array(sizes, np.int64))


@lowers("Size")
def size(call: Call, x: Tensor) -> Any:
    return call.constant(np.array(x.spec.numel, np.int64))


@lowers("Range")
def range_(call: Call, start: Tensor, limit: Tensor, delta: Tensor) -> Any:
    """Numbers that do not reach the limit; none if the step leads away from it."""
    first, last, step = start.item(), limit.item(), delta.item()
    if step and (last - first) / step < 0:
        last = first
    return call.op("arange", ArangeAttrs(start=first, end=last, step=step, dtype=start.dtype))


@lowers("EyeLike")
def eye_like(call: Call, x: Tensor) -> Any:
    """Ones on a diagonal; only the shape of the input is read."""
    rows, columns = x.shape
    dtype = dtype_of(call.attr("dtype"), call.node.name) if call.attr("dtype") else x.dtype
    diagonal = call.attr("k", 0)
    made = TensorSpec((rows, columns), dtype)
    return Tensor("eyelike", made, lambda: np.eye(rows, columns, diagonal, dtype=held_type(dtype)), fixed=True)


@lowers("Identity")
def identity(_call: Call, x: Tensor) -> Any:
    return x


@lowers("Reshape")
def reshape(call: Call, x: Tensor, shape: Tensor | None = None) -> Any:
    wanted = list(call.need("shape") if shape is None else shape.ints())
    if not call.attr("allowzero", 0):
        wanted = [x.shape[at] if size == 0 and at < x.rank else size for at, size in enumerate(wanted)]
    return reshaped(call, x, wanted)


@lowers("Flatten")
def flatten(call: Call, x: Tensor) -> Any:
    axis = call.attr("axis", 1)
    axis = axis + x.rank if axis < 0 else axis
    rows = int(np.prod(x.shape[:axis], dtype=np.int64))
    columns = int(np.prod(x.shape[axis:], dtype=np.int64))
    return reshaped(call, x, (rows, columns))


@lowers("Unsqueeze")
def unsqueeze(call: Call, x: Tensor, axes: Tensor | None = None) -> Any:
    wanted = call.need("axes") if axes is None else axes.ints()
    rank = x.rank + len(wanted)
    new = axes_of(wanted, rank)
    sizes = iter(x.shape)
    return reshaped(call, x, [1 if at in new else next(sizes) for at in range(rank)])


@lowers("Squeeze")
def squeeze(call: Call, x: Tensor, axes: Tensor | None = None) -> Any:
    wanted = call.attr("axes") if axes is None else axes.ints()
    gone = {at for at, n in enumerate(x.shape) if n == 1} if wanted is None else set(axes_of(wanted, x.rank))
    if any(x.shape[at] != 1 for at in gone):
        raise FormatError(f"Squeeze: expected axes of size 1, got {sorted(gone)} of shape {x.shape}")
    return reshaped(call, x, [size for at, size in enumerate(x.shape) if at not in gone])


@lowers("Transpose")
def transpose(call: Call, x: Tensor) -> Any:
    return permuted(call, x, call.attr("perm") or range(x.rank)[::-1])


@lowers("Concat")
def concat(call: Call, *tensors: Tensor) -> Any:
    if len(tensors) == 1:
        return tensors[0]
    return call.op("concat", ConcatAttrs(dim=axis_of(call.need("axis"), tensors[0].rank)), *tensors)
