import json
import re
from typing import Any

import pytest

from netweight.cli.main import run


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(arguments) == 0
    return capsys.readouterr().out


def figures(text: str) -> dict[str, str]:
    lines = (line.partition("  ") for line in text.splitlines())
    return {name: rest.strip() for name, _, rest in lines}


def training(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(output(capsys, *arguments, "--format", "json"))["training"]


def test_the_report_says_what_a_step_costs(capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(output(capsys, "mlp:widths=3-4-2", "--training", "--optimizer", "adam"))
    # Forward 3 * 4 + 4 * 2 = 20, backward 40 less 12 of the input's gradient.
    assert found["training step"].startswith("48 MACs, ")
    assert found["training step"].endswith("; 2.4 times the MACs of the forward")
    assert found["backward"].startswith("28 MACs, ")
    assert found["training, adam"].endswith("in the update")
    assert "run again" not in found
    assert "optimizer state" in found["at the peak"]
    assert "training step" not in figures(output(capsys, "mlp:widths=3-4-2"))


def test_markdown_and_units(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "mlp:widths=3-4-2", "--training", "--format", "markdown", "--units", "raw")
    # 2 * 48 of MACs; the rest is of biases, the activation, the loss's gradient and the update.
    assert "- training step: 48 MACs, 168 FLOPs; 2.4 times the MACs of the forward" in text


def test_checkpoint_and_freeze(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(
        capsys, "resnet18", "--training", "--checkpoint", "layer1", "--checkpoint", "layer2.0", "--freeze", "conv1"
    )
    found = figures(text)
    assert found["run again"].endswith("MACs in layer1, layer2.0")
    assert found["training step"].endswith("params trained")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = training(capsys, "mlp:widths=3-4-2", "--optimizer", "momentum", "--freeze", "*.bias")
    assert (found["optimizer"], found["freeze"], found["trained_params"]) == ("momentum", ["*.bias"], 20)
    assert found["layers"][0]["formulas"] == {"backward_macs": "4 * 3"}
    assert found["backward_macs"] == sum(row["backward_macs"] for row in found["layers"]) == 28


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "explain", "alexnet", "conv2", "--training")
    assert re.search("backward MACs +447,897,600", text)
    assert "= 2 * (256 * 48 * 5 * 5 * 27 * 27)" in text
    assert "of x, weight and bias" in text
    assert "447,897,600 MACs are 2 times the forward" in text
    assert "backward" not in output(capsys, "explain", "alexnet", "conv2")


def test_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alexnet", "--optimizer", "adan"]) == 2
    assert capsys.readouterr().err.startswith("error[E102]: no optimizer is called 'adan'\n  fix: did you mean adam")
    assert run(["alexnet", "--freeze", "conv1"]) == 2
    assert "error[E101]: freeze: expected a step of training to weigh, got none" in capsys.readouterr().err
