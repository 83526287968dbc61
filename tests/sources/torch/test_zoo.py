"""The same network from the zoo and from PyTorch: the same figures, whoever describes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netweight import Graph, capture
from netweight.analysis.cost import weigh_graph
from netweight.ir import validate

torch = pytest.importorskip("torch")

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch import networks, networks_deep, networks_inception  # noqa: E402

CONVENTIONS = ("lecture", "liveness", "inplace")

# The zoo's name, and the network in PyTorch. Xception pads for sizes that stay odd: see the test of 299 below.
NETWORKS: dict[str, Callable[[], Any]] = {
    "mlp": lambda: networks.perceptron(5, 3, 2),
    "shallow_cnn": networks.shallow_cnn,
    "lenet5": networks.lenet5,
    "lenet5-1998": networks.lenet5_1998,
    "alexnet": networks.alexnet,
    "alexnet-one-tower": networks.alexnet_one_tower,
    "vgg11-lrn": lambda: networks.vgg((1, 1, 2, 2, 2), "lrn"),
    "vgg16": lambda: networks.vgg((2, 2, 3, 3, 3)),
    "vgg19_bn": lambda: networks.vgg((2, 2, 4, 4, 4), "batch"),
    "nin": networks.nin,
    "googlenet": lambda: networks.googlenet(normalised=False),
    "googlenet-3x3": lambda: networks.googlenet(normalised=True),
    "inception_v3": networks_inception.inception_v3,
    "resnet18": lambda: networks_deep.resnet((2, 2, 2, 2), bottleneck=False),
    "resnet50": lambda: networks_deep.resnet((3, 4, 6, 3), bottleneck=True),
    "densenet121": lambda: networks_deep.densenet((6, 12, 24, 16)),
    "mobilenet_v1": networks_deep.mobilenet_v1,
    "mobilenet_v2": networks_deep.mobilenet_v2,
    "xception:resolution=295": networks_deep.xception,
    "vit_b_16": networks_deep.VisionTransformer,
    "transformer_encoder": networks_deep.encoder,
    "bert_base": networks_deep.Bert,
}


def captured(make: Callable[[], Any], zoo: Graph) -> Graph:
    """The PyTorch network with the zoo's input, without memory for a single weight."""
    with torch.device("meta"):
        module = make().eval()
    found = capture_module(module, zoo.spec(zoo.inputs[0]))
    assert found.error is None
    assert found.exact
    validate(found.graph)
    return found.graph


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 3])
def test_both_descriptions_have_the_same_figures(name: str, batch: int) -> None:
    zoo = capture(name, batch=batch)
    ours, theirs = (
        weigh_graph(graph, source=name, conventions=CONVENTIONS) for graph in (zoo, captured(NETWORKS[name], zoo))
    )
    assert theirs.coverage.complete
    for figure in ("params", "params_no_bias", "macs", "model_size_bytes"):
        assert getattr(ours.totals, figure) == getattr(theirs.totals, figure), figure
    for convention in CONVENTIONS:
        a, b = ours.activations[convention], theirs.activations[convention]
        assert (a.total_count, a.peak_count, a.total_bytes, a.peak_bytes) == (
            b.total_count, b.peak_count, b.total_bytes, b.peak_bytes,
        ), convention  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_both_descriptions_have_the_same_layers(name: str) -> None:
    """The layers that multiply, in order; and by name, where the two name them alike, which is nearly everywhere."""
    zoo = capture(name)
    ours, theirs = (
        [(row.layer, row.op, row.macs, row.params) for row in weigh_graph(graph, source=name).layers if row.macs]
        for graph in (zoo, captured(NETWORKS[name], zoo))
    )
    assert [row[1:] for row in ours] == [row[1:] for row in theirs]
    assert len(ours) == len({row[0] for row in ours})
    if name.startswith("xception"):
        return  # Keras names the layers of a block after the block, PyTorch puts them into it
    same = {row[0] for row in ours} & {row[0] for row in theirs}
    assert [row for row in ours if row[0] in same] == [row for row in theirs if row[0] in same]
    # The zoo calls its attention "attention", PyTorch its function; Inception's sides are modules in one of the two.
    expected = {"vit_b_16": 50, "transformer_encoder": 24, "bert_base": 49, "inception_v3": 87}.get(name, len(ours))
    assert len(same) == expected


def test_alexnet_in_pytorch_has_the_figures_of_the_lecture() -> None:
    graph = captured(networks.alexnet, capture("alexnet"))
    profile = weigh_graph(graph, source="AlexNet")
    assert profile.totals.params_no_bias == 60_954_656
    assert profile.totals.macs == 724_406_816
    lecture = profile.activations["lecture"]
    assert (lecture.total_count, lecture.peak_count) == (932_264, 440_928)


def test_padding_on_one_side_is_a_copy_in_pytorch() -> None:
    """Xception at 299: the pool on 74 x 74 pads after only, which PyTorch's cannot: 256 maps of 75 x 75 more."""
    zoo = capture("xception")

    def make() -> Any:
        model = networks_deep.xception()
        pad = torch.nn.ConstantPad2d((0, 1, 0, 1), float("-inf"))
        model.block3.chain.pool = torch.nn.Sequential(pad, torch.nn.MaxPool2d(3, 2))
        return model

    ours, theirs = (weigh_graph(graph, source="xception") for graph in (zoo, captured(make, zoo)))
    assert ours.totals.macs == theirs.totals.macs
    counts = [profile.activations["lecture"].total_count for profile in (ours, theirs)]
    assert counts[1] - counts[0] == 256 * 75 * 75


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_of_pytorch_copies_what_it_projected(batch_first: bool) -> None:
    """torch.nn.MultiheadAttention lays queries, keys and values out anew; the result lies as the queries do."""

    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mha = torch.nn.MultiheadAttention(64, 4, batch_first=batch_first)

        def forward(self, x: Any) -> Any:
            return self.mha(x, x, x, need_weights=False)[0]

    shape = (2, 10, 64) if batch_first else (10, 2, 64)
    theirs = weigh_graph(capture_module(Attention().eval(), shape).graph, source="theirs")
    plain = networks_deep.SelfAttention(64, 4)
    ours = weigh_graph(capture_module(plain, (2, 10, 64)).graph, source="ours")
    assert ours.totals.params == theirs.totals.params
    assert ours.totals.macs == theirs.totals.macs
    counts = [profile.activations["liveness"].total_count for profile in (ours, theirs)]
    assert counts[1] - counts[0] == 3 * 2 * 10 * 64


def test_local_response_norm_is_one_operator() -> None:
    """PyTorch spells it with nine, as a module and as a function."""

    class Functional(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.local_response_norm(x, 5, k=2.0)

    for module in (torch.nn.LocalResponseNorm(5, k=2.0), Functional()):
        (node,) = capture_module(module, (1, 8, 5, 5)).graph.nodes
        assert (node.op, node.attrs.size, node.attrs.k) == ("local_response_norm", 5, 2.0)
