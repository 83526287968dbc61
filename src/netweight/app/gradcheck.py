"""Whether the gradients of a network are its derivatives."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from netweight import progress
from netweight.analysis.cost import model_info
from netweight.app.arguments import MODEL, flag, shown, takes, unless_none, whole_number
from netweight.app.differentiated import differentiated
from netweight.app.identify import Model
from netweight.app.stored_weights import Weights, weights_given
from netweight.autograd.gradients import backpropagation
from netweight.errors import UsageError
from netweight.ir import Graph, is_floating
from netweight.lazy import Array, np
from netweight.results import gradcheck as results

TOLERANCE = 1e-5
KERNELS = ("reference", "training")
_WORK = 12_000_000_000
"""Multiply-accumulates that the elements which are not asked for by number may take, with those of the directions."""
_NODE = 100_000
"""Multiply-accumulates that fit into the time which one call of an operator takes besides."""
_APART = "parameters that begin with one number everywhere, biases of 0 among them, are drawn around it: N(x, 0.1)"
_RUNS = 4
"""Forward passes of one slope."""


class GradCheck(results.GradCheck):
    """What ``netweight.gradcheck`` returns: ``passed`` is the answer, ``print`` shows it tensor by tensor."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.GradCheck) -> GradCheck:
        """The same answer."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None) -> str:
        """The answer as text.

        Args:
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.gradients.check import to_text

        return to_text(self, width=width)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        wrong = [entry.tensor for entry in self.tensors if not entry.passed]
        return f"<GradCheck of {self.model.name!r}: {len(self.tensors)} tensors, {', '.join(wrong) or 'none'} wrong>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _tolerance(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise UsageError(f"{name}: expected a number between 0 and 1, got {shown(value)}")
    return float(value)


def _kernels(name: str, value: Any) -> str:
    if not isinstance(value, str) or value not in KERNELS:
        raise UsageError(f"{name}: expected {' or '.join(KERNELS)}, got {shown(value)}")
    return value


def _positive(name: str, value: Any) -> int:
    number = whole_number(name, value)
    if number < 1:
        raise UsageError(f"{name}: expected at least 1, got {number}")
    return number


@takes(
    batch=MODEL["batch"],
    seed=whole_number,
    dims=MODEL["dims"],
    training=flag,
    guesses=flag,
    weights=unless_none(weights_given),
    coordinates=unless_none(_positive),
    tolerance=_tolerance,
    kernels=_kernels,
)
def gradcheck(
    model: Model,
    inputs: Any = None,
    weights: Weights | None = None,
    *,
    batch: int | None = None,
    seed: int = 0,
    training: bool = False,
    coordinates: int | None = None,
    tolerance: float = TOLERANCE,
    kernels: str = "reference",
    dims: Mapping[str, int] | None = None,
    guesses: bool = False,
) -> GradCheck:
    """Whether backward is the derivative of forward, by central differences in float64, for every parameter and input.

    >>> import netweight
    >>> found = netweight.gradcheck("mlp")
    >>> found.passed, found["fc1.weight"].compared, found["fc1.weight"].largest_relative_error < 1e-9
    (True, 15, True)

    Args:
        model: Name of a built-in network, with options after a colon; path of an ONNX file, or of a graph stored as
            JSON; ``"FILE.py:NAME"``; a ``Graph``; an ``onnx.ModelProto``; or a PyTorch module.
        inputs: An array, or several as a tuple, or as a dict by name; a shape in the place of an array is filled with
            random numbers, and a ``pathlib.Path`` of a picture is brought to the network's size and type.
        weights: Array per parameter, buffer and constant, by name, or a checkpoint of ``netweight.train``; by default
            those of the model, or random ones.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        seed: Of what is random, the elements and directions that are compared included.
        training: Batch normalisation uses batch statistics and dropout drops, the same elements at every run.
        coordinates: Elements that are compared of each tensor, and all of one that has no more; by default as many as
            some ten seconds allow, by a count of the work and not by the clock: all of a small network.
        tolerance: Largest relative error that passes.
        kernels: Whose gradients: ``"reference"`` for the rules of the operators, ``"training"`` for the kernels that
            ``netweight.train`` uses.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name: ``{"batch": 8}``.
        guesses: Take what a capture had to guess.

    Raises:
        CaptureError: If the capture had to guess and ``guesses`` is not set.
        NetweightError: If an operator on the way has no gradient, or an argument is not one that fits.
    """
    from netweight.runtime.gradcheck import Sampling, check_gradients
    from netweight.runtime.kernels import KERNELS as FORWARD

    found = differentiated(
        "gradcheck", model, inputs, weights, seed=seed, guesses=guesses, batch=batch, training=training, dims=dims
    )
    graph = found.loaded.graph
    drawn = weights is None and found.loaded.weights is None
    numbers = _apart(graph, found.weights, seed) if drawn else found.weights
    sampling = Sampling(coordinates=coordinates or _affordable(graph), seed=seed, tolerance=tolerance)
    with progress.stage(f"checking the gradients of {graph.name}"):
        tensors = check_gradients(
            graph, found.arrays, numbers, sampling, kernels=FORWARD["im2col"], trains=kernels == "training"
        )
    return GradCheck(
        model=model_info(graph, found.loaded.source),
        training=training,
        kernels=kernels,
        seed=seed,
        tolerance=tolerance,
        outputs=tuple(dict.fromkeys(name for name in graph.outputs if is_floating(graph.spec(name).dtype))),
        tensors=tensors,
        notes=(*found.notes, *([_APART] if drawn else []), *_left_out(graph, {entry.tensor for entry in tensors})),
    )


def _apart(graph: Graph, weights: Mapping[str, Array], seed: int) -> dict[str, Array]:
    """Weights of which no parameter has all elements alike: where a bias is 0, activations lie at a kink exactly."""
    rng = np.random.default_rng((seed, 1))
    return {
        name: array + 0.1 * rng.standard_normal(array.shape)
        if graph.values[name].kind == "parameter" and array.dtype.kind == "f" and array.size and np.ptp(array) == 0
        else array
        for name, array in weights.items()
    }


def _affordable(graph: Graph) -> int:
    """Elements of each tensor that the work allows, at least 2; runs of a part are half of one on the average."""
    plan = backpropagation(graph, _moved(graph))
    macs = sum(int(call.forward.macs) for call in plan.calls if call.forward is not None)
    slopes = _WORK // (_RUNS * (macs + _NODE * len(graph.nodes)) // 2 + 1)
    sizes = sorted(graph.spec(name).numel for name in plan.trained)
    for at, size in enumerate(sizes):  # small tensors need less than their share
        share = slopes // (len(sizes) - at)
        if size > share:
            return max(share - 1, 2)  # one more is a direction
        slopes -= size
    return max(sizes, default=1) or 1


def _moved(graph: Graph) -> list[str]:
    """Parameters and inputs of floating type."""
    kinds = ("parameter", "input")
    return [name for name, value in graph.values.items() if value.kind in kinds and is_floating(value.spec.dtype)]


def _left_out(graph: Graph, compared: set[str]) -> list[str]:
    """Notes on what gets no gradient, and on where the network stops gradients, where there is any."""
    others = [name for name in _moved(graph) if name not in compared]
    stops = dict.fromkeys(node.layer or "the network itself" for node in graph.nodes if node.op == "detach")
    notes = [f"no output depends on {', '.join(others)}, as far as gradients pass"] if others else []
    if stops:
        notes.append(f"gradients stop at detach in {', '.join(stops)}: differences see what passes there")
    return notes
