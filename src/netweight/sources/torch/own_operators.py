"""Operators of PyTorch that a rule of the user's counts."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from netweight.errors import RuleError
from netweight.ir import TensorSpec
from netweight.ops.own import OwnAttrs
from netweight.ops.table import REGISTRY
from netweight.own_rules.asking import answer_of, mistake
from netweight.own_rules.sizes import sized
from netweight.own_rules.table import OwnRule
from netweight.sources.torch.dtypes import torch_dtype
from netweight.sources.torch.operators import Operator
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.strides import empty
from netweight.sources.torch.writes import write


def counted(rec: Recorder, rule: OwnRule, operator: Operator, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Result of an operator, as its own meta kernel says or as the rule does; what it costs is recorded.

    Raises:
        RuleError: If the rule is wrong. It is kept as well: a program may catch it.
    """
    try:
        return _counted(rec, rule, operator, args, kwargs)
    except RuleError as error:
        rec.mistake = rec.mistake or error
        raise


def _counted(rec: Recorder, rule: OwnRule, operator: Operator, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    given = _by_name(operator.func, args, kwargs)
    named = named_tensors(given)
    targets = operator.targets(args, kwargs)
    result = _native(rec, operator, args, kwargs)
    shadows = {id(rec.shadow(tensor)): tensor for tensor in named.values()}
    leaves, form = tree_flatten(result)
    fresh = [leaf for leaf in leaves if isinstance(leaf, Tensor) and id(leaf) not in shadows]
    positional, keywords = _arguments(rule, operator.func, {name: seen(name, value) for name, value in given.items()})
    specs = {name: rec.spec(tensor) for name, tensor in named.items()}
    attrs = answer_of(
        rule, positional, keywords, specs,
        outputs=None if result is NotImplemented else [rec.spec(leaf) for leaf in fresh],
        written=[rec.spec(target) for target in targets], settings=settings_among(given),
    )  # fmt: skip
    if result is NotImplemented:
        fresh = made(attrs, len(attrs.outputs) - len(targets))
    stand_ins = made(attrs, len(attrs.outputs), first=len(fresh))
    rec.recording.record(called(rule), attrs, list(named.values()), [*fresh, *stand_ins])
    for target, stand_in in zip(targets, stand_ins, strict=True):
        write(rec.recording, target, stand_in)
    if result is NotImplemented:
        return _returned(operator.func, fresh)
    return tree_unflatten([shadows.get(id(leaf), leaf) for leaf in leaves], form)


def named_tensors(given: dict[str, Any]) -> dict[str, Tensor]:
    """Tensors among arguments: ``x``, and ``xs.0`` of those in a list."""
    found = {}
    for name, value in given.items():
        if isinstance(value, Tensor):
            found[name] = value
        elif isinstance(value, list | tuple):
            found.update(named_tensors({f"{name}.{at}": item for at, item in enumerate(value)}))
        elif isinstance(value, dict):
            found.update(named_tensors({f"{name}.{key}": item for key, item in value.items()}))
    return found


def seen(name: str, value: Any) -> Any:
    """An argument as a rule sees it: specs in the place of tensors."""
    if isinstance(value, Tensor):
        return sized(name, TensorSpec(tuple(value.shape), str(value.dtype).removeprefix("torch.")))
    if isinstance(value, dict):
        return {key: seen(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(seen(f"{name}.{at}", item) for at, item in enumerate(value))
    return value


def settings_among(given: dict[str, Any]) -> dict[str, Any]:
    """Numbers and words among arguments, and tuples of them."""

    def plain(value: Any) -> bool:
        return isinstance(value, bool | int | float | str) or (
            isinstance(value, list | tuple) and all(isinstance(item, int | float | str) for item in value)
        )

    found = ((name, tuple(value) if isinstance(value, list) else value) for name, value in given.items())
    return {name: value for name, value in found if plain(value)}


def made(attrs: OwnAttrs, last: int, *, first: int = 0) -> list[Tensor]:
    """Tensors without numbers for results from the first to before the last."""
    return [empty(shape, torch_dtype(dtype), None, None) for shape, dtype in attrs.outputs[first:last]]


def _native(rec: Recorder, operator: Operator, args: Any, kwargs: Any) -> Any:
    """What the operator's own meta kernel gives; NotImplemented if it has none, or one that only runs on a device.

    An operator of Triton (``torch.library.triton_op``) has its kernel as meta kernel too.
    """
    try:
        return rec.native(operator.func, *args, **kwargs)
    except (NotImplementedError, ImportError):
        return NotImplemented
    except Exception as error:
        if "no fake impl" not in str(error) and not _is_of_triton(error):
            raise
        return NotImplemented


def _is_of_triton(error: BaseException) -> bool:
    """Whether the error went through what launches kernels of Triton."""
    step = error.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        if "triton" in path.stem or "triton" in path.parts:
            return True
        step = step.tb_next
    return False


def called(rule: OwnRule) -> str:
    """Name of the operator in the graph: that of the rule, unless the table has one of that name."""
    return f"{rule.name} (yours)" if rule.name in REGISTRY else rule.name


def _by_name(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a call by the names that the operator has for them, those left out with their defaults."""
    found = {}
    for at, argument in enumerate(func._schema.arguments):
        if at < len(args) and not argument.kwarg_only:
            found[argument.name] = args[at]
        elif argument.name in kwargs:
            found[argument.name] = kwargs[argument.name]
        else:
            found[argument.name] = argument.default_value
    return found


def _arguments(rule: OwnRule, func: Any, given: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """How the rule is called: by position as the operator is, by name what the operator takes by name.

    Raises:
        RuleError: If it does not take these.
    """
    by_name = {argument.name for argument in func._schema.arguments if argument.kwarg_only}
    positional = [value for name, value in given.items() if name not in by_name]
    keywords = {name: value for name, value in given.items() if name in by_name}
    try:
        inspect.signature(rule.function).bind(*positional, **keywords)
    except TypeError as error:
        text = (
            f"expected a function of ({', '.join(given)}), as the operator is, got {inspect.signature(rule.function)}"
        )
        raise mistake(rule, text, why=str(error)) from error
    return positional, keywords


def _returned(func: Any, results: list[Tensor]) -> Any:
    """Results in the form that the operator says it gives them."""
    returns = func._schema.returns
    if len(returns) == 1 and str(returns[0].type).startswith(("Tensor[]", "List[Tensor]")):
        return results
    return (results[0] if results else None) if len(returns) < 2 else tuple(results)
