"""Classic architectures, written with the builder and made on demand: one family per file.

A model is a name, optionally with options: ``"alexnet"``, ``"mobilenet_v1:width=0.5,resolution=160"``.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass, field
from typing import Any

from netweight.errors import UsageError, unknown_name
from netweight.ir import Graph, TensorSpec
from netweight.sources.build import graph

_IMAGE = (3, 224, 224)


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One built-in network.

    Attributes:
        function: ``"module:function"`` in this package; the function describes the network over a symbol.
        about: One line for the list.
        input_shape: Sizes of one sample.
        options: Arguments of the function that make this member of the family.
    """

    function: str
    about: str
    input_shape: tuple[int, ...] = _IMAGE
    options: dict[str, Any] = field(default_factory=dict)


ARCHITECTURES: dict[str, Architecture] = {
    "alexnet": Architecture(
        function="alexnet:alexnet", about="Krizhevsky et al. 2012: two towers, local response normalisation"
    ),
}


def names() -> tuple[str, ...]:
    """Names of the built-in networks, by family."""
    return tuple(ARCHITECTURES)


def make(
    name: str, *, batch: int = 1, input_spec: TensorSpec | None = None, training: bool = False, **options: Any
) -> Graph:
    """Graph of a built-in network.

    Args:
        name: One of ``names()``.
        batch: Samples at once.
        input_spec: Shape of the input, batch included, instead of the published one.
        training: Batch normalisation uses batch statistics and dropout drops.
        **options: Arguments of the network's function, such as ``num_classes``.

    Raises:
        UnknownNameError: If there is no such network.
        UsageError: If it has no such option, or batch is not positive.
        ShapeError: If the network cannot accept the input.
    """
    if name not in ARCHITECTURES:
        raise unknown_name("built-in network", name, ARCHITECTURES, fix="`netweight models` lists them")
    if batch < 1:
        raise UsageError(f"batch: expected at least 1 sample, got {batch}")
    entry = ARCHITECTURES[name]
    module, _, function = entry.function.partition(":")
    describe = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    known = [parameter for parameter in inspect.signature(describe).parameters if parameter != "x"]
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {name}", option, known, fix=f"{name} has {', '.join(known)}")
    spec = input_spec or TensorSpec((batch, *entry.input_shape))
    return graph(describe, spec, name=name, training=training, **{**entry.options, **options})
