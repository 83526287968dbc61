"""Tensors on several devices."""

from __future__ import annotations

from netweight.sources.torch.faults.failed_call import Argument, FailedCall
from netweight.sources.torch.faults.meeting import Meeting

_MOVES = ("to", "cuda", "cpu")


def are_at_fault(call: FailedCall) -> bool:
    """Whether the error is about the devices of the arguments."""
    return "device" in str(call.error) and len({_device(argument) for argument in call.tensors}) > 1


def explain(meeting: Meeting) -> None:
    """The device of each argument and what put it there; the move that fits."""
    tensors = meeting.call.tensors
    told = (f"{meeting.called(argument)} is on {_device(argument)}{_from(meeting, argument)}" for argument in tensors)
    meeting.why.append(", ".join(told))
    still = [argument for argument in tensors if not _put(argument)] or [one for one in tensors if one.value]
    staying = (still or tensors)[0]
    for argument in tensors:
        if _device(argument) == _device(staying):
            continue
        if argument.owner:
            meeting.suggest(f"the module on one device: model.to({_device(staying)!r})")
        elif _put(argument):
            target = f"{meeting.variable(staying)}.device"
            made, at = _put(argument).split(" at ", 1)
            change = f".to({target}) for {made}" if made in _MOVES else f"device={target} in {made}"
            meeting.suggest(f"{change} at {at}")


def _device(argument: Argument) -> str:
    return "" if argument.place is None else str(argument.place.device)


def _put(argument: Argument) -> str:
    """What put it there, empty where nothing did."""
    return "" if argument.place is None else argument.place.origin


def _from(meeting: Meeting, argument: Argument) -> str:
    origin = _put(argument) or ("" if argument.owner else meeting.whole(argument).partition(" of ")[2])
    return f" ({origin})" if origin else ""
