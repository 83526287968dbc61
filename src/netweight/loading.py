"""From what the user names to a graph: a built-in network, a file, a graph, a model of ONNX or PyTorch."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netweight import zoo
from netweight.errors import CaptureError, FormatError, UsageError
from netweight.ir import Filled, Graph, TensorSpec
from netweight.ir.serial import graph_from_json
from netweight.ops import REGISTRY
from netweight.results.profile import Profile
from netweight.sources.extras import need_torch
from netweight.sources.names import Reference, is_onnx, parse_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model that can be weighed.

    Attributes:
        graph: The network.
        source: What it was made from.
        notes: What the source wants a reader to know.
        exact: Whether nothing was guessed or left out.
        guesses: Notes on what only real data decide and the source assumed.
        fixed: Whether the graph holds only for the numbers that its integer inputs had.
        stopped_at: Module in which the model's own code failed, None if it did not.
        error: What that code raised.
        weights: Makes the array of each parameter, buffer and constant, where the model has them.
    """

    graph: Graph
    source: str
    notes: tuple[str, ...] = ()
    exact: bool = True
    guesses: tuple[str, ...] = ()
    fixed: bool = False
    stopped_at: str | None = None
    error: BaseException | None = None
    weights: Callable[[], dict[str, Any]] | None = None

    def check_runnable(self, what: str, *, guesses: bool) -> None:
        """Refuse a graph that may give other outputs than the model.

        Raises:
            CaptureError: If the model's own code failed, or the source guessed and ``guesses`` is not set.
        """
        if self.error is not None:
            raise CaptureError(f"{what}: expected the module to run to its end, got {self.error}") from self.error
        if self.guesses and not guesses:
            raise CaptureError(
                f"{what}: expected a network without guesses, got: {'; '.join(self.guesses)}",
                fix="guesses=True, --guess takes it as it was guessed",
            )


def load(
    model: Any,
    inputs: Any = None,
    *,
    batch: int = 1,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    numbers: Callable[..., Any] | None = None,
) -> Loaded:
    """Graph of whatever ``netweight.weigh`` accepts; see ``netweight.capture``, and ``capture_module`` on numbers."""
    if batch < 1:
        raise UsageError(f"batch: expected at least 1 sample, got {batch}")
    onnx_model = onnx_of(model)
    if onnx_model is not None:
        return _onnx(onnx_model, inputs, dims, batch=batch, training=training)
    if dims:
        raise UsageError(f"dim: expected an ONNX model, got {', '.join(dims)} for another", fix="--input or --batch")
    reference = reference_of(model)
    if isinstance(model, Graph) or (reference is not None and reference.kind == "stored"):
        check_as_stored("a graph", inputs=inputs, batch=batch, training=training)
    if isinstance(model, Graph):
        return Loaded(graph=model, source="graph")
    if reference is not None:
        return _referred(reference, inputs, batch=batch, training=training, numbers=numbers)
    if _is_module(model):
        _check_batch(inputs, batch)
        return _captured(model, inputs, batch=batch, training=training, numbers=numbers)
    expected = "a built-in name, a path, MODULE:NAME, a Graph, an ONNX model or a PyTorch module"
    raise CaptureError(f"capture: expected {expected}, got a {type(model).__name__}", fix=_instead(model))


def _referred(reference: Reference, inputs: Any, *, batch: int, training: bool, numbers: Any) -> Loaded:
    """What a text names that is no ONNX file."""
    match reference.kind:
        case "stored":
            classes = {name: op.attrs for name, op in REGISTRY.items()}
            return Loaded(graph=graph_from_json(_read(Path(reference.place)), classes), source="json")
        case "built-in":
            return Loaded(graph=_built_in(reference, inputs, batch=batch, training=training), source="builtin")
        case _:
            return _named(reference, inputs, batch=batch, training=training, numbers=numbers)


def _instead(model: Any) -> str:
    """What to weigh instead of something close to a module."""
    if isinstance(model, type):
        return f"weigh an instance: {model.__name__}()"
    return "weigh its module()" if type(model).__name__ == "ExportedProgram" else ""


def onnx_of(model: Any) -> Any:
    """The path of an ONNX file, or a model that the ``onnx`` package made; None for anything else."""
    reference = reference_of(model)
    if reference is not None:
        return Path(reference.place) if reference.kind == "onnx" else None
    onnx = sys.modules.get("onnx")  # if it was never imported, this cannot be its model
    return model if onnx is not None and isinstance(model, onnx.ModelProto) else None


