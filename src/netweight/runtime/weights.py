"""Parameters, buffers and constants of a graph, made from a seed."""

from __future__ import annotations

from collections.abc import Callable

from netweight.errors import UsageError
from netweight.ir import Graph, Init, TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.effort import check_room

_PART = 1 << 15


def initialize(graph: Graph, *, seed: int = 0, dtype: str | None = None) -> dict[str, Array]:
    """Every parameter, buffer and constant by name, as their ``init`` says.

    >>> import netweight
    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.linear(x, 2, name="fc"), (1, 3))
    >>> weights = netweight.initialize(graph, seed=1)
    >>> {name: array.shape for name, array in weights.items()}
    {'fc.weight': (2, 3), 'fc.bias': (2,)}

    Args:
        graph: The network.
        seed: Of the generator; the same seed gives the same numbers.
        dtype: Floating type of all floating values, instead of each one's own.

    Raises:
        UsageError: If the seed is negative.
    """
    if seed < 0:
        raise UsageError(f"seed: expected a whole number from 0 on, got {seed}")
    rng = np.random.default_rng(seed)
    return {
        name: _make(value.spec, value.init or Init(kind="zeros"), rng, dtype)
        for name, value in graph.values.items()
        if value.kind in ("parameter", "buffer", "constant")
    }


def _make(spec: TensorSpec, init: Init, rng: np.random.Generator, dtype: str | None) -> Array:
    check_room("weight", spec)
    wanted = dtype if dtype is not None and is_floating(spec.dtype) else spec.dtype
    match init.kind:
        case "zeros":
            return np.zeros(spec.shape, wanted)
        case "ones":
            return np.ones(spec.shape, wanted)
        case "normal":
            return _drawn(lambda count: init.scale * rng.standard_normal(count), spec, wanted)
        case "uniform":
            return _drawn(lambda count: rng.uniform(-init.scale, init.scale, count), spec, wanted)
        case "values":
            return np.array(init.values, wanted).reshape(spec.shape)


def _drawn(draw: Callable[[int], Array], spec: TensorSpec, dtype: str) -> Array:
    """Numbers in the order of the generator, drawn in parts that the cache holds until they are rounded."""
    found = np.empty(spec.shape, dtype)
    flat = found.reshape(-1)
    for begin in range(0, flat.size, _PART):
        part = flat[begin : begin + _PART]
        part[...] = draw(part.size)
    return found
