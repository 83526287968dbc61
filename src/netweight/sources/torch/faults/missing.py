"""Inputs for a forward that was called with too few, or too many: sizes that it takes, found by trying."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from netweight.errors import NetweightError
from netweight.ir import Filled, TensorSpec
from netweight.sources.torch.dtypes import spec_of
from netweight.sources.torch.guessing import guesses, needed_inputs
from netweight.sources.torch.solving import Attempt, Solver

_MOST = 4
"""Guesses that are tried before layers are asked one by one."""


def inputs_taken(module: torch.nn.Module, method: str, given: Any, attempt: Attempt) -> Mapping[str, TensorSpec] | None:
    """An input for each argument that a module cannot do without, those that were given as they are; None if none fit.

    Args:
        module: The module.
        method: What is called.
        given: What it was called with.
        attempt: Calls it with inputs by name.
    """
    names = needed_inputs(module, method)
    try:
        found = _accepted(module, method, names, attempt)
    except NetweightError:  # nothing tells what an input could be
        return None
    if found is None:
        return None
    kept = {**found, **_by_name(given, names)}
    fits = kept == found or attempt(kept).error is None
    return {name: _spec(value) for name, value in (kept if fits else found).items()}


def _accepted(module: torch.nn.Module, method: str, names: Sequence[str], attempt: Attempt) -> Mapping[str, Any] | None:
    for guess in guesses(module, method, 1)[:_MOST]:
        if attempt(guess.inputs).error is None:
            return guess.inputs if isinstance(guess.inputs, dict) else dict(zip(names, [guess.inputs], strict=False))
    solved = Solver(module, names, 1, attempt).solve() if names else None
    if solved is None:
        return None
    return solved.inputs if isinstance(solved.inputs, dict) else {names[0]: solved.inputs}


def _by_name(given: Any, names: Sequence[str]) -> dict[str, Any]:
    """What was given, under the names of the arguments that it is for; nothing where it is neither shape nor spec."""
    if isinstance(given, Mapping):
        parts: Mapping[str, Any] = given
    elif isinstance(given, tuple | list) and not all(isinstance(size, int) for size in given):
        parts = dict(zip(names, given, strict=False))
    else:
        parts = dict(zip(names, [given], strict=False))
    specs = {name: TensorSpec(tuple(part)) if _is_shape(part) else part for name, part in parts.items()}
    known = TensorSpec | Filled | torch.Tensor
    return {name: spec for name, spec in specs.items() if name in names and isinstance(spec, known)}


def _is_shape(part: Any) -> bool:
    return isinstance(part, tuple | list) and all(isinstance(size, int) for size in part)


def _spec(value: Any) -> TensorSpec:
    return value.spec if isinstance(value, Filled) else spec_of(value) if isinstance(value, torch.Tensor) else value


Taken = Callable[[], Mapping[str, TensorSpec] | None]
"""Finds the inputs when they are asked for."""
