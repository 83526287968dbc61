from itertools import product
from typing import Any

import numpy as np


def matmul(_attrs: None, a: Any, b: Any) -> tuple[Any, int]:
    left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, (*batch, *left.shape[-2:]))
    right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
    y = np.zeros((*batch, left.shape[-2], right.shape[-1]))
    macs = 0
    for *at, m, n in np.ndindex(y.shape):
        for k in range(left.shape[-1]):
            y[(*at, m, n)] += left[(*at, m, k)] * right[(*at, k, n)]
            macs += 1
    y = y[..., 0, :] if a.ndim == 1 else y
    return (y[..., 0] if b.ndim == 1 else y), macs


def einsum(attrs: Any, *xs: Any) -> tuple[Any, int]:
    """In pairs from the left; what is still needed later is not summed. A product without a sum is no MAC."""
    left, result = attrs.equation.split("->")
    terms = left.split(",")
    if len(xs) == 1:
        return _pair(xs[0], terms[0], np.array(1.0), "", result)[0], 0
    y, letters, macs = xs[0], terms[0], 0
    for i in range(1, len(xs)):
        later = set(result + "".join(terms[i + 1 :]))
        made = result if i == len(xs) - 1 else "".join(sorted(set(letters + terms[i]) & later))
        y, count = _pair(y, letters, xs[i], terms[i], made)
        macs += count if set(letters + terms[i]) - set(made) else 0
        letters = made
    return y, macs


def _pair(a: Any, of_a: str, b: Any, of_b: str, made: str) -> tuple[Any, int]:
    sizes = dict(zip(of_a + of_b, a.shape + b.shape, strict=True))
    y = np.zeros([sizes[letter] for letter in made])
    count = 0
    for values in product(*(range(size) for size in sizes.values())):
        at = dict(zip(sizes, values, strict=True))
        place, in_a, in_b = (tuple(at[letter] for letter in letters) for letters in (made, of_a, of_b))
        y[place] += a[in_a] * b[in_b]
        count += 1
    return y, count


DEFINITIONS = {"matmul": matmul, "einsum": einsum}
