"""Which module is being called, and what its layers are called.

Global hooks tell when a module starts and ends; they are on no module, so the model stays as it was. Every call of a
module is a frame of its own: a module called twice has two, and its layers the same names in both.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import torch
from torch.nn.modules import module as hooks

from netweight.ir import Node
from netweight.ops.base import REGISTRY
from netweight.sources.torch.tape import Site

_TORCH = str(Path(torch.__file__).parent)
_HERE = str(Path(__file__).parent)


_CALL = torch.nn.Module._call_impl.__code__


@cache
def _authored(filename: str) -> str:
    """Name of a file without its folders; nothing for files of PyTorch and ours, which no author of a model wrote."""
    return "" if filename.startswith((_TORCH, _HERE)) else Path(filename).name


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a module: its path, and whether it called others."""

    path: str
    children: list[int]


class Frames:
    """The calls of modules, as they happen on the thread that captures."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._paths = {id(module): name.replace("._orig_mod", "") for name, module in model.named_modules()}
        self._thread = threading.get_ident()
        self._stack = [0]
        self.calls = [Frame("", [])]
        # What torch.compile wraps is known by the name of the wrapper.
        self.modules = {name.replace("._orig_mod", ""): module for name, module in model.named_modules()}
        self.kinds = {name: type(module).__name__ for name, module in self.modules.items() if name}
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        self._handles = [
            hooks.register_module_forward_pre_hook(self._enter_module),
            hooks.register_module_forward_hook(self._leave_module, always_call=True),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _enter_module(self, module: torch.nn.Module, _inputs: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        parent = self._stack[-1]
        path = self._paths.get(id(module))
        if path is None:  # made while the model runs
            path = ".".join(filter(None, (self.calls[parent].path, type(module).__name__)))
        if path or parent:  # the model itself is the root
            self.calls[parent].children.append(len(self.calls))
            self.calls.append(Frame(path, []))
            self._stack.append(len(self.calls) - 1)
        else:
            self._stack.append(0)

    def _leave_module(self, _module: torch.nn.Module, _inputs: Any, _output: Any) -> None:
        if threading.get_ident() == self._thread and len(self._stack) > 1:
            self._stack.pop()

    def site(self) -> Site:
        """Where the program is now: the innermost module call, and the caller's own line."""
        frame = sys._getframe(2)
        while not (file := _authored(frame.f_code.co_filename)) and frame.f_back is not None:
            frame = frame.f_back
        return Site(self._stack[-1], f"{file}:{frame.f_lineno}")

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
        while path and not _can_be_called(self.modules.get(path)):
            path = path.rpartition(".")[0]
        return path

    def never_called(self) -> list[str]:
        """Paths of modules without children that were not called."""
        called = {frame.path for frame in self.calls}
        parents = {path.rpartition(".")[0] for path in self.kinds}
        return [path for path in self.kinds if path not in called and path not in parents]


def layer_names(
    nodes: Sequence[Node], sites: Sequence[Site], calls: Sequence[Frame], owners: Mapping[str, str]
) -> list[str]:
    """Layer of each node: its module's path if that does one thing, else the path and the operator, numbered.

    ``owners`` has the module of each parameter: what reads the weights of a module inside the one that is being called
    (``child.forward(x)``) is that module's work.
    """
    paths = [_path_of(node, calls[site.frame].path, owners) for node, site in zip(nodes, sites, strict=True)]
    work: dict[tuple[int, str], list[Node]] = {}
    for node, site, path in zip(nodes, sites, paths, strict=True):
        if not _is_view(node):
            work.setdefault((site.frame, path), []).append(node)
    used: dict[tuple[int, str], Counter[str]] = {}
    names = []
    for node, site, path in zip(nodes, sites, paths, strict=True):
        frame = calls[site.frame]
        same = work.get((site.frame, path), [])
        own = path == frame.path
        alone = (len(same) == 1 and not frame.children) if own else len({other.op for other in same}) == 1
        if alone and path and not _is_view(node):
            names.append(path)
            continue
        seen = used.setdefault((site.frame, path), Counter())
        op = node.op.removeprefix("aten.")
        number = seen[op]
        seen[op] += 1
        names.append(".".join(filter(None, (path, op if not number else f"{op}_{number}"))))
    return names


def _path_of(node: Node, called: str, owners: Mapping[str, str]) -> str:
    """The module being called, or one inside it that owns all the parameters that the node reads."""
    found = {owners[name] for name in node.inputs if name is not None and name in owners}
    owner = found.pop() if len(found) == 1 else called
    return owner if not called or owner.startswith(f"{called}.") else called


def _can_be_called(module: torch.nn.Module | None) -> bool:
    """Whether it has a forward; lists of modules or of parameters have none."""
    return module is not None and getattr(type(module), "forward", None) is not torch.nn.Module.forward


def _is_view(node: Node) -> bool:
    """Whether the node only gives another view of its input."""
    definition = REGISTRY.get(node.op)
    return definition is not None and definition.view
