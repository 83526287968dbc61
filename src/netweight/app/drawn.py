"""Arrays for the inputs of a network: those that are given, and random ones where none are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netweight.app.given_inputs import is_array, shape_of, spec_of, tensor_of, type_name
from netweight.app.identify import BuiltIn, Identified, Module, Named, OnnxFile
from netweight.errors import ShapeError, UsageError, unknown_name
from netweight.ir import Filled, Graph, TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.effort import check_room
from netweight.sources.inputs import parts_by_name


class Draw:
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


def stand_in(what: Identified) -> Callable[[Any], Any]:
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


def named(inputs: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
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
