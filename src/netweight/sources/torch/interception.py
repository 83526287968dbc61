"""Calls that the recorder must see before PyTorch takes them apart.

``torch.tensor([1, 2], device=x.device)``: a symbolic ``x`` lies on the meta device, where tensors have no numbers. The
program may decide by these numbers, so they are made on the CPU.

``F.local_response_norm(x, 5)``: PyTorch takes some functions apart in Python although the table has one operator for
them. They are recorded as that operator, so that costs and conventions see what the author of the network wrote.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.overrides import TorchFunctionMode

from netweight.functions import loss
from netweight.functions.norm.local_response_norm import local_response_norm
from netweight.functions.plain import function_of
from netweight.functions.window import pool_average
from netweight.sources.torch import devices, higher_order, leaving, nested, nested_attention
from netweight.sources.torch.absent_devices import stay_here
from netweight.sources.torch.asking import ASKING
from netweight.sources.torch.data_assignment import assign_data
from netweight.sources.torch.faults.failed_call import failed_call
from netweight.sources.torch.lower.common import floating
from netweight.sources.torch.lower.move.layout import unbatched
from netweight.sources.torch.placing import MOVES, placed
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.wanting_autograd import SIGNS

_CPU = torch.device("cpu")
_NUMBERS = (bool, int, float, complex)
_ENDS = (int, type(None))


class Interception(TorchFunctionMode):
    """The mode in which functions are seen before their operators; it is active beside the dispatch mode."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        recorder.following = self

    def anew(self, recorder: Recorder) -> Self:
        """The same mode for another recorder."""
        return type(self)(recorder)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        handler = HANDLERS.get(func)
        try:
            if handler is None:
                result = func(*args, **kwargs) if kwargs else func(*args)
            else:
                result = handler(self._recorder, func, args, kwargs or {})
        except Exception as error:
            self._failed(error, func, args, kwargs or {})
            if not isinstance(error, AssertionError | RuntimeError):
                raise
            # as PyTorch says that it was built without a device
            result = stay_here(self._recorder, error, func, args, kwargs or {})
        if func in MOVES or (kwargs and "device" in kwargs):
            return placed(self._recorder, func, args, kwargs or {}, result)
        return result

    def _failed(self, error: Exception, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Remember a function that raised before it called an operator."""
        rec = self._recorder
        if rec.failed is None or rec.failed.error is not error:
            name, known = getattr(func, "__name__", ""), len(rec.recording.nodes)
            rec.failed = failed_call(error, name, func, args, kwargs, rec.recording, known, rec.places)


def _literal(_rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``torch.tensor([1, 2], device=x.device)``, with numbers also where ``x`` has none."""
    data = args[0] if args else kwargs.get("data", kwargs.get("obj"))
    device = kwargs.get("device")
    if device is not None and torch.device(device).type == "meta" and not _holds_tensor(data):
        kwargs = {**kwargs, "device": _CPU}
    return func(*args, **kwargs)


def _new_literal(_rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.new_tensor([1, 2])``: the same, in the element type of ``x``."""
    x, *rest = args
    data = rest[0] if rest else kwargs["data"]
    if not x.is_meta or _holds_tensor(data):
        return func(*args, **kwargs)
    return torch.tensor(data, dtype=kwargs.get("dtype") or x.dtype)


def _indexed(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x[:, [0, 2]]``: the positions that a program lists become a tensor with numbers."""
    x, index, *value = args
    if isinstance(index, str):  # refused as an error, and warned of as the list of characters that it is
        with warnings.catch_warnings(action="ignore"):
            return func(x, index, *value, **kwargs)
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
    """``x[:n]`` with a tensor ``n`` that has no number: the whole of ``x``, and a guess is noted."""
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


TAKEN_WHOLE: set[Callable[..., Any]] = set()
"""Handlers that record what PyTorch takes apart."""


def _taken_whole(
    function: Callable[..., Any], wanted: Callable[..., bool] = lambda **_settings: True
) -> Callable[..., Any]:
    """A function that PyTorch takes apart, recorded as the table has it.

    Args:
        function: The function of the table.
        wanted: Whether its settings are those that PyTorch takes apart.
    """

    def handler(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        tensors = (*args, *kwargs.values())
        if not any(isinstance(x, Tensor) and x.is_meta for x in tensors) or not wanted(**kwargs):
            return func(*args, **kwargs)
        settings = dict(kwargs)
        first = [settings.pop("input")] if "input" in settings else []
        rec.recording.site = rec.module_calls.site()
        with torch._C._DisableTorchDispatch():  # the program did not make the recorder's tensors
            return function(rec, *first, *args, **settings)

    TAKEN_WHOLE.add(handler)
    return handler


def _per_sample(
    *, reduction: str = "mean", size_average: bool | None = None, reduce: bool | None = None, **_others: Any
) -> bool:
    return reduction == "batchmean" and size_average is None and reduce is None


def _kl_div(rec: Recorder, x: Tensor, target: Tensor, *, log_target: bool = False, **_settled: Any) -> Any:
    return loss.kl_div(rec, x, target, reduction="batchmean" if x.dim() else "sum", log_target=log_target)


def _power_pool(dims: int) -> Callable[..., Any]:
    """``F.lp_pool1d`` and the others; a single sample is pooled as a batch of one."""
    function = getattr(pool_average, f"lp_pool{dims}d")

    def pooled(rec: Recorder, x: Tensor, *settings: Any, **named: Any) -> Any:
        if x.dim() == dims + 1:
            return unbatched(rec, x, lambda batch: function(rec, batch, *settings, **named))
        return function(rec, x, *settings, **named)

    return _taken_whole(pooled)


def _of_floating(name: str) -> Callable[..., Any]:
    return lambda rec, x: function_of(name)(rec, floating(rec, x))


HANDLERS: Mapping[Any, Callable[..., Any]] = {
    **ASKING,
    torch.tensor: _literal,
    torch.as_tensor: _literal,
    torch.asarray: _literal,
    Tensor.new_tensor: _new_literal,
    Tensor.data.__set__: assign_data,
    Tensor.__getitem__: _indexed,
    Tensor.__setitem__: _indexed,
    F.local_response_norm: _taken_whole(local_response_norm),
    F.kl_div: _taken_whole(_kl_div, _per_sample),
    F.lp_pool1d: _power_pool(1),
    F.lp_pool2d: _power_pool(2),
    F.lp_pool3d: _power_pool(3),
    F.softsign: _taken_whole(_of_floating("softsign")),
    F.tanhshrink: _taken_whole(_of_floating("tanhshrink")),
    F.scaled_dot_product_attention: nested_attention.attention,
    torch._nested_view_from_jagged: nested.viewed,
    **devices.HANDLERS,
    **higher_order.HANDLERS,
    **leaving.HANDLERS,
    **SIGNS,
}
