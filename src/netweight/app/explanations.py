"""Why the layers of a profile cost what they cost."""

from __future__ import annotations

import inspect
from functools import partial

from netweight.app.arguments import text
from netweight.ops import REGISTRY
from netweight.results.explanation import Explanation, explain_layer
from netweight.results.profile import Profile
from netweight.similar import similar


def explain_profile(profile: Profile, path: str) -> Explanation:
    """Why a layer, or a module, of a profile costs what it costs.

    Args:
        profile: The weighed network; what its backward says is there if a step of training was weighed.
        path: Path of a layer or module; of an ONNX model also that of a node.

    Raises:
        UnknownNameError: If the network has no such layer.
    """
    path = text("layer", path)
    return explain_layer(profile, _dotted(profile, path), partial(_rules_of, training=profile.training is not None))


def _dotted(profile: Profile, layer: str) -> str:
    """The layer of an ONNX node's path, ``/layer1/layer1.0/conv1/Conv``; anything else as it is."""
    if profile.model.source != "onnx" or "/" not in layer:
        return layer
    from netweight.sources.onnx.naming import layers_of_path

    known = {*(row.layer for row in profile.layers), *(row.module for row in profile.modules)}
    names = layers_of_path(layer)
    near = next((name for name in names if similar(name, known)), layer)
    return next((name for name in names if name in known), near)


def _rules_of(name: str, *, training: bool) -> tuple[str, ...]:
    """What the operator's shape and cost rules say of themselves, in their first paragraph; in training of backward."""
    op = REGISTRY.get(name)
    rules = () if op is None else (op.shape, op.cost, *((op.backward_cost,) if training else ()))
    texts = (inspect.getdoc(rule) or "" for rule in rules)
    return tuple(" ".join(text.split("\n\n")[0].split()) for text in texts if text)
