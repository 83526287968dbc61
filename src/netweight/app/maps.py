"""What layers of a network see: their feature maps and kernels as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, prod

from netweight.errors import UsageError, unknown_name
from netweight.ir import Graph, Node
from netweight.lazy import Array, np
from netweight.results.maps import Group, Maps, Tile

_MOST = 64
"""Maps and kernels of a layer that are drawn."""
_LARGEST = 112
"""Pixels along a side of a map."""
_MAP_DIMS = 4
_CONVOLUTIONS = ("conv", "conv_transpose", "integer_conv")
_COLOURS = 3
_LISTED = 8


def check_layers(graph: Graph, layers: Sequence[str]) -> None:
    """Refuse layers that cannot be shown, before anything runs.

    Raises:
        UnknownNameError: If there is no such layer.
        UsageError: If its output has no maps.
    """
    for layer in layers:
        _shown_node(graph, layer)


def maps_of(graph: Graph, layers: Sequence[str], values: Mapping[str, Array], model: str) -> Maps:
    """Maps of these layers for the first sample, and the kernels of those that are convolutions.

    Args:
        graph: The network.
        layers: Paths of layers or modules; of a module it is what its last layer gives.
        values: Every value of a run, by name.
        model: Name of the network.

    Raises:
        UsageError: If a layer is unknown, or its output has no maps.
    """
    return Maps(model=model, groups=tuple(group for layer in layers for group in _groups(graph, layer, values)))


def _groups(graph: Graph, layer: str, values: Mapping[str, Array]) -> Iterator[Group]:
    node = _shown_node(graph, layer)
    maps = values[node.outputs[0]]
    side = max(1, ceil(max(maps.shape[2:]) / _LARGEST))
    yield Group(
        layer=layer, what="feature maps", shape=maps.shape, dtype=maps.dtype.name, count=maps.shape[1], mean_of=side,
        tiles=tuple(_tile(str(at), _reduced(maps[0, at], side)) for at in range(min(_MOST, maps.shape[1]))),
    )  # fmt: skip
    for name in _kernels(graph, layer):
        yield _of_kernels(layer, values[name])


def _of_kernels(layer: str, kernels: Array) -> Group:
    """Kernels of one input channel each; where there are three, each in its colours."""
    colours = kernels.shape[1] == _COLOURS
    places = [(at,) for at in range(len(kernels))] if colours else [*np.ndindex(kernels.shape[:2])]
    drawn = [(", ".join(map(str, at)), kernels[at]) for at in places[:_MOST]]
    return Group(
        layer=layer, what="kernels", shape=kernels.shape, dtype=kernels.dtype.name,
        count=len(kernels) if colours else prod(kernels.shape[:2]),
        tiles=tuple(_tile(title, array.transpose(1, 2, 0) if colours else array) for title, array in drawn),
    )  # fmt: skip


def _kernels(graph: Graph, layer: str) -> list[str]:
    """Parameters of two-dimensional convolutions in exactly that layer."""
    read = [
        name for node in graph.nodes if node.layer == layer and node.op in _CONVOLUTIONS for name in node.inputs[1:2]
    ]
    return [name for name in read if name is not None and len(graph.spec(name).shape) == _MAP_DIMS]


def _shown_node(graph: Graph, layer: str) -> Node:
    """The last call in a layer or module.

    Raises:
        UnknownNameError: If there is no such layer.
        UsageError: If what it gives has no maps.
    """
    inside = [node for node in graph.nodes if node.layer == layer or node.layer.startswith(f"{layer}.")]
    with_maps = list(dict.fromkeys(node.layer for node in graph.nodes if node.layer and _has_maps(graph, node)))
    listed = ", ".join(with_maps[:_LISTED]) + (", ..." if len(with_maps) > _LISTED else "")
    if not inside or not layer:
        known = dict.fromkeys(node.layer for node in graph.nodes if node.layer)
        raise unknown_name("layer", layer, known, fix=f"layers with maps: {listed}" if listed else "")
    if not _has_maps(graph, inside[-1]):
        shape = graph.spec(inside[-1].outputs[0]).shape
        raise UsageError(
            f"show: expected a layer with maps (N, C, H, W), got {layer!r}, which gives {list(shape)}",
            fix=f"layers with maps: {listed}" if listed else "",
        )
    return inside[-1]


def _has_maps(graph: Graph, node: Node) -> bool:
    spec = graph.spec(node.outputs[0])
    return len(spec.shape) == _MAP_DIMS and min(spec.shape) > 0 and not spec.dtype.startswith(("complex", "bool"))


def _reduced(image: Array, side: int) -> Array:
    """Means of squares, those at the lower and right border of what there is of them."""
    if side == 1:
        return image
    rows, columns = (np.arange(0, size, side) for size in image.shape)
    sums = np.add.reduceat(np.add.reduceat(image.astype(np.float64), rows, axis=0), columns, axis=1)
    counts = np.outer(*(np.diff(np.append(at, size)) for at, size in zip((rows, columns), image.shape, strict=True)))
    return sums / counts


def _tile(title: str, image: Array) -> Tile:
    """Numbers as bytes from the lowest to the highest; where all are alike, all 0 are black and others grey."""
    numbers = image.astype(np.float64)
    finite = np.isfinite(numbers)
    low, high = (float(numbers[finite].min()), float(numbers[finite].max())) if finite.any() else (0.0, 0.0)
    numbers = np.where(finite, numbers, low)
    if high > low:
        scaled = np.rint((numbers - low) / (high - low) * 255)
    else:
        scaled = np.full(numbers.shape, 128.0 if low else 0.0)
    return Tile(
        title=title, width=image.shape[1], height=image.shape[0], channels=image.shape[2] if image.ndim == 3 else 1,
        pixels=scaled.astype(np.uint8).tobytes(), low=low, high=high, finite=bool(finite.all()),
    )  # fmt: skip
