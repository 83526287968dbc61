"""Random numbers: their shapes and types are recorded, and none are drawn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ops.order.sort import TopkAttrs
from netweight.ops.random.draw import Distribution, RandomAttrs
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import binary, cast
from netweight.sources.torch.lower.move.layout import cat, unsqueeze
from netweight.sources.torch.lower.pointwise.elementwise import add, div, mul
from netweight.sources.torch.recorder import Recorder


def drawn(
    rec: Recorder, like: Tensor, distribution: Distribution, first: float, second: float = 0.0, *, dtype: Any = None
) -> Any:
    """Random numbers of the shape of a tensor; complex ones have no rule."""
    wanted = dtype or like.dtype
    if wanted.is_complex:
        return NotImplemented
    attrs = RandomAttrs(
        shape=tuple(like.shape),
        distribution=distribution,
        first=float(first),
        second=float(second),
        dtype=dtype_name(wanted),
    )
    return rec.op("random", attrs, like=like)


@lowers("rand_like")
def rand_like(rec: Recorder, self: Tensor, *, dtype: Any = None, **_others: Any) -> Any:
    """``rand_like(Tensor self, *, ScalarType? dtype=None, ...) -> Tensor``."""
    return drawn(rec, self, "uniform", 0, 1, dtype=dtype)


@lowers("randn_like")
def randn_like(rec: Recorder, self: Tensor, *, dtype: Any = None, **_others: Any) -> Any:
    """``randn_like(Tensor self, *, ScalarType? dtype=None, ...) -> Tensor``."""
    return drawn(rec, self, "normal", 0, 1, dtype=dtype)


@lowers("randint_like")
def randint_like(rec: Recorder, self: Tensor, *bounds: Any, dtype: Any = None, **_others: Any) -> Any:
    """``randint_like(Tensor self, SymInt high, *, ScalarType? dtype=None, ...) -> Tensor``."""
    if not all(isinstance(bound, int) for bound in bounds):
        return NotImplemented
    low, high = bounds if len(bounds) == 2 else (0, *bounds)
    return drawn(rec, self, "integers", low, high, dtype=dtype)


@lowers("uniform")
def uniform(rec: Recorder, self: Tensor, *bounds: float, to: float | None = None, **named: Any) -> Any:
    """``uniform(Tensor self, float from=0., float to=1., *, Generator? generator=None) -> Tensor``."""
    first = bounds[0] if bounds else named.get("from", 0)
    second = bounds[1] if len(bounds) > 1 else 1 if to is None else to
    return drawn(rec, self, "uniform", first, second)


@lowers("normal_")
def normal_in_place(rec: Recorder, self: Tensor, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
    """``normal_(Tensor(a!) self, float mean=0., float std=1., *, Generator? generator=None) -> Tensor(a!)``."""
    return drawn(rec, self, "normal", mean, std)


@lowers("log_normal")
def log_normal(rec: Recorder, self: Tensor, mean: float = 1, std: float = 2, *, generator: Any = None) -> Any:
    """``log_normal(Tensor self, float mean=1., float std=2., *, Generator? generator=None) -> Tensor``."""
    return drawn(rec, self, "log_normal", mean, std)


@lowers("cauchy")
def cauchy(rec: Recorder, self: Tensor, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Any:
    """``cauchy(Tensor self, float median=0., float sigma=1., *, Generator? generator=None) -> Tensor``."""
    return drawn(rec, self, "cauchy", median, sigma)


@lowers("exponential")
def exponential(rec: Recorder, self: Tensor, lambd: float = 1, *, generator: Any = None) -> Any:
    """``exponential(Tensor self, float lambd=1., *, Generator? generator=None) -> Tensor``."""
    return drawn(rec, self, "exponential", lambd)


@lowers("geometric")
def geometric(rec: Recorder, self: Tensor, p: float, *, generator: Any = None) -> Any:
    """``geometric(Tensor self, float p, *, Generator? generator=None) -> Tensor``."""
    return drawn(rec, self, "geometric", p)


@lowers("bernoulli")
def bernoulli(rec: Recorder, self: Tensor, p: Any = None, *, generator: Any = None) -> Any:
    """A uniform number is below the probability."""
    chance = self if p is None else p
    exact = chance.dtype if isinstance(chance, Tensor) and chance.dtype.is_floating_point else torch.float32
    number = drawn(rec, self, "uniform", 0, 1, dtype=exact)
    return cast(rec, binary(rec, "lt", number, chance), self.dtype)


@lowers("normal.Tensor_float", "normal.float_Tensor", "normal.Tensor_Tensor")
def normal(rec: Recorder, mean: Any, std: Any = 1.0, *, generator: Any = None) -> Any:
    """Standard normal numbers times the deviation, plus the mean."""
    tensors = [value for value in (mean, std) if isinstance(value, Tensor)]
    shape = torch.broadcast_shapes(*(tensor.shape for tensor in tensors))
    like = torch.empty(shape, dtype=tensors[0].dtype, device="meta")
    return add(rec, mul(rec, drawn(rec, like, "normal", 0, 1), std), mean)


@lowers("multinomial")
def multinomial(
    rec: Recorder, self: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> Any:
    """The largest of the chances divided by exponential numbers, as PyTorch draws; with replacement one by one."""
    rounds = num_samples if replacement else 1
    taken = [div(rec, self, drawn(rec, self, "exponential", 1)) for _ in range(rounds)]
    if replacement and num_samples > 1:
        picks = [rec.op("topk", TopkAttrs(k=1, dim=self.dim() - 1), part)[1] for part in taken]
        return cat(rec, picks, -1) if self.dim() > 0 else unsqueeze(rec, picks[0], 0)
    return rec.op("topk", TopkAttrs(k=num_samples, dim=self.dim() - 1), taken[0])[1]
