"""When values are used for the last time, in a graph that is counted by hand."""

from dataclasses import replace

from netweight import Graph, build
from netweight.ir.lifetimes import last_reads, last_uses, released


def describe(x: build.Symbol) -> build.Symbol:
    a = build.relu(x, name="a")
    b = build.exp(a, name="b")
    c = build.add(b, a, name="c")
    build.exp(c, name="unread")
    return build.add(c, a, name="d")


# Steps: a 0, b 1, c 2, unread 3, d 4; the caller reads d at 5.
GRAPH: Graph = build.graph(describe, (2,))


def test_last_reads() -> None:
    assert last_reads(GRAPH) == {"x": 0, "a": 4, "b": 2, "c": 4, "d": 5}
    assert last_reads(GRAPH, held=("x", "b")) == {"x": 5, "a": 4, "b": 5, "c": 4, "d": 5}


def test_a_kernel_reads_until_its_last_node_and_no_longer_than_others_do() -> None:
    fused = replace(GRAPH, fused=((0, 2),))
    assert last_reads(fused) == {"x": 2, "a": 4, "b": 2, "c": 4, "d": 5}
    assert last_reads(replace(GRAPH, fused=((1, 3),))) == {"x": 0, "a": 4, "b": 2, "c": 4, "d": 5}


def test_what_a_program_was_seen_to_hold() -> None:
    held = replace(GRAPH, lifetimes={"b": 4, "a": 1, "unread": 3})
    assert last_reads(held) == last_reads(GRAPH)
    assert last_reads(held, by_program=True) == {"x": 0, "a": 4, "b": 4, "c": 4, "d": 5, "unread": 3}


def test_last_uses_count_writing_too() -> None:
    calls = [(0, ["x", "a"]), (1, ["a", "b"]), (2, ["b", "c"]), (3, ["unread"])]
    last = last_uses(calls)
    assert last == {"x": 0, "a": 1, "b": 2, "c": 2, "unread": 3}
    assert released(last) == {0: ["x"], 1: ["a"], 2: ["b", "c"], 3: ["unread"]}
