"""Receptive fields against Araujo et al. 2019, hand counts, and a network that is probed by running it."""

import numpy as np
import pytest

from netweight import Graph, build, weigh
from netweight.analysis.receptive_field import _groups
from netweight.runtime import backward, initialize, run


def fields(graph: Graph) -> dict[str, tuple[int, ...] | None]:
    return {row.layer: row.receptive_field for row in weigh(graph).layers}


def test_alexnet_by_hand() -> None:
    """size += (k - 1) jump; jump *= stride: 11 / 4; pool 3 / 2; conv 5; pool 3 / 2; conv 3, 3, 3; pool 3 / 2."""
    found = {row.layer: row.receptive_field for row in weigh("alexnet").layers}
    expected = {
        "conv1": 11,
        "pool1": 19,
        "conv2": 51,
        "pool2": 67,
        "conv3": 99,
        "conv4": 131,
        "conv5": 163,
        "pool5": 195,
    }
    assert {name: found[name] for name in expected} == {name: (size, size) for name, size in expected.items()}
    assert found["fc6"] == (195 + 5 * 32,) * 2  # all 6 x 6 positions


def test_tokens_beside_a_class_token_reach_over_the_image_and_no_further() -> None:
    """2 x 2 patches of 16 and one more token: all together 32 pixels, also where a slice cuts tokens in between."""

    def describe(x: build.Symbol) -> build.Symbol:
        x = build.conv2d(x, 4, kernel_size=16, stride=16, name="patches")
        x = build.transpose(build.flatten(x, 2), 1, 2)
        x = build.concat((build.parameter(x, "token", (1, 1, 4)), x), dim=1)
        for name in ("first", "second"):
            q = build.narrow(x, 1, 0, 5, name=f"{name}_slice")
            x = build.add(x, build.scaled_dot_product_attention(q, x, x, name=name))
        return build.narrow(x, 1, 0, 1, name="head")

    found = fields(build.graph(describe, (1, 3, 32, 32)))
    assert found["patches"] == found["first_slice"] == (16, 16)
    assert found["first"] == found["second"] == found["head"] == (32, 32)


def test_dilation_and_uneven_windows() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        x = build.conv2d(x, 1, kernel_size=(3, 1), dilation=(4, 1), stride=(1, 2), name="a")
        return build.conv2d(x, 1, kernel_size=(1, 3), name="b")

    found = fields(build.graph(describe, (1, 1, 32, 32)))
    assert found["a"] == (9, 1)
    assert found["b"] == (9, 1 + 2 * 2)


def test_branches_take_the_largest() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        wide = build.conv2d(x, 1, kernel_size=7, padding=3, name="wide")
        return build.add(wide, build.conv2d(x, 1, kernel_size=3, padding=1, name="narrow"), name="sum")

    assert fields(build.graph(describe, (1, 1, 32, 32)))["sum"] == (7, 7)


def probe(x: build.Symbol) -> build.Symbol:
    """Strides, a pool, dilation, a shortcut and an upsampling."""
    x = build.conv2d(x, 2, kernel_size=3, stride=2, padding=1)
    y = build.conv2d(x, 2, kernel_size=3, dilation=2, padding=2)
    x = build.add(x, y)
    return build.avg_pool2d(x, 2, 2)


def test_the_field_is_where_the_gradient_is_not_zero() -> None:
    """The gradient of one output in the middle reaches exactly the field, for weights that are all positive."""
    graph = build.graph(probe, (1, 1, 64, 64))
    weights = {name: np.abs(array) + 0.1 for name, array in initialize(graph, dtype="float64").items()}
    done = run(graph, {"x": np.ones((1, 1, 64, 64))}, weights, keep=True)
    grad = np.zeros_like(done.outputs[graph.outputs[0]])
    grad[0, 0, 8, 8] = 1
    touched = backward(graph, done, {graph.outputs[0]: grad})["x"][0, 0] != 0
    rows = np.flatnonzero(touched.any(axis=1))
    columns = np.flatnonzero(touched.any(axis=0))
    extent = (int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1)
    assert weigh(graph).layers[-1].receptive_field == extent


@pytest.mark.parametrize("shape", [(1, 8), (4, 7, 8)])
def test_features_have_no_field(shape: tuple[int, ...]) -> None:
    assert fields(build.graph(lambda x: build.linear(x, 3, name="fc"), shape))["fc"] is None


def test_series_have_one_field() -> None:
    graph = build.graph(lambda x: build.conv1d(x, 4, kernel_size=5, name="conv"), (1, 2, 20))
    assert fields(graph)["conv"] == (5,)


def test_a_reshape_joins_and_splits_the_smallest_runs_of_dimensions() -> None:
    """Two of three and four joined to six, then four split in two, then five as it was."""
    assert _groups((2, 3, 4, 5), (6, 2, 2, 5)) == [(2, (6,)), (1, (2, 2)), (1, (5,))]
    assert _groups((12, 7), (3, 4, 7)) == [(1, (3, 4)), (1, (7,))]
