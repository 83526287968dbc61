"""Fully connected layer as plain loops. Shapes as in ``netweight.ops.contract.linear``."""

from __future__ import annotations

from netweight.lazy import Array, np


def linear_loops(x: Array, weight: Array, bias: Array | None) -> tuple[Array, int]:
    """The definition, one multiplication at a time, and how many multiplications it did."""
    out_features, in_features = weight.shape
    y = np.zeros((*x.shape[:-1], out_features), x.dtype)
    macs = 0
    for row in np.ndindex(*x.shape[:-1]):
        for o in range(out_features):
            total = 0.0 if bias is None else bias[o]
            for i in range(in_features):
                total += weight[o, i] * x[(*row, i)]
                macs += 1
            y[(*row, o)] = total
    return y, macs
