"""Names of lines that stand for several layers are explained as the report prints them."""

from __future__ import annotations

import pytest

from netweight import weigh
from netweight.cli.main import run
from netweight.report.explain.alike import AlikeExplanation, meant_by
from netweight.report.names import span_of

RESNET = weigh("resnet50")


def test_the_first_of_equal_blocks_with_the_sums_of_all() -> None:
    found = RESNET.explain("layer3.[1-5].conv2 x5 +2")
    assert isinstance(found, AlikeExplanation)
    assert found.paths == tuple(f"layer3.{at}.conv2" for at in range(1, 6))
    assert found.sums["macs"] == 5 * 256 * 256 * 3 * 3 * 14 * 14
    assert found.sums["params"] == 5 * 256 * 256 * 3 * 3
    assert str(found.first) == str(RESNET.explain("layer3.1.conv2"))


def test_modules() -> None:
    found = RESNET.explain("layer3.[1-5]")
    assert isinstance(found, AlikeExplanation)
    assert found.sums["params"] == sum(RESNET.modules[f"layer3.{at}"].params for at in range(1, 6))
    assert str(found.first) == str(RESNET.explain("layer3.1"))


@pytest.mark.parametrize(
    ("line", "layer"), [("conv1 +2", "conv1"), ("fc +1", "fc"), ("layer3.0.conv1 x5 +2", "layer3.0.conv1")]
)
def test_marks_of_a_line(line: str, layer: str) -> None:
    assert str(RESNET.explain(line)) == str(RESNET.explain(layer))


@pytest.mark.parametrize("names", [["h.1", "h.2"], ["h.1", "h.4"], ["h.0", "h.3", "h.4"], ["h.0", "h.2", "h.4", "h.6"]])
def test_a_span_means_the_names_that_it_was_made_of(names: list[str]) -> None:
    assert meant_by(span_of(names), [f"h.{at}" for at in range(8)]) == tuple(names)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "resnet50", "layer3.[1-5].conv2"]) == 0
    assert capsys.readouterr().out.startswith("layer3.[1-5].conv2 stands for 5: 2,949,120 params, 578,027,520 MACs, ")
    assert run(["explain", "resnet50", "layer3.[1-5].conv2", "--format", "json"]) == 0
    assert run(["explain", "resnet50", "layer9.[1-5].conv2"]) == 2
