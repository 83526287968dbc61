"""The law of a class from its samples: least squares of logarithms, robust to a few that are far off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netweight.calibration.features import SHAPE, Features
from netweight.calibration.law import Law
from netweight.errors import MissingExtraError
from netweight.lazy import Array, np

LEAST_SAMPLES = 3
_FOLDS = 5
_NOISE = 0.1
"""Spread of the logarithms that is thought nothing of."""
_CLOCK_S = 1e-6
"""What profiles of engines round to."""
_GUESS = (
    ("overhead_s", 3e-6, 1.5), ("ops_per_second", 3e10, 2.0), ("active_bytes_per_second", 1e10, 1.0),
    ("cached_bytes_per_second", 3e10, 1.0), ("cold_bytes_per_second", 1e10, 0.7), ("sharpness_over_one", 1.0, 0.7),
)  # fmt: skip
"""Where each search begins, and how many natural logarithms it strays without data."""
_BEND = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A law and how well it holds.

    Attributes:
        law: The law.
        samples: How many samples it is from.
        low: Factor of a prediction below which one in ten kernels lies.
        high: Factor above which one in ten lies.
        error: Median of the errors without signs, of kernels that the law was not fitted to: 0.05 for 5 %.
    """

    law: Law
    samples: int
    low: float
    high: float
    error: float


def fitted(features: Sequence[Features], seconds: Sequence[float]) -> Fitted:
    """The law of a class, with the spread of samples that were left out, a fifth at a time.

    Args:
        features: Of each sample.
        seconds: Of each sample, above 0.

    Raises:
        MissingExtraError: If SciPy is not installed.
    """
    law = fit(features, seconds)
    away = np.array(_left_out(features, seconds) if len(seconds) >= _FOLDS else _away(law, features, seconds))
    low, high = np.quantile(away, (0.1, 0.9))
    return Fitted(
        law=law,
        samples=len(seconds),
        low=float(np.exp(min(low, 0.0))),
        high=float(np.exp(max(high, 0.0))),
        error=float(np.median(np.abs(np.expm1(-away)))),
    )


def _away(law: Law, features: Sequence[Features], seconds: Sequence[float]) -> list[float]:
    """Logarithms of measured over predicted."""
    return [float(np.log(took / law.seconds(one))) for one, took in zip(features, seconds, strict=True)]


def _left_out(features: Sequence[Features], seconds: Sequence[float]) -> list[float]:
    found: list[float] = []
    places = range(len(seconds))
    for fold in range(_FOLDS):
        inside = [at for at in places if at % _FOLDS != fold]
        outside = [at for at in places if at % _FOLDS == fold]
        law = fit([features[at] for at in inside], [seconds[at] for at in inside])
        found.extend(_away(law, [features[at] for at in outside], [seconds[at] for at in outside]))
    return found


def fit(features: Sequence[Features], seconds: Sequence[float]) -> Law:
    """The law that fits samples best.

    Raises:
        MissingExtraError: If SciPy is not installed.
    """
    optimise = scipy()
    columns = np.array([(f.ops, f.active_bytes, f.cached_bytes, f.cold_bytes) for f in features])
    shape = np.array([f.shape for f in features]).reshape(len(features), -1)
    took = np.log(np.array(seconds))
    noise = np.sqrt(_NOISE**2 + (_CLOCK_S / np.array(seconds)) ** 2)
    start = np.array([np.log(value) for _, value, _ in _GUESS] + [0.0] * shape.shape[1])
    strays = np.array([stray for _, _, stray in _GUESS] + [_BEND] * shape.shape[1])

    def away(at: Array) -> Array:
        return np.concatenate([(_logarithms(at, columns, shape) - took) / noise, (at - start) / strays])

    found = optimise.least_squares(away, start, loss="soft_l1", method="trf").x
    return _law(found)


def _logarithms(at: Array, columns: Array, shape: Array) -> Array:
    """Logarithms of the seconds of all samples, for parameters as the search has them."""
    overhead, rate, active, cached, cold, sharpness = at[:6]
    compute = columns[:, 0] * np.exp(-rate - shape @ at[6:])
    memory = columns[:, 1:] @ np.exp(-np.array([active, cached, cold]))
    power = 1 + np.exp(sharpness)
    larger = np.maximum(np.maximum(compute, memory), 1e-15)
    both = larger * ((compute / larger) ** power + (memory / larger) ** power) ** (1 / power)
    return np.log(np.exp(overhead) + both)


def _law(at: Array) -> Law:
    overhead, rate, active, cached, cold, sharpness = (float(value) for value in np.exp(at[:6]))
    return Law(
        overhead_s=overhead,
        ops_per_second=rate,
        active_bytes_per_second=active,
        cached_bytes_per_second=cached,
        cold_bytes_per_second=cold,
        sharpness=1 + sharpness,
        bends=tuple(float(bend) for bend in at[6 : 6 + len(SHAPE)]),
    )


def scipy() -> Any:
    """What optimises.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        from scipy import optimize
    except ModuleNotFoundError:
        raise MissingExtraError(
            "calibrate: expected SciPy, which is not installed", fix="pip install 'netweight[hw]'"
        ) from None
    return optimize
