"""What the user named, decided once: everything after it matches on the answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight import zoo
from netweight.app.arguments import shown
from netweight.errors import CaptureError
from netweight.given_files import is_file
from netweight.ir import Graph
from netweight.sources.names import Reference, is_foreign, is_onnx, is_tflite, parse_reference

if TYPE_CHECKING:
    import torch

    from netweight.sources.onnx.files import OnnxModel

Model: TypeAlias = "str | Path | Graph | OnnxModel | torch.nn.Module"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A network of netweight, with its options."""

    name: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """A module in the user's code, or an architecture of a package."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Stored:
    """A file with a graph or a report."""

    path: Path


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """An ONNX model, in a file or as the ``onnx`` package has it."""

    model: Any


@dataclass(frozen=True, slots=True)
class TfliteFile:
    """A TFLite model."""

    path: Path


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file of another tool, which has no network that can be read: weights, most of them."""

    path: Path


@dataclass(frozen=True, slots=True)
class Module:
    """A PyTorch module."""

    module: Any


@dataclass(frozen=True, slots=True)
class Given:
    """A graph, and what it was made from."""

    graph: Graph
    source: str = "graph"


Identified: TypeAlias = BuiltIn | Named | Stored | OnnxFile | TfliteFile | Foreign | Module | Given


def identify(model: Model) -> Identified:
    """What a model is: a name or path, a graph, a model of ONNX or PyTorch; no file is read.

    Raises:
        CaptureError: If it is nothing that can be weighed.
        UsageError: If a text is not a name as ``parse_reference`` takes it, or is an address.
    """
    match model:
        case str():
            return _of_text(model)
        case Path():
            return _of_path(model)
        case Graph():
            return Given(model)
        case _:
            return _of_framework(model)


def resolve(model: Model) -> Identified:
    """As ``identify``, of what is there; a TFLite model is one whatever its file is called.

    Raises:
        UnknownNameError: If no built-in network and no Python file has that name.
        FormatError: If no other file has it.
        NetweightError: As ``identify``.
    """
    what = identify(model)
    match what:
        case BuiltIn(name) if name not in zoo.names():
            from netweight.app.unknown import unknown_network

            raise unknown_network(name)
        case Stored(path) | Foreign(path):
            _check_there(path)
            return TfliteFile(path) if _begins_as_tflite(path) else what
        case TfliteFile(path) | OnnxFile(Path() as path):
            _check_there(path)
        case Named(reference) if reference.kind == "file":
            _check_there(Path(reference.place))
    return what


def _check_there(path: Path) -> None:
    from netweight.app.unknown import check_there  # a built-in network does without

    check_there(path)


def _begins_as_tflite(path: Path) -> bool:
    """Whether a file has the mark of TFLite where such files have it."""
    if not is_file(path):
        return False
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == b"TFL3"
    except OSError:  # whoever reads it says why it cannot be read
        return False


def _of_framework(model: object) -> Identified:
    if _is_a(model, "torch", "nn.Module"):
        return Module(model)
    if _is_a(model, "onnx", "ModelProto"):
        return OnnxFile(model)
    expected = "a built-in name, a path, MODULE:NAME, a Graph, an ONNX model or a PyTorch module"
    raise CaptureError(f"capture: expected {expected}, got {shown(model)}", fix=_instead(model))


def _of_text(text: str) -> Identified:
    if "://" in text:
        from netweight.app.unknown import check_local

        check_local(text)
    reference = parse_reference(text, zoo.names())
    match reference.kind:
        case "onnx" | "tflite" | "stored" | "foreign":
            return _of_path(Path(reference.place))
        case "built-in":
            return BuiltIn(zoo.called(reference.place) or reference.place, reference.options)
        case _:
            return Named(reference)


def _of_path(path: Path) -> Identified:
    if is_onnx(str(path)):
        return OnnxFile(path)
    if is_tflite(str(path)):
        return TfliteFile(path)
    return Foreign(path) if is_foreign(str(path)) else Stored(path)


def _is_a(model: object, package: str, name: str) -> bool:
    """Whether it is an object of that class; if the package was never imported it cannot be one."""
    found: Any = sys.modules.get(package)
    for part in name.split(".") if found is not None else ():
        found = getattr(found, part)
    return found is not None and isinstance(model, found)


def _instead(model: Any) -> str:
    """What to weigh instead of something close to a module."""
    if isinstance(model, type):
        return f"weigh an instance: {model.__name__}(...)"
    if isinstance(model, Mapping):
        return "a state dict has no forward: weigh the module that it is loaded into"
    return "weigh its module()" if type(model).__name__ == "ExportedProgram" else ""
