"""Regions of feature maps brought to one size by interpolation, the mean or the largest of some samples per bin.

Shapes
    x     (N, C, H, W)
    rois  (regions, 5): sample, then the lower and the upper corner as x1, y1, x2, y2
    y     (regions, C, *output_size)

A region is divided into bins, and each bin has samples at even distances, between four elements of ``x`` each. Beyond
one element from the outer ones a sample is zero, and nearer it repeats the edge. The mean of a bin is separable: a
matrix per dimension, (bins, size), holds what each row or column of ``x`` adds to it.
    roi_align      c h w, p h, q w -> c p q
    roi_align_max  the largest of weight * element over samples and their four elements, which is not interpolated

Source: He et al. 2017, "Mask R-CNN", section 3; torchvision.ops.roi_align; ONNX RoiAlign with mode avg and max, where
``aligned`` is half_pixel, and rois and batch_indices are two tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from netweight.count import Count, product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import merged
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, OpDef, Saves, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiPoolAttrs:
    """Attributes of bringing regions to one size.

    Attributes:
        output_size: Bins along height and width.
        spatial_scale: Elements of ``x`` per unit of the coordinates.
    """

    output_size: tuple[int, int]
    spatial_scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiAlignAttrs(RoiPoolAttrs):
    """Attributes of samples in bins, beside those of bringing regions to one size.

    Attributes:
        sampling_ratio: Samples of a bin along each dimension; 0 for as many as it is elements long.
        aligned: Element i reaches from i - 1/2 to i + 1/2; else from i to i + 1, and no region is smaller than 1.
    """

    sampling_ratio: int = 0
    aligned: bool = False


def check_regions(op: str, attrs: RoiPoolAttrs, x: TensorSpec, rois: TensorSpec) -> TensorSpec:
    """Spec of ``y``."""
    if len(x.shape) != 4 or len(rois.shape) != 2 or rois.shape[1] != 5:
        raise ShapeError(f"{op}: expected x (N, C, H, W) and rois (regions, 5), got {x.shape} and {rois.shape}")
    if min((*x.shape[2:], *attrs.output_size)) < 1 or attrs.spatial_scale <= 0:
        raise ShapeError(
            f"{op}: expected sizes of at least 1 and a positive spatial_scale, "
            f"got {x.shape[2:]}, {attrs.output_size} and {attrs.spatial_scale}"
        )
    return TensorSpec((rois.shape[0], x.shape[1], *attrs.output_size), x.dtype)


def roi_align_shape(attrs: RoiAlignAttrs, x: TensorSpec, rois: TensorSpec) -> TensorSpec:
    """The given size, per region and channel."""
    if attrs.sampling_ratio < 0:
        raise ShapeError(f"roi_align: expected sampling_ratio of at least 0, got {attrs.sampling_ratio}")
    return check_regions("roi_align", attrs, x, rois)


def roi_align_cost(attrs: RoiAlignAttrs, x: TensorSpec, rois: TensorSpec) -> Cost:
    """Per sample and channel four products and four additions, and a division per bin; and that of the samples.

    Without a ``sampling_ratio`` as many samples are taken as if every region were the whole of ``x``.
    """
    samples, bins = _samples(attrs, x, rois)
    return _place_cost(attrs, x, rois) + Cost(
        muls=samples * product(corners=4), adds=samples * product(corners=4), divs=bins
    )


def roi_align_max_cost(attrs: RoiAlignAttrs, x: TensorSpec, rois: TensorSpec) -> Cost:
    """Per sample and channel four products and four comparisons; and that of the samples, as for the mean."""
    samples, _ = _samples(attrs, x, rois)
    corners = samples * product(corners=4)
    return _place_cost(attrs, x, rois) + Cost(muls=corners, compares=corners)


def roi_align_forward(attrs: RoiAlignAttrs, x: Array, rois: Array) -> Array:
    """Mean of each bin."""
    y = np.zeros((len(rois), x.shape[1], *attrs.output_size), x.dtype)
    for region, (sample, rows, columns) in enumerate(_regions(attrs, x, rois)):
        y[region] = np.einsum("chw,ph,qw->cpq", x[sample], _mean(rows, x.dtype), _mean(columns, x.dtype))
    return y


def roi_align_backward(attrs: RoiAlignAttrs, grad_y: Array, x: Array, rois: Array) -> tuple[Array, None]:
    """Every gradient to the elements that its bin was made of; regions are taken as they are."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    for region, (sample, rows, columns) in enumerate(_regions(attrs, x, rois)):
        weights = _mean(rows, grad_y.dtype), _mean(columns, grad_y.dtype)
        grad_x[sample] += np.einsum("cpq,ph,qw->chw", grad_y[region], *weights)
    return grad_x, None


