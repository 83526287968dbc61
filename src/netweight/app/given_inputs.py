"""Inputs as users give them, in the few forms that sources take: a shape, a spec, numbers; several, or by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netweight.app.arguments import LARGEST, index_of, shown, whole_number
from netweight.errors import UsageError
from netweight.ir import Filled, TensorSpec, bits_of, is_floating
from netweight.lazy import np

_PICTURE = 4
"""Sizes of a batch of pictures."""


def is_array(value: Any) -> bool:
    """Whether a value has numbers; tensors on PyTorch's meta device have none."""
    return hasattr(value, "dtype") and hasattr(value, "__array__") and not getattr(value, "is_meta", False)


def described(inputs: Any, *, program: bool, place: str = "") -> Any:
    """The inputs, with every size as an ``int`` and every spec as it should be.

    Args:
        inputs: A shape, a spec, an array or a tensor; a sequence of them, or a dict by name; None for none.
        program: Whether a program gets them, which may want other things as well: numbers, texts, objects.
        place: Name of the input, as in ``"x.0"``, where it is one of several.

    Raises:
        UsageError: If a size is no whole number from 0 on, or something is none of these and no program gets it.
    """
    if isinstance(inputs, TensorSpec | Filled):
        return _sound(inputs)
    if _is_plain(inputs):
        return inputs
    if inputs is None or (hasattr(inputs, "shape") and hasattr(inputs, "dtype")):
        return inputs
    if isinstance(inputs, Mapping):
        return _by_name(inputs, program=program, place=place)
    if isinstance(inputs, str | bytes) or not isinstance(inputs, Sequence):
        return inputs if program and not _is_number(inputs) else _refused(inputs, place)
    return _sequence(inputs, program=program, place=place)


def _is_plain(inputs: Any) -> bool:
    """Whether it is a shape as most are given: some whole numbers of Python in a tuple, none of them negative."""
    return type(inputs) is tuple and set(map(type, inputs)) == {int} and min(inputs) >= 0 and max(inputs) <= LARGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex | str | bytes)


def _refused(value: Any, place: str) -> Any:
    sizes = re.fullmatch(r"[0-9]+(?:x[0-9]+)+", value) if isinstance(value, str) else None
    given = value.split("x") if sizes else ["1", "3", "224", "224"]
    example = f"({', '.join(['1', *given] if len(given) == _PICTURE - 1 else given)})"
    where = f" for {place!r}" if place else ""
    raise UsageError(
        f"inputs: expected a shape, a tensor, or a tuple or dict of them, got {shown(value)}{where}",
        fix=f"inputs={example}",
    )


def _by_name(inputs: Mapping[Any, Any], *, program: bool, place: str) -> Any:
    for name in inputs:
        if not isinstance(name, str):
            raise UsageError(f"inputs: expected the names of inputs, got {shown(name)}", fix='inputs={"x": (1, 10)}')
    made = {name: _part(value, program=program, place=_below(place, name)) for name, value in inputs.items()}
    return inputs if all(made[name] is value for name, value in inputs.items()) else made


def _part(value: Any, *, program: bool, place: str) -> Any:
    """One of several inputs; a program also takes what is none."""
    if not program:
        return described(value, program=False, place=place)
    if isinstance(value, TensorSpec | Filled):
        return _sound(value)
    return _shape(value) if _is_shape(value) else value


def _is_shape(value: Any) -> bool:
    return type(value) in (tuple, list) and len(value) > 0 and all(index_of(size) is not None for size in value)


def _sequence(inputs: Sequence[Any], *, program: bool, place: str) -> Any:
    if all(index_of(size) is not None for size in inputs):
        return _shape(inputs) if inputs or not program else inputs
    if any(_is_size_like(part) for part in inputs) and not program:
        wrong = next(part for part in inputs if index_of(part) is None)
        raise UsageError(f"inputs: expected whole numbers as sizes, got {shown(wrong)} in {shown(inputs)}")
    parts = [_part(part, program=program, place=_below(place, at)) for at, part in enumerate(inputs)]
    if all(part is given for part, given in zip(parts, inputs, strict=True)):
        return inputs
    return type(inputs)(*parts) if hasattr(inputs, "_fields") else tuple(parts)


def _below(place: str, key: str | int) -> str:
    return f"{place}.{key}" if place else str(key)


def _is_size_like(part: Any) -> bool:
    """Whether something stands where a size would: a number, also as text, or None."""
    return part is None or isinstance(part, int | float | str) or index_of(part) is not None


