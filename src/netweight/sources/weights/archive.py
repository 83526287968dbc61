"""What is in a file of weights: a zip archive of PyTorch, pickles one after another, or safetensors."""

from __future__ import annotations

import io
import json
import pickletools
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from netweight import limits
from netweight.errors import FormatError
from netweight.sources.weights.opcodes import plain_pickle
from netweight.sources.weights.safetensors import read_safetensors
from netweight.sources.weights.tensors import Stored, classes_in, is_shape, tensors_in

_ENTRIES = 1_000_000
_PICKLES = 4

_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError,
    KeyError, IndexError, OverflowError,
)  # fmt: skip
"""What the reader of archives raises of damaged ones."""
_TYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16",
}  # fmt: skip
"""Numbers of element types in the tables of ``torch.export``."""

Kind = Literal["weights", "module", "script", "program", "other"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Attributes:
        kind: Weights alone; a whole module that was pickled; a TorchScript archive; a program of ``torch.export``; or
            something that nothing is known of.
        tensors: What it stores, by name.
        classes: Classes that unpickling would make.
    """

    kind: Kind
    tensors: tuple[Stored, ...] = ()
    classes: tuple[str, ...] = ()


def contents_of(path: Path) -> Contents:
    """What is in a file, without unpickling.

    Raises:
        FormatError: If it is damaged.
    """
    if path.suffix.lower() == ".safetensors":
        return Contents("weights", tuple(read_safetensors(path)))
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        return _zipped(path)
    return _pickled(path) if start[:1] == b"\x80" else Contents("other")


def _zipped(path: Path) -> Contents:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:_ENTRIES]
            last = {name.partition("/")[2]: name for name in names}
            if any(name.startswith(("models/", "serialized_exported_program")) for name in (*last, *names)):
                return Contents("program", tuple(_exported(archive, names)))
            if "data.pkl" not in last:
                return Contents("other")
            value = plain_pickle(_entry(archive, last["data.pkl"]))
            script = any(name.startswith("code/") for name in last)
            return _described(value, script=script)
    except FormatError:
        raise
    except _BROKEN as error:
        raise FormatError(f"file: expected a whole zip archive in {str(path)!r}, got: {error}") from error


def _described(value: Any, *, script: bool = False) -> Contents:
    tensors, classes = tuple(tensors_in(value)), tuple(classes_in(value))
    if classes and not tensors and not script:
        return Contents("other", (), classes)
    kind: Kind = "script" if script else "module" if classes else "weights"
    return Contents(kind, tensors, classes)


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part of an archive, up to the limit for files."""
    size = archive.getinfo(name).file_size
    if size > limits.of("file"):
        raise FormatError(f"file: expected {name} of at most {limits.text('file')}, got {size:,} bytes")
    with archive.open(name) as file:
        return file.read(limits.of("file"))


def _exported(archive: zipfile.ZipFile, names: list[str]) -> list[Stored]:
    """Tensors that the program of ``torch.export`` lists with their sizes, where its table is there."""
    table = next((name for name in names if name.endswith("model_weights_config.json")), "")
    try:
        entries = json.loads(_entry(archive, table))["config"] if table else {}
        return [_listed(name, entry["tensor_meta"]) for name, entry in entries.items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # a table of another version; the archive is still one


def _listed(name: str, meta: Any) -> Stored:
    """A tensor of such a table.

    Raises:
        ValueError: If it has no such sizes.
    """
    sizes = tuple(size["as_int"] for size in meta["sizes"])
    if not is_shape(sizes):
        raise ValueError("sizes")
    return Stored(name, tuple(sizes), _TYPES.get(meta["dtype"], "unknown type"))


def _pickled(path: Path) -> Contents:
    """Pickles one after another, as PyTorch wrote them before it wrote archives: the fourth has the weights."""
    with path.open("rb") as file:
        stream = io.BytesIO(file.read(limits.of("file")))
    found = Contents("other")
    for at in range(_PICKLES):
        rest = stream.getvalue()[stream.tell() :]
        if not rest and at:
            break
        found = _described(plain_pickle(rest))
        if found.tensors or found.kind == "other":
            break
        for _ in pickletools.genops(stream):
            pass
    return found
