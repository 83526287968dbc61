"""What a text names as a model: ``alexnet``, ``net.json``, ``net.py:Net``, ``package.net:Net``, ``timm:NAME``."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from netweight.errors import UsageError
from netweight.units import whole

PACKAGES = {"torchvision": "torchvision", "timm": "timm", "hf": "transformers"}
"""Prefix of a model to the package that has its architecture."""

_FOREIGN = (
    ".pt", ".pth", ".pt2", ".bin", ".ckpt", ".safetensors", ".pkl", ".pickle", ".h5", ".hdf5", ".keras", ".gguf",
    ".pb", ".mlmodel", ".npz", ".npy", ".msgpack", ".engine", ".zip", ".tar", ".gz", ".yaml", ".yml", ".ipynb",
)  # fmt: skip
"""Suffixes of weights, and of networks of other tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A model that a text names.

    Attributes:
        kind: A built-in network, a stored, ONNX or TFLite file or one of another tool, something in a Python file or
            module, or an architecture of a package.
        place: The network, the path, the dotted module or the prefix of the package.
        name: What to take from there.
        options: Arguments for it.
    """

    kind: Literal["built-in", "stored", "onnx", "tflite", "foreign", "file", "module", "package"]
    place: str
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.place}:{self.name}" if self.name else self.place


def parse_reference(text: str, built_in: Container[str]) -> Reference:
    """What ``text`` names, by the first of these rules that fits.

    1. ``torchvision:NAME``, ``timm:NAME``, ``hf:PATH`` name an architecture of a package.
    2. ``PATH.py:NAME`` names something in a Python file.
    3. What ends in ``.onnx`` is an ONNX file, what ends in ``.tflite`` a TFLite file.
    4. What ends as files of other tools do, ``.pt`` or ``.safetensors``, is one of theirs.
    5. What ends in ``.json`` or has a slash is a stored file.
    6. What starts with the name of a built-in network, up to a colon, is that network.
    7. ``MODULE:NAME`` names something in a module that Python can import.
    8. Anything else is taken for a built-in network.

    All but stored, ONNX and TFLite files may end in options, ``:NAME=VALUE,NAME=VALUE``.

    Raises:
        UsageError: If an option is not written so, or what to take from a file is missing.
    """
    parts = re.fullmatch(r"(.*?)(?::(\w+=.*))?", text, re.DOTALL)
    assert parts is not None  # the first group takes anything
    main, options = parts[1], parts[2] or ""
    place, _, name = main.partition(":")
    if place in PACKAGES:
        return Reference(kind="package", place=place, name=name, options=parse_options(options))
    in_file = re.fullmatch(r"(.+\.py)(?::(.*))?", main, re.DOTALL)
    if in_file is not None:
        return _in_file(in_file[1], in_file[2] or "", parse_options(options))
    if is_onnx(text):
        return Reference(kind="onnx", place=text)
    if is_tflite(text):
        return Reference(kind="tflite", place=text)
    if is_foreign(text):
        return Reference(kind="foreign", place=text)
    if text.endswith(".json") or "/" in main or "\\" in main:
        return Reference(kind="stored", place=text)
    if place not in built_in and _is_dotted(place) and _is_dotted(name):
        return Reference(kind="module", place=place, name=name, options=parse_options(options))
    network, _, options = text.partition(":")
    return Reference(kind="built-in", place=network, options=parse_options(options, network))


def is_onnx(path: str) -> bool:
    """Whether a file is an ONNX model by its name."""
    return path.lower().endswith(".onnx")


def is_tflite(path: str) -> bool:
    """Whether a file is a TFLite model by its name."""
    return path.lower().endswith(".tflite")


def is_foreign(path: str) -> bool:
    """Whether a file is of another tool by its name, and of a kind that no network is read from."""
    return path.lower().endswith(_FOREIGN)


def parse_options(text: str, network: str = "") -> dict[str, Any]:
    """Options of a network: ``width=0.5,num_classes=10``; several numbers as ``5-3-2``.

    Args:
        text: What is written after the colon.
        network: Whose options they are, for the message.

    Raises:
        UsageError: If a part is no ``NAME=VALUE``.
    """
    options: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"model: expected options as NAME=VALUE, got {part!r}", fix=_meant(text, part, network))
        options[key.strip()] = _parse_value(value.strip())
    return options


def _meant(text: str, part: str, network: str) -> str:
    """What somebody may have meant whose ``part`` of the options has no name.

    >>> _meant("widths=784,128,10", "128", "mlp")
    'several numbers are joined by hyphens: mlp:widths=784-128-10'
    """
    joined = re.sub(r",(?=\d+(?:,|$))", "-", re.sub(r"[\[\](){}\s]", "", text))
    if all("=" in option for option in joined.split(",")):
        return f"several numbers are joined by hyphens: {network}:{joined}".replace(": :", ": ")
    return f"{network}.py:{part} if a Python file is meant" if network and part.isidentifier() else ""


def _in_file(path: str, name: str, options: Mapping[str, Any]) -> Reference:
    if not _is_dotted(name):
        raise UsageError(
            f"model: expected FILE.py:NAME, got {path!r} and the name {name!r}",
            fix=f"{path}:NAME, where NAME is a module of the file, its class, or a function that returns it",
        )
    return Reference(kind="file", place=str(Path(path)), name=name, options=options)


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _parse_value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    if re.fullmatch(r"[+-]?[0-9]+(_[0-9]+)*", text):
        return whole(text.replace("_", ""), "model")
    try:
        return float(text)
    except ValueError:
        pass
    if text[:1].isdigit() and "-" in text:
        return tuple(_parse_value(part) for part in text.split("-"))
    return text
