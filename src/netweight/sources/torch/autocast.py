"""What ``torch.autocast`` does to the arguments of operators, asked of PyTorch itself.

Autocast leaves tensors on the meta device alone. So an operator is called on empty tensors that lie where the weights
do: PyTorch casts these and calls the operator again, and there the question ends. What was cast is cast in the
recording; a weight once, for as long as PyTorch keeps the result.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from netweight.sources.torch.constants import tensors_in, with_tensors

aten = torch.ops.aten

Call = tuple[Any, Any, dict[str, Any]]
"""An operator and its arguments."""

_CASTS = (aten.to.dtype, aten._to_copy.default)
_OF_PRODUCTS = (aten.einsum.default,)
"""Operators that autocast does not know, but those that they are made of: what is taken apart is cast."""


_AS_CALLED: Any = torch._C._RestorePythonTLSSnapshot
"""A context with the settings of the thread that the program has; while an operator is seen, autocast is off."""


def in_region() -> bool:
    """Whether the program is in a block of ``torch.autocast``, which may be one that switches it off."""
    torch.autocast_increment_nesting()
    return bool(torch.autocast_decrement_nesting())


class _Reached(Exception):  # noqa: N818 - the answer to a question, not an error
    """An operator as autocast calls it."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class _Asking(TorchDispatchMode):
    """Lets autocast cast, and stops the operator that it calls then.

    Attributes:
        casts: What was cast, by the ``id`` of the result: from what, and to what.
    """

    def __init__(self) -> None:
        super().__init__()
        self.casts: dict[int, tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in _CASTS:
            raise _Reached((func, args, kwargs or {}))
        result = func(*args, **kwargs or {})
        self.casts[id(result)] = args[0], result
        return result


class Autocast:
    """The arguments that operators have under autocast.

    Args:
        device: Where the program is told that its tensors lie.
        cast: Casts a tensor of the program.
    """

    def __init__(self, device: torch.device, cast: Callable[[Tensor, torch.dtype], Tensor]) -> None:
        self._device = device
        self._cast = cast
        self._key = f"Autocast{device.type.upper()}"
        self._weights: dict[int, tuple[Tensor, Tensor]] = {}
        self._kept: dict[int, tuple[Any, Tensor]] = {}

    def inside(self, func: Any) -> Any:
        """A context for what an operator is made of: autocast sees that where it does not know the operator."""
        return _AS_CALLED() if in_region() and not self._knows(func) else nullcontext()

    def takes_apart(self, func: Any) -> bool:
        """Whether an operator must be taken apart for autocast to see what it is made of."""
        return func in _OF_PRODUCTS and self._is_on() and not self._knows(func)

    def call(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Call:
        """The operator and arguments that kernels see, given those of the program."""
        tensors = tensors_in(args, kwargs)
        if not self._knows(func) or not any(tensor.is_meta for tensor in tensors):  # others have been cast already
            return func, args, kwargs
        if not self._is_on():
            return func, args, kwargs
        asked_for = {id(stand_in): (stand_in, tensor) for tensor in tensors for stand_in in [self._stand_in(tensor)]}
        by_tensor = {id(tensor): stand_in for stand_in, tensor in asked_for.values()}
        asking = _Asking()
        try:
            with _AS_CALLED(), asking:
                func(*with_tensors(args, by_tensor), **with_tensors(kwargs, by_tensor))
        except _Reached as reached:
            func, args, kwargs = reached.call
        found = {ident: tensor for ident, (_, tensor) in asked_for.items()}
        for ident, (source, result) in asking.casts.items():
            found[ident] = self._cast(asked_for[id(source)][1], result.dtype)
            if id(source) in {id(leaf) for _, leaf in self._weights.values()}:
                self._keep(result, found[ident])
        found |= {ident: tensor for ident, (_, tensor) in self._kept.items()}
        return func, with_tensors(args, found), with_tensors(kwargs, found)

    def _is_on(self) -> bool:
        with _AS_CALLED():
            return torch.is_autocast_enabled(self._device.type)

    def _knows(self, func: Any) -> bool:
        return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), self._key))

    def _stand_in(self, tensor: Tensor) -> Tensor:
        """An empty tensor of its type; a weight always has the same one, whose cast PyTorch keeps."""
        if not (tensor.requires_grad and tensor.is_leaf):
            return torch.empty(0, dtype=tensor.dtype, device=self._device)
        if id(tensor) not in self._weights:
            leaf = torch.empty(0, dtype=tensor.dtype, device=self._device, requires_grad=True)
            self._weights[id(tensor)] = tensor, leaf
        return self._weights[id(tensor)][1]

    def _keep(self, result: Tensor, cast: Tensor) -> None:
        """``cast`` is what a weight became, until PyTorch lets go of ``result``."""
        ident = id(result)
        self._kept[ident] = weakref.ref(result, lambda _: self._kept.pop(ident, None)), cast
