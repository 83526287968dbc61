"""Operators that run the functions they are given: once, for each element, or as long as something holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from netweight.errors import CaptureError
from netweight.sources.torch.higher_order.trial import work_of
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN


def cond(rec: Recorder, pred: Any, true_fn: Any, false_fn: Any, operands: Any = ()) -> Any:
    """``cond(pred, true_fn, false_fn, operands)``: where data decide, the function that does more."""
    holds = _known(rec, pred)
    if holds is None:
        holds = work_of(rec, true_fn, operands) >= work_of(rec, false_fn, operands)
        rec.guess(f"of the two functions of a condition, the one with more work is taken: {holds}")
    return (true_fn if holds else false_fn)(*operands)


def while_loop(
    rec: Recorder, cond_fn: Any, body_fn: Any, carried_inputs: Any, additional_inputs: Any = (), **_named: Any
) -> Any:
    """``while_loop(cond_fn, body_fn, carried_inputs, additional_inputs)``: one round where data decide."""
    carried = tuple(carried_inputs)
    while True:
        goes_on = _known(rec, cond_fn(*carried, *additional_inputs))
        if goes_on is None:
            rec.guess("a loop that ends when data say so is taken to run once")
        elif not goes_on:
            return carried
        made = body_fn(*carried, *additional_inputs)
        carried = tuple(made) if isinstance(made, list | tuple) else (made,)
        if goes_on is None:
            return carried


def scan(rec: Recorder, combine_fn: Any, init: Any, xs: Any, additional_inputs: Any = ()) -> Any:
    """``scan(combine_fn, init, xs, additional_inputs)`` along the first dimension of ``xs``."""
    carried, rows = list(init), []
    for at in range(xs[0].shape[0]):
        made = list(combine_fn(*carried, *[x[at] for x in xs], *additional_inputs))
        carried, row = made[: len(carried)], made[len(carried) :]
        rows.append(row)
    return [*carried, *(torch.stack(column) for column in zip(*rows, strict=True))]


def map_each(rec: Recorder, function: Any, xs: Any, others: Any = ()) -> Any:
    """``map_impl(f, xs, pos_args)`` along the first dimension of ``xs``."""
    made = [tree_flatten(function(*[x[at] for x in xs], *others)) for at in range(xs[0].shape[0])]
    columns = zip(*(leaves for leaves, _ in made), strict=True)
    return tree_unflatten([torch.stack(column) for column in columns], made[0][1])


def out_dtype(_rec: Recorder, op: Any, dtype: torch.dtype, *args: Any) -> Any:
    """``out_dtype(op, dtype, *args)``: the operator on what is of that type already."""
    if op is torch.ops.aten.mm.default and dtype == torch.int32:
        return torch._int_mm(*args)
    return op(*[value.to(dtype) if isinstance(value, Tensor) else value for value in args])


def hints_wrapper(_rec: Recorder, body: Any, args: Any, kwargs: Any, hints: Any) -> Any:
    """``hints_wrapper(body, args, kwargs, hints)``."""
    return body(*args, **kwargs, hints=hints)


def _known(rec: Recorder, pred: Any) -> bool | None:
    """Whether a condition holds; None where that depends on the input."""
    if not isinstance(pred, Tensor):
        return bool(pred)
    with UNSEEN(), torch._C._DisableTorchDispatch():
        numbers = rec.numbers(pred)
        if numbers is None:
            return None
        holds = bool(numbers)
        rec.suppose(pred, f"a condition on a tensor is taken to be {holds}")
        return holds


def _alone(at: int) -> Callable[..., Any]:
    """A body that runs once, with all that comes after it and after what describes it."""

    def run(rec: Recorder, *args: Any, **_settings: Any) -> Any:
        places = [place for place, value in enumerate(args) if callable(value) and not isinstance(value, Tensor)]
        if not places:
            raise CaptureError("capture: expected a higher-order operator with a function to follow, got none")
        operands = args[places[0] + at + 1 :]
        if len(operands) == 1 and isinstance(operands[0], list | tuple):
            operands = tuple(operands[0])
        return args[places[0]](*operands)

    return run


BODIES: Mapping[str, Callable[..., Any]] = {
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    "map_impl": map_each,
    "invoke_subgraph": _alone(1),
    "strict_mode": _alone(0),
    "out_dtype": out_dtype,
    "hints_wrapper": hints_wrapper,
}
