"""A fault from the error that a forward raised."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from netweight.errors import text_of
from netweight.results.fault import Fault, MetTensor
from netweight.sources.size_origins import Trail
from netweight.sources.torch.faults.arguments import forward_line, inputs_that_fit, is_of_the_call, keys_wanted
from netweight.sources.torch.faults.described import described, is_of_torch
from netweight.sources.torch.faults.failed_call import Argument, FailedCall
from netweight.sources.torch.faults.lines import lines_of, own_frame
from netweight.sources.torch.faults.meeting import Meeting
from netweight.sources.torch.faults.missing import Taken
from netweight.sources.torch.faults.returned import part_before, parts_wanted
from netweight.sources.torch.faults.rules import rule_of
from netweight.sources.torch.faults.unknown import names_wanted
from netweight.sources.torch.faults.values import local_names, values_in
from netweight.sources.torch.recorder import Recorder


def fault_of(error: BaseException, recorder: Recorder, name: str, taken: Taken) -> Fault:
    """Where and why a forward raised.

    Args:
        error: What it raised.
        recorder: What was recorded until then.
        name: What the network is called.
        taken: Finds inputs that the network takes.
    """
    calls = recorder.module_calls
    layer = calls.place_of(error)
    module = calls.modules.get(layer)
    call = recorder.failed if recorder.failed is not None and recorder.failed.error is error else None
    meeting = None if call is None else _meeting(call, recorder, layer)
    why, fixes = _reasons(error, meeting, calls.modules, layer, taken)
    return Fault(
        error=type(error).__name__,
        message=text_of(error),
        layer=layer,
        kind=(described(module) if module is not None else "") if layer else name,
        op=call.name if call is not None else "",
        lines=lines_of(error) or (forward_line(module) if module is not None and is_of_the_call(error) else ()),
        tensors=() if meeting is None else tuple(_met(meeting, argument) for argument in meeting.call.tensors),
        why=tuple(why),
        fixes=tuple(fixes),
    )


def _reasons(
    error: BaseException, meeting: Meeting | None, modules: Mapping[str, nn.Module], layer: str, taken: Taken
) -> tuple[list[str], list[str]]:
    """What led to the error, and what would fit."""
    before = part_before(layer, modules) if isinstance(error, TypeError) and "not tuple" in str(error) else ([], [])
    for wanted in (keys_wanted(error), before, parts_wanted(error)):
        if wanted[0]:
            return wanted
    if meeting is not None:
        rule_of(meeting.call)(meeting)
        return meeting.why, meeting.fixes
    if is_of_the_call(error) and own_frame(error) is None and "" in modules:
        return [], inputs_that_fit(modules[""], taken)
    names, meant = names_wanted(error)
    return names or values_in(error), meant


def _meeting(call: FailedCall, recorder: Recorder, layer: str) -> Meeting:
    names = local_names(call.error, recorder.recording.bindings)
    modules = recorder.module_calls.modules
    return Meeting(call=call, trail=_trail(recorder, call), modules=modules, layer=layer, names=names)


def _trail(recorder: Recorder, call: FailedCall) -> Trail:
    recording, calls = recorder.recording, recorder.module_calls
    modules = calls.modules

    def kind_of(layer: str) -> str:
        module = modules.get(layer)
        return described(module) if module is not None and is_of_torch(module) else ""

    return Trail(
        specs=recording.specs,
        kinds=recording.kinds,
        steps=recording.nodes[: call.known],
        layer_of=lambda step: calls.calls[step.site.call].path,
        place_of=lambda step: step.site.origin if step.site.file else "",
        described=kind_of,
    )


def _met(meeting: Meeting, argument: Argument) -> MetTensor:
    return MetTensor(
        role=argument.role,
        shape=argument.shape,
        dtype=argument.type_name,
        origin=meeting.whole(argument).partition(" of ")[2],
    )
