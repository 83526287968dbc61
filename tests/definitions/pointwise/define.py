"""How a definition of an operator on each element is written."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Formula = Callable[..., Any]
E, LN2, LN10 = math.e, math.log(2), math.log(10)
S, SA = 1.0507009873554804934193349852946, 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
A = math.sqrt(2 / math.pi)
B = A * 0.044715

ANY = (-7.3, -2.3, -0.61, -0.04, 0.03, 0.37, 0.9, 2.6, 7.1)
POSITIVE = (0.03, 0.37, 0.9, 2.6)
INSIDE = (-0.61, -0.04, 0.03, 0.9)
BEYOND_ONE = (1.3, 2.1)
PAIRS = ((-2.3, 1.7), (0.4, -0.9), (1.2, 0.6), (-0.2, -3.1))
POSITIVE_PAIRS = ((2.3, 1.7), (0.4, 0.9))
TRIPLES = ((-2.3, 1.7, 0.6), (0.4, -0.9, -1.3))
TRUTHS = ((True, False), (False, False), (True, True), (False, True))
BITS = ((6, 3), (12, 1))


class Definition(NamedTuple):
    """An operator with some settings.

    Attributes:
        at: Numbers, or tuples of them, one per input, that it is looked at.
        y: Its formula.
        gradients: That of the gradient of each input that has one.
        settings: Its attributes.
    """

    at: Sequence[Any]
    y: Formula
    gradients: dict[str, Formula]
    settings: dict[str, Any] = {}  # noqa: RUF012  -- never written


def define(at: Sequence[Any], y: Formula, settings: dict[str, Any] | None = None, **gradients: Formula) -> Definition:
    return Definition(at, y, gradients, settings or {})


def flat(g: Any) -> Any:
    return 0.0
