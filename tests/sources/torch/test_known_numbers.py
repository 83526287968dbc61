"""Numbers that programs ask for: those that follow from weights are read, and checks of the program are no guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from netweight.sources.torch import Capture, capture_module


class _Net(nn.Module):
    """A linear layer that is called as often as a program says."""

    def __init__(self, times: Callable[[Any, Tensor], int]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.gate, self.gates = nn.Parameter(torch.tensor(0.5)), nn.Parameter(torch.tensor([1.0, -1.0, 2.0]))
        self.small = nn.Parameter(torch.tensor([3.0], dtype=torch.bfloat16))
        self.register_buffer("repeats", torch.tensor([1, 2]))
        self.times = times

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.times(self, x)):
            x = self.fc(x)
        return x


def _linears(capture: Capture) -> int:
    assert capture.error is None, capture.error
    return [node.op for node in capture.graph.nodes].count("linear")


OF_WEIGHTS: dict[str, Callable[[Any, Tensor], int]] = {
    "a condition": lambda m, _: 2 if m.gate > 1 else 3,
    "a condition on several": lambda m, _: 1 if (m.gates > 0).all() else 3,
    "item": lambda m, _: 3 if m.gate.item() == 0.5 else 1,
    "float": lambda m, _: int(float(m.gate.detach()) * 6),
    "what is computed": lambda m, _: int((m.gates.sum() * 1.5).round()),
    "a layer on weights": lambda m, _: 3 if (m.fc(m.fc.weight) < 1e9).all() else 1,
    "tolist": lambda m, _: int(sum(m.gates.tolist())) + 1,
    "numpy": lambda m, _: int(m.gates.detach().cpu().numpy().max()) + 1,
    "a function of NumPy": lambda m, _: int(np.square(m.gates.detach())[1]) + 2,
    "a mask": lambda m, _: m.gates[m.gates > 0].shape[0] + 1,
    "bfloat16": lambda m, _: int(m.small),
    "written": lambda m, _: int(m.gate.data.mul_(6)),
    "equal": lambda m, _: 3 if torch.equal(m.gates, m.gates + 0) else 1,
}


@pytest.mark.filterwarnings("ignore:__array_wrap__")
@pytest.mark.parametrize("name", OF_WEIGHTS)
def test_numbers_of_weights_are_read(name: str) -> None:
    """PyTorch calls the layer three times, and so does the capture, without a guess."""
    times = OF_WEIGHTS[name]
    with torch.no_grad():
        assert times(_Net(times), torch.ones(2, 4)) == 3
    capture = capture_module(_Net(times), (2, 4))
    assert _linears(capture) == 3 + (name == "a layer on weights")
    assert capture.exact


@pytest.mark.parametrize("name", ["item", "numpy", "tolist", "a condition"])
def test_weights_without_numbers_are_guessed(name: str) -> None:
    capture = capture_module(_Net(OF_WEIGHTS[name]).to("meta"), (2, 4))
    assert capture.error is None
    assert not capture.exact


OF_INPUTS: dict[str, Callable[[Any, Tensor], int]] = {
    "tolist": lambda _, x: int(x.mean(0).tolist()[0]),
    "numpy": lambda _, x: int(x.detach().numpy()[0, 0]),
    "a function of NumPy": lambda _, x: int(np.square(x.detach())[0, 0]),
    "an array": lambda _, x: int(np.asarray(x)[0, 0]),
    "repeated": lambda _, x: torch.repeat_interleave(x, (x[:, 0] > 0).long(), dim=0).shape[0] - 1,
    "positions": lambda _, x: torch.repeat_interleave((x[:, 0] > 0).long()).shape[0] - 1,
}


@pytest.mark.filterwarnings("ignore:__array_wrap__")
@pytest.mark.parametrize("name", OF_INPUTS)
def test_numbers_of_inputs_are_ones_and_said(name: str) -> None:
    capture = capture_module(_Net(OF_INPUTS[name]), (2, 4))
    assert _linears(capture) == 1
    assert not capture.exact
    assert any("taken" in note for note in capture.notes)


def test_what_comes_back_from_numpy_is_a_constant() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(torch.from_numpy(self.a(x).detach().numpy() * 2))

    capture = capture_module(Net(), (2, 8))
    assert _linears(capture) == 2


def _raises(_m: Any, x: Tensor) -> int:
    if (x < 0).any():
        raise ValueError(f"expected positive numbers, got {x}")
    return 3


_SCOPE: dict[str, Any] = {"torch": torch}
exec(  # noqa: S102  -- pytest gives the assertions of test files another form
    """
def _asserts(_m, x):
    assert torch.isfinite(x).all(), "finite"
    assert not torch.isnan(x).any()
    assert bool((x > 3).all())
    return 3
""",
    _SCOPE,
)


def _either(_m: Any, x: Tensor) -> int:
    with torch.no_grad():
        if x.max() > 1 or x.min() < 0:
            raise ValueError
    return 3


def _returns(_m: Any, x: Tensor) -> int:
    if not torch.allclose(x.sum(-1), torch.ones(2)):
        raise RuntimeError("no distribution")
    torch._assert((x >= 0).all(), "negative")
    return 3


def _distributions(_m: Any, x: Tensor) -> int:
    torch.distributions.Normal(x, x.exp()).log_prob(x)
    torch.distributions.Categorical(logits=x).sample()
    torch.distributions.Bernoulli(probs=x.sigmoid())
    return 3


@pytest.mark.parametrize("program", [_raises, _SCOPE["_asserts"], _either, _returns, _distributions])
def test_a_check_passes_and_is_no_guess(program: Any) -> None:
    """Where the other answer is an error, the call would not come to its end."""
    capture = capture_module(_Net(program), (2, 4))
    assert _linears(capture) == 3
    assert capture.exact, capture.guesses


def _caught(_m: Any, x: Tensor) -> int:
    try:
        if x.max() > 1:
            raise ValueError  # noqa: TRY301
    except ValueError:
        return 1
    return 3


def _branches(_m: Any, x: Tensor) -> int:
    if x.max() > 1:
        return 3
    return 1


@pytest.mark.parametrize("program", [_caught, _branches])
def test_a_branch_is_a_guess(program: Any) -> None:
    assert not capture_module(_Net(program), (2, 4)).exact
