"""Causal attention counted by the pairs that its mask leaves: a choice that the report names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import netweight
from netweight import TensorSpec, UsageError, build
from netweight.cli.main import run
from netweight.ops import REGISTRY
from netweight.ops.contract.attention import AttentionAttrs, SeenPairsAttrs
from netweight.results.from_json import profile_from_dict
from netweight.rewrite.causal import with_causal

ATTENTION = REGISTRY["scaled_dot_product_attention"]


class Causal(nn.Module):
    """Attention that sees what was before."""

    def __init__(self, causal: bool = True) -> None:
        super().__init__()
        self.causal = causal
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        """Of a tensor with itself."""
        x = x * self.scale
        y: Tensor = functional.scaled_dot_product_attention(x, x, x, is_causal=self.causal)
        return y


@pytest.mark.parametrize("offset", [-9, -3, -1, 0, 1, 2, 5, 11])
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 7), (7, 1), (6, 6), (4, 9), (9, 4), (0, 3), (3, 0)])
def test_pairs_are_those_of_the_mask(queries: int, keys: int, offset: int) -> None:
    seen = int(np.tri(queries, keys, offset, dtype=bool).sum())
    specs = (TensorSpec((2, 3, queries, 5)), TensorSpec((2, 3, keys, 5)), TensorSpec((2, 3, keys, 4)), None)
    attrs = SeenPairsAttrs(scale=1.0, is_causal=True, causal_offset=offset)
    cost = ATTENTION.cost(attrs, *specs)
    assert cost.macs == 2 * 3 * seen * (5 + 4)
    assert cost.exps == cost.divs == cost.compares == cost.muls == 2 * 3 * seen
    assert cost.adds == 2 * 2 * 3 * seen
    assert cost.logics == 0
    backward = ATTENTION.backward_cost(attrs, (True, True, True, False), *specs)
    assert backward.macs == 2 * 3 * seen * (4 + 4 + 5 + 5)


def test_what_is_not_causal_stays() -> None:
    specs = (TensorSpec((2, 3, 4, 5)),) * 3
    for mask in (None, TensorSpec((4, 4), "bool")):
        full = ATTENTION.cost(AttentionAttrs(scale=1.0), *specs, mask)
        assert ATTENTION.cost(SeenPairsAttrs(scale=1.0), *specs, mask) == full


def test_s_times_s_plus_one_over_two() -> None:
    full = netweight.weigh(Causal(), (1, 2, 8, 16))
    half = netweight.weigh(Causal(), (1, 2, 8, 16), count_causal="half", training=True)
    assert full.totals.macs == 2 * 8 * 8 * (16 + 16)
    assert half.totals.macs == 2 * (8 * 9 // 2) * (16 + 16)
    (row,) = [row for row in half.layers if row.kind == "attention"]
    assert row.formulas["macs"] == "2 * 36 * (2 * (16))"
    assert half.training is not None
    (trained,) = [row for row in half.training.layers if row.op == row.layer == "scaled_dot_product_attention"]
    assert trained.backward_macs == 2 * half.totals.macs
    assert half.totals.bytes_read == full.totals.bytes_read
    assert full.counting is None
    assert not full.notes


def test_it_is_named_wherever_figures_are(capsys: pytest.CaptureFixture[str]) -> None:
    half = netweight.weigh(Causal(), (1, 2, 8, 16), count_causal="half")
    assert half.notes == (
        "causal attention counts half: the s(s + 1)/2 pairs that the mask leaves, not all s * s, in 1 call",
    )
    assert "causal attention counted half" in repr(half)
    data = json.loads(half.to_json())
    assert data["counting"] == {"causal": "half"}
    assert profile_from_dict(data).counting == half.counting
    assert "counting" not in json.loads(netweight.weigh(Causal(), (1, 2, 8, 16)).to_json())
    assert run(["alexnet", "--count-causal", "half", "-q"]) == 0
    assert "causal attention counted half" in capsys.readouterr().out


def test_a_network_without_causal_attention_says_so() -> None:
    half = netweight.weigh(Causal(causal=False), (1, 2, 8, 16), count_causal="half")
    assert half.totals.macs == 2 * 8 * 8 * (16 + 16)
    assert half.notes == (
        "causal attention is to count half: no attention here is causal; a mask that is a tensor counts in full",
    )


def test_networks_that_are_described_by_hand() -> None:
    def block(x: Any) -> Any:
        return build.multi_head_attention(x, 2, is_causal=True)

    graph = build.graph(block, (1, 6, 8))
    full, half = (netweight.weigh(graph, count_causal=choice).totals.macs for choice in ("full", "half"))
    assert full - half == 2 * (6 * 6 - 6 * 7 // 2) * (4 + 4)
    assert with_causal(graph, "full") == (graph, "")


def test_other_choices_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="no way to count causal attention is called 'halv'") as found:
        netweight.weigh(Causal(), (1, 2, 8, 16), count_causal="halv")
    assert found.value.fix == "did you mean half?"
    assert run(["alexnet", "--count-causal", "third"]) == 2
    assert "full" in capsys.readouterr().err


def test_a_stored_report_has_one_way_of_counting(tmp_path: Any) -> None:
    path = tmp_path / "report.json"
    path.write_text(netweight.weigh(Causal(), (1, 2, 8, 16)).to_json())
    with pytest.raises(UsageError, match="count_causal: expected a model that is still to be described"):
        netweight.weigh(path, count_causal="half")


def test_explanations_have_the_pairs() -> None:
    found: Any = netweight.explain(Causal(), "scaled_dot_product_attention", (1, 2, 8, 16), count_causal="half")
    assert "36 (causal pairs)" in str(found)
