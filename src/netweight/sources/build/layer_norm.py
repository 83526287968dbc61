"""Layer normalisation."""

from __future__ import annotations

from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.sources.build.core import Symbol
from netweight.sources.build.params import weight_and_bias


def layer_norm(x: Symbol, *, eps: float = 1e-5, bias: bool = True, dims: int = 1, name: str = "ln") -> Symbol:
    """Each sample or token by the mean and variance of its last ``dims`` dimensions, with learned weight and bias."""
    builder = x.builder
    layer = builder.layer_name(name)
    shape = x.shape[-dims:]
    parameters = weight_and_bias(builder, layer, shape, weight=True, bias=bias)
    attrs = LayerNormAttrs(normalized_shape=shape, eps=eps)
    return builder.call("layer_norm", attrs, (x, *parameters), layer=layer)[0]


def rms_norm(x: Symbol, *, eps: float = 1e-6, dims: int = 1, name: str = "rms_norm") -> Symbol:
    """Each sample or token by the root mean square of its last ``dims`` dimensions, with a learned weight."""
    builder = x.builder
    layer = builder.layer_name(name)
    shape = x.shape[-dims:]
    weight, _ = weight_and_bias(builder, layer, shape, weight=True, bias=False)
    attrs = LayerNormAttrs(normalized_shape=shape, eps=eps)
    return builder.call("rms_norm", attrs, (x, weight), layer=layer)[0]
