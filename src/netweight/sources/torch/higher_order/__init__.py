"""Higher-order operators of PyTorch, whose arguments are functions: what the functions do is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch._ops import _higher_order_ops

from netweight.sources.torch.higher_order.bodies import BODIES
from netweight.sources.torch.higher_order.flex import flex_attention
from netweight.sources.torch.recorder import Recorder


def _following(body: Callable[..., Any]) -> Callable[..., Any]:
    """Handler of an operator: the functions that it is given are seen as the program is."""

    def handler(rec: Recorder, _func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        with rec.following:
            return body(rec, *args, **kwargs)

    return handler


HANDLERS: Mapping[Any, Callable[..., Any]] = {
    _higher_order_ops[name]: _following(body)
    for name, body in {**BODIES, "flex_attention": flex_attention}.items()
    if name in _higher_order_ops
}
