"""Rectified linear units: they have no settings, and most networks have no other activation.

Source: torch.nn.functional.relu and relu6, whose gradients at the kinks these are; ONNX Relu.
"""

from __future__ import annotations

from netweight.lazy import np
from netweight.ops.pointwise.combinator import pointwise
from netweight.ops.table import Spelled

_COMPARED, _TWICE = {"compares": 1}, {"compares": 2}

RELU = pointwise(
    "relu", lambda x: np.maximum(x, 0), _COMPARED, kind="activation", x=(lambda grad, y: grad * (y > 0), _COMPARED),
    says="max(x, 0).", spelled=Spelled("relu", "Relu"),
)  # fmt: skip
RELU6 = pointwise(
    "relu6", lambda x: np.minimum(np.maximum(x, 0), 6), _TWICE, kind="activation",
    x=(lambda grad, y: grad * ((y > 0) & (y < 6)), _TWICE),
    says="min(max(x, 0), 6).", spelled=Spelled("relu6"),
)  # fmt: skip
