"""A kernel of one's own, and the rule that says what it costs.

``example::swiglu`` is the gate of many language models in one kernel: silu(x gateᵀ) * (x upᵀ). PyTorch can run it;
netweight has never heard of it, until the rule below.

    python examples/own_rule.py
    netweight examples/own_rule.py:FeedForward --input 4x16x64
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import netweight
from netweight import Cost, Counted, TensorSpec
from netweight.testing import check_rule


@torch.library.custom_op("example::swiglu", mutates_args=())
def swiglu(x: Tensor, gate: Tensor, up: Tensor) -> Tensor:
    """The kernel: here plain PyTorch, elsewhere Triton or CUDA."""
    return F.silu(x @ gate.T) * (x @ up.T)


@swiglu.register_fake
def _(x: Tensor, gate: Tensor, up: Tensor) -> Tensor:  # noqa: ARG001
    return x.new_empty((*x.shape[:-1], gate.shape[0]))


def _keep(ctx, inputs, output):  # noqa: ARG001
    ctx.save_for_backward(*inputs)


def _gradients(ctx, grad):
    """Computes both products again, as fused kernels do."""
    with torch.enable_grad():
        x, gate, up = (tensor.detach().requires_grad_() for tensor in ctx.saved_tensors)
        y = F.silu(x @ gate.T) * (x @ up.T)
    return torch.autograd.grad(y, (x, gate, up), grad)


swiglu.register_autograd(_gradients, setup_context=_keep)


@netweight.rule("example::swiglu")
def swiglu_rule(x: TensorSpec, gate: TensorSpec, up: TensorSpec) -> Counted:  # noqa: ARG001
    """Two products of matrices; per result a sigmoid and two products. Backward computes the first two again."""
    hidden, features = gate.shape
    y = TensorSpec((*x.shape[:-1], hidden), x.dtype)
    one = Cost(macs=y.numel * features)
    return Counted(
        y,
        Cost(macs=2 * y.numel * features, muls=2 * y.numel, exps=y.numel, adds=y.numel, divs=y.numel),
        saves=("x", "gate", "up"),
        backward={"x": one + one + one + one, "gate": one, "up": one},
    )


class FeedForward(nn.Module):
    """The kernel between a norm and a layer that leads back."""

    def __init__(self, width: int = 64, hidden: int = 176) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.gate = nn.Parameter(torch.randn(hidden, width))
        self.up = nn.Parameter(torch.randn(hidden, width))
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x plus what the layer makes of it."""
        return x + self.down(torch.ops.example.swiglu(self.norm(x), self.gate, self.up))


if __name__ == "__main__":
    check_rule("example::swiglu", torch.randn(2, 8), torch.randn(5, 8), torch.randn(5, 8), batched=["x"])
    print(netweight.weigh(FeedForward(), (4, 16, 64)))