def _onnx(model: Any, inputs: Any, dims: Mapping[str, int] | None, *, batch: int, training: bool) -> Loaded:
    from netweight.sources.onnx.user_inputs import read_given

    if training:
        raise UsageError(
            "training: expected a model with a training mode, got an ONNX model, which is as it was exported",
            fix="optimizer='sgd', --optimizer sgd weighs a step of training of the network as it is",
        )
    _check_batch(inputs, batch)
    found = read_given(model, inputs, dims, batch)
    return Loaded(
        graph=found.graph,
        source="onnx",
        notes=found.notes,
        exact=found.exact,
        guesses=() if found.exact else found.notes,
        weights=found.weights,
    )


def _built_in(reference: Reference, inputs: Any, *, batch: int, training: bool) -> Graph:
    _check_batch(inputs, batch)
    if isinstance(inputs, Mapping):
        if set(inputs) != {"x"}:
            raise UsageError(f"input: expected the name x, got {', '.join(map(repr, inputs))}")
        inputs = inputs["x"]
    if isinstance(inputs, Sequence) and len(inputs) == 1 and not isinstance(inputs[0], int):
        inputs = inputs[0]
    if isinstance(inputs, Filled):
        raise UsageError(f"input: expected no numbers, as {reference.place} does not look at them, got some")
    if inputs is not None and not isinstance(inputs, TensorSpec) and not all(isinstance(size, int) for size in inputs):
        raise UsageError(f"input: expected one input, got {len(inputs)}: built-in networks have one, called x")
    return zoo.make(reference.place, batch=batch, inputs=inputs, training=training, **reference.options)


def _check_batch(inputs: Any, batch: int) -> None:
    if inputs is not None and batch != 1:
        raise UsageError(f"batch: expected the batch in the input's shape, got {batch} beside an input")


def _is_module(model: Any) -> bool:
    """Whether the model is a PyTorch module; if PyTorch was never imported it cannot be one."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def _named(reference: Reference, inputs: Any, *, batch: int, training: bool, numbers: Any) -> Loaded:
    """A module in the user's code, or an architecture of a package."""
    need_torch()
    from netweight.sources.torch.named.references import named_module

    _check_batch(inputs, batch)
    with named_module(reference, batch=batch) as found:
        if inputs is None and reference.kind != "package":
            _check_batch(found.inputs, batch)
        return _captured(
            found.module,
            found.inputs if inputs is None else inputs,
            batch=batch,
            training=training,
            name=found.name,
            source=found.source,
            notes=found.notes if inputs is not None else (*found.notes, *found.input_notes),
            numbers=numbers,
        )


def _captured(
    model: Any,
    inputs: Any,
    *,
    batch: int = 1,
    training: bool,
    name: str = "",
    source: str = "pytorch",
    notes: tuple[str, ...] = (),
    numbers: Any = None,
) -> Loaded:
    from netweight.sources.torch import capture_module

    found = capture_module(model, inputs, batch=batch, training=training, name=name, numbers=numbers)
    if found.error is not None and not found.graph.nodes:
        reason = f"{type(found.error).__name__}: {found.error}"
        raise CaptureError(
            f"capture: expected {found.graph.name} to run, got {reason} at {found.stopped_at}, before any operator"
        ) from found.error
    return Loaded(
        graph=found.graph,
        source=source,
        notes=(*notes, *found.notes),
        exact=found.exact,
        guesses=found.guesses,
        fixed=found.fixed,
        stopped_at=found.stopped_at,
        error=found.error,
        weights=found.weights,
    )


def reference_of(model: object) -> Reference | None:
    """What a text or a path names."""
    if isinstance(model, Path):
        return Reference(kind="onnx" if is_onnx(str(model)) else "stored", place=str(model))
    return parse_reference(model, zoo.names()) if isinstance(model, str) else None


def check_as_stored(what: str, *, batch: int, **others: Any) -> None:
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


def stored_profile(model: Any) -> Profile | None:
    """The profile in a JSON file, or None if ``model`` is no such file."""
    from netweight.results.from_json import PROFILE_PREFIX, profile_from_dict

    reference = reference_of(model)
    if reference is None or reference.kind != "stored":
        return None
    text = _read(Path(reference.place))
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"file: expected JSON in {str(model)!r}, got other text: {error}") from error
    is_profile = isinstance(data, dict) and str(data.get("schema", "")).startswith(PROFILE_PREFIX)
    return profile_from_dict(data) if is_profile else None
