"""More activation functions.

``inplace`` lets the output take the memory of ``x``; while training, only where the gradient does not need ``x``.
"""

from __future__ import annotations

from netweight.ops.pointwise.activation_shrink import CeluAttrs, ShrinkAttrs, ThresholdAttrs
from netweight.ops.pointwise.gate import GluAttrs
from netweight.sources.build.activation import activate
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def celu(x: Symbol, alpha: float = 1.0, *, inplace: bool = False, name: str = "celu") -> Symbol:
    """x, or alpha * (exp(x / alpha) - 1) where x is negative."""
    return activate("celu", CeluAttrs(alpha=alpha), x, inplace=inplace, name=name)


def logsigmoid(x: Symbol, *, inplace: bool = False, name: str = "logsigmoid") -> Symbol:
    """Logarithm of the sigmoid."""
    return activate("log_sigmoid", None, x, inplace=inplace, name=name)


def softshrink(x: Symbol, lambd: float = 0.5, *, inplace: bool = False, name: str = "softshrink") -> Symbol:
    """x moved by lambd towards zero, and zero within."""
    return activate("softshrink", ShrinkAttrs(lambd=lambd), x, inplace=inplace, name=name)


def hardshrink(x: Symbol, lambd: float = 0.5, *, inplace: bool = False, name: str = "hardshrink") -> Symbol:
    """x, and zero up to an absolute value of lambd."""
    return activate("hardshrink", ShrinkAttrs(lambd=lambd), x, inplace=inplace, name=name)


def threshold(x: Symbol, threshold: float, value: float, *, inplace: bool = False, name: str = "threshold") -> Symbol:
    """x above the threshold, else the value."""
    return activate("threshold", ThresholdAttrs(threshold=threshold, value=value), x, inplace=inplace, name=name)


def tanhshrink(x: Symbol, *, inplace: bool = False, name: str = "tanhshrink") -> Symbol:
    """x - tanh(x)."""
    return activate("tanhshrink", None, x, inplace=inplace, name=name)


def softsign(x: Symbol, *, inplace: bool = False, name: str = "softsign") -> Symbol:
    """x / (1 + abs(x))."""
    return activate("softsign", None, x, inplace=inplace, name=name)


def glu(x: Symbol, dim: int = -1, *, name: str = "glu") -> Symbol:
    """One half of a dimension times the sigmoid of the other half."""
    return call("glu", GluAttrs(dim=from_front(x, dim)[0]), x, name=name)
