"""What is said of weights that several layers read, of biases that are added, and of what training leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

import netweight
from netweight import build
from netweight.report.summary import totals_text

torch = pytest.importorskip("torch")
nn = torch.nn


class Tied(nn.Module):
    """A language model whose head is the table of its embedding; as many blocks as asked for share one layer."""

    def __init__(self, blocks: int = 0) -> None:
        super().__init__()
        self.wte, self.fc = nn.Embedding(50, 8), nn.Linear(8, 8)
        self.blocks = nn.ModuleList([nn.Linear(8, 8) for _ in range(blocks)])
        for block in self.blocks:
            block.weight, block.bias = self.fc.weight, self.fc.bias
        self.lm_head = nn.Linear(8, 50, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, x: Any) -> Any:
        x = self.fc(self.wte(x))
        for block in self.blocks:
            x = block(x)
        return self.lm_head(x)


def weighed(module: Any, **options: Any) -> Any:
    return netweight.weigh(module, netweight.TensorSpec((1, 4), "int64"), **options)


def test_a_head_that_shares_the_table_of_the_embedding() -> None:
    module = Tied()
    found = weighed(module)
    assert found.totals.params == sum(p.numel() for p in module.parameters()) == 50 * 8 + 8 * 8 + 8
    assert found["lm_head"].params == 0
    assert found["lm_head"].macs == 4 * 8 * 50
    assert found.notes == ("lm_head shares its weights with wte, where they are counted, once",)


def test_many_layers_that_share_one() -> None:
    module = Tied(blocks=5)
    found = weighed(module)
    assert found.totals.params == sum(p.numel() for p in module.parameters())
    assert "blocks.0, blocks.1, blocks.2 and 2 others share their weights with fc, where they are counted, once" in (
        found.notes
    )


class Split(nn.Module):
    """One weight in two parts, as attention reads that of its three projections; and a layer that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.twice = nn.Parameter(torch.zeros(16, 8)), nn.Linear(8, 8)

    def forward(self, x: Any) -> Any:
        x = self.twice(self.twice(x))
        return x @ self.weight[:8] + x @ self.weight[8:]


def test_parts_of_one_module_share_nothing() -> None:
    assert not netweight.weigh(Split(), (2, 8)).notes


class Written(nn.Module):
    """A linear layer by hand, and a position that is added to no product."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.offset = nn.Parameter(torch.zeros(8, 4)), nn.Parameter(torch.zeros(4))
        self.position = nn.Parameter(torch.zeros(8))

    def forward(self, x: Any) -> Any:
        return (x + self.position) @ self.kernel + self.offset


def test_what_is_added_to_a_product_is_a_bias() -> None:
    totals = netweight.weigh(Written(), (2, 8)).totals
    assert (totals.params, totals.params_no_bias) == (8 * 4 + 4 + 8, 8 * 4 + 8)


class Frozen(nn.Module):
    """Three layers: one does not ask for gradients, one is never read and does not either."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.idle = nn.Linear(8, 8), nn.Linear(8, 2), nn.Linear(8, 100)
        for layer in (self.a, self.idle):
            layer.requires_grad_(False)

    def forward(self, x: Any) -> Any:
        return self.b(self.a(x))


def test_frozen_parameters_are_those_that_ask_for_no_gradient() -> None:
    module = Frozen()
    found = netweight.weigh(module, (1, 8))
    asking = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert found.totals.trainable_params == asking == 8 * 2 + 2
    assert found.totals.frozen_params == sum(p.numel() for p in module.parameters()) - asking
    assert dict(totals_text(found))["params"] == (
        "990 (880 without bias; 18 trainable, 972 frozen; 900 never read)"
    )  # 72 + 18 + 900, and 8 + 2 + 100 of bias
    assert netweight.weigh(module, (1, 8), training=True).training.trained_params == asking


@pytest.mark.parametrize(("freeze", "left"), [(["a"], 18 + 900), (["*.weight"], 110), (["idle"], 72 + 18), (["*"], 0)])
def test_frozen_parameters_are_those_that_a_pattern_names(freeze: list[str], left: int) -> None:
    module = Frozen().requires_grad_(True)
    totals = netweight.weigh(module, (1, 8), training=True, freeze=freeze).totals
    assert (totals.trainable_params, totals.frozen_params) == (left, 990 - left)


def test_a_network_of_integers_trains_nothing_with_any_optimizer() -> None:
    for optimizer in ("sgd", "adam", "adamw"):
        found = netweight.weigh("lenet5", bits="8", training=True, optimizer=optimizer)
        assert found.training is not None
        assert (found.training.trained_params, found.totals.trainable_params, found.training.update_flops) == (0, 0, 0)


def test_the_larger_total_of_lecture_is_explained() -> None:
    (note,) = netweight.weigh("lenet5-1998").notes
    assert note.endswith("the lecture total is 17,744 elements larger")
    assert 42_302 - 24_558 == 17_744
    assert not netweight.weigh("lenet5").notes


def test_narrow_biases_are_said() -> None:
    """Of LeNet-5: 6 + 16 + 120 + 84 + 10 biases."""
    (note,) = netweight.weigh("lenet5", bits="w4g32").notes
    assert "236 parameters in 5 tensors of one dimension, which most tools leave in floating numbers" in note
    assert not netweight.weigh("lenet5", bits="16").notes
    assert not netweight.weigh("lenet5", bits="a8").notes
    assert not netweight.weigh(build.graph(lambda x: build.linear(x, 4, bias=False), (1, 4)), bits="8").notes


def test_the_column_of_activations_says_whose_it_is() -> None:
    found = netweight.weigh("mobilenet_v2", bits="8", conventions=["inplace"])
    lines = dict(totals_text(found))
    assert lines["activations, layers"] == "total 7,047,304: the column counts by lecture"
    assert netweight.weigh("mobilenet_v2").activations["lecture"].total_count == 7_047_304
    assert "activations, layers" not in dict(totals_text(netweight.weigh("lenet5")))


class OneOfEach(nn.Module):
    """One number that is never read, and one module that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.scale, self.drop = nn.Linear(2, 2), nn.Parameter(torch.zeros(())), nn.Dropout()

    def forward(self, x: Any) -> Any:
        return self.fc(x)


def test_one_of_a_kind_is_said_in_the_singular() -> None:
    found = netweight.weigh(OneOfEach(), (1, 2))
    assert set(found.notes) == {
        "1 parameter is not read, and does no work: scale",
        "1 module without parameters is not called: drop",
    }
    assert dict(totals_text(found))["coverage"] == "1 operator call: 1 counted, 0 free by rule, 0 unknown"
