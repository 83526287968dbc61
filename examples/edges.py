"""Edges and blurs of a photograph by convolution with fixed kernels.

The filters are one network, described like any other: netweight says what it costs before it runs, and runs it with
the kernels as weights. Nothing is trained.

    python examples/edges.py             report on stdout, picture in edges.png
    python examples/edges.py -o FILE     .png or .jpg

Needs scikit-learn (the photograph) and pillow (the picture): pip install scikit-learn pillow
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import netweight
from netweight import build

Array = NDArray[Any]

SIGMA = 2.0
RADIUS = 6  # beyond 3 sigma a Gaussian is below 1.2 % of its peak

# What one pixel of each result weighs its neighbours with; rows are lines of the picture.
LUMA = [0.299, 0.587, 0.114]  # red, green and blue as the eye sees them (ITU-R BT.601)
SOBEL_X = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]  # difference across, smoothed along
LAPLACIAN = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]  # second differences of both dimensions
BOX = [[1 / 25] * 5] * 5  # plain mean
SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]  # the pixel minus its Laplacian

BRIGHTNESS = ("gray", "box", "gaussian", "sharpen")  # drawn as they are; the others are differences


def filters(x: build.Symbol) -> tuple[build.Symbol, ...]:
    """Every filter as a layer of one network.

    Args:
        x: (N, 3, H, W), red, green and blue.
    """
    gray = build.conv2d(x, 1, kernel_size=1, bias=False, name="gray")
    sobel_x = _filter(gray, (3, 3), "sobel_x")
    sobel_y = _filter(gray, (3, 3), "sobel_y")
    magnitude = build.call("sqrt", None, sobel_x * sobel_x + sobel_y * sobel_y, name="magnitude")
    # A Gaussian is the product of two one-dimensional ones: 13 + 13 MACs per pixel instead of 13 * 13.
    rows = _filter(gray, (2 * RADIUS + 1, 1), "gaussian_rows")
    gaussian = _filter(rows, (1, 2 * RADIUS + 1), "gaussian")
    return (
        gray, sobel_x, sobel_y, magnitude, _filter(gray, (3, 3), "laplacian"), _filter(gray, (5, 5), "box"), gaussian,
        _filter(gray, (3, 3), "sharpen"),
    )  # fmt: skip


def _filter(x: build.Symbol, kernel_size: tuple[int, int], name: str) -> build.Symbol:
    """A convolution that keeps the size; pixels beyond the border repeat those at the border."""
    return build.conv2d(x, 1, kernel_size=kernel_size, padding="same", padding_mode="replicate", bias=False, name=name)


def kernels(dtype: str = "float32") -> dict[str, Array]:
    """Weight of each convolution by name, (C_out, C_in, k_h, k_w)."""
    distance = np.arange(-RADIUS, RADIUS + 1)
    bell = np.exp(-(distance**2) / (2 * SIGMA**2))
    bell /= bell.sum()
    planes = {
        "sobel_x": SOBEL_X,
        "sobel_y": np.transpose(SOBEL_X),
        "laplacian": LAPLACIAN,
        "box": BOX,
        "gaussian_rows": bell[:, None],
        "gaussian": bell[None, :],
        "sharpen": SHARPEN,
    }
    weights = {f"{name}.weight": np.array(plane, dtype)[None, None] for name, plane in planes.items()}
    return {"gray.weight": np.array(LUMA, dtype).reshape(1, 3, 1, 1), **weights}


def describe(height: int, width: int) -> netweight.Graph:
    """The network for pictures of that size."""
    return build.graph(filters, (1, 3, height, width), name="edges")


def apply(picture: Array) -> dict[str, Array]:
    """Each result, (H, W), by the name of its filter.

    Args:
        picture: (H, W, 3), floating, 0 black to 1 white.
    """
    graph = describe(*picture.shape[:2])
    x = picture.transpose(2, 0, 1)[None]
    done = netweight.run(graph, {"x": x}, kernels(str(picture.dtype)))
    return {name: y[0, 0] for name, y in done.outputs.items()}


def draw(results: dict[str, Array], path: Path, *, columns: int = 4, shrink: int = 2) -> None:
    """Write the results as one labelled grid.

    Args:
        results: Picture (H, W) by name.
        path: File to write; the suffix says how.
        columns: Pictures side by side.
        shrink: Show every picture smaller by this factor.
    """
    from PIL import Image, ImageDraw

    height, width = (math.ceil(size / shrink) for size in next(iter(results.values())).shape)
    gap, label = 4, 16
    rows = math.ceil(len(results) / columns)
    sheet = Image.new("L", (columns * (width + gap) - gap, rows * (height + label)), 255)
    for index, (name, plane) in enumerate(results.items()):
        at = index % columns * (width + gap), index // columns * (height + label)
        ImageDraw.Draw(sheet).text((at[0] + 2, at[1] + 2), name.replace("_", " "), fill=0)
        tile = Image.fromarray(_to_bytes(plane, difference=name not in BRIGHTNESS)).resize(
            (width, height), Image.Resampling.BOX
        )
        sheet.paste(tile, (at[0], at[1] + label))
    # A PNG of 24 grays is half the size of one of 256.
    small = sheet.quantize(24, dither=Image.Dither.NONE) if path.suffix == ".png" else sheet
    small.save(path, optimize=True)


def _to_bytes(plane: Array, *, difference: bool) -> NDArray[np.uint8]:
    """Values as grays, 0 black and 1 white; differences scaled to that range, negative ones around middle gray."""
    if difference:
        plane = plane / np.percentile(np.abs(plane), 98)
        plane = plane if plane.min() >= 0 else (1 + plane) / 2
    return np.round(255 * np.clip(plane, 0, 1)).astype(np.uint8)


def photograph() -> Array:
    """Picture of a pagoda, (427, 640, 3), float32 from 0 to 1."""
    from sklearn.datasets import load_sample_image

    return load_sample_image("china.jpg").astype(np.float32) / np.float32(255)


def main(arguments: list[str] | None = None) -> None:
    """Weigh the network, run it, draw the results."""
    parser = argparse.ArgumentParser(description="Edges and blurs of a photograph by convolution with fixed kernels.")
    parser.add_argument("-o", "--output", type=Path, default=Path("edges.png"), help="picture to write [edges.png]")
    output = parser.parse_args(arguments).output
    picture = photograph()
    print(netweight.weigh(describe(*picture.shape[:2])))
    draw(apply(picture), output)
    print(f"drawn: {output}")


if __name__ == "__main__":
    main()
