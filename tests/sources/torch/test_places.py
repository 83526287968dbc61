"""Tensors that meet on several devices: refused as PyTorch refuses them, taken where it takes them.

The witness needs no such device either: ``FakeTensorMode`` follows devices without numbers. It runs the calls
themselves, where a capture follows what a program does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from netweight import weigh
from netweight.sources.torch import capture_module

_ABSENT = pytest.mark.skipif(torch.cuda.is_available(), reason="the device is here")
Make = Callable[..., Tensor]
_NOT_LINKED = "PyTorch is not linked with support for cuda devices"

_CALLS: dict[str, Callable[[Make, str, str], Any]] = {
    "add": lambda z, a, b: z(a, 2, 3) + z(b, 2, 3),
    "add of a scalar tensor": lambda z, a, b: z(a, 2, 3) + z(b),
    "a scalar tensor first": lambda z, a, b: z(b) * z(a, 2, 3),
    "nextafter of a scalar tensor": lambda z, a, b: torch.nextafter(z(a, 2, 3), z(b)),
    "written over": lambda z, a, b: z(a, 2, 3).mul_(z(b, 2, 3)),
    "copied into": lambda z, a, b: z(a, 2, 3).copy_(z(b, 2, 3)),
    "set by position": lambda z, a, b: z(a, 2, 3).index_put_((torch.tensor([0]),), z(b, 3)),
    "indexed from the cpu": lambda z, a, b: z(a, 4, 3)[torch.tensor([0, 2])] + z(b, 3),
    "linear": lambda z, a, b: F.linear(z(a, 2, 3), z(b, 4, 3)),
    "linear of another bias": lambda z, a, b: F.linear(z(a, 2, 3), z(a, 4, 3), z(b, 4)),
    "matmul": lambda z, a, b: z(a, 2, 3) @ z(b, 3, 2),
    "bmm": lambda z, a, b: torch.bmm(z(a, 2, 2, 3), z(b, 2, 3, 2)),
    "einsum": lambda z, a, b: torch.einsum("ij,jk->ik", z(a, 2, 3), z(b, 3, 2)),
    "conv2d": lambda z, a, b: F.conv2d(z(a, 1, 3, 4, 4), z(b, 2, 3, 3, 3)),
    "conv_transpose2d": lambda z, a, b: F.conv_transpose2d(z(a, 1, 3, 4, 4), z(b, 3, 2, 3, 3)),
    "layer_norm": lambda z, a, b: F.layer_norm(z(a, 2, 3), (3,), z(b, 3), z(b, 3)),
    "batch_norm": lambda z, a, b: F.batch_norm(z(a, 2, 4, 3), z(b, 4), z(b, 4), z(b, 4), z(b, 4)),
    "embedding": lambda z, a, b: F.embedding(z(a, 2).long(), z(b, 5, 3)),
    "gather": lambda z, a, b: torch.gather(z(a, 2, 3), 1, z(b, 2, 1).long()),
    "index_select": lambda z, a, b: torch.index_select(z(a, 2, 3), 1, z(b, 2).long()),
    "index_add": lambda z, a, b: z(a, 2, 3).index_add(0, z(b, 1).long(), z(a, 1, 3)),
    "masked_fill": lambda z, a, b: z(a, 2, 3).masked_fill(z(b, 2, 3) > 0, 0.0),
    "where": lambda z, a, b: torch.where(z(a, 2, 3) > 0, z(b, 2, 3), z(b, 2, 3)),
    "where of a scalar tensor": lambda z, a, b: torch.where(z(a, 2, 3) > 0, z(a, 2, 3), z(b)),
    "attention": lambda z, a, b: F.scaled_dot_product_attention(z(a, 1, 2, 3, 4), z(b, 1, 2, 3, 4), z(b, 1, 2, 3, 4)),
    "attention's mask": lambda z, a, b: F.scaled_dot_product_attention(
        z(a, 1, 2, 3, 4), z(a, 1, 2, 3, 4), z(a, 1, 2, 3, 4), z(b, 3, 3)
    ),
    "cat": lambda z, a, b: torch.cat([z(a, 2), z(b, 2)]),
    "stack": lambda z, a, b: torch.stack([z(a, 2), z(b, 2)]),
    "cross_entropy": lambda z, a, b: F.cross_entropy(z(a, 2, 3), z(b, 2).long()),
    "mse_loss": lambda z, a, b: F.mse_loss(z(a, 2, 3), z(b, 2, 3)),
    "reshaped as": lambda z, a, b: z(a, 2, 3).reshape_as(z(b, 3, 2)),
    "expanded as": lambda z, a, b: z(a, 1, 3).expand_as(z(b, 2, 3)),
    "of its type": lambda z, a, b: z(a, 2, 3).to(z(b, 2, 3).dtype) + z(a, 3),
    "moved to it": lambda z, a, b: z(a, 2, 3).to(z(b, 3)) + z(b, 3),
    "made like it": lambda z, a, b: torch.zeros_like(z(a, 2, 3)) + z(a, 3) * z(b),
    "made for it": lambda z, a, b: z(a, 2, 3).new_ones(3) + z(b, 3),
    "scaled by lerp": lambda z, a, b: torch.lerp(z(a, 2, 3), z(b, 2, 3), 0.5),
    "max": lambda z, a, b: torch.maximum(z(a, 2, 3), z(b, 2, 3)),
    "prelu": lambda z, a, b: F.prelu(z(a, 2, 3), z(b, 1)),
    "grid_sample": lambda z, a, b: F.grid_sample(z(a, 1, 2, 3, 3), z(b, 1, 3, 3, 2), align_corners=False),
}


class _Calls(nn.Module):
    """The call on tensors of the program's own, after a layer on the input."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self.first, self.call = nn.Linear(2, 2), call

    def forward(self, x: Tensor) -> Any:
        self.first(x)
        return self.call()


