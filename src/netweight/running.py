"""Runs what a user names on the reference runtime, with the user's arrays or random ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight.errors import CaptureError, FormatError, ShapeError, UsageError, unknown_name
from netweight.ir import Filled, TensorSpec, is_floating
from netweight.lazy import np
from netweight.loading import load, onnx_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What a network made of its inputs.

    Attributes:
        outputs: Arrays by name.
        notes: Which inputs and weights are random.
    """

    outputs: Mapping[str, Array]
    notes: tuple[str, ...]


def execute(
    model: Any,
    inputs: Any = None,
    *,
    batch: int = 1,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
) -> Executed:
    """Outputs of a model.

    Args:
        model: As for ``netweight.capture``.
        inputs: As for ``netweight.capture``, or arrays in their place; what is no array is filled with random numbers.
        batch: As for ``netweight.capture``.
        seed: Of what is random.
        dims: As for ``netweight.capture``.

    Raises:
        NetweightError: As ``netweight.capture``; and if an operator has no definition.
    """
    found = onnx_of(model)
    draw = _Draw(seed)
    if found is not None:
        return _onnx(found, inputs, dims or {}, batch, draw)
    from netweight.runtime import initialize, run
    from netweight.runtime.kernels import KERNELS

    loaded = load(model, _without_numbers(inputs, _spec), batch=batch, dims=dims)
    if loaded.error is not None:
        raise CaptureError(f"run: expected the module to run to its end, got {loaded.error}") from loaded.error
    graph = loaded.graph
    given = _named(inputs, graph.inputs)
    arrays = {name: draw.array(name, graph.spec(name), given.get(name)) for name in graph.inputs}
    if loaded.weights is None:
        draw.notes.append(f"the weights are random, seed {seed}: {graph.name} comes without numbers")
        weights = initialize(graph, seed=seed)
    else:
        weights = loaded.weights()
    results = run(graph, arrays, weights, kernels=KERNELS["im2col"])
    return Executed(outputs=results.outputs, notes=tuple(draw.notes))


def _onnx(model: Any, inputs: Any, dims: Mapping[str, int], batch: int, draw: _Draw) -> Executed:
    from netweight.sources.onnx.files import load_external
    from netweight.sources.onnx.given import closed_inputs, opened_model

    proto, _, place = opened_model(model)
    specs = closed_inputs(proto, _without_numbers(inputs, _shape), dims, batch)
    given = _named(inputs, tuple(specs))
    arrays = {name: draw.array(name, spec, given.get(name)) for name, spec in specs.items()}
    if isinstance(model, Path):
        load_external(proto, model)
    from netweight.onnx_backend import Prepared  # needs onnx, which is known to be there by now

    outputs = Prepared(proto, place).run(arrays)
    named = zip([entry.name for entry in proto.graph.output], outputs, strict=True)
    return Executed(outputs=dict(named), notes=tuple(draw.notes))


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "__array__")


def _without_numbers(inputs: Any, spec_of: Callable[[Any], Any]) -> Any:
    """The inputs with what ``spec_of`` says in the place of every array."""
    if _is_array(inputs):
        return spec_of(inputs)
    if isinstance(inputs, Mapping):
        return {name: _without_numbers(part, spec_of) for name, part in inputs.items()}
    if isinstance(inputs, list | tuple) and not all(isinstance(size, int) for size in inputs):
        return type(inputs)(_without_numbers(part, spec_of) for part in inputs)
    return inputs


def _spec(array: Array) -> TensorSpec:
    return TensorSpec(tuple(array.shape), str(array.dtype))


def _shape(array: Array) -> tuple[int, ...]:
    """An ONNX model says the type itself."""
    return tuple(array.shape)


