"""Arithmetic on two tensors, element by element, with broadcasting.

Shapes
    x, other  any that broadcast
    y         their broadcast shape

The element type of ``y`` is that of ``x`` where both agree, the floating one where a floating and an integer meet
(``joint_dtype``). One operation per element of ``y``, whatever was stretched to get there; of complex numbers what is
done with their parts.

Source: torch.add and its siblings; ONNX Add, Sub, Mul, Div, Pow, Max, Min.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype, summed_back, unbroadcast_cost
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.reach import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Saves, Wanted, register


def of_parts(each: Mapping[str, int]) -> dict[str, int]:
    """Operations on the parts of complex numbers: a sum is two, a product four and two sums.

    A quotient is a product with the conjugate, over the sum of both squares of the divisor. Functions count as one.

    >>> of_parts({"muls": 1}), of_parts({"divs": 1})
    ({'adds': 2, 'muls': 4}, {'adds': 3, 'divs': 2, 'muls': 6})
    """
    parts = {kind: count for kind, count in each.items() if kind not in ("adds", "muls", "divs")}
    adds, muls, divs = (each.get(kind, 0) for kind in ("adds", "muls", "divs"))
    found = {"adds": 2 * adds + 2 * muls + 3 * divs, "divs": 2 * divs, "muls": 4 * muls + 6 * divs}
    return parts | {kind: count for kind, count in found.items() if count}


def register_binary(
    name: str,
    *,
    each: dict[str, int],
    formula: Callable[[Array, Array], Array],
    partials: Callable[[Array, Array, Array], tuple[Array, Array]],
    each_partial: tuple[dict[str, int], dict[str, int]],
    saves: Saves,
) -> OpDef:
    """Register arithmetic on two tensors that broadcast, with ``each`` work per element of the result.

    Args:
        name: Name in the graph.
        each: Operations per element of ``y``, by kind.
        formula: ``y`` of ``x`` and ``other``.
        partials: ``(grad_y, x, other)`` to both gradients in the shape of ``y``; they are summed back from there.
        each_partial: Operations per element of ``y`` for the gradient of ``x`` and for that of ``other``.
        saves: What ``partials`` reads values of.
    """

    def shape(_attrs: None, x: TensorSpec, other: TensorSpec) -> TensorSpec:
        return TensorSpec(broadcast_shape(name, x.shape, other.shape), joint_dtype(x.dtype, other.dtype))

    def cost(attrs: None, x: TensorSpec, other: TensorSpec) -> Cost:
        y = shape(attrs, x, other)
        return work_of(y.numel, of_parts(each) if y.dtype.startswith("complex") else each)

    def backward_cost(attrs: None, wanted: Wanted, x: TensorSpec, other: TensorSpec) -> Cost:
        y = shape(attrs, x, other)
        cost = FREE
        for asked, work, spec in zip(wanted, each_partial, (x, other), strict=True):
            if asked:
                done = of_parts(work) if y.dtype.startswith("complex") else work
                cost += work_of(y.numel, done) + unbroadcast_cost(y.numel, spec.numel)
        return cost

    def forward(_attrs: None, x: Array, other: Array) -> Array:
        dtype = np.dtype(joint_dtype(x.dtype.name, other.dtype.name))
        return formula(x.astype(dtype, copy=False), other.astype(dtype, copy=False)).astype(dtype, copy=False)

    def backward(_attrs: None, grad_y: Array, x: Array, other: Array) -> tuple[Array | None, ...]:
        stretched = np.broadcast_arrays(x, other)
        pairs = zip(partials(grad_y, *stretched), (x, other), strict=True)
        return tuple(summed_back(grad, into) for grad, into in pairs)

    return register(
        OpDef(
            name=name,
            kind="elementwise",
            attrs=None,
            inputs=("x", "other"),
            shape=shape,
            cost=cost,
            forward=forward,
            backward=backward,
            backward_cost=backward_cost,
            saves=saves,
            reach=same_position,
        )
    )


def add_formula(x: Array, other: Array) -> Array:
    """x + other."""
    return x + other


def add_partials(grad_y: Array, _x: Array, _other: Array) -> tuple[Array, Array]:
    """The gradient itself, twice."""
    return grad_y, grad_y


def sub_formula(x: Array, other: Array) -> Array:
    """x - other."""
    return x - other


def sub_partials(grad_y: Array, _x: Array, _other: Array) -> tuple[Array, Array]:
    """The gradient, and its negative."""
    return grad_y, -grad_y


def mul_formula(x: Array, other: Array) -> Array:
    """x * other."""
    return x * other


def mul_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """Each, of complex numbers its conjugate, weighs the other's gradient."""
    return grad_y * other.conj(), grad_y * x.conj()


def div_formula(x: Array, other: Array) -> Array:
    """x / other; integers divide to integers, rounded towards zero, as in ONNX Div."""
    return np.divide(x, other)


def div_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """grad_y / other, and -grad_y x / other², with conjugates of complex numbers."""
    return grad_y / other.conj(), -grad_y * x.conj() / (other * other).conj()


def pow_formula(x: Array, other: Array) -> Array:
    """x ** other."""
    return np.power(x, other)


def pow_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """grad_y other x ** (other - 1), and grad_y x ** other ln x (0 where x is 0)."""
    positive = np.where(x > 0, x, 1)
    return grad_y * other * np.power(x, other - 1), grad_y * np.power(x, other) * np.log(positive)


def maximum_formula(x: Array, other: Array) -> Array:
    """The larger of both."""
    return np.maximum(x, other)


def maximum_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """To the one chosen; to ``x`` where they are equal."""
    return grad_y * (x >= other), grad_y * (x < other)


def minimum_formula(x: Array, other: Array) -> Array:
    """The smaller of both."""
    return np.minimum(x, other)


def minimum_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """To the one chosen; to ``x`` where they are equal."""
    return grad_y * (x <= other), grad_y * (x > other)


_BOTH = ("x", "other")

ADD = register_binary(
    "add", each={"adds": 1}, formula=add_formula, partials=add_partials, each_partial=({}, {}), saves=()
)
SUB = register_binary(
    "sub", each={"adds": 1}, formula=sub_formula, partials=sub_partials, each_partial=({}, {"adds": 1}), saves=()
)
MUL = register_binary(
    "mul",
    each={"muls": 1},
    formula=mul_formula,
    partials=mul_partials,
    each_partial=({"muls": 1}, {"muls": 1}),
    saves={"x": ("other",), "other": ("x",)},
)
DIV = register_binary(
    "div",
    each={"divs": 1},
    formula=div_formula,
    partials=div_partials,
    each_partial=({"divs": 1}, {"divs": 1, "muls": 2}),
    saves={"x": ("other",), "other": ("x", "other")},
)
POW = register_binary(
    "pow",
    each={"pows": 1},
    formula=pow_formula,
    partials=pow_partials,
    each_partial=({"adds": 1, "pows": 1, "muls": 2}, {"compares": 1, "pows": 1, "logs": 1, "muls": 2}),
    saves=_BOTH,
)
MAXIMUM = register_binary(
    "maximum",
    each={"compares": 1},
    formula=maximum_formula,
    partials=maximum_partials,
    each_partial=({"compares": 1}, {"compares": 1}),
    saves=_BOTH,
)
MINIMUM = register_binary(
    "minimum",
    each={"compares": 1},
    formula=minimum_formula,
    partials=minimum_partials,
    each_partial=({"compares": 1}, {"compares": 1}),
    saves=_BOTH,
)
