"""Tensors that hold another value from now on, although no operator was called."""

from __future__ import annotations

from torch import Tensor

from netweight.sources.recording import Step
from netweight.sources.torch.dtypes import spec_of
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.site import Site


def detach(recording: TensorRecording, tensor: Tensor) -> str:
    """The tensor holds a view of its value, through which no gradient passes; what that is called."""
    name, binding = recording.value_of(tensor), recording.binding(tensor)
    made = recording.derived("detach", None, name, recording.storages[name])
    recording.bind(tensor, made, (*binding.chain, ("detach", None)), binding.storage)
    return made


def is_alone(recording: TensorRecording, tensor: Tensor) -> bool:
    """Whether nobody else has seen the value that a tensor holds."""
    name, own = recording.value_of(tensor), id(tensor)
    shared = any(binding.name == name for ident, binding in recording.bindings.items() if ident != own)
    return not shared and not any(name in step.inputs for step in recording.nodes)


def reconsider(recording: TensorRecording, parameter: Tensor) -> None:
    """A parameter asks for a gradient from now on, or no longer does: it is looked at again when it is read."""
    ident = id(parameter)
    if ident in recording.adopted:
        recording.changed[ident] = recording.adopted.pop(ident)
    if ident in recording.bindings:
        name = recording.value_of(parameter)
        if recording.history.again(recording, name, asks=parameter.requires_grad):
            detach(recording, parameter)


def bind_gradient(recording: TensorRecording, tensor: Tensor) -> str:
    """A tensor is no value of the network, but a gradient; what that is called."""
    name = f"%{len(recording.specs)}"
    recording.specs[name] = spec_of(tensor)
    recording.storages[name] = name
    recording.apart.add(name)
    recording.bind(tensor, name, ())
    return name


def take_from(recording: TensorRecording, start: int) -> list[Step[Site]]:
    """Operators that are taken out of the network; tensors that they made and that still live are constants to it."""
    taken = recording.nodes[start:]
    del recording.nodes[start:]
    recording.history.taken_back(start)
    recording.apart.update(name for step in taken for name in step.outputs)
    for ident in [ident for ident, binding in recording.bindings.items() if binding.name in recording.apart]:
        recording.former.append(recording.bindings.pop(ident))
    return taken
