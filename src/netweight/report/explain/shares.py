"""What part of the network, and of the modules around it, a layer or module is."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.report.explain.shown import columns, share
from netweight.results.profile import LayerRow, ModuleRow

_FIGURES = (
    ("MACs", "macs"), ("params", "params"), ("FLOPs", "flops"), ("activations", "activation_count"),
    ("read", "bytes_read"), ("written", "bytes_written"),
)  # fmt: skip


def share_lines(row: LayerRow | ModuleRow, modules: Sequence[ModuleRow]) -> list[str]:
    """A line per module around it, the innermost first, and a column per figure; nothing for the whole network."""
    around = [module for module in reversed(modules) if module.layers]
    if not around:
        return []
    lines = [("share of", *(title for title, _ in _FIGURES))]
    lines.extend(
        (
            module.module or "the network",
            *(share(getattr(row, name) or 0, getattr(module, name)) for _, name in _FIGURES),
        )
        for module in around
    )
    return ["", *columns(lines)]
