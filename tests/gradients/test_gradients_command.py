"""``netweight gradients``: layers from input to output, bars, what is said of them, as table, JSON and SVG."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import netweight
from netweight import UsageError, build
from netweight.cli.main import run

DEEP = f"mlp:widths={'-'.join(['8'] * 9)}-4,activation=sigmoid"


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradients", DEEP]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("gradient of the cross entropy with random classes, seed 0, value " + lines[0].split()[-1])
    rows = [line.split() for line in lines[3:12]]
    assert [row[0] for row in rows] == [f"fc{n}" for n in range(1, 10)]
    assert [int(row[1]) for row in rows] == [72] * 8 + [36]
    bars = [len(row[5]) for row in rows]
    assert bars == sorted(bars)
    assert bars[0] < bars[-1] <= 30
    assert lines[-1].endswith("times as large: it vanishes")


def test_json_and_the_ratio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradients", DEEP, "--seed", "3", "-o", str(tmp_path / "g.json"), "-o", str(tmp_path / "g.svg")]) == 0
    capsys.readouterr()
    found = json.loads((tmp_path / "g.json").read_text())
    assert found["schema"] == "netweight/gradients/1"
    layers = found["layers"]
    assert found["first_to_last"] == pytest.approx(layers[0]["rms"] / layers[-1]["rms"])
    for layer in layers:
        assert layer["norm"] == pytest.approx(layer["rms"] * layer["count"] ** 0.5)
        assert layer["parameters"] == [f"{layer['layer']}.weight", f"{layer['layer']}.bias"]
    picture = ET.fromstring((tmp_path / "g.svg").read_text())
    assert any(element.tag.endswith("path") for element in picture.iter())


@pytest.mark.parametrize(("weight", "said"), [(1.0, "it arrives"), (1e-5, "it vanishes"), (1e5, "it explodes")])
def test_what_is_said(weight: float, said: str) -> None:
    """y = b a x is projected on one number p: the gradient of a is p b x, that of b is p a x; a and x are 1."""
    graph = build.graph(
        lambda x: build.linear(build.linear(x, 1, bias=False, name="a"), 1, bias=False, name="b"), (1, 1, 1), name="two"
    )
    weights = {"a.weight": np.float64([[1]]), "b.weight": np.float64([[weight]])}
    found = netweight.gradients(graph, np.ones((1, 1, 1), np.float32), weights)
    assert found.first_to_last == pytest.approx(weight)
    assert str(found).splitlines()[-1].endswith(said)


def test_a_gradient_of_zero() -> None:
    """One class alone has the probability 1, and the gradient of its cross entropy is 0."""
    found = netweight.gradients("mlp:widths=3-1")
    assert found.first_to_last is None
    assert str(found).splitlines()[-1].endswith("the gradient of fc1 is 0")


def test_other_outputs_are_projected() -> None:
    graph = build.graph(lambda x: build.conv2d(x, 2, kernel_size=1, name="c"), (1, 1, 2, 2), name="maps")
    found = netweight.gradients(graph)
    assert found.loss == "sum of the outputs times random numbers"
    projection = np.random.default_rng(0).standard_normal((1, 2, 2, 2))
    x = np.random.default_rng(0).standard_normal((1, 1, 2, 2)).astype(np.float32)
    expected = [*(projection[0] * x[0]).sum(axis=(1, 2)), *projection[0].sum(axis=(1, 2))]
    assert found.layers[0].norm == pytest.approx(np.linalg.norm(expected))


def test_nothing_to_show(capsys: pytest.CaptureFixture[str]) -> None:
    graph = build.graph(build.relu, (1, 2), name="bare")
    with pytest.raises(UsageError, match="expected parameters that the outputs depend on, got none in 'bare'"):
        netweight.gradients(graph)
    assert run(["gradients", "mlp", "-o", "x.png"]) == 2
    assert run(["gradients", "mlp", "--batch", "0"]) == 2
    assert "E100" not in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_numbers_that_are_not_finite() -> None:
    weights = netweight.initialize(netweight.capture("mlp")) | {"fc2.bias": np.float32([np.nan, 0])}
    with pytest.raises(UsageError, match="expected finite numbers, got infinite ones or NaN in the gradient of fc2"):
        netweight.gradients("mlp", None, weights)


def test_dead_layers_have_no_bar() -> None:
    """A weight of 0 lets no gradient pass."""

    def describe(x: Any) -> Any:
        return build.linear(build.linear(x, 3, name="a"), 2, name="b")

    graph = build.graph(describe, (2, 3), name="dead")
    weights = netweight.initialize(graph) | {"b.weight": np.zeros((2, 3), np.float32)}
    found = netweight.gradients(graph, np.ones((2, 3), np.float32), weights)
    assert found.layers[0].norm == 0
    assert found.first_to_last == 0
    (row,) = (line for line in str(found).splitlines() if line.startswith("a "))
    assert "#" not in row
