"""Whose gradients a call computes, by what each tensor is to its operator."""

from __future__ import annotations

from netweight.autograd.gradients import Backpropagation, Call
from netweight.ir import is_floating
from netweight.ops import REGISTRY

_CAN_HAVE_ONE = frozenset({"input", "activation", "parameter"})


def gradient_names(plan: Backpropagation, call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tensors with a gradient, and those that could have one; of a function that its author wrote, names of values."""
    values, gives = plan.graph.values, call.link.gives
    definition = REGISTRY.find(call.node.op) if call.link.own else None
    slots = gives if definition is None else definition.slot_names(len(gives))
    found: tuple[list[str], list[str]] = ([], [])
    for slot, name, wanted in zip(slots, gives, call.wanted, strict=True):
        if name is None or slot is None:
            continue
        if wanted or (values[name].kind in _CAN_HAVE_ONE and is_floating(values[name].spec.dtype)):
            found[not wanted].append(slot)
    return tuple(found[0]), tuple(found[1])
