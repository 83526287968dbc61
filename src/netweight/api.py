"""The functions a user calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netweight import zoo
from netweight.analysis.cost import DEFAULT_CONVENTIONS, weigh_graph
from netweight.analysis.profile import Profile
from netweight.errors import CaptureError, FormatError, UsageError, unknown_name
from netweight.ir import Graph, TensorSpec
from netweight.ir.serial import graph_from_json
from netweight.ops import REGISTRY
from netweight.rewrite.bits import parse_bits, with_bits

Model = str | Path | Graph
InputShapes = Sequence[int] | TensorSpec | None


def capture(model: Model, inputs: InputShapes = None, *, batch: int = 1, training: bool = False) -> Graph:
    """Graph of a model.

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of a graph
            stored as JSON; or a ``Graph``.
        inputs: Shape of the input, batch included, instead of the published one.
        batch: Samples at once, where ``inputs`` does not say.
        training: Batch normalisation uses batch statistics and dropout drops.

    Raises:
        UnknownNameError: If no built-in network and no file has that name.
        FormatError: If the file is no stored graph.
        ShapeError: If the network cannot accept the input.
    """
    if isinstance(model, Graph):
        return model
    if isinstance(model, str) and not _is_path(model):
        name, _, options = model.partition(":")
        spec = inputs if inputs is None or isinstance(inputs, TensorSpec) else TensorSpec(tuple(inputs))
        return zoo.make(name, batch=batch, input_spec=spec, training=training, **_parse_options(options))
    if not isinstance(model, str | Path):
        raise CaptureError(f"capture: expected a built-in name, a path or a Graph, got a {type(model).__name__}")
    return graph_from_json(_read(Path(model)), {name: op.attrs for name, op in REGISTRY.items()})


def weigh(
    model: Model,
    inputs: InputShapes = None,
    *,
    batch: int = 1,
    bits: str | None = None,
    training: bool = False,
    conventions: Sequence[str] = DEFAULT_CONVENTIONS,
) -> Profile:
    """What a model costs, layer by layer, without running it.

    Args:
        model: As for ``capture``; also the path of a profile stored as JSON, which comes back as it is.
        inputs: As for ``capture``.
        batch: As for ``capture``.
        bits: Bit widths: ``"8"``, ``"w8a8"``, ``"conv*=8,fc*=w4"``; as described by default.
        training: As for ``capture``.
        conventions: Names of the activation conventions to report.

    Raises:
        NetweightError: As ``capture``; and if ``bits`` or a convention is not one we know.
    """
    stored = _stored_profile(model)
    if stored is not None:
        return stored
    graph = capture(model, inputs, batch=batch, training=training)
    if bits is not None:
        graph = with_bits(graph, parse_bits(bits))
    return weigh_graph(graph, source=_source_of(model), conventions=conventions)


def _source_of(model: Model) -> str:
    if isinstance(model, Graph):
        return "graph"
    return "json" if isinstance(model, Path) or _is_path(model) else "builtin"


def _is_path(model: str) -> bool:
    return model.endswith(".json") or "/" in model or "\\" in model


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise FormatError(f"file: expected readable JSON at {str(path)!r}, got none: {reason}") from error


def _stored_profile(model: Model) -> Profile | None:
    """The profile in a JSON file, or None if ``model`` is no such file."""
    from netweight.analysis.stored import PROFILE_PREFIX, profile_from_dict

    if isinstance(model, Graph) or not (isinstance(model, Path) or _is_path(model)):
        return None
    try:
        data = json.loads(_read(Path(model)))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"file: expected JSON in {str(model)!r}, got other text: {error}") from error
    is_profile = isinstance(data, dict) and str(data.get("schema", "")).startswith(PROFILE_PREFIX)
    return profile_from_dict(data) if is_profile else None


def _parse_options(text: str) -> dict[str, Any]:
    """Options of a built-in network: ``width=0.5,num_classes=10``; widths as ``5-3-2``."""
    options: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"model: expected options as NAME=VALUE, got {part!r}")
        options[key.strip()] = _parse_value(value.strip())
    return options


def _parse_value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    if "-" in text.strip("-"):
        return tuple(_parse_value(part) for part in text.split("-"))
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


__all__ = ["Model", "capture", "unknown_name", "weigh"]
