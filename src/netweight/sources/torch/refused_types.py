"""Element types that an operator of PyTorch refuses, although shapes follow from the table for any types.

Whether a call may be refused is said here by what its operator compares; then PyTorch's own kernel says so, in its own
words, on tensors of zeros: kernels look at types before they touch a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Doubt = Callable[[Sequence[Any], dict[str, Any]], bool]
"""Whether PyTorch may refuse the types of a call."""

_NARROW = (torch.bfloat16, torch.float16)
_INDICES = (torch.int64, torch.int32)
_MASKS = (torch.bool, torch.uint8)
_WHOLE = (torch.int64, torch.int32, torch.int16, torch.bool)
_CPU = torch.device("cpu")


def _alike(*places: int) -> Doubt:
    """Arguments at these places are of one type."""

    def doubt(args: Sequence[Any], _kwargs: dict[str, Any]) -> bool:
        found = {args[at].dtype for at in places if at < len(args) and isinstance(args[at], Tensor)}
        return len(found) > 1

    return doubt


def _normalised(*places: int) -> Doubt:
    """Parameters are of the type of what is normalised, or of single precision where that is narrower."""

    def doubt(args: Sequence[Any], _kwargs: dict[str, Any]) -> bool:
        own = args[0].dtype
        others = {args[at].dtype for at in places if at < len(args) and isinstance(args[at], Tensor)} - {own}
        return own in _WHOLE or (bool(others) and not (own in _NARROW and others == {torch.float32}))

    return doubt


def _of(place: int, known: tuple[torch.dtype, ...]) -> Doubt:
    """The argument at a place is of one of these types."""
    return lambda args, _kwargs: (
        len(args) > place and isinstance(args[place], Tensor) and args[place].dtype not in known
    )


def _positions(args: Sequence[Any], _kwargs: dict[str, Any]) -> bool:
    known = (*_INDICES, *_MASKS)
    return any(isinstance(index, Tensor) and index.dtype not in known for index in args[1])


def _any(*doubts: Doubt) -> Doubt:
    return lambda args, kwargs: any(doubt(args, kwargs) for doubt in doubts)


def _not_whole(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    return args[0].dtype in _WHOLE and kwargs.get("dtype") is None


def _written_over(args: Sequence[Any], _kwargs: dict[str, Any]) -> bool:
    """Whole numbers are written over with others."""
    return args[0].dtype in _WHOLE and (
        not isinstance(args[1], Tensor) or args[1].dtype.is_floating_point or args[0].dtype is torch.bool
    )


def _classes(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Targets of a loss are classes, or a probability for each."""
    x, target = args[:2]
    known = target.dtype in (torch.int64, torch.uint8) or (target.dtype.is_floating_point and x.shape == target.shape)
    return not known or _not_whole(args, kwargs)


def _mask(args: Sequence[Any], _kwargs: dict[str, Any]) -> bool:
    """A mask of attention is of booleans, or of numbers of the type of the queries or of single precision."""
    mask = args[3] if len(args) > 3 else None
    return isinstance(mask, Tensor) and mask.dtype not in (torch.bool, torch.float32, args[0].dtype)


_CONVOLUTIONS = [f"conv{kind}{space}d" for kind in ("", "_transpose") for space in (1, 2, 3)]
_RESIZED = ("nearest1d", "nearest2d", "nearest3d", "linear1d", "bilinear2d", "bicubic2d", "trilinear3d")
_FLOATING = (
    "softmax", "_softmax", "log_softmax", "_log_softmax", "gelu", "silu", "elu", "celu", "selu", "leaky_relu",
    "hardswish", "hardsigmoid", "softplus", "mish", "glu", "log_sigmoid", "mean", "var", "std", "var_mean", "std_mean",
    "linalg_vector_norm", "norm", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "adaptive_max_pool2d", "dropout", *(f"upsample_{kind}" for kind in _RESIZED),
)  # fmt: skip
_DOUBTS: dict[str, Doubt] = {
    **dict.fromkeys(("linear", "addmm", "baddbmm", "addmv", "addr", "bilinear", *_CONVOLUTIONS), _alike(0, 1, 2)),
    "convolution": _alike(0, 1, 2),
    "scaled_dot_product_attention": _any(_alike(0, 1, 2), _mask),
    **dict.fromkeys(("cdist", "linalg_solve", "linalg_solve_ex", "_linalg_solve_ex", "grid_sampler_2d"), _alike(0, 1)),
    "binary_cross_entropy": _alike(0, 1, 2),
    **dict.fromkeys(("cross_entropy_loss", "nll_loss", "nll_loss_nd", "nll_loss2d"), _classes),
    **dict.fromkeys(("add_", "sub_", "mul_", "div_"), _written_over),
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "vdot", "grid_sampler", "lerp"), _alike(0, 1)),
    "prelu": _any(_alike(0, 1), _not_whole),
    **dict.fromkeys(("layer_norm", "group_norm"), _normalised(2, 3)),
    **dict.fromkeys(("batch_norm", "instance_norm"), _normalised(1, 2, 3, 4)),
    **dict.fromkeys(("embedding", "embedding_bag"), _of(1, _INDICES)),
    **dict.fromkeys(("gather", "index_select"), _of(2, _INDICES)),
    **dict.fromkeys(("scatter", "scatter_add", "index_add"), _any(_of(2, _INDICES), _alike(0, 3))),
    **dict.fromkeys(_FLOATING, _not_whole),
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), _alike(0, 1, 2)),
    "binary_cross_entropy_with_logits": _not_whole,
    "masked_fill": _of(1, (torch.bool,)),
    "masked_select": _of(1, (torch.bool,)),
    "where": _of(0, _MASKS),
    "index": _positions,
    "index_put": _any(_positions, _alike(0, 2)),
}


def doubt_of(name: str, base: str) -> Doubt | None:
    """What an operator compares the types of; None if it takes any.

    Args:
        name: Its name: ``"add_"``.
        base: The name of the form that writes nothing: ``"add"``.
    """
    return _DOUBTS.get(name) or _DOUBTS.get(base)


def refuse(func: Any, args: Any, kwargs: dict[str, Any]) -> None:
    """Let PyTorch's own kernel refuse a call whose types or shapes do not meet.

    Raises:
        Exception: What it raises, unless it is that this device does not have the kernel.
    """
    try:
        with torch._C._DisableTorchDispatch():
            func(*map(_zeros, args), **{name: _zeros(value) for name, value in kwargs.items()})
    except NotImplementedError as error:
        if not any(value.dtype in _WHOLE for value in args if isinstance(value, Tensor)):
            return
        raise error from None


def _zeros(value: Any) -> Any:
    """Zeros of the shape and type of each tensor, on the device that runs everything."""
    if isinstance(value, Tensor):
        return torch.zeros(value.shape, dtype=value.dtype)
    if isinstance(value, list | tuple):
        return type(value)(map(_zeros, value))
    return _CPU if isinstance(value, torch.device) else value
