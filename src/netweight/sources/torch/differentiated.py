"""Programs that differentiate inside their forward: PyTorch's autograd runs above the recorder.

A capture starts without autograd, because composite operators then arrive whole and fast. A program that asks for
gradients (``torch.autograd.grad``, ``loss.backward()``, ``torch.func``) stops it, and is captured again: autograd takes
composite operators apart and calls the operators of its backward pass, which reach the recorder like all others. What
asks for gradients has no numbers here, as autograd compares devices: parameters have stand-ins, and so has every
floating result that autograd may hand on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_map_only

from netweight.sources.torch.asking import ABOVE_AUTOGRAD
from netweight.sources.torch.constants import tensors_in
from netweight.sources.torch.dispatch import Dispatch
from netweight.sources.torch.interception import HANDLERS, TAKEN_WHOLE, Interception
from netweight.sources.torch.operators import Operator
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.wanting_autograd import SIGNS

_HANDLERS = {**HANDLERS, **ABOVE_AUTOGRAD}
BELOW: Any = torch._C._AutoDispatchBelowADInplaceOrView


class DispatchBelowAutograd(Dispatch):
    """The mode that records what autograd calls."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with BELOW():
            result = super().__torch_dispatch__(func, types, args, kwargs)
            return self._handed_to_autograd(func, tensors_in(args, kwargs or {}), result)

    def _taken_apart(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """PyTorch's own decomposition, which most operators of backward passes have."""
        apart = decomposition_table.get(operator.func)
        if apart is None:
            return super()._taken_apart(operator, args, kwargs)
        with self:
            return apart(*args, **kwargs)

    def _handed_to_autograd(self, func: Any, given: list[Tensor], result: Any) -> Any:
        """Results as autograd takes them: new tensors where the operator says so, without numbers if it follows them.

        A rule returns its argument where nothing is to be done; autograd would take that for the argument itself.
        """
        if func._schema.is_mutable:
            return result
        same = set(map(id, given))
        symbolic = self._is_followed() or any(map(self.recorder.is_symbolic, given))

        def handed(leaf: Tensor) -> Tensor:
            if leaf.is_meta and id(leaf) not in same:
                return leaf
            if leaf.is_meta or (symbolic and (leaf.is_floating_point() or leaf.is_complex())):
                return self._stand_in(leaf)
            return leaf

        return tree_map_only(Tensor, handed, result)

    def _stand_in(self, tensor: Tensor) -> Tensor:
        """A new tensor without numbers that holds the same value in the same memory."""
        fresh = self.recorder.native(torch.ops.aten.alias, tensor)
        self._recording.mirror(fresh, tensor)
        return fresh

    def _is_followed(self) -> bool:
        """Whether the engine of autograd is running, or a transform of ``torch.func``."""
        return torch._C._current_autograd_node() is not None or torch._C._functorch.peek_interpreter_stack() is not None


class StandIns:
    """Parameters without numbers in place of those of a model."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[Tensor, Tensor]] = {}
        self._originals: dict[int, Tensor] = {}

    def put_into(self, modules: Iterable[torch.nn.Module]) -> None:
        """Modules have the stand-ins from now on."""
        for module in modules:
            for owned in (module._parameters, module._buffers):
                for name, tensor in owned.items():
                    if _asks_for_gradients(tensor):
                        owned[name] = self._made(tensor)

    def of(self, tensor: Tensor) -> Tensor:
        """What stands for a tensor: itself if nothing does."""
        found = self._of.get(id(tensor))
        return tensor if found is None else found[1]

    def originals(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of the model, in place of those that stand for them."""
        return {name: self._originals.get(id(tensor), tensor) for name, tensor in tensors.items()}

    def _made(self, tensor: Tensor) -> Tensor:
        found = self._of.get(id(tensor))
        if found is not None:
            return found[1]
        empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        if isinstance(tensor, torch.nn.Parameter):
            empty = torch.nn.Parameter(empty, requires_grad=tensor.requires_grad)
        else:
            empty.requires_grad_(tensor.requires_grad)
        self._of[id(tensor)] = tensor, empty
        self._originals[id(empty)] = tensor
        return empty


def _asks_for_gradients(tensor: Tensor | None) -> bool:
    """Whether autograd may follow what a module holds; lazy modules have not made theirs."""
    if tensor is None or is_lazy(tensor):
        return False
    return isinstance(tensor, torch.nn.Parameter) or tensor.requires_grad


class InterceptionAboveAutograd(Interception):
    """The mode in which functions are seen before autograd sees them: nothing is recorded here."""

    def __init__(self, recorder: Recorder, stand_ins: StandIns) -> None:
        super().__init__(recorder)
        self._stand_ins = stand_ins

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs = tree_map_only(Tensor, self._stand_ins.of, (args, kwargs or {}))
        handler = _HANDLERS.get(func)
        if handler is None or handler in TAKEN_WHOLE or func in SIGNS:
            return func(*args, **kwargs)
        return handler(self._recorder, func, args, kwargs)


@contextmanager
def under_autograd(recorder: Recorder, stand_ins: StandIns) -> Iterator[None]:
    """A program that asks for gradients, and autograd above the recorder."""
    with (
        torch.enable_grad(),
        DispatchBelowAutograd(recorder),
        InterceptionAboveAutograd(recorder, stand_ins),
    ):
        yield
