"""Regions and deformed kernels by other operators of PyTorch, whose gradients are theirs."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def roi_align(attrs: Any, x: Any, rois: Any) -> Any:
    """Sampling of one region at a time: inside of the map, as elements beyond the edge repeat it for one element."""
    found = []
    for roi in rois:
        rows, columns = _places(attrs, x, roi)
        found.append(_mean(attrs, x, rows, columns, int(roi[0])))
    return torch.stack(found)


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


CALLS = {
    "roi_align": roi_align,
    "roi_pool": roi_pool,
}
