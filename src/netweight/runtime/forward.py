"""Runs a graph: one operator after the other, arrays freed after their last reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight.errors import ShapeError, UnsupportedOpError, UsageError
from netweight.ir import Graph, Node, located
from netweight.lazy import np
from netweight.ops.table import REGISTRY, forward
from netweight.runtime.kernels import KERNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

Forward: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a forward pass left behind.

    Attributes:
        outputs: The graph's outputs by name.
        updates: New values of buffers, by buffer name.
        values: Every value still held: all of them if the run kept them, else inputs, weights and outputs.
        saved: Per node, results that only its backward reads.
    """

    outputs: dict[str, Array]
    updates: dict[str, Array]
    values: dict[str, Array]
    saved: tuple[dict[str, Array], ...]


def run(
    graph: Graph,
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    *,
    keep: bool = False,
    rng: np.random.Generator | None = None,
    kernels: Mapping[str, Forward] | None = None,
) -> Run:
    """Forward pass.

    Args:
        graph: The network.
        inputs: Array per graph input.
        weights: Array per parameter, buffer and constant, as ``initialize`` makes them.
        keep: Hold every value and what backward needs.
        rng: Where dropout draws from; seeded with 0 by default.
        kernels: Forward rules to use instead of the reference, by operator: ``KERNELS["im2col"]``.

    Raises:
        UsageError: If an input or a weight is missing or has another shape.
        UnsupportedOpError: If an operator has no definition.
    """
    values = _starting_values(graph, inputs, weights)
    last_read = {} if keep else _last_reads(graph)
    generator = rng or np.random.default_rng(0)
    saved: list[dict[str, Array]] = []
    for step, node in enumerate(graph.nodes):
        with located(node):
            results, kept = _call(node, values, generator, kernels or {})
        values.update(zip(node.outputs, results, strict=True))
        saved.append(kept if keep else {})
        for name in node.inputs:
            if name is not None and last_read.get(name) == step:
                values.pop(name, None)
    return Run(
        outputs={name: values[name] for name in graph.outputs},
        updates={buffer: values[name] for buffer, name in graph.updates.items()},
        values=values,
        saved=tuple(saved),
    )


def _call(
    node: Node, values: Mapping[str, Array], rng: np.random.Generator, kernels: Mapping[str, Forward]
) -> tuple[tuple[Array, ...], dict[str, Array]]:
    op = REGISTRY.get(node.op)
    if op is None:
        raise UnsupportedOpError(f"run: expected an operator with a definition, got {node.op!r}")
    arrays = tuple(None if name is None else values[name] for name in node.inputs)
    if node.op in kernels:
        return (kernels[node.op](node.attrs, *arrays),), {}
    return forward(op, node.attrs, arrays, **({"rng": rng} if op.random else {}))


def _starting_values(graph: Graph, inputs: Mapping[str, Array], weights: Mapping[str, Array]) -> dict[str, Array]:
    values: dict[str, Array] = {}
    for name, value in graph.values.items():
        if value.kind == "activation":
            continue
        given = inputs if value.kind == "input" else weights
        if name not in given:
            raise UsageError(f"run: expected an array for {value.kind} {name!r}, got none")
        if given[name].shape != value.spec.shape:
            raise ShapeError(f"run: expected {name!r} of shape {value.spec.shape}, got {given[name].shape}")
        values[name] = given[name]
    return values


def _last_reads(graph: Graph) -> dict[str, int]:
    """Step after which an activation is not read any more; results of the graph are never in it."""
    kept = {*graph.outputs, *graph.updates.values()}
    return {
        name: step
        for step, node in enumerate(graph.nodes)
        for name in node.inputs
        if name is not None and name not in kept and graph.values[name].kind == "activation"
    }


__all__ = ["KERNELS", "Run", "run"]
