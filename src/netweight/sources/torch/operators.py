"""PyTorch's operators: the rule of each, which arguments it writes, and whether PyTorch can take it apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._ops import HigherOrderOperator
from torch.utils._pytree import tree_map

from netweight.sources.torch.lower import RULES
from netweight.sources.torch.refused_types import doubt_of

_META = torch.device("meta")
_CPU = torch.device("cpu")


class Operator:
    """An ATen overload: its rule, and what it writes."""

    __slots__ = ("base", "composite", "doubts_types", "full_name", "func", "name", "out", "rule", "seeded", "writes")

    def __init__(self, func: Any) -> None:
        self.func = func
        if isinstance(func, HigherOrderOperator):
            self._of_functions(func)
            return
        self.full_name = func._schema.name
        namespace, _, name = self.full_name.partition("::")
        overload = func._overloadname
        self.name = name if namespace == "aten" else f"{namespace}.{name}"
        arguments = func._schema.arguments
        self.seeded = torch.Tag.nondeterministic_seeded in func.tags
        self.writes = [i for i, a in enumerate(arguments) if a.alias_info and a.alias_info.is_write]
        self.out = [a.name for a in arguments if a.is_out]
        # add_ is add that writes its first argument; __iadd__ and friends are never seen here.
        in_place = bool(self.writes) and not self.out
        self.base = self.name.removesuffix("_") if in_place else self.name
        plain = overload.removesuffix("_out").removesuffix("out")
        keys = (f"{self.name}.{overload}", self.name, f"{self.base}.{plain}", self.base)
        self.rule: Callable[..., Any] | None = next((RULES[key] for key in keys if key in RULES), None)
        self.composite = torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd")
        self.doubts_types = doubt_of(self.name, self.base)

    def _of_functions(self, func: HigherOrderOperator) -> None:
        """A higher-order operator that nobody has seen before it came here: it has no schema, and no rule."""
        self.full_name = f"higher_order::{func.name()}"
        self.name = self.base = f"higher_order.{func.name()}"
        self.writes, self.out, self.rule, self.composite = [], [], None, False
        self.doubts_types = None

    @property
    def unknown_name(self) -> str:
        """What the report calls it where there is no rule: ``aten.nonzero``, ``torchvision.nms``."""
        return self.name if "." in self.name else f"aten.{self.name}"

    @property
    def follows_plain(self) -> bool:
        """Whether it is an in-place or ``out=`` form whose rule is that of the plain form, which writes nothing."""
        return self.rule is not None and (bool(self.out) or self.base != self.name)

    @property
    def is_of_windows(self) -> bool:
        """Whether shapes alone decide if it runs, and PyTorch's meta kernel refuses less than the others."""
        return "conv" in self.base or "pool" in self.base or "upsample" in self.base or self.base.endswith("_pad2d")

    @property
    def is_only_taken_apart(self) -> bool:
        """Whether no rule takes it whole, and PyTorch takes it apart; ``where`` of a condition alone is ``nonzero``."""
        return self.composite and (self.rule is None or self.func is torch.ops.aten.where.default)

    def targets(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Tensor]:
        """Tensors that a call writes."""
        if self.out:
            return [kwargs[name] for name in self.out if kwargs.get(name) is not None]
        return [args[at] for at in self.writes if at < len(args) and isinstance(args[at], Tensor)]


_KNOWN: dict[int, Operator] = {}


def operator_of(func: Any) -> Operator:
    """The ``Operator`` of an overload, made once: reading a schema takes longer than following a call."""
    return _KNOWN.get(id(func)) or _KNOWN.setdefault(id(func), Operator(func))


def asks_for(args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    """Elements that a creating operator would make: the product of its size argument."""
    size = kwargs.get("size", args[0] if args else ())
    return math.prod(size) if isinstance(size, list | tuple) and all(isinstance(n, int) for n in size) else 0


def run_on_zeros(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Result of a kernel that has no meta form, on zeros; floating results lose their numbers again."""

    def real(value: Any) -> Any:
        if isinstance(value, Tensor) and value.device.type == "meta":
            return torch.zeros(value.shape, dtype=value.dtype)
        return _CPU if isinstance(value, torch.device) else value

    converted, named = tree_map(real, (args, kwargs))
    with torch._C._DisableTorchDispatch():
        result = func(*converted, **named)
    return tree_map(lambda leaf: leaf.to(_META) if isinstance(leaf, Tensor) else leaf, result)
