"""What reading an ONNX model gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netweight.ir import Graph
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from netweight.ops.table import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a file holds.

    Attributes:
        graph: The network.
        notes: Guesses, and what was left out.
        exact: Whether no guess was made and nothing was left out.
        tensors: The tensor behind each parameter, buffer and constant.
        outputs: What each output of the file is.
        names: What each of them is called in the graph.
        left_out: Nodes whose shapes follow from numbers, with the reason.
    """

    graph: Graph
    notes: tuple[str, ...]
    exact: bool
    tensors: Mapping[str, Tensor]
    outputs: Mapping[str, Any]
    names: Mapping[str, str]
    left_out: tuple[str, ...]

    def weights(self) -> dict[str, Array]:
        """Arrays for ``netweight.run``.

        Raises:
            DependsOnDataError: If some lie in another file.
        """
        return {name: tensor.array() for name, tensor in self.tensors.items()}
