"""Layouts of channels in blocks, as ONNX Runtime's optimiser writes them: how large the blocks of a file are.

The operators of com.microsoft.nchwc keep 8 or 16 channels side by side in memory, as the processor is that the file was
optimised on, and round channels up to whole blocks. The file does not say how many there are: channels that are no
multiple of 16 tell, else it is what ONNX Runtime takes on this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netweight.lazy import np

if TYPE_CHECKING:
    from onnx import ModelProto

DOMAIN = "com.microsoft.nchwc"
_SMALL, _LARGE = 8, 16


def block_size(model: ModelProto) -> int:
    """Channels in a block."""
    weights = {node.input[1] for node in model.graph.node if node.domain == DOMAIN and node.op_type == "Conv"}
    outputs = [stored.dims[0] for stored in model.graph.initializer if stored.name in weights and stored.dims]
    if any(channels % _LARGE for channels in outputs):
        return _SMALL
    return _LARGE if _has_wide_registers() else _SMALL


def _has_wide_registers() -> bool:
    """Whether this machine has registers of 512 bits."""
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    return any(name.startswith(("AVX512", "X86_V4")) for name in (*extensions["baseline"], *extensions["found"]))
