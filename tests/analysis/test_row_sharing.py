"""Rows of an output over rows of its input: replayed in one arena, byte by byte, against layers computed apart."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import Graph, build
from netweight.analysis.row_sharing import Rows, rows_of
from netweight.rewrite.bits import parse_bits, with_bits


@dataclass(frozen=True)
class Layer:
    """A window over maps of height h: a kernel of ones, every channel of the input into every one of the output."""

    batch: int
    c_in: int
    c_out: int
    size: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int

    @property
    def graph(self) -> Graph:
        pads = ((self.before, self.after),) * 2

        def describe(x: build.Symbol) -> build.Symbol:
            return build.conv2d(
                x, self.c_out, kernel_size=self.kernel, stride=self.stride, padding=pads, dilation=self.dilation,
                bias=False, name="conv",
            )  # fmt: skip

        return build.graph(describe, (self.batch, self.c_in, self.size, self.size))

    @property
    def rows(self) -> Rows:
        graph = with_bits(self.graph, parse_bits("8"))
        found = rows_of(graph, graph.nodes[0])
        assert found is not None
        return found

    def window(self, row: int) -> list[int]:
        """Input rows of one image that an output row reads."""
        taps = (row * self.stride - self.before + tap * self.dilation for tap in range(self.kernel))
        return [at for at in taps if 0 <= at < self.size]


def drawn(count: int) -> list[Layer]:
    draw = random.Random(11)
    found: list[Layer] = []
    while len(found) < count:
        layer = Layer(
            batch=draw.choice((1, 1, 2)), c_in=draw.randint(1, 4), c_out=draw.randint(1, 4), size=draw.randint(1, 9),
            kernel=draw.randint(1, 4), stride=draw.randint(1, 3), before=draw.randint(0, 3), after=draw.randint(0, 3),
            dilation=draw.randint(1, 2),
        )  # fmt: skip
        if layer.size + layer.before + layer.after >= layer.dilation * (layer.kernel - 1) + 1:
            found.append(layer)
    return found


def replayed(layer: Layer, rows: Rows, lead: int) -> bool:
    """Whether every row is still what was written there whenever it is read.

    A kernel reads a window while it writes the row, so that reads are checked before and after each write.
    """
    outs = len(rows.first) // layer.batch
    arena: list[Any] = [None] * max(lead + rows.in_rows * rows.in_row, len(rows.first) * rows.out_row)
    for row in range(rows.in_rows):
        arena[lead + row * rows.in_row : lead + (row + 1) * rows.in_row] = [("x", row)] * rows.in_row

    def intact(image: int, out: int) -> bool:
        needed = [image * layer.size + at for at in layer.window(out)]
        return all(
            arena[lead + row * rows.in_row : lead + (row + 1) * rows.in_row] == [("x", row)] * rows.in_row
            for row in needed
        )

    for image in range(layer.batch):
        for out in range(outs):
            row = image * outs + out
            if not intact(image, out):
                return False
            arena[row * rows.out_row : (row + 1) * rows.out_row] = [("y", row)] * rows.out_row
            if not intact(image, out):
                return False
    written = [arena[row * rows.out_row : (row + 1) * rows.out_row] for row in range(len(rows.first))]
    return written == [[("y", row)] * rows.out_row for row in range(len(rows.first))]


def test_reads_and_writes_replayed() -> None:
    """At the lead no row is lost; over all layers, a byte less loses one wherever rows of the input are read at all."""
    tight = 0
    for layer in drawn(300):
        rows = layer.rows
        assert rows.arena == max(rows.lead + rows.in_rows * rows.in_row, len(rows.first) * rows.out_row)
        assert replayed(layer, rows, rows.lead), layer
        if rows.lead:
            tight += not replayed(layer, rows, rows.lead - 1)
    assert tight > 200


@pytest.mark.parametrize("layer", drawn(12), ids=str)
def test_numbers_computed_in_one_arena(layer: Layer) -> None:
    """Positions one after the other, channels of each together: the layer's output is what it is apart."""
    rows, values = layer.rows, np.random.default_rng(3)
    x = values.integers(0, 256, (layer.batch, layer.size, layer.size, layer.c_in), dtype=np.uint8)
    weight = values.integers(0, 256, (layer.kernel, layer.kernel, layer.c_in, layer.c_out), dtype=np.uint8)
    outs = len(rows.first) // layer.batch
    wide = rows.out_row // layer.c_out

    def row_of(read: Any, image: int, out: int) -> Any:
        """An output row, from a function that gives an input row."""
        total = np.zeros((wide, layer.c_out), np.uint8)
        for i in range(layer.kernel):
            at = out * layer.stride - layer.before + i * layer.dilation
            if not 0 <= at < layer.size:
                continue
            line = read(image * layer.size + at)
            for column in range(wide):
                for j in range(layer.kernel):
                    to = column * layer.stride - layer.before + j * layer.dilation
                    if 0 <= to < layer.size:
                        total[column] += line[to] @ weight[i, j]
        return total

    flat = x.reshape(rows.in_rows, layer.size, layer.c_in)
    apart = [row_of(lambda row: flat[row], image, out) for image in range(layer.batch) for out in range(outs)]

    arena = np.zeros(rows.arena, np.uint8)
    arena[rows.lead : rows.lead + x.size] = x.ravel()

    def read(row: int) -> Any:
        start = rows.lead + row * rows.in_row
        return arena[start : start + rows.in_row].reshape(layer.size, layer.c_in)

    for image in range(layer.batch):
        for out in range(outs):
            at = (image * outs + out) * rows.out_row
            arena[at : at + rows.out_row] = row_of(read, image, out).ravel()
    np.testing.assert_array_equal(arena[: len(apart) * rows.out_row], np.concatenate([row.ravel() for row in apart]))


