"""Sizes of outputs are derived with the layer's own numbers, and come out as PyTorch computes them."""

import math
import re
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import netweight
from netweight import build
from netweight.report.explain.sizes import Size, sizes_of
from netweight.results.profile import LayerRow


def value_of(formula: str) -> int:
    """Value of a printed formula."""
    assert re.fullmatch(r"(floor|ceil|[\d\s+*/().^-])+", formula), formula
    return int(eval(formula.replace("^", "**"), {"floor": math.floor, "ceil": math.ceil}))  # noqa: S307


def check(row: LayerRow) -> dict[str, Size]:
    """Every formula gives its size; all sizes are those of the output."""
    found = {size.name: size for size in sizes_of(row)}
    for size in found.values():
        assert not size.formula or value_of(size.formula) == size.value, size
        assert size.value in row.output_shapes[0], (size, row.output_shapes)
    return found


def sizes(module: nn.Module, *shape: int) -> dict[str, Size]:
    module.eval()
    row = next(row for row in netweight.weigh(nn.Sequential(module), shape).layers if row.layer.startswith("0"))
    assert row.output_shapes[0] == tuple(module(torch.zeros(shape)).shape)
    return check(row)


def texts(module: nn.Module, *shape: int) -> dict[str, str]:
    return {name: size.text for name, size in sizes(module, *shape).items()}


def test_the_first_convolution_of_alexnet() -> None:
    found = netweight.explain("alexnet", "conv1")
    assert found.sizes == (  # type: ignore[union-attr]
        Size(name="height and width", formula="floor((224 + 2*2 - 11) / 4) + 1", value=55),
    )


BOTH = "height and width"
CASES: list[tuple[nn.Module, tuple[int, ...], dict[str, str]]] = [
    (nn.Conv2d(3, 4, 3), (1, 3, 9, 9), {BOTH: "floor((9 - 3) / 1) + 1 = 7"}),
    (nn.Conv2d(3, 4, 3, dilation=2, padding=1), (1, 3, 9, 9), {BOTH: "floor((9 + 2*1 - (2*(3 - 1) + 1)) / 1) + 1 = 7"}),
    (nn.Conv2d(3, 4, (3, 5), stride=(1, 2)), (1, 3, 9, 9),
     {"height": "floor((9 - 3) / 1) + 1 = 7", "width": "floor((9 - 5) / 2) + 1 = 3"}),
    (nn.Conv2d(3, 4, 5, padding="same"), (1, 3, 9, 9), {BOTH: "floor((9 + 2*2 - 5) / 1) + 1 = 9"}),
    (nn.Conv1d(3, 4, 3, padding=1, stride=2), (1, 3, 9), {"length": "floor((9 + 2*1 - 3) / 2) + 1 = 5"}),
    (nn.Conv3d(3, 4, 3), (1, 3, 9, 9, 9), {"depth, height and width": "floor((9 - 3) / 1) + 1 = 7"}),
    (nn.ConvTranspose2d(3, 4, 2, stride=2), (1, 3, 7, 7), {BOTH: "(7 - 1) * 2 + 2 = 14"}),
    (nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1), (1, 3, 7, 7),
     {BOTH: "(7 - 1) * 2 + 3 - 2*1 + 1 = 14"}),
    (nn.ConvTranspose1d(3, 4, 3, dilation=2), (1, 3, 7), {"length": "(7 - 1) * 1 + (2*(3 - 1) + 1) = 11"}),
    (nn.MaxPool2d(3, 2), (1, 3, 112, 112), {BOTH: "floor((112 - 3) / 2) + 1 = 55"}),
    (nn.MaxPool2d(3, 2, ceil_mode=True), (1, 3, 112, 112), {BOTH: "ceil((112 - 3) / 2) + 1 = 56"}),
    (nn.MaxPool2d(2, 3, padding=1, ceil_mode=True), (1, 3, 6, 6),
     {BOTH: "ceil((6 + 2*1 - 2) / 3) + 1 = 3"}),
    (nn.MaxPool2d(2, 3, padding=1, ceil_mode=True), (1, 3, 5, 5),
     {BOTH: "ceil((5 + 2*1 - 2) / 3) + 1 - 1 = 2; a last window would start in the padding"}),
    (nn.AvgPool2d(3, 2, padding=1), (1, 3, 9, 9), {BOTH: "floor((9 + 2*1 - 3) / 2) + 1 = 5"}),
    (nn.AdaptiveAvgPool2d(1), (1, 3, 7, 7), {BOTH: "1; asked for; windows of 7 / 1 = 7 elements"}),
    (nn.AdaptiveMaxPool2d((2, 3)), (1, 3, 8, 7),
     {"height": "2; asked for; windows of 8 / 2 = 4 elements", "width": "3; asked for; windows of 3 of 7 elements"}),
    (nn.Upsample(scale_factor=2), (1, 3, 7, 7), {BOTH: "7 * 2 = 14"}),
    (nn.Upsample(size=(9, 4), mode="bilinear"), (1, 3, 7, 7),
     {"height": "9; asked for; it was 7", "width": "4; asked for; it was 7"}),
    (nn.ZeroPad2d((1, 2, 0, 3)), (1, 3, 7, 7), {"height": "7 + 0 + 3 = 10", "width": "7 + 1 + 2 = 10"}),
    (nn.Flatten(), (1, 3, 7, 5), {"features": "3 * 7 * 5 = 105"}),
    (nn.PixelShuffle(2), (1, 12, 7, 5), {"channels": "12 / 2^2 = 3", "height": "7 * 2 = 14", "width": "5 * 2 = 10"}),
    (nn.PixelUnshuffle(2), (1, 3, 8, 6), {"channels": "3 * 2^2 = 12", "height": "8 / 2 = 4", "width": "6 / 2 = 3"}),
    (nn.Linear(5, 3), (2, 5), {"features": "3; rows of the 3x5 weight"}),
    (nn.ReLU(), (2, 5), {}),
]  # fmt: skip


