"""Operations on complex numbers as operations on their real and imaginary parts.

A product of (a + ib) and (c + id) is four products and two sums, so that a multiply-accumulate of complex numbers, with
two sums more, is four real ones. A quotient is a product with the conjugate over both squares of the divisor.
Functions are those of real numbers that they come down to: exp(a + ib) = exp(a) (cos b + i sin b).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

COMPLEX = frozenset({"complex64", "complex128"})

_LENGTH = {"muls": 2, "adds": 1, "sqrts": 1}
_LOG = {**_LENGTH, "logs": 1, "trigs": 1}
_EXP = {"exps": 1, "trigs": 2, "muls": 2}
_PRODUCT = {"muls": 4, "adds": 2}
WITH_REAL: Mapping[str, Mapping[str, int]] = {
    "macs": {"macs": 2},
    **{kind: {kind: 2} for kind in ("adds", "muls", "divs")},
}
"""Of a complex number and a real one: both parts meet it."""
WITH_COMPLEX: Mapping[str, Mapping[str, int]] = {
    "macs": {"macs": 4},
    "adds": {"adds": 2},
    "muls": _PRODUCT,
    "divs": {"muls": 6, "adds": 3, "divs": 2},
    "compares": {"compares": 2},
    "exps": _EXP,
    "logs": _LOG,
    "sqrts": {"muls": 3, "adds": 2, "sqrts": 2, "divs": 1},  # of (|z| + a) / 2, and b over twice that root
    "pows": dict(sum((Counter(part) for part in (_LOG, _PRODUCT, _EXP)), Counter())),
    "trigs": {"trigs": 2, "exps": 2, "muls": 4, "adds": 2},  # sin(a + ib) = sin a cosh b + i cos a sinh b
    "tanhs": {"trigs": 2, "exps": 2, "muls": 4, "adds": 3, "divs": 2},  # (sinh 2a + i sin 2b) / (cosh 2a + cos 2b)
}
"""Of complex numbers alone."""


def of_parts(each: Mapping[str, int], rules: Mapping[str, Mapping[str, int]] = WITH_COMPLEX) -> dict[str, int]:
    """Operations on the parts of complex numbers, by kind.

    >>> of_parts({"muls": 1}), of_parts({"divs": 1}), of_parts({"macs": 3})
    ({'muls': 4, 'adds': 2}, {'muls': 6, 'adds': 3, 'divs': 2}, {'macs': 12})
    >>> of_parts({"muls": 1, "logics": 1}, WITH_REAL)
    {'muls': 2, 'logics': 1}
    """
    found: dict[str, int] = {}
    for kind, count in each.items():
        for part, times in rules.get(kind, {kind: 1}).items():
            found[part] = found.get(part, 0) + (count if times == 1 else count * times)
    return found
