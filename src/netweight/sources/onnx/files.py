"""An ONNX file to a model, its weights left where they are when they lie beside it."""

from __future__ import annotations

import importlib
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight import progress
from netweight.errors import FormatError, MissingExtraError
from netweight.given_files import check_regular
from netweight.sources.extras import install
from netweight.sources.onnx.lazy_weights import restore_all, without_weights

if TYPE_CHECKING:
    from onnx import ModelProto

OnnxModel: TypeAlias = "ModelProto"
"""A model as the ``onnx`` package has it."""

_LARGEST = (1 << 31) - 1  # what a protocol buffer can hold
_WALKED = 1 << 24
"""Bytes from which on large weights are left in the file: below, reading them takes less time than finding them."""
_LARGE = 1 << 16
"""Bytes from which on a weight is left there."""
_OTHERS = {
    b"\x80": "a pickle, as torch.save writes it",
    b"PK\x03\x04": "a zip archive, as torch.save writes it",
    b"\x89HDF": "an HDF5 file",
    b"TFL3": "a TFLite file",
}


def need_onnx() -> Any:
    """The ``onnx`` package.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        with progress.stage("importing onnx"):
            return importlib.import_module("onnx")
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise MissingExtraError("model: expected onnx for this file, got none", fix=install("onnx")) from error


def read_model(path: Path) -> ModelProto:
    """The model in a file; external data is never opened, and large weights are left where they are.

    Raises:
        FormatError: If the file cannot be read or is no ONNX model.
        MissingExtraError: If ``onnx`` is not installed.
    """
    onnx = need_onnx()
    try:
        size = check_regular(path, "an ONNX model")
        if size > _LARGEST:
            raise FormatError(
                f"file: expected at most {_LARGEST:,} bytes, which is all that an ONNX file can hold, got {size:,}",
                fix="save large weights as external data",
            )
        data = (without_weights(path, least=_LARGE) if size >= _WALKED else None) or path.read_bytes()
    except OSError as error:
        raise FormatError(f"file: expected a readable file at {str(path)!r}, got none: {error.strerror}") from error
    if not data:
        raise FormatError(f"file: expected an ONNX model, got the empty file {str(path)!r}")
    found = next((what for start, what in _OTHERS.items() if data.startswith(start) or data[4:8] == start), None)
    if found is not None:
        raise FormatError(f"file: expected an ONNX model, got {found}: {str(path)!r}")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:  # which class it is depends on how protobuf was built
        raise FormatError(f"file: expected an ONNX model, got none in {str(path)!r}: {_line(error)}") from error
    check_model(model, str(path))
    return model


def load_external(model: ModelProto, path: Path) -> None:
    """Put the elements that lie beside the file of a model into it; ``onnx`` refuses paths that lead elsewhere.

    Raises:
        FormatError: If they cannot be read.
    """
    restore_all(model)
    helper = importlib.import_module("onnx.external_data_helper")
    try:
        helper.load_external_data_for_model(model, str(path.parent))
    except Exception as error:  # what onnx raises is of its own kinds, which changed from version to version
        raise FormatError(f"file: expected the external data of {path.name!r}, got none: {_line(error)}") from error


def check_model(model: ModelProto, place: str) -> None:
    """Refuse what is not a network.

    Raises:
        FormatError: If there is no graph, or the model does not say which operator sets it uses.
    """
    if not model.HasField("graph") or not (model.graph.node or model.graph.output):
        raise FormatError(f"file: expected an ONNX model with a graph, got none in {place!r}")
    if not model.opset_import:
        raise FormatError(f"file: expected an ONNX model that says its opset, got none in {place!r}")


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def has_operators(model: Any, wanted: Container[str]) -> bool:
    """Whether a model, or the one in a file, has nodes of these operators outside of branches and functions."""
    read = read_model(model) if isinstance(model, Path) else model
    return any(node.op_type in wanted for node in read.graph.node)
