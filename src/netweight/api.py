"""The functions a user calls."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netweight import zoo
from netweight.analysis.cost import DEFAULT_CONVENTIONS, weigh_graph
from netweight.analysis.explanation import Explanation, explain_layer
from netweight.analysis.profile import Profile
from netweight.diagnosis import Check, diagnose
from netweight.errors import CaptureError, FormatError, UsageError
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
        UsageError: If a graph that is already fixed is asked for another input, batch or mode; or a shape and a batch
            are both given.
        FormatError: If the file is no stored graph.
        ShapeError: If the network cannot accept the input.
    """
    path = _path_of(model)
    if path is not None or isinstance(model, Graph):
        _check_as_stored("a graph", inputs=inputs, batch=batch, training=training)
    if path is not None:
        return graph_from_json(_read(path), {name: op.attrs for name, op in REGISTRY.items()})
    if isinstance(model, Graph):
        return model
    if isinstance(model, str):
        if inputs is not None and batch != 1:
            raise UsageError(f"batch: expected the batch in the input's shape, got {batch} beside an input")
        name, _, options = model.partition(":")
        return zoo.make(name, batch=batch, inputs=inputs, training=training, **_parse_options(options))
    raise CaptureError(f"capture: expected a built-in name, a path or a Graph, got a {type(model).__name__}")


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
        _check_as_stored("a report", inputs=inputs, batch=batch, training=training, bits=bits)
        return stored
    graph = capture(model, inputs, batch=batch, training=training)
    if bits is not None:
        graph = with_bits(graph, parse_bits(bits))
    return weigh_graph(graph, source=_source_of(model), conventions=conventions)


def explain(
    model: Model,
    layer: str,
    inputs: InputShapes = None,
    *,
    batch: int = 1,
    bits: str | None = None,
    training: bool = False,
) -> Explanation:
    """Why a layer, or a module, costs what it costs.

    Args:
        model: As for ``weigh``.
        layer: Path of a layer or module: ``"conv1"``, ``"layer1.0"``.
        inputs: As for ``weigh``.
        batch: As for ``weigh``.
        bits: As for ``weigh``.
        training: As for ``weigh``.

    Raises:
        UnknownNameError: If the model has no such layer.
        NetweightError: As ``weigh``.
    """
    profile = weigh(model, inputs, batch=batch, bits=bits, training=training)
    return explain_layer(profile, layer, _rules_of)


def _rules_of(name: str) -> tuple[str, ...]:
    """What the operator's shape and cost rules say of themselves, in their first paragraph."""
    op = REGISTRY.get(name)
    texts = () if op is None else (inspect.getdoc(rule) or "" for rule in (op.shape, op.cost))
    return tuple(" ".join(text.split("\n\n")[0].split()) for text in texts if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A built-in network; the costs only where they were asked for.

    Attributes:
        name: What ``weigh`` takes.
        about: One line.
        params: Parameters.
        macs: Multiply-accumulates of one sample.
        peak_activation_count: Largest input + output of a layer (``lecture``).
    """

    name: str
    about: str
    params: int | None = None
    macs: int | None = None
    peak_activation_count: int | None = None


def models(*, costs: bool = False) -> tuple[BuiltIn, ...]:
    """The built-in networks, with what they cost on request."""
    return tuple(_built_in(name, costs=costs) for name in zoo.names())


def _built_in(name: str, *, costs: bool) -> BuiltIn:
    about = zoo.about(name)
    if not costs:
        return BuiltIn(name=name, about=about)
    profile = weigh(name, conventions=("lecture",))
    return BuiltIn(
        name=name,
        about=about,
        params=profile.totals.params,
        macs=profile.totals.macs,
        peak_activation_count=profile.activations["lecture"].peak_count,
    )


def doctor() -> tuple[Check, ...]:
    """What is installed and usable, and why not."""
    return diagnose()


def _source_of(model: Model) -> str:
    if isinstance(model, Graph):
        return "graph"
    return "builtin" if _path_of(model) is None else "json"


def _path_of(model: object) -> Path | None:
    """The file that a model names, if it names one."""
    if isinstance(model, Path):
        return model
    looks_like_one = isinstance(model, str) and (model.endswith(".json") or "/" in model or "\\" in model)
    return Path(str(model)) if looks_like_one else None


def _check_as_stored(what: str, *, batch: int, **others: Any) -> None:
    """Refuse settings that would have no effect.

    Raises:
        UsageError: If one is given.
    """
    given = [name for name, value in others.items() if value] + (["batch"] if batch != 1 else [])
    if given:
        raise UsageError(
            f"{given[0]}: expected a model that is still to be described, got {what} with its shapes",
            fix="set it where the graph is described",
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise FormatError(f"file: expected readable JSON at {str(path)!r}, got none: {reason}") from error


def _stored_profile(model: Model) -> Profile | None:
    """The profile in a JSON file, or None if ``model`` is no such file."""
    from netweight.analysis.stored import PROFILE_PREFIX, profile_from_dict

    path = _path_of(model)
    if path is None:
        return None
    text = _read(path)
    try:
        data = json.loads(text)
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
