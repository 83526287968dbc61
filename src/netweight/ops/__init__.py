"""The operators netweight knows: one folder per group, one family per file."""

from netweight.ops.table import FREE, REGISTRY, WORK_KINDS, Cost, OpDef, as_tuple, output_specs

__all__ = ["FREE", "REGISTRY", "WORK_KINDS", "Cost", "OpDef", "as_tuple", "output_specs"]
