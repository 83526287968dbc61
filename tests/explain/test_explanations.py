"""Layers, modules and totals are explained with figures that add up."""

import json
import re
import shlex
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

import netweight
from netweight.cli.main import run
from netweight.errors import UnknownNameError, UsageError
from netweight.report.explain.layer import LayerExplanation
from netweight.report.explain.total import OverviewExplanation, TotalExplanation
from netweight.report.explain.totals import SUBJECTS

NETWORKS = ("alexnet", "resnet18", "vit_b_32")
FIELDS = {
    "params": "params", "size": "model_size_bytes", "macs": "macs", "flops": "flops", "ops": "ops_total",
}  # fmt: skip


@cache
def weighed(name: str) -> netweight.Profile:
    return netweight.weigh(name)


def total(name: str, subject: str, **options: Any) -> TotalExplanation:
    found = netweight.explain(name, subject, **options)
    assert isinstance(found, TotalExplanation)
    return found


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("subject", [subject for subject in SUBJECTS if subject not in ("total", "training")])
def test_parts_sum_to_the_total(name: str, subject: str) -> None:
    found = weighed(name).explain(subject)
    assert isinstance(found, TotalExplanation)
    assert found.breakdowns
    for part in found.breakdowns:
        assert sum(entry.value for entry in part.parts) == part.value
        assert [entry.value for entry in part.parts] == sorted((entry.value for entry in part.parts), reverse=True)
        if subject != "peak":
            assert part.value == found.value
    totals = weighed(name).totals
    if subject in FIELDS:
        assert found.value == getattr(totals, FIELDS[subject])
    if subject == "traffic":
        assert found.value == totals.bytes_read + totals.bytes_written


@pytest.mark.parametrize("name", NETWORKS)
def test_the_peak_names_the_tensors_alive(name: str) -> None:
    profile = netweight.weigh(name, conventions=("lecture", "liveness", "inplace", "io-held", "torch-eager"))
    found = profile.explain("peak")
    assert isinstance(found, TotalExplanation)
    for part, (convention, kept) in zip(found.breakdowns, profile.activations.items(), strict=True):
        assert part.title.startswith(f"{convention}: while {kept.peak_layer} runs, step {kept.peak_step} of ")
        assert {entry.name for entry in part.parts} >= set(kept.peak_tensors)
        assert part.value == kept.peak_bytes
        assert sum(kept.peak_tensor_counts) == kept.peak_count


def test_alexnet_peaks_at_its_first_convolution() -> None:
    """Input 3 * 224 * 224 and output 96 * 55 * 55, 4 bytes each."""
    found = total("alexnet", "peak")
    assert {entry.name: entry.value for entry in found.breakdowns[0].parts} == {
        "x": 4 * 3 * 224 * 224,
        "conv1": 4 * 96 * 55 * 55,
    }
    assert "step 1 of 23" in found.breakdowns[0].title


def test_a_step_of_training_is_explained_with_its_parts() -> None:
    found = total("alexnet", "training")
    memory, work, kept = found.breakdowns
    cost = netweight.weigh("alexnet", training=True).training
    assert cost is not None
    assert found.value == memory.value == cost.peak_bytes == sum(entry.value for entry in memory.parts)
    assert work.value == cost.step_macs == sum(entry.value for entry in work.parts)
    assert kept.value == cost.saved_activation_bytes
    assert total("alexnet", "training", optimizer="adam").value > found.value
    with pytest.raises(UsageError, match="expected a network weighed in training"):
        netweight.weigh("alexnet").explain("training")


@pytest.mark.parametrize(
    ("asked", "subject"),
    [
        ("MACs", "macs"), ("parameters", "params"), ("weights", "params"), ("memory", "peak"), ("model size", "size"),
        ("FLOP", "flops"), ("bandwidth", "traffic"), ("bytes_read", "traffic"), ("backward", "training"),
    ],
)  # fmt: skip
def test_totals_go_by_other_names(asked: str, subject: str) -> None:
    assert total("lenet5", asked).subject == subject


@pytest.mark.parametrize("asked", [None, "", "total", "totals"])
def test_a_network_alone_is_explained_by_all_of_its_totals(asked: str | None) -> None:
    found = netweight.explain("lenet5", asked)
    assert isinstance(found, OverviewExplanation)
    assert [part.subject for part in found.totals] == [
        "params",
        "size",
        "macs",
        "flops",
        "activations",
        "peak",
        "traffic",
    ]
    assert re.search(r"^  params +61,706 params, 78 % of them in C5 ", str(found), re.MULTILINE)


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "mlp:widths=3-4-2"])
def test_commands_that_are_printed_work(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", name]) == 0
    texts = [capsys.readouterr().out]
    for subject in ("macs", "peak", "training"):
        assert run(["explain", name, subject]) == 0
        texts.append(capsys.readouterr().out)
    commands = re.findall(r"^  netweight (explain .*?)(?:  .*)?$", "".join(texts), re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        assert run(shlex.split(command)) == 0, command


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.conv(x))


def test_a_layer_that_is_called_twice() -> None:
    text = str(netweight.explain(Twice(), "conv", (1, 4, 8, 8)))
    assert text.splitlines()[0] == "Twice: conv (conv, called 2 times, which sizes and settings are of the first)"
    assert "floor((8 + 2*1 - 3) / 1) + 1 = 8" in text


def test_settings_weights_and_shares_of_a_layer() -> None:
    lines = str(weighed("resnet50").explain("layer1.0.conv2")).splitlines()
    assert "  settings  kernel 3x3, stride 1, padding 1, dilation 1, groups 1" in lines
    assert "  weights   weight 64x64x3x3" in lines
    table = "\n".join(lines[-4:])
    assert re.search(r"^  layer1.0 +50 % +", table, re.MULTILINE)
    assert re.search(r"^  the network +2.83 % +0.144 % ", table, re.MULTILINE)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        ("conv1", "one output position depends on 7x7 of the input's 224x224 positions"),
        ("fc", "on all of the input's 224x224 positions (619x619 in theory: the rest is padding)"),
    ],
)
def test_a_field_is_no_larger_than_the_picture(layer: str, text: str) -> None:
    found = weighed("resnet50").explain(layer)
    assert isinstance(found, LayerExplanation)
    assert found.field is not None
    assert text in found.field.text
    assert all(inside <= whole for inside, whole in zip(found.field.inside, found.field.input_size, strict=True))
    assert found.field.theoretical == weighed("resnet50").layers[layer].receptive_field


