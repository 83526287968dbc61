"""The law of a class of kernels: a smooth roofline.

    seconds = overhead + (compute ** sharpness + memory ** sharpness) ** (1 / sharpness)
    compute = operations / (operations per second), the rate bent by the shape of a contraction
    memory  = bytes of activations, of cached weights and of weights in memory, each by their bandwidth

A sharpness of 1 adds the two, a large one takes the larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from netweight.calibration.features import Features


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What one class of kernels takes.

    Attributes:
        overhead_s: Seconds of a kernel that does nothing.
        ops_per_second: Rate of arithmetic.
        active_bytes_per_second: Bandwidth of activations.
        cached_bytes_per_second: Bandwidth of weights that a cache holds.
        cold_bytes_per_second: Bandwidth of weights that come from memory.
        sharpness: How close to the larger of the two.
        bends: Powers of the rate by the logarithms of the shape, in the order of ``features.SHAPE``; none for
            classes that contract nothing.
    """

    overhead_s: float
    ops_per_second: float
    active_bytes_per_second: float
    cached_bytes_per_second: float
    cold_bytes_per_second: float
    sharpness: float
    bends: tuple[float, ...] = ()

    def seconds(self, features: Features) -> float:
        """What a kernel takes."""
        rate = self.ops_per_second * exp(_along(self.bends, features.shape))
        memory = (
            features.active_bytes / self.active_bytes_per_second
            + features.cached_bytes / self.cached_bytes_per_second
            + features.cold_bytes / self.cold_bytes_per_second
        )
        return self.overhead_s + smooth_larger(features.ops / rate, memory, self.sharpness)


def _along(bends: Sequence[float], shape: Sequence[float]) -> float:
    return sum([bend * size for bend, size in zip(bends, shape, strict=False)])


def smooth_larger(first: float, second: float, sharpness: float) -> float:
    """The p-norm of two seconds.

    >>> smooth_larger(3.0, 4.0, 2.0), smooth_larger(3.0, 4.0, 1.0)
    (5.0, 7.0)
    """
    larger = max(first, second)
    if larger == 0:
        return 0.0
    return float(larger * ((first / larger) ** sharpness + (second / larger) ** sharpness) ** (1 / sharpness))
