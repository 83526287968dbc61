"""The backward pass with what PyTorch's eager operators keep for it, instead of what its gradients need."""

from __future__ import annotations

from dataclasses import replace

from netweight.autograd.eager_saves import KEPT
from netweight.autograd.gradients import Backpropagation, Call, keeping, written_over
from netweight.ops.own import definition_of


def as_eager(plan: Backpropagation) -> Backpropagation:
    """The plan of the same gradients, in which every call keeps what PyTorch's does, and a program makes its masks."""
    temporaries = {f"temporary {at}": one for at, one in enumerate(plan.graph.temporaries)}
    made = {name: piece for piece, one in temporaries.items() for name in one.names}
    plan = replace(plan, temporaries=temporaries, made=made, lifetimes=plan.graph.lifetimes)
    for first, last in plan.graph.fused:
        for node in plan.graph.nodes[first:last]:
            if node.op == "cast" and node.inputs[0] is not None:
                made[node.outputs[0]] = plan.piece(node.inputs[0])  # the operator keeps what it converts
    calls = [replace(_as_eager(plan, call), scratch=_scratch(plan, call)) for call in plan.calls]
    return replace(plan, calls=tuple(calls))


def _scratch(plan: Backpropagation, call: Call) -> int:
    """Bytes of what PyTorch multiplies at the size of the result for the gradients of smaller tensors."""
    if call.node.op != "mul" or not call.link.own:
        return 0
    result = plan.graph.spec(call.node.outputs[0])
    specs = plan.graph.input_specs(call.node)
    summed = [
        asked and spec is not None and spec.numel < result.numel
        for asked, spec in zip(call.wanted, specs, strict=False)
    ]
    return sum(summed) * result.nbytes


def _as_eager(plan: Backpropagation, call: Call) -> Call:
    """The call with what PyTorch keeps for it."""
    node = call.node
    rules = KEPT.get(node.op, ())
    if not (rules or plan.made) or not call.link.own or not call.runs_backward:
        return call
    op = definition_of(node)
    if op is None:
        return call
    inputs = plan.graph.input_specs(node)
    rule = next((rule for rule in rules if rule.when(node.attrs, inputs)), None)
    if rule is None:
        reads_made = not plan.made.keys().isdisjoint(call.read)
        return replace(call, **keeping(plan, op, call.step, node, call.wanted)) if reads_made else call
    over = rule.in_place is not None and bool(written_over(plan, op, node))
    outputs = [plan.graph.spec(name) for name in node.outputs]
    sizes = {name: size(node.attrs, inputs, outputs) for name, size in rule.extras.items()}
    kept = rule.in_place if over and rule.in_place is not None else rule.saves
    found = keeping(plan, replace(op, saves=kept), call.step, node, call.wanted, sizes)
    unwritten = {f"{call.step}:{name}" for name in op.extras} - set(found["saved"]) if rule.extras else set()
    found["extras"] = {piece: nbytes for piece, nbytes in found["extras"].items() if piece not in unwritten}
    return replace(call, **found)
