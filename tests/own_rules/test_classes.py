"""Rules for functions with a backward of their own, and for modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import netweight
from netweight import Cost, Counted, RuleError, TensorSpec


class NoDeviceError(RuntimeError):
    """A kernel is called where it does not run."""


class Fused(torch.autograd.Function):
    """A kernel of somebody's: it runs nowhere but on his device."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, power: int) -> Tensor:
        """Fails here."""
        raise NoDeviceError(ctx, x, weight, power)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        """Fails too."""
        raise NoDeviceError(ctx, grad)


class FusedWithSetup(Fused):
    """The same in the form in which forward has no context."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, power: int) -> Tensor:  # type: ignore[override]
        """Fails here."""
        raise NoDeviceError(x, weight, power)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keeps nothing."""


def fused_rule(x: TensorSpec, weight: TensorSpec, power: int) -> Counted:
    """A product per element and power."""
    return Counted(
        x,
        Cost(muls=x.numel * power),
        saves=("x", "weight"),
        backward={"x": Cost(muls=x.numel), "weight": Cost(macs=x.numel)},
    )


class Applies(nn.Module):
    """Calls a function between two layers."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.first, self.scale = nn.Linear(6, 4), nn.Parameter(torch.ones(4))
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """One call of it."""
        y: Tensor = self.function.apply(self.first(x), self.scale, 3)
        return y.relu()


class Mixer(nn.Module):
    """A block that cannot be followed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project, self.act = nn.Linear(width, width), nn.GELU()
        self.register_buffer("mask", torch.ones(width))

    def forward(self, x: Tensor, *, scale: float = 1.0) -> Tensor:
        """Leaves PyTorch."""
        return torch.from_numpy(self.act(self.project(x)).numpy() * scale)


class Inherits(Mixer):
    """The same forward."""


class Overrides(Mixer):
    """A forward of its own."""

    def forward(self, x: Tensor, *, scale: float = 1.0) -> Tensor:
        """No call of the base."""
        return self.project(x) * scale


def mixer_rule(module: Mixer, x: TensorSpec, *, scale: float = 1.0) -> Counted:
    """A linear layer and eight operations per element."""
    features = module.project.out_features
    return Counted(
        x,
        Cost(macs=x.numel * features, muls=0 if scale == 1 else x.numel, tanhs=x.numel),
        saves=("x", TensorSpec(x.shape, x.dtype)),
        backward={"x": Cost(macs=x.numel * features), "project.weight": Cost(macs=x.numel * features)},
    )


