"""Programs that ask for numbers: what is assumed is said, and a loop without end is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.errors import CaptureError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402


class Program(nn.Module):
    """A linear layer, and a function that uses it."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(self.fc, x)


def in_a_loop(fc: Any, x: Any) -> Any:
    for _ in range(int(x.sum())):
        x = fc(x)
    return x


def cond(fc: Any, x: Any) -> Any:
    if x.sum() > 0:
        return fc(x)
    return x


GUESSES: dict[str, tuple[Callable[[Any, Any], Any], int, str]] = {
    "if": (cond, 3 * 16, "a condition on a tensor is taken to be True"),
    "item": (lambda fc, x: fc(x) * x.sum().item(), 3 * 16, "a number taken from a tensor is taken to be 1"),
    "range": (in_a_loop, 3 * 16, "a number taken from a tensor is taken to be 1"),
    "boolean index": (lambda fc, x: fc(x[x[:, 0] > 0]), 3 * 16, "taken to be picked"),
    "nonzero": (lambda fc, x: fc(x[torch.nonzero(x[:, 0])[:, 0]]), 3 * 16, "taken to be picked"),
    "where": (lambda fc, x: fc(x[torch.where(x[:, 0] > 0)]), 3 * 16, "taken to be picked"),
    "masked_select": (lambda fc, x: fc(torch.masked_select(x, x > 0).reshape(-1, 4)), 3 * 16, "taken to be picked"),
    "unique": (lambda fc, x: (fc(x), torch.unique(x)), 3 * 16, "unique: all elements are taken to be"),
    "equal": (lambda fc, x: fc(x) if not torch.equal(x, 2 * x) else x, 3 * 16, "two tensors are taken to differ"),
    "allclose": (lambda fc, x: x if torch.allclose(x, 2 * x) else fc(x), 3 * 16, "two tensors are taken to differ"),
    "nan": (lambda fc, x: x if torch.isnan(x).any() else fc(x), 3 * 16, "a condition on a tensor is taken to be False"),
}


@pytest.mark.parametrize("name", GUESSES)
def test_a_guess_is_said(name: str) -> None:
    function, macs, note = GUESSES[name]
    profile = netweight.weigh(Program(function), (3, 4))
    assert profile.totals.macs == macs
    assert any(note in text for text in profile.notes), profile.notes
    assert not profile.coverage.complete
    assert profile.coverage.stopped_at is None


def test_what_depends_on_constants_alone_is_no_guess() -> None:
    def function(fc: Any, x: Any) -> Any:
        mask = torch.arange(6) % 2 == 0
        for _ in range(int(mask.sum().item())):
            x = fc(x)
        return x if mask.any() and len(torch.unique(mask)) == 2 and mask.to(x.device).sum() == 3 else fc(x)

    profile = netweight.weigh(Program(function), (3, 4))
    assert profile.totals.macs == 3 * (3 * 16)
    assert profile.coverage.complete


def test_a_loop_that_the_guess_keeps_alive_is_left() -> None:
    def function(fc: Any, x: Any) -> Any:
        while (x * x).sum() > 1:
            x = fc(x)
        return x

    found = capture_module(Program(function), (3, 4))
    assert isinstance(found.error, CaptureError)
    assert "expected the loop at test_data_dependent.py" in str(found.error)
    assert not found.exact
    profile = netweight.weigh(Program(function), (3, 4))
    assert profile.coverage.stopped_at is not None
    assert not profile.coverage.complete


@pytest.mark.parametrize("read", [lambda x: x.tolist(), lambda x: x.detach().cpu().numpy()])
def test_numbers_that_leave_pytorch_are_ones(read: Callable[[Any], Any]) -> None:
    def function(fc: Any, x: Any) -> Any:
        x = fc(x)
        return fc(x * float(read(x)[0][0]))

    profile = netweight.weigh(Program(function), (3, 4))
    assert profile.totals.macs == 2 * 3 * 16
    assert not profile.coverage.complete
    assert profile.coverage.stopped_at is None
    assert any("taken to be 1 each" in note for note in profile.notes)


