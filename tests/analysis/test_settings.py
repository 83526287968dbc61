"""Rows carry what was set of a layer, and the shapes of its weights."""

import csv
import io
import json

import pytest
import torch
from torch import nn

from netweight import Profile, build, weigh
from netweight.results.from_json import profile_from_dict
from netweight.results.profile import LayerRow


def row_of(profile: Profile, layer: str) -> LayerRow:
    return next(row for row in profile.layers if row.layer == layer)


def test_a_convolution_has_its_kernel_and_its_weights() -> None:
    row = row_of(weigh("alexnet"), "conv2")
    assert list(row.settings) == ["kernel_size", "stride", "padding", "dilation", "groups", "padding_mode"]
    assert row.settings["kernel_size"] == (5, 5)
    assert row.settings["padding"] == ((2, 2), (2, 2))
    assert row.settings["groups"] == 2
    assert row.weight_shapes == {"weight": (256, 48, 5, 5), "bias": (256,)}


MODULES = [
    (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2), (1, 4, 20)),
    (nn.Conv2d(4, 6, (3, 5), stride=(1, 2), groups=2, padding=(1, 2)), (1, 4, 9, 9)),
    (nn.ConvTranspose2d(4, 6, (2, 3), stride=2, groups=2), (1, 4, 9, 9)),
    (nn.MaxPool2d((3, 2), 2, ceil_mode=True), (1, 4, 9, 9)),
]


@pytest.mark.parametrize(("module", "shape"), MODULES)
def test_they_are_those_of_the_module(module: nn.Module, shape: tuple[int, ...]) -> None:
    """What ``torch.nn`` says of itself."""
    row = next(row for row in weigh(nn.Sequential(module), shape).layers if row.layer == "0")
    size = len(shape) - 2
    for name in ("kernel_size", "stride", "dilation"):
        given = getattr(module, name, 1)
        assert row.settings[name] == (given if isinstance(given, tuple) else (given,) * size), name
    assert row.settings.get("groups", 1) == getattr(module, "groups", 1)
    assert row.settings.get("ceil_mode", False) == getattr(module, "ceil_mode", False)
    assert row.weight_shapes == {name: tuple(weight.shape) for name, weight in module.named_parameters()}


class Masks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4)
        self.register_parameter("spare", nn.Parameter(torch.zeros(2, 5)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x).masked_fill(x > 0, float("-inf")).sum(-1)


def test_stored_state_and_what_is_not_read_have_shapes_and_endless_numbers_are_words() -> None:
    profile = weigh(Masks().eval(), (1, 4, 6, 6))
    names = dict.fromkeys(("running_mean", "running_var", "weight", "bias"), (4,))
    assert row_of(profile, "norm").weight_shapes == names
    assert row_of(profile, "spare").weight_shapes == {"spare": (2, 5)}
    fills = [row for row in profile.layers if row.op == "masked_fill"]
    assert [row.settings["value"] for row in fills] == ["-inf"]
    sums = [row for row in profile.layers if row.op == "sum"]
    assert [row.settings["dims"] for row in sums] == [(3,)]


def test_json_and_csv_have_them() -> None:
    def body(x: build.Symbol) -> build.Symbol:
        y = build.conv2d(x, 8, kernel_size=3, padding=((0, 1), (1, 1)), name="conv")
        return build.log_softmax(y, dim=-1, name="log")

    profile = weigh(build.graph(body, (1, 3, 9, 8)))
    again = profile_from_dict(json.loads(profile.to_json()))
    assert again.layers == profile.layers
    lines = {line["layer"]: line for line in csv.DictReader(io.StringIO(profile.to_csv()))}
    assert lines["conv"]["settings"].startswith("kernel_size=3x3 stride=1x1 padding=0:1x1 dilation=1x1 groups=1")
    assert lines["conv"]["weight_shapes"] == "weight=8x3x3x3 bias=8"
    assert lines["x"]["settings"] == ""
