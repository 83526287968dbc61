"""Pictures as inputs: brought to the size and type that the network takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from netweight.app.asked import Asked
from netweight.app.identify import Identified, Module, Named
from netweight.app.load import load
from netweight.app.stored_weights import Weights, centre_of
from netweight.errors import ShapeError, UsageError, unknown_name
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import Array, np

_CHANNELS = (1, 3)
_PICTURE_DIMS, _ROW_DIMS = 4, 2
_NAMES = {1: "grey", 3: "colour"}
Centre = Callable[[Array], Array]
"""What pictures (N, C, H, W) from 0 to 1 are centred by."""


def taken(what: Identified, inputs: Any, asked: Asked, weights: Weights | None = None) -> tuple[Any, tuple[str, ...]]:
    """The inputs with arrays in the place of pictures, and a note on each; inputs without pictures as they are.

    Args:
        what: The network.
        inputs: Whatever an input may be; a path is a picture.
        asked: How the network is described where no picture says.
        weights: The user's weights: a checkpoint says what pictures are centred by.

    Raises:
        FormatError: If a picture cannot be read.
        NetweightError: If the network does not take pictures.
    """
    if not has_pictures(inputs):
        return inputs, ()
    found, notes = with_pictures(what, inputs, asked, centre=centre_of(weights))
    return found, tuple(notes)


def has_pictures(inputs: Any) -> bool:
    """Whether a picture is among the inputs: a path."""
    if isinstance(inputs, Mapping):
        return any(isinstance(value, Path) for value in inputs.values())
    return isinstance(inputs, Path) or (isinstance(inputs, tuple) and any(isinstance(v, Path) for v in inputs))


def with_pictures(
    what: Identified, inputs: Any, asked: Asked, *, centre: Centre | None = None
) -> tuple[Any, list[str]]:
    """The inputs with arrays in the place of pictures, and a note on each picture: how it was scaled.

    Args:
        what: The network.
        inputs: A path, or a tuple or dict with paths and anything else that an input may be.
        asked: How the network is described where no picture says.
        centre: What pictures are centred by, as those that it was trained on.

    Raises:
        FormatError: If a picture cannot be read.
        NetweightError: If the network does not take pictures.
    """
    if isinstance(what, Named | Module):
        if not isinstance(inputs, Path):
            raise UsageError("input: expected one picture alone for a PyTorch module, got other inputs as well")
        array, note = _as_it_is(inputs, centre)
        return array, [note]
    graph = load(what, asked).graph
    named = dict(inputs) if isinstance(inputs, Mapping) else _by_place(inputs, graph.inputs)
    notes = []
    for name, value in named.items():
        if isinstance(value, Path):
            if name not in graph.inputs:
                raise unknown_name("input of the network", name, graph.inputs, fix=", ".join(graph.inputs))
            named[name], said = _for(value, graph.spec(name), centre)
            notes.append(f"input {name} is {said}")
    return named, notes


def _by_place(inputs: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = inputs if isinstance(inputs, tuple) else (inputs,)
    if len(values) > len(names):
        raise UsageError(f"input: expected at most {len(names)} inputs, {', '.join(names)}, got {len(values)}")
    return dict(zip(names, values, strict=False))


def _as_it_is(path: Path, centre: Centre | None) -> tuple[Array, str]:
    """A picture in its own size."""
    from netweight.data.pictures import read_picture

    picture = read_picture(path)[None]
    channels, height, width = picture.shape[1:]
    array = picture if centre is None else centre(picture)
    return array, f"input is {path.name}, {height}x{width} {_NAMES[channels]}: in its size, {_range(centre)}"


def _for(path: Path, spec: TensorSpec, centre: Centre | None) -> tuple[Array, str]:
    """A picture as an input asks for it.

    Raises:
        ShapeError: If the input is no picture, or several.
    """
    from netweight.data.pictures import read_picture
    from netweight.data.prepared import fitted

    if len(spec.shape) == _ROW_DIMS and spec.shape[0] == 1:
        return _row(path, spec, centre)
    last = len(spec.shape) == _PICTURE_DIMS and spec.shape[1] not in _CHANNELS and spec.shape[3] in _CHANNELS
    if len(spec.shape) != _PICTURE_DIMS or spec.shape[0] != 1 or spec.shape[3 if last else 1] not in _CHANNELS:
        raise ShapeError(
            f"input: expected a network that takes one picture, (1, C, H, W) with 1 or 3 channels, got {spec}",
            fix="--batch 1" if len(spec.shape) == _PICTURE_DIMS and spec.shape[0] > 1 else "x.npy, or a shape",
        )
    channels, height, width = (spec.shape[3], *spec.shape[1:3]) if last else spec.shape[1:]
    picture = read_picture(path)[None]
    array = fitted(picture, channels, (height, width))
    if centre is not None:
        array = centre(array)
    if last:
        array = np.ascontiguousarray(array.transpose(0, 2, 3, 1))
    array, values = _typed(array, spec.dtype, centre)
    before = f"{picture.shape[2]}x{picture.shape[3]} {_NAMES[picture.shape[1]]}"
    how = "" if picture.shape[2:] == (height, width) else f" {_how(picture.shape[2:], (height, width))}"
    return array, f"{path.name}, {before}: to {height}x{width} {_NAMES[channels]}{how}, {values}"


def _row(path: Path, spec: TensorSpec, centre: Centre | None) -> tuple[Array, str]:
    """A picture as a row of numbers.

    Raises:
        ShapeError: If it has another number of them.
    """
    from netweight.data.pictures import read_picture

    picture = read_picture(path)[None]
    if picture.size != spec.numel:
        raise ShapeError(
            f"input: expected a picture of {spec.numel:,} numbers, which the network takes as a row, got "
            f"{'x'.join(map(str, picture.shape[1:]))} in {path.name}"
        )
    array, values = _typed(picture if centre is None else centre(picture), spec.dtype, centre)
    return array.reshape(spec.shape), f"{path.name}: {spec.numel:,} numbers in a row, {values}"


def _typed(array: Array, dtype: str, centre: Centre | None) -> tuple[Array, str]:
    """Numbers of the network's type.

    Raises:
        UsageError: If it has none for a picture.
    """
    if is_floating(dtype) and not dtype.startswith("complex"):
        return array, _range(centre)
    if dtype in ("uint8", "int8") and centre is None:
        lowest = 0 if dtype == "uint8" else -128
        return (np.rint(array * 255) + lowest).astype(dtype), f"values {lowest} to {lowest + 255}"
    raise UsageError(f"input: expected a network that takes float, uint8 or int8 for a picture, got {dtype}")


def _range(centre: Centre | None) -> str:
    return "values 0 to 1" if centre is None else "values 0 to 1, then centred as in training"


def _how(size: tuple[int, ...], wanted: tuple[int, int]) -> str:
    """How ``fitted`` came from one size to the other."""
    height, width = size
    if height <= wanted[0] and width <= wanted[1]:
        times = min(wanted[0] // height, wanted[1] // width)
        return f"({f'each pixel {times}x{times}, ' if times > 1 else ''}framed with 0)"
    exact = height % wanted[0] == 0 and width % wanted[1] == 0
    return "(means of blocks)" if exact else "(bilinear, each side on its own)"
