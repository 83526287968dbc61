"""Largest element in each bin of regions of feature maps, whose corners are rounded.

Shapes
    x     (N, C, H, W)
    rois  (regions, 5): sample, then the first and the last element as x1, y1, x2, y2
    y     (regions, C, *output_size)

Source: Girshick 2015, "Fast R-CNN", section 2.1; torchvision.ops.roi_pool; ONNX MaxRoiPool.
"""

from __future__ import annotations

from collections.abc import Iterator

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.sample.roi_align import RoiPoolAttrs, check_regions, region_extent
from netweight.ops.table import FREE, Cost, Wanted, define


def roi_pool_shape(attrs: RoiPoolAttrs, x: TensorSpec, rois: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """The given size, per region and channel, and as many positions."""
    y = check_regions("roi_pool", attrs, x, rois)
    return y, TensorSpec(y.shape, "int64")


def roi_pool_cost(attrs: RoiPoolAttrs, x: TensorSpec, rois: TensorSpec) -> Cost:
    """One comparison fewer per bin than it has elements, as if every region were the whole of ``x``.

    Neighbouring bins share the element that lies between them. Where the bins lie is not counted.
    """
    (regions, c, *_), _ = (spec.shape for spec in roi_pool_shape(attrs, x, rois))
    h_read, w_read = (
        sum(-(-(at + 1) * size // bins) - at * size // bins for at in range(bins))
        for size, bins in zip(x.shape[2:], attrs.output_size, strict=True)
    )
    h_out, w_out = attrs.output_size
    compares = h_read * w_read - h_out * w_out
    return Cost(compares=product({"regions": regions, "c": c, "compares of a region": compares}))


def roi_pool_forward(attrs: RoiPoolAttrs, x: Array, rois: Array) -> tuple[Array, Array]:
    """Largest element of each bin and where in its plane it was: zero and -1 where a bin is empty."""
    y = np.zeros((len(rois), x.shape[1], *attrs.output_size), x.dtype)
    positions = np.full(y.shape, -1, np.int64)
    for region, sample, p, q, rows, columns in _bins(attrs, x, rois):
        taken = x[sample][:, rows, columns]
        if taken.size:
            flat = taken.reshape(len(taken), -1)
            best = flat.argmax(axis=1)
            y[region, :, p, q] = flat.max(axis=1)
            row, column = np.divmod(best, taken.shape[2])
            positions[region, :, p, q] = (row + rows.start) * x.shape[3] + column + columns.start
    return y, positions


def roi_pool_backward(
    _attrs: RoiPoolAttrs, grad_y: Array, x: Array, rois: Array, *, positions: Array
) -> tuple[Array, None]:
    """Every gradient to the element picked; regions are taken as they are."""
    grad_x = np.zeros((*x.shape[:2], x.shape[2] * x.shape[3]), grad_y.dtype)
    sample = np.broadcast_to(rois[:, 0].astype(np.int64)[:, None, None, None], positions.shape)
    channel = np.broadcast_to(np.arange(x.shape[1])[:, None, None], positions.shape)
    found = positions >= 0
    np.add.at(grad_x, (sample[found], channel[found], positions[found]), grad_y[found])
    return grad_x.reshape(x.shape), None


def roi_pool_backward_cost(attrs: RoiPoolAttrs, wanted: Wanted, x: TensorSpec, rois: TensorSpec) -> Cost:
    """One addition per bin."""
    (regions, c, h_out, w_out), _ = (spec.shape for spec in roi_pool_shape(attrs, x, rois))
    return Cost(adds=product(regions=regions, c=c, h_out=h_out, w_out=w_out)) if wanted[0] else FREE


def _bins(attrs: RoiPoolAttrs, x: Array, rois: Array) -> Iterator[tuple[int, int, int, int, slice, slice]]:
    """Region, its sample, the place of a bin in it, and the rows and columns of ``x`` in that."""
    scaled = rois[:, 1:].astype(x.dtype) * x.dtype.type(attrs.spatial_scale)
    corners = (np.sign(scaled) * np.floor(np.abs(scaled) + x.dtype.type(0.5))).astype(np.int64)  # halves go outwards
    height, width = attrs.output_size
    for region, (sample, (x1, y1, x2, y2)) in enumerate(zip(rois[:, 0].astype(np.int64), corners, strict=True)):
        rows = _lines(int(y1), int(y2), height, x.shape[2], x.dtype)
        columns = _lines(int(x1), int(x2), width, x.shape[3], x.dtype)
        for p, q in np.ndindex(height, width):
            yield region, int(sample), p, q, rows[p], columns[q]


def _lines(start: int, last: int, bins: int, size: int, dtype: np.dtype) -> list[slice]:
    """Rows, or columns, of ``x`` in each bin; the bin sizes are computed in the type of ``x``."""
    length = dtype.type(max(last - start + 1, 1)) / dtype.type(bins)
    at = np.arange(bins, dtype=dtype)
    starts, stops = np.floor(at * length), np.ceil((at + 1) * length)
    clipped = (np.clip(ends + start, 0, size).astype(np.int64).tolist() for ends in (starts, stops))
    return [slice(first, max(first, stop)) for first, stop in zip(*clipped, strict=True)]


ROI_POOL = define(
    name="roi_pool",
    kind="pool",
    attrs=RoiPoolAttrs,
    inputs=("x", "rois"),
    shape=roi_pool_shape,
    cost=roi_pool_cost,
    forward=roi_pool_forward,
    backward=roi_pool_backward,
    backward_cost=roi_pool_backward_cost,
    saves=("rois", "positions"),
    extras=("positions",),
    extent=region_extent,
    dims={"x": "n c *in", "rois": "regions corners", "y": "regions c *out"},
)