def roi_align_backward_cost(attrs: RoiAlignAttrs, wanted: Wanted, x: TensorSpec, rois: TensorSpec) -> Cost:
    """Per sample and channel four products and four additions, and a division per bin."""
    if not wanted[0]:
        return FREE
    samples, bins = _samples(attrs, x, rois)
    return Cost(muls=samples * product(corners=4), adds=samples * product(corners=4), divs=bins)


def roi_align_max_forward(attrs: RoiAlignAttrs, x: Array, rois: Array) -> Array:
    """Largest product of each bin; zero where a bin has no sample."""
    y = np.zeros((len(rois), x.shape[1], *attrs.output_size), x.dtype)
    for region, (sample, rows, columns) in enumerate(_regions(attrs, x, rois)):
        products, _, _ = _products(x[sample], rows, columns)
        if products.shape[-1]:
            y[region] = products.max(axis=-1)
    return y


def roi_align_max_backward(attrs: RoiAlignAttrs, grad_y: Array, x: Array, rois: Array) -> tuple[Array, None]:
    """Every gradient to the element of the largest product, by its weight."""
    grad_x = np.zeros((*x.shape[:2], x.shape[2] * x.shape[3]), grad_y.dtype)
    channel = np.arange(x.shape[1])[:, None, None]
    for region, (sample, rows, columns) in enumerate(_regions(attrs, x, rois)):
        products, weights, at = _products(x[sample], rows, columns)
        if products.shape[-1]:
            best = products.argmax(axis=-1)[..., None]
            weight, place = (np.take_along_axis(part[None], best, axis=-1)[..., 0] for part in (weights, at))
            np.add.at(grad_x[sample], (channel, place), grad_y[region] * weight)
    return grad_x.reshape(x.shape), None


def roi_align_max_backward_cost(attrs: RoiAlignAttrs, wanted: Wanted, x: TensorSpec, rois: TensorSpec) -> Cost:
    """A product and an addition per bin."""
    _, bins = _samples(attrs, x, rois)
    return Cost(muls=bins, adds=bins) if wanted[0] else FREE


def region_extent(_attrs: RoiPoolAttrs, _x: TensorSpec, _rois: TensorSpec) -> Extent:
    """Any position of any sample: the regions say which."""
    return Mixes((0, 2, 3))


