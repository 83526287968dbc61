"""Functions with a backward of their own, and modules, that a rule of the user's counts: neither's forward runs."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import _SingleLevelFunction

from netweight.errors import RuleError
from netweight.own_rules.asking import answer_of
from netweight.own_rules.table import OwnRule, is_function_class
from netweight.sources.torch.custom_functions import Follow, applied
from netweight.sources.torch.functions_above import applied_above
from netweight.sources.torch.own_operators import called, made, named_tensors, seen, settings_among
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN


def own_functions(rec: Recorder) -> Mapping[type, Follow]:
    """What is done where the program applies functions that have a rule."""
    rules = {rule.target: rule for rule in rec.own_rules.values() if is_function_class(rule.target)}
    follow = _ran_above if rec.under_autograd else _applied
    return {target: partial(follow, rule) for target, rule in rules.items() if isinstance(target, type)}


def _ran_above(rule: OwnRule, rec: Recorder, function: Any, args: Sequence[Any]) -> Any:
    """What ``function.apply`` gives where autograd runs, which wants to know who made what."""
    _note_above(rec, rule)
    return applied_above(rec, function, args)


def _note_above(rec: Recorder, rule: OwnRule) -> None:
    rec.recording.note(f"the model differentiates in its forward: {rule.name} is followed, and its rule is not asked")


def _applied(rule: OwnRule, rec: Recorder, function: Any, args: Sequence[Any]) -> Any:
    """What ``function.apply`` gives by the rule; what depends on no input is computed."""
    if not any(isinstance(arg, Tensor) and _is_of_graph(rec, arg) for arg in args):
        return applied(rec, function, args)
    with_context = function.setup_context is _SingleLevelFunction.setup_context
    given = _named(function.forward, (None, *args) if with_context else args, {})
    if with_context:
        given.pop(next(iter(given)))
    named = named_tensors(given)
    with UNSEEN(), torch._C._DisableTorchDispatch():  # the program did not make the results
        return _recorded(rec, rule, named, [seen(name, value) for name, value in _spread(given)], {}, given)


def _is_of_graph(rec: Recorder, tensor: Tensor) -> bool:
    """Whether it stands for a value of the graph, with or without numbers."""
    return rec.is_symbolic(tensor) or rec.recording.is_fed(tensor)


def _spread(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Arguments one by one: those behind a star are called ``args.0``, ``args.1``."""
    for name, value in given.items():
        if isinstance(value, _Starred):
            yield from ((f"{name}.{at}", item) for at, item in enumerate(value))
        else:
            yield name, value


class _Starred(list[Any]):
    """Arguments behind a star."""


def _named(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by the names that a function has for them; those behind two stars have their own."""
    signature = inspect.signature(function)
    bound = signature.bind(*args, **kwargs)
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        else:
            found[name] = _Starred(value) if kind is inspect.Parameter.VAR_POSITIONAL else value
    return found


def _recorded(
    rec: Recorder, rule: OwnRule, named: Mapping[str, Tensor], args: Sequence[Any], kwargs: Mapping[str, Any],
    given: dict[str, Any],
) -> Any:  # fmt: skip
    """Results without numbers, of a call that is recorded as the rule says.

    Raises:
        RuleError: If the rule is wrong. It is kept as well: a program may catch it.
    """
    specs = {name: rec.spec(tensor) for name, tensor in named.items()}
    try:
        attrs = answer_of(rule, args, kwargs, specs, settings=settings_among(given))
    except RuleError as error:
        rec.mistake = rec.mistake or error
        raise
    results = made(attrs, len(attrs.outputs))
    rec.recording.site = rec.module_calls.site()
    rec.recording.record(called(rule), attrs, list(named.values()), results)
    return results[0] if len(results) == 1 else tuple(results)


@contextmanager
def own_modules(rec: Recorder) -> Iterator[None]:
    """A block in which modules that have a rule are recorded as it says, instead of running."""
    rules: dict[type[torch.nn.Module], OwnRule] = {
        rule.target: rule
        for rule in rec.own_rules.values()
        if isinstance(rule.target, type) and issubclass(rule.target, torch.nn.Module)
    }
    before = {kind: kind.__dict__.get("forward") for kind in rules}
    originals = {kind: kind.forward for kind in rules}
    try:
        for kind, rule in rules.items():
            kind.forward = _counting(rec, rule, originals[kind])
        yield
    finally:
        for kind, own in before.items():
            if own is None:
                del kind.forward
            else:
                kind.forward = own


def _counting(rec: Recorder, rule: OwnRule, original: Callable[..., Any]) -> Callable[..., Any]:
    """A forward that is recorded as the rule says; on other threads, and of a class that only inherits it, the own."""
    thread = threading.get_ident()

    def forward(module: Any, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread or type(module).forward is not forward:
            return original(module, *args, **kwargs)
        if rec.under_autograd:
            _note_above(rec, rule)
            return original(module, *args, **kwargs)
        given = _named(original, (module, *args), kwargs)
        given.pop(next(iter(given)))
        named = named_tensors(given)
        for name, tensor in chain(module.named_parameters(), module.named_buffers()):
            named[f"self.{name}" if name in named else name] = tensor
        if not any(_is_of_graph(rec, tensor) for tensor in named.values()):
            return original(module, *args, **kwargs)
        rec.module_calls.take_whole()
        names = {id(value): name for name, value in _spread(given)}
        with UNSEEN(), torch._C._DisableTorchDispatch():
            by_position = [seen(names[id(value)], value) for value in args]
            by_name = {name: seen(name, value) for name, value in kwargs.items()}
            return _recorded(rec, rule, named, [module, *by_position], by_name, given)

    return forward
