"""Runs what a user names on the reference runtime, with the user's arrays or random ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight import progress, zoo
from netweight.app.arguments import (
    MODEL,
    arrays_by_name,
    flag,
    functions,
    shown,
    takes,
    texts,
    unless_none,
    whole_number,
)
from netweight.app.asked import Asked
from netweight.app.given_inputs import described, is_array, shape_of, spec_of, tensor_of, type_name, without_numbers
from netweight.app.identify import BuiltIn, Given, Identified, Model, Module, Named, OnnxFile, resolve
from netweight.app.load import load, with_stored_weights
from netweight.app.loaded import Loaded
from netweight.errors import ShapeError, UsageError, unknown_name
from netweight.ir import Filled, Graph, TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.effort import check_room
from netweight.sources.inputs import parts_by_name

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
)
def run(
    model: Model,
    inputs: Any = None,
    weights: Mapping[str, Array] | None = None,
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
            random numbers.
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

    Raises:
        CaptureError: If the capture had to guess and ``guesses`` is not set.
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    from netweight import runtime

    what = resolve(model)
    inputs = described(inputs, program=isinstance(what, Named | Module))
    weights = None if weights is None else arrays_by_name("weights", weights)
    with_graph = partial(runtime.run, keep=keep, wanted=wanted, rng=rng, kernels=kernels)
    if isinstance(what, Given) and weights is not None:
        return with_graph(what.graph, _named(inputs, what.graph.inputs), weights)
    draw = _Draw(seed)
    asked = Asked(
        inputs=without_numbers(inputs, _stand_in(what)), batch=batch, dims=dims, numbers=draw.array,
        as_written=as_written,
    )  # fmt: skip
    loaded = None
    if isinstance(what, OnnxFile) and not keep and weights is None:
        loaded = _in_integers(what, asked)
        if loaded is None:
            return _onnx(what.model, inputs, asked, draw, kernels or {})
    loaded = loaded or load(with_stored_weights(what), asked)
    loaded.check_runnable("run", guesses=guesses)
    if isinstance(what, BuiltIn) and weights is None:
        _check_network(what, loaded, given=inputs is not None)
    graph = loaded.graph
    if not isinstance(what, Named | Module):
        draw.fill(graph, _named(inputs, graph.inputs))
    arrays = {name: draw.arrays[name] for name in graph.inputs}
    if weights is None:
        with progress.stage("making the weights"):
            weights = _weights(loaded, seed, draw.notes)
    with progress.stage(f"running {graph.name}"):
        done = with_graph(graph, arrays, weights)
    return replace(done, notes=(*draw.notes, *loaded.notes))


def _in_integers(what: OnnxFile, asked: Asked) -> Loaded | None:
    """A quantised ONNX model with kernels of integers; None if it has none, or its shapes follow from numbers."""
    from netweight.sources.onnx.files import has_operators

    if asked.as_written or not has_operators(what.model, {"QuantizeLinear", "DequantizeLinear"}):
        return None
    loaded = load(with_stored_weights(what), asked)
    return loaded if loaded.integers is not None and loaded.exact else None


def _check_network(network: BuiltIn, loaded: Loaded, *, given: bool) -> None:
    """Refuse an input that makes another network than the weights are for.

    Raises:
        ShapeError: If some layer would have other parameters than in the published network.
    """
    if loaded.other is not None and given:
        usual = "x".join(map(str, zoo.make(network.name, **network.options).spec("x").shape))
        raise ShapeError(
            f"run: expected an input that the weights of {network.name} are for, got one that makes another network",
            why=loaded.other.note,
            fix=f"--input {usual}",
        )


def _weights(loaded: Loaded, seed: int, notes: list[str]) -> Mapping[str, Array]:
    """Those of the model, else random ones."""
    from netweight.runtime import initialize

    if loaded.weights is not None:
        return loaded.weights()
    notes.append(f"the weights are random, seed {seed}: {loaded.graph.name} comes without numbers")
    return initialize(loaded.graph, seed=seed)


def _onnx(model: Any, inputs: Any, asked: Asked, draw: _Draw, kernels: Mapping[str, Forward]) -> Run:
    """What the backend makes of an ONNX model: its shapes may follow from the numbers."""
    from netweight.runtime import Run
    from netweight.sources.onnx.files import load_external
    from netweight.sources.onnx.user_inputs import closed_inputs, opened_model

    proto, _, place = opened_model(model)
    specs = closed_inputs(proto, asked.inputs, asked.dims or {}, asked.batch)
    given = _named(inputs, tuple(specs))
    arrays = {name: draw.array(name, spec, given.get(name)) for name, spec in specs.items()}
    if isinstance(model, Path):
        load_external(proto, model)
    from netweight.onnx_backend import Prepared  # needs onnx, which is known to be there by now

    with progress.stage("running the model"):
        outputs = Prepared(proto, place, other_sizes=True, kernels=kernels).run(arrays)
    named = dict(zip([entry.name for entry in proto.graph.output], outputs, strict=True))
    return Run(outputs=named, notes=tuple(draw.notes))


def _stand_in(what: Identified) -> Callable[[Any], Any]:
    """What the source of a model gets in the place of an array: code gets the numbers, all others a shape."""
    match what:
        case Named() | Module():
            return tensor_of
        case OnnxFile():
            return shape_of
        case BuiltIn():
            return lambda array: array
        case _:
            return spec_of


def _array(given: Any) -> Array:
    """The numbers of an array of any kind."""
    if not hasattr(given, "detach"):
        return np.asarray(given)
    tensor = given.detach().cpu()
    try:
        return np.asarray(tensor)
    except TypeError:  # a type that NumPy does not have
        return np.asarray(tensor.float()).astype(_held(type_name(given)))


def _named(inputs: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    """Arrays and ranges of numbers by the name of the input.

    Raises:
        UsageError: If the network does not have an input of that name.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        given = dict(parts_by_name(inputs, names))
        for name, value in given.items():
            if name not in names and is_array(value):
                raise unknown_name("input of the network", name, names, fix=f"its inputs: {', '.join(names)}")
        return given
    alone = is_array(inputs) or isinstance(inputs, TensorSpec | Filled) or all(isinstance(n, int) for n in inputs)
    return dict(zip(names, [inputs] if alone else inputs, strict=False))


