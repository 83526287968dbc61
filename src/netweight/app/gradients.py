"""How large the gradient of each layer is."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import fields
from math import isfinite
from typing import Any

from netweight import progress
from netweight.analysis.cost import model_info
from netweight.app.arguments import MODEL, flag, takes, unless_none, whole_number
from netweight.app.differentiated import differentiated
from netweight.app.identify import Model
from netweight.app.stored_weights import Weights, weights_given
from netweight.errors import UsageError
from netweight.ir import Graph, is_floating
from netweight.lazy import Array, np
from netweight.results import gradients as results
from netweight.results.gradients import LayerGradient

_SCORES = 2
"""Dimensions of one score per class and sample."""


class Gradients(results.Gradients):
    """What ``netweight.gradients`` returns: ``layers`` has the figures, ``print`` shows them."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Gradients) -> Gradients:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None) -> str:
        """The table as text.

        Args:
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.gradients.norms import to_text

        return to_text(self, width=width)

    def to_svg(self) -> str:
        """The size of the gradient over the layers, as a picture."""
        from netweight.report.gradients.norms import to_svg

        return to_svg(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<Gradients of {self.model.name!r}: {len(self.layers)} layers, {self.loss}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@takes(
    batch=MODEL["batch"],
    seed=whole_number,
    dims=MODEL["dims"],
    training=flag,
    guesses=flag,
    weights=unless_none(weights_given),
)
def gradients(
    model: Model,
    inputs: Any = None,
    weights: Weights | None = None,
    *,
    batch: int | None = None,
    seed: int = 0,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    guesses: bool = False,
) -> Gradients:
    """How large the gradient of each layer is after one backward: where it vanishes or explodes.

    The loss is the cross entropy with random classes where the only output is scores (N, classes), else the sum of the
    outputs times random numbers.

    >>> import netweight
    >>> found = netweight.gradients("mlp:widths=8-8-8-8-8-8-8-8-4,activation=sigmoid")
    >>> found.layers[0].layer, found.first_to_last < 1e-3
    ('fc1', True)

    Args:
        model: Name of a built-in network, with options after a colon; path of an ONNX file, or of a graph stored as
            JSON; ``"FILE.py:NAME"``; a ``Graph``; an ``onnx.ModelProto``; or a PyTorch module.
        inputs: An array, or several as a tuple, or as a dict by name; a shape in the place of an array is filled with
            random numbers, and a ``pathlib.Path`` of a picture is brought to the network's size and type.
        weights: Array per parameter, buffer and constant, by name, or a checkpoint of ``netweight.train``; by default
            those of the model, or random ones.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        seed: Of what is random.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name: ``{"batch": 8}``.
        guesses: Take what a capture had to guess.

    Raises:
        CaptureError: If the capture had to guess and ``guesses`` is not set.
        NetweightError: If an operator on the way has no gradient, no parameter gets one, or an argument is not one
            that fits.
    """
    from netweight.runtime.backward import backward
    from netweight.runtime.double import doubled, in_double
    from netweight.runtime.forward import run

    found = differentiated(
        "gradients", model, inputs, weights, seed=seed, guesses=guesses, batch=batch, training=training, dims=dims
    )
    graph, arrays = in_double(found.loaded.graph), doubled(found.weights)
    with progress.stage(f"gradients of {graph.name}"):
        done = run(graph, doubled(found.arrays), arrays, keep="saved")
        loss, value, start = _loss(graph, done.outputs, np.random.default_rng(seed))
        grads = backward(graph, done, start)
    layers = tuple(_layers({n: g for n, g in grads.items() if graph.values[n].kind == "parameter"}, arrays))
    if not layers:
        raise UsageError(f"gradients: expected parameters that the outputs depend on, got none in {graph.name!r}")
    wrong = [layer.layer for layer in layers if not isfinite(layer.norm)]
    if wrong or not isfinite(value):
        where = f"the gradient of {wrong[-1]}" if wrong else "the loss"
        raise UsageError(f"gradients: expected finite numbers, got infinite ones or NaN in {where}")
    return Gradients(
        model=model_info(found.loaded.graph, found.loaded.source), training=training, seed=seed, loss=loss,
        value=value, layers=layers, notes=found.notes,
    )  # fmt: skip


def _loss(graph: Graph, outputs: Mapping[str, Array], rng: np.random.Generator) -> tuple[str, float, dict[str, Array]]:
    """What is differentiated in words, its value, its gradient with respect to each output."""
    found = {name: y for name, y in outputs.items() if is_floating(graph.spec(name).dtype)}
    if len(found) == 1 and next(iter(found.values())).ndim == _SCORES:
        ((name, scores),) = found.items()
        count, classes = scores.shape
        target = rng.integers(0, classes, count)
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        wanted = np.eye(classes)[target]
        value = float(-(wanted * log_probs).sum() / count)
        return "cross entropy with random classes", value, {name: (np.exp(log_probs) - wanted) / count}
    start = {name: rng.standard_normal(y.shape) for name, y in found.items()}
    value = float(sum(np.vdot(start[name], y).real for name, y in found.items()))
    return "sum of the outputs times random numbers", value, start


def _layers(grads: Mapping[str, Array], weights: Mapping[str, Array]) -> Iterator[LayerGradient]:
    """One entry for each path, in the order of the graph."""
    names: dict[str, list[str]] = {}
    for name in grads:
        names.setdefault(name.rpartition(".")[0] or name, []).append(name)
    for layer, mine in names.items():
        count = sum(grads[name].size for name in mine)
        squares = sum(float(np.square(np.abs(grads[name])).sum()) for name in mine)
        weight = sum(float(np.square(np.abs(weights[name])).sum()) for name in mine)
        yield LayerGradient(
            layer=layer, parameters=tuple(mine), count=count, norm=squares**0.5,
            rms=(squares / count) ** 0.5 if count else 0.0, weight_norm=weight**0.5,
        )  # fmt: skip
