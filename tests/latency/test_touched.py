"""A bound counts no byte that a run does not need: by hand, and beside plain loops that mark what windows touch."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from netweight import build
from netweight.analysis.latency.touched import _positions
from netweight.analysis.latency.work import KernelWork, kernel_works
from netweight.ir import TensorSpec

torch = pytest.importorskip("torch")

import netweight  # noqa: E402


def captured(function: Any, *inputs: Any) -> list[KernelWork]:
    class Net(torch.nn.Module):
        def forward(self, *xs: Any) -> Any:
            return function(*xs)

    return [work for work in kernel_works(netweight.capture(Net(), inputs)) if not work.is_free]


def moved(works: list[KernelWork]) -> int:
    return sum((w.weight_bytes or 0) + (w.input_bytes or 0) + (w.output_bytes or 0) for w in works)


@pytest.mark.parametrize("given", [7, 12])
def test_positions_are_those_that_a_loop_marks(given: int) -> None:
    for kernel, stride, dilation, before, after in product((1, 2, 3, 5), (1, 2, 4), (1, 2), (0, 1, 2), (0, 2)):
        reach = (kernel - 1) * dilation + 1
        made = (given + before + after - reach) // stride + 1
        if made < 1:
            continue
        marked = [False] * given
        for at in range(made):
            for tap in range(kernel):
                position = at * stride + tap * dilation - before
                if 0 <= position < given:
                    marked[position] = True
        assert _positions(given, made, kernel, stride, dilation, (before, after)) == sum(marked)


def test_a_stride_skips_input() -> None:
    """1x1 with stride 2 reads every other row and column: 28 x 28 of 56 x 56."""
    (conv,) = captured(torch.nn.Conv2d(64, 8, 1, stride=2, bias=False), torch.zeros(1, 64, 56, 56))
    assert conv.input_bytes == 4 * 64 * 28 * 28
    (pool,) = captured(torch.nn.MaxPool2d(1, 4), torch.zeros(1, 16, 32, 32))
    assert pool.input_bytes == 4 * 16 * 8 * 8
    (whole,) = captured(torch.nn.Conv2d(64, 8, 3, padding=1, bias=False), torch.zeros(1, 64, 56, 56))
    assert whole.input_bytes == 4 * 64 * 56 * 56


def test_an_update_of_a_part_moves_that_part() -> None:
    """One row of 1,000 in a cache: the row is read and written, an index of 8 bytes is read."""
    cache, row, at = torch.zeros(1000, 64), torch.ones(1, 64), torch.tensor([3])
    for update in (lambda c, r, i: c.index_copy_(0, i, r), lambda c, r, i: c.index_put_((i,), r)):
        works = captured(update, cache, row, at)
        assert moved(works) <= 2 * 4 * 64 + 8 + 64
    assert moved(captured(lambda c, r, i: c.scatter(0, i.expand(1, 64), r), cache, row, at)) < 4 * 1000 * 64


def test_two_views_of_one_tensor_are_read_once() -> None:
    x = torch.zeros(100, 100)
    (added,) = captured(lambda x: x + x.T, x)
    assert added.input_bytes == 4 * 100 * 100
    (wide,) = captured(lambda x: torch.relu(x.expand(1000, 100)), torch.zeros(1, 100))
    assert wide.input_bytes == 4 * 100


@pytest.mark.parametrize(
    ("describe", "spec", "most"),
    [
        (lambda x: build.interpolate(x, size=(4, 4), mode="nearest"), (1, 4, 64, 64), 4 * 4 * 4 * 4),
        (lambda x: build.interpolate(x, size=(4, 4), mode="bilinear"), (1, 4, 64, 64), 4 * 4 * 4 * 4 * 4),
        (build.tril, (64, 64), 4 * 64 * 64 // 2),
        (lambda x: build.relu(build.narrow(x, 0, 0, 1)), (1000, 64), 4 * 64),
    ],
)
def test_readers_of_a_part(describe: Any, spec: tuple[int, ...], most: int) -> None:
    works = [work for work in kernel_works(build.graph(describe, spec)) if not work.is_free]
    assert sum(work.input_bytes or 0 for work in works) <= most


def test_nothing_is_counted_twice_or_more_than_there_is() -> None:
    """Of every kernel of these networks, no more bytes than its tensors have."""
    for name in ("resnet50", "bert_base", "googlenet", "vit_b_32"):
        graph = netweight.capture(name)
        for work in kernel_works(graph):
            read = {graph.values[n].storage for n in work.node.inputs if n is not None}
            whole = sum(graph.values[n].stored_bytes for n in read)
            assert (work.weight_bytes or 0) + (work.input_bytes or 0) <= whole
            assert (work.output_bytes or 0) <= sum(graph.values[n].stored_bytes for n in work.node.outputs)


def test_integers_are_bytes_too() -> None:
    graph = build.graph(lambda i: build.embedding(i, 1000, 16), TensorSpec((2, 3), "int64"))
    (work,) = kernel_works(graph)
    assert (work.weight_bytes, work.input_bytes, work.output_bytes) == (4 * 6 * 16, 8 * 6, 4 * 6 * 16)
