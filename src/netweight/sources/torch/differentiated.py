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
from typing import Any, TypeGuard

import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_map_only

from netweight.sources.torch.asking import ABOVE_AUTOGRAD
from netweight.sources.torch.constants import tensors_in
from netweight.sources.torch.dispatch import Dispatch
from netweight.sources.torch.followed_backward import followed_backward
from netweight.sources.torch.interception import HANDLERS, TAKEN_WHOLE, Interception
from netweight.sources.torch.linear_again import LinearAgain
from netweight.sources.torch.operators import Operator
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.wanting_autograd import SIGNS, is_traced

_HANDLERS = {**HANDLERS, **ABOVE_AUTOGRAD}
BELOW: Any = torch._C._AutoDispatchBelowADInplaceOrView


_WITH_STATISTICS = frozenset({
    "native_layer_norm", "native_group_norm", "native_batch_norm", "_native_batch_norm_legit", "_fused_rms_norm",
    "_batch_norm_with_update",
})  # fmt: skip
"""Kernels that return statistics for their gradients: where these are wanted, they are taken apart."""

_PRIMS = {"prims.convert_element_type": "_to_copy", "prims.div": "div", "prims.transpose": "permute"}
"""Primitive operators of decompositions by the operators of ATen that do the same."""


_CUTTING = frozenset({Tensor.detach, torch.detach, Tensor.detach_, torch.detach_, Tensor.data.__get__})


class Cuts:
    """Whether the program is cutting gradients off; autograd detaches what it saves, and follows it nevertheless."""

    asked = False

    @contextmanager
    def made(self) -> Iterator[None]:
        """A call by which the program cuts gradients off."""
        self.asked = True
        try:
            yield
        finally:
            self.asked = False


class DispatchBelowAutograd(Dispatch):
    """The mode that records what autograd calls."""

    def __init__(self, recorder: Recorder, cuts: Cuts, *, of_all: bool) -> None:
        super().__init__(recorder)
        self._cuts = cuts
        self._of_all = of_all
        self._linear = LinearAgain(recorder)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with BELOW():
            result = super().__torch_dispatch__(func, types, args, kwargs)
            return self._handed_to_autograd(func, tensors_in(args, kwargs or {}), result)

    def _follow(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        if operator.name in _WITH_STATISTICS and any(map(self._is_differentiated, tensors_in(args, kwargs))):
            return NotImplemented
        if operator.name == "detach" and not self._cuts.asked:
            return self._stand_in(args[0])
        self._recording.site = self.recorder.module_calls.site()
        layer = self._linear.layer(operator, args, kwargs)
        if layer is not NotImplemented:
            return layer
        result = super()._follow(operator, args, kwargs)
        self._linear.see(operator, args, result)
        return result

    def _is_differentiated(self, tensor: Tensor) -> bool:
        return self._is_followed() or (tensor.requires_grad and torch.is_grad_enabled())

    def _taken_apart(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """PyTorch's own decomposition, which most operators of backward passes have."""
        apart = decomposition_table.get(operator.func)
        if operator.name.startswith("prims."):
            apart = getattr(torch.ops.aten, _PRIMS.get(operator.name, operator.name.removeprefix("prims.")), None)
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
        symbolic = self._of_all or self._is_followed() or any(map(self.recorder.is_symbolic, given))

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
    """Tensors without numbers in place of those that ask for gradients: of parameters, or of all that is floating."""

    def __init__(self, *, of_all: bool = False) -> None:
        self.of_all = of_all
        self._of: dict[int, tuple[Tensor, Tensor]] = {}
        self._originals: dict[int, Tensor] = {}

    def put_into(self, modules: Iterable[torch.nn.Module]) -> None:
        """Modules have the stand-ins from now on."""
        for module in modules:
            for owned in (module._parameters, module._buffers):
                for name, tensor in owned.items():
                    if self._is_wanted(tensor):
                        owned[name] = self._made(tensor)

    def of(self, tensor: Tensor) -> Tensor:
        """What stands for a tensor: itself if nothing does."""
        found = self._of.get(id(tensor))
        if found is not None:
            return found[1]
        is_plain = (
            self.of_all and type(tensor) is Tensor and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
        )
        return self._made(tensor) if is_plain and not tensor.is_meta and self._is_wanted(tensor) else tensor

    def originals(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of the model, in place of those that stand for them."""
        return {name: self._originals.get(id(tensor), tensor) for name, tensor in tensors.items()}

    def _is_wanted(self, tensor: Tensor | None) -> TypeGuard[Tensor]:
        if _asks_for_gradients(tensor):
            return True
        return tensor is not None and self.of_all and (tensor.is_floating_point() or tensor.is_complex())

    def _made(self, tensor: Tensor) -> Tensor:
        found = self._of.get(id(tensor))
        if found is not None:
            return found[1]
        with BELOW(), torch._C._DisableTorchDispatch():
            empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        if isinstance(tensor, torch.nn.Parameter):
            empty = torch.nn.Parameter(empty, requires_grad=tensor.requires_grad)
        else:
            empty.requires_grad_(tensor.requires_grad)
        self._of[id(tensor)] = tensor, empty
        self._originals[id(empty)] = tensor
        return empty


def _asks_for_gradients(tensor: Tensor | None) -> TypeGuard[Tensor]:
    """Whether autograd may follow what a module holds; lazy modules have not made theirs."""
    if tensor is None or is_lazy(tensor):
        return False
    return isinstance(tensor, torch.nn.Parameter) or tensor.requires_grad


class InterceptionAboveAutograd(Interception):
    """The mode in which functions are seen before autograd sees them: nothing is recorded here."""

    def __init__(self, recorder: Recorder, stand_ins: StandIns, cuts: Cuts) -> None:
        super().__init__(recorder)
        self._stand_ins = stand_ins
        self._cuts = cuts

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs = tree_map_only(Tensor, self._stand_ins.of, (args, kwargs or {}))
        if func in _CUTTING:
            with self._cuts.made():
                return func(*args, **kwargs)
        if func is torch._VF._make_dual and is_traced():
            self._recorder.recording.note("torch.func.linearize is counted as what it traces, once", guess=True)
        handler = _HANDLERS.get(func)
        if handler is None or handler in TAKEN_WHOLE or func in SIGNS:
            result = func(*args, **kwargs)
            return result if not kwargs.get("requires_grad") else self._leaf(result)
        return handler(self._recorder, func, args, kwargs)

    def _leaf(self, made: Any) -> Any:
        """What the program made as a tensor that asks for a gradient."""
        if isinstance(made, Tensor) and made.is_meta and self._recorder.recording.knows(made):
            recording = self._recorder.recording
            recording.history.leaves[recording.value_of(made)] = None
        return made


@contextmanager
def under_autograd(recorder: Recorder, stand_ins: StandIns) -> Iterator[None]:
    """A program that asks for gradients, and autograd above the recorder."""
    cuts = Cuts()
    with (
        torch.enable_grad(),
        DispatchBelowAutograd(recorder, cuts, of_all=stand_ins.of_all),
        InterceptionAboveAutograd(recorder, stand_ins, cuts),
        followed_backward(recorder, under_autograd=True),
    ):
        yield
