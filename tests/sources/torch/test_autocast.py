"""Element types under ``torch.autocast`` are those of a real call, and so is the number of casts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from netweight.ir import Graph
from netweight.sources.torch import capture_module
from netweight.sources.torch.dtypes import dtype_name

HALF = (torch.bfloat16, torch.float16)


class _Casts(TorchDispatchMode):
    """Counts the casts of a real call to types of two bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten._to_copy.default and kwargs.get("dtype") in HALF
        return func(*args, **kwargs or {})


class _Steps(nn.Module):
    """Gives all results of a program that has two linear layers and more.

    Args:
        steps: Takes the module and the input, yields results.
    """

    def __init__(self, steps: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.conv, self.norm = nn.Conv1d(2, 2, 3, padding=1), nn.LayerNorm(8)
        self.table = nn.Parameter(torch.ones(30, 8))
        self.register_buffer("window", torch.ones(4))
        self.steps = steps

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(x.device.type, torch.bfloat16):
            return tuple(self.steps(self, x))


def _layers(m: Any, x: Tensor) -> Any:
    yield m.a(x)
    yield torch.relu(m.a(x))
    yield m.norm(m.b(m.a(x)))
    yield m.conv(x) + x
    yield F.gelu(m.conv(x))


def _products(m: Any, x: Tensor) -> Any:
    yield x @ x.transpose(1, 2)
    yield torch.einsum("nij,nkj->nik", x, x)
    yield torch.einsum("ni,nj->nij", x[:, 0], x[:, 1])
    yield torch.bmm(x, x.transpose(1, 2)).softmax(-1)
    yield torch.baddbmm(x[:, :, :1], x, x.transpose(1, 2))
    yield torch.cdist(m.a(x), m.table)
    yield m.table @ x.transpose(1, 2)


def _wide(m: Any, x: Tensor) -> Any:
    y = m.a(x)
    yield F.mse_loss(y, x)
    yield F.l1_loss(y, y)
    yield torch.cat([y, x])
    yield torch.stack([y, y])
    yield y + x
    yield torch.stft(y.flatten(1), 4, window=m.window, return_complex=True).abs()
    yield F.avg_pool3d(y[None], 2)
    yield F.binary_cross_entropy_with_logits(y, x)


def _regions(m: Any, x: Tensor) -> Any:
    yield m.a(x)
    with torch.autocast("cpu", enabled=False):
        yield m.a(x)
        yield m.a(x.double().float())
    with torch.autocast("cpu", torch.float16):
        yield m.b(x)
    yield m.a(x)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        yield m.b(x)
        yield m.b(x)


def _decorated(m: Any, x: Tensor) -> Any:
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def wide(_context: Any, y: Tensor) -> Tensor:
        return y @ y.transpose(1, 2)

    @torch.autocast("cpu", dtype=torch.float16)
    def half(y: Tensor) -> Tensor:
        return m.b(y)

    class Context:
        pass

    yield wide(Context(), m.a(x))
    yield half(x)


@pytest.mark.parametrize("place", ["cpu", "meta"])
@pytest.mark.parametrize("steps", [_layers, _products, _wide, _regions, _decorated])
def test_types_and_casts_are_those_of_a_real_call(steps: Any, place: str) -> None:
    """PyTorch computes the same program on real tensors; ``meta`` is a model without numbers."""
    module = _Steps(steps)
    with torch.no_grad(), _Casts() as real:
        results = module(torch.randn(3, 2, 8))
    graph = _graph(module.to(place), (3, 2, 8))
    assert [graph.values[name].spec.dtype for name in graph.outputs] == [dtype_name(y.dtype) for y in results]
    casts = [graph.values[node.outputs[0]].spec.dtype for node in graph.nodes if node.op == "cast"]
    assert sum(casts.count(dtype_name(dtype)) for dtype in HALF) == real.count  # promotion is a cast to float32


def test_attention_casts_query_key_and_value() -> None:
    """Each on its own, also where they are one tensor, as PyTorch does before it calls the kernel."""
    graph = _graph(_Steps(lambda _, x: [F.scaled_dot_product_attention(x, x, x)]), (3, 2, 8))
    assert [node.op for node in graph.nodes] == ["cast"] * 3 + ["scaled_dot_product_attention"]
    assert graph.values[graph.outputs[0]].spec.dtype == "bfloat16"


def test_autocast_around_the_capture_has_its_effect_and_keeps_nothing() -> None:
    """2 * 8 * 8 numbers of two bytes, and a real call in the same region has numbers afterwards."""
    module = nn.Linear(8, 8, bias=False)
    with torch.autocast("cpu", torch.bfloat16):
        module(torch.ones(2, 8))
        graph = _graph(module, (2, 8))
        assert module(torch.ones(2, 8)).device.type == "cpu"
    assert [node.op for node in graph.nodes] == ["cast", "cast", "linear"]
    assert graph.values[graph.outputs[0]].spec.dtype == "bfloat16"


def test_a_region_that_ends_lets_go_of_the_weights_it_cast() -> None:
    """Two regions cast the weight twice, and PyTorch holds the first cast no longer than its region."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 8, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(2):
                with torch.autocast("cpu", torch.bfloat16):
                    x = self.fc(self.fc(x))
            return x

    for module in (Twice(), Twice().to("meta")):
        graph = _graph(module, (2, 8))
        casts = [node for node in graph.nodes if node.inputs == ("fc.weight",)]
        assert len(casts) == 2
        last = graph.nodes.index(casts[1])
        assert graph.lifetimes[casts[0].outputs[0]] < last


def _graph(module: nn.Module, shape: tuple[int, ...]) -> Graph:
    capture = capture_module(module, shape)
    assert capture.error is None
    assert capture.exact
    return capture.graph
