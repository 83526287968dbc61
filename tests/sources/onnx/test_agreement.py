"""A PyTorch module, its ONNX export and the description in the zoo are the same network."""

from collections import Counter

import numpy as np
import pytest

import netweight
from netweight import build
from netweight.analysis.cost import weigh_graph

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from torch import nn  # noqa: E402

import netweight.onnx_backend as backend  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from netweight.zoo.bert import bert  # noqa: E402
from netweight.zoo.vit import vit  # noqa: E402
from sources.onnx.pytorch_nets import EXPORTERS, Bert, Blocks, Recurrent, exported, randomized  # noqa: E402
from sources.torch import torchvision_shim  # noqa: E402

TORCHVISION = {
    ("resnet18", "torchscript"): "resnet18",
    ("mobilenet_v2", "dynamo"): "mobilenet_v2",
    ("googlenet", "torchscript"): "googlenet-3x3",
}
IMAGE = (1, 3, 224, 224)
TOKENS = torch.arange(14).reshape(2, 7)


def weighed(model):
    read = read_graph(model)
    assert read.exact
    return weigh_graph(read.graph, notes=read.notes)


def folded_away(module):
    """Learned numbers that folding loses: scale and shift become the bias, or vanish into the one that is there."""
    modules = [m for name, m in module.named_modules() if not name.startswith("aux")]  # these only train
    norms = [m.num_features for m in modules if isinstance(m, nn.BatchNorm2d)]
    biased = [m.out_channels for m in modules if isinstance(m, nn.Conv2d) and m.bias is not None]
    return sum(norms) + (sum(biased) if norms else 0)


def last(profile):
    return [row for row in profile.layers if row.output_shapes][-1].output_shapes[0]


def calls_of(profile, without=()):
    rows = [row for row in profile.layers if row.op not in ("input", "reshape") and row.layer not in without]
    return Counter((row.layer, row.calls, row.macs) for row in rows)


def modules_of(profile):
    return {row.module: row.macs for row in profile.modules if row.macs}


@pytest.mark.parametrize(("name", "exporter"), TORCHVISION)
def test_torchvision(name, exporter):
    make = getattr(torchvision_shim.models(), name)
    module = randomized(make(init_weights=False) if name == "googlenet" else make())
    captured = netweight.weigh(module, IMAGE)
    described = netweight.weigh(TORCHVISION[name, exporter])
    read = weighed(exported(module, (torch.zeros(IMAGE),), exporter))

    assert read.totals.macs == captured.totals.macs == described.totals.macs
    assert last(read) == last(captured) == last(described)
    lost = folded_away(module)
    assert read.totals.params + lost == captured.totals.active_params == described.totals.params
    assert read.totals.buffers == 0
    assert modules_of(read) == modules_of(captured)
    notes = [f"{lost:,}" in note and f"{captured.totals.buffers:,} buffers" in note for note in read.notes]
    assert notes == ([True] if lost else [])


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_vision_transformer(exporter):
    sizes = {"patch_size": 16, "num_heads": 4, "mlp_dim": 128, "num_classes": 10}
    make = torchvision_shim.models().VisionTransformer
    module = randomized(make(image_size=64, num_layers=2, hidden_dim=64, **sizes))
    described = netweight.weigh(build.graph(lambda x: vit(x, depth=2, embed_dim=64, **sizes), (1, 3, 64, 64)))
    captured = netweight.weigh(module, (1, 3, 64, 64))
    read = weighed(exported(module, (torch.zeros(1, 3, 64, 64),), exporter))
    assert read.totals.params == captured.totals.params == described.totals.params
    assert read.totals.macs == captured.totals.macs == described.totals.macs
    assert last(read) == last(captured) == last(described)
    assert modules_of(read).items() >= modules_of(captured).items()
    assert read.notes == ()


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_layers_are_called_as_in_pytorch(exporter):
    module = randomized(Blocks())
    model = exported(module, (torch.zeros(2, 3, 8, 8),), exporter)
    calls = calls_of(weighed(model))
    assert calls == calls_of(netweight.weigh(module, (2, 3, 8, 8)), without=("bn1", "bn2"))


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_folding_is_said(exporter):
    """conv1 has no bias and gets one: 2 * 8 - 8 less. conv2 has one, which takes all: 2 * 8 less. 8 + 16 == 24."""
    module = randomized(Blocks())
    read = weighed(exported(module, (torch.zeros(2, 3, 8, 8),), exporter))
    captured = netweight.weigh(module, (2, 3, 8, 8))
    assert captured.totals.params - read.totals.params == 24
    assert captured.totals.buffers - read.totals.buffers == 2 * 8 + 2 * 8
    more = {"torchscript": "16 (or 32, if these had a bias of their own)", "dynamo": "24"}[exporter]
    (note,) = read.notes
    assert note == (
        f"batch normalisation is folded into 2 layers: what was exported has {more} parameters more, and 32 buffers"
    )


NETS = {
    "lstm": lambda: Recurrent("LSTM", batch_first=True, num_layers=2, bidirectional=True),
    "gru": lambda: Recurrent("GRU", batch_first=True),
    "rnn": lambda: Recurrent("RNN", batch_first=True, num_layers=2),
    "bert": Bert,
}

UNUSED = {"bert": (20 - 7) * 32 + (2 - 1) * 32}
"""Positions and segments that no token has: exporters store the rows that are read."""


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", NETS)
def test_sequences(name, exporter):
    if (name, exporter) == ("rnn", "dynamo"):
        pytest.skip("this exporter unrolls the layer and computes the first step, whose state is zero, itself")
    module = randomized(NETS[name]())
    model = exported(module, (TOKENS,), exporter)
    read, captured = weighed(model), netweight.weigh(module, TOKENS)
    assert read.totals.params + UNUSED.get(name, 0) == captured.totals.params
    assert read.totals.macs == captured.totals.macs
    assert last(read) == last(captured)
    assert read.notes == ()
    (got,) = backend.run_model(model, [TOKENS.numpy()])
    with torch.no_grad():
        np.testing.assert_allclose(got, module(TOKENS).numpy(), rtol=1e-4, atol=1e-5)


def test_bert_is_that_of_the_zoo():
    described = netweight.weigh(
        build.graph(
            lambda x: bert(x, vocab_size=100, max_length=20, embed_dim=32, depth=2, num_heads=4, mlp_dim=64),
            netweight.TensorSpec((2, 7), "int64"),
        )
    )
    captured = netweight.weigh(randomized(Bert()), TOKENS)
    assert captured.totals.params == described.totals.params
    assert captured.totals.macs == described.totals.macs


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_outputs_are_those_of_pytorch(exporter):
    module = randomized(Blocks())
    x = torch.randn((2, 3, 8, 8), generator=torch.Generator().manual_seed(1))
    (got,) = backend.run_model(exported(module, (x,), exporter), [x.numpy()])
    with torch.no_grad():
        expected = module(x).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_dimensions_that_are_left_open_are_asked_for(exporter):
    batch = torch.export.Dim("batch", min=1, max=64)
    options = (
        {"dynamic_shapes": ({0: batch},)}
        if exporter == "dynamo"
        else {"input_names": ["x"], "dynamic_axes": {"x": {0: "batch"}}}
    )
    model = exported(randomized(Blocks()), (torch.zeros(2, 3, 8, 8),), exporter, **options)
    with pytest.raises(netweight.UsageError, match="expected a size for every dimension, got x: batch x 3 x 8 x 8"):
        read_graph(model)
    one, eight = (weigh_graph(read_graph(model, dims={"batch": size}).graph).totals.macs for size in (1, 8))
    assert eight == 8 * one
