"""An activation function as a curve: its value and its gradient over numbers on both sides of 0."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from netweight.lazy import Array, np
from netweight.ops import OpDef
from netweight.ops.table import forward

_REACHES, _POINTS = (4.0, 8.0), 65
"""Four to both sides, or eight where more happens there; kinks at whole numbers are met exactly."""
_BEND = 0.5


def curve_of(op: OpDef) -> tuple[tuple[float, float, float], ...]:
    """Points x, value and gradient of an activation function of one tensor with its usual settings; none of others."""
    if op.kind != "activation" or op.inputs != ("x",) or not op.differentiable:
        return ()
    if op.attrs is not None and any(f.default is MISSING and f.default_factory is MISSING for f in fields(op.attrs)):
        return ()
    attrs = None if op.attrs is None else op.attrs()
    near, far = (_points(op, attrs, np.linspace(-reach, reach, _POINTS)) for reach in _REACHES)
    return far if abs(far[-1][2] - near[-1][2]) > _BEND else near


def _points(op: OpDef, attrs: Any, x: Array) -> tuple[tuple[float, float, float], ...]:
    (y,), saved = forward(op, attrs, (x,))
    (slope,) = op.backward(attrs, np.ones_like(x), x, **saved)
    return tuple(zip(x.tolist(), y.tolist(), np.asarray(slope).tolist(), strict=True))
