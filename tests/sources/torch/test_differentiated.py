"""Programs that differentiate inside their forward: their products are those of PyTorch when it really runs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.sources.torch.products import products_of
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

import netweight

AF = torch.autograd.functional
# PyTorch's rules of forward mode are scripted, which it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script")


class Program(nn.Module):
    """A small network, and a program that calls it."""

    def __init__(self, program: Callable[..., Any]) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 16), nn.SiLU(), nn.Linear(16, 1))
        self.program = program

    def forward(self, *inputs: Tensor) -> Any:
        return self.program(self.net, *inputs)


def _forces(net: nn.Module, x: Tensor) -> Any:
    energy = net(x.requires_grad_()).sum()
    return energy, -torch.autograd.grad(energy, x, create_graph=True)[0]


def _laplacian(net: nn.Module, x: Tensor) -> Any:
    u = net(x.requires_grad_())
    slope = torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]
    return sum(torch.autograd.grad(slope[:, at].sum(), x, create_graph=True)[0][:, at] for at in range(3))


def _some_unused(net: nn.Module, x: Tensor) -> Any:
    other = torch.zeros(3, requires_grad=True)
    return torch.autograd.grad(net(x.requires_grad_()).sum(), (x, other), allow_unused=True)[0]


def _batch_of_gradients(net: Any, x: Tensor) -> Any:
    y = net[:3](x.requires_grad_())
    ways = torch.eye(16)[:, None].expand(16, 5, 16)
    return torch.autograd.grad(y, x, ways, is_grads_batched=True, create_graph=True)[0]


def _forward_mode(net: nn.Module, x: Tensor) -> Any:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(net(forward_ad.make_dual(x, torch.ones_like(x)))).tangent


def _only_saved(net: nn.Module, x: Tensor) -> Any:
    """A gradient that reads detached numbers."""
    y = net(x.requires_grad_())
    return torch.autograd.grad((y * y.detach()).sum(), x, create_graph=True)[0]


def _loss(net: nn.Module, x: Tensor) -> Any:
    loss = net(x).square().mean()
    loss.backward()
    return loss.detach()


def _loss_of_many(net: nn.Module, x: Tensor) -> Any:
    loss = net(x).square().mean()
    torch.autograd.backward([loss])
    return loss.detach()


def _pulled_back(net: nn.Module, x: Tensor) -> Any:
    y, pull = torch.func.vjp(net, x)
    return pull(torch.ones_like(y))[0]


def _inner_step(net: nn.Module, x: Tensor, y: Tensor) -> Any:
    weights = dict(net.named_parameters())
    loss = F.mse_loss(torch.func.functional_call(net, weights, (x,)), y)
    slopes = torch.autograd.grad(loss, tuple(weights.values()), create_graph=True)
    moved = {name: w - 0.1 * slope for (name, w), slope in zip(weights.items(), slopes, strict=True)}
    return F.mse_loss(torch.func.functional_call(net, moved, (x,)), y)


def _inner_step_of_functions(net: nn.Module, x: Tensor, y: Tensor) -> Any:
    def loss(weights: Any) -> Tensor:
        return F.mse_loss(torch.func.functional_call(net, weights, (x,)), y)

    weights = dict(net.named_parameters())
    slopes = torch.func.grad(loss)(weights)
    return loss({name: w - 0.1 * slopes[name] for name, w in weights.items()})


ASKING: dict[str, Callable[..., Any]] = {
    "autograd.grad": _forces,
    "autograd.grad, twice": _laplacian,
    "autograd.grad, detached": _only_saved,
    "forward_ad": _forward_mode,
    "autograd.grad, unused": _some_unused,
    "backward": _loss,
    "autograd.backward": _loss_of_many,
    "autograd.grad of a batch": _batch_of_gradients,
    "autograd.functional.vjp": lambda net, x: AF.vjp(net, x, torch.ones(5, 1)),
    "autograd.functional.jvp": lambda net, x: AF.jvp(net, x, torch.ones(5, 3)),
    "autograd.functional.hvp": lambda net, x: AF.hvp(lambda y: net(y).sum(), x, torch.ones(5, 3)),
    "autograd.functional.jacobian": lambda net, x: AF.jacobian(net, x, create_graph=True),
    "autograd.functional.hessian": lambda net, x: AF.hessian(lambda y: net(y).sum(), x),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "grad": lambda net, x: torch.func.grad(lambda y: net(y).sum())(x),
    "grad_and_value": lambda net, x: torch.func.grad_and_value(lambda y: net(y).sum())(x),
    "vjp": _pulled_back,
    "jvp": lambda net, x: torch.func.jvp(net, (x,), (torch.ones_like(x),)),
    "jacfwd": lambda net, x: torch.func.jacfwd(net)(x),
    "hessian": lambda net, x: torch.func.hessian(lambda y: net(y).sum())(x),
    "jacrev": lambda net, x: torch.func.jacrev(net)(x),
    "vmap": lambda net, x: torch.func.vmap(net)(x),
    "vmap of grad": lambda net, x: torch.func.vmap(torch.func.grad(lambda y: net(y).sum()))(x),
}
STEPS = {"autograd.grad": _inner_step, "grad": _inner_step_of_functions}


@pytest.mark.parametrize("program", (ASKING | FUNCTIONS).values(), ids=list(ASKING | FUNCTIONS))
def test_products_are_those_of_a_real_run(program: Callable[..., Any]) -> None:
    module = Program(program)
    report = netweight.weigh(module, (5, 3), training=True)
    assert report.coverage.complete
    assert report.training is not None
    assert (report.totals.macs, report.training.backward_macs) == products_of(module, torch.randn(5, 3))


@pytest.mark.parametrize("program", STEPS.values(), ids=list(STEPS))
def test_a_step_inside_the_forward(program: Callable[..., Any]) -> None:
    module = Program(program)
    report = netweight.weigh(module, ((5, 3), (5, 1)), training=True)
    assert report.training is not None
    real = products_of(module, torch.randn(5, 3), torch.randn(5, 1))
    assert (report.totals.macs, report.training.backward_macs) == real


def test_a_checkpoint_runs_again_where_a_gradient_is_asked_for() -> None:
    def program(net: nn.Module, x: Tensor) -> Any:
        energy = checkpoint(net, x.requires_grad_(), use_reentrant=False).sum()
        return torch.autograd.grad(energy, x, create_graph=True)[0]

    module = Program(program)
    report = netweight.weigh(module, (5, 3))
    assert report.totals.macs == products_of(module, torch.randn(5, 3))[0]
    assert not report.coverage.complete
    assert any("training leaves out" in note for note in report.notes)


def test_what_linearize_traces_is_a_guess() -> None:
    def program(net: nn.Module, x: Tensor) -> Any:
        return torch.func.linearize(net, x)[1](torch.ones_like(x))

    report = netweight.weigh(Program(program), (5, 3))
    assert not report.coverage.complete
    assert any("linearize" in note for note in report.notes)


def _strain(net: nn.Module, x: Tensor) -> Any:
    strain = torch.zeros(3, 3, requires_grad=True)
    energy = net(x.requires_grad_() @ (torch.eye(3) + strain)).sum()
    return torch.autograd.grad(energy, (x, strain), create_graph=True)


def _step_of_an_optimizer(net: nn.Module, x: Tensor, y: Tensor) -> Any:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()
    return net(x)


def _of_points_made_inside(net: nn.Module, x: Tensor) -> Any:
    return torch.func.vmap(torch.func.grad(lambda point: net(point).sum()))(torch.rand(5, 3)) + x


def _wave(net: Any, x: Tensor) -> Any:
    slopes = torch.func.vmap(torch.func.jacrev(net[:1]))(x)
    return torch.linalg.slogdet(slopes[:, :3])[1]


@pytest.mark.parametrize("program", [_strain, _of_points_made_inside, _wave])
def test_what_asks_for_gradients_beside_inputs(program: Callable[..., Any]) -> None:
    test_products_are_those_of_a_real_run(program)


def test_an_optimizer_inside_the_forward_leaves_the_module_alone() -> None:
    module = Program(_step_of_an_optimizer)
    before = [p.detach().clone() for p in module.parameters()]
    report = netweight.weigh(module, ((5, 3), (5, 1)), training=True)
    assert all(torch.equal(p, was) for p, was in zip(module.parameters(), before, strict=True))
    assert report.training is not None
    real = products_of(module, torch.randn(5, 3), torch.randn(5, 1))
    assert (report.totals.macs, report.training.backward_macs) == real


def test_the_products_of_forces_by_hand() -> None:
    report = netweight.weigh(Program(_forces), (5, 3))
    forward = 5 * (3 * 16 + 16 * 16 + 16)
    assert report.totals.macs == 2 * forward  # the gradient by x alone: one product a layer


def test_the_module_stays_as_it_was() -> None:
    module = Program(_loss)
    before = [(id(p), p.device.type, p.requires_grad, p.grad) for p in module.parameters()]
    netweight.weigh(module, (5, 3))
    assert [(id(p), p.device.type, p.requires_grad, p.grad) for p in module.parameters()] == before


def test_a_gradient_is_work_of_the_module_that_asks_for_it() -> None:
    class Asking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.forces, self.head = Program(lambda net, x: _forces(net, x)[1]), nn.Linear(3, 1)

        def forward(self, x: Tensor) -> Any:
            return self.head(self.forces(x))

    report = netweight.weigh(Asking(), (5, 3))
    products = [row.layer for row in report.layers if row.macs]
    assert all(name.startswith(("forces.", "head")) for name in products)
    assert sum(row.macs for row in report.layers if row.layer.startswith("forces.")) == 2 * 5 * (48 + 256 + 16)
