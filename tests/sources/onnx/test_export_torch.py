"""PyTorch modules, captured and written as ONNX, give in ONNX Runtime what PyTorch gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight.analysis.cost import weigh_graph

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
torch = pytest.importorskip("torch")

from netweight.sources.onnx.model import read_graph  # noqa: E402
from netweight.sources.torch import capture_module  # noqa: E402
from sources.onnx.exporting import checked, session  # noqa: E402
from sources.torch import networks_deep  # noqa: E402
from sources.torch.blocks import BLOCKS, Recurrent  # noqa: E402
from sources.torch.test_running import NETWORKS, random_inputs, random_state  # noqa: E402

CHOSEN = ("googlenet", "inception_v3", "resnet18", "densenet", "mobilenet_v2", "vit", "transformer_encoder")


def check(module: Any, inputs: tuple[Any, ...]) -> None:
    """Capture, write, run in ONNX Runtime, read back."""
    capture = capture_module(module, inputs if len(inputs) > 1 else inputs[0])
    model = checked(capture.graph, capture.weights())
    with torch.no_grad():
        result = module(*inputs)
    arrays = {name: tensor.numpy() for name, tensor in zip(capture.graph.inputs, inputs, strict=True)}
    found = session(model).run(None, arrays)
    for ours, theirs in zip(found, result if isinstance(result, tuple) else [result], strict=True):
        wanted = theirs.numpy().astype(float)
        np.testing.assert_allclose(ours.astype(float), wanted, rtol=0, atol=1e-5 * max(1e-3, np.abs(wanted).max()))
    read = read_graph(model)
    ours, theirs = weigh_graph(read.graph).totals, weigh_graph(capture.graph).totals
    assert (ours.params, ours.macs, read.notes) == (theirs.params, theirs.macs, ())


@pytest.mark.parametrize("name", CHOSEN)
def test_networks(name: str) -> None:
    make, shape = NETWORKS[name]
    check(random_state(make, "float32"), random_inputs((shape,), "float32"))


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str) -> None:
    make, shapes = BLOCKS[name]
    check(random_state(make, "float32"), random_inputs(shapes, "float32"))


@pytest.mark.parametrize(
    ("make", "tokens"),
    [
        (lambda: networks_deep.Bert(embed_dim=64, depth=2, vocab_size=50), [[3, 1, 4, 1, 5, 49], [2, 6, 5, 3, 0, 8]]),
        (Recurrent, [[3, 1, 4, 10], [2, 6, 5, 0]]),
    ],
)
def test_token_networks(make: Callable[[], Any], tokens: list[list[int]]) -> None:
    check(random_state(make, "float32"), (torch.tensor(tokens),))


class Embedded(torch.nn.Module):
    """One matrix as table and as last layer: it is stored once."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(11, 4)
        self.scale = torch.nn.Parameter(torch.tensor(2.0))
        self.register_buffer("shift", torch.arange(4.0))

    def forward(self, tokens: Any) -> Any:
        return (self.table(tokens) * self.scale + self.shift) @ self.table.weight.T


def test_what_is_learned_stays_so() -> None:
    module = random_state(Embedded, "float32")
    check(module, (torch.tensor([[1, 2, 3]]),))
    capture = capture_module(module, torch.tensor([[1, 2, 3]]))
    read = read_graph(checked(capture.graph, capture.weights()))
    kinds = {name: value.kind for name, value in read.graph.values.items() if value.kind in ("parameter", "buffer")}
    assert kinds == {"table.weight": "parameter", "scale": "parameter", "shift": "buffer"}
    assert weigh_graph(read.graph).totals.params == 11 * 4 + 1


class Twice(torch.nn.Module):  # type: ignore[misc]
    """One value under two names, and its input."""

    def forward(self, x: Any) -> Any:
        y = torch.relu(x)
        return y, y, y + 1, x


def test_what_is_returned_twice_is_exported_twice() -> None:
    check(Twice(), (torch.randn(2, 3),))
