"""PyTorch's calls: deform conv."""

from __future__ import annotations

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


CALLS = {
    "deform_conv": deform_conv,
}
