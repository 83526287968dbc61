"""The logarithm of a sum of exponentials, along some dimensions.

Shapes
    x  any
    y  x with the reduced dimensions left out, or kept with size 1

Source: torch.logsumexp; ONNX ReduceLogSumExp.
"""

from __future__ import annotations

from netweight.count import product
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import per_element_backward
from netweight.ops.reduce.reduction import ReduceAttrs, combining, reduced_dims, register_reduction, spread
from netweight.ops.table import Cost


def logsumexp_cost(outputs: int, reduced: int) -> Cost:
    """The largest element; per element its distance from that and an exponential; their sum; a logarithm, and back."""
    elements = product(outputs=outputs, reduced=reduced)
    ends = Cost(logs=product(outputs=outputs), adds=product(outputs=outputs))
    each = Cost(adds=elements, exps=elements)
    return combining("compares")(outputs, reduced) + each + combining("adds")(outputs, reduced) + ends


def logsumexp_forward(attrs: ReduceAttrs, x: Array) -> Array:
    """log(sum(exp(x))), taken relative to the largest element so that nothing overflows."""
    dims = reduced_dims(attrs, x.ndim)
    largest = x.max(axis=dims, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, np.zeros_like(largest))
    with np.errstate(divide="ignore"):  # nothing but minus infinity has a logarithm of minus infinity
        y = np.log(np.exp(x - largest).sum(axis=dims, keepdims=True)) + largest
    return y if attrs.keepdim else y.squeeze(axis=dims)


def logsumexp_backward(attrs: ReduceAttrs, grad_y: Array, x: Array, *, y: Array) -> tuple[Array]:
    """Softmax: exp(x - y) times the gradient."""
    return (spread(attrs, grad_y, x.shape) * np.exp(x - spread(attrs, y, x.shape)),)


LOGSUMEXP = register_reduction(
    "logsumexp",
    cost=logsumexp_cost,
    forward=logsumexp_forward,
    backward=logsumexp_backward,
    backward_cost=per_element_backward(adds=1, exps=1, muls=1),
    saves=("x", "y"),
)
