"""Layer and root mean square normalisation."""

from __future__ import annotations

from netweight.functions.norm import layer_norm as functions
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ONES, weight_and_bias


def layer_norm(x: Symbol, *, eps: float = 1e-5, bias: bool = True, dims: int = 1, name: str = "ln") -> Symbol:
    """Each sample or token by the mean and variance of its last ``dims`` dimensions, with learned weight and bias.

    >>> from netweight import build
    >>> build.graph(lambda x: build.layer_norm(x), (1, 16, 64), name="one")
    <Graph 'one': 1 operator, x float32[1, 16, 64] -> ln float32[1, 16, 64]>
    """
    shape = x.shape[-dims:]
    with x.builder.recording(name):
        parameters = weight_and_bias(x.builder, shape, weight=True, bias=bias)
        return functions.layer_norm(x.builder, x, shape, *parameters, eps)


def rms_norm(x: Symbol, *, eps: float = 1e-6, dims: int = 1, name: str = "rms_norm") -> Symbol:
    """Each sample or token by the root mean square of its last ``dims`` dimensions, with a learned weight."""
    shape = x.shape[-dims:]
    with x.builder.recording(name):
        return functions.rms_norm(x.builder, x, shape, x.builder.own("weight", shape, ONES), eps)