def _shape(sizes: Sequence[Any]) -> tuple[int, ...]:
    shape = tuple([whole_number("inputs", size) for size in sizes])
    if shape and min(shape) < 0:
        raise UsageError(f"inputs: expected sizes of at least 0, got {shape}")
    return shape


def _sound(spec: TensorSpec | Filled) -> TensorSpec | Filled:
    """The spec with sizes of Python and the name of its element type.

    Raises:
        UsageError: If it has no sizes, or there is no such type.
    """
    if isinstance(spec, Filled):
        return Filled(_sound_spec(spec.spec), spec.first, spec.last)
    return _sound_spec(spec)


def _sound_spec(spec: TensorSpec) -> TensorSpec:
    shape: Any = spec.shape
    if not isinstance(shape, Sequence) or not all(index_of(size) is not None for size in shape):
        raise UsageError(f"inputs: expected a spec with a shape, got {shown(shape)}", fix="TensorSpec((1, 3, 8, 8))")
    dtype = _dtype_name(spec.dtype)
    bits_of(dtype)
    return TensorSpec(_shape(shape), dtype)


def _dtype_name(dtype: Any) -> str:
    """``"float32"``, also for ``np.float32``, ``np.dtype("float32")`` and ``torch.float32``."""
    if isinstance(dtype, str):
        return dtype
    if type(dtype).__module__ == "torch":
        return str(dtype).removeprefix("torch.")
    name = dtype.__name__ if isinstance(dtype, type) else getattr(dtype, "name", None)
    if not isinstance(name, str):
        raise UsageError(f"dtype: expected a type such as float32, bfloat16, int8 or uint4, got {shown(dtype)}")
    return name


def only_input(inputs: Any, network: str, dtype: str) -> tuple[int, ...] | TensorSpec | None:
    """The input of a network that has one, called x, from what ``described`` gives.

    Args:
        inputs: The input, alone, in a sequence, or by its name; None for the published one.
        network: Its name, for messages.
        dtype: Element type that it reads. An array of float64, which NumPy makes unless told otherwise, is read as it.

    Raises:
        UsageError: If there are others, or numbers that the network does not look at.
    """
    if isinstance(inputs, Mapping):
        if set(inputs) != {"x"}:
            raise UsageError(f"input: expected the name x, got {', '.join(map(repr, inputs)) or 'none'}")
        inputs = inputs["x"]
    if isinstance(inputs, Sequence) and len(inputs) == 1 and not isinstance(inputs[0], int):
        inputs = inputs[0]
    if isinstance(inputs, Filled):
        raise UsageError(f"input: expected no numbers, as {network} does not look at them, got some")
    if inputs is None or isinstance(inputs, TensorSpec):
        return inputs
    if hasattr(inputs, "dtype"):
        return _of_array(inputs, dtype)
    if not all(isinstance(size, int) for size in inputs):
        raise UsageError(f"input: expected one input, got {len(inputs)}: built-in networks have one, called x")
    return tuple(inputs)


def _of_array(array: Any, dtype: str) -> tuple[int, ...] | TensorSpec:
    spec = _sound_spec(spec_of(array))
    return spec.shape if is_floating(dtype) and spec.dtype in (dtype, "float64") else spec


def without_numbers(inputs: Any, spec_of: Callable[[Any], Any]) -> Any:
    """The inputs with what ``spec_of`` says in the place of every array."""
    if _is_plain(inputs):
        return inputs
    if is_array(inputs):
        return spec_of(inputs)
    if isinstance(inputs, Mapping):
        return {name: without_numbers(part, spec_of) for name, part in inputs.items()}
    if isinstance(inputs, list | tuple) and not all(isinstance(size, int) for size in inputs):
        parts = [without_numbers(part, spec_of) for part in inputs]
        return type(inputs)(*parts) if hasattr(inputs, "_fields") else type(inputs)(parts)
    return inputs


def tensor_of(value: Any) -> Any:
    """A tensor of PyTorch with these numbers."""
    from netweight.sources.extras import need_torch

    need_torch()
    from netweight.sources.torch import inputs

    return value if hasattr(value, "detach") else inputs.tensor_of(np.asarray(value))


def spec_of(array: Any) -> TensorSpec:
    """Shape and type of an array."""
    return TensorSpec(tuple(array.shape), type_name(array))


def shape_of(array: Any) -> tuple[int, ...]:
    """Shape of an array, where the model says the type itself."""
    return tuple(array.shape)


def type_name(array: Any) -> str:
    """Name of the element type of an array of any kind."""
    return str(array.dtype).removeprefix("torch.")
