from collections import Counter
from typing import Any

import numpy as np

from definitions.counting import counted, mac, numbers, values


def bilinear(_attrs: None, x1: Any, x2: Any, weight: Any, bias: Any) -> tuple[Any, Counter[str]]:
    """The product with the second tensor first."""
    x1, x2, weight, bias = numbers(x1), numbers(x2), numbers(weight), numbers(bias)
    y = np.zeros((*x1.shape[:-1], weight.shape[0]), object)
    with counted() as work:
        for *row, o in np.ndindex(y.shape):
            total: Any = 0.0
            for i in range(weight.shape[1]):
                inner: Any = 0.0
                for j in range(weight.shape[2]):
                    inner = mac(inner, weight[o, i, j], x2[(*row, j)])
                total = mac(total, x1[(*row, i)], inner)
            y[(*row, o)] = total if bias is None else total + bias[o]
    return values(y).astype(float), work


DEFINITIONS = {"bilinear": bilinear}
