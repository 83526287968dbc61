from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight import build
from netweight.analysis.receptive_field import receptive_fields
from netweight.errors import ShapeError
from netweight.ir import Graph, TensorSpec
from netweight.ops import REGISTRY, as_tuple

_SPEC = TensorSpec((2, 3, 4, 5))


def _graph(describe: Callable[..., Any], spec: TensorSpec = _SPEC) -> Graph:
    return build.graph(describe, spec)


def _run(graph: Graph, **arrays: Any) -> list[Any]:
    """Follow a graph without parameters, node by node."""
    for node in graph.nodes:
        inputs = tuple(arrays[name] for name in node.inputs if name is not None)
        results = as_tuple(REGISTRY[node.op].forward(node.attrs, *inputs))
        arrays.update(zip(node.outputs, results, strict=True))
    return [arrays[name] for name in graph.outputs]


_X = np.arange(120.0).reshape(_SPEC.shape)


@pytest.mark.parametrize(
    ("describe", "expected"),
    [
        (build.flatten, _X.reshape(2, 60)),
        (lambda x: build.flatten(x, 0, -2), _X.reshape(24, 5)),
        (lambda x: build.squeeze(build.reshape(x, 2, 1, -1, 1)), _X.reshape(2, 60)),
        (lambda x: build.squeeze(build.reshape(x, 2, 1, -1, 1), (0, -1)), _X.reshape(2, 1, 60)),
        (lambda x: build.unsqueeze(x, -1), _X[..., None]),
        (lambda x: build.unsqueeze(x, 1), _X[:, None]),
        (lambda x: build.permute(x, 0, 2, -1, 1), _X.transpose(0, 2, 3, 1)),
        (lambda x: build.transpose(x, -1, 1), _X.swapaxes(3, 1)),
        (lambda x: build.expand(build.unsqueeze(x, 0), 7, -1, -1, -1, 5), np.broadcast_to(_X, (7, 2, 3, 4, 5))),
        (lambda x: build.concat([x, x]), np.concatenate([_X, _X], axis=1)),
        (lambda x: build.concat([x, x], -1), np.concatenate([_X, _X], axis=3)),
        (lambda x: build.stack([x, x]), np.stack([_X, _X])),
        (lambda x: build.stack([x, x], -1), np.stack([_X, _X], axis=-1)),
        (lambda x: build.narrow(x, -1, 1, 3), _X[..., 1:4]),
        (lambda x: build.pad(x, (1, 2)), np.pad(_X, [(0, 0), (0, 0), (0, 0), (1, 2)])),
        (lambda x: build.pad(x, (1, 0, 0, 2), "reflect"), np.pad(_X, [(0, 0), (0, 0), (0, 2), (1, 0)], "reflect")),
        (lambda x: build.pad(x, (2, 2), value=9.0), np.pad(_X, [(0, 0)] * 3 + [(2, 2)], constant_values=9)),
        (lambda x: build.roll(x, 2, -1), np.roll(_X, 2, 3)),
        (lambda x: build.roll(x, (1, -1), (2, 3)), np.roll(_X, (1, -1), (2, 3))),
        (lambda x: build.flip(x, (1, -1)), _X[:, ::-1, :, ::-1]),
        (lambda x: build.repeat(x, 2, 1, 1, 3), np.tile(_X, (2, 1, 1, 3))),
        (lambda x: x[0], _X[0]),
        (lambda x: x[:, -1], _X[:, -1]),
        (lambda x: x[..., 1:], _X[..., 1:]),
        (lambda x: x[:, ::2, ..., 3], _X[:, ::2, ..., 3]),
        (lambda x: x[None, 1:, :, -3:-1], _X[None, 1:, :, -3:-1]),
        (lambda x: x[1, 2, 3, 4], _X[1, 2, 3, 4]),
        (lambda x: x[:], _X),
    ],
)  # fmt: skip
def test_the_array_is_what_numpy_makes(describe: Callable[..., Any], expected: Any) -> None:
    graph = _graph(describe)
    (found,) = _run(graph, x=_X)
    np.testing.assert_array_equal(found, expected)
    assert graph.spec(graph.outputs[0]).shape == expected.shape


@pytest.mark.parametrize(
    ("describe", "sizes"),
    [
        (lambda x: build.split(x, (1, 2)), (1, 2)),
        (lambda x: build.split(x, 2), (2, 1)),
        (lambda x: build.split(x, 3), (3,)),
        (lambda x: build.chunk(x, 2), (2, 1)),
        (lambda x: build.chunk(x, 3, -3), (1, 1, 1)),
    ],
)
def test_parts_are_views_with_names_of_their_own(describe: Callable[..., Any], sizes: tuple[int, ...]) -> None:
    graph = _graph(describe)
    (node,) = graph.nodes
    assert node.attrs.sizes == sizes
    assert [graph.spec(y).shape[1] for y in graph.outputs] == list(sizes)
    assert all(graph.values[y].storage == "x" for y in graph.outputs)
    np.testing.assert_array_equal(np.concatenate(_run(graph, x=_X), axis=1), _X)


