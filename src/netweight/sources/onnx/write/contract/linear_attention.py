"""Linear attention."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("linear_attention")
def linear_attention(step: Step) -> None:
    """LinearAttention came with operator set 27."""
    raise step.unsupported("before operator set 27")
