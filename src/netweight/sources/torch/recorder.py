"""Runs a module on tensors without numbers and writes down what it does.

Composite operators (linear, attention, LSTM, normalisation) arrive whole, because dispatch starts below the layer that
would take them apart. An operator with a rule is recorded and its result is an empty meta tensor of the shape that our
own rule gives; one without is taken apart if it is composite, else PyTorch's meta kernel says the shape and the node is
listed as unknown. Tensors that do not depend on the input are computed for real while they are small, so that branches
and sizes taken from them are right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from netweight.errors import CaptureError, ShapeError
from netweight.ir import TensorSpec
from netweight.ops.move.layout import ReshapeAttrs
from netweight.ops.table import REGISTRY
from netweight.sources.torch.constants import tensors_in
from netweight.sources.torch.dtypes import spec_of, torch_dtype
from netweight.sources.torch.known_numbers import FIXED, OF_INTEGERS, PRODUCTS, READ
from netweight.sources.torch.module_calls import ModuleCalls
from netweight.sources.torch.operators import Operator, asks_for, operator_of, run_on_zeros
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.strides import LIKE_FIRST, empty, kept_order
from netweight.sources.torch.unintercepted import UNSEEN
from netweight.sources.torch.writes import write

aten = torch.ops.aten

_SMALL = 1 << 22
_ENDLESS = 1000
_RESHAPING = {"squeeze_", "unsqueeze_", "transpose_", "t_", "swapaxes_", "swapdims_"}
_OF_EACH = ("elementwise", "activation", "dropout")
_VIEWS: dict[str, Callable[[Any, Any], tuple[Any, ...]]] = {
    "reshape": lambda x, attrs: (aten.reshape, x, list(attrs.shape)),
    "permute": lambda x, attrs: (aten.permute, x, list(attrs.order)),
    "expand": lambda x, attrs: (aten.expand, x, list(attrs.shape)),
    "slice": lambda x, attrs: (aten.slice, x, attrs.dim, attrs.start, attrs.stop, attrs.step),
}
_META = torch.device("meta")
_CPU = torch.device("cpu")


class Recorder(TorchDispatchMode):
    """The dispatch mode.

    Attributes:
        recording: What has been recorded.
        module_calls: Where the program is.
        packed: Weights of quantised layers, by module.
    """

    def __init__(self, recording: TensorRecording, module_calls: ModuleCalls) -> None:
        super().__init__()
        self.recording = recording
        self.module_calls = module_calls
        self._overload: Any = None
        self._shadows: dict[int, tuple[Tensor, Tensor]] = {}
        self._written: dict[int, Tensor] = {}
        self.packed: dict[str, list[tuple[Tensor, Tensor | None]]] = {}
        self._guesses: Counter[tuple[int, str]] = Counter()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # True would wrap every call of ours for a compiler that does not run

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        operator = operator_of(func)
        with UNSEEN():
            result = self._follow(operator, args, kwargs)
        if result is NotImplemented and operator.composite:
            with self:
                result = func.decompose(*args, **kwargs)
        if result is NotImplemented:
            with UNSEEN():
                result = self._unknown(operator, args, kwargs)
        return result

    def _follow(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Compute what depends on no input, record by rule what does; NotImplemented where no rule takes the call."""
        first = args[0] if args else None
        if not (isinstance(first, Tensor) and first.is_meta):  # which most calls settle
            tensors = tensors_in(args, kwargs)
            if not any(map(self.is_symbolic, tensors)) and not self._writes_recorded(operator, args, kwargs):
                result = self._constant(operator, tensors, args, kwargs)
                if any(map(self.recording.is_fed, tensors)) or operator.name in PRODUCTS:
                    self._record_beside(operator, tensors, args, kwargs, result)
                return result
        self.recording.site = self.module_calls.site()
        if operator.rule is None:
            return NotImplemented
        try:
            return self._apply(operator, args, kwargs)
        except ShapeError as refused:  # either PyTorch refuses the call as well, or it takes more than the table
            self.recording.note(f"{operator.name} is not followed: {refused}")
            return NotImplemented

    # What rules call.

    def spec(self, tensor: Tensor) -> TensorSpec:
        """Shape and element type."""
        return spec_of(tensor)

    def over(self, target: Tensor, name: str, attrs: Any, *tensors: Tensor | None) -> Tensor:
        """Record an operator whose result is written over a tensor."""
        write(self.recording, target, self.op(name, attrs, *tensors))
        return target

    def number(self, value: complex, like: Tensor) -> Tensor:
        """A constant of no dimensions in the type of a tensor."""
        return torch.tensor(value, dtype=like.dtype)

    def op(
        self, name: str, attrs: Any, *tensors: Tensor | None, like: Tensor | Sequence[Tensor] | None = None,
        order: tuple[int, ...] | None = None,
    ) -> Any:  # fmt: skip
        """Record an operator of the table; its results are new meta tensors, or a view of the input.

        They lie in memory as ``order`` or ``like`` says; without these an operator of each element takes the layout of
        its inputs, a pool and its kind that of the picture, and any other lays its result out row by row.

        Args:
            name: Operator.
            attrs: Its attributes.
            *tensors: Its inputs, None where an optional one is left out.
            like: A tensor whose memory layout an equally shaped result takes, as elementwise kernels do; several, as
                those kernels take it from all of them.
            order: Dimensions of the result from the outermost in memory to the innermost.
        """
        definition = REGISTRY[name]
        recording = self.recording
        names = recording.names_of(tensors)
        specs = definition.shape(attrs, *recording.specs_of(names))
        if name in _VIEWS:
            return self._viewed(name, attrs, tensors[0])
        if like is None and definition.kind in _OF_EACH:
            like = tensors[0] if len(tensors) == 1 else [tensor for tensor in tensors if tensor is not None]
        elif like is None and order is None and tensors and tensors[0] is not None:
            like, order = (tensors[0], None) if name in LIKE_FIRST else (None, kept_order(name, attrs, tensors[0]))
        if isinstance(specs, TensorSpec):
            result = empty(specs.shape, torch_dtype(specs.dtype), like, order)
            recording.record_one(name, attrs, names, specs, result)
            return result
        specs = specs[: len(specs) - len(definition.extras)]
        made = [empty(spec.shape, torch_dtype(spec.dtype), like, order) for spec in specs]
        recording.record_call(name, attrs, names, specs, made)
        return made[0] if len(made) == 1 else tuple(made)

    def _viewed(self, name: str, attrs: Any, x: Tensor | None) -> Tensor:
        """What a function of the table views: PyTorch says whether that shares memory."""
        result = self.native(*_VIEWS[name](x, attrs))
        link = ReshapeAttrs(shape=tuple(result.shape)) if name == "reshape" else attrs
        return self.view(result, x, (name, link))

    def view(self, result: Tensor, source: Tensor, *links: tuple[str, Any]) -> Tensor:
        """Record view operators that lead from ``source`` to ``result``, a view that PyTorch made."""
        # A parameter with numbers is viewed through the meta tensor that stands for it.
        shares = result.untyped_storage()._cdata == self.shadow(source).untyped_storage()._cdata
        self.recording.record_view(links, source, result, shares=shares)
        return result

    def native(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call PyTorch's own kernel on tensors without numbers, unrecorded."""
        if self._overload is not None and func is self._overload.overloadpacket:
            func = self._overload  # which one is meant is known already
        converted = [value if value.__class__ is int else self._stand_in(value) for value in args]
        named = {key: self._stand_in(value) for key, value in kwargs.items()} if kwargs else kwargs
        with torch._C._DisableTorchDispatch():
            return func(*converted, **named)

    def _stand_in(self, value: Any) -> Any:
        """``shadow`` of an argument, or of each tensor in a list of them."""
        if isinstance(value, list | tuple):
            return [item if item.__class__ is int else self.shadow(item) for item in value]
        return self.shadow(value)

    def constant(self, tensor: Tensor) -> Tensor:
        """A tensor with numbers that a rule made: the program may write it."""
        self.recording.constants.add(tensor)
        return tensor

    def guess(self, text: str, *, steers: bool = True) -> None:
        """Say that a value which depends on data was assumed; a size alone does not ``steer`` the program.

        Raises:
            CaptureError: If it is the thousandth at the same line in one call of a module: a loop that the guess
                keeps alive.
        """
        site = self.module_calls.site()
        self.recording.note(f"{text} in {self.module_calls.current or 'the model'} ({site.origin})", guess=True)
        self._guesses[site.call, site.origin] += steers
        if self._guesses[site.call, site.origin] >= _ENDLESS:
            raise CaptureError(f"capture: expected the loop at {site.origin} to end, got {_ENDLESS} rounds of a guess")

    def shadow(self, value: Any) -> Any:
        """The meta tensor that stands for a tensor with numbers; views of meta tensors stay views."""
        if not isinstance(value, Tensor):
            return _META if isinstance(value, torch.device) else value
        if value.is_meta:
            return value
        found = self._shadows.get(id(value))
        if found is None or found[0] is not value:
            empty = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=_META)
            found = self._shadows[id(value)] = (value, empty)
        return found[1]

    def is_symbolic(self, tensor: Tensor) -> bool:
        """Whether the tensor has no numbers, or may not be computed with."""
        return (
            tensor.is_meta
            or self.recording.is_parameter(tensor)
            or tensor.numel() > _SMALL
            or (bool(self._written) and self.recording.constants.memory(tensor) in self._written)
        )

    def _apply(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Record by rule; what works in place or into ``out=`` writes the result where it belongs."""
        assert operator.rule is not None
        self._overload = None if operator.out else operator.func
        if not operator.writes:
            return operator.rule(self, *args, **kwargs)
        # What writes arguments beside its result, as observers do, is no plain operator in place: its rule knows.
        targets = operator.targets(args, kwargs) if operator.out or operator.base != operator.name else []
        if operator.out:
            kwargs = {name: value for name, value in kwargs.items() if name not in operator.out}
        for target in targets:
            if not target.is_meta:
                self._record_writes_to(target)
        result = operator.rule(self, *args, **kwargs)
        if result is NotImplemented or not targets or any(target is result for target in targets):
            return result
        if operator.name in _RESHAPING:
            return self._reshape_in_place(operator, targets[0], result, args, kwargs)
        for target, made in zip(targets, result if isinstance(result, tuple) else (result,), strict=False):
            write(self.recording, target, made)
        return targets[0] if len(targets) == 1 else tuple(targets)

    def _constant(self, operator: Operator, tensors: list[Tensor], args: Any, kwargs: dict[str, Any]) -> Any:
        """Nothing depends on the input: compute it, so that what the program decides by it is right."""
        func = operator.func
        if not tensors and asks_for(args, kwargs) > _SMALL:
            return func(*args, **{**kwargs, "device": _META})
        # The device of a symbolic tensor is no place for numbers: mask.to(x.device) keeps them.
        if kwargs.get("device") is not None and torch.device(kwargs["device"]).type == "meta":
            kwargs = {**kwargs, "device": _CPU}
        args = [_CPU if isinstance(value, torch.device) and value.type == "meta" else value for value in args]
        return self.recording.constants.compute(func, operator.rule, operator.targets(args, kwargs), args, kwargs)

    def _record_beside(
        self, operator: Operator, tensors: list[Tensor], args: Any, kwargs: dict[str, Any], result: Any
    ) -> None:
        """Work on an input that has numbers, and products of constants: results are in the graph, and have numbers.

        What is written in place, and integers whose count or place depends on numbers, are fixed at capture, and said
        so.
        """
        given = any(map(self.recording.is_given, tensors))
        for target in operator.targets(args, kwargs):
            self.recording.forget(target)
        results = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and not self.recording.is_fed(leaf)]
        floating = any(leaf.is_floating_point() for leaf in results)
        made: Any = NotImplemented
        if results and not operator.writes and (floating or operator.name in OF_INTEGERS):
            self.recording.site = self.module_calls.site()
            made = self._followed(operator, args, kwargs)
            if made is NotImplemented and floating:
                made = [torch.empty(leaf.shape, dtype=leaf.dtype, device=_META) for leaf in results]
                self.recording.record(operator.unknown_name, None, tensors, made)
        if made is not NotImplemented:
            parts = [leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
            for leaf, part in zip(results, parts, strict=False):
                self.recording.feed(leaf, part, given=given)
        elif given:
            self.recording.note(FIXED if results else READ, guess=bool(results))

    def _followed(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """What the rule of an operator records, NotImplemented if it has none or refuses."""
        try:
            return NotImplemented if operator.rule is None else self._apply(operator, args, kwargs)
        except ShapeError:
            return NotImplemented

    def _writes_recorded(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> bool:
        """Whether constants are written that the graph has read already: their new numbers are new values."""
        return bool(operator.writes) and any(map(self.recording.holds, operator.targets(args, kwargs)))

    def _record_writes_to(self, target: Tensor) -> None:
        """From now on a constant, and its views, hold values of the graph."""
        memory = self.recording.constants.memory(target)
        if memory in self._written:
            return
        self._written[memory] = target
        for tensor, view in self.recording.constants.views_of(target):
            made = view.rule(self, *view.args, **view.kwargs)
            for part in made if isinstance(made, list | tuple) else (made,):
                if part.shape == tensor.shape and part.storage_offset() == tensor.storage_offset():
                    self.recording.mirror(tensor, part)
                    break

    def _reshape_in_place(self, operator: Operator, target: Tensor, view: Tensor, args: Any, kwargs: Any) -> Tensor:
        """``squeeze_`` and its like change the shape of the tensor object, and nothing that is stored."""
        if not target.is_meta:
            raise NotImplementedError(f"{operator.name} on a tensor with numbers that the network writes")
        with torch._C._DisableTorchDispatch():
            operator.func(*args, **kwargs)
        self.recording.mirror(target, view)
        return target

    def _unknown(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """No rule: PyTorch's meta kernel, or a small real run, says the shapes; the node is listed as unknown."""
        tensors = tensors_in(args, kwargs)
        try:
            result = self.native(operator.func, *args, **kwargs)
        except (NotImplementedError, RuntimeError):
            if sum(tensor.numel() for tensor in tensors) > _SMALL:
                raise
            result = run_on_zeros(operator.func, args, kwargs)
        outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        shadows = {id(self.shadow(tensor)): tensor for tensor in tensors}
        fresh = [tensor for tensor in outputs if id(tensor) not in shadows]
        name = operator.unknown_name
        if fresh:
            self.recording.record(name, None, tensors, fresh)
            memory = {self.shadow(tensor).untyped_storage()._cdata for tensor in tensors}
            if any(tensor.untyped_storage()._cdata in memory for tensor in fresh):
                self.recording.note(
                    f"{name} gives a view: what is written through it later is not followed", guess=True
                )
        for tensor in outputs:
            if id(tensor) in shadows:
                self.recording.record(name, None, tensors, [stand_in := torch.empty_like(tensor)])
                write(self.recording, shadows[id(tensor)], stand_in)
        return tree_map(lambda leaf: shadows.get(id(leaf), leaf), result)
