"""Runs what a user names on the reference runtime, with the user's arrays or random ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight import progress
from netweight.app.arguments import (
    MODEL,
    flag,
    functions,
    shown,
    takes,
    texts,
    unless_none,
    whole_number,
)
from netweight.app.asked import Asked
from netweight.app.compared import on_engines
from netweight.app.drawn import Draw, named
from netweight.app.engine_arguments import engines_of, precision_of, threads_of
from netweight.app.given_inputs import described
from netweight.app.identify import Given, Model, Module, Named, OnnxFile, resolve
from netweight.app.load import load, with_stored_weights
from netweight.app.loaded import Loaded
from netweight.app.picture_inputs import taken
from netweight.app.ready import asked_for, ready
from netweight.app.stored_weights import Weights, weights_given
from netweight.errors import UsageError
from netweight.lazy import np

if TYPE_CHECKING:
    from netweight.runtime.forward import Forward, Keep, Run


def _kept(name: str, value: Any) -> Keep:
    if not (isinstance(value, bool) or (isinstance(value, str) and value == "saved")):
        raise UsageError(f"{name}: expected False, True or 'saved', got {shown(value)}")
    return value  # type: ignore[return-value]


def _generator(name: str, value: Any) -> Any:
    if not hasattr(value, "standard_normal"):
        raise UsageError(f"{name}: expected a generator of NumPy, got {shown(value)}", fix="np.random.default_rng(0)")
    return value


@takes(
    batch=MODEL["batch"],
    seed=whole_number,
    dims=MODEL["dims"],
    guesses=flag,
    as_written=MODEL["as_written"],
    keep=_kept,
    wanted=unless_none(texts),
    rng=unless_none(_generator),
    kernels=unless_none(functions),
    engine=unless_none(engines_of),
    threads=threads_of,
    precision=unless_none(precision_of),
)
def run(
    model: Model,
    inputs: Any = None,
    weights: Weights | None = None,
    *,
    batch: int | None = None,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
    guesses: bool = False,
    as_written: bool = False,
    keep: Keep = False,
    wanted: Collection[str] | None = None,
    rng: np.random.Generator | None = None,
    kernels: Mapping[str, Forward] | None = None,
    engine: str | Collection[str] | None = None,
    threads: int = 1,
    precision: str | None = None,
) -> Run:
    """What a network makes of its inputs.

    >>> import netweight
    >>> done = netweight.run("lenet5", batch=2)
    >>> done
    <Run: OUTPUT float32[2, 10]; 2 notes>
    >>> [array.shape for array in done.outputs.values()]
    [(2, 10)]

    Args:
        model: Name of a built-in network, with options after a colon (``"mobilenet_v1:width=0.5"``); path of an ONNX
            or TFLite file, or of a graph stored as JSON; ``"FILE.py:NAME"``; a ``Graph``; an ``onnx.ModelProto``; or a
            PyTorch module, which is left exactly as it was.
        inputs: An array, or several as a tuple, or as a dict by name; a shape in the place of an array is filled with
            random numbers, and a ``pathlib.Path`` of a picture is brought to the network's size and type.
        weights: Array per parameter, buffer and constant, by name, as ``netweight.initialize`` makes them; by default
            those of the model, or random ones if it has none. Where a graph is given with weights, nothing is random:
            ``inputs`` are arrays, and all arrays keep their types.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        seed: Of what is random.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name: ``{"batch": 8}``.
        guesses: Run what a capture had to guess, such as one arm of a branch, although the outputs may be others.
        as_written: Run a quantised model operator by operator as it is written, in floating numbers between its
            conversions; by default products and sums are of integers, as in runtimes.
        keep: ``"saved"`` holds what one ``netweight.backward`` reads, and nothing else, as a step of training does;
            True holds every value under its name, to look at, and for any number of backwards.
        wanted: Parameters and inputs whose gradients backward is to compute; by default all of floating type.
        rng: Where dropout draws from; seeded with 0 by default.
        kernels: Forward rules to use instead of the reference, by operator: ``KERNELS["im2col"]``.
        engine: Names of engines that run it instead, one after the other: ``("onnxruntime", "torch", "reference")``.
            ``outputs`` are those of the first that runs; ``engines`` says how far those of the others are from them.
            Engines run a quantised model as it is written.
        threads: Threads of a call of an engine.
        precision: Element type that engines are asked to compute in: ``"fp32"``, ``"bf16"``, ``"fp16"``, ``"int8"``.

    Raises:
        CaptureError: If the capture had to guess and ``guesses`` is not set.
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    from netweight import runtime

    if engine is not None:
        own = {"keep": keep, "wanted": wanted, "rng": rng, "kernels": kernels}
        _check_alone(own)
        return on_engines(
            model, inputs, engine=tuple(engine), batch=batch, seed=seed, dims=dims, guesses=guesses, threads=threads,
            precision=precision, weights=weights,
        )  # fmt: skip
    what = resolve(model)
    inputs, read = taken(what, inputs, Asked(batch=batch, dims=dims, as_written=as_written), weights)
    inputs = described(inputs, program=isinstance(what, Named | Module))
    weights = None if weights is None else weights_given("weights", weights)
    with_graph = partial(runtime.run, keep=keep, wanted=wanted, rng=rng, kernels=kernels)
    if isinstance(what, Given) and isinstance(weights, Mapping):
        return with_graph(what.graph, named(inputs, what.graph.inputs), weights)
    draw = Draw(seed)
    asked = asked_for(what, inputs, draw, batch=batch, dims=dims, as_written=as_written)
    loaded = None
    if isinstance(what, OnnxFile) and not keep and weights is None:
        loaded = _in_integers(what, asked)
        if loaded is None:
            done = _onnx(what.model, inputs, asked, draw, kernels or {})
            return replace(done, notes=(*read, *done.notes))
    found = ready(
        what, inputs, asked, draw, verb="run", seed=seed, guesses=guesses, weights=weights, loaded=loaded
    )  # fmt: skip
    graph = found.loaded.graph
    with progress.stage(f"running {graph.name}"):
        done = with_graph(graph, found.arrays, found.weights)
    return replace(done, notes=(*read, *found.notes))


