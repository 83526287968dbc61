"""Operators that a rule of the user's counts: each call has in its attributes what the rule said of it.

The table does not have them. What it has of other operators, ``own_definition`` makes of the attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

from netweight.count import Count
from netweight.errors import UnsupportedOpError
from netweight.ir import TensorSpec
from netweight.ops.extent import same_position
from netweight.ops.table import COPIED, FREE, REGISTRY, WORK_KINDS, Cost, OpDef, Wanted

Terms: TypeAlias = tuple[tuple[tuple[str, int], ...], ...]
Work: TypeAlias = tuple[tuple[str, Terms], ...]
"""Operations by kind, each as the terms of a ``Count``: plain data, which a file can hold."""
Shapes: TypeAlias = tuple[tuple[tuple[int, ...], str], ...]
"""Shape and element type of tensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAttrs:
    """What a rule of the user's said of one call.

    Attributes:
        rule: What it is a rule of: ``"mylib::scale"``, ``"Scale"``.
        place: Where it was written: ``"rules.py:12"``. Like ``says``, it does not make one call differ from another.
        says: What it says of itself: the first paragraph of its docstring.
        inputs: Names of the tensors.
        outputs: The results.
        work: Operations by kind.
        saves: Names of what backward reads: inputs, ``"y"``, ``"y1"`` for the second result, and those of ``kept``.
        kept: Results that only backward reads, by name.
        backward: Work of the gradient of each input that has one, or of all together under the name ``"*"``; None if
            the rule does not say.
        settings: Arguments that are no tensors.
    """

    rule: str
    place: str = field(compare=False)
    says: str = field(default="", compare=False)
    inputs: tuple[str, ...]
    outputs: Shapes
    work: Work
    saves: tuple[str, ...] = ()
    kept: tuple[tuple[str, tuple[int, ...], str], ...] = ()
    backward: tuple[tuple[str, Work], ...] | None = None
    settings: tuple[tuple[str, Any], ...] = ()


def definition_of(call: Any) -> OpDef | None:
    """What is known of the operator of a call: by the table, else by a rule of the user's; None if nothing is.

    Args:
        call: A node, or a step that becomes one.
    """
    found = REGISTRY.find(call.op)
    return own_definition(call.attrs) if found is None and call.attrs.__class__ is OwnAttrs else found


@lru_cache(maxsize=4096)
def own_definition(attrs: OwnAttrs) -> OpDef:
    """An operator with the rules that the attributes state, for calls like this one."""
    return OpDef(
        name=attrs.rule,
        kind="custom",
        attrs=OwnAttrs,
        inputs=attrs.inputs,
        shape=_shape,
        cost=_cost,
        forward=_no_arrays,
        backward=_no_arrays,
        backward_cost=_backward_cost,
        saves=attrs.saves,
        extras=tuple(name for name, _, _ in attrs.kept),
        extent=same_position,
    )


def work_of(cost: Cost) -> Work:
    """A cost as plain data."""
    counts = ((kind, getattr(cost, kind)) for kind in WORK_KINDS)
    return tuple((kind, _terms(count)) for kind, count in counts if count)


def cost_of(work: Work) -> Cost:
    """The cost that ``work_of`` made data of.

    >>> cost_of(work_of(Cost(macs=6))).macs
    6
    """
    return Cost(**{kind: _count(terms) for kind, terms in work}) if work else FREE


def _terms(count: int) -> Terms:
    return count.terms if isinstance(count, Count) else ((("", count),),)


def _count(terms: Terms) -> Count:
    return Count(sum(prod(int(value) for _, value in term) for term in terms), terms)


def _shape(attrs: OwnAttrs, *_inputs: TensorSpec | None) -> tuple[TensorSpec, ...]:
    """What the rule says, whatever is read."""
    kept = (TensorSpec(shape, dtype) for _, shape, dtype in attrs.kept)
    return (*(TensorSpec(shape, dtype) for shape, dtype in attrs.outputs), *kept)


def _cost(attrs: OwnAttrs, *_inputs: TensorSpec | None) -> Cost:
    return cost_of(attrs.work)


def _backward_cost(attrs: OwnAttrs, wanted: Wanted, *_inputs: TensorSpec | None) -> Any:
    """Work of the gradients that are wanted; None if the rule does not say."""
    if not any(wanted):
        return FREE
    if attrs.backward is None:
        return None
    each: Mapping[str, Work] = dict(attrs.backward)
    names = [name for name, asked in zip(attrs.inputs, wanted, strict=False) if asked]
    parts = ["*"] if "*" in each else [name for name in names if name in each]
    total = sum((cost_of(each[name]) for name in parts if each[name]), FREE)
    return COPIED if total is FREE else total


def _no_arrays(attrs: OwnAttrs, *_arrays: Any, **_saved: Any) -> Any:
    raise UnsupportedOpError(
        f"run: expected an operator with a definition, got {attrs.rule}, of which a rule says what it costs",
    )
