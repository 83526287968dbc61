"""Functions that move, sample or pool: all settings are recorded alike by PyTorch and builder, and computed right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netweight import build
from netweight.ops import REGISTRY
from netweight.runtime import run

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812

from sources.torch.meta_check import capture_checked  # noqa: E402

_IMAGE, _ROW, _VOLUME = (2, 4, 7, 6), (2, 3, 9), (1, 2, 5, 6, 4)

_SEEN: list[Any] = []


class _Called(torch.nn.Module):
    def __init__(self, function: Any, args: Any, kwargs: Any, *, last: bool) -> None:
        super().__init__()
        self.function, self.args, self.kwargs, self.last = function, args, kwargs, last

    def forward(self, x: Any) -> Any:
        # Twice one is x, in a layout of its own: what a parameter or an input has does not count.
        x = (x.to(memory_format=torch.channels_last) if self.last else x) * 1.5
        y = self.function(x, *self.args, **self.kwargs)
        _SEEN.append(y.stride())
        return y


def _settings(name: str, *calls: tuple[Any, dict[str, Any]], shape: tuple[int, ...] = _IMAGE, said: str = "") -> Any:
    return [
        pytest.param(name, said or name, shape, args, kwargs, id=f"{name}-{i}")
        for i, (args, kwargs) in enumerate(calls)
    ]


_MAX = [
    ((3,), {}), ((3, 1), {"padding": 1}), ((2, 3, 1, 2), {}), ((3, 2), {"ceil_mode": True}),
    ((2, 2), {"padding": 1, "dilation": 2, "ceil_mode": True}),
]  # fmt: skip
_MEAN = [
    ((3,), {}), ((3, 2, 1), {}), ((3, 2, 1), {"count_include_pad": False}), ((2, 3), {"ceil_mode": True}),
    ((3, 2, 1, True, True), {}),
]  # fmt: skip
_CALLS = [
    *_settings("max_pool1d", *_MAX, shape=_ROW), *_settings("max_pool2d", *_MAX, (((3, 2), (2, 1), (1, 0)), {})),
    *_settings("max_pool3d", *_MAX, shape=_VOLUME), *_settings("avg_pool1d", *_MEAN, shape=_ROW),
    *_settings("avg_pool2d", *_MEAN, ((3,), {"divisor_override": 5}), (((3, 2), (2, 1), (1, 0)), {})),
    *_settings("avg_pool3d", *_MEAN, ((3,), {"divisor_override": 5}), shape=_VOLUME),
    *_settings("lp_pool1d", ((2, 3), {}), ((2, 3, 2, True), {}), shape=_ROW),
    *_settings("lp_pool2d", ((2, 3), {}), ((4, (3, 2), 2), {"ceil_mode": True})),
    *_settings("lp_pool3d", ((2, 2), {}), shape=_VOLUME), *_settings("adaptive_avg_pool1d", ((4,), {}), shape=_ROW),
    *_settings("adaptive_avg_pool2d", ((3,), {}), (((None, 2),), {}), (((5, 4),), {})),
    *_settings("adaptive_avg_pool3d", (((2, None, 3),), {}), shape=_VOLUME),
    *_settings("adaptive_max_pool2d", ((3,), {}), (((None, 2),), {})),
    *_settings("unfold", ((3,), {}), (((2, 3), (2, 1), (1, 0), (1, 2)), {})),
    *_settings("fold", (((5, 4), 2), {}), (((5, 4), 2, 1, 0, 1), {}), shape=(1, 8, 12)),
    *_settings("interpolate", ((5,), {}), (((9, 3),), {}), ((), {"scale_factor": 1.5}), ((), {"scale_factor": 0.4}),
               (((9, 3), None, "nearest-exact"), {}), (((9, 3),), {"mode": "bilinear"}),
               (((9, 3),), {"mode": "bilinear", "align_corners": True}), (((9, 3),), {"mode": "bicubic"}),
               (((9, 3),), {"mode": "bicubic", "align_corners": True}),
               ((), {"scale_factor": (0.4, 1.7), "mode": "bilinear"}),
               ((), {"scale_factor": (0.4, 1.7), "mode": "bilinear", "recompute_scale_factor": True}),
               (((3, 4),), {"mode": "bilinear", "antialias": True}),
               (((3, 9),), {"mode": "bicubic", "antialias": True}),
               ((), {"scale_factor": (1.1, 2.0), "mode": "bicubic"})),
    *_settings("interpolate", ((5,), {}), ((5,), {"mode": "linear"}), ((), {"scale_factor": 1.3, "mode": "linear"}),
               shape=_ROW),
    *_settings("interpolate", ((3,), {"mode": "trilinear"}), ((3,), {}), shape=_VOLUME),
    *_settings("pad", (((1, 2),), {}), (((1, 0, 2, 3),), {"value": 0.7}), (((1, 2, 0, 1),), {"mode": "reflect"}),
               (((1, 2, 0, 1),), {"mode": "replicate"}), (((1, 2, 3, 1),), {"mode": "circular"})),
    *_settings("pixel_shuffle", ((2,), {})), *_settings("pixel_unshuffle", ((2,), {}), shape=(2, 3, 4, 6)),
    *_settings("channel_shuffle", ((2,), {})), *_settings("flip", (((1, -1),), {}), (((0,),), {})),
    *_settings("roll", ((2, 3), {}), (((2, -1), (1, -1)), {}), ((5,), {})),
    *_settings("rot90", ((1, (2, 3)), {}), ((2, (2, 3)), {}), ((3, (1, 2)), {}), ((-1, (2, 3)), {})),
    *_settings("repeat_interleave", ((2, 1), {}), ((3, -1), {}), ((2,), {})),
    *_settings("tril", ((), {}), ((1,), {}), ((-2,), {})), *_settings("triu", ((), {}), ((1,), {}), ((-2,), {})),
    *_settings("diag_embed", ((), {}), ((1, 0, 2), {})), *_settings("diagonal", ((1, -2, -1), {})),
]  # fmt: skip


def _recorded(graph: Any) -> Any:
    """Operators that compute or copy, and their settings; what scales the input before is no part of the function."""
    return [(node.op, node.attrs) for node in graph.nodes if node.op != "mul_scalar" and not REGISTRY[node.op].view]


@pytest.mark.parametrize(("name", "said", "shape", "args", "kwargs"), _CALLS)
def test_settings_mean_the_same(name: str, said: str, shape: tuple[int, ...], args: Any, kwargs: Any) -> None:
    function = getattr(F, said, None) or getattr(torch, said)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for last in {False, len(shape) == 4}:
        module = _Called(function, args, kwargs, last=last)
        capture, differences, _ = capture_checked(module, shape)
        strides = _SEEN[-1]
        found = [text for text in differences if "adaptive_max" not in text]  # whose positions are no value
        assert (capture.error, found) == (None, [])
        found = run(capture.graph, {capture.graph.inputs[0]: x.numpy()}, {}).outputs[capture.graph.outputs[0]]
        np.testing.assert_allclose(found, module(x).numpy(), rtol=1e-4, atol=1e-5)
        assert strides == _SEEN[-1]
        if not last:
            graph = build.graph(lambda x: getattr(build, name)(x, *args, **kwargs), shape)
            assert _recorded(capture.graph) == _recorded(graph)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("beyond", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [False, True])
def test_samples_are_taken_where_pytorch_takes_them(mode: str, beyond: str, corners: bool) -> None:
    grid = torch.rand(2, 3, 4, 2, generator=torch.Generator().manual_seed(1)) * 3 - 1.5
    module = _Called(F.grid_sample, (grid, mode, beyond, corners), {}, last=False)
    x = torch.randn(_IMAGE, generator=torch.Generator().manual_seed(0))
    graph = capture_checked(module, _IMAGE)[0].graph
    weights = {name: grid.numpy() for name, value in graph.values.items() if value.spec.shape == tuple(grid.shape)}
    found = run(graph, {graph.inputs[0]: x.numpy()}, weights).outputs[graph.outputs[0]]
    np.testing.assert_allclose(found, module(x).numpy(), rtol=1e-4, atol=1e-5)
