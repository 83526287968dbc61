"""An engine whose kernels take what known laws say, and a clock that its calls move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netweight.analysis.latency.work import kernel_works
from netweight.calibration.calibration import KERNELS
from netweight.calibration.classes import class_of
from netweight.calibration.features import Features, features_of
from netweight.calibration.law import Law
from netweight.calibration.predict import weights_are_cold
from netweight.engines.engine import Kernel, Prepared
from netweight.ir import Graph
from netweight.measuring.speed import Speed

CACHE_BYTES = 32 << 20
PROBE_S = 1e-3
"""What the fixed piece of work takes on the fake machine undisturbed."""


def law(**changed: Any) -> Law:
    plain = {
        "overhead_s": 4e-6, "ops_per_second": 60e9, "active_bytes_per_second": 12e9, "cached_bytes_per_second": 24e9,
        "cold_bytes_per_second": 8e9, "sharpness": 2.0, "bends": (),
    }  # fmt: skip
    return Law(**{**plain, **changed})


LAWS: Mapping[str, Law] = {
    "3x3 convolution": law(ops_per_second=95e9, bends=(0.05, 0.02, 0.0, 0.0, 0.0)),
    "depthwise": law(ops_per_second=20e9, sharpness=1.5),
    "global pooling": law(overhead_s=9e-6, active_bytes_per_second=3e9),
}
"""By class; all others take ``law()``."""


def features(ops: float, active: float, *, weights: float = 0.0, cold: bool = False) -> Features:
    return Features(
        ops=ops, active_bytes=active, cached_bytes=0.0 if cold else weights, cold_bytes=weights if cold else 0.0,
        shape=(),
    )  # fmt: skip


_KNOWN: dict[tuple[int, str], tuple[Graph, list[tuple[str, float]]]] = {}
"""By identity of a graph, which is held so that no other has it."""


def true_seconds(graph: Graph, name: str) -> list[tuple[str, float]]:
    """Layer and seconds of each kernel of a network on the engine."""
    key = id(graph), name
    if key not in _KNOWN:
        _KNOWN[key] = graph, _computed(graph, name)
    return _KNOWN[key][1]


def _computed(graph: Graph, name: str) -> list[tuple[str, float]]:
    works = kernel_works(graph, KERNELS[name])
    cold = weights_are_cold(works, CACHE_BYTES)
    found = []
    for work in works:
        one = LAWS.get(class_of(graph, work), law())
        found.append((work.node.layer, one.seconds(features_of(graph, work, cold=cold))))
    return found


class FakeEngine:
    """Not a real one: nothing is computed."""

    def __init__(self, name: str = "onnxruntime", version: str = "1.2.3", slower: float = 1.0) -> None:
        self.name, self._version, self.slower = name, version, slower
        self.now, self.passes = 0.0, 0
        self.pace: Callable[[float], float] = lambda _now: 1.0

    def spend(self, seconds: float) -> float:
        """Let work of so many seconds pass; how many it takes at the pace that the machine has then."""
        took = seconds * self.pace(self.now)
        self.now += took
        return took

    def probe(self) -> None:
        self.spend(PROBE_S)

    def version(self) -> str:
        return self._version

    def process_time(self) -> float:
        return self.now

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> FakeSession:
        del threads, precision
        return FakeSession(self, network.graph)


class FakeSession:
    """A network on it."""

    precision = "fp32"

    def __init__(self, engine: FakeEngine, graph: Graph) -> None:
        self._engine, self._true = engine, true_seconds(graph, engine.name)

    def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def call(self) -> None:
        whole = sum(seconds for _, seconds in self._true)
        self._engine.spend(whole * self._engine.slower)

    def kernels(self, rounds: int, share: float) -> tuple[Kernel, ...]:
        assert share == 0.0
        self._engine.passes += 1
        least = [float("inf")] * len(self._true)
        for _ in range(rounds):
            least = [min(so_far, self._engine.spend(took)) for so_far, (_, took) in zip(least, self._true, strict=True)]
        return tuple(
            Kernel(name=layer, op="Fake", seconds=took, layers=(layer,))
            for took, (layer, _) in zip(least, self._true, strict=True)
        )

    def close(self) -> None:
        pass


def fake_speed(engine: FakeEngine) -> Speed:
    """The speed of the machine that the engine runs on."""
    return Speed(engine.process_time, engine.probe)
