"""Files of other tools that have no network: what is in them, and what to weigh in their place."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from netweight.errors import FormatError
from netweight.given_files import check_regular, is_file
from netweight.sources.weights.archive import Contents, contents_of
from netweight.sources.weights.tensors import Stored
from netweight.units import scaled

_LISTED = 12
_EXPORT = "export it where it is made, torch.onnx.export(module, inputs, 'model.onnx'), and weigh model.onnx"
_WHAT = {
    "weights": "weights alone: a state dict has tensors, and no forward that uses them",
    "module": "a module that was pickled: it takes its classes, and unpickling runs code, which is not done",
    "script": "a TorchScript archive: it takes PyTorch to load it",
    "program": "a program of torch.export: it takes PyTorch to load it",
    "other": "a file of another tool",
}
_LOADS = {
    "script": "torch.jit.load({path!r})", "program": "torch.export.load({path!r}).module()",
    "module": "torch.load({path!r}, weights_only=False)",
}  # fmt: skip
_OF_PYTORCH = (".pt", ".pth", ".pt2", ".bin", ".ckpt", ".safetensors", ".pkl")


def not_a_network(path: Path) -> FormatError:
    """The error for a file of another tool, with what is in it and what to weigh in its place; nothing is unpickled."""
    try:
        size = check_regular(path, "a network")
        found = contents_of(path) if size and path.suffix.lower() in _OF_PYTORCH else Contents("other")
    except FormatError as error:
        return FormatError(f"file: expected a network, got {str(path)!r}, which cannot be read", why=error.message)
    except OSError as error:
        return FormatError(f"file: expected a readable file at {str(path)!r}, got none: {error.strerror}")
    if not size:
        return FormatError(f"file: expected a network, got {str(path)!r}, which cannot be read", why="it is empty")
    called = "it holds" if found.tensors else "unpickling it would call"
    lines = [_WHAT[found.kind], *([f"{called} {', '.join(found.classes)}"] if found.classes else [])]
    return FormatError(
        f"file: expected a network, got {str(path)!r}, which has {'none' if found.kind == 'other' else 'weights'}"
        if found.kind in ("weights", "other")
        else f"file: expected a network that can be read without running it, got {str(path)!r}",
        why="\n".join([*lines, *_listed(found.tensors)]),
        fix=_fix(path, found),
    )


def _listed(tensors: Sequence[Stored]) -> list[str]:
    """How much there is, and the first of it."""
    if not tensors:
        return []
    numbers = sum(tensor.numel for tensor in tensors)
    width = max(len(tensor.name) for tensor in tensors[:_LISTED])
    lines = [f"{len(tensors):,} tensor{'s' if len(tensors) > 1 else ''}, {scaled(numbers)} numbers:"]
    lines += [
        f"  {tensor.name:<{width}}  {'x'.join(map(str, tensor.shape)) or 'scalar'}  {tensor.dtype}"
        for tensor in tensors[:_LISTED]
    ]
    return lines + ([f"  and {len(tensors) - _LISTED:,} more"] if len(tensors) > _LISTED else [])


def _fix(path: Path, found: Contents) -> str:
    config = path.parent / "config.json"
    load = _LOADS.get(found.kind)
    if load is not None:
        code = load.format(path=str(path))
        trusted = " if you trust it" if found.kind == "module" else ""
        return f"in Python{trusted}: netweight.weigh({code}, inputs=SHAPE)"
    if is_file(config):
        return f"netweight {shlex.quote(f'hf:{config}')}"
    if found.kind == "weights":
        return f"name the class that has the forward: netweight FILE.py:CLASS; or {_EXPORT}"
    return _EXPORT
