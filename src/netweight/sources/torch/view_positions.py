"""Where the elements of a view are in what it is a view of."""

from __future__ import annotations

import math
from typing import Any

import torch

from netweight.lazy import np
from netweight.ops.table import REGISTRY

_MOST = 1 << 22


def positions_in(shape: tuple[int, ...], op: str, attrs: Any) -> torch.Tensor | None:
    """For each element of a view its place among the elements in order, flat; None if they are too many to list.

    Args:
        shape: Of what is looked at.
        op: View operator.
        attrs: Its attributes.
    """
    count = math.prod(shape)
    if count > _MOST:
        return None
    places = REGISTRY[op].forward(attrs, np.arange(count).reshape(shape))
    return torch.from_numpy(np.array(places).reshape(-1))
