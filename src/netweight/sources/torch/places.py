"""On which device each tensor lies, as the program sees it: PyTorch refuses operators whose tensors lie on several.

What a capture computes with lies on the CPU or nowhere, whatever the program asked for. Inputs are descriptions, so
that they lie where the module does; this is home. Nothing is kept, nor looked at, until the program puts a tensor
elsewhere, or parts of the module lie elsewhere themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from netweight.sources.torch.constants import tensors_in
from netweight.sources.torch.site import Site

CPU = torch.device("cpu")
_NOT_HERE = "not linked with support"
_SEVERAL = "Expected all tensors to be on the same device, but found at least two devices, {} and {}!"
_INDEXING = (torch.ops.aten.index, torch.ops.aten.index_put, torch.ops.aten.index_put_)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies.

    Attributes:
        device: Its device, with the number of it where there may be several.
        origin: What put it there: ``"arange at net.py:12"``; empty where nothing did.
    """

    device: torch.device
    origin: str = ""


class Places:
    """Where tensors lie.

    Attributes:
        told: What the program is told when it asks.
        home: Where the module lies, and inputs with it.
        described: Whether no parameter has numbers, so that the module may lie anywhere.
        apart: Whether anything lies elsewhere.
        looked_at: Whether operators are looked at: if something does, those that the program calls, not their parts.
    """

    def __init__(self, told: torch.device) -> None:
        self.told = told
        self.home = Place(numbered(told))
        self.described = False
        self.apart = False
        self._found: Any = WeakTensorKeyDictionary()
        self.looked_at = False

    def set_out(self, modules: Collection[torch.nn.Module]) -> None:
        """Say what the module consists of: those of its parameters and buffers that do not lie at home lie apart."""
        groups = [module._parameters for module in modules if module._parameters]
        parameters = [tensor for group in groups for tensor in group.values() if tensor is not None]
        groups = [module._buffers for module in modules if module._buffers]
        buffers = [tensor for group in groups for tensor in group.values() if tensor is not None]
        self.described = not [tensor for tensor in parameters if not tensor.is_meta]
        if not self.described:
            for tensor in (*parameters, *buffers):
                if tensor.device != self.home.device:
                    self.put(tensor, Place(tensor.device, "as the module has it"))

    def of(self, tensor: Tensor) -> Place:
        """Where a tensor lies."""
        place: Place = self._found.get(tensor, self.home)
        return place

    def put(self, tensor: Tensor, place: Place) -> None:
        """Say where a tensor lies from now on."""
        if place.device != self.home.device:
            self.apart = self.looked_at = True
        if self.apart:
            self._found[tensor] = place

    def move_home(self, place: Place) -> None:
        """The program takes its inputs to a device that is not here: it takes the module to lie there."""
        self.home, self.apart, self.looked_at = place, True, True

    def meant(self, device: Any) -> torch.device:
        """The device that a program means: home if it was told so, or if the module may lie anywhere."""
        if isinstance(device, torch.device) and numbered(device) == numbered(self.told):
            return self.home.device
        found = numbered(torch.device(device))
        return self.home.device if self.described and found.type == "meta" else found

    def meet(self, func: Any, args: Any, kwargs: dict[str, Any], site: Callable[[], Site]) -> Place:
        """Where the results of an operator lie.

        Args:
            func: The operator.
            args: Its arguments.
            kwargs: Its named arguments.
            site: Says where the program calls it.

        Raises:
            RuntimeError: As PyTorch does, if its tensors lie on several devices, and it does not take that.
        """
        places = [self.of(tensor) for tensor in tensors_in(args, kwargs)]
        if not places:
            device = kwargs.get("device")
            if device is not None and device.type == "meta":  # as layers of PyTorch ask, which are told nothing else
                return self.home
            return Place(CPU, f"{func.name().rpartition('::')[2].partition('.')[0]} at {site().origin}")
        _check_positions(func, args, places[0].device, self)
        if len({place.device for place in places}) == 1:
            return places[0]
        device = self._common(func, args, kwargs)
        return next((place for place in places if place.device == device), self.home)

    def came(self, result: Any, args: Any, place: Place) -> None:
        """Results of an operator lie there; what it wrote lies where it lay."""
        given = {id(tensor) for tensor in tensors_in(args, {})}
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and id(leaf) not in given:
                self.put(leaf, place)

    @contextmanager
    def in_parts(self) -> Iterator[None]:
        """A block for an operator that has been looked at, and its parts."""
        self.looked_at = False
        try:
            yield
        finally:
            self.looked_at = True

    def _common(self, func: Any, args: Any, kwargs: dict[str, Any]) -> torch.device | None:
        """Device of the result, by PyTorch itself: it follows devices of tensors that have none."""
        devices = {self.of(tensor).device: None for tensor in tensors_in(args, kwargs)}
        said = self._said(func, args, kwargs, str)
        if isinstance(said, RuntimeError) and _NOT_HERE in str(said):  # a check that asks for the device itself
            said = self._said(func, args, kwargs, lambda device: "cpu" if device == CPU else "meta")
            if isinstance(said, RuntimeError) and "device" in str(said):
                first, second, *_ = devices
                said = RuntimeError(_SEVERAL.format(first, second))
        if isinstance(said, RuntimeError) and "device" in str(said) and _NOT_HERE not in str(said):
            raise RuntimeError(str(said))
        return said if isinstance(said, torch.device) else None

    def _said(self, func: Any, args: Any, kwargs: dict[str, Any], name: Callable[[torch.device], str]) -> Any:
        """Device of the first result, or the error, of a call on tensors that have no memory."""
        from torch._subclasses.fake_tensor import FakeTensorMode

        def there(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            return torch.empty(value.shape, dtype=value.dtype, device=name(self.of(value).device))

        try:
            with FakeTensorMode():
                result = func(*tree_map(there, args), **tree_map(there, kwargs))
        except Exception as error:  # whatever it says: most say nothing of devices
            return error
        return next((leaf.device for leaf in tree_leaves(result) if isinstance(leaf, Tensor)), None)


def _check_positions(func: Any, args: Any, device: torch.device, places: Places) -> None:
    """Refuse positions on another device than what they are positions in, and not on the CPU.

    Raises:
        RuntimeError: As PyTorch's kernels do; what follows devices lets it pass.
    """
    if getattr(func, "overloadpacket", None) not in _INDEXING:
        return
    if any(places.of(index).device not in (device, CPU) for index in args[1] if isinstance(index, Tensor)):
        raise RuntimeError(f"indices should be either on cpu or on the same device as the indexed tensor ({device})")


def numbered(device: torch.device) -> torch.device:
    """``cuda`` as ``cuda:0``: the first of its kind, where no number is given."""
    if device.index is not None or device.type in ("cpu", "meta"):
        return torch.device(device.type) if device.type == "cpu" else device
    return torch.device(device.type, 0)
