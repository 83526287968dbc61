"""What the objects of a user hold: found before a capture, put back after it.

Modules hold lists in dicts, caches in objects, counters in classes. All that is reached from a module is put back as it
was. What code alone reaches, the globals of the file that has a class, is the user's as well, but may also be where a
program writes down what it saw: it is put back only where it now holds a tensor of the capture.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from operator import is_
from types import FunctionType, MethodType, ModuleType
from typing import Any, Literal

import torch

from netweight.sources.torch.leaked import Globals

_OURS = ("torch", "builtins", "collections", "typing", "abc", "enum", "functools", "netweight")
_ATOMS = (torch.Tensor, torch.Generator, type, ModuleType, FunctionType, str, bytes, int, float, complex)
_SortOf = Literal["nothing", "dict", "list", "set", "tuple", "method", "array", "object"]


class Held:
    """Attributes and containers that are reached from modules, as they were when this was made."""

    def __init__(self, modules: Collection[torch.nn.Module]) -> None:
        self._seen = {id(module) for module in modules}
        self._empty: list[Any] = []
        self._dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._others: list[tuple[Any, Any, Callable[[Any, Any], None]]] = []
        self._kinds = {type(module): None for module in modules}
        waiting: list[Any] = []
        for module in modules:
            self._keep_dict(module.__dict__, waiting)
        self._follow(waiting)
        for kind in _written_by_users(self._kinds):
            self._keep_class(kind, waiting)
        self._follow(waiting)
        files = {name: None for kind in self._kinds if (name := kind.__module__) and not _is_ours(name)}
        self._globals = Globals([sys.modules[name].__dict__ for name in files if name in sys.modules], self._seen)

    def put_back(self) -> None:
        """Make everything hold again what it held; harmless when it is done twice."""
        if any(self._empty):
            for container in self._empty:
                container.clear()
        for attributes, before in self._dicts:
            _put_back_dict(attributes, before)
        for value, before, put in self._others:
            put(value, before)
        self._globals.put_back()

    def _follow(self, waiting: list[Any]) -> None:
        """Keep what these hold, and all that is reached from there."""
        seen = self._seen
        while waiting:
            value = waiting.pop()
            if id(value) in seen or (type(value) is tuple and _NOTHING.issuperset(map(type, value))):
                continue
            seen.add(id(value))
            sort = _sort_of(value.__class__)
            if sort == "nothing":
                continue
            if sort == "dict":
                self._keep_dict(value, waiting)
            elif sort in _CONTENTS:
                copied, put = _CONTENTS[sort]
                self._others.append((value, copied(value), put))
            if sort in _INSIDE:
                waiting.extend(_followed(_INSIDE[sort](value)))
            if type(value) not in _PLAIN:
                self._keep_attributes(value, waiting)

    def _keep_attributes(self, value: Any, waiting: list[Any]) -> None:
        self._kinds[type(value)] = None
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict and id(attributes) not in self._seen:
            self._keep_dict(attributes, waiting)
        slots = {name: getattr(value, name) for name in _slots(value.__class__) if hasattr(value, name)}
        if slots:
            self._others.append((value, slots, _put_back_slots))
            waiting.extend(_followed(slots.values()))

    def _keep_dict(self, held: dict[Any, Any], waiting: list[Any]) -> None:
        self._dicts.append((held, held.copy()))
        rest = [value for value in held.values() if type(value) not in _NOTHING]
        if rest:
            self._empty += [value for value in rest if type(value) in _EMPTIED and not value]  # hooks mostly
            waiting += [value for value in rest if type(value) not in _PLAIN or value]

    def _keep_class(self, kind: type, waiting: list[Any]) -> None:
        content = dict(vars(kind))
        self._others.append((kind, content, _put_back_class))
        waiting.extend(
            value for value in content.values() if _sort_of(value.__class__) in ("dict", "list", "set", "array")
        )


_EMPTIED = frozenset({dict, OrderedDict, list, set})
_PLAIN = frozenset({dict, OrderedDict, list, set, tuple})
_NOTHING: set[type] = {bool, int, float, str, type(None), torch.Tensor, torch.nn.Parameter}
"""Classes of values that hold nothing: most values are of these."""


@cache
def _sort_of(kind: type) -> _SortOf:
    """How values of a class are kept: as what container, or by their attributes."""
    sort = _sorted(kind)
    if sort == "nothing":
        _NOTHING.add(kind)
    return sort


def _sorted(kind: type) -> _SortOf:
    containers: dict[_SortOf, tuple[type, ...]] = {
        "nothing": _ATOMS, "dict": (dict,), "list": (list, deque), "set": (set,), "tuple": (tuple, frozenset),
        "method": (MethodType,),
    }  # fmt: skip
    for sort, kinds in containers.items():
        if issubclass(kind, kinds):
            return sort
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return "array"
    return "object" if kind.__dictoffset__ or _slots(kind) else "nothing"


@cache
def _slots(kind: type) -> tuple[str, ...]:
    """Attributes of a class that are in no ``__dict__``."""
    declared = [vars(base).get("__slots__", ()) for base in kind.__mro__ if not _is_ours(base.__module__)]
    names = [name for slots in declared for name in ((slots,) if isinstance(slots, str) else slots)]
    return tuple(name for name in names if not name.startswith("__"))


@cache
def _is_ours(module: str) -> bool:
    """Whether a module of Python is none of the user's: PyTorch, the standard library's containers, this package."""
    return module.partition(".")[0] in _OURS


def _written_by_users(kinds: Iterable[type]) -> list[type]:
    return list(dict.fromkeys(base for kind in kinds for base in kind.__mro__ if not _is_ours(base.__module__)))


def _followed(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if type(value) not in _NOTHING]


def _put_back_dict(held: dict[Any, Any], before: dict[Any, Any]) -> None:
    if len(held) == len(before) and all(map(is_, held, before)) and all(map(is_, held.values(), before.values())):
        return
    plain: Any = OrderedDict if isinstance(held, OrderedDict) else dict  # which keeps its order beside the dict
    plain.update(held, before)  # first, so that an interrupt leaves no attribute out
    for key in [key for key in held if key not in before]:
        plain.pop(held, key, None)
    if not all(map(is_, held, before)):  # some were taken out, and stand at the end now
        plain.clear(held)
        plain.update(held, before)


def _put_back_list(held: Any, before: list[Any]) -> None:
    if len(held) == len(before) and all(map(is_, held, before)):
        return
    if isinstance(held, list):
        list.__setitem__(held, slice(None), before)
    else:
        held.clear()
        held.extend(before)


def _put_back_set(held: set[Any], before: set[Any]) -> None:
    if held != before:
        set.clear(held)
        set.update(held, before)


def _put_back_array(held: Any, before: Any) -> None:
    if held.flags.writeable:
        held[...] = before


def _put_back_slots(held: Any, before: dict[str, Any]) -> None:
    for name in _slots(held.__class__):
        if name in before and getattr(held, name, None) is not before[name]:
            object.__setattr__(held, name, before[name])
        elif name not in before and hasattr(held, name):
            object.__delattr__(held, name)


def _put_back_class(held: type, before: dict[str, Any]) -> None:
    now = dict(vars(held))
    if len(now) == len(before) and all(map(is_, now, before)) and all(map(is_, now.values(), before.values())):
        return
    for name in now:
        if name not in before:
            type.__delattr__(held, name)
    for name, value in before.items():
        if now.get(name, held) is not value:
            type.__setattr__(held, name, value)


_CONTENTS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {
    "list": (list, _put_back_list),
    "set": (lambda held: held.copy(), _put_back_set),
    "array": (lambda held: held.copy(), _put_back_array),
}
"""How what a container holds is kept, and put back."""
_INSIDE: Mapping[str, Callable[[Any], Iterable[Any]]] = {
    "list": iter, "set": iter, "tuple": iter, "method": lambda method: [method.__self__]
}  # fmt: skip
"""What is reached from a value, besides its attributes."""
