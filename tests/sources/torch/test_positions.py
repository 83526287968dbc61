"""Indexing, rearranging, resizing, picking: shapes and layouts as PyTorch's meta kernels say, numbers as its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight import weigh
from netweight.runtime import run

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.nn import functional  # noqa: E402

from sources.torch.meta_check import capture_checked  # noqa: E402

I = torch.tensor([0, 2, 1])  # noqa: E741
PAIRS = torch.tensor([[0, 1], [2, 0]])
EVERY = torch.zeros(2, 3, 4, 6, dtype=torch.int64)
MASK = torch.tensor([True, False, True])

EXACT: dict[str, Callable[..., Any]] = {
    "one tensor": lambda x: x[:, I],
    "two side by side": lambda x: x[:, :, I, I],
    "two apart": lambda x: x[:2, I[:, None], :, I],
    "two dimensions": lambda x: x[:, PAIRS],
    "first": lambda x: x[torch.tensor([1, 1])],
    "constant mask": lambda x: x[:, MASK],
    "take": lambda x: x.take(PAIRS),
    "take_along_dim": lambda x: x.take_along_dim(EVERY, 1),
    "gather": lambda x: x.gather(1, EVERY),
    "index_select": lambda x: x.index_select(1, I),
    "index_select of one": lambda x: x.index_select(1, torch.tensor(2)),
    "index_add": lambda x: x.index_add(1, I, x, alpha=2),
    "index_copy": lambda x: x.index_copy(1, I, x),
    "index_fill": lambda x: x.index_fill(1, I[:2], 7.0),
    "index_put": lambda x: x.index_put((I[:1], I[:1]), torch.tensor(5.0, dtype=x.dtype)),
    "index_put adds": lambda x: x.index_put((I // 2, I), x[0], accumulate=True),
    "written in place": lambda x: (y := x.clone()).__setitem__((slice(None), I[:2]), 0.0) or y,
    "written where masked": lambda x: (y := x.clone()).__setitem__(y > 0, 0.5) or y,
    "scatter": lambda x: x.scatter(1, EVERY[:, :1], x),
    "scatter a number": lambda x: x.scatter(1, EVERY[:, :1], 3.0),
    "scatter_add": lambda x: x.scatter_add(1, EVERY, x),
    "scatter_reduce": lambda x: x.scatter_reduce(1, EVERY, x, "sum"),
    "slice_scatter": lambda x: x.slice_scatter(x[:, :2], 1, 1),
    "select_scatter": lambda x: x.select_scatter(x[:, 0], 1, -1),
    "pad": lambda x: functional.pad(x, (1, -1, 2, 0), value=3.0),
    "pad of nothing": lambda x: functional.pad(x, (0, 0)),
    "pad reflect": lambda x: functional.pad(x, (1, 2, 2, 0), mode="reflect"),
    "pad replicate": lambda x: functional.pad(x, (1, 2, 2, 0), mode="replicate"),
    "pad circular": lambda x: functional.pad(x, (1, 2, 2, 0), mode="circular"),
    "roll": lambda x: x.roll(1, 2),
    "roll of two": lambda x: x.roll((1, -2), (2, 3)),
    "roll of all": lambda x: x.roll(5),
    "flip": lambda x: x.flip(1, -1),
    "rot90": lambda x: x.rot90(1, (2, 3)),
    "rot270": lambda x: x.rot90(-1, (2, 3)),
    "repeat": lambda x: x.repeat(2, 1, 1, 3, 1),
    "tile": lambda x: x.tile(2, 3),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "repeat_interleave of all": lambda x: x.repeat_interleave(2),
    "repeat_interleave each": lambda x: x.repeat_interleave(torch.tensor([1, 0, 2]), 1),
    "windows": lambda x: x.unfold(3, 3, 2),
    "im2col": lambda x: functional.unfold(x, (3, 2), padding=1, stride=(1, 2)),
    "col2im": lambda x: functional.fold(x.reshape(2, 12, 6), (3, 4), 2),
    "pixel_shuffle": lambda x: functional.pixel_shuffle(x.reshape(2, 12, 1, 6), 2),
    "pixel_unshuffle": lambda x: functional.pixel_unshuffle(x, 2),
    "channel_shuffle": lambda x: functional.channel_shuffle(x.reshape(2, 6, 2, 6), 3),
    "nearest": lambda x: functional.interpolate(x, scale_factor=2),
    "nearest by 1.3": lambda x: functional.interpolate(x, scale_factor=1.3),
    "nearest-exact": lambda x: functional.interpolate(x, (7, 7), mode="nearest-exact"),
    "bilinear": lambda x: functional.interpolate(x, scale_factor=1.5, mode="bilinear"),
    "bilinear to a size": lambda x: functional.interpolate(x, (9, 5), mode="bilinear", align_corners=True),
    "bicubic": lambda x: functional.interpolate(x, (9, 5), mode="bicubic"),
    "grid_sample": lambda x: functional.grid_sample(x, x[:, :2].permute(0, 2, 3, 1) / 4, align_corners=False),
    "cubic grid": lambda x: functional.grid_sample(
        x, x[:, :2].permute(0, 2, 3, 1) / 4, mode="bicubic", align_corners=False
    ),
    "affine_grid": lambda x: functional.affine_grid(x[:, 0, :2, :3], [2, 1, 4, 5], align_corners=False),
    "topk": lambda x: x.topk(2, 1),
    "sort": lambda x: x.sort(1, descending=True),
    "stable sort": lambda x: x.sort(dim=1, stable=True),
    "argsort": lambda x: x.argsort(2),
    "max": lambda x: x.max(1),
    "min": lambda x: x.min(2, keepdim=True),
}
UNLISTED = {
    "lgamma": torch.lgamma,
    "polygamma": lambda x: torch.polygamma(1, x),
}


class Does(torch.nn.Module):
    """A function as a module, on its input as it is and laid out differently."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (1, 0, 3, 2)], ids=["rows", "channels last", "mixed"])
@pytest.mark.parametrize("name", EXACT)
def test_shapes_layouts_and_numbers(name: str, order: tuple[int, ...]) -> None:
    back = [order.index(dim) for dim in range(4)]
    model = Does(lambda x: EXACT[name](x.permute(back)))
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 4, 6)).transpose(order).copy())
    capture, differences, _ = capture_checked(model, x)
    assert (capture.error, differences, capture.notes) == (None, [], ())
    assert not weigh(capture.graph).coverage.unknown
    expected = model(x)
    ran = run(capture.graph, {"x": x.numpy()}, capture.weights())
    expected = expected if isinstance(expected, tuple) else (expected,)
    for output, theirs in zip(capture.graph.outputs, expected, strict=True):
        np.testing.assert_allclose(ran.outputs[output], theirs.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", UNLISTED)
def test_what_the_table_has_not_is_listed(name: str) -> None:
    capture, differences, _ = capture_checked(Does(UNLISTED[name]), (2, 3, 4, 6))
    assert (capture.error, differences) == (None, [])
    assert len(weigh(capture.graph).coverage.unknown) == 1


def test_distinct_elements_are_one_by_guess() -> None:
    capture, _, _ = capture_checked(Does(lambda x: torch.unique(x, return_inverse=True)), (2, 3))
    assert [capture.graph.spec(name).shape for name in capture.graph.outputs] == [(1,), (2, 3)]
    assert not capture.exact
    assert "unique: all elements are taken to be equal" in capture.notes[0]