class _Draw:
    """The given inputs, and random ones where none are given.

    Attributes:
        arrays: By name of the input.
        notes: What was drawn.
    """

    def __init__(self, seed: int) -> None:
        self.arrays: dict[str, Array] = {}
        self.notes: list[str] = []
        if seed < 0:
            raise UsageError(f"seed: expected a whole number from 0 on, got {seed}")
        self._seed = seed
        self._rng = np.random.default_rng(seed)

    def fill(self, graph: Graph, given: Mapping[str, Any]) -> None:
        """Draw what is not given for the inputs of a graph."""
        for name in graph.inputs:
            self.array(name, graph.spec(name), given.get(name))

    def array(self, name: str, spec: TensorSpec, given: Any) -> Array:
        """The array that is given, else random numbers.

        Raises:
            ShapeError: If it does not have the shape that the network asks for.
            UsageError: If its numbers are of another kind.
        """
        self.arrays[name] = self._given(name, spec, given) if is_array(given) else self._random(name, spec, given)
        return self.arrays[name]

    def _given(self, name: str, spec: TensorSpec, given: Any) -> Array:
        """The array in the type of the network.

        Raises:
            ShapeError: If it does not have the shape that the network asks for.
            UsageError: If its numbers are of another kind.
        """
        array = _array(given)
        if array.shape != spec.shape:
            raise ShapeError(f"run: expected {name!r} of shape {spec.shape}, got {array.shape}")
        if not np.can_cast(array.dtype, _held(spec.dtype), "same_kind"):
            raise UsageError(f"run: expected {name!r} of type {spec.dtype}, got {array.dtype}")
        return array.astype(_held(spec.dtype), copy=False)

    def _random(self, name: str, spec: TensorSpec, given: Any) -> Array:
        check_room(f"input {name}", spec)
        shape = "x".join(map(str, spec.shape)) or "scalar"
        low, high = (given.first, given.last) if isinstance(given, Filled) else _range(spec.dtype)
        kind = "from N(0, 1)" if is_floating(spec.dtype) else f"from {low} to {high}"
        said = f"input {name} is random: "
        self.notes = [note for note in self.notes if not note.startswith(said)]  # another guess was tried before
        self.notes.append(f"{said}{shape} {spec.dtype}, {kind}, seed {self._seed}")
        if is_floating(spec.dtype):
            return self._rng.standard_normal(spec.shape).astype(_held(spec.dtype))
        return self._rng.integers(low, high, spec.shape, endpoint=True).astype(_held(spec.dtype))


def _held(dtype: str) -> Any:
    from netweight.ops.arrays.dtypes import held_type

    return np.dtype(held_type(dtype))


def _range(dtype: str) -> tuple[int, int]:
    """Bounds of random whole numbers: those of the type for bytes; for others 0 and 1, valid positions everywhere."""
    return (0, 255) if dtype == "uint8" else (-128, 127) if dtype == "int8" else (0, 1)