class Experts(nn.Module):
    """Mixture of four experts, two of them for each token, in one of the usual spellings."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.router = nn.Linear(4, 4)
        self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
        self.style = style

    def forward(self, x: Any) -> Any:
        weights, chosen = self.router(x).softmax(-1).topk(2)
        y = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            if self.style == "where":
                token, place = torch.where(chosen == number)
                y.index_add_(0, token, expert(x[token]) * weights[token, place, None])
            else:
                share = (weights * (chosen == number)).sum(-1, keepdim=True)
                y = y + share * expert(x)
        return y


def test_experts_that_pick_their_tokens_are_counted_as_if_they_picked_evenly() -> None:
    profile = netweight.weigh(Experts("where"), (8, 4))
    assert profile.totals.macs == 8 * 16 + (8 * 2) * 16
    assert profile.coverage.complete
    assert profile.notes == ("each token is counted in 2 of 4 experts, taken to be chosen evenly",)


def test_experts_that_compute_everything_are_exact() -> None:
    profile = netweight.weigh(Experts("dense"), (8, 4))
    assert profile.totals.macs == 8 * 16 + 4 * 8 * 16
    assert profile.coverage.complete


def test_a_part_between_numbers_of_tensors_is_the_whole() -> None:
    """As masks are pasted: a loop over many does not end the capture, as nothing is decided by it."""

    def function(fc: Any, x: Any) -> Any:
        y = fc(x)
        first, last = y.argmax(), y.argmin()
        for _ in range(1100):
            part = x[first:last, 1:]
        return fc(x[first : first + 2]), part

    profile = netweight.weigh(Program(function), (3, 4))
    assert profile.totals.macs == 2 * 3 * 16
    assert profile.coverage.stopped_at is None
    assert any("a part that ends where a tensor says is taken to be the whole" in note for note in profile.notes)
    graph = capture_module(Program(function), (3, 4)).graph
    assert [graph.spec(name).shape for name in graph.outputs] == [(3, 4), (3, 3)]


def test_what_numbers_pick_is_found_by_known_operators() -> None:
    def function(fc: Any, x: Any) -> Any:
        values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
        rows = torch.unique(x, dim=-2)
        runs, lengths = torch.unique_consecutive(x, return_counts=True)
        picked = torch.masked_select(x, x[:1] > 0)
        return fc(x), values, inverse, counts, rows, runs, lengths, picked, torch.nonzero(x), torch.unique(x)

    capture = capture_module(Program(function), (3, 4))
    profile = netweight.weigh(capture.graph)
    assert not profile.coverage.unknown
    shapes = [capture.graph.spec(name).shape for name in capture.graph.outputs]
    assert shapes == [(3, 4), (1,), (3, 4), (1,), (1, 4), (1,), (1,), (12,), (12, 2), (1,)]
    finding = {"nonzero", "unique", "unique_consecutive", "index"}
    found = [node for node in capture.graph.nodes if node.op in finding]
    assert [node.op for node in found] == [
        "unique", "unique", "unique_consecutive", "nonzero", "index", "nonzero", "unique"
    ]  # fmt: skip
    assert [len(node.outputs) for node in found] == [3, 1, 2, 1, 1, 1, 1]


def test_what_is_found_is_what_pytorch_finds() -> None:
    """Where all that is assumed holds, the graph gives the numbers."""

    def function(fc: Any, x: Any) -> Any:
        picked = torch.masked_select(fc(x), x > 0)
        return picked, x[x[:, 0] > 0], torch.nonzero(x), *torch.unique(x, return_inverse=True, return_counts=True)

    module, x = Program(function), torch.full((3, 4), 2.0)
    capture = capture_module(module, (3, 4))
    found = netweight.run(capture.graph, {capture.graph.inputs[0]: x.numpy()}, capture.weights()).outputs
    for name, expected in zip(capture.graph.outputs, module(x), strict=True):
        np.testing.assert_allclose(found[name], expected.detach().numpy(), rtol=1e-6)


def test_repetitions_that_data_decide_are_taken_to_be_one() -> None:
    def function(fc: Any, x: Any) -> Any:
        return fc(torch.repeat_interleave(x, x[:, 0].exp().round().long(), dim=0))

    profile = netweight.weigh(Program(function), (torch.randn(3, 4),))
    assert profile.totals.macs == 3 * 16
    assert not profile.coverage.complete
    assert any("numbers of repetitions are taken to be 1 each" in note for note in profile.notes)


def test_a_length_is_as_long_as_its_repetitions() -> None:
    """Each of twelve rows is repeated once, so the longest sequence has twelve."""

    def function(fc: Any, x: Any) -> Any:
        durations = x[..., 0].exp().round().clamp(min=1).long()
        padded = torch.zeros(x.shape[0], torch.sum(durations, dim=1).max(), 4)
        for at, (rows, each) in enumerate(zip(x, durations, strict=True)):
            repeated = torch.repeat_interleave(rows, each, dim=0)
            padded[at, : repeated.shape[0]] = repeated
        return fc(padded)

    profile = netweight.weigh(Program(function), (2, 12, 4))
    assert profile.coverage.stopped_at is None
    assert not profile.coverage.complete
    assert profile.totals.macs == 2 * 12 * 16
    assert any("a number taken from a tensor is taken to be 12" in note for note in profile.notes)


@pytest.mark.parametrize(
    ("count", "rows"),
    [
        (lambda mask: mask.sum(1).max(), 12),
        (lambda mask: mask.sum(), 24),
        (lambda mask: mask.sum((0, 1)).clamp(min=5), 24),
        (lambda mask: mask.sum((0, 1)).clamp(max=5), 1),
        (lambda mask: mask.float().sum(-1).long()[1], 12),
        (lambda mask: mask.sum(1).prod(), 1),
        (lambda mask: mask.long()[0, 0], 1),
    ],
)
def test_numbers_that_are_added_up_are_as_many_as_there_are(count: Any, rows: int) -> None:
    def function(fc: Any, x: Any) -> Any:
        return fc(torch.ones(int(count(x[..., 0] > 0)), 4))

    profile = netweight.weigh(Program(function), (2, 12, 4))
    assert profile.totals.macs == rows * 16
    assert not profile.coverage.complete


def test_weights_are_looked_at() -> None:
    """What follows from them is as known as they are, also where a tensor of numbers is given."""

    def function(fc: Any, x: Any) -> Any:
        return fc(x[:, None].float() * fc.weight[0])[: int(fc.weight.abs().sum() * 0)]

    profile = netweight.weigh(Program(function), (torch.arange(3),))
    assert profile.totals.macs == 3 * 16
    assert profile.coverage.complete
