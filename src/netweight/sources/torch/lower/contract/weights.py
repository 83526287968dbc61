"""Weights that are computed from others."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.ops.reduce.vector_norm import VectorNormAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.recorder import Recorder


@lowers("_weight_norm_interface")
def weight_norm(rec: Recorder, v: Tensor, g: Tensor, dim: int = 0) -> Any:
    # g v / ||v||, with a length for each position along dim.
    """``_weight_norm_interface(Tensor v, Tensor g, int dim=0) -> (Tensor, Tensor)``."""
    others = tuple(at for at in range(v.dim()) if at != dim)
    lengths = rec.op("vector_norm", VectorNormAttrs(dims=others, keepdim=True), v)
    return rec.op("mul", None, v, rec.op("div", None, g, lengths)), lengths
