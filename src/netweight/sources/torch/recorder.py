"""What rules record with: operators of the table and views, on tensors without numbers."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from netweight.errors import CaptureError, RuleError
from netweight.ir import TensorSpec
from netweight.ops.move.layout import ReshapeAttrs
from netweight.ops.table import REGISTRY
from netweight.own_rules.table import in_force
from netweight.sources.torch.draws import Draws
from netweight.sources.torch.dtypes import spec_of, torch_dtype
from netweight.sources.torch.even_choices import EvenChoices
from netweight.sources.torch.experts import Experts
from netweight.sources.torch.faults.failed_call import FailedCall
from netweight.sources.torch.known_numbers import MADE_UP, READ
from netweight.sources.torch.module_calls import ModuleCalls
from netweight.sources.torch.places import Places
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.site import Site
from netweight.sources.torch.sparse.met import check_dense
from netweight.sources.torch.strides import empty, layout_of
from netweight.sources.torch.writes import write

aten = torch.ops.aten

SMALL = 1 << 22
"""Elements up to which numbers are computed, not followed."""
_ENDLESS = 1000
_OF_ZEROS = "a size follows from the numbers of an input that has none, which are taken to be zeros,"
_VIEWS: dict[str, Callable[[Any, Any], tuple[Any, ...]]] = {
    "reshape": lambda x, attrs: (aten.reshape, x, list(attrs.shape)),
    "permute": lambda x, attrs: (aten.permute, x, list(attrs.order)),
    "expand": lambda x, attrs: (aten.expand, x, list(attrs.shape)),
    "slice": lambda x, attrs: (aten.slice, x, attrs.dim, attrs.start, attrs.stop, attrs.step),
}
_META = torch.device("meta")
_DENSE = torch.strided
_CPU = torch.device("cpu")


class Recorder:
    """Records what rules say, and makes the tensors that stand for the results.

    Attributes:
        recording: What has been recorded.
        module_calls: Where the program is.
        device: Where the program is told that its tensors lie.
        places: Where the tensors lie that lie elsewhere.
        packed: Weights of quantised layers, by module.
        overload: The overload whose rule is running, None where its ``out=`` form was called.
        written: Constants of the graph that the program has written, by their memory: from then on they hold values.
        following: The mode that sees functions of the program; a rule that calls such functions enters it.
        failed: The last call of an operator that raised.
        autograd_wanted: Whether the program asked for gradients where there is no autograd.
        sized: Places of operators the sizes of whose results were supposed, and what was supposed.
        under_autograd: Whether autograd runs above it.
        draws: Constants that the program drew.
        experts: Mixtures of experts of the model.
        choices: Numbers that follow from choices among experts.
        own_rules: Rules of the user's.
        mistake: The first error in one of them, which the program may have caught.
    """

    def __init__(self, recording: TensorRecording, module_calls: ModuleCalls, device: torch.device = _CPU) -> None:
        self.recording = recording
        self.module_calls = module_calls
        self.device = device
        self.places = Places(device)
        self.packed: dict[str, list[tuple[Tensor, Tensor | None]]] = {}
        self.overload: Any = None
        self.written: dict[int, Any] = {}
        self.following: Any = None
        self.autograd_wanted = False
        self.failed: FailedCall | None = None
        self.own_rules = in_force()
        self.mistake: RuleError | None = None
        self.under_autograd = False
        self.draws = Draws(recording)
        self._shadows: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}
        self._guesses: Counter[tuple[int, str]] = Counter()
        self.sized: list[tuple[int, str]] = []
        self.experts = Experts(recording, module_calls)
        self.choices = EvenChoices(recording, self.experts)

    def spec(self, tensor: Tensor) -> TensorSpec:
        """Shape and element type."""
        return spec_of(tensor)

    def number(self, value: complex, like: Tensor) -> Tensor:
        """A constant of no dimensions in the type of a tensor."""
        return torch.tensor(value, dtype=like.dtype)

    def op(
        self, name: str, attrs: Any, *tensors: Tensor | None, like: Tensor | Sequence[Tensor] | None = None,
        order: tuple[int, ...] | None = None,
    ) -> Any:  # fmt: skip
        """Record an operator of the table; its results are new meta tensors, or a view of the input.

        They lie in memory as ``order`` or ``like`` says, without these as ``layout_of`` says of the operator.

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
        if like is None and order is None and tensors:
            like, order = layout_of(definition, attrs, tensors)
        if isinstance(specs, TensorSpec):
            result = empty(specs.shape, torch_dtype(specs.dtype), like, order)
            recording.record_one(name, attrs, names, specs, result)
            return result
        specs = specs[: len(specs) - len(definition.extras)]
        made = [
            empty(spec.shape, torch_dtype(spec.dtype), like, order if _is_laid(spec, at, order) else None)
            for at, spec in enumerate(specs)
        ]
        recording.record_call(name, attrs, names, specs, made)
        return made[0] if len(made) == 1 else tuple(made)

    def over(self, name: str, attrs: Any, *tensors: Tensor, at: int = 0) -> Tensor:
        """Record an operator of each element, whose result is written over one of its tensors."""
        write(self.recording, tensors[at], self.op(name, attrs, *tensors, like=tensors[at]))
        return tensors[at]

    def _viewed(self, name: str, attrs: Any, x: Tensor | None) -> Tensor:
        """Record a view operator; PyTorch's own kernel says whether the result shares memory."""
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
        if self.overload is not None and func is self.overload.overloadpacket:
            func = self.overload  # which one is meant is known already
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
        self.recording.constants.give(tensor)
        return tensor

    def guess(self, text: str, *, steers: bool = True) -> None:
        """Say that a value which depends on data was assumed; a size alone does not ``steer`` the program.

        Raises:
            CaptureError: If it is the thousandth at the same line in one call of a module: a loop that the guess
                keeps alive.
        """
        site = self.module_calls.site()
        self.recording.note(f"{text} in {self.module_calls.current or 'the model'} ({site.origin})", guess=True)
        if steers:
            self._count(site)

    def _count(self, site: Site) -> None:
        self._guesses[site.call, site.origin] += 1
        if self._guesses[site.call, site.origin] >= _ENDLESS:
            raise CaptureError(f"capture: expected the loop at {site.origin} to end, got {_ENDLESS} rounds of a guess")

    def numbers(self, tensor: Tensor) -> Tensor | None:
        """Numbers of a tensor: its own, or those that follow from weights and from choices taken to be even."""
        if tensor.is_meta:
            return self.choices.numbers(tensor)
        if self.written and self.recording.constants.memory(tensor) in self.written:
            return None
        return self.recording.constants.numbers(tensor)

    def suppose(self, tensor: Tensor, text: str, *, sizes: bool = False) -> None:
        """As ``guess``, of the numbers of a tensor: no guess where they are known, or where experts are chosen evenly.

        Where only ``sizes`` of the next operator's results follow, it is a guess if floating work follows from these.

        Raises:
            CaptureError: As ``guess``.
        """
        if self.choices.are_none(tensor) if tensor.is_meta else self.numbers(tensor) is not None:
            if self.recording.given:
                self.recording.note(READ)
            if sizes and self.recording.is_given(tensor) == MADE_UP:
                self.sized.append((len(self.recording.nodes), self._placed(_OF_ZEROS)))
            return
        if tensor.is_meta and self.choices.follows_from_experts(tensor):
            self._count(self.module_calls.site())
            self.experts.asked = True
        elif sizes:
            self._count(self.module_calls.site())
            self.sized.append((len(self.recording.nodes), self._placed(text)))
        else:
            self.guess(text)

    def _placed(self, text: str) -> str:
        return f"{text} in {self.module_calls.current or 'the model'} ({self.module_calls.site().origin})"

    def shadow(self, value: Any) -> Any:
        """The meta tensor that stands for a tensor with numbers; views of meta tensors stay views."""
        if not isinstance(value, Tensor):
            return _META if isinstance(value, torch.device) else value
        if value.is_meta:
            return value
        found = self._shadows.get(id(value))
        if found is None or found[0]() is not value:
            check_dense(value)
            with torch._C._DisableTorchDispatch():  # a program does not ask for it
                empty = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=_META)
            found = self._shadows[id(value)] = (weakref.ref(value), empty)
        return found[1]

    def known_shadow(self, tensor: Tensor) -> Tensor:
        """``shadow`` of a tensor, which the program may be given in its place: it holds the same value."""
        shadow: Tensor = self.shadow(tensor)
        if not self.recording.knows(shadow):
            self.recording.mirror(shadow, tensor)
        return shadow

    def is_symbolic(self, tensor: Tensor) -> bool:
        """Whether the tensor has no numbers, or may not be computed with."""
        return (
            tensor.is_meta
            or self.recording.is_parameter(tensor)
            or tensor.numel() > SMALL
            or tensor.layout is not _DENSE
            or (bool(self.written) and self.recording.constants.memory(tensor) in self.written)
            or tensor.requires_grad
        )


def _is_laid(spec: TensorSpec, place: int, order: tuple[int, ...] | None) -> bool:
    """Whether an order of dimensions holds for a result: it has that rank, and is not the third (V of an SVD)."""
    return order is not None and len(order) == len(spec.shape) and place < 2