def _bin_samples(attrs: RoiAlignAttrs, x: TensorSpec) -> tuple[int, int]:
    """Samples of a bin along height and width; all of ``x`` where that depends on the regions."""
    if attrs.sampling_ratio:
        return attrs.sampling_ratio, attrs.sampling_ratio
    height, width = (-(-size // bins) for size, bins in zip(x.shape[2:], attrs.output_size, strict=True))
    return height, width


def _samples(attrs: RoiAlignAttrs, x: TensorSpec, rois: TensorSpec) -> tuple[Count, Count]:
    """Samples, and bins, of all regions and channels."""
    regions, c, h_out, w_out = roi_align_shape(attrs, x, rois).shape
    height, width = _bin_samples(attrs, x)
    bins = product(regions=regions, c=c, h_out=h_out, w_out=w_out)
    return bins * product(samples_h=height, samples_w=width), bins


def _place_cost(attrs: RoiAlignAttrs, x: TensorSpec, rois: TensorSpec) -> Cost:
    """Where samples lie, for all channels at once.

    Each row and column of samples has a coordinate, a product and a sum; two comparisons with the ends of ``x``, a
    clip to each side and a rounding; and two shares, an addition each. A sample takes four products of shares.
    """
    regions, _, *out_size = roi_align_shape(attrs, x, rois).shape
    height, width = _bin_samples(attrs, x)
    lines = product(regions=regions, lines=out_size[0] * height + out_size[1] * width)
    samples = product(regions=regions, samples=out_size[0] * height * out_size[1] * width)
    return Cost(
        muls=lines + samples * product(corners=4), adds=lines * product(each=3), compares=lines * product(each=5)
    )


def _regions(attrs: RoiAlignAttrs, x: Array, rois: Array) -> Iterator[tuple[int, Any, Any]]:
    """For each region its sample, and the places and weights of its samples along height and width."""
    scaled = rois[:, 1:].astype(x.dtype) * x.dtype.type(attrs.spatial_scale) - x.dtype.type(0.5 * attrs.aligned)
    for sample, (x1, y1, x2, y2) in zip(rois[:, 0].astype(np.int64), scaled, strict=True):
        ends = (y1, y2), (x1, x2)
        rows, columns = (
            _along(attrs, start, stop, bins, size)
            for (start, stop), bins, size in zip(ends, attrs.output_size, x.shape[2:], strict=True)
        )
        yield int(sample), rows, columns


def _along(attrs: RoiAlignAttrs, start: Any, stop: Any, bins: int, size: int) -> tuple[Array, Array, int]:
    """Two elements around each sample of each bin and their weights, (bins, samples, 2) each; and the size."""
    length = stop - start if attrs.aligned else max(stop - start, type(start)(1))
    samples = attrs.sampling_ratio or max(int(np.ceil(length / bins)), 0)
    step = length / bins
    within = (np.arange(samples, dtype=step.dtype) + step.dtype.type(0.5)) * step / max(samples, 1)
    at = start + np.arange(bins, dtype=step.dtype)[:, None] * step + within
    inside = (at >= -1) & (at <= size)
    at = np.clip(at, 0, size - 1)
    near = np.floor(at).astype(np.int64)
    part = at - near
    places = np.stack([near, np.minimum(near + 1, size - 1)], axis=-1)
    return places, np.stack([1 - part, part], axis=-1) * inside[..., None], size


def _mean(line: tuple[Array, Array, int], dtype: Any) -> Array:
    """Weights of all rows, or columns, in the mean of each bin: (bins, size)."""
    places, weights, size = line
    bins, samples, _ = places.shape
    matrix = np.zeros((bins, size), dtype)
    np.add.at(matrix, (np.arange(bins)[:, None, None], places), weights / max(samples, 1))
    return matrix


def _products(plane: Array, rows: Any, columns: Any) -> tuple[Array, Array, Array]:
    """(C, bins, bins, all elements of a bin's samples) products; the weights in them, and the places in the plane."""
    (at_h, part_h, _), (at_w, part_w, width) = rows, columns
    shape = (at_h.shape[0], at_w.shape[0], -1) if at_h.size and at_w.size else (at_h.shape[0], at_w.shape[0], 0)
    weights = (part_h[:, None, :, :, None, None] * part_w[None, :, None, None, :, :]).reshape(shape)
    places = (at_h[:, None, :, :, None, None] * width + at_w[None, :, None, None, :, :]).reshape(shape)
    return merged(plane, 1)[:, places] * weights, weights, places


def _register(
    name: str, cost: Any, forward: Any, backward: Any, backward_cost: Callable[..., Cost], saves: Saves
) -> OpDef:
    return define(
        name=name,
        kind="pool",
        attrs=RoiAlignAttrs,
        inputs=("x", "rois"),
        shape=roi_align_shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=saves,
        extent=region_extent,
        dims={"x": "n c *in", "rois": "regions corners", "y": "regions c *out"},
    )


ROI_ALIGN = _register(
    "roi_align", roi_align_cost, roi_align_forward, roi_align_backward, roi_align_backward_cost, ("rois",)
)
ROI_ALIGN_MAX = _register(
    "roi_align_max",
    roi_align_max_cost,
    roi_align_max_forward,
    roi_align_max_backward,
    roi_align_max_backward_cost,
    ("x", "rois"),
)
