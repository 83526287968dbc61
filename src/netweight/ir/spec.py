"""What is known about a tensor before any number is computed."""

import math
import re
from dataclasses import dataclass
from functools import cache

from netweight.errors import UsageError

DType = str
"""Element type: ``float32``, ``bfloat16``, ``bool`` ..., or ``int4``, ``uint3``: any width from 1 to 64 bits."""

_WIDTHS = {
    "bool": 8,
    "float4_e2m1fn": 4,
    "float8_e4m3fn": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2": 8,
    "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8,
    "float16": 16,
    "bfloat16": 16,
    "float32": 32,
    "float64": 64,
    "complex64": 64,
    "complex128": 128,
}


@cache
def bits_of(dtype: DType) -> int:
    """Bits one element takes in memory.

    >>> bits_of("float32"), bits_of("int4")
    (32, 4)

    Raises:
        UsageError: If there is no such element type.
    """
    if dtype in _WIDTHS:
        return _WIDTHS[dtype]
    match = re.fullmatch(r"u?int([1-9][0-9]?)", dtype)
    if match is None or int(match[1]) > 64:
        raise UsageError(f"dtype: expected a type such as float32, bfloat16, int8 or uint4, got {dtype!r}")
    return int(match[1])


def is_floating(dtype: DType) -> bool:
    """Whether arithmetic in ``dtype`` is floating point."""
    return "float" in dtype or dtype.startswith("complex")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape and element type of a tensor.

    >>> from netweight import TensorSpec
    >>> spec = TensorSpec((1, 3, 224, 224), "float16")
    >>> spec.numel, spec.nbytes, str(spec)
    (150528, 301056, 'float16[1, 3, 224, 224]')

    Attributes:
        shape: Size of each dimension, outermost first.
        dtype: Element type.
    """

    shape: tuple[int, ...]
    dtype: DType = "float32"

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the elements, packed: three 4-bit elements take two bytes."""
        return -(-math.prod(self.shape) * bits_of(self.dtype) // 8)

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class Filled:
    """An input whose numbers matter: token ids that a program looks at, a mask of ones.

    Attributes:
        spec: Shape and element type; whole numbers or ``bool``.
        first: Smallest number.
        last: Largest number; the numbers are spread over the range, always the same ones.
    """

    spec: TensorSpec
    first: int
    last: int
