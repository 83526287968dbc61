"""Mixtures of experts in every spelling: what is computed is counted once, as if experts were chosen evenly.

Each token of 20 meets 2 of 8 experts of 40 x 40: 20 * 2 * 40 * 40 = 64,000 MACs, and a router of 40 x 8 scores it. A
real forward counts as many whatever experts are chosen, which ``FlopCounterMode`` confirms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import netweight
from netweight.report.summary import summary_line

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402

TOKENS, EXPERTS, CHOSEN, WIDTH = 20, 8, 2, 40
ROUTER = TOKENS * WIDTH * EXPERTS
WORK = TOKENS * CHOSEN * WIDTH * WIDTH
assert WORK == 64_000

Spelling = Callable[[Any, Any, Any, Any], Any]


class Mixture(nn.Module):
    """Experts, and a program that sends tokens to them."""

    def __init__(self, spelling: Spelling, router: Any = None) -> None:
        super().__init__()
        self.router = nn.Linear(WIDTH, EXPERTS, bias=False) if router is None else router
        self.experts = nn.ModuleList(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(EXPERTS))
        self.spelling = spelling

    def forward(self, x: Any) -> Any:
        weights, chosen = self.router(x).softmax(-1).topk(CHOSEN)
        return self.spelling(self, x, weights, chosen)


def by_where(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    y = torch.zeros_like(x)
    for number, expert in enumerate(own.experts):
        token, place = torch.where(chosen == number)
        y.index_add_(0, token, expert(x[token]) * weights[token, place, None])
    return y


def by_hits(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    """A loop over the experts that got tokens, with one more that stands for none."""
    y, mask = torch.zeros_like(x), F.one_hot(chosen, EXPERTS).permute(2, 1, 0)
    for hit in torch.greater(mask.sum(dim=(-1, -2)), 0).nonzero():
        number = hit[0]
        if number == EXPERTS:
            continue
        place, token = torch.where(mask[number])
        y.index_add_(0, token, own.experts[number](x[token]) * weights[token, place, None])
    return y


def by_mask(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    y = torch.zeros_like(x)
    for number, expert in enumerate(own.experts):
        mask = (chosen == number).any(-1)
        if mask.any():
            y[mask] += expert(x[mask]) * (weights * (chosen == number)).sum(-1)[mask][:, None]
    return y


def by_counts(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    """Rows sorted by expert, cut where NumPy says."""
    y, order = torch.zeros_like(x), chosen.flatten().argsort()
    ends, start = torch.bincount(chosen.flatten(), minlength=EXPERTS).cpu().numpy().cumsum(), 0
    for number, end in enumerate(ends):
        rows = order[start:end]
        start = end
        if len(rows):
            y.index_add_(0, rows // CHOSEN, own.experts[number](x[rows // CHOSEN]) * weights.flatten()[rows][:, None])
    return y


def by_split(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    flat = chosen.flatten()
    order = flat.argsort()
    counts = flat.new_zeros(EXPERTS).scatter_add(0, flat, torch.ones_like(flat))
    parts = x[order // CHOSEN].split(counts.tolist())
    rows = torch.cat([expert(part) for expert, part in zip(own.experts, parts, strict=True)])
    return torch.zeros_like(x).index_add(0, order // CHOSEN, rows * weights.flatten()[order][:, None])


def by_unique(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    y = torch.zeros_like(x)
    for number in torch.unique(chosen):
        token, place = torch.nonzero(chosen == number, as_tuple=True)
        y[token] += own.experts[int(number)](x[token]) * weights[token, place, None]
    return y


def by_gates(own: Any, x: Any, weights: Any, chosen: Any) -> Any:
    """Gates that are zero for experts that are not chosen, as a sparse dispatcher has them."""
    gates = torch.zeros(x.shape[0], EXPERTS).scatter(1, chosen, weights)
    _, order = torch.nonzero(gates).sort(0)
    rows = torch.nonzero(gates)[order[:, 1], 0]
    parts = torch.split(x[rows], (gates > 0).sum(0).tolist())
    made = torch.cat([expert(part) for expert, part in zip(own.experts, parts, strict=True)])
    return torch.zeros_like(x).index_add(0, rows, made)


def by_threshold(own: Any, x: Any, _weights: Any, _chosen: Any) -> Any:
    scores = own.router(x)
    y, mask = torch.zeros_like(x), scores >= scores.topk(CHOSEN).values[..., -1:]
    for number, expert in enumerate(own.experts):
        token = mask[:, number].nonzero().squeeze(1)
        y[token] = y[token] + expert(x[token]) * scores[token, number, None]
    return y


def by_select(own: Any, x: Any, _weights: Any, chosen: Any) -> Any:
    y = x
    for number, expert in enumerate(own.experts):
        mask = (chosen == number).any(-1, keepdim=True).expand_as(x)
        y = y.masked_scatter(mask, expert(x.masked_select(mask).view(-1, WIDTH)))
    return y


def by_names(own: Any, x: Any, _weights: Any, chosen: Any) -> Any:
    """Experts found by a name with a number in it."""
    y, named = torch.zeros_like(x), {f"expert_{number}": expert for number, expert in enumerate(own.experts)}
    for hit in torch.bincount(chosen.flatten()).nonzero():
        token = torch.where((chosen == hit).any(-1))[0]
        y[token] += named[f"expert_{hit[0]}"](x[token])
    return y


SPELLINGS = {
    "where": by_where, "hits": by_hits, "mask": by_mask, "counts": by_counts, "split": by_split, "unique": by_unique,
    "gates": by_gates, "threshold": by_threshold, "select": by_select, "names": by_names,
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLINGS)
def test_experts_are_counted_as_they_are_chosen(name: str) -> None:
    network = Mixture(SPELLINGS[name]).eval()
    profile = netweight.weigh(network, (TOKENS, WIDTH))
    scored = 2 if name == "threshold" else 1
    assert profile.totals.macs == WORK + scored * ROUTER
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.randn(TOKENS, WIDTH))
    assert 2 * profile.totals.macs == counter.get_total_flops()
    assert profile.coverage.complete
    assert "each token is counted in 2 of 8 experts, taken to be chosen evenly" in profile.notes
    rows = {row.layer: row.macs for row in profile.layers if row.layer.startswith("experts.")}
    assert rows == {f"experts.{number}": WORK // EXPERTS for number in range(EXPERTS)}


@pytest.mark.parametrize("name", SPELLINGS)
def test_active_parameters(name: str) -> None:
    profile = netweight.weigh(Mixture(SPELLINGS[name]), (TOKENS, WIDTH))
    assert profile.totals.params == EXPERTS * WIDTH**2 + WIDTH * EXPERTS
    assert profile.totals.active_params == CHOSEN * WIDTH**2 + WIDTH * EXPERTS
    assert "13.1 k params (3.52 k active), " in summary_line(profile)
    assert profile.to_dict()["totals"]["active_params"] == 3_520


class Stacked(nn.Module):
    """Weights of all experts in one tensor, and two experts that are shared."""

    def __init__(self, dense: bool = False) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.randn(EXPERTS, WIDTH))
        self.up = nn.Parameter(torch.randn(EXPERTS, WIDTH, 48))
        self.bias = nn.Parameter(torch.randn(EXPERTS, 48))
        self.shared = nn.Linear(WIDTH, 96, bias=False)
        self.dense = dense

    def forward(self, x: Any) -> Any:
        weights, chosen = F.linear(x, self.gate).topk(CHOSEN)
        shared = self.shared(x)
        if self.dense:
            all_of_them = torch.bmm(x.expand(EXPERTS, *x.shape), self.up) + self.bias[:, None]
            share = torch.zeros(x.shape[0], EXPERTS).scatter(1, chosen, weights)
            return (all_of_them * share.t()[..., None]).sum(0), shared
        y = torch.zeros(x.shape[0], 48)
        for number in range(EXPERTS):
            token, place = torch.where(chosen == number)
            y.index_add_(0, token, (x[token] @ self.up[number] + self.bias[number]) * weights[token, place, None])
        return y, shared


@pytest.mark.parametrize("dense", [False, True])
def test_stacked_weights_and_shared_experts(dense: bool) -> None:
    profile = netweight.weigh(Stacked(dense), (TOKENS, WIDTH))
    met = EXPERTS if dense else CHOSEN
    assert profile.totals.macs == ROUTER + TOKENS * met * WIDTH * 48 + TOKENS * WIDTH * 96
    always, each = EXPERTS * WIDTH + WIDTH * 96, WIDTH * 48 + 48
    assert profile.totals.params == always + EXPERTS * each
    assert profile.totals.active_params == always + CHOSEN * each
    assert profile.coverage.complete
    said = "2 of 8 experts are chosen for each token; all that" if dense else "each token is counted in 2 of 8 experts"
    assert any(said in note for note in profile.notes)


def test_one_token_meets_two_experts() -> None:
    profile = netweight.weigh(Mixture(by_hits), (1, WIDTH))
    assert profile.totals.macs == CHOSEN * WIDTH**2 + WIDTH * EXPERTS


def test_uneven_numbers_of_tokens() -> None:
    profile = netweight.weigh(Mixture(by_where), (7, WIDTH))
    assert profile.totals.macs == 7 * (CHOSEN * WIDTH**2 + WIDTH * EXPERTS)


def test_the_best_one_with_a_limit() -> None:
    """As Switch transformers have it: what is over the capacity of 4 of 16 tokens is not computed; evenly, none is."""

    class Switch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classifier = nn.Linear(WIDTH, 4, bias=False)
            self.experts = nn.ModuleDict({f"expert_{n}": nn.Linear(WIDTH, WIDTH, bias=False) for n in range(4)})

        def forward(self, x: Any) -> Any:
            scores = self.classifier(x).softmax(-1)
            taken = F.one_hot(scores.argmax(-1), 4)
            taken = taken * (torch.cumsum(taken, 0) <= 4)
            y = torch.zeros_like(x)
            for number in taken.sum(0).nonzero()[:, 0]:
                token = taken[:, number].nonzero()[:, 0]
                y[token] = self.experts[f"expert_{number}"](x[token])
            return y

    profile = netweight.weigh(Switch(), (16, WIDTH))
    assert profile.totals.macs == 16 * WIDTH * 4 + 16 * WIDTH**2
    assert profile.totals.active_params == WIDTH * 4 + WIDTH**2
    assert profile.coverage.complete


def test_a_choice_among_other_things_is_a_guess() -> None:
    class Filter(nn.Module):
        """Keeps what is not of the last class."""

        def __init__(self) -> None:
            super().__init__()
            self.classes, self.fc = nn.Linear(WIDTH, 5), nn.Linear(WIDTH, 3)

        def forward(self, x: Any) -> Any:
            return self.fc(x[self.classes(x).argmax(-1) != 4])

    profile = netweight.weigh(Filter(), (TOKENS, WIDTH))
    # A fifth of 20 rows is taken to be of the last class.
    assert profile.totals.macs == TOKENS * WIDTH * 5 + 16 * WIDTH * 3
    assert not profile.coverage.complete
    assert any("a condition is taken to pick 16 of 20" in note for note in profile.notes)
    assert profile.totals.active_params == profile.totals.params


def test_a_choice_beside_alike_layers_is_none_of_experts() -> None:
    """A detector that takes the better of two classes, and has two layers of one kind."""

    class Detector(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
            self.gateway, self.classes = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2)

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = self.gateway(layer(x))
            return self.classes(x).max(-1)

    profile = netweight.weigh(Detector(), (TOKENS, WIDTH))
    assert profile.notes == ()
    assert profile.totals.active_params == profile.totals.params


def test_what_was_assumed_of_experts_does_not_run_unasked() -> None:
    capture = capture_module(Mixture(by_where), (TOKENS, WIDTH))
    assert capture.exact
    assert capture.guesses == ("each token is counted in 2 of 8 experts, taken to be chosen evenly",)
    assert netweight.weigh(capture.graph).totals.active_params == 3_520
