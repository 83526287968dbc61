"""Runs a module on tensors without numbers and writes down what it does.

Composite operators (linear, attention, LSTM, normalisation) arrive whole, because dispatch starts below the layer that
would take them apart. An operator with a rule is recorded and its result is an empty meta tensor of the shape that our
own rule gives; one without is taken apart if it is composite, else PyTorch's meta kernel says the shape and the node is
listed as unknown. Tensors that do not depend on the input are computed for real while they are small, so that branches
and sizes taken from them are right.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nested._internal.nested_tensor import NestedTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from netweight.errors import ShapeError
from netweight.sources.torch.autocast import Autocast, in_region
from netweight.sources.torch.beside import Beside, bind_views
from netweight.sources.torch.constants import tensors_in, with_tensors
from netweight.sources.torch.faults.failed_call import failed_call
from netweight.sources.torch.growth import without_numbers
from netweight.sources.torch.known_numbers import PRODUCTS
from netweight.sources.torch.operators import Operator, asks_for, operator_of, run_on_zeros
from netweight.sources.torch.own_operators import counted
from netweight.sources.torch.recorder import SMALL, Recorder
from netweight.sources.torch.refused_types import refuse
from netweight.sources.torch.sparse.follow import SparseCalls
from netweight.sources.torch.sparse.met import SparseMetError
from netweight.sources.torch.unintercepted import UNSEEN
from netweight.sources.torch.writes import write

_OF_THE_OBJECT = {"detach_", "squeeze_", "unsqueeze_", "transpose_", "t_", "swapaxes_", "swapdims_"}
_META = torch.device("meta")
_CPU = torch.device("cpu")


class Dispatch(TorchDispatchMode):
    """The mode in which every operator that a program calls is recorded.

    Attributes:
        recorder: What rules record with.
    """

    supports_higher_order_operators = True

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self._recording = recorder.recording
        self._draws = recorder.draws
        self._own_rules = recorder.own_rules
        self._places = recorder.places
        self._autocast = Autocast(recorder.device, self._converted)
        self._beside = Beside(recorder, self._apply)
        self._sparse = SparseCalls(recorder)
        self._refused: tuple[Any, str] = (None, "")

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # True would wrap every call of ours for a compiler that does not run

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if types and NestedTensor in types:
            return NotImplemented  # it calls the operator on what it packs
        kwargs = kwargs or {}
        if self._places.looked_at:
            return self._placed(func, types, args, kwargs)
        result = None
        if in_region():
            func, args, kwargs, result = self._in_region(func, args, kwargs)
        operator = operator_of(func)
        try:
            if result is None:
                with UNSEEN():
                    result = self._sparse.follow(operator, args, kwargs) if self._sparse.met else None
                    result = self._follow(operator, args, kwargs) if result is None else result
            if result is NotImplemented:
                result = self._taken_apart(operator, args, kwargs)
            if result is NotImplemented:
                with UNSEEN():
                    result = self._unknown(operator, args, kwargs)
        except SparseMetError as error:
            result = self._sparse_met(error, func, types, args, kwargs)
        except Exception as error:
            self._failed(error, operator, args, kwargs, self._recording.before_site())
            raise
        return result

    def _sparse_met(self, error: SparseMetError, func: Any, types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Result of the operator that met the first sparse tensor; from then on they are followed."""
        if self._sparse.met:
            raise error
        self._sparse.met = True
        return Dispatch.__torch_dispatch__(self, func, types, args, kwargs)

    def _in_region(self, func: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any, dict[str, Any], Any]:
        """The call that autocast makes of a call, and NotImplemented if it takes it apart, else None."""
        with UNSEEN():
            func, args, kwargs = self._autocast.call(func, args, kwargs)
        return func, args, kwargs, NotImplemented if self._autocast.takes_apart(func) else None

    def _placed(self, func: Any, types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """The same, where tensors may lie on several devices."""
        try:
            with UNSEEN():
                place = self._places.meet(func, args, kwargs, self.recorder.module_calls.site)
        except RuntimeError as error:
            self._failed(error, operator_of(func), args, kwargs, len(self._recording.nodes))
            raise
        with self._places.in_parts():
            result = Dispatch.__torch_dispatch__(self, func, types, args, kwargs)
        self._places.came(result, args, place)
        return result

    def _failed(self, error: Exception, operator: Operator, args: Any, kwargs: dict[str, Any], known: int) -> None:
        """Remember the outermost operator that an error comes through; ``known`` operators came before it."""
        before = self.recorder.failed
        if before is not None and before.error is error:
            known = min(known, before.known)
        if self._refused[0] is self._recording.site:
            self._recording.take_back(self._refused[1])
            self._refused = (None, "")
        with UNSEEN():
            self.recorder.failed = failed_call(
                error, operator.name, operator.func, args, kwargs, self._recording, known, self._places
            )

    def _taken_apart(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Result of the operators that a composite one calls; NotImplemented if it calls none."""
        if not operator.composite:
            return NotImplemented
        known = len(self._recording.nodes)
        try:
            return self._decomposed(operator, args, kwargs, known)
        except Exception as error:
            self._failed(error, operator, args, kwargs, known)
            raise

    def _decomposed(self, operator: Operator, args: Any, kwargs: dict[str, Any], known: int) -> Any:
        """Result of what it is made of; weights lie on meta where it refuses several devices."""
        try:
            with self._autocast.inside(operator.func), self:
                return operator.func.decompose(*args, **kwargs)
        except RuntimeError:
            tensors = tensors_in(args, kwargs)
            if len(self._recording.nodes) > known or len({tensor.is_meta for tensor in tensors}) < 2:
                raise
        alike = {id(tensor): self.recorder.known_shadow(tensor) for tensor in tensors}
        with self._autocast.inside(operator.func), self:
            return operator.func.decompose(*with_tensors(args, alike), **with_tensors(kwargs, alike))

    def _converted(self, tensor: Tensor, dtype: torch.dtype) -> Tensor:
        """The tensor in another element type, as if the program had asked for it."""
        result: Tensor = self._follow(operator_of(torch.ops.aten.to.dtype), (tensor, dtype), {})
        return result

    def _follow(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Compute what depends on no input, record by rule what does; NotImplemented where no rule takes the call."""
        first = args[0] if args else None
        if not (isinstance(first, Tensor) and first.is_meta):  # which most calls settle
            tensors = tensors_in(args, kwargs)
            if not any(map(self.recorder.is_symbolic, tensors)) and not self._writes_recorded(operator, args, kwargs):
                # ``torch.tensor`` has just made what ``lift_fresh`` gets: it stands for nothing yet.
                followed = operator.name != "lift_fresh" and any(map(self._recording.is_followed, tensors))
                if followed and operator.is_only_taken_apart:
                    return NotImplemented
                for target in operator.targets(args, kwargs) if operator.writes else ():
                    fed = operator.follows_plain and any(map(self._recording.is_fed, tensors))
                    self._recording.keep_numbers(target, adopt=fed)
                result = self._constant(operator, tensors, args, kwargs)
                if operator.name != "detach_" and (operator.writes or operator.name in PRODUCTS or followed):
                    self._beside.record(operator, tensors, args, kwargs, result)
                return result
        self._recording.site = self.recorder.module_calls.site()
        return self._by_rule(operator, args, kwargs)

    def _by_rule(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Record what depends on an input, by a rule of the user's if he has one."""
        if self._own_rules and (own := self._own_rules.get(operator.full_name)) is not None:
            return counted(self.recorder, own, operator, args, kwargs)
        if operator.rule is None:
            return NotImplemented
        if operator.doubts_types is not None and operator.doubts_types(args, kwargs):
            refuse(operator.func, args, kwargs)
        try:
            return self._apply(operator, args, kwargs)
        except ShapeError as refused:  # either PyTorch refuses the call as well, or it takes more than the table
            if not operator.composite:  # else what it is made of is
                self._refused = (self._recording.site, f"{operator.name} is not followed: {refused}")
                self._recording.note(self._refused[1])
                if operator.is_of_windows and sum(tensor.numel() for tensor in tensors_in(args, kwargs)) <= SMALL:
                    refuse(operator.func, args, kwargs)
            return NotImplemented

    def _apply(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Record by rule; what works in place or into ``out=`` writes the result where it belongs."""
        assert operator.rule is not None
        self.recorder.overload = None if operator.out else operator.func
        if not operator.writes:
            return operator.rule(self.recorder, *args, **kwargs)
        # The rule of an operator that writes arguments beside its result, as an observer does, writes them itself.
        targets = operator.targets(args, kwargs) if operator.follows_plain else []
        if operator.out:
            kwargs = {name: value for name, value in kwargs.items() if name not in operator.out}
        for target in targets:
            if not target.is_meta:
                self._record_writes_to(target)
        result = operator.rule(self.recorder, *args, **kwargs)
        if result is NotImplemented or not targets or any(target is result for target in targets):
            return result
        if operator.name in _OF_THE_OBJECT:
            return self._change_object(operator, targets[0], result, args, kwargs)
        for target, made in zip(targets, result if isinstance(result, tuple) else (result,), strict=False):
            write(self._recording, target, made)
        return targets[0] if len(targets) == 1 else tuple(targets)

    def _constant(self, operator: Operator, tensors: list[Tensor], args: Any, kwargs: dict[str, Any]) -> Any:
        """Nothing depends on the input: compute it, so that what the program decides by it is right."""
        func = operator.func
        if not tensors and asks_for(args, kwargs) > SMALL:
            return self.recorder.constant(func(*args, **{**kwargs, "device": _META}))
        if (large := without_numbers(self.recorder, operator, tensors, args, kwargs)) is not None:
            return large
        # The device of a symbolic tensor is not a place for numbers: mask.to(x.device) keeps them.
        if kwargs.get("device") is not None and torch.device(kwargs["device"]).type == "meta":
            kwargs = {**kwargs, "device": _CPU}
        args = [_CPU if isinstance(value, torch.device) and value.type == "meta" else value for value in args]
        result = self._recording.constants.compute(func, operator.rule, operator.targets(args, kwargs), args, kwargs)
        if operator.seeded or self._draws.live:
            self._draws.see(operator.name, operator.seeded, tensors, args, result)
        return result

    def _writes_recorded(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> bool:
        """Whether constants are written that the graph has read already, by what cannot be recorded beside numbers."""
        if not operator.writes or operator.name == "detach_":  # which ends every tensor that is spelled out
            return False
        if operator.follows_plain and operator.name not in _OF_THE_OBJECT:
            return False
        return any(map(self._recording.holds, operator.targets(args, kwargs)))

    def _record_writes_to(self, target: Tensor) -> None:
        """From now on a constant, and its views, hold values of the graph."""
        memory = self._recording.constants.memory(target)
        if memory in self.recorder.written:
            return
        self.recorder.written[memory] = (
            target.untyped_storage()
        )  # the memory, not the tensor, which the program may let go of
        bind_views(self.recorder, target)

    def _change_object(self, operator: Operator, target: Tensor, view: Tensor, args: Any, kwargs: Any) -> Tensor:
        """``squeeze_`` and its like change the shape of the tensor object, and nothing that is stored."""
        if not target.is_meta and operator.name != "detach_":
            raise NotImplementedError(f"{operator.name} on a tensor with numbers that the network writes")
        with torch._C._DisableTorchDispatch():
            operator.func(*args, **kwargs)
        self._recording.mirror(target, view)
        return target

    def _unknown(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """No rule: PyTorch's meta kernel, or a small real run, says the shapes; the node is listed as unknown."""
        tensors = tensors_in(args, kwargs)
        if self._sparse.met and (result := self._sparse.unknown(operator, args, kwargs)) is not None:
            return result
        try:
            result = self.recorder.native(operator.func, *args, **kwargs)
        except (NotImplementedError, RuntimeError):
            if sum(tensor.numel() for tensor in tensors) > SMALL:
                raise
            result = run_on_zeros(operator.func, args, kwargs)
        outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        shadows = {id(self.recorder.shadow(tensor)): tensor for tensor in tensors}
        fresh = [tensor for tensor in outputs if id(tensor) not in shadows]
        name = operator.unknown_name
        if fresh:
            self._recording.record(name, None, tensors, fresh)
            memory = {self.recorder.shadow(tensor).untyped_storage()._cdata for tensor in tensors}
            if any(tensor.untyped_storage()._cdata in memory for tensor in fresh):
                self._recording.note(
                    f"{name} gives a view: what is written through it later is not followed", guess=True
                )
        for tensor in outputs:
            if id(tensor) in shadows:
                self._recording.record(name, None, tensors, [stand_in := torch.empty_like(tensor)])
                write(self._recording, shadows[id(tensor)], stand_in)
        return tree_map(lambda leaf: shadows.get(id(leaf), leaf), result)
