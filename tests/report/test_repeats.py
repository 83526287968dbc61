"""Layers that nobody named fold into blocks; those with a name, or another cost, do not."""

from __future__ import annotations

from netweight import Graph, build, weigh
from netweight.report.entries import entries_of
from netweight.report.repeats import counted, repeats_at


def test_an_operator_and_its_number_is_no_name() -> None:
    parts = counted(["conv1", "relu", "relu_1", "matmul_2", "head", "attention_1.softmax", "layer1.0.relu_1"])
    assert parts["relu"] == ("relu", "0", "")
    assert parts["attention_1.softmax"] == ("attention", "1", ".softmax")
    assert not {"conv1", "head", "layer1.0.relu_1"} & set(parts)


def test_the_block_that_covers_most_is_taken() -> None:
    assert repeats_at("aabaabaab", 0) == (3, 3)
    assert repeats_at("aaaa", 0) == (1, 4)
    assert repeats_at("abab", 0) == (2, 2)  # the last length that can stand twice
    assert repeats_at("abcabd", 0) == (1, 1)


def network(widths: list[int]) -> Graph:
    """Products and activations that nobody named."""

    def describe(x: build.Symbol) -> build.Symbol:
        for at, width in enumerate(widths[1:]):
            number = f"_{at}" if at else ""
            x = build.relu(build.linear(x, width, name=f"linear{number}"), name=f"relu{number}")
        return x

    return build.graph(describe, (1, widths[0]))


def test_equal_blocks_become_one() -> None:
    profile = weigh(network([8, 8, 8, 8, 8]))
    lines = entries_of(profile, fold=True)
    assert [(line.label, line.repeat) for line in lines] == [("x", 1), ("linear_[0-3]", 4), ("relu_[0-3]", 4)]
    assert lines[1].numbers["macs"] == 4 * 8 * 8 == profile.totals.macs


def test_blocks_of_other_sizes_stay_apart() -> None:
    lines = entries_of(weigh(network([8, 4, 2, 1])), fold=True)
    assert [line.label for line in lines] == ["x", "linear", "relu", "linear_1", "relu_1", "linear_2", "relu_2"]
