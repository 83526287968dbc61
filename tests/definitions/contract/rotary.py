from collections import Counter
from typing import Any

import numpy as np

from definitions.counting import counted, numbers, together, values


def pairs(attrs: Any, x: Any, cos: Any) -> Any:
    """(sample, head, step, pair) to the two places of that pair in ``x``, and the one of its angle."""
    (samples, heads, steps, _), half = x.shape, cos.shape[2]
    for n, h, t, i in np.ndindex(samples, heads, steps, half):
        first, second = (2 * i, 2 * i + 1) if attrs.interleaved else (i, half + i)
        yield (n, h, t, first), (n, h, t, second), (n if len(cos) > 1 else 0, t, i)


def turned_back(attrs: Any, grad_y: Any, x: Any, cos: Any, sin: Any) -> tuple[Any, Counter[str]]:
    """What is not turned passes."""
    with counted() as work:
        grad_y, cos, sin = numbers(grad_y), numbers(cos), numbers(sin)
        grad_x = grad_y.copy()
        for a, b, at in pairs(attrs, x, cos):
            grad_x[a] = grad_y[a] * cos[at] + grad_y[b] * sin[at]
            grad_x[b] = grad_y[b] * cos[at] - grad_y[a] * sin[at]
    return values(grad_x), work


def angle_back(attrs: Any, grad_y: Any, x: Any, cos: Any, *, of_sin: bool) -> tuple[Any, Counter[str]]:
    """Sum over all heads, and over the samples that share the angle."""
    parts: dict[Any, list[Any]] = {}
    with counted() as work:
        grad_y, x = numbers(grad_y), numbers(x)
        for a, b, at in pairs(attrs, x, cos):
            part = x[a] * grad_y[b] - x[b] * grad_y[a] if of_sin else x[a] * grad_y[a] + x[b] * grad_y[b]
            parts.setdefault(at, []).append(part)
        grad = np.empty(cos.shape, object)
        for at, own in parts.items():
            grad[at] = together(own)
    return values(grad), work


GRADIENTS = {
    ("rotary_embedding", "x"): turned_back,
    ("rotary_embedding", "cos"): lambda attrs, grad_y, x, cos, _sin: angle_back(attrs, grad_y, x, cos, of_sin=False),
    ("rotary_embedding", "sin"): lambda attrs, grad_y, x, cos, _sin: angle_back(attrs, grad_y, x, cos, of_sin=True),
}
