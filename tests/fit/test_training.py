"""The largest batch that fits, and what to checkpoint: against the step of training that ``weigh`` counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import netweight
from netweight.analysis.checkpoint_choice import choose_checkpoints
from netweight.app.fit_training import largest
from netweight.cli.main import run


def peak(model: Any, **options: Any) -> int:
    training = netweight.weigh(model, **options).training
    assert training is not None
    return training.peak_bytes


def test_one_sample_more_does_not_fit() -> None:
    answer = netweight.fit("mobilenet_v2", optimizer="sgd", limit="16GB")
    (found,) = answer.remedies
    samples = int(found.how.removeprefix("--batch "))
    assert (answer.fits, found.fits, found.price) == (True, True, "the largest that fits")
    assert peak("mobilenet_v2", batch=samples, optimizer="sgd") == found.needed_bytes <= 16 * 10**9
    assert peak("mobilenet_v2", batch=samples + 1, optimizer="sgd") > 16 * 10**9


def test_where_one_sample_more_costs_nothing_at_first_the_search_ends_soon() -> None:
    asked: list[int] = []

    def needs(number: int) -> int:
        asked.append(number)
        return 1000 + max(0, number - 40) * 7

    found = largest(needs, 10**8, (1000, 1000))
    assert needs(found) <= 10**8 < needs(found + 1)
    assert len(asked) < 60


@given(st.integers(1, 3000), st.integers(0, 50), st.integers(0, 400), st.integers(0, 9))
def test_the_largest_number_is_found_on_lines_that_bend(limit: int, slope: int, bend: int, start: int) -> None:
    def needs(number: int) -> int:
        return start + slope * number + max(0, number - 7) * bend + number // 3

    limit += needs(1)
    found = largest(needs, limit, (needs(1), needs(2)))
    assert needs(found) <= limit < needs(found + 1)


def test_what_is_checkpointed_is_needed_and_enough() -> None:
    graph = netweight.capture("resnet18", batch=16)
    limit = peak("resnet18", batch=16, optimizer="adam") * 9 // 10
    choice = choose_checkpoints(graph, optimizer="adam", convention="ideal", limit=limit)
    assert choice is not None
    with_all = netweight.weigh("resnet18", batch=16, optimizer="adam", checkpoint=choice.checkpoint).training
    assert with_all is not None
    assert (with_all.peak_bytes, with_all.recomputed_macs) == (choice.peak_bytes, choice.recomputed_macs)
    assert choice.peak_bytes <= limit < peak("resnet18", batch=16, optimizer="adam")
    for path in choice.checkpoint:
        rest = tuple(other for other in choice.checkpoint if other != path)
        assert peak("resnet18", batch=16, optimizer="adam", checkpoint=rest) > limit


def test_what_fits_anyway_needs_none_and_what_never_fits_gets_the_least() -> None:
    graph = netweight.capture("resnet18")
    plenty = choose_checkpoints(graph, optimizer="sgd", convention="ideal", limit=1 << 40)
    assert plenty is None
    least = choose_checkpoints(graph, optimizer="sgd", convention="ideal", limit=1)
    assert least is not None
    assert least.peak_bytes < peak("resnet18", optimizer="sgd")
    assert least.recomputed_macs > 0


def test_a_module_is_asked_under_what_pytorch_keeps() -> None:
    model = torch.nn.Sequential(*[torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.GELU()) for _ in range(6)])
    needed = peak(model, inputs=(32, 64), optimizer="sgd")
    answer = netweight.fit(model, (32, 64), optimizer="sgd", limit=needed - 1)
    assert answer.convention == "training with sgd, torch-eager"
    assert (answer.needs[0].needed_bytes, answer.fits) == (needed, False)
    checkpointed = next(found for found in answer.remedies if found.name.endswith("checkpointed"))
    assert checkpointed.fits
    largest = answer.remedies[-1]
    samples = int(largest.how.removeprefix("--input ").partition("x")[0])
    assert peak(model, inputs=(samples, 64), optimizer="sgd") == largest.needed_bytes
    paths = checkpointed.how.removeprefix("--checkpoint ").split(" --checkpoint ")
    assert peak(model, inputs=(32, 64), optimizer="sgd", checkpoint=paths) == checkpointed.needed_bytes


def test_a_smaller_optimizer_and_no_sample_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "lenet5", "--optimizer", "adam", "--limit", "100k", "--units", "raw"]) == 1
    shown = capsys.readouterr().out
    assert f"{peak('lenet5', optimizer='sgd'):,}  no    --optimizer sgd" in shown
    assert f"batch 1  {peak('lenet5', optimizer='adam'):,}  no    --batch 1" in shown
    assert "not even one sample fits" in shown
