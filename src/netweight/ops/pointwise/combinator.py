"""Functions of each element of tensors that broadcast: formula, work and gradients of each in one statement.

A gradient is a function of ``grad``, the gradient of ``y``, and of what it reads: the names of its arguments are what
``saves`` says. Work is counted per element of ``y``, with constants folded and signs free; where an element takes one
of two branches, that of the dearer branch. A gradient is summed back where its tensor was stretched, which is counted
too.

Formulas are functions even where NumPy has one of that name, so that NumPy is not imported before one is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype, summed_back, unbroadcast_cost
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import same_position
from netweight.ops.table import (
    COPIED,
    FREE,
    Cost,
    OpDef,
    OpKind,
    Spelled,
    Wanted,
    define,
    free,
    not_differentiable,
)

Work: TypeAlias = "Mapping[str, int] | Callable[..., Mapping[str, int]] | None"
"""Operations by kind, or a function of attributes and specs to them; None where memory is filled without any work."""
Gradient: TypeAlias = "tuple[Callable[..., Any], Work]"

PASSED: Gradient = (lambda grad: grad, {})
ZEROS: Gradient = (lambda grad: np.zeros_like(grad), None)

_ALONE = Spelled()
_WORDS = {
    "adds": "addition", "muls": "multiplication", "divs": "division", "compares": "comparison", "exps": "exponential",
    "logs": "logarithm", "sqrts": "square root", "pows": "power", "tanhs": "hyperbolic tangent",
    "erfs": "error function", "trigs": "sine or the like", "logics": "logic operation",
}  # fmt: skip
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def pointwise(
    name: str,
    y: Callable[..., Any],
    each: Work,
    *,
    says: str = "",
    spelled: Spelled = _ALONE,
    kind: OpKind = "elementwise",
    attrs: type | None = None,
    check: Callable[..., None] | None = None,
    flags: tuple[str, ...] = (),
    boolean: bool = False,
    complex_with: Literal["complex", "real", "counted"] = "complex",
    **gradients: Gradient,
) -> OpDef:
    """Register a function of each element.

    Args:
        name: Name in the graph.
        y: Its formula; the names of its arguments are the inputs, after ``attrs`` if it reads the attributes.
        each: Operations per element of ``y``.
        says: What a function of that name gives, in one sentence; see ``OpDef.says``.
        spelled: Its names elsewhere.
        kind: What sort of operator it is.
        attrs: Class of its attributes.
        check: Refuses attributes and specs that do not fit.
        flags: Inputs that are read as booleans: numbers other than zero are true. They do not decide the type of ``y``.
        boolean: Whether ``y`` are booleans.
        complex_with: See ``OpDef``.
        **gradients: For each input that has one, its formula and operations per element; without any the function is
            not differentiable.
    """
    formula, slopes = _Formula(y), {slot: (_Formula(slope), work) for slot, (slope, work) in gradients.items()}
    inputs = formula.slots
    read = {slot: tuple(by for by, (slope, _) in slopes.items() if slot in slope.reads) for slot in (*inputs, "y")}
    shape = _shape_rule(name, inputs, check, flags, boolean=boolean)
    return define(
        name=name,
        kind=kind,
        attrs=attrs,
        inputs=inputs,
        shape=shape,
        cost=_cost_rule(each, shape),
        forward=_forward_rule(formula, flags, boolean=boolean),
        backward=_backward_rule(inputs, slopes, flags) if gradients else not_differentiable,
        backward_cost=_backward_cost_rule(inputs, slopes, shape) if gradients else free,
        saves={slot: readers for slot, readers in read.items() if readers},
        extent=same_position,
        complex_with=complex_with,
        says=says,
        spelled=spelled,
    )


@dataclass(frozen=True, slots=True)
class _Formula:
    """A function, called with those of the known values that it has arguments for.

    Attributes:
        function: The function.
        reads: Names of its arguments.
    """

    function: Callable[..., Any]
    reads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        code = self.function.__code__
        object.__setattr__(self, "reads", code.co_varnames[: code.co_argcount])

    @property
    def slots(self) -> tuple[str, ...]:
        """Arguments that are tensors."""
        return tuple(name for name in self.reads if name != "attrs")

    def of(self, known: Mapping[str, Any]) -> Any:
        """Its value."""
        return self.function(*(known[name] for name in self.reads))


_Slopes: TypeAlias = "Mapping[str, tuple[_Formula, Work]]"


def _shape_rule(
    name: str, inputs: tuple[str, ...], check: Callable[..., None] | None, flags: tuple[str, ...], *, boolean: bool
) -> Callable[..., TensorSpec]:
    typed = [at for at, slot in enumerate(inputs) if slot not in flags]

    def shape(attrs: Any, *xs: TensorSpec | None) -> TensorSpec:
        if check is not None:
            check(attrs, *xs)
        first = xs[0]
        if first is not None and not boolean and (len(xs) == 1 or (not flags and all(x == first for x in xs))):
            return first
        dtype = "bool" if boolean else joint_dtype(*(x.dtype for at in typed if (x := xs[at]) is not None))
        return TensorSpec(broadcast_shape(name, *(x.shape for x in xs if x is not None)), dtype)

    *most, last = (f"``{slot}``" for slot in inputs)
    shape.__doc__ = f"Broadcast shape of {', '.join(most)} and {last}." if most else f"Same as {last}."
    return shape


def _cost_rule(each: Work, shape: Callable[..., TensorSpec]) -> Callable[..., Cost]:
    def cost(attrs: Any, *xs: TensorSpec | None) -> Cost:
        return _done(each, attrs, xs, shape(attrs, *xs))

    cost.__doc__ = _in_words(each)
    return cost


def _forward_rule(formula: _Formula, flags: tuple[str, ...], *, boolean: bool) -> Callable[..., Array]:
    slots = formula.slots

    def forward(attrs: Any, *xs: Array | None) -> Array:
        known: dict[str, Any] = {"attrs": attrs}
        given = [x for slot, x in zip(slots, xs, strict=True) if x is not None and slot not in flags]
        dtype = None if boolean else _common(given)
        wide = np.dtype(np.float32) if dtype == np.float16 else dtype  # one rounding, and a third of the time
        for slot, x in zip(slots, xs, strict=True):
            known[slot] = x if x is None else _read(x, bool if slot in flags else wide)
        y: Array = formula.of(known)
        return y if dtype is None else y.astype(dtype, copy=False)

    return forward


def _backward_rule(inputs: tuple[str, ...], slopes: _Slopes, flags: tuple[str, ...]) -> Callable[..., Any]:
    def backward(attrs: Any, grad_y: Array, *xs: Array | None, **saved: Array) -> tuple[Array | None, ...]:
        known = {"attrs": attrs, "grad": grad_y, **saved}
        for slot, x in zip(inputs, xs, strict=True):
            known[slot] = x if x is None else np.broadcast_to(_read(x, bool if slot in flags else None), grad_y.shape)
        return tuple(
            summed_back(slopes[slot][0].of(known), x) if x is not None and slot in slopes else None
            for slot, x in zip(inputs, xs, strict=True)
        )

    return backward


def _backward_cost_rule(
    inputs: tuple[str, ...], slopes: _Slopes, shape: Callable[..., TensorSpec]
) -> Callable[..., Cost]:
    def backward_cost(attrs: Any, wanted: Wanted, *xs: TensorSpec | None) -> Cost:
        cost = FREE
        for slot, asked, x in zip(inputs, wanted, xs, strict=True):
            if asked and x is not None and slot in slopes:
                y = shape(attrs, *xs)
                cost += _done(slopes[slot][1], attrs, xs, y) + unbroadcast_cost(y.numel, x.numel)
        return cost

    backward_cost.__doc__ = "; ".join(
        f"for ``{slot}``: {text}" for slot, (_, work) in slopes.items() if (text := _in_words(work))
    )
    return backward_cost


def _common(given: list[Array]) -> Any:
    """The one element type that all have, or that ``joint_dtype`` chooses."""
    dtype = given[0].dtype
    return dtype if all(x.dtype == dtype for x in given) else np.dtype(joint_dtype(*(x.dtype.name for x in given)))


def _read(x: Array, dtype: Any) -> Array:
    return x if dtype is None else x.astype(dtype, copy=False)


def _done(each: Work, attrs: Any, xs: tuple[TensorSpec | None, ...], y: TensorSpec) -> Cost:
    if each is None:
        return COPIED
    return work_of(y.numel, {kind: n for kind, n in (each(attrs, *xs) if callable(each) else each).items() if n})


def _in_words(each: Work) -> str:
    """One addition, two multiplications per element."""
    if each is None or callable(each):
        return each.__doc__ or "" if callable(each) else ""
    counted = (f"{_NUMBERS[count]} {_WORDS[kind]}{'s' * (count > 1)}" for kind, count in each.items())
    return f"{', '.join(counted)} per element.".capitalize() if each else ""
