"""The same module, the same mistake: PyTorch's gradcheck and ours agree on it; the norms of gradients are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netweight

torch: Any = pytest.importorskip("torch")


class Square(torch.autograd.Function):  # type: ignore[misc]
    """x * x, whose backward multiplies by a factor that is 2 where it is right."""

    factor = 2.0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grads[0] * x * Square.factor


class Net(torch.nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 3)
        self.fc = torch.nn.Linear(3, 2)

    def forward(self, x: Any) -> Any:
        return self.fc(Square.apply(self.conv(x)).amax((2, 3)))


@pytest.mark.parametrize(("factor", "right"), [(2.0, True), (2.1, False)])
def test_both_say_the_same(factor: float, right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Square, "factor", factor)
    torch.manual_seed(0)
    module = Net()
    x = np.random.default_rng(0).standard_normal((2, 2, 5, 5))
    ours = netweight.gradcheck(module, torch.tensor(x, dtype=torch.float32))
    assert ours.passed is right
    if not right:
        assert [e.tensor for e in ours.tensors if not e.passed] == ["x", "conv.weight", "conv.bias"]
    module.double()
    theirs = torch.autograd.gradcheck(
        module, torch.tensor(x, dtype=torch.float64, requires_grad=True), raise_exception=False
    )
    assert theirs is right


def test_half_precision_inside_is_computed_in_double() -> None:
    class Cast(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = torch.nn.Linear(3, 2).to(torch.bfloat16)

        def forward(self, x: Any) -> Any:
            return self.fc(x.to(torch.bfloat16)).to(torch.float32)

    assert netweight.gradcheck(Cast(), (2, 3)).passed


def test_numbers_that_are_complex_inside() -> None:
    class Complex(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.randn(4, dtype=torch.complex64))
            self.fc = torch.nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            return self.fc((x * self.w).abs())

    torch.manual_seed(0)
    found = netweight.gradcheck(Complex(), (2, 4))
    assert found.passed, str(found)
    assert found["x"].compared == 8
    assert found["w"].reason == "complex: not compared"


def test_gradients_that_the_network_stops_are_named() -> None:
    class Stops(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = torch.nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            return self.fc(x) + self.fc(x).detach()

    found = netweight.gradcheck(Stops(), (2, 4))
    assert not found.passed
    assert any("gradients stop at detach in " in note for note in found.notes)


def test_norms_are_those_of_autograd() -> None:
    """The mean cross entropy, differentiated by PyTorch in float64."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(36, 7)
    )
    x = torch.randn(3, 1, 5, 5)
    found = netweight.gradients(module, x, seed=5, training=True)
    target = torch.tensor(np.random.default_rng(5).integers(0, 7, 3))
    module.double().train()
    loss = torch.nn.functional.cross_entropy(module(x.double()), target)
    loss.backward()
    assert found.value == pytest.approx(loss.item(), rel=1e-12)
    assert [layer.layer for layer in found.layers] == ["0", "1", "4"]
    for layer in found.layers:
        part = module[int(layer.layer)]
        squares = sum(float((p.grad**2).sum()) for p in part.parameters())
        assert layer.norm == pytest.approx(squares**0.5, rel=1e-9, abs=1e-15)
        assert layer.rms == pytest.approx((squares / layer.count) ** 0.5, rel=1e-9, abs=1e-15)
        assert layer.weight_norm == pytest.approx(
            sum(float((p.detach() ** 2).sum()) for p in part.parameters()) ** 0.5, rel=1e-9
        )
