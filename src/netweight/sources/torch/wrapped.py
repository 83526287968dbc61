"""Tensors that are made of others: subclasses that hold codes and scales, or one rank's share of a distributed tensor.

The network computes with what they stand for, so plain tensors of that shape and type take their place in a capture.
What they hold is how the weight is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from netweight.ir import Stored, bits_of
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.flat_shards import take_apart, whole_numel
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.sparse.two_of_four import by_rows, is_two_of_four, kept

_PLAIN = torch.Tensor.__torch_dispatch__
_PLAIN_CLASSES = frozenset({torch.Tensor, torch.nn.Parameter, type(None)})


def is_wrapped(tensor: Tensor | None) -> bool:
    """Whether a tensor is of a class that decides itself what operators do, and holds others."""
    return (
        tensor is not None
        and type(tensor).__torch_dispatch__ is not _PLAIN
        and any(True for _ in inner_tensors(tensor))
    )


def holds_wrapped(module: torch.nn.Module) -> bool:
    """Whether a parameter or buffer of a module, or below it, is one."""
    return any(map(is_wrapped, (*module.parameters(), *module.buffers())))


def inner_tensors(tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a wrapper holds, by name: those that it says, else its attributes; theirs in turn."""
    if hasattr(tensor, "__tensor_flatten__"):
        names = tensor.__tensor_flatten__()[0]
    else:
        names = [name for name, value in vars(tensor).items() if isinstance(value, Tensor)]
    for name in names:
        part = getattr(tensor, name)
        if not isinstance(part, Tensor):  # a mesh of devices
            continue
        if type(part).__torch_dispatch__ is _PLAIN:
            yield name, part
        else:
            yield from ((f"{name}.{below}", leaf) for below, leaf in inner_tensors(part))


class Unwrapped:
    """Plain tensors in place of wrappers.

    Attributes:
        stored: How each of the weights is kept, by its name.
    """

    def __init__(self) -> None:
        self.stored: dict[str, Stored] = {}
        self._plain: dict[int, tuple[Tensor, Tensor]] = {}
        self._kinds: Counter[str] = Counter()
        self._whole = self._here = self._bytes = 0
        self._ranks = 1

    def put_into(self, modules: Mapping[str, torch.nn.Module]) -> None:
        """Modules have plain tensors from now on, and hooks that gather and scatter shares of tensors are gone."""
        for flat, ranks in take_apart(modules.values()):
            self._share(whole_numel(flat), [flat], ranks)
        for path, module in modules.items():
            for owned in (module._parameters, module._buffers):
                for name, tensor in owned.items():
                    if tensor.__class__ not in _PLAIN_CLASSES and is_wrapped(tensor):
                        owned[name] = self._plain_of(tensor, f"{path}.{name}" if path else name)
        for module in modules.values() if self._whole else ():
            _leave_group(module)

    def __bool__(self) -> bool:
        """Whether anything has been replaced."""
        return bool(self._plain)

    def tell(self, recording: TensorRecording) -> None:
        """Say how weights are kept, and what figures speak of."""
        recording.stored.update(self.stored)
        for kind, count in self._kinds.items():
            recording.note(
                f"{count} weights are tensors of class {kind}: what it does before a product is in no figure"
            )
        if self._ranks > 1:
            recording.note(
                f"figures are of all {self._ranks} ranks together; of {self._whole:,} distributed parameters this rank "
                f"holds {self._here:,}, {self._bytes:,} B; what ranks send to each other is in no figure"
            )

    def _share(self, whole: int, parts: list[Tensor], ranks: int) -> None:
        """Count what this rank has of a tensor."""
        self._whole += whole
        self._here += sum(part.numel() for part in parts)
        self._bytes += sum(map(_nbytes, parts))
        self._ranks = max(self._ranks, ranks)

    def _plain_of(self, tensor: Tensor, name: str) -> Tensor:
        found = self._plain.get(id(tensor))
        if found is not None:
            return found[1]
        if is_two_of_four(tensor):
            self.stored.update(kept(tensor, name))
            self._plain[id(tensor)] = tensor, by_rows(tensor)
            return self._plain[id(tensor)][1]
        empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        if isinstance(tensor, torch.nn.Parameter):
            empty = torch.nn.Parameter(empty, requires_grad=tensor.requires_grad)
        self._plain[id(tensor)] = tensor, empty
        parts = list(inner_tensors(tensor))
        if _is_distributed(tensor):
            self._share(tensor.numel(), [part for _, part in parts], tensor.device_mesh.size())
        else:
            self._kinds[type(tensor).__name__] += 1
            self.stored[name] = stored_in(tensor.numel(), [part for _, part in parts])
        return empty


def _leave_group(module: torch.nn.Module) -> None:
    """A module is that of one device: it keeps no flat share, and nothing is sent before and after its call."""
    module._parameters.pop("_flat_param", None)
    for hooks in (module._forward_pre_hooks, module._forward_hooks):
        for key in [key for key, hook in hooks.items() if _is_of_distribution(hook)]:
            del hooks[key]


def own_inner(model: torch.nn.Module, recording: TensorRecording) -> None:
    """Tensors inside of wrappers that are left in place: the largest is the weight, and stored with the others."""
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if is_wrapped(tensor):
            parts = sorted(inner_tensors(tensor), key=lambda part: -_nbytes(part[1]))
            for at, (inside, part) in enumerate(parts):
                recording.own(part, f"{name}.{inside}", "buffer" if at else "parameter")
            kept = stored_in(tensor.numel(), [part for _, part in parts])
            recording.stored[name] = recording.stored[f"{name}.{parts[0][0]}"] = kept


def stored_in(weights: int, parts: Iterable[Tensor]) -> Stored:
    """Weights that tensors keep: the largest has them, in as many bits as it has for each."""
    by_size = sorted(parts, key=_nbytes, reverse=True)
    dtype = dtype_name(by_size[0].dtype)
    bits, rest = divmod(8 * _nbytes(by_size[0]), weights) if weights else (0, 0)
    is_packed = not rest and 0 < bits < bits_of(dtype)
    return Stored(
        dtype=f"int{bits}" if is_packed else dtype, weights=weights, nbytes=sum(map(_nbytes, by_size)),
        container=dtype if is_packed else "",
    )  # fmt: skip


def _nbytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _is_distributed(tensor: Tensor) -> bool:
    return type(tensor).__module__.startswith("torch.distributed.")


def _is_of_distribution(hook: Any) -> bool:
    return str(getattr(hook, "__module__", "")).startswith("torch.distributed.")