def _check_alone(own: Mapping[str, Any]) -> None:
    """Refuse what the reference runtime alone does.

    Raises:
        UsageError: If any of it is asked for.
    """
    for name, value in own.items():
        if value is not None and value is not False:
            raise UsageError(
                f"run: expected no {name} beside an engine, which has its own numbers and keeps none",
                fix=f"run(..., {name}=...) without engine",
            )


def _in_integers(what: OnnxFile, asked: Asked) -> Loaded | None:
    """A quantised ONNX model with kernels of integers; None if it has none, or its shapes follow from numbers."""
    from netweight.sources.onnx.files import has_operators

    if asked.as_written or not has_operators(what.model, {"QuantizeLinear", "DequantizeLinear"}):
        return None
    loaded = load(with_stored_weights(what), asked)
    return loaded if loaded.integers is not None and loaded.exact else None


def _onnx(model: Any, inputs: Any, asked: Asked, draw: Draw, kernels: Mapping[str, Forward]) -> Run:
    """What the backend makes of an ONNX model: its shapes may follow from the numbers."""
    from netweight.runtime import Run
    from netweight.sources.onnx.files import load_external
    from netweight.sources.onnx.user_inputs import closed_inputs, opened_model

    proto, _, place = opened_model(model)
    specs = closed_inputs(proto, asked.inputs, asked.dims or {}, asked.batch)
    given = named(inputs, tuple(specs))
    arrays = {name: draw.array(name, spec, given.get(name)) for name, spec in specs.items()}
    if isinstance(model, Path):
        load_external(proto, model)
    from netweight.onnx_backend import Prepared  # needs onnx, which is known to be there by now

    with progress.stage("running the model"):
        outputs = Prepared(proto, place, other_sizes=True, kernels=kernels).run(arrays)
    by_name = dict(zip([entry.name for entry in proto.graph.output], outputs, strict=True))
    return Run(outputs=by_name, notes=tuple(draw.notes))
