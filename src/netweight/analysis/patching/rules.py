"""Which rule each operator has; one that has none cannot be part of what runs patch by patch."""

from __future__ import annotations

from netweight.analysis.patching import enlarging, moving, pointwise, windows
from netweight.analysis.patching.part import Call, CutError, Part, Rule
from netweight.ops import REGISTRY
from netweight.ops.extent import same_position

_RULES: dict[str, Rule] = {
    "conv": windows.conv,
    "integer_conv": windows.conv,
    "max_pool": windows.pool,
    "min_pool": windows.pool,
    "avg_pool": windows.avg_pool,
    "lp_pool": windows.lp_pool,
    "adaptive_avg_pool": windows.adaptive_pool,
    "adaptive_max_pool": windows.adaptive_pool,
    "conv_transpose": enlarging.conv_transpose,
    "resize": enlarging.resize,
    "pixel_shuffle": enlarging.pixel_shuffle,
    "pixel_unshuffle": enlarging.pixel_unshuffle,
    "pad": moving.pad,
    "slice": moving.slice_,
    "split": moving.split,
    "concat": moving.concat,
    "permute": moving.permute,
    "flip": moving.flip,
    "expand": moving.expand,
    "reshape": moving.reshape,
    "linear": pointwise.mixes_last,
    "layer_norm": pointwise.layer_norm,
    "rms_norm": pointwise.layer_norm,
    "softmax": pointwise.along_dim,
    "log_softmax": pointwise.along_dim,
    "glu": pointwise.along_dim,
    "channel_shuffle": pointwise.over_channels,
    "local_response_norm": pointwise.over_channels,
    **dict.fromkeys(("mean", "sum", "amax", "amin", "var", "logsumexp"), moving.reduce),
    **dict.fromkeys(("quantize", "dequantize", "requantize", "fake_quantize"), pointwise.scaled),
    **dict.fromkeys(
        ("batch_norm", "identity", "copy", "detach", "cast", "cast_float8", "bitcast"), pointwise.same_part
    ),
}


def part_of_call(call: Call) -> Part:
    """What a call reads for parts of its outputs.

    Raises:
        CutError: If those cannot be made from parts of its inputs.
    """
    rule = rule_of(call.op)
    if rule is None:
        raise CutError(f"{call.op}: expected an operator that works on patches, got one that mixes positions")
    return rule(call)


def rule_of(op: str) -> Rule | None:
    """The rule of an operator; activation functions, and arithmetic on each element, are all alike."""
    if op in _RULES:
        return _RULES[op]
    definition = REGISTRY.find(op)
    if definition is None or definition.random or definition.extent is not same_position:
        return None
    if op.endswith("_blocks"):
        return None
    return {"activation": pointwise.same_part, "elementwise": pointwise.broadcast}.get(definition.kind)
