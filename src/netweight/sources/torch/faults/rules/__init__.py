"""What each operator says of arguments that do not fit: a rule for each family."""

from __future__ import annotations

from netweight.sources.torch.faults.failed_call import FailedCall
from netweight.sources.torch.faults.meeting import Meeting, Rule
from netweight.sources.torch.faults.rules import (
    convolution,
    elementwise,
    joining,
    layout,
    lookup,
    norms,
    places,
    products,
    types,
)

_RULES: dict[str, Rule] = {
    **products.RULES,
    **convolution.RULES,
    **joining.RULES,
    **elementwise.RULES,
    **layout.RULES,
    **norms.RULES,
    **lookup.RULES,
}


def rule_of(call: FailedCall) -> Rule:
    """The rule for a call that failed: of its devices or its types, if these do not meet; of its shapes else."""
    if places.are_at_fault(call):
        return places.explain
    if types.are_at_fault(call):
        return types.explain
    return _RULES.get(call.name.removesuffix("_"), other)


def other(meeting: Meeting) -> None:
    """Shapes and where they come from, for an operator without a rule of its own."""
    meeting.tell_shapes()
