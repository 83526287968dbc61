"""Pickles as plain data: opcodes are read, and nothing that they name is imported or called.

A pickle is a program. What it would import is a ``Name`` here, what it would call is a ``Call``, and what lies outside,
such as the numbers of a tensor, is an ``Outside``.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netweight.errors import FormatError

_MOST = 2_000_000
"""Opcodes that are read of one file."""
_BROKEN = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, EOFError, MemoryError)
_MARK = object()


@dataclass(frozen=True, slots=True)
class Name:
    """Something that would be imported."""

    module: str
    name: str


@dataclass(slots=True)
class Call:
    """Something that would be called, and the state that its result would get."""

    function: Any
    args: Any
    state: Any = None


@dataclass(frozen=True, slots=True)
class Outside:
    """Something that lies beside the pickle."""

    key: Any


@dataclass(slots=True)
class _Machine:
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        at = len(self.stack) - 1 - next(i for i, value in enumerate(reversed(self.stack)) if value is _MARK)
        values = self.stack[at + 1 :]
        del self.stack[at:]
        return values


def plain_pickle(data: bytes) -> Any:
    """What a pickle holds, as lists, dicts, tuples, names and calls.

    Raises:
        FormatError: If it is none, is damaged, or has more opcodes than weights need.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if count > _MOST:
                raise FormatError(f"pickle: expected at most {_MOST:,} opcodes, got more")
            if opcode.name == "STOP":
                return machine.stack.pop()
            _step(machine, opcode.name, argument)
    except StopIteration as error:
        raise FormatError("pickle: expected a mark, got none") from error
    except _BROKEN as error:
        raise FormatError(f"pickle: expected whole opcodes, got: {type(error).__name__}: {error}") from error
    raise FormatError("pickle: expected an end, got none")


def _step(machine: _Machine, name: str, argument: Any) -> None:
    action = _ACTIONS.get(name)
    if action is not None:
        action(machine, argument)
    elif name in _EMPTY:
        machine.stack.append(_EMPTY[name]())
    elif name in _CONSTANTS:
        machine.stack.append(_CONSTANTS[name])
    elif name.startswith(("BIN", "SHORT_BIN", "INT", "LONG", "FLOAT", "STRING", "UNICODE", "BYTEARRAY")):
        machine.stack.append(argument)
    elif name not in ("PROTO", "FRAME"):
        raise FormatError(f"pickle: expected opcodes of weights, got {name}")


def _put(machine: _Machine, argument: int) -> None:
    machine.memo[argument] = machine.stack[-1]


def _memoize(machine: _Machine, _argument: Any) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get(machine: _Machine, argument: int) -> None:
    machine.stack.append(machine.memo[argument])


def _named(machine: _Machine, argument: str) -> None:
    module, _, name = argument.partition(" ")
    machine.stack.append(Name(module, name))


def _stack_named(machine: _Machine, _argument: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    texts = [text if isinstance(text, str) else "" for text in (module, name)]
    machine.stack.append(Name(*texts))


def _called(machine: _Machine, _argument: Any) -> None:
    args, function = machine.stack.pop(), machine.stack.pop()
    made: Any = {} if function == Name("collections", "OrderedDict") else Call(function, args)
    machine.stack.append(made)


def _called_with_names(machine: _Machine, _argument: Any) -> None:
    machine.stack.pop()
    _called(machine, None)


def _instance(machine: _Machine, argument: str) -> None:
    args = tuple(machine.since_mark())
    _named(machine, argument)
    machine.stack.append(Call(machine.stack.pop(), args))


def _object(machine: _Machine, _argument: Any) -> None:
    function, *args = machine.since_mark()
    machine.stack.append(Call(function, tuple(args)))


def _built(machine: _Machine, _argument: Any) -> None:
    state = machine.stack.pop()
    if isinstance(machine.stack[-1], Call):
        machine.stack[-1].state = state


def _set_item(machine: _Machine, _argument: Any) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _fill(machine.stack[-1], [key, value])


def _set_items(machine: _Machine, _argument: Any) -> None:
    values = machine.since_mark()
    _fill(machine.stack[-1], values)


def _fill(target: Any, values: list[Any]) -> None:
    if isinstance(target, dict):
        for key, value in zip(values[::2], values[1::2], strict=True):
            if isinstance(key, str | int):  # hashes of nested tuples may take for ever
                target[key] = value


def _dict(machine: _Machine, _argument: Any) -> None:
    values = machine.since_mark()
    machine.stack.append({})
    _fill(machine.stack[-1], values)


def _append(machine: _Machine, _argument: Any) -> None:
    value = machine.stack.pop()
    if isinstance(machine.stack[-1], list):
        machine.stack[-1].append(value)


def _extend(machine: _Machine, _argument: Any) -> None:
    values = machine.since_mark()
    if isinstance(machine.stack[-1], list):
        machine.stack[-1].extend(values)


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def make(machine: _Machine, _argument: Any) -> None:
        values = tuple(machine.stack[len(machine.stack) - count :])
        del machine.stack[len(machine.stack) - count :]
        machine.stack.append(values)

    return make


_EMPTY: Mapping[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": list,
}  # fmt: skip
_CONSTANTS: Mapping[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_ACTIONS: Mapping[str, Callable[[_Machine, Any], Any]] = {
    "MARK": lambda machine, _: machine.stack.append(_MARK),
    "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "PUT": _put, "BINPUT": _put, "LONG_BINPUT": _put, "MEMOIZE": _memoize,
    "GET": _get, "BINGET": _get, "LONG_BINGET": _get,
    "GLOBAL": _named, "STACK_GLOBAL": _stack_named,
    "REDUCE": _called, "NEWOBJ": _called, "NEWOBJ_EX": _called_with_names, "INST": _instance, "OBJ": _object,
    "BUILD": _built, "SETITEM": _set_item, "SETITEMS": _set_items, "APPEND": _append, "APPENDS": _extend,
    "ADDITEMS": _extend,
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.since_mark())),
    "LIST": lambda machine, _: machine.stack.append(machine.since_mark()),
    "DICT": _dict,
    "FROZENSET": lambda machine, _: machine.stack.append(machine.since_mark()),
    "TUPLE1": _tuple_of(1), "TUPLE2": _tuple_of(2), "TUPLE3": _tuple_of(3),
    "BINPERSID": lambda machine, _: machine.stack.append(Outside(machine.stack.pop())),
    "PERSID": lambda machine, argument: machine.stack.append(Outside(argument)),
}  # fmt: skip
