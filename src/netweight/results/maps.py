"""Feature maps and kernels as grey pictures: plain data, which a report draws."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One map or kernel.

    Attributes:
        title: Which: ``"3"``, of a kernel ``"3, 0"``: output and input channel.
        width: Pixels from left to right.
        height: Pixels from top to bottom.
        channels: 1 for grey, 3 for red, green and blue.
        pixels: A byte for each channel of each pixel, row by row: 0 for the lowest number, 255 for the highest.
        low: The lowest number of it.
        high: The highest.
        finite: Whether all numbers are finite; others are drawn as the lowest.
    """

    title: str
    width: int
    height: int
    channels: int
    pixels: bytes
    low: float
    high: float
    finite: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The maps or the kernels of one layer.

    Attributes:
        layer: Its path.
        what: ``"feature maps"`` or ``"kernels"``.
        shape: Shape of the tensor.
        dtype: Its element type.
        count: How many there are.
        tiles: Those that are drawn.
        mean_of: Numbers along a side of the square that one pixel is the mean of; 1 if each has its own.
    """

    layer: str
    what: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    tiles: tuple[Tile, ...]
    mean_of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """What layers of a network see.

    Attributes:
        model: Name of the network.
        groups: Maps, and kernels where a layer is a convolution, in the order of the layers that were asked for.
    """

    model: str
    groups: tuple[Group, ...]
