from dataclasses import asdict
from typing import Any

import numpy as np

from netweight.kernels.conv import conv_loops


def conv(attrs: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, int]:
    return conv_loops(x, weight, bias, **asdict(attrs))


def linear(_attrs: None, x: Any, weight: Any, bias: Any) -> tuple[Any, int]:
    y = np.zeros((*x.shape[:-1], weight.shape[0]))
    macs = 0
    for row in np.ndindex(*x.shape[:-1]):
        for o in range(weight.shape[0]):
            y[(*row, o)] = 0 if bias is None else bias[o]
            for i in range(weight.shape[1]):
                y[(*row, o)] += weight[o, i] * x[(*row, i)]
                macs += 1
    return y, macs


DEFINITIONS = {"conv": conv, "linear": linear}
