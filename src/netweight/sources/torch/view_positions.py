"""Which elements of a tensor a view of it shows."""

from __future__ import annotations

import math
from typing import Any

import torch

from netweight.lazy import np
from netweight.ops.table import REGISTRY

_MOST = 1 << 22


def positions_in(shape: tuple[int, ...], op: str, attrs: Any) -> torch.Tensor | None:
    """Place of each element of a view in the flat tensor that it is a view of; None if there are too many to list.

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
