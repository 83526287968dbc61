"""An operator, a function or a module of the user's, called once for real: what it gives, keeps and differentiates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from netweight.errors import UsageError
from netweight.ir import TensorSpec
from netweight.sources.torch.dtypes import spec_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What a call did.

    Attributes:
        outputs: Specs of the tensors that it gave, those that it was given left out.
        saved: What autograd keeps of its arguments and results: by their names, ``"y"`` for the first result.
        saved_bytes: Bytes of what autograd keeps besides.
        gradients: Arguments and parameters that have a gradient; None if the call has no backward.
    """

    outputs: tuple[TensorSpec, ...]
    saved: frozenset[str]
    saved_bytes: int
    gradients: frozenset[str] | None


class Called(nn.Module):
    """A model that does nothing but to call one thing with the tensors that it is given, and settings of its own."""

    def __init__(self, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        super().__init__()
        leaves, self._form = tree_flatten((tuple(args), dict(kwargs)))
        self._settings = [None if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        self._places = [at for at, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
        self.tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        self.target = target if isinstance(target, nn.Module) else None
        self._function = _callable(target)

    def forward(self, *tensors: Tensor) -> Any:
        """What it gives for other tensors with the same settings."""
        leaves = list(self._settings)
        for at, tensor in zip(self._places, tensors, strict=True):
            leaves[at] = tensor
        args, kwargs = tree_unflatten(leaves, self._form)
        return self._function(*args, **kwargs)

    def for_real(self, names: Sequence[str]) -> Seen:
        """One call on copies of the tensors, and its backward.

        Args:
            names: What each tensor is called; parameters are called as the module has them.
        """
        tensors = [tensor.detach().clone() for tensor in self.tensors]
        for tensor in tensors:
            tensor.requires_grad_(tensor.is_floating_point())
        named = {**dict(zip(names, tensors, strict=True)), **_state(self.target)}
        kept: list[Tensor] = []

        def keep(tensor: Tensor) -> Tensor:
            kept.append(tensor)
            return tensor

        given = [tensor.view_as(tensor) if tensor.requires_grad else tensor for tensor in tensors]  # may be written
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = self(*given)
        taken = {id(tensor) for tensor in (*tensors, *given)}
        fresh = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and id(leaf) not in taken]
        places = {_memory(tensor): name for name, tensor in named.items()}
        places.update({_memory(tensor): f"y{at or ''}" for at, tensor in enumerate(fresh)})
        others = {_memory(tensor): tensor for tensor in kept if _memory(tensor) not in places}
        return Seen(
            outputs=tuple(map(spec_of, fresh)),
            saved=frozenset(places[_memory(tensor)] for tensor in kept if _memory(tensor) in places),
            saved_bytes=sum(spec_of(tensor).nbytes for tensor in others.values()),
            gradients=_gradients(fresh, named),
        )


def _callable(target: Any) -> Callable[..., Any]:
    """What is called: an operator by its name, ``apply`` of a function, a module."""
    if isinstance(target, nn.Module):
        return target
    if isinstance(target, str):
        library, _, name = target.partition("::")
        found = getattr(getattr(torch.ops, library), name, None)
        if found is None:
            raise UsageError(f"rule: expected an operator that PyTorch has, got {target!r}", fix="import what makes it")
        operator: Callable[..., Any] = found
        return operator
    return partial(_applied, target)


def _applied(function: Any, *args: Any) -> Any:
    """What a function gives; ``apply`` is looked up here, as a capture follows it while it runs."""
    return function.apply(*args)


def _state(module: nn.Module | None) -> dict[str, Tensor]:
    return {} if module is None else {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _gradients(outputs: Sequence[Tensor], named: Mapping[str, Tensor]) -> frozenset[str] | None:
    """Names of what has a gradient; None if there is no backward."""
    moving = [output for output in outputs if output.requires_grad]
    asking = {name: tensor for name, tensor in named.items() if tensor.requires_grad}
    if not moving or not asking:
        return None
    try:
        found = torch.autograd.grad(
            moving, list(asking.values()), [torch.ones_like(output) for output in moving], allow_unused=True
        )
    except (RuntimeError, NotImplementedError) as error:
        if "no autograd formula" not in str(error):
            raise
        return None
    return frozenset(name for name, grad in zip(asking, found, strict=True) if grad is not None)