def shared_in(describe: Any, *shape: int) -> list[int]:
    found = netweight.memory(build.graph(describe, shape), bits=8, conventions=("segment-overlap", "inplace"))
    apart, together = (
        [step.alive_bytes for step in found.conventions[name].steps] for name in ("inplace", "segment-overlap")
    )
    return [one - other for one, other in zip(apart, together, strict=True)]


def conv(x: build.Symbol, channels: int, **options: Any) -> build.Symbol:
    return build.conv2d(x, channels, bias=False, **options)


def test_bytes_shared_by_hand() -> None:
    """4 rows of 4 x 4 bytes: a 1x1 kernel is one row ahead, a 3x3 kernel two, in which it reads the row before."""
    assert shared_in(lambda x: conv(x, 4, kernel_size=1), 1, 4, 4, 4) == [64 + 64 - (64 + 16)]
    assert shared_in(lambda x: conv(x, 4, kernel_size=3, padding=1), 1, 4, 4, 4) == [64 + 64 - (64 + 32)]
    # Rows of the output are twice as long: before row 3 is written, rows 0 to 2 of the input are gone, 3 * 16 bytes.
    assert shared_in(lambda x: conv(x, 8, kernel_size=1), 1, 4, 4, 4) == [64 + 128 - (4 * 32 - 3 * 16 + 64)]
    # Stride 2: row 0 of 8 bytes goes before everything, then row 1 over the first two of the input.
    assert shared_in(lambda x: conv(x, 4, kernel_size=2, stride=2), 1, 4, 4, 4) == [64 + 16 - (64 + 8)]
    assert shared_in(lambda x: build.max_pool2d(x, 2), 1, 4, 4, 4) == [64 + 16 - (64 + 8)]
    # Three tokens of 6 numbers each; one vector shares nothing.
    assert shared_in(lambda x: build.linear(x, 6, bias=False), 1, 3, 6) == [18 + 18 - (18 + 6)]
    assert shared_in(lambda x: build.linear(x, 6, bias=False), 1, 6) == [0]


def test_nothing_is_shared_with_what_is_needed_later() -> None:
    def twice(x: build.Symbol) -> build.Symbol:
        return build.add(conv(x, 4, kernel_size=1), conv(x, 4, kernel_size=1))

    first, second, _ = shared_in(twice, 1, 4, 4, 4)
    assert (first, second) == (0, 64 + 64 - (64 + 16))
    kept = build.graph(lambda x: ((y := conv(x, 4, kernel_size=1)), conv(y, 4, kernel_size=1)), (1, 4, 4, 4))
    found = netweight.memory(kept, bits=8, conventions="segment-overlap").conventions["segment-overlap"]
    assert [step.alive_bytes for step in found.steps] == [80, 128]


def test_half_a_byte_of_a_row_is_not_shared() -> None:
    """Rows of three numbers of 4 bits end within a byte."""
    graph = build.graph(lambda x: conv(x, 1, kernel_size=1), (1, 1, 2, 3))
    found = netweight.memory(graph, bits=4, conventions="segment-overlap").conventions["segment-overlap"]
    assert [step.alive_bytes for step in found.steps] == [3 + 3 - 0]


def test_the_lead_is_the_smallest() -> None:
    rows = Rows(in_row=16, out_row=32, in_rows=4, first=(0, 1, 2, 3))
    assert (rows.lead, rows.arena, rows.shared) == (4 * 32 - 3 * 16, 80 + 64, 64 + 128 - 144)
    assert replace(rows, first=()).lead == 0
