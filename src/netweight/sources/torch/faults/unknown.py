"""Names that are not there: a key of a dict, an attribute of a module or tensor, a variable."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

from torch import nn

from netweight.similar import similar
from netweight.sources.torch.faults.lines import own_frame
from netweight.sources.torch.faults.values import NOTHING, expressions, value_of

_MOST = 8


def names_wanted(error: BaseException) -> tuple[list[str], list[str]]:
    """Which names there are, near ones first, and which may be meant; empty where no name is missing.

    Args:
        error: What a forward raised.
    """
    found = own_frame(error)
    if found is None:
        return [], []
    frame, line = found
    match error:
        case KeyError():
            return _key(error, frame, line)
        case AttributeError() if error.name:
            return [], _attribute(error.name, error.obj, frame, line)
        case NameError() if error.name:
            known = {**frame.f_globals, **vars(builtins), **frame.f_locals}
            return [], _meant([f"{name}" for name in similar(error.name, known)])
        case _:
            return [], []


def _key(error: KeyError, frame: FrameType, line: int) -> tuple[list[str], list[str]]:
    missing = error.args[0] if error.args else None
    for node in expressions(frame, line, ast.Subscript):
        assert isinstance(node, ast.Subscript)
        try:
            holder = value_of(node.value, frame.f_locals)
        except LookupError:
            continue
        keys = _keys_of(holder)
        if keys is None or missing in keys:
            continue
        near = similar(missing, [key for key in keys if isinstance(key, str)]) if isinstance(missing, str) else []
        ordered = list(dict.fromkeys([*near, *keys]))
        more = f" and {len(ordered) - _MOST} more" if len(ordered) > _MOST else ""
        name = ast.unparse(node.value)
        shown = f"{', '.join(map(repr, ordered[:_MOST]))}{more}" if ordered else "none: it is empty"
        return [f"the keys of {name}: {shown}"], _meant([f"{name}[{key!r}]" for key in near])
    return [], []


def _keys_of(holder: Any) -> list[Any] | None:
    """Keys of what finds things by them; None of anything else."""
    match holder:
        case dict():
            return list(dict.keys(holder))
        case nn.ModuleDict():
            return list(holder._modules)
        case nn.ParameterDict():
            return list(holder.keys())
        case _:
            return None


def _attribute(name: str, holder: Any, frame: FrameType, line: int) -> list[str]:
    written = [
        ast.unparse(node.value) for node in expressions(frame, line, ast.Attribute)
        if isinstance(node, ast.Attribute) and node.attr == name
    ]  # fmt: skip
    if not written:
        return []
    known = [known for known in _attributes_of(holder) if name.startswith("_") or not known.startswith("_")]
    return _meant([f"{written[0]}.{near}" for near in similar(name, known)])


def _attributes_of(holder: Any) -> Iterable[str]:
    """Names that follow a dot, without running code of the user's; those of the object before those of its class."""
    own: Mapping[str, Any] = getattr(holder, "__dict__", NOTHING)
    parts = [own[key] for key in ("_modules", "_parameters", "_buffers") if isinstance(holder, nn.Module)]
    classes = [vars(kind) for kind in type(holder).__mro__]
    return dict.fromkeys(name for names in (*parts, own, *classes) for name in names)


def _meant(near: list[str]) -> list[str]:
    return [f"did you mean {' or '.join(near)}?"] if near else []
