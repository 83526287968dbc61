"""What optimisers keep and do per parameter, as data: a new one is an entry in ``OPTIMIZERS``.

The update is counted as PyTorch's single-tensor form computes it, with constants folded and signs free.

Source: torch.optim.SGD, RMSprop, Adam, AdamW; Tieleman & Hinton 2012; Kingma & Ba 2015, algorithm 1; Loshchilov &
Hutter 2019, algorithm 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import unknown_name

_STEP_BYTES = 4  # PyTorch keeps the number of steps of each parameter as a float32 of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """How an optimiser updates a parameter.

    Attributes:
        name: As ``weigh`` takes it.
        about: The update, g being the gradient and p the parameter.
        states: Tensors of the parameter's size that it keeps from step to step.
        step_bytes: Bytes that it keeps per parameter tensor besides those, such as a counter of steps.
        scratch: Temporary tensors of the parameter's size that an update needs at the same time.
        flops: Operations per scalar of the update.
    """

    name: str
    about: str
    states: int
    step_bytes: int
    scratch: int
    flops: int


_ALL = (
    Optimizer(name="sgd", about="p -= lr * g", states=0, step_bytes=0, scratch=0, flops=2),
    Optimizer(name="momentum", about="v = mu * v + g; p -= lr * v", states=1, step_bytes=0, scratch=0, flops=4),
    Optimizer(
        name="rmsprop",
        about="s = a * s + (1 - a) * g * g; p -= lr * g / (sqrt(s) + eps)",
        states=1,
        step_bytes=_STEP_BYTES,
        scratch=1,
        flops=9,
    ),
    Optimizer(
        name="adam",
        about="m = m + (1 - b1) * (g - m); s = b2 * s + (1 - b2) * g * g; p -= step * m / (sqrt(s) / c + eps)",
        states=2,
        step_bytes=_STEP_BYTES,
        scratch=2,
        flops=13,
    ),
    Optimizer(
        name="adamw",
        about="p = (1 - lr * decay) * p, then as adam",
        states=2,
        step_bytes=_STEP_BYTES,
        scratch=2,
        flops=14,
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {rule.name: rule for rule in _ALL}


def optimizer_rule(name: str) -> Optimizer:
    """The optimiser of that name.

    Raises:
        UnknownNameError: If no optimiser has that name.
    """
    if name not in OPTIMIZERS:
        raise unknown_name("optimizer", name, OPTIMIZERS, fix=f"known: {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name]
