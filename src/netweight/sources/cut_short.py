"""A network up to the operator that refused."""

from __future__ import annotations

from dataclasses import replace

from netweight.ir import Graph


def cut_short(graph: Graph, known: int) -> Graph:
    """The graph of its first nodes, without what only later ones write and weights that none of the first reads.

    Args:
        graph: The graph.
        known: How many nodes stay.
    """
    nodes = graph.nodes[:known]
    gone = {name for node in graph.nodes[known:] for name in node.outputs}
    read = {name for node in nodes for name in node.inputs if name is not None}
    unread = graph.values.keys() - read - set(graph.inputs)
    gone |= {name for name in unread if graph.values[name].kind != "activation"}
    return replace(
        graph,
        nodes=nodes,
        values={name: value for name, value in graph.values.items() if name not in gone},
        outputs=nodes[-1].outputs if nodes else (),
        updates={name: value for name, value in graph.updates.items() if not {name, value} & gone},
        lifetimes={name: min(step, known - 1) for name, step in graph.lifetimes.items() if name not in gone},
        frozen=tuple(name for name in graph.frozen if name not in gone),
        fused=tuple(run for run in graph.fused if run[1] < known),
        diverted={name: to for name, to in graph.diverted.items() if not {name, to} & gone},
        leaves=tuple(name for name in graph.leaves if name not in gone),
        temporaries=tuple(one for one in graph.temporaries if not set(one.names) & gone),
        functions=tuple(one for one in graph.functions if not {*one.inputs, *one.outputs} & gone),
        checkpoints=tuple(one for one in graph.checkpoints if not {*one.values, *one.keeps} & gone),
        experts={name: share for name, share in graph.experts.items() if name not in gone},
    )