def _made(device: str, *shape: int) -> Tensor:
    return torch.ones(shape, device=device)


def _witness(call: Callable[..., Any], *devices: str) -> str:
    """What PyTorch says; of a check that asks for the device itself, what it says of tensors without memory."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        try:
            call(_made, *devices)
        except RuntimeError as error:
            said = str(error)
            return _witness(call, *_nowhere(devices)) and _NOT_LINKED if _NOT_LINKED in said else said
    return ""


def _nowhere(devices: Sequence[str]) -> list[str]:
    return ["meta" if device == "cuda" else device for device in devices]


@_ABSENT
@pytest.mark.parametrize("devices", [("cpu", "cuda"), ("cuda", "cpu"), ("cuda", "cuda")])
@pytest.mark.parametrize("name", _CALLS)
def test_what_meets_is_what_meets_in_pytorch(name: str, devices: tuple[str, str]) -> None:
    said = _witness(_CALLS[name], *devices)
    error = capture_module(_Calls(lambda: _CALLS[name](_made, *devices)), (1, 2)).error
    if said:
        assert str(error) == said or (said == _NOT_LINKED and "on the same device" in str(error))
    else:
        assert error is None, error


@_ABSENT
def test_the_table_has_both() -> None:
    """Most calls refuse two devices, some take them."""
    refused = [bool(_witness(call, "cuda", "cpu")) for call in _CALLS.values()]
    assert 10 < sum(refused) < len(_CALLS) - 5


class _Net(nn.Module):
    """Two layers and a buffer; between them is what a program does with devices."""

    def __init__(self, program: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.program = nn.Linear(4, 4), nn.Linear(4, 4), program
        self.register_buffer("scale", torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.program(self, self.first(x)))


def _within(_m: Any, x: Tensor) -> Tensor:
    with torch.device("cuda"):
        return x + torch.zeros(4)


_MIXED: dict[str, tuple[Callable[[Any, Tensor], Tensor], str, str]] = {
    "arange": (
        lambda _m, x: torch.arange(4, device="cuda") + x,
        "its input is on cuda:0 (arange at {here}), x is on cpu (first (Linear(4, 4)))",
        "device=x.device in arange at {here}",
    ),
    "ones": (
        lambda _m, x: x + torch.ones(4).cuda(),
        "x is on cpu (first (Linear(4, 4))), the other is on cuda:0 (cuda at {here})",
        ".to(x.device) for cuda at {here}",
    ),
    "a buffer": (
        lambda m, x: x + m.scale.cuda(),
        "x is on cpu (first (Linear(4, 4))), the other is on cuda:0 (cuda at {here})",
        ".to(x.device) for cuda at {here}",
    ),
    "a scalar there": (
        lambda _m, x: x * torch.tensor(2.0, device="cuda:0"),
        "x is on cpu (first (Linear(4, 4))), the other is on cuda:0 (tensor at {here})",
        "device=x.device in tensor at {here}",
    ),
    "the input moved alone": (
        lambda _m, x: x.cuda() + torch.ones(4),
        "x is on cuda:0 (cuda at {here}), the other is on cpu (ones at {here})",
        "device=x.device in ones at {here}",
    ),
    "positions": (
        lambda _m, x: x[torch.zeros(2, dtype=torch.int64, device="cuda")],
        "x is on cpu (first (Linear(4, 4))), indices.0 is on cuda:0 (zeros at {here})",
        "device=x.device in zeros at {here}",
    ),
    "without numbers": (
        lambda _m, x: x + torch.ones(4, device="meta"),
        "x is on cpu (first (Linear(4, 4))), the other is on meta (ones at {here})",
        "device=x.device in ones at {here}",
    ),
    "the input without numbers": (
        lambda m, x: x.to("meta") + m.scale,
        "x is on meta (to at {here}), scale is on cpu",
        ".to(scale.device) for to at {here}",
    ),
    "a context": (
        _within,
        "x is on cpu (first (Linear(4, 4))), the other is on cuda:0 (zeros at {here})",
        "device=x.device in zeros at {here}",
    ),
}


@_ABSENT
@pytest.mark.parametrize("name", _MIXED)
def test_a_program_that_mixes_devices_is_told_which_and_what_fits(name: str) -> None:
    program, why, fix = _MIXED[name]
    profile = weigh(_Net(program), (2, 4))
    assert not profile.coverage.complete
    assert profile.fault is not None
    assert "on the same device" in profile.fault.message
    here = f"test_places.py:{profile.fault.lines[-1].line}"
    assert profile.fault.why == (why.format(here=here),)
    assert profile.fault.fixes == (fix.format(here=here),)


def _halves(module: nn.Module) -> None:
    module.last.to("meta")


def _a_buffer(module: nn.Module) -> None:
    module.scale = module.scale.to("meta")


@pytest.mark.parametrize(
    ("move", "what"), [(_halves, "last.weight is on meta (as the module has it)"), (_a_buffer, "scale is on meta")]
)
def test_a_module_of_which_a_part_was_moved(move: Callable[[nn.Module], None], what: str) -> None:
    module = _Net(lambda m, x: x + m.scale)
    move(module)
    fault = weigh(module, (2, 4)).fault
    assert fault is not None
    assert (
        fault.message == "Expected all tensors to be on the same device, but found at least two devices, cpu and meta!"
    )
    assert what in fault.why[0]
    assert fault.fixes == ("the module on one device: model.to('cpu')",)


_ALIKE: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "all there": lambda m, x: x.cuda() + torch.ones(4).cuda() + torch.arange(4, device="cuda") * m.scale.cuda(),
    "the input": lambda m, x: x.to("cuda", non_blocking=True) * m.scale,
    "where the input is": lambda _m, x: x.cuda() + torch.ones(4, device=x.device),
    "where the moved input is": lambda _m, x: (y := x.cuda()) + torch.ones(4, device=y.device),
    "a scalar of the cpu": lambda _m, x: x.cuda() + torch.tensor(2.0),
    "positions of the cpu": lambda _m, x: x.cuda()[torch.tensor([0, 1])],
    "there and back": lambda m, x: x.cuda().cpu().to(m.scale.device) * m.scale,
    "back from nowhere": lambda m, x: x.to("meta").to(m.scale.device) + m.scale,
    "made on the cpu, as all is": lambda _m, x: x + torch.ones(4, device="cpu"),
    "where a weight is": lambda m, x: x + torch.arange(4, device=m.first.weight.device),
}


@_ABSENT
@pytest.mark.parametrize("name", _ALIKE)
def test_a_program_that_keeps_to_one_device_is_counted(name: str) -> None:
    profile = weigh(_Net(_ALIKE[name]), (2, 4))
    assert profile.fault is None, profile.fault
    assert profile.coverage.complete
    assert profile.totals.macs == 2 * 2 * 4 * 4


def test_a_module_without_numbers_lies_anywhere() -> None:
    """Its buffers have numbers where a loader keeps them, and what the program makes has some."""
    module = _Net(lambda m, x: x * m.scale + torch.ones(4) + torch.zeros(4, device="meta"))
    module.first.to("meta")
    module.last.to("meta")
    profile = weigh(module, torch.ones(2, 4))
    assert profile.coverage.complete
    assert profile.totals.macs == 2 * 2 * 4 * 4
