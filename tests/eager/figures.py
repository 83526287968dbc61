"""Figures of a program: what PyTorch does and holds when it runs, and what netweight says."""

from __future__ import annotations

import warnings
import weakref
from math import prod
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from eager.programs import Program, results
from eager.saved import kept_pieces
from netweight import weigh

aten = torch.ops.aten


def _matrix_vector(matrix: Any, vector: Any, *_rest: Any, **_named: Any) -> int:
    return 2 * prod(matrix)


def _with_sum(_sum: Any, matrix: Any, vector: Any, *_rest: Any, **_named: Any) -> int:
    return 2 * prod(matrix)


def _convolution_backward(
    grad: Any, x: Any, weight: Any, _bias: Any, _stride: Any, _padding: Any, _dilation: Any, transposed: bool,
    _out_padding: Any, _groups: int, mask: Any, **_named: Any,
) -> int:  # fmt: skip
    """As many products as the forward for each of the two; PyTorch's own rule forgets the groups."""
    window = prod(weight[1:])
    products = prod(x) * window if transposed else prod(grad) * window
    return 2 * products * (bool(mask[0]) + bool(mask[1]))


def _vector_backward(x: Any, _other: Any, *_rest: Any, out_val: Any, **_named: Any) -> int:
    """Gradients of products with a vector are outer and scaled vectors: products, spelled as multiplication."""
    node = torch._C._current_autograd_node()
    return 2 * out_val.numel() if node is not None and node.name() in VECTORS else 0


def _attention(query: Any, key: Any, value: Any, *_rest: Any, **_named: Any) -> int:
    """Scores, and their sum over the values."""
    return 2 * prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _attention_backward(_grad: Any, query: Any, key: Any, value: Any, *_rest: Any, **_named: Any) -> int:
    """As much for what is passed to the values and the scores, and to queries and keys; no scores again."""
    return 2 * _attention(query, key, value)


_vector_backward._get_raw = True  # type: ignore[attr-defined]  # PyTorch's counter: arguments as they are, not as shapes

VECTORS = ("MvBackward0", "AddmvBackward0", "DotBackward0", "VdotBackward0")

COUNTED: dict[Any, Any] = {
    aten.mul: _vector_backward,
    aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
    aten.mv: _matrix_vector,
    aten.dot: _matrix_vector,
    aten.vdot: _matrix_vector,
    aten.addmv: _with_sum,
    aten.convolution_backward: _convolution_backward,
}
"""Products that PyTorch's counter does not know, or knows wrong."""


class Held(TorchDispatchMode):
    """Bytes of the storages that some tensor still refers to, and the most there were; a module's own are left out."""

    def __init__(self, *own: Any) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: dict[int, Any] = {x.untyped_storage()._cdata: None for x in tree_leaves(own)}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, result)):
            if isinstance(leaf, torch.Tensor):
                self.see(leaf.untyped_storage())
        return result

    def see(self, storage: Any) -> None:
        """Memory that is held from now on."""
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return

        def gone(_: Any) -> None:
            self.now -= size
            del self._seen[key]

        self._seen[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)


def copies(inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Inputs that a program may write over."""
    return tuple(x.clone() for x in inputs)


def held_in_forward(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    """Most bytes held while the forward runs, without gradients."""
    given = copies(inputs)
    below = torch._C._AutoDispatchBelowADInplaceOrView()
    with torch.no_grad(), below, Held(list(module.parameters()), list(module.buffers())) as held:
        for x in given:
            held.see(x.untyped_storage())
        module(*given)
    return held.peak


def real_figures(drawn: Program) -> dict[str, int]:
    """What PyTorch does."""
    _, pieces = kept_pieces(drawn.make(), copies(drawn.inputs))
    module = drawn.make()
    with FlopCounterMode(display=False, custom_mapping=COUNTED) as forward:
        made = module(*copies(drawn.inputs))
    asking = [x for x in results(made) if x.requires_grad]
    with FlopCounterMode(display=False, custom_mapping=COUNTED) as backward:
        torch.autograd.backward(asking, [torch.ones_like(x) for x in asking])
    return {
        "macs": forward.get_total_flops() // 2,
        "backward_macs": backward.get_total_flops() // 2,
        "saved": sum(nbytes for nbytes, _ in pieces.values()),
        "peak": held_in_forward(drawn.make(), drawn.inputs),
    }


def our_figures(drawn: Program) -> tuple[dict[str, int], Any]:
    """What netweight says, and the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        profile = weigh(drawn.make(), drawn.inputs, training=True, conventions=("torch-eager",))
    step = profile.training
    if step is None:
        return {}, profile
    return {
        "macs": int(profile.totals.macs),
        "backward_macs": int(step.backward_macs),
        "saved": step.saved_activation_bytes,
        "peak": profile.activations["torch-eager"].peak_bytes,
    }, profile
