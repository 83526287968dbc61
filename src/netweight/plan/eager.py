"""The backward pass with what PyTorch's eager operators keep for it, instead of what its gradients need."""

from __future__ import annotations

from dataclasses import replace

from netweight.ops.table import REGISTRY
from netweight.plan.eager_saves import KEPT
from netweight.plan.gradients import Backpropagation, Call, keeping, written_over


def as_eager(plan: Backpropagation) -> Backpropagation:
    """The plan of the same gradients, in which every call keeps what PyTorch's does."""
    return replace(plan, calls=tuple([_as_eager(plan, call) for call in plan.calls]))


def _as_eager(plan: Backpropagation, call: Call) -> Call:
    """The call with what PyTorch keeps for it."""
    node = call.node
    rule = KEPT.get(node.op)
    inputs = plan.graph.input_specs(node)
    if rule is None or not call.link.own or not call.runs_backward or not rule.when(node.attrs, inputs):
        return call
    op = REGISTRY[node.op]
    over = rule.in_place is not None and bool(written_over(plan, op, node))
    outputs = [plan.graph.spec(name) for name in node.outputs]
    sizes = {name: size(node.attrs, inputs, outputs) for name, size in rule.extras.items()}
    kept = rule.in_place if over and rule.in_place is not None else rule.saves
    return replace(call, **keeping(plan, replace(op, saves=kept), call.step, node, call.wanted, sizes))
