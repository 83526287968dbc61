"""Laws that tie the rules of an operator to each other."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netweight.count import Count, formula, parse
from netweight.ir import TensorSpec
from netweight.ops.table import FREE, WORK_KINDS, Cost, OpDef, as_tuple, forward

Array: TypeAlias = NDArray[Any]
Inputs: TypeAlias = tuple[Any, ...]
"""Arrays, None where an optional one is left out."""


def specs_of(inputs: Inputs) -> tuple[TensorSpec | None, ...]:
    """Forget the numbers, keep shape and dtype."""
    return tuple(None if x is None else TensorSpec(x.shape, x.dtype.name) for x in inputs)


def run(op: OpDef, attrs: Any, inputs: Inputs) -> tuple[tuple[Array, ...], dict[str, Array]]:
    """Visible outputs and saved results; a random operator draws the same numbers each time."""
    return forward(op, attrs, inputs, **({"rng": np.random.default_rng(0)} if op.random else {}))


def gradients(op: OpDef, attrs: Any, grad_outputs: tuple[Array, ...], inputs: Inputs, saved: dict[str, Array]) -> Any:
    """Backward with the gradient of the only output, or of all of them."""
    grad_y = grad_outputs[0] if len(grad_outputs) == 1 else grad_outputs
    return op.backward(attrs, grad_y, *inputs, **saved)


def check_shape(op: OpDef, attrs: Any, inputs: Inputs) -> None:
    """``shape`` foresees exactly what ``forward`` returns, extras included, in float64 and in float32."""
    for dtypes in ({"f": np.float64, "c": np.complex128}, {"f": np.float32, "c": np.complex64}):
        typed = tuple(x.astype(dtypes[x.dtype.kind]) if _moves(x) else x for x in inputs)
        rng = {"rng": np.random.default_rng(0)} if op.random else {}
        results = as_tuple(op.forward(attrs, *typed, **rng))
        foreseen = as_tuple(op.shape(attrs, *specs_of(typed)))
        assert foreseen == tuple(TensorSpec(y.shape, y.dtype.name) for y in results), op.name


def check_backward(op: OpDef, attrs: Any, inputs: Inputs, rng: np.random.Generator) -> None:
    """``backward`` agrees with central differences along one random direction, in float64.

    A complex number moves as the pair of its parts does, and its gradient is the pair of theirs.
    """
    step = 1e-6
    direction = [noise_like(x, rng) if _moves(x) else None for x in inputs]
    outputs, saved = run(op, attrs, inputs)
    grad_outputs = tuple(noise_like(y, rng) for y in outputs)
    ahead, _ = run(op, attrs, _move(inputs, direction, step))
    behind, _ = run(op, attrs, _move(inputs, direction, -step))
    numeric = sum(_dot(g, a.astype(np.complex128) - b) for g, a, b in zip(grad_outputs, ahead, behind, strict=True)) / (
        2 * step
    )
    grads = gradients(op, attrs, grad_outputs, inputs, saved)
    assert len(grads) == len(inputs), f"{op.name}: expected one gradient per tensor"
    exact = 0.0
    for grad, towards, x in zip(grads, direction, inputs, strict=True):
        if grad is None or towards is None or x is None:
            continue
        assert grad.shape == x.shape, f"{op.name}: gradient of shape {grad.shape} for a tensor of shape {x.shape}"
        exact += _dot(grad, towards)
    size = max(1, *(y.size for y in outputs))
    np.testing.assert_allclose(exact, numeric, rtol=1e-5, atol=1e-6 * size)


def check_saves(op: OpDef, attrs: Any, inputs: Inputs, rng: np.random.Generator) -> None:
    """``backward`` reads no value outside ``saves``: for each gradient, poison the others, it does not change."""
    outputs, saved = run(op, attrs, inputs)
    grad_outputs = tuple(noise_like(y, rng) for y in outputs)
    names = op.slot_names(len(inputs))
    clean = gradients(op, attrs, grad_outputs, inputs, saved)
    for index, (slot, expected) in enumerate(zip(names, clean, strict=True)):
        kept = {name.removeprefix("*") for name in op.saved_for((slot,))}
        poisoned = tuple(_poisoned(name, x, kept) for name, x in zip(names, inputs, strict=True))
        results = {name: _poisoned(name, x, kept) for name, x in saved.items()}
        found = gradients(op, attrs, grad_outputs, poisoned, results)[index]
        assert (expected is None) == (found is None)
        if expected is not None:
            np.testing.assert_array_equal(found, expected)


def check_backward_cost(op: OpDef, attrs: Any, inputs: Inputs, rng: np.random.Generator) -> None:
    """What gradients cost: nothing if none is wanted, more for more of them, and as the printed formulas say.

    A gradient that is said to take no memory (``FREE``) has only elements that the gradient of the output has. Each
    other number, signs apart, is the result of at least one operation, however often it is then copied.
    """
    specs = specs_of(inputs)
    outputs, saved = run(op, attrs, inputs)
    grad_outputs = tuple(noise_like(y, rng) for y in outputs)
    grads = gradients(op, attrs, grad_outputs, inputs, saved)
    asked = tuple(grad is not None for grad in grads)
    none = (False,) * len(inputs)
    assert op.backward_cost(attrs, none, *specs) is FREE, f"{op.name}: expected no work where nothing is wanted"
    together = op.backward_cost(attrs, asked, *specs)
    for kind in WORK_KINDS:
        value = getattr(together, kind)
        assert isinstance(value, Count) or value == 0, f"{op.name}: {kind} does not say what it was made from"
        assert parse(formula(value)) == value >= 0
    for index, grad in enumerate(grads):
        if grad is None:
            continue
        alone = op.backward_cost(attrs, (*none[:index], True, *none[index + 1 :]), *specs)
        assert all(getattr(alone, kind) <= getattr(together, kind) for kind in WORK_KINDS), op.name
        if alone is FREE:
            assert np.isin(grad, np.concatenate([y.ravel() for y in grad_outputs])).all(), f"{op.name}: it is no view"
        given = np.abs([0.0, *(part for y in grad_outputs for part in (*y.real.flat, *y.imag.flat))])
        copied = np.isin(np.abs(grad.real), given) & np.isin(np.abs(grad.imag), given)
        computed = np.unique(np.abs(grad[~copied])).size
        assert alone.ops_total >= computed, f"{op.name}: {computed} numbers by {alone.ops_total} operations"


def check_adjoint(op: OpDef, attrs: Any, inputs: Inputs, rng: np.random.Generator) -> None:
    """For an operator linear in its first tensor: <A x, y> = <x, Aᵀ y>, the others held fixed and biases left out."""
    fixed = tuple(
        None if name.startswith("bias") else x for name, x in zip(op.slot_names(len(inputs)), inputs, strict=True)
    )
    outputs, saved = run(op, attrs, fixed)
    grad_outputs = tuple(noise_like(y, rng) for y in outputs)
    grad_x = gradients(op, attrs, grad_outputs, fixed, saved)[0]
    left = sum(_dot(g, y) for g, y in zip(grad_outputs, outputs, strict=True))
    right = _dot(grad_x, fixed[0])
    scale = sum(float(np.abs(g * y).sum()) for g, y in zip(grad_outputs, outputs, strict=True))
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-11 * max(1.0, scale))


def check_batch(op: OpDef, attrs: Any, inputs: Inputs, batched: tuple[str, ...]) -> None:
    """Samples are independent: the cost of a + b samples is the cost of a plus the cost of b.

    Args:
        op: The operator.
        attrs: Its attributes.
        inputs: Its tensors.
        batched: Names of the tensors whose first dimension counts samples.
    """

    def cost_of(samples: int) -> Cost:
        specs = (
            spec if spec is None or name not in batched else TensorSpec((samples, *spec.shape[1:]), spec.dtype)
            for name, spec in zip(op.slot_names(len(inputs)), specs_of(inputs), strict=True)
        )
        return op.cost(attrs, *specs)

    assert cost_of(5) == cost_of(2) + cost_of(3), op.name


def check_formulas(op: OpDef, attrs: Any, inputs: Inputs) -> None:
    """Evaluating what a cost prints gives the cost."""
    cost = op.cost(attrs, *specs_of(inputs))
    for kind in WORK_KINDS:
        value = getattr(cost, kind)
        assert isinstance(value, Count) or value == 0, f"{op.name}: {kind} does not say what it was made from"
        assert value >= 0
        assert parse(formula(value)) == value


def noise_like(x: Array, rng: np.random.Generator) -> Array:
    """Random numbers of the shape of ``x``, complex where it is."""
    noise = rng.standard_normal(x.shape)
    return noise + 1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else noise


def _dot(a: Any, b: Any) -> float:
    """Sum of products; complex numbers are pairs of real ones."""
    return float(np.vdot(a, b).real)


def _moves(x: Array | None) -> bool:
    return x is not None and x.dtype.kind in "fc"


def _poisoned(name: str, x: Any, kept: set[str]) -> Any:
    return np.full_like(x, np.nan) if x is not None and _moves(x) and not _kept(name, kept) else x


def _kept(name: str, kept: set[str]) -> bool:
    return name in kept or f"{name.rstrip('0123456789')}s" in kept


def _move(inputs: Inputs, direction: list[Any], step: float) -> Inputs:
    return tuple(x if d is None else x + step * d for x, d in zip(inputs, direction, strict=True))
