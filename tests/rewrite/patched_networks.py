"""Small networks with branches, drawn at random, and grids that seldom divide their maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from netweight import Graph, ShapeError, build
from netweight.analysis.patching.stage import Reach, Stage
from netweight.build import Symbol

Layer = Callable[[Symbol], Symbol]


@dataclass(frozen=True)
class Drawn:
    """A network, the number of nodes that run patch by patch, and the grid."""

    graph: Graph
    end: int
    grid: tuple[int, ...]


@st.composite
def drawn_networks(draw: st.DrawFn) -> Drawn:
    """A few layers over maps of one to three dimensions, and more layers that read what all of them made."""
    rank = draw(st.integers(1, 3))
    shape = (draw(st.integers(1, 2)), draw(st.sampled_from([2, 4])), *draw(_sizes(rank, 5, 13 if rank < 3 else 7)))
    layers = draw(st.lists(_layers(rank), min_size=1, max_size=5))

    def describe(x: Symbol) -> Symbol:
        for layer in layers:
            try:
                made = layer(x)
            except ShapeError:  # the maps have become too small for it
                continue
            x = made if min(made.shape) else x
        return build.relu(_conv(rank)(x, 2, 1, name="head"))

    graph = build.graph(describe, shape)
    last = len(graph.nodes) - 2
    end = max(draw(st.integers(max(last - 2, 1), last)) if last > 1 else last, 1)
    results = Stage(reach=Reach(graph), end=end).results
    places = [min(sizes) for sizes in zip(*[graph.spec(name).shape[-rank:] for name in results], strict=True)]
    return Drawn(graph, end, draw(st.tuples(*[st.integers(1, min(4, size)) for size in places])))


def _sizes(rank: int, low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[st.integers(low, high)] * rank)


def _conv(rank: int) -> Any:
    return {1: build.conv1d, 2: build.conv2d, 3: build.conv3d}[rank]


def _function(name: str, rank: int) -> Any:
    return getattr(build, f"{name}{rank}d")


def _layers(rank: int) -> st.SearchStrategy[Layer]:
    kinds = [_convs(rank), _depthwise(rank), _max_pools(rank), _avg_pools(rank), _lp_pools(rank), _transposed(rank)]
    kinds += [_resized(rank), _elementwise(rank), _residuals(rank), _joined(rank), _moved(rank)]
    return st.one_of(*kinds, *([_pixels()] if rank == 2 else []))


@st.composite
def _convs(draw: st.DrawFn, rank: int) -> Layer:
    mode = draw(st.sampled_from(["zeros", "zeros", "zeros", "reflect", "replicate"]))
    most = 2 if mode == "zeros" else 1
    settings: dict[str, Any] = {
        "kernel_size": draw(_sizes(rank, 1, 3)),
        "stride": draw(_sizes(rank, 1, 3)),
        "dilation": draw(_sizes(rank, 1, 2)),
        "padding": tuple(draw(st.tuples(st.integers(0, most), st.integers(0, most))) for _ in range(rank)),
        "padding_mode": mode,
        "groups": draw(st.sampled_from([1, 1, 2])),
    }
    return lambda x: _conv(rank)(x, 4, **settings)


@st.composite
def _depthwise(draw: st.DrawFn, rank: int) -> Layer:
    stride = draw(st.integers(1, 2))
    return lambda x: _conv(rank)(x, x.shape[1], 3, stride=stride, padding=1, groups=x.shape[1])


@st.composite
def _max_pools(draw: st.DrawFn, rank: int) -> Layer:
    settings: dict[str, Any] = {
        "stride": draw(_sizes(rank, 1, 3)), "padding": draw(st.integers(0, 1)),
        "dilation": draw(st.integers(1, 2)), "ceil_mode": draw(st.booleans()),
    }  # fmt: skip
    kernel_size = draw(_sizes(rank, 2, 3))
    return lambda x: _function("max_pool", rank)(x, kernel_size, **settings)


@st.composite
def _avg_pools(draw: st.DrawFn, rank: int) -> Layer:
    settings: dict[str, Any] = {
        "stride": draw(_sizes(rank, 1, 3)), "padding": draw(st.integers(0, 1)), "ceil_mode": draw(st.booleans()),
        "count_include_pad": draw(st.booleans()), "divisor_override": draw(st.sampled_from([None, None, 3])),
    }  # fmt: skip
    kernel_size = draw(_sizes(rank, 2, 3))
    return lambda x: _function("avg_pool", rank)(x, kernel_size, **settings)


@st.composite
def _lp_pools(draw: st.DrawFn, rank: int) -> Layer:
    kernel_size, stride, ceil_mode = draw(_sizes(rank, 1, 3)), draw(_sizes(rank, 1, 3)), draw(st.booleans())
    return lambda x: _function("lp_pool", rank)(x, 2.0, kernel_size, stride, ceil_mode=ceil_mode)


@st.composite
def _transposed(draw: st.DrawFn, rank: int) -> Layer:
    stride = draw(_sizes(rank, 1, 3))
    settings: dict[str, Any] = {
        "kernel_size": draw(_sizes(rank, 1, 3)),
        "stride": stride,
        "padding": draw(st.integers(0, 1)),
        "output_padding": tuple(draw(st.integers(0, step - 1)) for step in stride),
        "dilation": draw(st.integers(1, 2)),
    }
    return lambda x: _function("conv_transpose", rank)(x, 2, **settings)


@st.composite
def _resized(draw: st.DrawFn, rank: int) -> Layer:
    mode = draw(st.sampled_from(["nearest", "nearest-exact", {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]]))
    scale = draw(st.sampled_from([2, 2, 3, 0.5, 1.5]))
    corners = None if mode.startswith("nearest") else draw(st.booleans())
    return lambda x: build.interpolate(x, scale_factor=scale, mode=mode, align_corners=corners)


@st.composite
def _elementwise(draw: st.DrawFn, rank: int) -> Layer:
    place = draw(st.booleans())
    layers: list[Layer] = [
        lambda x: build.relu(x, inplace=place),
        build.batch_norm,
        build.prelu,
        lambda x: build.add(x, build.parameter(x, "place", (1, *x.shape[1:]))),
        lambda x: build.local_response_norm(x, 3),
        lambda x: build.channel_shuffle(x, 2),
        lambda x: build.mul(x, build.mean(x, 1, keepdim=True)),
        lambda x: build.permute(
            build.linear(build.layer_norm(build.permute(x, 0, *range(2, rank + 2), 1)), 4),
            0, rank + 1, *range(1, rank + 1),
        ),
    ]  # fmt: skip
    return draw(st.sampled_from(layers))


@st.composite
def _residuals(draw: st.DrawFn, rank: int) -> Layer:
    branch, stride = draw(_convs(rank)), draw(st.integers(1, 2))

    def residual(x: Symbol) -> Symbol:
        y = _conv(rank)(x, 4, 3, padding=1, stride=stride)
        shortcut = x if x.shape == y.shape else _conv(rank)(x, 4, 1, stride=stride)
        return branch(build.relu(build.add(shortcut, y), inplace=True))

    return residual


@st.composite
def _joined(draw: st.DrawFn, rank: int) -> Layer:
    kernel = draw(st.sampled_from([1, 3, 5]))

    def joined(x: Symbol) -> Symbol:
        near = _function("max_pool", rank)(x, 3, 1, padding=1)
        far = _conv(rank)(x, 2, kernel, padding=kernel // 2)
        first, second = build.split(far, 1, 1)
        return build.concat((near, second, first, x), 1)

    return joined


@st.composite
def _moved(draw: st.DrawFn, rank: int) -> Layer:
    dim = draw(st.integers(2, rank + 1))
    start = draw(st.integers(0, 2))
    amounts = tuple(draw(st.lists(st.integers(0, 2), min_size=2 * rank, max_size=2 * rank)))
    mode: Any = draw(st.sampled_from(["constant", "replicate", "reflect"]))
    layers: list[Layer] = [
        lambda x: build.narrow(x, dim, start, x.shape[dim] - start - 1),
        lambda x: build.flip(x, dim),
        lambda x: build.pad(x, amounts, mode, 0.5 if mode == "constant" else None),
        lambda x: x[(slice(None), slice(None), slice(start, None, 2))],
        lambda x: build.reshape(build.reshape(x, x.shape[0], 2, x.shape[1] // 2, *x.shape[2:]), *x.shape),
    ]
    return draw(st.sampled_from(layers))


@st.composite
def _pixels(draw: st.DrawFn) -> Layer:
    return draw(st.sampled_from([lambda x: build.pixel_shuffle(x, 2), lambda x: build.pixel_unshuffle(x, 2)]))
