"""Which rules of the user's are in force: those of the process, and those of a block or a call, which go first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from netweight.errors import UsageError
from netweight.own_rules import OwnRules, Target
from netweight.own_rules.place import Place, place_of

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule of the user's.

    Attributes:
        target: What it is a rule of.
        function: What he wrote.
        place: Where.
    """

    target: Target
    function: Callable[..., Any]
    place: Place

    @property
    def name(self) -> str:
        """What reports call the operator."""
        return self.target if isinstance(self.target, str) else self.target.__name__


_OF_PROCESS: dict[Target, OwnRule] = {}
_OF_BLOCK: ContextVar[Mapping[Target, OwnRule]] = ContextVar("rules", default={})  # noqa: B039 (nobody writes it)


def rule(target: Target, *, replace: bool = False) -> Callable[[_Function], _Function]:
    """Decorator: the function says what one call of an operator of your own costs.

    >>> from netweight import Cost, Counted
    >>> @rule("mylib::shrink")
    ... def shrink(x, factor):
    ...     return Counted(x, Cost(muls=x.numel))

    The function takes what the operator takes, a ``TensorSpec`` in the place of each tensor, and gives a ``Counted``.
    Sizes remember where they come from, so that ``explain`` prints the arithmetic. The rule holds for the process;
    ``rules={...}`` of ``weigh`` and the block ``netweight.rules`` have rules for a while. A cell of a notebook that is
    run again replaces its rule.

    Args:
        target: ``"mylib::scale"``, an operator of PyTorch or, with its domain, of ONNX, ``"tflite::MyOwn"`` of TFLite;
            a subclass of ``torch.autograd.Function``; or a class of modules, whose rule gets the module first.
        replace: Whether it may take the place of another rule.

    Raises:
        UsageError: If it is none of these, or has a rule of another function already.
    """
    checked = check_target(target)

    def register(function: _Function) -> _Function:
        made = OwnRule(checked, function, place_of(function))
        known = _OF_PROCESS.get(checked)
        if known is not None and not replace and not _is_again(known.function, function):
            raise UsageError(
                f"rule: expected one rule of {made.name}, got another in {made.place} beside that in {known.place}",
                fix="replace=True, or rules={...} for one call",
            )
        _OF_PROCESS[checked] = made
        return function

    return register


@contextmanager
def rules(given: OwnRules) -> Iterator[None]:
    """A block in which rules of your own hold besides those that are registered, and go before them.

    >>> from netweight import Counted
    >>> with rules({"mylib::scale": lambda x, factor: Counted(x)}):
    ...     pass

    Args:
        given: Functions as for ``rule``, by what they are a rule of.

    Raises:
        UsageError: If one is a rule of nothing that has rules.
    """
    if not isinstance(given, Mapping):
        raise UsageError(
            f"rules: expected a dict of functions, got a {type(given).__name__}", fix="{'mylib::op': rule}"
        )
    made = {check_target(target): OwnRule(target, function, place_of(function)) for target, function in given.items()}
    token = _OF_BLOCK.set({**_OF_BLOCK.get(), **made})
    try:
        yield
    finally:
        _OF_BLOCK.reset(token)


def in_force() -> Mapping[Target, OwnRule]:
    """Rules that hold now."""
    return {**_OF_PROCESS, **_OF_BLOCK.get()}


@contextmanager
def registered_here() -> Iterator[None]:
    """A block after which the rules of the process are what they were."""
    before = dict(_OF_PROCESS)
    try:
        yield
    finally:
        _OF_PROCESS.clear()
        _OF_PROCESS.update(before)


def is_function_class(target: Target) -> bool:
    """Whether it is a subclass of ``torch.autograd.Function``, told without importing PyTorch."""
    return isinstance(target, type) and all(hasattr(target, name) for name in ("apply", "forward", "backward"))


def check_target(target: Any) -> Target:
    """What rules are written for, as it is.

    Raises:
        UsageError: If there is no rule of such a thing.
    """
    if isinstance(target, str):
        library, colons, name = target.partition("::")
        if library and colons and name and ":" not in name:
            return target
        raise UsageError(f"rule: expected an operator as library::name, got {target!r}", fix=_spelling(target))
    if isinstance(target, type) and (is_function_class(target) or hasattr(target, "named_parameters")):
        return target
    raise UsageError(
        f"rule: expected an operator, or a class of functions or modules, got {target!r}",
        fix="'mylib::op', a subclass of torch.autograd.Function or of torch.nn.Module",
    )


def _spelling(target: str) -> str:
    last = target.rpartition(".")[2]
    if target.startswith("torch.") and last[:1].isupper():
        return f"the class itself: rule({target})"
    if target.startswith("torch."):
        return repr(f"aten::{last}")
    library, dot, name = target.replace(":", ".").partition(".")
    return repr(f"{library}::{name.strip('.')}") if dot and library and name.strip(".") else "'mylib::op'"


def _is_again(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether it is the same function, or that of a file or cell which was run again."""
    names = [(getattr(f, "__module__", None), getattr(f, "__qualname__", None)) for f in (one, other)]
    files = [(place_of(f).path, getattr(f, "__qualname__", None)) for f in (one, other)]
    return one is other or ("<lambda>" not in str(names) and (names[0] == names[1] or files[0] == files[1]))
