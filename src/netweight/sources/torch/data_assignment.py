"""``weight.data = values``: the tensor then lies where the values lie, and what the user owns stays as it was."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.sources.torch.rebinding import detach
from netweight.sources.torch.recorder import Recorder


def assign_data(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Handler of ``Tensor.data.__set__``.

    Raises:
        NotImplementedError: If a tensor with numbers would change its shape or element type.
    """
    x, values = args
    recording = rec.recording
    if not (x.is_meta or values.is_meta or rec.is_symbolic(x) or recording.is_owned(x)):
        return func(*args, **kwargs)
    alike = x.shape == values.shape and x.dtype == values.dtype
    if not alike and (recording.is_owned(x) or not (x.is_meta and values.is_meta)):
        raise NotImplementedError(f"data of another kind is assigned: {_kind(values)} to a tensor of {_kind(x)}")
    if not alike:
        func(*args, **kwargs)
    before = recording.value_of(x)
    recording.mirror(x, values)
    recording.site = rec.module_calls.site()
    recording.history.replace(before, detach(recording, x))
    if not x.is_meta:
        rec.written[recording.constants.memory(x)] = x.untyped_storage()
    return None


def _kind(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
