"""The operators netweight knows, one family per file."""

from netweight.ops import activation, conv, dropout, elementwise, layout, linear, norm, pool
from netweight.ops.base import FREE, REGISTRY, WORK_KINDS, Cost, OpDef, as_tuple, output_specs

__all__ = [
    "FREE",
    "REGISTRY",
    "WORK_KINDS",
    "Cost",
    "OpDef",
    "activation",
    "as_tuple",
    "conv",
    "dropout",
    "elementwise",
    "layout",
    "linear",
    "norm",
    "output_specs",
    "pool",
]
