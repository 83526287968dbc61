"""Inputs of engines: by name wherever they stand, by position where names say nothing, and only where they fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netweight import build
from netweight.engines.engine import Prepared
from netweight.engines.inputs import Entry, matched
from netweight.engines.table import engine as engine_of
from netweight.errors import EngineError
from netweight.ir import TensorSpec

A, B, C = np.zeros((1, 3)), np.ones((1, 3)), np.zeros((2, 5))


def entry(*names: str, shape: tuple[int | None, ...] | None = (1, 3)) -> Entry:
    return Entry(names=names, shape=shape)


def test_names_decide_and_not_the_order() -> None:
    found = matched([entry("b"), entry("a")], {"a": A, "b": B}, "E")
    assert found[0] is B
    assert found[1] is A


def test_any_of_several_names_will_do() -> None:
    assert matched([entry("x:0", "b"), entry("a")], {"a": A, "b": B}, "E")[0] is B


def test_what_has_another_name_goes_by_position_among_what_is_left() -> None:
    found = matched([entry("p"), entry("b"), entry("q", shape=(2, 5))], {"a": A, "b": B, "c": C}, "E")
    assert found[0] is A
    assert found[1] is B
    assert found[2] is C


@pytest.mark.parametrize("shape", [None, (None, 5), (2, None), (1, 2, 5), (2, 5, 1)])
def test_open_sizes_and_sizes_of_one_fit(shape: tuple[int | None, ...] | None) -> None:
    assert matched([entry("p", shape=shape)], {"c": C}, "E")[0] is C


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry("p", shape=(2, 5)), entry("q")], "E has an input p of 2x5, which a of 1x3 does not fit"),
        ([entry("a", shape=(None, 5)), entry("b")], r"an input a of \?x5, which a of 1x3"),
        ([entry("a", shape=()), entry("b")], "an input a of one number, which a of 1x3"),
        ([entry("a")], r"takes 1 inputs \(a\), the network has 2 \(a, b\)"),
        ([], r"takes 0 inputs \(none\)"),
    ],
)
def test_what_does_not_fit_is_refused(entries: list[Entry], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        matched(entries, {"a": A, "b": B}, "E")


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_a_file_whose_inputs_stand_in_another_order(name: str, tmp_path: Path) -> None:
    """What is fed as ``a`` is ``a`` in the engine: a - 2 b is not b - 2 a."""
    pytest.importorskip(name)
    graph = build.graph(
        lambda a, b: build.sub(a, build.add(b, b)), TensorSpec((1, 3)), TensorSpec((1, 3)), name="small"
    )  # fmt: skip
    first, second = graph.inputs
    feeds = {second: B, first: 5 * B}
    network = Prepared(
        graph=graph, weights={}, feeds={key: value.astype(np.float32) for key, value in feeds.items()}, folder=tmp_path
    )
    session = engine_of(name).load(network, threads=1, precision=None)
    assert next(iter(session.run(network.feeds).values())).tolist() == [[3.0, 3.0, 3.0]]
    session.close()
