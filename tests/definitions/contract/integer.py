from collections import Counter
from typing import Any

import numpy as np

from definitions.contract.conv_linear import conv
from definitions.contract.matmul import matmul


def integer_matmul(_attrs: None, a: Any, b: Any, a_zero: Any, b_zero: Any) -> tuple[Any, Counter[str]]:
    y, macs = matmul(None, _from_zero(a, a_zero), _from_zero(b, b_zero))
    return y, _with_differences(macs, (a, a_zero), (b, b_zero))


def integer_conv(attrs: Any, x: Any, weight: Any, x_zero: Any, weight_zero: Any) -> tuple[Any, Counter[str]]:
    per_channel = weight_zero
    if weight_zero is not None and weight_zero.ndim:
        per_channel = np.stack([np.full(weight.shape[1:], zero) for zero in weight_zero])
    y, work = conv(attrs, _from_zero(x, x_zero), _from_zero(weight, per_channel), None)
    return y, _with_differences(work["macs"], (x, x_zero), (weight, weight_zero))


def _with_differences(macs: int, *operands: Any) -> Counter[str]:
    """A subtraction for each element of an operand with a zero."""
    return +Counter(macs=macs, adds=sum(x.size for x, zero in operands if zero is not None))


def _from_zero(x: Any, zero: Any) -> Any:
    """The difference in real numbers, which hold it exactly."""
    return x.astype(float) - (0.0 if zero is None else zero.astype(float))


DEFINITIONS = {"integer_matmul": integer_matmul, "integer_conv": integer_conv}
