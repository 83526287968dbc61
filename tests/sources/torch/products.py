"""What PyTorch's own counter says that a module multiplies when it really runs."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry


class Products(TorchDispatchMode):
    """Counts multiply-adds of products, with the formulas of ``torch.utils.flop_counter``."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        formula = flop_registry.get(func._overloadpacket)
        if formula is None and func._can_decompose():
            with self:
                return func.decompose(*args, **kwargs)
        result = func(*args, **kwargs)
        if formula is not None:
            self.macs += formula(*args, **kwargs, out_val=result) // 2
        return result


def products_of(module: torch.nn.Module, *inputs: torch.Tensor) -> tuple[int, int]:
    """Multiply-adds of a forward, and of the backward of the sum of all results."""
    with Products() as forward:
        results = module(*inputs)
    asked = [leaf.sum() for leaf in tree_leaves(results) if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
    with Products() as backward:
        if asked:
            sum(asked).backward()
    return forward.macs, backward.macs
