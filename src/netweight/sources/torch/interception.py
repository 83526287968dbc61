"""Calls that the recorder must see before PyTorch takes them apart.

Numbers that a program writes out and puts on the device of a symbolic tensor would be gone with the move: they are made
where numbers can be. Functions that PyTorch spells with many operators and the table has one for are recorded as that
one, so that costs and conventions see what the author of the network wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.overrides import TorchFunctionMode

from netweight.functions.plain import function_of
from netweight.ops.norm.local_response_norm import LocalResponseNormAttrs
from netweight.sources.torch.lower.common import floating
from netweight.sources.torch.recorder import Recorder

_CPU = torch.device("cpu")
_NUMBERS = (bool, int, float, complex)
_ENDS = (int, type(None))


class Interception(TorchFunctionMode):
    """The mode; active beside the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        handler = _HANDLERS.get(func)
        if handler is None:
            return func(*args, **kwargs) if kwargs else func(*args)
        return handler(self._recorder, func, args, kwargs or {})


def _literal(_rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``torch.tensor([1, 2], device=x.device)``: the device of a symbolic tensor is no place for numbers."""
    data = args[0] if args else kwargs.get("data", kwargs.get("obj"))
    device = kwargs.get("device")
    if device is not None and torch.device(device).type == "meta" and not _holds_tensor(data):
        kwargs = {**kwargs, "device": _CPU}
    return func(*args, **kwargs)


def _new_literal(_rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.new_tensor([1, 2])``: as ``torch.tensor`` in the type of ``x``."""
    x, *rest = args
    data = rest[0] if rest else kwargs["data"]
    if not x.is_meta or _holds_tensor(data):
        return func(*args, **kwargs)
    return torch.tensor(data, dtype=kwargs.get("dtype") or x.dtype)


def _indexed(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x[:, [0, 2]]``: positions listed by the program."""
    x, index, *value = args
    if isinstance(index, tuple):
        index = tuple([_position(rec, item) for item in index])
    elif not _is_nested(index):  # which is several lists to some versions of PyTorch
        index = _position(rec, index)
    return func(x, index, *value, **kwargs)


def _position(rec: Recorder, item: Any) -> Any:
    if isinstance(item, slice):
        return _whole(rec, item)
    return torch.tensor(item, dtype=None if item else torch.int64) if _is_listed(item) else item


def _whole(rec: Recorder, part: slice) -> slice:
    """``x[a:b]`` where tensors without numbers say where the part ends."""
    if part.start.__class__ in _ENDS and part.stop.__class__ in _ENDS and part.step.__class__ in _ENDS:
        return part
    ends = [part.start, part.stop, part.step]
    known = [None if isinstance(end, Tensor) and end.is_meta else end for end in ends]
    if any(given is not end for given, end in zip(known, ends, strict=True)):
        rec.guess("a part that ends where a tensor says is taken to be the whole", steers=False)
    return slice(*known)


def _is_nested(item: Any) -> bool:
    return isinstance(item, list) and any(isinstance(entry, list) for entry in item)


def _is_listed(item: Any) -> bool:
    """Whether it is a list of numbers, or of such lists."""
    return isinstance(item, list) and all(type(entry) in _NUMBERS or _is_listed(entry) for entry in item)


def _holds_tensor(data: Any) -> bool:
    return isinstance(data, Tensor) or (isinstance(data, list | tuple) and any(map(_holds_tensor, data)))


def _local_response_norm(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    return func(*args, **kwargs) if not _is_symbolic(args, kwargs) else _normalised(rec, *args, **kwargs)


def _is_symbolic(args: Any, kwargs: dict[str, Any]) -> bool:
    x: Tensor = args[0] if args else kwargs["input"]
    return x.is_meta


def _normalised(
    rec: Recorder,
    input: Tensor,  # noqa: A002
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Any:
    rec.recording.site = rec.module_calls.site()
    attrs = LocalResponseNormAttrs(size=size, alpha=float(alpha), beta=float(beta), k=float(k))
    with torch._C._DisableTorchDispatch():  # the recorder's own tensors are none of the program's
        return rec.op("local_response_norm", attrs, input)


def _one_operator(name: str) -> Callable[..., Any]:
    """A function of one tensor that PyTorch spells with several operators."""

    def handler(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if not _is_symbolic(args, kwargs):
            return func(*args, **kwargs)
        rec.recording.site = rec.module_calls.site()
        with torch._C._DisableTorchDispatch():
            return function_of(name)(rec, floating(rec, args[0] if args else kwargs["input"]))

    return handler


_HANDLERS: Mapping[Any, Callable[..., Any]] = {
    torch.tensor: _literal,
    torch.as_tensor: _literal,
    torch.asarray: _literal,
    Tensor.new_tensor: _new_literal,
    Tensor.__getitem__: _indexed,
    Tensor.__setitem__: _indexed,
    F.local_response_norm: _local_response_norm,
    F.softsign: _one_operator("softsign"),
    F.tanhshrink: _one_operator("tanhshrink"),
}
