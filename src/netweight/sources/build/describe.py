"""From a function of symbols to the graph that it describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from netweight.errors import ShapeError, UsageError
from netweight.ir import Graph, TensorSpec
from netweight.sources.build.core import Builder, Symbol
from netweight.sources.build.refusal import shown

_EXAMPLE = "build.graph(describe, (1, 3, 32, 32))"


def graph(
    describe: Callable[..., Symbol | tuple[Symbol, ...]], *inputs: Sequence[int] | TensorSpec, name: str = "",
    training: bool = False, **options: Any,
) -> Graph:  # fmt: skip
    """Graph of what ``describe`` does with symbols of the given shapes.

    >>> from netweight import build
    >>> build.graph(lambda x: build.relu(build.linear(x, 4)), (1, 3), name="small")
    <Graph 'small': 2 operators, x float32[1, 3] -> relu float32[1, 4]>

    Args:
        describe: Function of one symbol per input; returns the output or outputs.
        *inputs: Shape, or spec, of each input. The inputs are called x, or x0, x1 ...
        name: Name of the network; the function's own by default.
        training: Batch normalisation uses batch statistics and dropout drops.
        **options: Passed on to ``describe``.

    Raises:
        ShapeError: If a layer cannot accept its input.
        UsageError: If an input is no shape, or ``describe`` returns something else than symbols.
    """
    builder = Builder(training=training)
    if not callable(describe):
        raise UsageError(f"graph: expected a function of symbols, got {shown(describe)}", fix=_EXAMPLE)
    specs = [_spec(given) for given in inputs]
    names = ["x"] if len(specs) == 1 else [f"x{i}" for i in range(len(specs))]
    symbols = [builder.symbol(called, spec, "input") for called, spec in zip(names, specs, strict=True)]
    result = describe(*symbols, **options)
    outputs = _outputs(result)
    places = [node.site for node in builder.nodes]
    finished = builder.graph(
        name or getattr(describe, "__name__", "network"), tuple(names), [symbol.name for symbol in outputs],
        layers=[place.layer for place in places], names={value: value for value in builder.specs},
        origins=[place.origin for place in places],
    )  # fmt: skip
    return replace(finished, modules=builder.modules)


def _spec(given: Any) -> TensorSpec:
    """The input as a spec.

    Raises:
        UsageError: If it is no shape.
        ShapeError: If a size is not positive.
    """
    if isinstance(given, TensorSpec):
        spec = given
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        spec = TensorSpec(tuple(given))
    else:
        raise UsageError(f"graph: expected the shape of each input, got {shown(given)}", fix=_EXAMPLE)
    if not all(hasattr(size, "__index__") for size in spec.shape):
        raise UsageError(f"graph: expected whole numbers as sizes, got {shown(spec.shape)}", fix=_EXAMPLE)
    if any(size < 1 for size in spec.shape):
        raise ShapeError(f"input: expected sizes of at least 1, got {spec.shape}")
    return spec


def _outputs(result: object) -> tuple[Symbol, ...]:
    """What ``describe`` returned.

    Raises:
        UsageError: If it is no symbol, nor several as a tuple or a list.
    """
    outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
    if not outputs or not all(isinstance(symbol, Symbol) for symbol in outputs):
        raise UsageError(
            f"graph: expected a function that returns a symbol or several, got one that returns {shown(result)}"
        )
    return outputs
