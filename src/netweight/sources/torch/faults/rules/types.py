"""Element types that do not meet."""

from __future__ import annotations

from netweight.sources.torch.faults.failed_call import Argument, FailedCall
from netweight.sources.torch.faults.meeting import Meeting

_SAYS = ("dtype", "scalar type", "should be the same", "same data type", "used as indices", "boolean mask")


def are_at_fault(call: FailedCall) -> bool:
    """Whether the error is about the types of the arguments."""
    text = str(call.error)
    return any(part in text for part in _SAYS)


def explain(meeting: Meeting) -> None:
    """The type of each argument and where it comes from; the conversion that fits."""
    tensors = meeting.call.tensors
    told = (f"{meeting.called(argument)} is {argument.type_name}{_from(meeting, argument)}" for argument in tensors)
    meeting.why.append(", ".join(told))
    owned = next((argument for argument in tensors if argument.owner and argument.dtype.is_floating_point), None)
    for argument in tensors:
        if argument.owner or owned is None or argument.dtype == owned.dtype:
            continue
        _convert(meeting, argument, owned)


def _from(meeting: Meeting, argument: Argument) -> str:
    origin = "" if argument.owner else meeting.whole(argument).partition(" of ")[2]
    return f" ({origin})" if origin else ""


def _convert(meeting: Meeting, argument: Argument, owned: Argument) -> None:
    if meeting.call.name in ("embedding", "embedding_bag"):
        return meeting.suggest("whole numbers: x.long(), or --input NAME:SHAPE:i64")
    meeting.suggest(f"{meeting.variable(argument)}.to({owned.dtype}) before it")
    if argument.dtype.is_floating_point:
        meeting.suggest(f"the module in the type of its input: .to({argument.dtype})")
    return None
