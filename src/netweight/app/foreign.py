"""Files of other tools that have no network: what to say of them."""

from __future__ import annotations

from pathlib import Path

from netweight.errors import FormatError
from netweight.given_files import is_file

_NEXT = "name the class that has the network, FILE.py:NAME; or export it with torch.onnx.export, and weigh FILE.onnx"


def not_a_network(path: Path) -> FormatError:
    """The error for a file of another tool, with what to weigh in its place."""
    return FormatError(f"file: expected a network, got {str(path)!r}, which has weights alone", fix=_fix(path))


def _fix(path: Path) -> str:
    config = path.parent / "config.json"
    return f"netweight hf:{config}" if is_file(config) else _NEXT
