"""Training memory by the rules of TinyTL, which count each operator alone and pack masks.

Convolution, linear layers and normalisation keep their input where their weight is trained; ReLU and its kin keep one
bit per element, other activation functions their input; nothing else is counted and nothing is shared. Frozen
parameters take 8 bits.

Source: Cai, Gan, Zhu & Han 2020, "TinyTL: reduce memory, not parameters for efficient on-device learning", section 3.1
and the memory profiler beside it.
"""

from __future__ import annotations

from netweight.autograd.gradients import Backpropagation, Call
from netweight.ops import REGISTRY

_MASKS = frozenset({"relu", "relu6", "leaky_relu"})
_FROZEN_BITS = 8


def tinytl_saved_bytes(plan: Backpropagation) -> int:
    """Bytes kept for backward."""
    return sum(_saved(plan, call) for call in plan.calls if call.runs_backward)


def tinytl_weight_bytes(plan: Backpropagation) -> int:
    """Bytes of the parameters."""
    trained = set(plan.trained)
    return sum(
        value.spec.nbytes if name in trained else -(-value.spec.numel * _FROZEN_BITS // 8)
        for name, value in plan.graph.values.items()
        if value.kind == "parameter"
    )


def _saved(plan: Backpropagation, call: Call) -> int:
    op = REGISTRY.get(call.node.op)
    if op is None or call.node.inputs[0] is None:
        return 0
    x = plan.graph.spec(call.node.inputs[0])
    if call.node.op in _MASKS:
        return -(-x.numel // 8)
    slots = op.slot_names(len(call.node.inputs))
    learns = any(asked and slot == "weight" for slot, asked in zip(slots, call.wanted, strict=False))
    keeps = op.kind == "activation" or (op.kind in ("conv", "linear", "norm") and learns)
    return x.nbytes if keeps else 0
