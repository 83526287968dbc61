import itertools
import math
from typing import Any

import numpy as np


def deform_conv(attrs: Any, x: Any, weight: Any, offset: Any, mask: Any, bias: Any) -> tuple[Any, int]:
    """Every product of a weight with what its tap reads; a tap reads the elements less than one away from its place."""
    (c_out, c_in, *kernel), (n, _, *out_size) = weight.shape, offset.shape
    y = np.zeros((n, c_out, *out_size))
    macs, spatial, per_offsets = 0, len(kernel), x.shape[1] // attrs.offset_groups
    for b, o, *at in np.ndindex(*y.shape):
        y[(b, o, *at)] = 0 if bias is None else bias[o]
        for c, (number, tap) in itertools.product(range(c_in), enumerate(np.ndindex(*kernel))):
            channel = o // (c_out // attrs.groups) * c_in + c
            slot = channel // per_offsets * math.prod(kernel) + number
            place = [
                at[d] * attrs.stride[d] - attrs.padding[d][0] + tap[d] * attrs.dilation[d]
                + offset[(b, slot * spatial + d, *at)]
                for d in range(spatial)
            ]  # fmt: skip
            read = sum(
                math.prod(max(0, 1 - abs(p - e)) for p, e in zip(place, element, strict=True))
                * x[(b, channel, *element)]
                for element in np.ndindex(*x.shape[2:])
            )
            y[(b, o, *at)] += weight[(o, c, *tap)] * read * (1 if mask is None else mask[(b, slot, *at)])
            macs += 1
    return y, macs


DEFINITIONS = {"deform_conv": deform_conv}
