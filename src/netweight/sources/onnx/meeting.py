"""What met at a node that refuses its inputs: their shapes, and which nodes made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.sources.onnx.naming import Place
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.size_origins import Trail, sizes


def what_met(inputs: Sequence[Any], recording: OnnxRecording, places: Sequence[Place]) -> str:
    """A line for each input of a node: what it is called, its shape, and where that comes from."""
    trail = Trail(
        specs=recording.specs,
        kinds=recording.kinds,
        steps=recording.nodes,
        layer_of=lambda step: places[step.site].module,
        place_of=lambda _step: "",
    )
    return "\n".join(_line(tensor, trail) for tensor in inputs if isinstance(tensor, Tensor))


def _line(tensor: Tensor, trail: Trail) -> str:
    shown = f"{tensor.label or tensor.name} is {sizes(tensor.shape)}"
    if tensor.fixed:
        return f"{shown}, stored in the file"
    step = trail.writer_of(tensor.name)
    if step is None:
        return f"{shown}, an input of the network"
    told = [text for dim in range(1, len(tensor.shape)) if (text := _composed(tensor, dim, trail))]
    return "; ".join([f"{shown} of {trail.by(step)}", *told])


def _composed(tensor: Tensor, dim: int, trail: Trail) -> str:
    """Where a size comes from that was joined or flattened; empty for any other."""
    text = trail.origin(tensor.name, dim).text
    return f"{tensor.shape[dim]} = {text}" if text[:1].isdigit() else ""
