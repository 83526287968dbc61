"""netweight's own runtime: exact, and not fast."""

from __future__ import annotations

import time
from collections.abc import Mapping

from netweight.engines.engine import Kernel, Prepared
from netweight.engines.package import computes_in
from netweight.lazy import Array
from netweight.quantile import quantile
from netweight.version import __version__


class Reference:
    """The engine."""

    name = "reference"

    def version(self) -> str:
        """Version of netweight."""
        return __version__

    def load(self, network: Prepared, *, threads: int, precision: str | None) -> ReferenceSession:
        """The graph as it is.

        Raises:
            EngineError: If a precision is asked for.
        """
        del threads  # NumPy's own
        session = ReferenceSession(network)
        if precision is not None:
            computes_in(session, self.name, precision)
        return session


class ReferenceSession:
    """A graph in the reference runtime."""

    def __init__(self, network: Prepared) -> None:
        self._network = network

    @property
    def precision(self) -> str:
        """Types of the network's inputs."""
        names = {"float32": "fp32", "float64": "fp64", "float16": "fp16", "bfloat16": "bf16", "uint8": "int8"}
        graph = self._network.graph
        return ", ".join(sorted({names.get(graph.spec(name).dtype, graph.spec(name).dtype) for name in graph.inputs}))

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name."""
        from netweight.runtime import run
        from netweight.runtime.kernels import KERNELS

        return run(self._network.graph, feeds, self._network.weights, kernels=KERNELS["im2col"]).outputs

    def call(self) -> None:
        """One forward."""
        self.run(self._network.feeds)

    def kernels(self, rounds: int, share: float = 0.5) -> tuple[Kernel, ...]:
        """Every operator on its own, timed one after the other."""
        from netweight.runtime.forward import timed

        graph = self._network.graph
        times = [timed(graph, self._network.feeds, self._network.weights, time.perf_counter) for _ in range(rounds)]
        return tuple(
            Kernel(
                name=node.outputs[0] if node.outputs else node.op,
                op=node.op,
                seconds=quantile([each[at] for each in times], share),
                layers=(node.layer,),
            )
            for at, node in enumerate(graph.nodes)
        )

    def close(self) -> None:
        """Nothing is held."""


REFERENCE = Reference()
