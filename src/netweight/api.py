"""The functions a user calls."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight import zoo
from netweight.analysis.cost import DEFAULT_CONVENTIONS, weigh_graph
from netweight.diagnosis import Check, diagnose
from netweight.errors import CaptureError, UsageError
from netweight.ir import Graph
from netweight.loading import Loaded, check_as_stored, load, stored_profile
from netweight.ops import REGISTRY
from netweight.report.shown import Profile
from netweight.results.explanation import Explanation, explain_layer
from netweight.rewrite.bits import parse_bits, with_bits

if TYPE_CHECKING:
    import onnx
    import torch

    from netweight.results.training import Training

Model: TypeAlias = "str | Path | Graph | onnx.ModelProto | torch.nn.Module"
Inputs: TypeAlias = Any
"""A shape, a ``TensorSpec`` or a tensor; a tuple of them, or a dict by name; None for the published input, or a guess
that the profile's notes name."""


def capture(
    model: Model,
    inputs: Inputs = None,
    *,
    batch: int = 1,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
) -> Graph:
    """Graph of a model.

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of a graph
            stored as JSON, or of an ONNX file; a ``Graph``; an ``onnx.ModelProto``; or a PyTorch module, which is left
            exactly as it was.
        inputs: Shape of the input, batch included, or spec or tensor; several as a tuple, or as a dict by name.
        batch: Samples at once, where ``inputs`` does not say.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.

    Raises:
        UnknownNameError: If no built-in network and no file has that name.
        UsageError: If a graph that is already fixed is asked for another input, batch or mode; or a shape and a batch
            are both given.
        FormatError: If the file is no stored graph and no ONNX model.
        ShapeError: If the network cannot accept the input.
        CaptureError: If the module's forward raises.
    """
    found = load(model, inputs, batch=batch, training=training, dims=dims)
    if found.error is not None:
        raise CaptureError(
            f"capture: expected the module to run to its end, got {type(found.error).__name__} at {found.stopped_at}",
            why=str(found.error),
        ) from found.error
    return found.graph


def weigh(
    model: Model,
    inputs: Inputs = None,
    *,
    batch: int = 1,
    bits: str | None = None,
    training: bool = False,
    optimizer: str | None = None,
    checkpoint: Sequence[str] = (),
    freeze: Sequence[str] = (),
    conventions: Sequence[str] = DEFAULT_CONVENTIONS,
    dims: Mapping[str, int] | None = None,
) -> Profile:
    """What a model costs, layer by layer, without running it.

    Args:
        model: As for ``capture``; also the path of a profile stored as JSON, which comes back as it is.
        inputs: As for ``capture``.
        batch: As for ``capture``.
        bits: Bit widths: ``"8"``, ``"w8a8"``, ``"conv*=8,fc*=w4"``; as described by default.
        training: As for ``capture``; the profile also says what a step of training costs.
        optimizer: What updates the parameters: sgd, momentum, rmsprop, adam or adamw; sgd where ``training`` alone is
            given. Alone it asks for a step of training of the network as it is described.
        checkpoint: Patterns of modules that keep only their inputs for backward, and run twice: ``"layer*"``.
        freeze: Patterns of parameters, or of modules around them, that are not trained.
        conventions: Names of the activation conventions to report.
        dims: As for ``capture``.

    Raises:
        NetweightError: As ``capture``; and if ``bits``, a convention, an optimiser or a pattern is not one we know.
    """
    asked: dict[str, Any] = {"optimizer": optimizer, "checkpoint": checkpoint, "freeze": freeze}
    stored = stored_profile(model)
    if stored is not None:
        check_as_stored("a report", inputs=inputs, batch=batch, training=training, bits=bits, dims=dims, **asked)
        return Profile.of(stored)
    found = load(model, inputs, batch=batch, training=training, dims=dims)
    if bits is not None:
        found = replace(found, graph=with_bits(found.graph, parse_bits(bits)))
    profile = _weigh_loaded(found, conventions)
    if found.error is not None:
        return profile
    step = _training(found.graph, training=training, **asked)
    notes = profile.notes if step is None else (*profile.notes, *_frozen(found.graph))
    return replace(profile, notes=notes, training=step)


def _weigh_loaded(found: Loaded, conventions: Sequence[str]) -> Profile:
    profile = weigh_graph(
        found.graph,
        source=found.source,
        conventions=conventions,
        notes=found.notes if found.error is None else (*found.notes, _reason(found.error)),
        exact=found.exact,
        stopped_at=found.stopped_at,
    )
    return Profile.of(profile)


def _training(
    graph: Graph, optimizer: str | None, *, training: bool, checkpoint: Sequence[str], freeze: Sequence[str]
) -> Training | None:
    """What a step of training costs, if it was asked for.

    Raises:
        UsageError: If parts are to be checkpointed or frozen in no training.
    """
    if training or optimizer is not None:
        from netweight.analysis.training import training_cost

        return training_cost(graph, optimizer=optimizer or "sgd", checkpoint=checkpoint, freeze=freeze)
    for name, patterns in (("checkpoint", checkpoint), ("freeze", freeze)):
        if patterns:
            raise UsageError(f"{name}: expected a step of training to weigh, got none", fix="training=True, --training")
    return None


def _frozen(graph: Graph) -> tuple[str, ...]:
    """What is said of parameters that the model itself does not train, if there are some."""
    if not graph.frozen:
        return ()
    count = sum(graph.spec(name).numel for name in graph.frozen)
    tensors = f"{len(graph.frozen)} tensor{'s' if len(graph.frozen) > 1 else ''}"
    return (f"{count:,} parameters in {tensors} have requires_grad=False, and are not trained",)


def _reason(error: BaseException) -> str:
    return f"partial: the model's own code raised {type(error).__name__}: {error}"


def explain(
    model: Model,
    layer: str,
    inputs: Inputs = None,
    *,
    batch: int = 1,
    bits: str | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
) -> Explanation:
    """Why a layer, or a module, costs what it costs.

    Args:
        model: As for ``weigh``.
        layer: Path of a layer or module: ``"conv1"``, ``"layer1.0"``; of an ONNX model also ``"/layer1/conv1/Conv"``.
        inputs: As for ``weigh``.
        batch: As for ``weigh``.
        bits: As for ``weigh``.
        training: As for ``weigh``.
        dims: As for ``weigh``.

    Raises:
        UnknownNameError: If the model has no such layer.
        NetweightError: As ``weigh``.
    """
    profile = weigh(model, inputs, batch=batch, bits=bits, training=training, dims=dims)
    return explain_layer(profile, _dotted(profile, layer), partial(_rules_of, training=training))


def _dotted(profile: Profile, layer: str) -> str:
    """The layer of an ONNX node's path, ``/layer1/layer1.0/conv1/Conv``; anything else as it is."""
    if profile.model.source != "onnx" or "/" not in layer:
        return layer
    from netweight.sources.onnx.naming import layers_of_path

    known = {*(row.layer for row in profile.layers), *(row.module for row in profile.modules)}
    return next((name for name in layers_of_path(layer) if name in known), layer)


def _rules_of(name: str, *, training: bool) -> tuple[str, ...]:
    """What the operator's shape and cost rules say of themselves, in their first paragraph; in training of backward."""
    op = REGISTRY.get(name)
    rules = () if op is None else (op.shape, op.cost, *((op.backward_cost,) if training else ()))
    texts = (inspect.getdoc(rule) or "" for rule in rules)
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
