"""Random numbers, made from nothing but their attributes.

Drawing is not counted, as the masks of dropout are not: how a number is drawn is the generator's affair.

Source: torch.rand, torch.randn, torch.randint and the methods of a tensor that fill it; ONNX RandomUniform and
RandomNormal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of
from netweight.lazy import Array, np
from netweight.ops.extent import same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import free

Distribution = Literal["uniform", "normal", "integers", "exponential", "log_normal", "cauchy", "geometric"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomAttrs:
    """Attributes of random numbers.

    Attributes:
        shape: Sizes of the tensor.
        distribution: What they are drawn from.
        first: Lower bound of uniform numbers and integers; mean, median or rate of others; probability of a trial.
        second: Bound that uniform numbers and integers do not reach; standard deviation or width of others.
        dtype: Their type.
    """

    shape: tuple[int, ...]
    distribution: Distribution = "uniform"
    first: float = 0.0
    second: float = 1.0
    dtype: str = "float32"


_DRAWS: dict[str, Callable[[Any, RandomAttrs], Any]] = {
    "uniform": lambda rng, a: rng.uniform(a.first, a.second, a.shape),
    "normal": lambda rng, a: rng.normal(a.first, a.second, a.shape),
    "integers": lambda rng, a: rng.integers(int(a.first), int(a.second), a.shape),
    "exponential": lambda rng, a: rng.exponential(1 / a.first, a.shape),
    "log_normal": lambda rng, a: rng.lognormal(a.first, a.second, a.shape),
    "cauchy": lambda rng, a: a.first + a.second * rng.standard_cauchy(a.shape),
    "geometric": lambda rng, a: rng.geometric(a.first, a.shape),
}

_ALLOWED: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "uniform": (lambda a, b: a <= b and math.isfinite(b - a), "two finite bounds, the lower one first,"),
    "integers": (
        lambda a, b: math.isfinite(a) and math.isfinite(b) and int(a) < int(b),
        "two bounds, lower one first,",
    ),
    "normal": (lambda _, b: b >= 0, "a deviation from 0 on"),
    "log_normal": (lambda _, b: b >= 0, "a deviation from 0 on"),
    "exponential": (lambda a, _: a > 0, "a rate above 0"),
    "cauchy": (lambda _, b: b >= 0, "a width from 0 on"),
    "geometric": (lambda a, _: 0 < a <= 1, "a probability above 0"),
}


def random_shape(attrs: RandomAttrs) -> TensorSpec:
    """The one asked for.

    Raises:
        ShapeError: If a size is negative, or there is no such distribution.
        UsageError: If there is no such element type.
    """
    bits_of(attrs.dtype)
    if min(attrs.shape, default=1) < 0:
        raise ShapeError(f"random: expected sizes of at least 0, got {attrs.shape}")
    if attrs.distribution not in _DRAWS:
        raise ShapeError(f"random: expected distribution {', '.join(map(repr, _DRAWS))}, got {attrs.distribution!r}")
    allows, words = _ALLOWED[attrs.distribution]
    if not allows(attrs.first, attrs.second):
        raise ShapeError(f"random: expected {words} of {attrs.distribution}, got {attrs.first} and {attrs.second}")
    return TensorSpec(attrs.shape, attrs.dtype)


def random_forward(attrs: RandomAttrs, *, rng: np.random.Generator) -> Array:
    """Independent numbers."""
    return np.asarray(_DRAWS[attrs.distribution](rng, attrs)).astype(attrs.dtype)


def random_backward(_attrs: RandomAttrs, _grad_y: Array) -> tuple[Array | None, ...]:
    """No tensor goes in, so no gradient comes out; what is made may meet tensors that have one."""
    return ()


RANDOM = define_move(
    name="random",
    attrs=RandomAttrs,
    inputs=(),
    shape=random_shape,
    forward=random_forward,
    backward=random_backward,
    backward_cost=free,
    extent=same_position,
    random=True,
)
