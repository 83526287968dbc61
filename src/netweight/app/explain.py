"""Why a layer costs what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from netweight.app.arguments import BITS, MODEL, takes
from netweight.app.asked import Inputs
from netweight.app.explanations import explain_profile
from netweight.app.identify import Model
from netweight.app.weigh import weigh
from netweight.results.explanation import Explanation


@takes(**MODEL, bits=BITS)
def explain(
    model: Model,
    layer: str,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    bits: int | str | None = None,
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
    return explain_profile(weigh(model, inputs, batch=batch, bits=bits, training=training, dims=dims), layer)
