"""Tensors made of others: what they stand for is computed with, and what they hold is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

import netweight

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional

IN, OUT = 64, 32


class Scaled(torch.Tensor):
    """Codes and a scale for each row; any operator takes their product."""

    @staticmethod
    def __new__(cls, codes: Any, scale: Any, columns: int) -> Any:
        return torch.Tensor._make_wrapper_subclass(cls, (codes.shape[0], columns), dtype=scale.dtype)

    def __init__(self, codes: Any, scale: Any, columns: int) -> None:
        self.codes, self.scale, self.columns = codes, scale, columns

    def unpacked(self) -> Any:
        codes = self.codes
        if codes.shape[1] < self.columns:
            codes = torch.stack([codes & 15, codes >> 4], -1).view(codes.shape[0], self.columns)
        return codes.to(self.scale.dtype) * self.scale

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.detach.default:
            return cls(args[0].codes, args[0].scale, args[0].columns)
        return func(*(arg.unpacked() if isinstance(arg, Scaled) else arg for arg in args), **(kwargs or {}))


class Flattened(Scaled):
    """The same, and it says what it holds."""

    def __tensor_flatten__(self) -> Any:
        return ["codes", "scale"], self.columns

    @classmethod
    def __tensor_unflatten__(cls, inner: Any, meta: Any, size: Any, stride: Any) -> Any:
        return cls(inner["codes"], inner["scale"], meta)


def weight(kind: Any, *, columns: int = IN, dtype: Any = torch.int8) -> Any:
    return nn.Parameter(kind(torch.ones(OUT, columns, dtype=dtype), torch.rand(OUT, 1), IN), requires_grad=False)


def linear(kept: Any) -> Any:
    layer = nn.Linear(IN, OUT)
    layer.weight = kept
    return nn.Sequential(layer)


@pytest.mark.parametrize("kind", [Scaled, Flattened])
def test_a_subclass_is_stored_as_what_it_holds(kind: Any) -> None:
    """2,048 codes of a byte, 32 scales and 32 biases of 4 bytes."""
    model = linear(weight(kind))
    found = netweight.weigh(model, (4, IN))
    assert found.totals.macs == 4 * IN * OUT
    assert (found.totals.params, found.totals.logical_params) == (2080, 2080)
    assert found.totals.model_size_bytes == 2048 + 4 * 32 + 4 * 32 == 2304
    assert found.totals.weight_dtypes == {"int8": 2048, "float32": 32}
    assert found.coverage.complete
    assert "1 weights are tensors of class " in found.notes[0]
    assert type(model[0].weight) is kind


def test_packed_codes_of_a_subclass() -> None:
    """1,024 bytes with two codes each."""
    totals = netweight.weigh(linear(weight(Flattened, columns=IN // 2, dtype=torch.uint8)), (4, IN)).totals
    assert totals.weight_dtypes == {"int4 in uint8": 2048, "float32": 32}
    assert totals.model_size_bytes == 1024 + 4 * 32 + 4 * 32


def test_a_subclass_whose_scales_are_one() -> None:
    """Scales that are packed themselves: 2,048 + 32 + 1 x 4 bytes."""
    scale = Flattened(torch.ones(OUT, 1, dtype=torch.int8), torch.rand(1, 1), 1)
    layer = nn.Linear(IN, OUT, bias=False)
    layer.weight = nn.Parameter(Flattened(torch.ones(OUT, IN, dtype=torch.int8), scale, IN), requires_grad=False)
    assert netweight.weigh(nn.Sequential(layer), (1, IN)).totals.model_size_bytes == 2048 + 32 + 4


def test_a_subclass_in_a_buffer() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("weight", weight(Flattened).detach())

        def forward(self, x: Any) -> Any:
            return F.linear(x, self.weight)

    totals = netweight.weigh(Holder(), (1, IN)).totals
    assert (totals.params, totals.buffers, totals.logical_params) == (0, 2048, 2048)
    assert totals.model_size_bytes == 2048 + 4 * 32


def test_a_program_that_asks_the_subclass() -> None:
    """What it does before the product is in the graph: a multiplication for each of 2,048 weights."""

    class Asks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = weight(Flattened)

        def forward(self, x: Any) -> Any:
            return F.linear(x, self.weight.unpacked())

    module = Asks()
    found = netweight.weigh(module, (4, IN))
    assert found.coverage.complete
    assert found.totals.flops == 2 * 4 * 2048 + 2048
    assert (found.totals.params, found.totals.buffers) == (2048, 32)
    assert found.totals.model_size_bytes == 2048 + 4 * 32
    assert type(module.weight) is Flattened


def test_the_subclass_is_back_after_a_failure() -> None:
    class Fails(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = linear(weight(Flattened))

        def forward(self, x: Any) -> Any:
            self.layer(x)
            raise ValueError("no")

    module = Fails()
    assert netweight.weigh(module, (4, IN)).coverage.stopped_at
    assert type(module.layer[0].weight) is Flattened


@pytest.fixture
def four_ranks() -> Iterator[None]:
    """The second of four processes, none of which is there."""
    from torch.testing._internal.distributed.fake_pg import FakeStore

    if torch.distributed.is_initialized():
        pytest.skip("a process group is there already")
    torch.distributed.init_process_group("fake", rank=1, world_size=4, store=FakeStore())
    yield
    torch.distributed.destroy_process_group()


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def _layers() -> Any:
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64))


WHOLE = 2 * 64 * 256 + 256 + 64
needs_distributed = pytest.mark.skipif(
    not torch.distributed.is_available() or os.name == "nt", reason="needs torch.distributed"
)


@needs_distributed
@pytest.mark.usefixtures("four_ranks")
@pytest.mark.parametrize("depth", [0, 1])
def test_fully_sharded(depth: int) -> None:
    """Each of four ranks has a quarter of every tensor."""
    from torch.distributed.fsdp import fully_shard

    model = _layers()
    for layer in [model[0], model[2]] if depth else []:
        fully_shard(layer)
    fully_shard(model)
    kept = dict(model.named_parameters())
    hooks = [list(module._forward_pre_hooks.items()) for module in model.modules()]
    found = netweight.weigh(model, (8, 64))
    assert (found.totals.params, found.totals.macs) == (WHOLE, 8 * 2 * 64 * 256)
    assert found.totals.model_size_bytes == 4 * WHOLE
    assert found.coverage.complete
    share = WHOLE // 4
    assert f"of {WHOLE:,} distributed parameters this rank holds {share:,}, {4 * share:,} B" in found.notes[0]
    assert "not read" not in " ".join(found.notes)
    assert all(parameter is kept[name] for name, parameter in model.named_parameters())
    assert [list(module._forward_pre_hooks.items()) for module in model.modules()] == hooks


@needs_distributed
@pytest.mark.usefixtures("four_ranks")
def test_tensor_parallel() -> None:
    """A quarter of both weights and of the first bias, and all of the second."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    mesh = init_device_mesh("cpu", (4,))
    model = parallelize_module(_layers(), mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})
    found = netweight.weigh(model, (8, 64))
    assert (found.totals.params, found.totals.macs) == (WHOLE, 8 * 2 * 64 * 256)
    assert found.coverage.complete
    here = 2 * 64 * 256 // 4 + 256 // 4 + 64
    assert f"holds {here:,}, {4 * here:,} B" in found.notes[0]
    again = netweight.weigh(model, (8, 64), training=True, optimizer="adam")
    assert again.training.backward_macs == 8 * (2 * 64 * 256 + 64 * 256)


@needs_distributed
@pytest.mark.usefixtures("four_ranks")
@pytest.mark.parametrize("kept", [True, False])
def test_flat_shards(kept: bool) -> None:
    """One flat tensor has a quarter of all parameters; afterwards the module is as it was."""
    from torch.distributed.fsdp import FullyShardedDataParallel

    model = FullyShardedDataParallel(_layers(), device_id=torch.device("cpu"), use_orig_params=kept)
    before = [(dict(module.__dict__), dict(module._parameters)) for module in model.modules()]
    found = netweight.weigh(model, (8, 64))
    assert (found.totals.params, found.totals.macs) == (WHOLE, 8 * 2 * 64 * 256)
    assert found.coverage.complete
    assert f"this rank holds {WHOLE // 4:,}, {WHOLE:,} B" in found.notes[0]
    for module, (attributes, parameters) in zip(model.modules(), before, strict=True):
        assert module.__dict__.keys() == attributes.keys()
        assert module._parameters.keys() == parameters.keys()
        assert all(now is parameters[name] for name, now in module._parameters.items())
