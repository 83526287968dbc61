"""Where a program stops gradients, or asks for them, the captured step does the same: work, memory, every gradient."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from netweight import weigh  # noqa: E402
from netweight.ir.serial import graph_from_json, graph_to_json  # noqa: E402
from netweight.ops import REGISTRY  # noqa: E402
from netweight.sources.torch.module import capture_module  # noqa: E402
from sources.torch.real_step import check_step  # noqa: E402


class Three(nn.Module):
    """Three layers, the middle of which a program may do as it likes."""

    def __init__(self, step: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 4)
        self.step = step

    def forward(self, x: Any) -> Any:
        return self.step(self, x)


def plainly(self: Any, x: Any) -> Any:
    return self.last(torch.tanh(self.middle(self.first(x))))


def no_grad(self: Any, x: Any) -> Any:
    with torch.no_grad():
        x = self.middle(self.first(x))
    return self.last(torch.tanh(x))


@torch.no_grad()
def _features(self: Any, x: Any) -> Any:
    return self.middle(self.first(x))


def decorated(self: Any, x: Any) -> Any:
    return self.last(torch.tanh(_features(self, x)))


def disabled(self: Any, x: Any) -> Any:
    x = self.first(x)
    with torch.set_grad_enabled(False):
        x = self.middle(x)
    return self.last(x)


def switched(self: Any, x: Any) -> Any:
    torch.set_grad_enabled(False)
    x = self.first(x)
    torch.set_grad_enabled(True)
    return self.last(torch.tanh(self.middle(x)))


def enabled_inside(self: Any, x: Any) -> Any:
    with torch.no_grad():
        x = self.first(x)
        with torch.enable_grad():
            x = torch.tanh(self.middle(x))
    return self.last(x)


def two_paths(self: Any, x: Any) -> Any:
    x = self.first(x)
    with torch.no_grad():
        gate = torch.sigmoid(self.middle(x))
    return self.last(x * gate)


def detached(self: Any, x: Any) -> Any:
    return self.last(torch.tanh(self.middle(self.first(x).detach())))


def detached_in_place(self: Any, x: Any) -> Any:
    x = self.first(x)
    x.detach_()
    return self.last(torch.tanh(self.middle(x)))


def data(self: Any, x: Any) -> Any:
    return self.last(torch.tanh(self.middle(self.first(x).data)))


def weight_data(self: Any, x: Any) -> Any:
    return self.last(F.linear(self.first(x), self.middle.weight.data))


def weight_detached(self: Any, x: Any) -> Any:
    return self.last(F.linear(self.first(x), self.middle.weight.detach(), self.middle.bias))


def leaf_again(self: Any, x: Any) -> Any:
    x = self.first(x).detach().requires_grad_()
    return self.last(torch.tanh(self.middle(x)))


def leaf_by_attribute(self: Any, x: Any) -> Any:
    with torch.no_grad():
        x = self.first(x)
    x.requires_grad = True
    return self.last(F.linear(x, self.middle.weight.detach()))


def both_sides_of_a_leaf(self: Any, x: Any) -> Any:
    with torch.no_grad():
        h = self.first(x)
    asking = h.detach().requires_grad_(True)
    return self.last(F.linear(asking, self.middle.weight.detach()) + F.linear(h, self.middle.weight.detach()))


def straight_through(self: Any, x: Any) -> Any:
    h = self.first(x)
    return self.last(self.middle(h + (torch.sign(h) - h).detach()))


def written_unseen(self: Any, x: Any) -> Any:
    h = torch.tanh(self.first(x)) * 1.0
    with torch.no_grad():
        h.mul_(3.0)
    return self.last(h * h)


def part_written_unseen(self: Any, x: Any) -> Any:
    h = self.first(x) * 1.0
    with torch.no_grad():
        h[:, 2:5] += 1.0
    return self.last(self.middle(h))


def written_through_data(self: Any, x: Any) -> Any:
    h = self.first(x) * 1.0
    h.data.clamp_(-0.1, 0.1)
    return self.last(self.middle(h))


def weight_written_unseen(self: Any, x: Any) -> Any:
    weight = self.middle.weight * 1.0
    with torch.no_grad():
        weight[0].zero_()
    return self.last(F.linear(self.first(x), weight))


def view_read_after(self: Any, x: Any) -> Any:
    h = self.first(x) * 1.0
    part = h[:, :4]
    with torch.no_grad():
        h.add_(1.0)
        part.mul_(2.0)
    return self.last(torch.cat([part, h[:, 4:]], 1))


def asked_of_the_program(self: Any, x: Any) -> Any:
    assert not x.requires_grad
    assert x.is_leaf
    x = self.first(x)
    assert x.requires_grad
    assert x.grad_fn is not None
    assert not x.is_leaf
    assert torch.is_grad_enabled()
    with torch.no_grad():
        assert not torch.is_grad_enabled()
        assert not self.middle(x).requires_grad
    y = x.detach()
    assert y.grad_fn is None
    assert y.is_leaf
    assert not (x > 0).requires_grad
    assert not x.argmax(1).requires_grad
    return self.last(x) if x.requires_grad else self.last(self.middle(x))


def frozen_while_it_runs(self: Any, x: Any) -> Any:
    self.middle.requires_grad_(False)
    x = self.last(torch.tanh(self.middle(self.first(x))))
    self.middle.requires_grad_(True)
    return x


def frozen_the_second_time(self: Any, x: Any) -> Any:
    x = self.middle(self.first(x))
    self.middle.weight.requires_grad = False
    x = self.last(self.middle(x))
    self.middle.weight.requires_grad = True
    return x


STEPS = [
    plainly, no_grad, decorated, disabled, switched, enabled_inside, two_paths, detached, detached_in_place, data,
    weight_data, weight_detached, leaf_again, leaf_by_attribute, both_sides_of_a_leaf, straight_through,
    written_unseen, part_written_unseen, written_through_data, weight_written_unseen, view_read_after,
    asked_of_the_program, frozen_while_it_runs, frozen_the_second_time,
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_the_step_is_pytorchs(step: Any) -> None:
    torch.manual_seed(0)
    module = Three(step)
    check_step(module, torch.randn(5, 6))
    assert all(p.requires_grad for p in module.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("step", [plainly, leaf_again, two_paths], ids=lambda step: step.__name__)
def test_an_input_that_asks_for_a_gradient_gets_one(step: Any) -> None:
    """Input gradient of the first layer: 5 * 6 * 8 more, where it is reached."""
    x = torch.randn(5, 6, requires_grad=True)
    module = Three(step)
    check_step(module, x)
    more = weigh(module, x, training=True).training.backward_macs
    less = weigh(module, x.detach(), training=True).training.backward_macs
    assert more - less == (0 if step is leaf_again else 5 * 6 * 8)


def test_inference_mode_stops_gradients() -> None:
    def step(self: Any, x: Any) -> Any:
        with torch.inference_mode():
            x = self.middle(self.first(x))
            assert not torch.is_grad_enabled()
        return self.last(x.clone())

    check_step(Three(step), torch.randn(5, 6))


def test_the_callers_own_mode_does_not_matter() -> None:
    module = Three(two_paths)
    inside = weigh(module, (5, 6), training=True).training
    with torch.no_grad():
        assert weigh(module, (5, 6), training=True).training == inside
        assert not torch.is_grad_enabled()


def test_a_leaf_that_is_set_back_asks_for_nothing() -> None:
    def step(self: Any, x: Any) -> Any:
        h = self.first(x)
        with pytest.raises(RuntimeError, match="leaf"):
            h.requires_grad_(False)
        h = h.detach().requires_grad_().requires_grad_(False)
        return self.last(h)

    check_step(Three(step), torch.randn(5, 6))


def test_a_buffer_that_asks_for_a_gradient() -> None:
    class Prompt(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)
            self.register_buffer("prompt", torch.randn(3, 4, requires_grad=True))

        def forward(self, x: Any) -> Any:
            return self.layer(torch.cat([self.prompt * 2.0, x]))

    check_step(Prompt(), torch.randn(2, 4))


@pytest.mark.parametrize("step", [view_read_after, both_sides_of_a_leaf], ids=lambda step: step.__name__)
def test_a_stored_graph_has_the_same_step(step: Any) -> None:
    graph = capture_module(Three(step), torch.randn(5, 6)).graph
    kinds = {name: op.attrs for name, op in REGISTRY.items()}
    assert graph.diverted or graph.leaves
    assert graph_from_json(graph_to_json(graph), kinds) == graph


def hooked(self: Any, x: Any) -> Any:
    x = self.first(x)
    x.retain_grad()
    x.register_hook(lambda grad: grad * 2).remove()
    self.middle.weight.register_hook(lambda grad: grad * 2)
    x.grad_fn.register_prehook(lambda grads: grads)
    return self.last(torch.tanh(self.middle(x)))


def test_hooks_on_gradients_are_said_and_left_off() -> None:
    module = Three(hooked)
    notes = weigh(module, (5, 6), training=True).notes
    assert any("hooks on gradients" in note for note in notes)
    assert module.middle.weight._backward_hooks is None
    with_hooks = weigh(module, (5, 6), training=True).training
    assert with_hooks == weigh(Three(plainly), (5, 6), training=True).training


def test_no_hook_where_there_is_no_gradient() -> None:
    def step(self: Any, x: Any) -> Any:
        with pytest.raises(RuntimeError, match="cannot register a hook"):
            x.register_hook(lambda grad: grad)
        return self.last(self.first(x))

    assert weigh(Three(step), (5, 6)).coverage.stopped_at is None


def test_backward_hooks_of_modules_change_no_figure() -> None:
    plain = weigh(Three(plainly), (5, 6), training=True).training
    module = Three(plainly)
    calls: list[Any] = []
    for part in (module, module.middle):
        part.register_full_backward_hook(lambda *call: calls.append(call))
    profile = weigh(module, (5, 6), training=True)
    assert not calls
    assert profile.coverage.stopped_at is None
    assert (profile.training.backward_macs, profile.training.saved_activation_bytes) == (
        plain.backward_macs,
        plain.saved_activation_bytes,
    )
