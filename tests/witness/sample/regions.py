"""Regions and deformed kernels by other operators of PyTorch, whose gradients are theirs."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def deform_conv(attrs: Any, x: Any, weight: Any, offset: Any, mask: Any, bias: Any) -> Any:
    """Sampling of images at all taps of all positions, then a product of matrices; a series is an image of one row."""
    spatial, (n, c_in, *in_size) = x.ndim - 2, x.shape
    (c_out, _, *kernel), out_size = weight.shape, offset.shape[2:]
    taps = torch.tensor(list(torch.cartesian_prod(*map(torch.arange, kernel)).reshape(-1, spatial).tolist()))
    moved = offset.reshape(n, attrs.offset_groups, len(taps), spatial, *out_size)
    places = []
    for dim in range(spatial):
        along = torch.arange(out_size[dim]) * attrs.stride[dim] - attrs.padding[dim][0]
        along = along.reshape(-1, *(1,) * (spatial - 1 - dim))
        step = (taps[:, dim] * attrs.dilation[dim]).reshape(-1, *(1,) * spatial)
        places.append(moved[:, :, :, dim] + along + step)
    grid = torch.stack(
        [(2 * at + 1) / size - 1 for at, size in zip(reversed(places), reversed(in_size), strict=True)], -1
    )
    if spatial == 1:
        grid, in_size = torch.cat([grid, torch.zeros_like(grid)], -1), [1, *in_size]
    groups = n * attrs.offset_groups
    source = x.reshape(groups, c_in // attrs.offset_groups, *in_size)
    flat = grid.reshape(groups, -1, *(1,) * (len(in_size) - 1), len(in_size))
    read = F.grid_sample(source, flat, align_corners=False).reshape(n, attrs.offset_groups, -1, len(taps), *out_size)
    if mask is not None:
        read = read * mask.reshape(n, attrs.offset_groups, 1, len(taps), *out_size)
    columns = read.reshape(n, attrs.groups, c_in // attrs.groups * len(taps), -1)
    y = weight.reshape(attrs.groups, c_out // attrs.groups, -1) @ columns
    y = y.reshape(n, c_out, *out_size)
    return y if bias is None else y + bias.reshape(-1, *(1,) * spatial)


def roi_align(attrs: Any, x: Any, rois: Any) -> Any:
    """Sampling of one region at a time: inside of the map, as elements beyond the edge repeat it for one element."""
    return torch.stack([_mean(attrs, x, *_places(attrs, x, roi), int(roi[0])) for roi in rois])


def _places(attrs: Any, x: Any, roi: Any) -> list[Any]:
    """Rows, then columns, of the samples of all bins: (bins, samples) each."""
    places = []
    for dim, bins in enumerate(attrs.output_size):
        start, stop = (float(roi[at - dim]) * attrs.spatial_scale - 0.5 * attrs.aligned for at in (2, 4))
        length = stop - start if attrs.aligned else max(stop - start, 1)
        samples = attrs.sampling_ratio or max(int(-(-length / bins // 1)), 0)
        within = (torch.arange(samples, dtype=x.dtype) + 0.5) / max(samples, 1)
        places.append(start + (torch.arange(bins)[:, None] + within) * length / bins)
    return places


def _mean(attrs: Any, x: Any, rows: Any, columns: Any, sample: int) -> Any:
    height, width = x.shape[2:]
    if not rows.numel() or not columns.numel():
        return 0 * x[sample].sum() + x.new_zeros(x.shape[1], *attrs.output_size)
    y, x_ = torch.meshgrid(rows.reshape(-1), columns.reshape(-1), indexing="ij")
    grid = torch.stack([(2 * x_ + 1) / width - 1, (2 * y + 1) / height - 1], -1)
    inside = (y >= -1) & (y <= height) & (x_ >= -1) & (x_ <= width)
    read = F.grid_sample(x[sample][None], grid[None], padding_mode="border", align_corners=False)[0] * inside
    return read.reshape(-1, *rows.shape, *columns.shape).mean((2, 4))


def roi_pool(attrs: Any, x: Any, rois: Any) -> Any:
    """The maximum of each bin, sliced out."""
    y = x.new_zeros(len(rois), x.shape[1], *attrs.output_size)
    for region, roi in enumerate(rois.tolist()):
        bounds = []
        for dim, (bins, size) in enumerate(zip(attrs.output_size, x.shape[2:], strict=True)):
            start, last = (_rounded(roi[at - dim] * attrs.spatial_scale) for at in (2, 4))
            length = max(last - start + 1, 1)
            ends = [(start + i * length // bins, start - (-(i + 1) * length // bins)) for i in range(bins)]
            bounds.append([(max(first, 0), min(stop, size)) for first, stop in ends])
        for p, (top, bottom) in enumerate(bounds[0]):
            for q, (left, right) in enumerate(bounds[1]):
                if top < bottom and left < right:
                    y[region, :, p, q] = x[roi[0], :, top:bottom, left:right].amax((1, 2))
    return y + 0 * x.sum()


def _rounded(value: float) -> int:
    """Halves away from zero."""
    return int(abs(value) + 0.5) * (1 if value >= 0 else -1)


def _unique(attrs: Any, x: Any) -> Any:
    """PyTorch has no first positions: those of ours are checked by what stands there."""
    if attrs.sorted:
        values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True, dim=attrs.dim)
        return _asked(attrs, x, values, inverse, counts)
    flat = x.reshape(-1, 1) if attrs.dim is None else x.movedim(attrs.dim, 0).reshape(x.shape[attrs.dim], -1)
    same = (flat[:, None] == flat[None]).all(-1)
    first = [at for at, row in enumerate(same) if int(row.int().argmax()) == at]
    values = x.reshape(-1)[first] if attrs.dim is None else x.index_select(attrs.dim, torch.tensor(first))
    inverse = torch.tensor([first.index(int(row.int().argmax())) for row in same])
    return _asked(attrs, x, values, inverse.reshape(x.shape if attrs.dim is None else -1), same[first].sum(1))


def _runs(attrs: Any, x: Any) -> Any:
    return _asked(attrs, x, *torch.unique_consecutive(x, return_inverse=True, return_counts=True, dim=attrs.dim))


def _asked(attrs: Any, x: Any, values: Any, inverse: Any, counts: Any) -> Any:
    order = inverse.reshape(-1).tolist()
    first = torch.tensor([order.index(at) for at in range(len(counts))])
    beside = {"first": first, "inverse": inverse, "counts": counts}
    return values, *(beside[name] for name in attrs.also)


WITNESSES = {
    "deform_conv": deform_conv,
    "roi_align": roi_align,
    "roi_pool": roi_pool,
    "nonzero": lambda _attrs, x: torch.nonzero(x),
    "unique": _unique,
    "unique_consecutive": _runs,
}
