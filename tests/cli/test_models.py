"""``netweight models``: the list, what its networks cost, and one of them."""

import json

import pytest

from netweight import zoo
from netweight.app.models import described
from netweight.cli.main import run
from netweight.cli.networks import network_text


def text_of(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["models", *arguments]) == code
    out, err = capsys.readouterr()
    return str(out if code == 0 else err)


def test_costs_are_those_that_the_help_promises(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(zoo, "names", lambda: ("mlp", "alexnet"))
    assert run(["models", "--help"]) == 0
    assert "params, MACs, peak activations" in capsys.readouterr().out
    heading, mlp, alexnet = text_of(capsys, "--costs").splitlines()
    assert heading.split("  ")[0] == "network"
    for word, figure in (("params", "60,965,224"), ("MACs", "724,406,816"), ("peak activations", "440,928")):
        assert heading.index(word) + len(word) == alexnet.index(figure) + len(figure)
    # mlp 5-3-2: 5 * 3 + 3 + 3 * 2 + 2 parameters, 5 * 3 + 3 * 2 MACs, 5 + 3 activations at the first layer.
    assert mlp.split()[:4] == ["mlp", "26", "21", "8"]
    assert json.loads(text_of(capsys, "--costs", "--format", "json"))[1]["peak_activation_count"] == 440_928


def test_one_network(capsys: pytest.CaptureFixture[str]) -> None:
    lines = text_of(capsys, "mobilenet_v2").splitlines()
    assert "input      1x3x224x224 float32" in lines
    assert "costs      3,504,872 params, 300,774,272 MACs, peak activations 1,505,280" in lines
    assert "described  netweight/zoo/mobilenet_v2.py" in lines
    assert any(line.startswith("published  Sandler") for line in lines)
    assert any(line.split()[:2] == ["width", "1.0"] for line in lines)
    assert lines[-1] == "for example: netweight mobilenet_v2:num_classes=7"
    data = json.loads(text_of(capsys, "mobilenet_v2", "--format", "json"))
    assert data["input_shape"] == [1, 3, 224, 224]
    assert data["options"][0]["name"] == "width"


@pytest.mark.parametrize("name", ["mlp", "bert_base", "lenet5-1998"])
def test_the_example_works(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = text_of(capsys, name).splitlines()[-1].removeprefix("for example: netweight ")
    assert run([command, "-q"]) == 0


@pytest.mark.parametrize("width", [50, 72, 120])
def test_lines_are_as_wide_as_the_terminal(width: int) -> None:
    text = network_text(described("alexnet"), width)
    assert max(map(len, text.splitlines())) <= width
    assert "".join(text.split()) == "".join(network_text(described("alexnet"), 1000).split())


def test_what_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean resnet50" in text_of(capsys, "resnet5", code=2)
    assert "fix: netweight models mlp" in text_of(capsys, "mlp", "--costs", code=2)
