"""Tests of numbers that are none: one of ``compares`` per element, a boolean each.

Source: torch.isnan, torch.isinf, torch.isfinite; ONNX IsNaN, IsInf.
"""

from netweight.ops.pointwise.compare import register_predicate

ISNAN = register_predicate("isnan", "compares", "isnan", ("x",))
ISINF = register_predicate("isinf", "compares", "isinf", ("x",))
ISFINITE = register_predicate("isfinite", "compares", "isfinite", ("x",))
