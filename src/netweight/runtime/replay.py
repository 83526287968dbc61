"""A run of which a part is repeated with other numbers: what does not depend on them is not computed again."""

from __future__ import annotations

from collections.abc import Mapping

from netweight.errors import UsageError
from netweight.ir import Graph
from netweight.lazy import Array, np
from netweight.ops.own import definition_of
from netweight.runtime.forward import Forward, Run, call, run


class Replay:
    """Outputs of a network whose inputs or weights change a little, over and over.

    Args:
        graph: The network.
        done: Its forward pass, with ``keep=True`` and the same kernels.
        kernels: Forward rules to use instead of the reference, by operator.

    Raises:
        UsageError: If the run did not keep its values.
    """

    def __init__(self, graph: Graph, done: Run, kernels: Mapping[str, Forward] | None = None) -> None:
        if done.keep is not True:
            raise UsageError("replay: expected a run that kept its values, got one without", fix="run(keep=True)")
        self._graph, self._values, self._kernels = graph, done.values, kernels or {}
        self._random = any((op := definition_of(node)) is not None and op.random for node in graph.nodes)

    def outputs(self, changed: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs with these arrays in the place of those of the run; what is random is drawn as it was.

        Args:
            changed: Array of inputs, weights or values between, by name.
        """
        if self._random:  # every draw shifts those after it
            start = {**self._values, **changed}
            return run(self._graph, start, start, kernels=self._kernels).outputs
        values, moved = {**self._values, **changed}, set(changed)
        rng = np.random.default_rng(0)
        for node in self._graph.nodes:
            if not moved.isdisjoint(node.inputs):
                call(node, values, rng, self._kernels)
                moved.update(node.outputs)
        return {name: values[name] for name in self._graph.outputs}
