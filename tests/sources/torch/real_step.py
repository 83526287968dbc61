"""A step of training that PyTorch really takes, and the same step as it was captured."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from netweight.analysis.training import training_cost
from netweight.runtime import backward, run
from netweight.sources.torch.module import Capture, capture_module


def outputs_of(result: Any) -> list[Tensor]:
    """Tensors of floating type that a module gave."""
    return [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and leaf.is_floating_point()]


def _start(outputs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Outputs that have a gradient, and gradients for them that are all different."""
    moving = [y for y in outputs if y.requires_grad]
    return moving, [torch.linspace(-1, 2, y.numel(), dtype=y.dtype).reshape(y.shape) for y in moving]


class Flops(TorchDispatchMode):
    """What PyTorch's own formulas count for the operators that run."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


def backward_macs(module: nn.Module, *inputs: Tensor) -> int:
    """Multiplications of a real backward: half of what is counted beyond the forward."""
    with Flops() as flops:
        outputs = outputs_of(module(*inputs))
        done = flops.total
        torch.autograd.backward(*_start(outputs))
    return (flops.total - done) // 2


class _Packed:
    """A tensor that is kept for backward."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def saved_bytes(module: nn.Module, *inputs: Tensor) -> int:
    """Bytes of the storages that are kept for backward when a real forward is done, without parameters and buffers."""
    lasting = {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers())}
    kept: WeakSet[_Packed] = WeakSet()

    def pack(tensor: Tensor) -> _Packed:
        kept.add(packed := _Packed(tensor.detach()))  # an output would hold itself
        return packed

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda packed: packed.tensor):
        outputs = module(*inputs)
    storages = {s._cdata: s.nbytes() for s in (packed.tensor.untyped_storage() for packed in kept)}
    del outputs
    return sum(size for address, size in storages.items() if address not in lasting)


def real_gradients(module: nn.Module, *inputs: Tensor) -> dict[str, np.ndarray]:
    """What ``.grad`` is after a real step, for each parameter that gets one."""
    module.zero_grad()
    torch.autograd.backward(*_start(outputs_of(module(*inputs))))
    found = {name: p.grad.numpy().copy() for name, p in module.named_parameters() if p.grad is not None}
    module.zero_grad()
    return found


def captured_gradients(capture: Capture, *inputs: Tensor) -> dict[str, np.ndarray]:
    """The same by running what was captured."""
    graph = capture.graph
    given = {name: x.detach().numpy() for name, x in zip(graph.inputs, inputs, strict=True)}
    asked = [n for n, v in graph.values.items() if v.kind == "parameter" and n not in graph.frozen]
    done = run(graph, given, capture.weights(), keep="saved", wanted=asked)
    assert done.plan is not None
    outputs = [name for name in graph.outputs if name in done.plan.reached]
    shapes = {name: done.outputs[name] for name in outputs}
    starts = {n: torch.linspace(-1, 2, y.size, dtype=torch.float32).reshape(y.shape).numpy() for n, y in shapes.items()}
    return backward(graph, done, starts)


def check_step(module: nn.Module, *inputs: Tensor, saved: bool = True) -> Capture:
    """Backward MACs, saved bytes and every gradient of the captured step are those of the real one."""
    capture = capture_module(module, inputs)
    assert capture.error is None
    cost = training_cost(capture.graph)
    done, counted = cost.backward_macs + cost.recomputed_macs, backward_macs(module, *inputs)
    assert done == counted, f"MACs {done} {counted}"
    if saved:
        kept = saved_bytes(module, *inputs)
        assert cost.saved_activation_bytes == kept, f"saved {cost.saved_activation_bytes} {kept}"
    real = real_gradients(module, *inputs)
    trained = sum(p.numel() for n, p in module.named_parameters() if n in real)
    assert cost.trained_params == trained
    ours = captured_gradients(capture, *inputs)
    assert sorted(ours) == sorted(real)
    for name, grad in real.items():
        np.testing.assert_allclose(ours[name], grad, rtol=2e-4, atol=2e-5, err_msg=name)
    return capture