def _named(inputs: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    """Arrays and ranges of numbers by the name of the input.

    Raises:
        UsageError: If a name is none of the network's.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        for name in inputs:
            if name not in names and _is_array(inputs[name]):
                raise unknown_name("input of the network", name, names, fix=f"its inputs: {', '.join(names)}")
        return inputs
    alone = _is_array(inputs) or isinstance(inputs, TensorSpec | Filled) or all(isinstance(n, int) for n in inputs)
    return dict(zip(names, [inputs] if alone else inputs, strict=False))


class _Draw:
    """Random inputs where none are given.

    Attributes:
        notes: What was drawn.
    """

    def __init__(self, seed: int) -> None:
        self.notes: list[str] = []
        self._seed = seed
        self._rng = np.random.default_rng(seed)

    def array(self, name: str, spec: TensorSpec, given: Any) -> Array:
        """The array that is given, else random numbers.

        Raises:
            ShapeError: If it has not the shape that the network asks for.
            UsageError: If its numbers are of another kind.
        """
        if _is_array(given):
            array = np.asarray(given)
            if array.shape != spec.shape:
                raise ShapeError(f"run: expected {name!r} of shape {spec.shape}, got {array.shape}")
            if not np.can_cast(array.dtype, _held(spec.dtype), "same_kind"):
                raise UsageError(f"run: expected {name!r} of type {spec.dtype}, got {array.dtype}")
            return array.astype(_held(spec.dtype), copy=False)
        shape = "x".join(map(str, spec.shape)) or "scalar"
        low, high = (given.first, given.last) if isinstance(given, Filled) else _range(spec.dtype)
        kind = "from N(0, 1)" if is_floating(spec.dtype) else f"from {low} to {high}"
        self.notes.append(f"input {name} is random: {shape} {spec.dtype}, {kind}, seed {self._seed}")
        if is_floating(spec.dtype):
            return self._rng.standard_normal(spec.shape).astype(_held(spec.dtype))
        return self._rng.integers(low, high, spec.shape, endpoint=True).astype(_held(spec.dtype))


def _held(dtype: str) -> Any:
    from netweight.ops.holding import held_type

    return np.dtype(held_type(dtype))


def _range(dtype: str) -> tuple[int, int]:
    """Bytes are pictures; other whole numbers are positions or switches, of which 0 and 1 are always there."""
    return (0, 255) if dtype == "uint8" else (-128, 127) if dtype == "int8" else (0, 1)


def read_arrays(path: Path) -> Any:
    """The array of an ``.npy`` file, or those of an ``.npz`` file by name; pickles are refused.

    Raises:
        FormatError: If it is neither.
    """
    try:
        found = np.load(path, allow_pickle=False)
        return found if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise FormatError(f"file: expected arrays in {str(path)!r}, got none: {error}") from error


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an ``.npz`` file, or the only one to an ``.npy`` file: the whole file or nothing.

    Raises:
        UsageError: If the file is neither, has to hold several in one, or cannot be written.
    """
    import zipfile

    if path.suffix == ".npy" and len(arrays) != 1:
        raise UsageError(f"output: expected one array for {path.name!r}, got {len(arrays)}", fix="write to .npz")
    if path.suffix not in (".npy", ".npz"):
        raise UsageError(f"output: expected a file name ending in .npy or .npz, got {path.name!r}")
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            if path.suffix == ".npy":
                np.save(file, next(iter(arrays.values())), allow_pickle=False)
            else:
                with zipfile.ZipFile(file, "w") as archive:
                    for name, array in arrays.items():
                        entry = zipfile.ZipInfo(f"{name}.npy")  # without the time: the same arrays give the same bytes
                        with archive.open(entry, "w", force_zip64=True) as part:
                            np.lib.format.write_array(part, np.asarray(array), allow_pickle=False)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"output: expected to write {str(path)!r}, got: {error.strerror}") from error


def described(array: Array) -> str:
    """Shape, type and range of an array, in a line."""
    shape = ", ".join(map(str, array.shape))
    text = f"{array.dtype}[{shape}]"
    if not array.size or array.dtype.kind not in "fiu":
        return text
    low, high, mean = float(array.min()), float(array.max()), float(array.mean(dtype=np.float64))
    wrong = "" if math.isfinite(mean) else ", not all finite"
    return f"{text}  min {low:.6g}, mean {mean:.6g}, max {high:.6g}{wrong}"
