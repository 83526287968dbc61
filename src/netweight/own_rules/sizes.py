"""Sizes that a rule of the user's computes with: they remember what they are, so that figures have formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from netweight.count import Count, Factor
from netweight.ir import TensorSpec


class Size(Count):
    """A ``Count`` whose sums and products with whole numbers are such, while others give what Python's numbers do.

    >>> Size(3) * Size(4) + 2, Size(3) * 0.5
    (14, 1.5)
    """

    @classmethod
    def of(cls, count: Count) -> Self:
        """The same number with the same terms."""
        return cls(int(count), count.terms)

    def __mul__(self, other: Any) -> Any:
        return self._by(super().__mul__, other)

    def __rmul__(self, other: Any) -> Any:
        return self._by(super().__rmul__, other)

    def __add__(self, other: Any) -> Any:
        return self._by(super().__add__, other)

    def __radd__(self, other: Any) -> Any:
        return self._by(super().__radd__, other)

    def _by(self, operation: Callable[[int], Count], other: Any) -> Any:
        return Size.of(operation(other)) if isinstance(other, int) else NotImplemented


def sized(name: str, spec: TensorSpec) -> TensorSpec:
    """The spec with sizes that are called ``x.shape[0]``, ``x.shape[1]`` ..."""
    sizes: list[int] = []
    for dim, size in enumerate(spec.shape):
        factor: Factor = (f"{name}.shape[{dim}]", int(size))
        sizes.append(Size(size, ((factor,),)))
    return TensorSpec(tuple(sizes), spec.dtype)
