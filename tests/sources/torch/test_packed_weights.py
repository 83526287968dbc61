"""What packed weights are stored as: how many bits each has, and what is part of the model's size."""

from __future__ import annotations

from typing import Any

import pytest

import netweight
from netweight.ir import Stored
from netweight.ir.serial import graph_from_json, graph_to_json
from netweight.ops import REGISTRY
from netweight.results.from_json import profile_from_dict

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional

from netweight.sources.torch import capture_module  # noqa: E402

IN, OUT, GROUP = 64, 32, 16


class Packed(nn.Module):
    """Several codes in each element, taken apart by shifts, times a scale for each group of inputs."""

    def __init__(self, bits: int, dtype: Any, *, learned: bool = False, persistent: bool = True) -> None:
        super().__init__()
        self.bits, self.each = bits, torch.iinfo(dtype).bits // bits
        codes = torch.zeros(OUT, IN // self.each, dtype=dtype)
        if learned:
            self.codes = nn.Parameter(codes, requires_grad=False)
        else:
            self.register_buffer("codes", codes, persistent=persistent)
        self.register_buffer("scales", torch.rand(OUT, IN // GROUP, 1), persistent=persistent)
        self.bias = nn.Parameter(torch.zeros(OUT))

    def forward(self, x: Any) -> Any:
        parts = [self.codes >> (self.bits * at) & (2**self.bits - 1) for at in range(self.each)]
        weight = torch.stack(parts, -1).view(OUT, -1, GROUP).to(x.dtype) * self.scales
        return F.linear(x, weight.view(OUT, IN)) + self.bias


@pytest.mark.parametrize(
    ("bits", "dtype", "says"),
    [
        (4, torch.int32, "int4 in int32"), (2, torch.int32, "int2 in int32"), (4, torch.uint8, "int4 in uint8"),
        (1, torch.uint8, "int1 in uint8"), (8, torch.int64, "int8 in int64"), (8, torch.uint8, "uint8"),
    ],
)  # fmt: skip
def test_weights_in_buffers(bits: int, dtype: Any, says: str) -> None:
    """64 x 32 weights of some bits, a scale of 4 bytes for each 16 of them, 32 biases of 4 bytes."""
    found = netweight.weigh(Packed(bits, dtype), (1, IN))
    totals = found.totals
    assert totals.params == OUT
    assert totals.logical_params == IN * OUT + OUT
    assert totals.model_size_bytes == IN * OUT * bits // 8 + 4 * IN * OUT // GROUP + 4 * OUT
    assert totals.weight_dtypes == {says: IN * OUT, "float32": OUT}
    assert totals.macs == IN * OUT
    assert sum(row.logical_params for row in found.layers) == totals.logical_params
    assert [row.weight_dtype for row in found.layers if row.weight_dtype] == [says, "float32"]
    assert f"2,080: 2,048 {says}, 32 float32" in str(found)


def test_weights_in_parameters() -> None:
    """1,024 bytes with two codes each, and 32 biases; scales in buffers are listed apart."""
    totals = netweight.weigh(Packed(4, torch.uint8, learned=True), (1, IN)).totals
    assert (totals.params, totals.logical_params) == (1024 + 32, 2048 + 32)
    assert totals.model_size_bytes == 1024 + 4 * 32
    assert totals.buffers == IN * OUT // GROUP
    assert totals.weight_dtypes == {"int4 in uint8": 2048, "float32": 32}


def test_buffers_that_no_file_has_are_no_weights() -> None:
    totals = netweight.weigh(Packed(4, torch.uint8, persistent=False), (1, IN)).totals
    assert (totals.logical_params, totals.model_size_bytes) == (OUT, 4 * OUT)


def test_bits_that_are_left_over() -> None:
    """Ten weights of 3 bits in each int32: 70 places for 64 weights of a row, 3.5 bits each."""

    class Tens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("codes", torch.zeros(OUT, 7, dtype=torch.int32))

        def forward(self, x: Any) -> Any:
            places = [(self.codes >> (3 * at)) & 7 for at in range(10)]
            return F.linear(x, torch.stack(places, -1).flatten(1)[:, :IN].to(x.dtype))

    totals = netweight.weigh(Tens(), (1, IN)).totals
    assert totals.weight_dtypes == {"int3 in int32": IN * OUT}
    assert totals.model_size_bytes == 4 * 7 * OUT


def test_codes_that_are_read_twice_are_weights_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = Packed(4, torch.uint8)

        def forward(self, x: Any) -> Any:
            return self.part(x), self.part(x + 1)

    assert netweight.weigh(Twice(), (1, IN)).totals.logical_params == IN * OUT + OUT


def test_an_integer_table() -> None:
    """100 x 16 codes of int8, and 100 scales."""

    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("codes", torch.zeros(100, 16, dtype=torch.int8))
            self.register_buffer("scale", torch.ones(100, 1))

        def forward(self, ids: Any) -> Any:
            return F.embedding(ids, self.codes * self.scale)

    totals = netweight.weigh(Table(), torch.tensor([[1, 2]])).totals
    assert (totals.logical_params, totals.model_size_bytes) == (1600, 1600 + 400)


def test_statistics_and_masks_are_no_weights() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mask", torch.ones(4, 4, dtype=torch.bool).tril())
            self.conv, self.norm = nn.Conv1d(4, 4, 1), nn.BatchNorm1d(4)

        def forward(self, x: Any) -> Any:
            return self.norm(self.conv(x)).masked_fill(~self.mask, 0.0).softmax(-1)

    totals = netweight.weigh(Masked().eval(), (2, 4, 4)).totals
    assert totals.buffers == 4 * 4 + 2 * 4
    assert totals.logical_params == totals.params == 4 * 4 + 4 + 2 * 4
    assert totals.model_size_bytes == 4 * totals.params


@pytest.mark.parametrize(("dtype", "short"), [(torch.bfloat16, "bf16"), (torch.float16, "fp16"), (None, "fp32")])
def test_types_of_16_bits_are_told_apart(dtype: Any, short: str) -> None:
    found = netweight.weigh(nn.Linear(3, 4, dtype=dtype), torch.zeros(1, 3, dtype=dtype))
    assert f" at 1x3 {short}: 16 params, " in str(found).splitlines()[-1]


def test_graphs_and_reports_keep_it() -> None:
    module = Packed(4, torch.int32)
    graph = capture_module(module, (1, IN)).graph
    assert graph.values["codes"].stored == Stored(dtype="int4", weights=2048, nbytes=1024, container="int32")
    again = graph_from_json(graph_to_json(graph), {name: REGISTRY[name].attrs for name in REGISTRY})
    assert again.values == graph.values
    found = netweight.weigh(module, (1, IN))
    read = profile_from_dict(found.to_dict())
    assert read.totals == found.totals
    assert [row.weight_dtype for row in read.layers] == [row.weight_dtype for row in found.layers]


def test_reports_from_before_there_were_logical_parameters() -> None:
    data = netweight.weigh(nn.Linear(3, 4), (1, 3)).to_dict()
    for entry in (data["totals"], *data["layers"]):
        for name in ("logical_params", "weight_dtypes", "weight_dtype"):
            entry.pop(name, None)
    read = profile_from_dict(data)
    assert read.totals.logical_params == 16
    assert [row.logical_params for row in read.layers] == [0, 16]