def test_a_field_may_be_cut_in_one_dimension_alone() -> None:
    found = netweight.explain(
        nn.Sequential(nn.Conv2d(1, 1, (1, 7), padding=(0, 3)), nn.Conv2d(1, 1, 3)), "1", (1, 1, 9, 8)
    )
    assert "depends on 3x8 of the input's 9x8 positions (3x9 in theory" in str(found)


@pytest.mark.parametrize(
    ("layer", "gradients", "times"),
    [("conv1", "of weight; none of x, as nothing before it is trained", 1), ("layer1.0.conv1", "of x and weight", 2)],
)
def test_training_says_whose_gradients_are_computed(layer: str, gradients: str, times: int) -> None:
    found = netweight.explain("resnet18", layer, training=True)
    assert isinstance(found, LayerExplanation)
    assert found.training is not None
    assert found.training.backward_macs == times * (found.row.macs or 0)
    text = " ".join(str(found).split())
    assert f"gradients {gradients} " in text
    assert f"MACs are {times} times the forward" in text


def test_a_module_shows_all_figures_folded() -> None:
    lines = str(netweight.explain("bert_base", "encoder")).splitlines()
    assert len(lines) < 25
    assert lines[2].split() == ["layer", "op", "params", "MACs", "FLOPs", "activations", "size", "read", "written"]
    row = netweight.weigh("bert_base").modules["encoder"]
    last = next(line for line in lines if line.strip().startswith("total"))
    assert last.split()[1:5] == [f"{row.params:,}", f"{row.macs:,}", f"{row.flops:,}", f"{row.activation_count:,}"]
    ends = {len(line.rstrip()) for line in lines[2:10] if "," in line}
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("layer", "fix"),
    [
        ("conv", "did you mean conv1"),
        ("paddings", "the word is explained by: netweight explain padding"),
        ("batch norm", "the word is explained by: netweight explain 'batch normalisation'"),
        ("latency", "the word is explained by: netweight explain latency"),
        ("roofline", "the word is explained by: netweight explain roofline"),
        ("qqqq", "its first layers: x, conv1"),
        ("/nosuch", "its first layers"),
    ],
)
def test_what_is_not_there(layer: str, fix: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no layer of resnet18 is called {layer!r}") as caught:
        weighed("resnet18").explain(layer)
    assert caught.value.fix.startswith(fix)


@pytest.mark.parametrize(
    "asked", [("alexnet", "conv1"), ("alexnet", "macs"), ("alexnet",), ("stride",), ("op", "relu"), ()]
)
def test_explanations_show_themselves(asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    found = netweight.explain(*asked)
    assert run(["explain", *asked]) == 0
    printed = capsys.readouterr().out
    hints = re.compile(r"\n\n(  netweight explain [^\n]*\n)+$")
    assert hints.sub("\n", f"{found}\n") == hints.sub("\n", printed)
    assert repr(found).startswith("<explanation of ")
    assert "\n" not in repr(found)
    assert found._repr_html_().startswith("<pre")
    assert "<script" not in found._repr_html_()
    assert "``" not in printed
    assert run(["explain", *asked, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_stored_report_is_explained(tmp_path: Any) -> None:
    path = tmp_path / "r.json"
    path.write_text(netweight.weigh("alexnet").to_json())
    assert "floor((224 + 2*2 - 11) / 4) + 1 = 55" in str(netweight.explain(str(path), "conv1"))
    assert total(str(path), "macs").breakdowns == total("alexnet", "macs").breakdowns
    assert total(str(path), "peak").breakdowns == total("alexnet", "peak").breakdowns
    assert total(str(path), "traffic").value == total("alexnet", "traffic").value


@pytest.mark.parametrize("asked", [("stride",), ("op", "relu"), ()])
@pytest.mark.parametrize("setting", [{"batch": 2}, {"bits": "8"}, {"training": True}, {"inputs": (1, 3, 9, 9)}])
def test_settings_of_a_network_are_refused_beside_a_word(asked: tuple[str, ...], setting: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(setting))}: expected a network to explain, got the "):
        netweight.explain(*asked, **setting)
