"""A network as the ONNX file that engines read, and which layer each of its values belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netweight.errors import UsageError
from netweight.files import whole_file
from netweight.ir import Graph
from netweight.lazy import Array

_MOST_BYTES = (1 << 31) - (1 << 20)


def write_onnx(graph: Graph, weights: Mapping[str, Array], path: Path) -> Path:
    """Write a network with its weights, unless another engine had it written already.

    Raises:
        UnsupportedOpError: If ONNX lacks an operator of it.
        UsageError: If it is larger than an ONNX file can be.
    """
    if path.exists():
        return path
    from netweight.sources.onnx.write.writer import to_onnx

    size = sum(
        value.stored_bytes for value in graph.values.values() if value.kind in ("parameter", "buffer", "constant")
    )
    if size > _MOST_BYTES:
        raise UsageError(f"engine: expected weights of less than 2 GiB, got {size:,} bytes", fix="--engine torch")
    with whole_file(path) as file:
        file.write(to_onnx(graph, weights).SerializeToString(deterministic=True))
    return path


def with_names(file: Path, folder: Path) -> Path:
    """The same file, or a copy in which every operator is called by what it makes: engines number those without a name.

    A file whose weights lie beside it, or that is none of ONNX, stays as it is.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if file.stat().st_size > _MOST_BYTES:
        return file
    try:
        model = onnx.load(str(file), load_external_data=False)
    except DecodeError:
        return file  # the engine says what it is
    nameless = [node for node in model.graph.node if not node.name and any(node.output)]
    outside = any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer)
    if not nameless or outside:
        return file
    for node in nameless:
        node.name = next(name for name in node.output if name)
    copy = folder / "named.onnx"
    copy.write_bytes(model.SerializeToString(deterministic=True))
    return copy
