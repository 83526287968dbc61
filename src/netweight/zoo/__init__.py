"""Classic architectures, written with the builder and made on demand: one family per file.

A model is a name, optionally with options: ``"alexnet"``, ``"mobilenet_v1:width=0.5,resolution=160"``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from netweight.build import graph
from netweight.errors import ShapeError, UsageError, unknown_name
from netweight.ir import Graph, TensorSpec
from netweight.similar import plain
from netweight.zoo.description import Description, options_of, source_of
from netweight.zoo.fitting import check_rank, check_size, fitting
from netweight.zoo.options import RESOLUTION, check_options, image_size
from netweight.zoo.table import ARCHITECTURES, Architecture

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
