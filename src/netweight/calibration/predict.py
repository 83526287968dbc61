"""What a calibration expects of a network, kernel by kernel, each with an interval or with why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netweight.analysis.latency.work import KernelWork, kernel_works
from netweight.calibration.calibration import KERNELS, Calibration
from netweight.calibration.classes import class_of
from netweight.calibration.features import features_of
from netweight.ir import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What one kernel is expected to take.

    Attributes:
        class_name: Its class, empty where it has none.
        seconds: Expected; None where no law covers it.
        low_s: Lower end of the interval.
        high_s: Upper end of it.
        why_not: Why there is no prediction.
    """

    class_name: str = ""
    seconds: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a network is expected to take.

    Attributes:
        works: Its kernels.
        kernels: What each takes.
        seconds: The whole; None where a kernel has no prediction.
        low_s: Lower end of the interval of the whole.
        high_s: Upper end of it.
    """

    works: tuple[KernelWork, ...]
    kernels: tuple[Predicted, ...]
    seconds: float | None
    low_s: float | None
    high_s: float | None


def predict(graph: Graph, calibration: Calibration) -> Prediction:
    """What a calibration expects of a network.

    Args:
        graph: The network.
        calibration: Laws of an engine.
    """
    works = kernel_works(graph, KERNELS[calibration.conditions.engine])
    cold = weights_are_cold(works, calibration.cache_bytes)
    kernels = tuple(_predicted(graph, work, calibration, cold=cold) for work in works)
    known = [kernel.seconds for kernel in kernels if kernel.seconds is not None]
    whole = sum(known) if len(known) == len(kernels) else None
    return Prediction(
        works=works,
        kernels=kernels,
        seconds=whole,
        low_s=None if whole is None else whole * calibration.whole.low,
        high_s=None if whole is None else whole * calibration.whole.high,
    )


def weights_are_cold(works: Sequence[KernelWork], cache_bytes: int) -> bool:
    """Whether weights come from memory at each run, as the cache does not hold them all."""
    return sum([work.weight_bytes or 0 for work in works]) > cache_bytes


def _predicted(graph: Graph, work: KernelWork, calibration: Calibration, *, cold: bool) -> Predicted:
    name = class_of(graph, work)
    if not name:
        return Predicted(why_not=f"no class of kernels has {work.node.op}")
    if work.ops_total is None or work.weight_bytes is None:
        return Predicted(class_name=name, why_not=f"what {work.node.op} computes or moves is unknown")
    if work.dtype not in _TYPES:
        return Predicted(class_name=name, why_not=f"laws are of float32, not of {work.dtype}")
    if work.is_free and name not in calibration.laws:  # the engine ran no kernel for any of them
        return Predicted(class_name=name, seconds=0.0, low_s=0.0, high_s=0.0)
    fitted = calibration.laws.get(name)
    if fitted is None:
        return Predicted(class_name=name, why_not=f"the calibration has no law of {name}")
    seconds = fitted.law.seconds(features_of(graph, work, cold=cold)) * calibration.whole.factor
    return Predicted(class_name=name, seconds=seconds, low_s=seconds * fitted.low, high_s=seconds * fitted.high)


_TYPES = ("float32", "int64", "int32", "bool")
"""Types of the networks that are measured: float32, and what numbers tokens."""
