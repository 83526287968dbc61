"""What PyTorch's eager operators keep for backward where that is not what their gradients need: data.

An operator without an entry keeps what ``OpDef.saves`` says. Checked against PyTorch itself, whose own backward is the
source: every operator runs for real, and the storages that it keeps are looked up (``tests/eager``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

from netweight.ir import TensorSpec
from netweight.ops.table import Saves

Specs: TypeAlias = Sequence[TensorSpec | None]
Size: TypeAlias = Callable[[Any, Specs, Specs], int]
"""Attributes, specs of the inputs and of the outputs, to bytes of a tensor that is kept besides."""


def _always(*_call: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What an operator keeps.

    Attributes:
        saves: As in ``OpDef``; names of ``extras`` too.
        extras: Bytes of results that only backward reads; those of the operator's own ``extras`` are known.
        in_place: What it keeps instead when it writes over its input; as for ``saves`` if None.
        when: Attributes and specs of the inputs to whether that is so; if not, what ``OpDef`` says holds.
    """

    saves: Saves
    extras: Mapping[str, Size] = field(default_factory=dict)
    in_place: Saves | None = None
    when: Callable[[Any, Specs], bool] = _always


def _first(inputs: Specs) -> TensorSpec:
    """The first input."""
    (x, *_) = inputs
    assert x is not None
    return x


def _like_x(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    return _first(inputs).nbytes


def _like_y(_attrs: Any, _inputs: Specs, outputs: Specs) -> int:
    return _first(outputs).nbytes


def _positions(_attrs: Any, _inputs: Specs, outputs: Specs) -> int:
    """An int64 per element of the output."""
    return 8 * _first(outputs).numel


def _pivots(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """An int32 per row of each matrix."""
    return 4 * prod(_first(inputs).shape[:-1])


def _one(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """One number."""
    return _first(inputs).nbytes // max(1, _first(inputs).numel)


def _ignored(attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """A boolean per target, where the smoothed part of the loss must leave some out."""
    target = inputs[1]
    assert target is not None
    return target.numel if attrs.label_smoothing else 0


def _count(attrs: Any, inputs: Specs, outputs: Specs) -> int:
    """What the mean of a smoothed loss is divided by: how many targets, as int64, or the sum of their weights."""
    if not attrs.label_smoothing or attrs.reduction != "mean":
        return 0
    return 8 if inputs[2] is None else _one(attrs, inputs, outputs)


def _affine(_attrs: Any, inputs: Specs) -> bool:
    """Whether there is a weight."""
    return len(inputs) > 1 and inputs[1] is not None


def _per_sample(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """The weight, repeated for each sample."""
    x = _first(inputs)
    return _one(_attrs, inputs, _outputs) * x.shape[0] * x.shape[1]


def _windows(attrs: Any, _inputs: Specs) -> bool:
    """Whether there are windows: a global average is a mean, which keeps nothing."""
    return any(size != 1 for size in attrs.output_size)


_INPUT = Kept(saves=("x",))
_INPUT_OR_RESULT = Kept(saves=("x",), in_place=("y",))
_LOWER_UPPER: Mapping[str, Size] = {"factors": _like_x, "pivots": _pivots}

KEPT: dict[str, Kept] = {
    # Activation functions: out of place the input, in place the result where that tells the slope.
    "celu": _INPUT_OR_RESULT,
    "elu": _INPUT_OR_RESULT,
    "leaky_relu": _INPUT_OR_RESULT,
    "selu": _INPUT_OR_RESULT,
    "hardsigmoid": _INPUT,
    "relu6": _INPUT,
    "softshrink": _INPUT,
    "log_sigmoid": Kept(saves=("x", "exponentials"), extras={"exponentials": _like_x}),
    "softsign": Kept(saves=("x", "denominator"), extras={"denominator": _like_x}),
    "tanhshrink": Kept(saves=("tanh",), extras={"tanh": _like_x}),
    "dropout": Kept(saves=("mask",), extras={"mask": _like_x}),
    # Windows: the sizes are read from the input.
    "adaptive_avg_pool": Kept(saves=("x",), when=_windows),
    "adaptive_max_pool": Kept(saves=("x", "indices"), extras={"indices": _positions}),
    "avg_pool": _INPUT,
    "max_pool": Kept(saves=("x", "indices"), extras={"indices": _positions}),
    "max_pool_with_indices": Kept(saves=("x", "y1")),
    # Moves: sizes again.
    "gather": Kept(saves={"x": ("x",), "index": ("x",)}),
    "index_add": Kept(saves={"index": ("src",), "src": ("src",)}),
    "index_copy": Kept(saves={"index": ("x", "src"), "src": ("src",)}),
    # Reductions and scans.
    "amax": Kept(saves=("x", "y")),
    "amin": Kept(saves=("x", "y")),
    "cummax": Kept(saves=("x", "y1")),
    "cummin": Kept(saves=("x", "y1")),
    "cumprod": Kept(saves=("x", "y")),
    "prod": Kept(saves=("x", "y")),
    # Arithmetic.
    "complex": Kept(saves=("real", "imag")),
    "copysign": Kept(saves={"x": ("x",), "y": ("x",)}),
    "pow": Kept(saves={"x": ("x", "other"), "other": ("x", "other"), "y": ("other",)}),
    # Linear algebra.
    "det": Kept(saves=("x", "factors", "pivots", "y"), extras=_LOWER_UPPER),
    "eigvalsh": Kept(saves=("vectors", "y")),
    "rfft": _INPUT,
    "slogdet": Kept(saves=("x", "factors", "pivots", "y"), extras=_LOWER_UPPER),
    "svdvals": Kept(saves=("u", "vh", "y")),
    "solve": Kept(saves=("x", "factors", "pivots", "y"), extras=_LOWER_UPPER),
    # Normalisation.
    "batch_norm": Kept(saves=("x", "running_mean", "running_var", "weight")),
    "instance_norm": Kept(saves=("x", "scales", "mean", "rstd"), extras={"scales": _per_sample}, when=_affine),
    "layer_norm": Kept(saves=("x", "weight", "bias", "mean", "rstd")),
    "rms_norm": Kept(saves=("x", "weight", "rrms", "scaled"), extras={"scaled": _like_x}, when=_affine),
    # Losses: with the sum of the weights of the classes.
    "cross_entropy": Kept(
        saves=("target", "weight", "log_probs", "total", "ignored", "count"),
        extras={"total": _one, "ignored": _ignored, "count": _count},
    ),
    "kl_div": Kept(
        saves={"exponentials": ("x", "target"), "difference": ("target",)},
        extras={"exponentials": _like_x, "difference": _like_x},
        when=lambda attrs, _inputs: attrs.log_target,
    ),
    "l1_loss": Kept(saves=("difference",), extras={"difference": _like_x}),
    "nll_loss": Kept(saves=("x", "target", "weight", "total"), extras={"total": _one}),
}
