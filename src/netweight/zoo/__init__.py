"""Classic architectures, written with the builder and made on demand: one family per file.

A model is a name, optionally with options: ``"alexnet"``, ``"mobilenet_v1:width=0.5,resolution=160"``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netweight.build import graph
from netweight.errors import Either, NetweightError, ShapeError, UsageError, unknown_name
from netweight.ir import Graph, TensorSpec, bits_of, is_floating
from netweight.similar import plain
from netweight.zoo.fitting import check_rank, check_size, fitting
from netweight.zoo.options import RESOLUTION, check_options, image_size
from netweight.zoo.table import ARCHITECTURES, Architecture

if TYPE_CHECKING:
    from netweight.zoo.in_words import Description
    from netweight.zoo.published import Differs

_IMAGE_RANK = 3


def names() -> tuple[str, ...]:
    """Names of the built-in networks, by family."""
    return tuple(ARCHITECTURES)


def called(name: str) -> str:
    """The built-in network that is meant, however its name is written; an empty text if none is.

    >>> called("ResNet-50")
    'resnet50'
    """
    if name in ARCHITECTURES:
        return name
    wanted = plain(name)
    return next((known for known in ARCHITECTURES if plain(known) == wanted), "")


def about(name: str) -> str:
    """One line on a built-in network."""
    return ARCHITECTURES[name].about


def description(name: str) -> Description:
    """A built-in network in words.

    Raises:
        UnknownNameError: If there is no such network.
    """
    from netweight.zoo.in_words import Description, options_of, source_of  # words, which weighing does without

    entry = _entry(name)
    describe = _function(entry.function)
    module = entry.function.partition(":")[0]
    shape = _sample_shape(entry, entry.options, None)
    return Description(
        about=entry.about,
        input=TensorSpec((1, *shape), entry.input_dtype),
        options=tuple(options_of(describe, entry.options, shape[1:] if _takes_images(entry) else ())),
        source=source_of(importlib.import_module(f"{__name__}.{module}").__doc__ or ""),
        file=f"netweight/zoo/{module}.py",
    )


def check_type(name: str, spec: TensorSpec) -> None:
    """Refuse an input of another type than the weights that it meets.

    Raises:
        UsageError: If the network computes in single precision, and the input is of another type.
        UnknownNameError: If there is no such network.
    """
    expected = _entry(name).input_dtype
    if is_floating(expected) and spec.dtype != expected:
        bits = bits_of(spec.dtype)
        raise UsageError(
            f"input: expected {expected} as the weights of {name} are, got {spec.dtype}",
            fix=Either(*(f"{flag}{bits} has weights and activations at {bits} bits" for flag in ("bits=", "--bits "))),
        )


def _entry(name: str) -> Architecture:
    if name not in ARCHITECTURES:
        raise unknown_name("built-in network", name, ARCHITECTURES, fix="`netweight models` lists them")
    return ARCHITECTURES[name]


def make(
    name: str,
    *,
    batch: int = 1,
    inputs: Sequence[int] | TensorSpec | None = None,
    training: bool = False,
    **options: Any,
) -> Graph:
    """Graph of a built-in network.

    Args:
        name: One of ``names()``.
        batch: Samples at once.
        inputs: Shape of the input, batch included, instead of the published one; a spec to change its type too.
        training: Batch normalisation uses batch statistics and dropout drops.
        **options: Arguments of the network's function, such as ``num_classes``; for images also ``resolution``, one
            size or (height, width).

    Raises:
        UnknownNameError: If there is no such network.
        UsageError: If it has no such option or an option no such value, batch is not positive, or the input is given
            twice.
        ShapeError: If the network cannot accept the input.
    """
    entry = _entry(name)
    if batch < 1:
        raise UsageError(f"batch: expected at least 1 sample, got {batch}")
    describe = _function(entry.function)
    check_options(name, describe, options, takes_images=_takes_images(entry))
    settings = {**entry.options, **options}
    resolution = settings.pop(RESOLUTION, None)
    if resolution is not None and inputs is not None:
        shape = inputs.shape if isinstance(inputs, TensorSpec) else tuple(inputs)
        raise UsageError(f"input: expected a shape or a resolution, got both: {shape} and {resolution}")
    usual = (batch, *_sample_shape(entry, settings, resolution))
    if inputs is None:
        inputs = usual
    spec = inputs if isinstance(inputs, TensorSpec) else TensorSpec(tuple(inputs), entry.input_dtype)

    def over(shape: tuple[int, ...]) -> Graph:
        return graph(describe, replace(spec, shape=shape), name=name, training=training, **settings)

    check_size(spec)
    check_rank(name, spec, usual, over)
    try:
        return over(spec.shape)
    except ShapeError as error:
        error.fix = error.fix or fitting(spec.shape, usual, over)
        raise


def another_network(name: str, found: Graph, options: Mapping[str, Any]) -> Differs | None:
    """What another input than the published one makes of a network; None if its parameters are the same.

    Args:
        name: One of ``names()``.
        found: The network that ``make`` described with these options.
        options: As for ``make``.
    """
    entry = _entry(name)
    settings = {**entry.options, **options}
    settings.pop(RESOLUTION, None)
    if found.spec(found.inputs[0]).shape[1:] == _sample_shape(entry, settings, None):
        return None
    try:
        published = make(name, **{option: value for option, value in options.items() if option != RESOLUTION})
    except NetweightError:  # these options fit other inputs alone, such as patches that do not divide the picture
        return None
    from netweight.zoo.published import differs

    return differs(found, published)


def _function(path: str) -> Any:
    """The function of this package that ``"module:function"`` names."""
    module, _, function = path.partition(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)


def _takes_images(entry: Architecture) -> bool:
    return isinstance(entry.input_shape, tuple) and len(entry.input_shape) == _IMAGE_RANK


def _sample_shape(entry: Architecture, settings: Mapping[str, Any], resolution: Any) -> tuple[int, ...]:
    if not isinstance(entry.input_shape, tuple):
        shape: tuple[int, ...] = _function(entry.input_shape)(settings)
        return shape
    if resolution is None:
        return entry.input_shape
    return (entry.input_shape[0], *image_size(resolution))
