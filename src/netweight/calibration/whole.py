"""How far predictions of whole networks are off: each network in turn, corrected by what the others say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import mean, stdev

_T90 = {1: 3.078, 2: 1.886, 3: 1.638, 4: 1.533, 5: 1.476, 6: 1.440, 7: 1.415, 8: 1.397, 9: 1.383, 10: 1.372}
"""Student's t below which nine of ten lie, by degrees of freedom (Fisher & Yates 1938, Table III)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A whole network that was measured and predicted.

    Attributes:
        network: Its name.
        measured_s: Seconds of a run.
        predicted_s: Sum of its kernels by their laws.
        error: Part by which the prediction is off when the factor comes from the other networks: 0.1 for 10 % too much.
    """

    network: str
    measured_s: float
    predicted_s: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What whole networks take, beside the sum of their kernels.

    Attributes:
        factor: Measured over the sum, geometric mean of the networks.
        low: Factor of a prediction below which one network in ten is expected.
        high: Factor above which one in ten is.
        networks: Each network that says so.
    """

    factor: float
    low: float
    high: float
    networks: tuple[Checked, ...]

    @property
    def error(self) -> float:
        """Mean of the errors without signs, each network left out in turn."""
        return mean(abs(one.error) for one in self.networks)


def checked(found: Sequence[tuple[str, float, float]]) -> Whole:
    """From names, measured and predicted seconds of networks that no law was fitted to.

    The interval is that of one more network, by Student's t of the logarithms.

    Args:
        found: Two networks at least.
    """
    away = [log(measured / predicted) for _, measured, predicted in found]
    count = len(away)
    freedom = count - 1
    t = _T90.get(freedom, 1.282 + 0.94 / freedom)
    half = t * stdev(away) * sqrt(1 + 1 / count)
    return Whole(
        factor=exp(mean(away)),
        low=exp(-half),
        high=exp(half),
        networks=tuple(
            Checked(
                network=name,
                measured_s=measured,
                predicted_s=predicted,
                error=exp((sum(away) - own) / freedom - own) - 1,
            )
            for (name, measured, predicted), own in zip(found, away, strict=True)
        ),
    )
