"""Linear layers that autograd took apart, put together again: a product with a parameter that was turned."""

from __future__ import annotations

import weakref
from typing import Any

from torch import Tensor

from netweight.sources.torch.operators import Operator
from netweight.sources.torch.recorder import Recorder


class LinearAgain:
    """The turned weights of a capture, and the layers that they belong to."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._turned: dict[int, tuple[Any, Tensor]] = {}

    def see(self, operator: Operator, args: Any, result: Any) -> None:
        """Remember a parameter that was turned."""
        if operator.name == "t" and self._recorder.recording.is_owned(args[0]) and args[0].dim() == 2:
            self._turned[id(result)] = weakref.ref(result), args[0]

    def layer(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """``x @ weight.t() + bias`` as one layer, NotImplemented if it is something else."""
        if kwargs or operator.name not in ("addmm", "mm") or operator.out:
            return NotImplemented
        bias, x, turned = args if operator.name == "addmm" else (None, *args)
        found = self._turned.get(id(turned))
        if found is None or found[0]() is not turned or (bias is not None and bias.dim() != 1):
            return NotImplemented
        recording = self._recorder.recording
        view = recording.value_of(turned)
        result = self._recorder.op("linear", None, x, found[1], bias)
        if len(recording.nodes) > 1 and recording.nodes[-2].outputs == (view,):  # the layer reads its weight first
            recording.nodes[-2:] = recording.nodes[:-3:-1]
        return result
