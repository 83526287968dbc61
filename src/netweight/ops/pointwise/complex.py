"""Complex numbers: made of two parts, seen as two parts, mirrored.

Shapes
    complex          real, imag (...)   y (...), complex
    conj             x (...), complex   y the same
    view_as_real     x (...), complex   y (..., 2): real parts and imaginary parts side by side
    view_as_complex  x (..., 2)         y (...), complex

The gradient of a complex number is that of its real part plus i times that of its imaginary part, as in PyTorch.

Source: torch.complex, torch.conj, torch.view_as_real, torch.view_as_complex.
"""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.algebra.fourier import complex_of, real_of
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype, unbroadcast, unbroadcast_cost
from netweight.ops.arrays.elementwise import per_element, per_element_backward
from netweight.ops.extent import Extent, Permutes, same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import Cost, Wanted, copied, define, free


def check_complex(op: str, x: TensorSpec) -> None:
    """Refuse real numbers."""
    if not x.dtype.startswith("complex"):
        raise ShapeError(f"{op}: expected complex numbers, got {x.dtype}")


def complex_shape(_attrs: None, real: TensorSpec, imag: TensorSpec) -> TensorSpec:
    """The broadcast shape of the parts, complex."""
    dtype = complex_of(joint_dtype(real.dtype, imag.dtype))
    return TensorSpec(broadcast_shape("complex", real.shape, imag.shape), dtype)


def complex_forward(_attrs: None, real: Array, imag: Array) -> Array:
    """real + i imag."""
    dtype = complex_of(joint_dtype(real.dtype.name, imag.dtype.name))
    y = np.empty(np.broadcast_shapes(real.shape, imag.shape), dtype)
    y.real, y.imag = real, imag
    return y


def complex_backward(_attrs: None, grad_y: Array, real: Array, imag: Array) -> tuple[Array, Array]:
    """The parts of the gradient."""
    return (
        unbroadcast(grad_y.real, real.shape).astype(real.dtype, copy=False),
        unbroadcast(grad_y.imag, imag.shape).astype(imag.dtype, copy=False),
    )


def complex_backward_cost(attrs: None, wanted: Wanted, real: TensorSpec, imag: TensorSpec) -> Cost:
    """Copies of parts; additions where a part was stretched."""
    elements = complex_shape(attrs, real, imag).numel
    cost = copied(attrs, wanted)
    for asked, part in zip(wanted, (real, imag), strict=True):
        if asked:
            cost += unbroadcast_cost(elements, part.numel)
    return cost


def conj_shape(_attrs: None, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_complex("conj", x)
    return x


def conj_forward(_attrs: None, x: Array) -> Array:
    """The imaginary part with its sign turned."""
    return np.conj(x)


def conj_backward(_attrs: None, grad_y: Array, _x: Array) -> tuple[Array]:
    """The gradient, mirrored as well."""
    return (np.conj(grad_y),)


def view_as_real_shape(_attrs: None, x: TensorSpec) -> TensorSpec:
    """A new last dimension of both parts."""
    check_complex("view_as_real", x)
    return TensorSpec((*x.shape, 2), real_of(x.dtype))


def view_as_real_forward(_attrs: None, x: Array) -> Array:
    """Both parts of every number."""
    return np.ascontiguousarray(x).reshape(*x.shape, 1).view(real_of(x.dtype.name))


def view_as_real_backward(_attrs: None, grad_y: Array, _x: Array) -> tuple[Array]:
    """The pairs as numbers."""
    return (view_as_complex_forward(None, grad_y),)


def view_as_complex_shape(_attrs: None, x: TensorSpec) -> TensorSpec:
    """Without the last dimension."""
    if x.dtype.startswith("complex") or not x.shape or x.shape[-1] != 2:
        raise ShapeError(f"view_as_complex: expected real numbers of shape (..., 2), got {x.dtype} of {x.shape}")
    return TensorSpec(x.shape[:-1], complex_of(x.dtype))


def view_as_complex_forward(_attrs: None, x: Array) -> Array:
    """Every pair as one number."""
    return np.ascontiguousarray(x).view(complex_of(x.dtype.name)).reshape(x.shape[:-1])


def view_as_complex_backward(_attrs: None, grad_y: Array, _x: Array) -> tuple[Array]:
    """Both parts of every number."""
    return (view_as_real_forward(None, grad_y),)


def view_as_real_extent(_attrs: None, x: TensorSpec) -> Extent:
    """The same position, and a new last dimension."""
    return Permutes((*range(len(x.shape)), None))


def view_as_complex_extent(_attrs: None, x: TensorSpec) -> Extent:
    """The same position, without the last dimension."""
    return Permutes(tuple(range(len(x.shape) - 1)))


COMPLEX = define(
    name="complex",
    kind="elementwise",
    inputs=("real", "imag"),
    shape=complex_shape,
    cost=free,
    forward=complex_forward,
    backward=complex_backward,
    backward_cost=complex_backward_cost,
    extent=same_position,
)

CONJ = define(
    name="conj",
    kind="elementwise",
    shape=conj_shape,
    cost=per_element(adds=1),
    forward=conj_forward,
    backward=conj_backward,
    backward_cost=per_element_backward(adds=1),
    extent=same_position,
    complex_with="counted",
)

VIEW_AS_REAL = define_move(
    name="view_as_real",
    shape=view_as_real_shape,
    forward=view_as_real_forward,
    backward=view_as_real_backward,
    backward_cost=copied,
    view=True,
    extent=view_as_real_extent,
)

VIEW_AS_COMPLEX = define_move(
    name="view_as_complex",
    shape=view_as_complex_shape,
    forward=view_as_complex_forward,
    backward=view_as_complex_backward,
    backward_cost=copied,
    view=True,
    extent=view_as_complex_extent,
)
