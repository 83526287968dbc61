"""Buffers that operators stand before: they are in the graph, each forward does the work, and their numbers are known.

Each network is captured, run on our reference and compared with PyTorch; the buffers of the graph are those that it
reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.ir import validate
from netweight.runtime import run

torch = pytest.importorskip("torch")
F = torch.nn.functional

from netweight.sources.torch import capture_module  # noqa: E402

IN, OUT, GROUP = 16, 8, 8


class Holder(torch.nn.Module):
    """Buffers, and a forward that reads them."""

    def __init__(self, forward: Callable[[Any, Any], Any], **buffers: Any) -> None:
        super().__init__()
        self._forward = forward
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer)

    def forward(self, x: Any) -> Any:
        return self._forward(self, x)


def _codes(shape: tuple[int, ...], dtype: Any, low: int, high: int) -> Any:
    return torch.randint(low, high, shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


def int8_rows() -> Holder:
    codes = _codes((OUT, IN), torch.int8, -127, 127)
    return Holder(lambda m, x: F.linear(x, m.codes.float() * m.scale), codes=codes, scale=torch.rand(OUT, 1))


def int8_with_zero_points() -> Holder:
    codes, zero = _codes((OUT, IN), torch.uint8, 0, 255), _codes((OUT, 1), torch.uint8, 0, 255)
    return Holder(
        lambda m, x: x @ ((m.codes.to(torch.int16) - m.zero) * m.scale).to(x.dtype).T,
        codes=codes, zero=zero, scale=torch.rand(OUT, 1),
    )  # fmt: skip


def nibbles_stacked() -> Holder:
    def forward(m: Any, x: Any) -> Any:
        both = torch.stack([m.packed & 15, m.packed >> 4], -1).reshape(OUT, IN)
        return F.linear(x, (both.float() - 8).view(OUT, -1, GROUP).mul(m.scale).flatten(1))

    return Holder(forward, packed=_codes((OUT, IN // 2), torch.uint8, 0, 255), scale=torch.rand(OUT, IN // GROUP, 1))


def two_bits_by_division() -> Holder:
    def forward(m: Any, x: Any) -> Any:
        parts = [torch.remainder(torch.div(m.packed, 4**k, rounding_mode="floor"), 4) for k in range(4)]
        return F.linear(x, torch.cat(parts, 1).to(x.dtype) - 1.5)

    return Holder(forward, packed=_codes((OUT, IN // 4), torch.int32, 0, 255))


def table_of_levels() -> Holder:
    return Holder(
        lambda m, x: F.linear(x, m.table[m.codes.long()] * m.scale),
        codes=_codes((OUT, IN), torch.uint8, 0, 16), table=torch.linspace(-1, 1, 16), scale=torch.rand(OUT, 1),
    )  # fmt: skip


def groups_by_index() -> Holder:
    return Holder(
        lambda m, x: x @ (m.codes.float() * m.scales[m.g_idx]),
        codes=_codes((IN, OUT), torch.int8, -8, 8), scales=torch.rand(2, OUT), g_idx=torch.arange(IN) % 2,
    )  # fmt: skip


def signs_by_where() -> Holder:
    return Holder(
        lambda m, x: F.linear(x, torch.where(m.sign, m.high, -m.high)),
        sign=_codes((OUT, IN), torch.int8, 0, 2).bool(), high=torch.rand(OUT, 1),
    )  # fmt: skip


def bits_by_shift() -> Holder:
    def forward(m: Any, x: Any) -> Any:
        w = torch.bitwise_right_shift(m.packed.unsqueeze(1), m.shifts[None, :, None]).bitwise_and(15)
        return x @ (w.reshape(IN, OUT) * m.scale)

    return Holder(
        forward, packed=_codes((IN // 8, OUT), torch.int32, 0, 2**30),
        shifts=torch.arange(0, 32, 4, dtype=torch.int32), scale=torch.rand(OUT),
    )  # fmt: skip


def pixel_statistics() -> Holder:
    return Holder(lambda m, x: (x - m.mean[None]) / m.std.view(1, IN), mean=torch.rand(IN), std=torch.rand(IN) + 1)


def filters_of_a_convolution() -> Holder:
    return Holder(lambda m, x: F.conv1d(x[:, None], m.taps.flip(0).view(1, 1, 3).repeat(2, 1, 1)), taps=torch.rand(3))


def normalised_weights() -> Holder:
    return Holder(lambda m, x: F.linear(x, F.normalize(m.w, dim=1)), w=torch.rand(OUT, IN))


def chosen_by_numbers() -> Holder:
    return Holder(lambda m, x: x[:, m.kept.nonzero().squeeze(1)], kept=torch.tensor([True, False] * (IN // 2)))


READING = [
    int8_rows, int8_with_zero_points, nibbles_stacked, two_bits_by_division, table_of_levels, groups_by_index,
    signs_by_where, bits_by_shift, pixel_statistics, filters_of_a_convolution, normalised_weights, chosen_by_numbers,
]  # fmt: skip


@pytest.mark.parametrize("make", READING, ids=lambda make: make.__name__)
def test_buffers_behind_operators_are_in_the_graph(make: Callable[[], Holder]) -> None:
    torch.manual_seed(0)
    module = make()
    x = torch.rand(3, IN)
    found = capture_module(module, x)
    assert found.exact
    kept = {name: tuple(buffer.shape) for name, buffer in module.named_buffers()}
    assert {v.name: v.spec.shape for v in found.graph.values.values() if v.kind == "buffer"} == kept
    validate(found.graph)
    (y,) = run(found.graph, {"x": x.numpy()}, found.weights()).outputs.values()
    np.testing.assert_allclose(y, module(x).numpy(), rtol=1e-5, atol=1e-6)


def test_the_work_before_the_product_is_counted() -> None:
    """A product with the scale for each of 8 x 16 weights; each of 3 rows meets all of them."""
    totals = netweight.weigh(int8_rows(), (3, IN)).totals
    assert totals.macs == 3 * OUT * IN
    assert totals.flops == 2 * 3 * OUT * IN + OUT * IN
    assert totals.buffers == OUT * IN + OUT


def test_what_eager_pytorch_holds() -> None:
    """256 floating inputs, then codes as floats and their product with the scales, both of 256 x 256."""
    codes = _codes((256, 256), torch.int8, -127, 127)
    module = Holder(lambda m, x: F.linear(x, m.codes.float() * m.scale), codes=codes, scale=torch.rand(256, 1))
    found = netweight.weigh(module, (1, 256), conventions=["torch-eager"])
    assert found.activations["torch-eager"].peak_bytes == 4 * 256 + 2 * 4 * 256 * 256


class Counting(torch.nn.Module):
    """Buffers that it reads, writes, and goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("average", torch.ones(4))
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        self.calls.copy_(self.calls + 1)
        if self.calls > 0:  # 1
            x = self.first(x)
        if self.calls > 1:
            x = self.second(x)
        before = self.average * 2
        self.average.mul_(0.5)
        if self.average.sum() < 3:  # 2
            x = self.second(x)
        self.average[:2].zero_()
        if self.average.sum() < 2:  # 1
            x = self.first(x)
        return x * self.average + before


def test_numbers_stay_known_where_a_program_writes_what_it_has_read() -> None:
    module = Counting()
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    found = capture_module(module, x := torch.rand(2, 4))
    assert found.exact
    assert not found.notes
    assert [node.layer for node in found.graph.nodes if node.op == "linear"] == ["first", "second", "first"]
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    (y,) = run(found.graph, {"x": x.numpy()}, found.weights()).outputs.values()
    np.testing.assert_allclose(y, module(x).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_constant_that_is_read_and_then_written() -> None:
    def forward(_m: Any, x: Any) -> Any:
        ones = torch.ones(IN)
        first = x + ones
        ones[1:].mul_(3)
        return first * ones

    found = capture_module(module := Holder(forward), x := torch.rand(1, IN))
    (y,) = run(found.graph, {"x": x.numpy()}, found.weights()).outputs.values()
    np.testing.assert_allclose(y, module(x).numpy(), rtol=1e-6)
