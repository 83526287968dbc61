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
from netweight.ops.random.dropout import mask_shape
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


def _factors(attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """Zeros and scales in the type of the input."""
    x = _first(inputs)
    return x.nbytes // max(1, x.numel) * prod(mask_shape(attrs, x.shape))


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


def _repeats(inputs: Specs) -> int:
    """How many heads of the queries share one of the keys."""
    query, key = _first(inputs), _first(inputs[1:])
    return query.shape[-3] // key.shape[-3] if len(query.shape) > 2 and len(key.shape) > 2 else 1


def _every_key(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """The keys, once for each head of the queries."""
    return _first(inputs[1:]).nbytes * _repeats(inputs)


def _every_value(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """The values likewise, where that takes a copy."""
    return _first(inputs[2:]).nbytes * _repeats(inputs) if _repeats(inputs) > 1 else 0


def _scores(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """A number for each query and key."""
    query, key = inputs[:2]
    assert query is not None
    assert key is not None
    return _one(_attrs, inputs, _outputs) * prod(query.shape[:-1]) * key.shape[-2]


def _sums(_attrs: Any, inputs: Specs, _outputs: Specs) -> int:
    """A number for each query, of four bytes at least."""
    query = _first(inputs)
    return max(4, _one(_attrs, inputs, _outputs)) * prod(query.shape[:-1])


def _in_steps(_attrs: Any, inputs: Specs) -> bool:
    """Whether the fused kernel refuses: it takes four dimensions, and values as long as keys."""
    query, _, value = inputs[:3]
    assert query is not None
    assert value is not None
    return len(query.shape) != 4 or query.shape[-1] != value.shape[-1]


def _in_steps_with_copies(attrs: Any, inputs: Specs) -> bool:
    return _in_steps(attrs, inputs) and _repeats(inputs) > 1


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


def _unrolled(_attrs: Any, inputs: Specs) -> bool:
    """Whether a recurrent layer reads every sample to its end, step by step, from a state that is given."""
    return inputs[1] is not None and not any(one is not None for one in inputs[6:])


def _from_zeros(_attrs: Any, inputs: Specs) -> bool:
    """The same, from zeros."""
    return inputs[1] is None and not any(one is not None for one in inputs[6:])


def _of_steps(each: int, less: int) -> Size:
    """So many tensors (N, H) for every step, ``less`` of them left out."""
    return lambda _attrs, _inputs, outputs: (each * _first(outputs).shape[0] - less) * _first(outputs[1:]).nbytes


_INPUT = Kept(saves=("x",))
_INPUT_OR_RESULT = Kept(saves=("x",), in_place=("y",))
_LOWER_UPPER: Mapping[str, Size] = {"factors": _like_x, "pivots": _pivots}

_WEIGHTS = ("weight_ih", "weight_hh")
_IN_STEPS = {"scaled_query": ("key",), "scaled_key": ("query",), "weights": ("query", "key", "value")}
_STEPS: Mapping[str, Size] = {
    "scaled_query": _like_x,
    "scaled_key": _every_key,
    "weights": _scores,
    "values": _every_value,
}

_KEPT: dict[str, Kept | tuple[Kept, ...]] = {
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
    "dropout": Kept(saves=("mask",), extras={"mask": _factors}),
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
    "addcdiv": Kept(saves={"tensor1": ("tensor2",), "tensor2": ("x", "tensor1", "tensor2")}),
    "copysign": Kept(saves={"x": ("x",), "y": ("x", "other")}),
    "pow": Kept(saves=("x", "other", "y")),
    # Linear algebra.
    "det": Kept(saves=("x", "factors", "pivots", "y"), extras=_LOWER_UPPER),
    "eigvalsh": Kept(saves=("vectors", "y")),
    "rfft": _INPUT,
    "slogdet": Kept(saves=("x", "factors", "pivots", "y"), extras=_LOWER_UPPER),
    "svdvals": Kept(saves=("u", "vh", "y")),
    "solve": Kept(saves=("x", "factors", "pivots", "y"), extras=_LOWER_UPPER),
    # Recurrent layers, a step after the other: states, and of gates all three, the new state, what it is made of.
    "gru": (
        Kept(saves=("x", "h0", *_WEIGHTS, "steps"), extras={"steps": _of_steps(7, 1)}, when=_unrolled),
        Kept(saves=("x", *_WEIGHTS, "steps"), extras={"steps": _of_steps(7, 0)}, when=_from_zeros),
    ),
    "rnn": (
        Kept(saves=("x", "h0", *_WEIGHTS, "y1", "steps"), extras={"steps": _of_steps(1, 1)}, when=_unrolled),
        Kept(saves=("x", *_WEIGHTS, "y1", "steps"), extras={"steps": _of_steps(1, 0)}, when=_from_zeros),
    ),
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
    "scaled_dot_product_attention": (
        Kept(saves={**_IN_STEPS, "values": ("query", "key")}, extras=_STEPS, when=_in_steps_with_copies),
        Kept(saves={**_IN_STEPS, "value": ("query", "key")}, extras=_STEPS, when=_in_steps),
        Kept(saves=("query", "key", "value", "mask", "y", "logsumexp"), extras={"logsumexp": _sums}),
    ),
    "pad": Kept(saves=("x",), when=lambda attrs, _inputs: attrs.mode not in ("zeros", "circular")),
}

KEPT: dict[str, tuple[Kept, ...]] = {
    name: rules if isinstance(rules, tuple) else (rules,) for name, rules in _KEPT.items()
}
"""Rules of each operator; the first that applies holds."""
