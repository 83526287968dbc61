"""ONNX files that contradict themselves or go beyond what an array can be: an error of ours in each command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tests.hostile.onnx_files import constant, model, one

import netweight
from netweight import build
from netweight.errors import FormatError, LimitError, NetweightError, ShapeError
from netweight.sources.onnx.sparse import dense


def _sparse(values: object, places: object, dims: Sequence[int]) -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(constant("w", values, np.float32), constant("at", places), dims)


_FORMS = {
    "beyond the end": _sparse([1, 2], [0, 16], [4, 4]),
    "before the start": _sparse([1, 2], [-1, 3], [4, 4]),
    "a row beyond": _sparse([1, 2], [[0, 1], [4, 3]], [4, 4]),
    "a column beyond": _sparse([1, 2], [[0, 1], [3, 4]], [4, 4]),
    "a column before": _sparse([1, 2], [[0, -1], [3, 3]], [4, 4]),
    "three numbers a place": _sparse([1, 2], [[0, 1, 2], [3, 3, 3]], [4, 4]),
    "places of rank 3": _sparse([1, 2], [[[0, 1]], [[3, 3]]], [4, 4]),
    "fewer places": _sparse([1, 2, 3], [0, 1], [4, 4]),
    "more places": _sparse([1], [0, 1], [4, 4]),
    "a scalar": _sparse(1, [0], [4, 4]),
    "a matrix of elements": _sparse([[1, 2]], [0, 1], [4, 4]),
    "no dimensions": _sparse([1, 2], [0, 1], []),
    "sizes of 2^60": _sparse([1], [0], [2**60, 4]),
    "negative sizes": _sparse([1], [0], [-4, 4]),
    "a size of 0": _sparse([1], [0], [0, 4]),
}


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("stored", [True, False], ids=["initializer", "constant"])
def test_sparse_weights_that_contradict_themselves(form: str, stored: bool, tmp_path: Path) -> None:
    add = helper.make_node("Add", ["x", "w"], ["y"])
    nodes = [add] if stored else [helper.make_node("Constant", [], ["w"], sparse_value=_FORMS[form]), add]
    odd = model(nodes, [4, 4], sparse=[_FORMS[form]] if stored else [])
    for verb in (netweight.run, lambda found: netweight.export(found, tmp_path / "y.onnx")):
        with pytest.raises((FormatError, ShapeError)):
            verb(odd)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("places", "expected"),
    [([5, 0], {(1, 1): 1, (0, 0): 2}), ([[3, 1], [0, 2]], {(3, 1): 1, (0, 2): 2}), ([15, 3], {(3, 3): 1, (0, 3): 2})],
)
def test_sparse_weights(places: object, expected: dict[tuple[int, int], float]) -> None:
    array = dense(_sparse([1, 2], places, [4, 4]))
    assert {tuple(map(int, at)): float(array[tuple(at)]) for at in np.argwhere(array)} == expected


def test_a_sparse_weight_that_is_large_when_it_is_dense() -> None:
    with pytest.raises(LimitError, match="weight w: expected an array of at most"):
        dense(_sparse([1], [0], [2**31, 2**20]))


_MANY = {
    "an input": one("Relu", [1] * 70),
    "a weight": model(
        [helper.make_node("Add", ["x", "w"], ["y"])], [1], [helper.make_tensor("w", TensorProto.FLOAT, [1] * 70, [1.0])]
    ),
    "Reshape": one("Reshape", [1], stored={"s": [1] * 70}),
    "Unsqueeze": one("Unsqueeze", [1], stored={"s": list(range(70))}),
    "Expand": one("Expand", [1], stored={"s": [1] * 70}),
    "ConstantOfShape": model(
        [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])], [1],
        [constant("s", [1] * 70)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", _MANY)
def test_more_dimensions_than_an_array_has(name: str, tmp_path: Path) -> None:
    """They are weighed; a run cannot have them."""
    assert len(netweight.weigh(_MANY[name]).layers[-1].output_shapes[0]) in (70, 71)
    with pytest.raises(NetweightError):
        netweight.run(_MANY[name])
    try:
        netweight.export(_MANY[name], tmp_path / "y.onnx")
    except NetweightError:
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "odd",
    [
        one("Relu", [2**60]), one("Relu", [2**60] * 3), one("Expand", [1], stored={"s": [2**60, 2**60]}),
        one("Tile", [1], stored={"s": [2**62]}), one("Pad", [1], stored={"s": [2**62, 2**62]}),
        one("EyeLike", [2**40, 2**40]),
    ],
    ids=["2^60", "2^180", "expand", "tile", "pad", "eye"],
)  # fmt: skip
def test_sizes_of_2_to_the_60(odd: onnx.ModelProto) -> None:
    try:
        assert netweight.weigh(odd).coverage.nodes
    except (FormatError, ShapeError) as error:
        assert "less than 2^62 elements" in str(error)  # noqa: PT017  -- either is right
    with pytest.raises(NetweightError):
        netweight.run(odd)


_BOUNDS = [(1.0, 0.0), (0.0, math.nan), (math.nan, 0.0), (math.inf, 1.0), (-math.inf, math.inf), (0.0, math.inf)]


@pytest.mark.parametrize(("low", "high"), _BOUNDS)
@pytest.mark.parametrize("op", ["RandomUniformLike", "RandomUniform"])
def test_bounds_that_are_none(op: str, low: float, high: float) -> None:
    inputs, shape = (["x"], {}) if op.endswith("Like") else ([], {"shape": [4]})
    nodes = [
        helper.make_node(op, inputs, ["r"], low=low, high=high, **shape), helper.make_node("Add", ["x", "r"], ["y"]),
    ]  # fmt: skip
    with pytest.raises(ShapeError, match="random: expected two finite bounds"):
        netweight.run(model(nodes, [4]))


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (-3e38, 3e38), (-2.0, -1.0)])
def test_bounds_that_are_some(low: float, high: float) -> None:
    found = netweight.run(one("RandomUniformLike", [1000], low=low, high=high)).outputs["y"]
    assert low <= found.min() <= found.max() <= high


@pytest.mark.parametrize("scale", [-1.0, math.nan])
@pytest.mark.parametrize("op", ["RandomNormalLike"])
def test_deviations_that_are_none(op: str, scale: float) -> None:
    with pytest.raises(ShapeError, match="random: expected a deviation from 0 on"):
        netweight.run(one(op, [4], scale=scale))


@pytest.mark.parametrize(
    ("distribution", "first", "second"),
    [
        ("integers", 5, 5), ("integers", math.nan, 1), ("exponential", 0, 0), ("exponential", -1, 0), ("cauchy", 0, -1),
        ("geometric", 0, 0), ("geometric", 1.5, 0), ("geometric", math.nan, 0), ("log_normal", 0, -1),
    ],
)  # fmt: skip
def test_settings_of_other_distributions(distribution: str, first: float, second: float) -> None:
    from netweight.ops.random.draw import RandomAttrs, random_shape

    with pytest.raises(ShapeError, match=f"random: expected .* of {distribution}"):
        random_shape(RandomAttrs(shape=(4,), distribution=distribution, first=first, second=second))  # type: ignore[arg-type]


def test_a_built_network_of_many_dimensions() -> None:
    graph = build.graph(build.relu, (1,) * 70)
    with pytest.raises(LimitError, match="64 dimensions"):
        netweight.run(graph)
