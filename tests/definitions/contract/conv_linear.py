from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from definitions.counting import counted, mac, numbers, values
from netweight.kernels.conv import conv_loops


def conv(attrs: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, Counter[str]]:
    """The bias is one addition per element."""
    y, macs = conv_loops(x, weight, bias, **asdict(attrs))
    return y, +Counter(macs=macs, adds=0 if bias is None else y.size)


def linear(_attrs: None, x: Any, weight: Any, bias: Any) -> tuple[Any, Counter[str]]:
    x, weight, bias = numbers(x), numbers(weight), numbers(bias)
    y = np.zeros((*x.shape[:-1], weight.shape[0]), object)
    with counted() as work:
        for *row, o in np.ndindex(y.shape):
            total: Any = 0.0
            for i in range(weight.shape[1]):
                total = mac(total, weight[o, i], x[(*row, i)])
            y[(*row, o)] = total if bias is None else total + bias[o]
    return values(y).astype(float), work


DEFINITIONS = {"conv": conv, "linear": linear}
