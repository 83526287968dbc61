"""Convolutions of the builder take their arguments in the order of PyTorch's layers, and name themselves in errors."""

import inspect
from typing import Any

import pytest

from netweight import build

NAMES = [f"{kind}{dims}d" for kind in ("conv", "conv_transpose") for dims in (1, 2, 3)]


@pytest.mark.parametrize("name", NAMES)
def test_the_order_is_that_of_pytorch(name: str) -> None:
    nn = pytest.importorskip("torch").nn
    layer = getattr(nn, name.replace("conv_transpose", "ConvTranspose").replace("conv", "Conv"))
    theirs = list(inspect.signature(layer).parameters)[2:]
    ours = list(inspect.signature(getattr(build, name)).parameters)[2:-2]
    assert ours == [parameter for parameter in theirs if parameter in ours]
    assert set(theirs) - set(ours) <= {"device", "dtype", "padding_mode"}
    assert ours[:4] == theirs[:4]


def test_positional_arguments_mean_what_they_mean_there() -> None:
    nn = pytest.importorskip("torch").nn
    torch = pytest.importorskip("torch")
    module = nn.Conv2d(4, 8, 3, 2, 1, 1, 2, False)
    graph = build.graph(lambda x: build.conv2d(x, 8, 3, 2, 1, 1, 2, False), (1, 4, 9, 9))
    assert graph.spec(graph.outputs[0]).shape == tuple(module(torch.zeros(1, 4, 9, 9)).shape)
    assert [graph.spec(name).shape for name in graph.values if name.endswith("weight")] == [tuple(module.weight.shape)]
    across = nn.ConvTranspose2d(4, 8, 3, 2, 1, 1, 2, False)
    graph = build.graph(lambda x: build.conv_transpose2d(x, 8, 3, 2, 1, 1, 2, False), (1, 4, 9, 9))
    assert graph.spec(graph.outputs[0]).shape == tuple(across(torch.zeros(1, 4, 9, 9)).shape)


@pytest.mark.parametrize("name", NAMES)
def test_a_keyword_that_is_not_there_names_the_function(name: str) -> None:
    def describe(x: Any) -> Any:
        return getattr(build, name)(x, 8, 3, strides=2)

    with pytest.raises(TypeError, match=rf"^{name}\(\) got an unexpected keyword argument 'strides'"):
        build.graph(describe, (1, 4, *[9] * int(name[-2])))