class Stack(nn.Module):
    """Two such blocks and a head."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([kind(4), kind(4)])
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        """One after the other."""
        for block in self.blocks:
            x = block(x, scale=2.0)
        y: Tensor = self.head(x)
        return y


class TestFunctions:
    @pytest.mark.parametrize("function", [Fused, FusedWithSetup])
    def test_is_counted_and_does_not_run(self, function: Any) -> None:
        profile = netweight.weigh(Applies(function), (5, 6), training=True, rules={function: fused_rule})
        (row,) = [row for row in profile.layers if row.kind == "custom"]
        assert (row.op, row.muls, row.params) == (function.__name__, 3 * 20, 4)
        assert row.formulas["muls"] == "5 * 4 * 3"
        assert row.settings == {"power": 3}
        assert profile.coverage.complete
        assert profile.training is not None
        (trained,) = [row for row in profile.training.layers if row.op == function.__name__]
        assert (trained.backward_macs, trained.backward_flops) == (20, 2 * 20 + 20)
        assert trained.saved_activation_bytes == 4 * 20

    def test_its_own_rule_alone_is_asked(self) -> None:
        profile = netweight.weigh(Applies(Fused), (5, 6), rules={FusedWithSetup: fused_rule})
        assert not profile.coverage.complete

    def test_what_depends_on_no_input_runs(self) -> None:
        class Doubles(torch.autograd.Function):
            @staticmethod
            def forward(_ctx: Any, x: Tensor) -> Tensor:
                return x * 2

        class Constant(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                sizes: Any = Doubles.apply(torch.tensor([2]))
                return x.reshape(int(sizes), -1)

        profile = netweight.weigh(Constant(), (4, 3), rules={Doubles: fused_rule})
        assert profile.layers[-1].output_shapes == ((4, 3),)

    def test_a_mistake_names_its_line(self) -> None:
        def rule(x: TensorSpec, weight: TensorSpec, power: int) -> Counted:
            return Counted(x, Cost(muls=x.numel // (power - 3)))

        with pytest.raises(RuleError, match="rule of Fused: expected a Counted, got ZeroDivisionError") as found:
            netweight.weigh(Applies(Fused), (5, 6), rules={Fused: rule})
        line = rule.__code__.co_firstlineno + 1
        assert found.value.__notes__ == [f"test_classes.py:{line}: in rule"]


class TestModules:
    def test_is_one_row_with_all_its_parameters(self) -> None:
        profile = netweight.weigh(Stack(Mixer), (5, 4), rules={Mixer: mixer_rule})
        rows = [row for row in profile.layers if row.kind == "custom"]
        assert [(row.layer, row.op) for row in rows] == [("blocks.0", "Mixer"), ("blocks.1", "Mixer")]
        assert [(row.params, row.params_no_bias, row.buffers) for row in rows] == [(20, 16, 4)] * 2
        assert [(row.macs, row.muls, row.tanhs) for row in rows] == [(80, 20, 20)] * 2
        assert rows[0].weight_shapes == {"project.weight": (4, 4), "project.bias": (4,), "mask": (4,)}
        assert profile.totals.params == 2 * 20 + 15
        assert profile.coverage.complete
        assert len(profile.notes) == 1, "nothing is said of modules inside that are not called"

    def test_of_itself(self) -> None:
        profile = netweight.weigh(Mixer(4), (5, 4), rules={Mixer: mixer_rule})
        assert [row.layer for row in profile.layers] == ["x", "Mixer"]
        assert profile.totals.macs == 80

    def test_training(self) -> None:
        profile = netweight.weigh(Stack(Mixer), (5, 4), training=True, rules={Mixer: mixer_rule})
        assert profile.training is not None
        first, second = [row for row in profile.training.layers if row.op == "Mixer"]
        assert (first.backward_macs, second.backward_macs) == (80, 160)  # nobody wants the gradient of the input
        assert first.gradient_bytes == 4 * 20
        assert second.saved_activation_bytes == 2 * 80

    def test_subclasses_with_the_same_forward(self) -> None:
        rules = {Mixer: mixer_rule}
        assert netweight.weigh(Stack(Inherits), (5, 4), rules=rules).coverage.own_rules[0].op == "Mixer"
        assert not netweight.weigh(Stack(Overrides), (5, 4), rules=rules).coverage.own_rules

    def test_classes_are_left_as_they_were(self) -> None:
        before = Mixer.forward
        netweight.weigh(Stack(Inherits), (5, 4), rules={Mixer: mixer_rule, Inherits: mixer_rule})
        assert Mixer.forward is before
        assert "forward" not in Inherits.__dict__
        with pytest.raises(RuleError):
            netweight.weigh(Stack(Mixer), (5, 4), rules={Mixer: lambda *_args, **_kwargs: 1})
        assert Mixer.forward is before

    def test_where_the_forward_differentiates_it_runs(self) -> None:
        class Penalty(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = Overrides(4)

            def forward(self, x: Tensor) -> Tensor:
                x = x.requires_grad_()
                (grad,) = torch.autograd.grad(self.inner(x).sum(), x, create_graph=True)
                return grad

        profile = netweight.weigh(Penalty(), (5, 4), rules={Overrides: mixer_rule})
        says = "the model differentiates in its forward: Overrides is followed, and its rule is not asked"
        assert says in profile.notes
