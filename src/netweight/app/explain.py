"""Why a layer costs what it costs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial

from netweight.app.asked import Inputs
from netweight.app.identify import Model
from netweight.app.weigh import weigh
from netweight.ops import REGISTRY
from netweight.results.explanation import Explanation, explain_layer
from netweight.results.profile import Profile


def explain(
    model: Model,
    layer: str,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
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
