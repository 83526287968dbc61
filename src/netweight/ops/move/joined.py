"""What becomes of elements that are written to the same place: the rules that all writing by position shares."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from netweight.count import Count, product
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent
from netweight.ops.table import COPIED, FREE, Cost, OpDef, OpKind, Wanted

Reduction = Literal["sum", "prod", "mean", "amax", "amin"]
How = Literal["none", "sum", "prod", "mean", "amax", "amin"]
REDUCTIONS: tuple[Reduction, ...] = ("sum", "prod", "mean", "amax", "amin")

_STARTS = {"sum": 0.0, "prod": 1.0, "mean": 0.0, "amax": -math.inf, "amin": math.inf}
_KINDS = {"sum": "adds", "prod": "muls", "mean": "adds", "amax": "compares", "amin": "compares"}


class Written(NamedTuple):
    """One writing.

    Attributes:
        key: Where in ``x``, as NumPy indexes.
        src: What goes there: an array that broadcasts to that place, or a number.
        back: Gradient of what went there to that of the tensor it came from.
    """

    key: Any
    src: Any
    back: Callable[[Array], Array | None]


def written_by(
    name: str, how: How | Callable[[Any], How] | None, attrs: type | None, check: Callable[..., None], *,
    place: Callable[..., Written], count: Callable[..., Count], extent: Callable[..., Extent],
    forward_work: Callable[..., Cost] | None = None, back: Callable[..., Cost] | None = None,
    slots: tuple[str, ...] = ("x", "index", "src"), kind: OpKind | None = None,
) -> OpDef:  # fmt: skip
    """An operator that writes by position.

    Args:
        name: Its name.
        how: What becomes of elements that meet, or how that follows from the attributes; None for ``attrs.reduce``.
        attrs: Class of its attributes.
        check: Refuses tensors that do not fit; takes the name, the attributes and the specs.
        place: Attributes and arrays after ``x`` to what is written where.
        count: Attributes and specs to the number of elements written.
        extent: Its extent rule.
        forward_work: Work beside that of joining, from attributes, count and specs.
        back: The same for the gradient of what is written.
        slots: Names of its tensors; those that hold positions are called index or indices.
        kind: ``"layout"`` where it replaces and ``"reduce"`` where it joins, unless given.
    """
    way: Callable[[Any], Any] = how if callable(how) else lambda attrs: how or attrs.reduce
    source = slots.index("values" if "values" in slots else "src")
    positions = next(slot.removeprefix("*") for slot in slots if "ind" in slot)

    def shape(attrs: Any, x: TensorSpec, *others: TensorSpec) -> TensorSpec:
        """Same as ``x``."""
        check(name, attrs, x, *others)
        return x

    def cost(attrs: Any, x: TensorSpec, *others: TensorSpec) -> Cost:
        """One operation per element written, none where it replaces; of a mean also their number, and a division."""
        shape(attrs, x, *others)
        elements = count(attrs, x, *others)
        work = _work(way(attrs), elements, x)
        return work + forward_work(attrs, elements, (x, *others)) if forward_work else work

    def forward(attrs: Any, x: Array, *others: Array) -> Array:
        """``x`` with what is written; elements that no position names stay as they are."""
        return _joined(way(attrs), x, place(attrs, *others), own=_own(attrs))

    def backward(attrs: Any, grad_y: Array, x: Array, *others: Array, y: Any = None) -> tuple[Array | None, ...]:
        """The gradient of its place, its share of it, or its product with the other factors."""
        written = place(attrs, *others)
        own = _own(attrs)
        grad_x, grad_src = _joined_back(way(attrs), grad_y, x, written, y, own=own)
        grads: list[Array | None] = [grad_x, *(None for _ in others)]
        grads[source] = written.back(grad_src)
        return tuple(grads)

    def backward_cost(attrs: Any, wanted: Wanted, x: TensorSpec, *others: TensorSpec) -> Cost:
        """No work where it replaces or adds but that of ``src``; else a product or quotient per element asked for.

        Where extremes share, also comparisons and how many there are. The gradient of ``x`` is that of ``y`` where it
        adds.
        """
        elements = count(attrs, x, *others)
        work = _back_work(way(attrs), (wanted[0], wanted[source]), elements, x, own=_own(attrs))
        return work + back(attrs, elements, (x, *others)) if back and wanted[source] else work

    joins = how is None
    return OpDef(
        name=name,
        kind=kind or ("layout" if how == "none" else "reduce"),
        attrs=attrs,
        inputs=slots,
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=("x", positions, "src", "y") if joins else (positions,),
        extent=extent,
    )


def _work(how: How, elements: Count, x: TensorSpec) -> Cost:
    if how == "none":
        return FREE
    cost = Cost(**{_KINDS[how]: elements})
    return cost + Cost(adds=elements, divs=product(elements=x.numel)) if how == "mean" else cost


def _own(attrs: Any) -> bool:
    """Whether the element that was there is one of those that meet."""
    return getattr(attrs, "include_self", True)


def _back_work(how: How, wanted: tuple[bool, bool], elements: Count, x: TensorSpec, *, own: bool) -> Cost:
    """``wanted``: the gradient of ``x``, that of ``src``."""
    if how in ("none", "sum"):
        return COPIED if wanted[1] or (wanted[0] and (how == "none" or not own)) else FREE
    if not any(wanted):
        return FREE
    every = product(elements=x.numel)
    cost = Cost(muls=every * int(wanted[0]) + elements * int(wanted[1]))
    if how in ("amax", "amin"):
        cost += Cost(compares=every + elements, adds=every + elements, divs=every)
    return cost + Cost(divs=every) if how == "mean" else cost


def _joined(how: How, x: Array, written: Written, *, own: bool) -> Array:
    y, (key, src, _) = x.copy(), written
    if how == "none":
        y[key] = src
        return y
    if not own:
        y[key] = _start(how, x)
    ufunc = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}.get(how, np.add)
    ufunc.at(y, key, src.astype(x.dtype, copy=False))
    if how != "mean":
        return y
    count = _count(x, key, own=own)
    mean = y // count if x.dtype.kind in "iu" else y / count.astype(x.dtype)
    return mean.astype(x.dtype, copy=False)


def _joined_back(how: How, grad_y: Array, x: Array, written: Written, y: Any, *, own: bool) -> tuple[Array, Array]:
    """Gradients of ``x`` and of what was written."""
    key, src, _ = written
    if how == "sum" and own:
        return grad_y, np.asarray(grad_y[key])
    if how == "none":
        grad_x = grad_y.copy()
        grad_x[key] = 0
        return grad_x, np.asarray(grad_y[key])
    stays = _untouched(x, key)
    if how in ("amax", "amin"):
        hits, kept = np.zeros(x.shape, np.int64), x == y if own else stays
        np.add.at(hits, key, src == y[key])
        share = grad_y / np.maximum(hits + kept, 1)
        return share * kept, share[key] * (src == y[key])
    if how == "prod":
        return _product_back(grad_y, x, key, src, stays | own)
    share = grad_y / _count(x, key, own=own) if how == "mean" else grad_y
    return share if own else share * stays, share[key]


def _start(how: How, x: Array) -> float | int:
    """What changes nothing in that reduction."""
    start = _STARTS[how]
    if x.dtype.kind in "iu" and math.isinf(start):
        limits = np.iinfo(x.dtype)
        return limits.min if start < 0 else limits.max
    return start


def _untouched(x: Array, key: Any) -> Array:
    """Where the element of ``x`` stays, as no position names it."""
    stays = np.ones(x.shape, bool)
    stays[key] = False
    return stays


def _count(x: Array, key: Any, *, own: bool) -> Array:
    """Elements that meet; 1 where none do."""
    count = np.full(x.shape, int(own))
    np.add.at(count, key, 1)
    return np.maximum(count, 1)


def _product_back(grad_y: Array, x: Array, key: Any, src: Array, counts: Array) -> tuple[Array, Array]:
    """Each factor's is the product of the others, one after the other, so zeros do no harm.

    ``counts`` is where the element of ``x`` is a factor.
    """
    before = np.where(counts, x, np.ones((), x.dtype)).ravel()  # products so far
    places = np.arange(x.size).reshape(x.shape)[key]
    flat, factors, grads = places.ravel(), np.broadcast_to(src, places.shape).ravel(), grad_y.ravel()
    prefix = []
    for place, factor in zip(flat, factors, strict=True):
        prefix.append(before[place])
        before[place] *= factor
    after = np.ones_like(before)  # products from the end
    found = np.empty(len(flat), grad_y.dtype)
    for step in reversed(range(len(flat))):
        found[step] = grads[flat[step]] * prefix[step] * after[flat[step]]
        after[flat[step]] *= factors[step]
    return grad_y * after.reshape(x.shape) * counts, found.reshape(places.shape)
