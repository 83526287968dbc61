from typing import Any

import numpy as np


def conv_transpose(attrs: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, int]:
    """Every input element times every weight of its channel, added to the output unless the padding cuts it off."""
    n_samples, c_in, *in_size = x.shape
    _, out_per_group, *kernel = weight.shape
    out_size = [
        (size - 1) * step - before - after + d * (k - 1) + more + 1
        for size, step, (before, after), d, k, more in zip(
            in_size, attrs.stride, attrs.padding, attrs.dilation, kernel, attrs.output_padding, strict=True
        )
    ]
    y = np.zeros((n_samples, out_per_group * attrs.groups, *out_size))
    if bias is not None:
        y += bias.reshape(-1, *(1,) * len(out_size))
    macs = 0
    for n, c, o in np.ndindex(n_samples, c_in, out_per_group):
        channel = c // (c_in // attrs.groups) * out_per_group + o
        for position in np.ndindex(*in_size):
            for tap in np.ndindex(*kernel):
                macs += 1
                at = tuple(
                    p * step + t * d - before
                    for p, step, t, d, (before, _) in zip(
                        position, attrs.stride, tap, attrs.dilation, attrs.padding, strict=True
                    )
                )
                if all(0 <= i < size for i, size in zip(at, out_size, strict=True)):
                    y[(n, channel, *at)] += x[(n, c, *position)] * weight[(c, o, *tap)]
    return y, macs


DEFINITIONS = {"conv_transpose": conv_transpose}
