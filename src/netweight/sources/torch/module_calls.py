"""Which module is being called, and what its layers are called.

Global hooks tell when a module starts and ends; they are on no module, so the model stays as it was. Every call of a
module is a frame of its own: a module called twice has two, and its layers the same names in both.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch.nn.modules import module as hooks
from torch.nn.modules.lazy import LazyModuleMixin

from netweight import progress
from netweight.ops.own import OwnAttrs
from netweight.sources.origins import AuthoredFiles
from netweight.sources.recording import Step, is_view
from netweight.sources.torch.lazy_modules import make
from netweight.sources.torch.site import Site
from netweight.sources.torch.unintercepted import leave_unintercepted

# With the separator: torchvision is the program's code, not PyTorch's.
_TORCH = str(Path(torch.__file__).parent) + os.sep
_HERE = str(Path(__file__).parents[2]) + os.sep


_CALL = torch.nn.Module._call_impl.__code__
_AUTHORED = AuthoredFiles(_TORCH, _HERE)


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One call of a module: its path, and whether it called others."""

    path: str
    children: list[int]


class ModuleCalls:
    """The calls of modules, as they happen on the thread that captures."""

    def __init__(self, modules: Mapping[str, torch.nn.Module]) -> None:
        # What torch.compile wraps is known by the name of the wrapper.
        self.modules = {name.replace("._orig_mod", ""): module for name, module in modules.items()}
        self._paths = {id(module): path for path, module in self.modules.items()}
        self._thread = threading.get_ident()
        self._stack = [0]
        self.elsewhere = False  # whether a module is called on another thread
        self.calls = [ModuleCall("", [])]
        self.kinds = {name: type(module).__name__ for name, module in self.modules.items() if name}
        self._handles: list[Any] = []
        self._guards: list[Any] = []
        self._callable: dict[str, str] = {}
        self._whole: list[str] = []

    def __enter__(self) -> Self:
        self._handles = [
            hooks.register_module_forward_pre_hook(self._enter_module),
            hooks.register_module_forward_hook(self._leave_module, always_call=True),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        while self._guards:  # an interrupt leaves calls unfinished
            _leave(self._guards.pop())
        for handle in self._handles:
            handle.remove()

    def _enter_module(self, module: torch.nn.Module, inputs: Any) -> None:
        if threading.get_ident() != self._thread:
            self.elsewhere |= id(module) in self._paths
            return
        if isinstance(module, LazyModuleMixin):
            make(module, inputs)
        parent = self._stack[-1]
        path = self._paths.get(id(module))
        if path is None:  # made while the model runs
            path = ".".join(filter(None, (self.calls[parent].path, type(module).__name__)))
        progress.step(path)
        if path or parent:  # the model itself is the root
            self.calls[parent].children.append(len(self.calls))
            self.calls.append(ModuleCall(path, []))
            self._stack.append(len(self.calls) - 1)
        else:
            self._stack.append(0)
        self._guards.append(leave_unintercepted(module))

    def _leave_module(self, _module: torch.nn.Module, _inputs: Any, _output: Any) -> None:
        if threading.get_ident() == self._thread and len(self._stack) > 1:
            self._stack.pop()
            _leave(self._guards.pop())

    @contextmanager
    def on_this_thread(self) -> Iterator[None]:
        """Modules are called on another thread while this one waits."""
        before, self._thread = self._thread, threading.get_ident()
        try:
            yield
        finally:
            self._thread = before

    @contextmanager
    def forgotten(self) -> Iterator[None]:
        """A block whose calls of modules are not kept."""
        known, frame = len(self.calls), self.calls[self._stack[-1]]
        children = len(frame.children)
        try:
            yield
        finally:
            del self.calls[known:]
            del frame.children[children:]

    def site(self) -> Site:
        """Where the program is now: the innermost module call, and the caller's own line."""
        file, line = _AUTHORED.innermost(sys._getframe(2))
        return Site(self._stack[-1], file, line, torch.is_grad_enabled())

    def take_whole(self) -> None:
        """The module that is being called does not call those in it."""
        self._whole.append(f"{self.current}." if self.current else "")

    @property
    def current(self) -> str:
        """Path of the module that is being called."""
        return self.calls[self._stack[-1]].path

    def place_of(self, error: BaseException) -> str:
        """Path of the innermost module that was being called when the error was raised; empty for the model itself."""
        path, step = "", error.__traceback__
        while step is not None:
            module = step.tb_frame.f_locals.get("self") if step.tb_frame.f_code is _CALL else None
            path = self._paths.get(id(module), path)
            step = step.tb_next
        return path

    def owner_of(self, parameter: str) -> str:
        """Path of the module that a parameter belongs to: the innermost around it that can be called."""
        path = parameter.replace("._orig_mod", "").rpartition(".")[0]
        found = self._callable.get(path)
        if found is None:
            found = path
            while found and not _can_be_called(self.modules.get(found)):
                found = found.rpartition(".")[0]
            self._callable[path] = found
        return found

    def never_called(self) -> list[str]:
        """Paths of modules without children that were not called, but could be."""
        called = {frame.path for frame in self.calls}
        parents = {path.rpartition(".")[0] for path in self.kinds}
        whole = tuple(self._whole)
        idle = [path for path in self.kinds if path not in called | parents and not path.startswith(whole)]
        return [path for path in idle if _can_be_called(self.modules[path]) and not _is_empty(self.modules[path])]


def _leave(guard: Any) -> None:
    if guard is not None:
        guard.__exit__(None, None, None)


def layer_names(nodes: Sequence[Step[Site]], calls: Sequence[ModuleCall], owners: Mapping[str, str]) -> list[str]:
    """Layer of each node: its module's path if that does one thing, else the path and the operator, numbered.

    ``owners`` has the module of each parameter: what reads the weights of a module inside the one that is being called
    (``child.forward(x)``) is that module's work.
    """
    sites = [node.site.call for node in nodes]
    keys = [(call, _path_of(node, calls[call].path, owners)) for node, call in zip(nodes, sites, strict=True)]
    views = [is_view(node.op) for node in nodes]
    work: dict[tuple[int, str], list[str]] = {}
    for node, key, view in zip(nodes, keys, views, strict=True):
        if not view:
            work.setdefault(key, []).append(node.op)
    used: dict[tuple[int, str], Counter[str]] = {}
    names = []
    for node, key, view in zip(nodes, keys, views, strict=True):
        path = key[1]
        if path and not view and _is_alone(calls[key[0]], path, work[key]):
            names.append(path)
            continue
        seen = used.setdefault(key, Counter())
        op = node.op.removeprefix("aten.")
        number = seen[op]
        seen[op] += 1
        if number:
            op = f"{op}_{number}"
        names.append(f"{path}.{op}" if path else op)
    return names


def _is_alone(frame: ModuleCall, path: str, same: Sequence[str]) -> bool:
    """Whether all that a module does itself is one operator; or all that is done with its weights, one kind."""
    if path == frame.path:
        return len(same) == 1 and not frame.children
    return len(set(same)) == 1


def _path_of(node: Step[Site], called: str, owners: Mapping[str, str]) -> str:
    """The module being called, or one inside it that owns all the parameters that the node reads.

    What a rule of the user's counts may be a module as a whole.
    """
    if node.attrs.__class__ is OwnAttrs:
        return called
    found = {owners[name] for name in node.inputs if name is not None and name in owners}
    if len(found) != 1:
        return called
    owner = found.pop()
    return owner if not called or owner.startswith(f"{called}.") else called


def _can_be_called(module: torch.nn.Module | None) -> bool:
    """Whether it has a forward; lists of modules or of parameters have none."""
    return module is not None and getattr(type(module), "forward", None) is not torch.nn.Module.forward


def _is_empty(module: torch.nn.Module) -> bool:
    """Whether it is a sequence of nothing, as shortcuts that do nothing are written."""
    return isinstance(module, torch.nn.Sequential) and len(module) == 0