@pytest.mark.parametrize(("module", "shape", "wanted"), CASES)
def test_sizes(module: nn.Module, shape: tuple[int, ...], wanted: dict[str, str]) -> None:
    assert texts(module, *shape) == wanted


def test_padding_that_differs_before_and_after() -> None:
    def body(x: build.Symbol) -> build.Symbol:
        return build.conv2d(x, 4, kernel_size=4, padding=((1, 2), (0, 1)), name="conv")

    row = netweight.weigh(build.graph(body, (1, 3, 9, 9))).layers["conv"]
    found = {name: size.text for name, size in check(row).items()}
    assert found == {"height": "floor((9 + 1 + 2 - 4) / 1) + 1 = 9", "width": "floor((9 + 0 + 1 - 4) / 1) + 1 = 7"}


@settings(max_examples=30)
@given(data=st.data())
def test_any_window_comes_out_as_pytorch_has_it(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 3))
    several = st.tuples(*[st.integers(1, 3)] * count)
    kernel, stride, dilation = data.draw(several), data.draw(several), data.draw(several)
    size = data.draw(st.tuples(*[st.integers(7, 12)] * count))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    conv: Any = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[count - 1]
    pool: Any = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[count - 1]
    turned: Any = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[count - 1]
    given: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
    modules = [
        conv(2, 2, kernel, **given),
        pool(kernel, **given, ceil_mode=data.draw(st.booleans())),
        turned(2, 2, kernel, **given),
    ]
    found = sizes(data.draw(st.sampled_from(modules)), 1, 2, *size)
    named = {name for size in found.values() for name in re.split(", | and ", size.name)}
    assert len(named) == count


NETWORKS = [
    "alexnet",
    "googlenet-3x3",
    "inception_v3",
    "lenet5-1998",
    "mobilenet_v2",
    "nin",
    "resnet18",
    "vgg11",
    "vit_b_32",
    "xception",
]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_of_the_built_in_networks(name: str) -> None:
    for row in netweight.weigh(name).layers:
        check(row)


class Parts(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x[:, :, 1:8:3], x[:, :, :2]], 2)


def test_slices_and_concatenations() -> None:
    rows = netweight.weigh(Parts(), (1, 3, 9, 9)).layers
    found = [size.text for row in rows for size in check(row).values()]
    assert found == ["ceil((8 - 1) / 3) = 3", "2 - 0 = 2", "3 + 2 = 5"]