def test_views_share_and_copies_do_not() -> None:
    graph = _graph(lambda x: build.concat([build.transpose(x, 2, 3)[0], build.transpose(x, 2, 3)[1]], 0))
    storages = {name: value.storage for name, value in graph.values.items() if name != "x"}
    assert storages.pop("cat") == "cat"
    assert set(storages.values()) == {"x"}


def test_picked_by_position() -> None:
    def picked(x: build.Symbol, index: build.Symbol) -> tuple[build.Symbol, build.Symbol]:
        return build.gather(x, -1, index), build.index_select(x, -2, build.reshape(index, -1))

    index = np.array([[0, 2], [1, 1], [2, 0]])
    x = np.arange(9.0).reshape(3, 3)
    graph = build.graph(picked, TensorSpec((3, 3)), TensorSpec((3, 2), "int64"))
    found = _run(graph, x0=x, x1=index)
    np.testing.assert_array_equal(found[0], np.take_along_axis(x, index, 1))
    np.testing.assert_array_equal(found[1], x[index.reshape(-1)])


def test_nothing_is_cut_where_all_is_taken() -> None:
    assert _graph(lambda x: x[:, 0:3, ...]).nodes == ()


def test_a_symbol_is_not_iterated() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        _graph(tuple)


def test_receptive_field_through_slices_padding_and_rolls() -> None:
    """3, then steps of 2, then 3: 3 + (3 - 1) * 2 == 7; moving and padding change nothing."""

    def network(x: build.Symbol) -> build.Symbol:
        y = build.conv2d(build.pad(x, (1, 1, 1, 1)), 4, kernel_size=3, name="first")
        y = build.roll(build.flip(y, 3), 1, 2)[:, :, 1::2, ::2]
        y = build.concat([y, build.conv2d(y, 4, kernel_size=3, padding=1, name="second")])
        return build.transpose(build.flatten(y, 2), 1, 2)

    graph = _graph(network, TensorSpec((1, 3, 16, 16)))
    fields = receptive_fields(graph)
    assert fields["first"] == (3, 3)
    assert fields["cat"] == fields[graph.outputs[0]] == (7, 7)


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda _x: build.concat([]), "concat: expected at least one tensor, got none"),
        (lambda _x: build.stack([]), "stack: expected at least one tensor, got none"),
        (lambda x: build.split(x, 0), "split: expected a size of at least 1, got 0"),
        (lambda x: build.split(x, (1, 1)), r"split: expected positive sizes with the sum 3, got \(1, 1\)"),
        (lambda x: build.chunk(x, 0), "chunk: expected at least 1 chunk, got 0"),
        (lambda x: build.narrow(x, 1, 2, 2), "slice: expected 0 <= start <= stop <= 3 .* got 2:4:1"),
        (lambda x: build.transpose(x, 0, 4), "dim: expected -4 <= dim < 4, got 4"),
        (lambda x: build.flatten(x, -5), "dim: expected -4 <= dim < 4, got -5"),
        (lambda x: build.unsqueeze(x, 5), "dim: expected -5 <= dim < 5 for a new one, got 5"),
        (lambda x: build.expand(x, -1, 5), r"expand: .* got \(2, 5\) for"),
        (lambda x: build.expand(x, -1, 2, 3, 4, 5), r"expand: .* got \(-1, 2, 3, 4, 5\)"),
        (lambda x: build.pad(x, (1, 1, 1)), "pad: expected amounts before and after each dim, got 3 of them"),
        (lambda x: build.pad(x, (0, 0) * 5), r"pad: expected one \(before, after\) per dim"),
        (lambda x: build.repeat(x, 2), "repeat: expected at least 1 repeat for each dim"),
        (lambda x: x[0, 0, 0, 0, 0], r"index: expected at most one entry per dim of \(2, 3, 4, 5\)"),
        (lambda x: x[..., 0, ...], "index: expected at most one entry per dim"),
        (lambda x: x[2], "slice: expected 0 <= start <= stop <= 2 .* got 2:3:1"),
        (lambda x: x[::-1], "slice: expected .* step of at least 1, got 1:-1:-1"),
    ],
)
def test_errors(describe: Callable[..., Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        _graph(describe)
