"""Element types that do not meet."""

from __future__ import annotations

from dataclasses import replace

import torch

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.failed_call import Argument, FailedCall
from netweight.sources.torch.faults.meeting import Meeting

_SAYS = ("dtype", "scalar type", "should be the same", "same data type", "used as indices", "boolean mask")

_INDICES = {
    "embedding": "indices", "embedding_bag": "indices", "gather": "index", "index_select": "index", "scatter": "index",
    "scatter_add": "index", "index_add": "index",
}  # fmt: skip
_SHORT = {
    torch.float32: "f32", torch.float64: "f64", torch.float16: "f16", torch.bfloat16: "bf16", torch.int64: "i64",
}  # fmt: skip


def are_at_fault(call: FailedCall) -> bool:
    """Whether the error is about the types of the arguments."""
    text = str(call.error)
    return any(part in text for part in _SAYS)


def explain(meeting: Meeting) -> None:
    """The type of each argument and where it comes from; the conversion that fits."""
    tensors = meeting.call.tensors
    told = (f"{meeting.called(argument)} is {argument.type_name}{_from(meeting, argument)}" for argument in tensors)
    meeting.why.append(", ".join(told))
    index = _INDICES.get(meeting.call.name)
    owned = next((argument for argument in tensors if argument.owner and argument.dtype.is_floating_point), None)
    for argument in tensors:
        if argument.role == index:
            _convert(meeting, argument, torch.int64)
        elif index is None and owned is not None and not argument.owner and argument.dtype != owned.dtype:
            _convert(meeting, argument, owned.dtype)
            if argument.dtype.is_floating_point:
                meeting.suggest(f"the module in the type of its input: .to({argument.dtype})")


def short_type(dtype: torch.dtype) -> str:
    """A type as ``--input`` takes it: ``"i64"``."""
    return _SHORT.get(dtype, str(dtype).removeprefix("torch."))


def _from(meeting: Meeting, argument: Argument) -> str:
    origin = "" if argument.owner else meeting.whole(argument).partition(" of ")[2]
    return f" ({origin})" if origin else ""


def _convert(meeting: Meeting, argument: Argument, dtype: torch.dtype) -> None:
    """Another type of an argument: given so, where it is an input, else converted."""
    fits = meeting.call.tried({argument.role: replace(argument, dtype=dtype)}) is not None
    if meeting.trail.kinds.get(argument.value) == "input":
        shape = sizes(argument.shape) if argument.shape else "scalar"
        meeting.suggest(f"--input {argument.value}:{shape}:{short_type(dtype)}", fits=fits)
    name = meeting.name_of(argument)
    text = f"{name} as {dtype}: .to({dtype})" if " " in name else f"{name}.to({dtype}) before it"
    meeting.suggest(text, fits=fits and bool(name))
