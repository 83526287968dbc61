"""The page that shows lecture notes: its pictures, its worked backward against PyTorch, curves, printed accuracies."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import netweight

ROOT = Path(__file__).parent.parent
DRAWN = runpy.run_path(str(ROOT / "scripts" / "learning-pictures"))
PAGE = (ROOT / "docs" / "learning.md").read_text(encoding="utf-8")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@pytest.mark.parametrize("name", DRAWN["PICTURES"])
def test_pictures_are_those_of_the_script(name: str) -> None:
    """The same words, and the same numbers but for the last digit of a coordinate."""
    stored, drawn = (ROOT / "docs" / "images" / name).read_text(encoding="utf-8"), DRAWN["PICTURES"][name]()
    ET.fromstring(stored)
    assert _NUMBER.sub("N", stored) == _NUMBER.sub("N", drawn), "scripts/learning-pictures draws it again"
    pairs = (np.array(_NUMBER.findall(text), float) for text in (stored, drawn))
    np.testing.assert_allclose(*pairs, atol=0.02)
    assert f"images/{name}" in PAGE


def test_normalisations_put_together_what_their_definitions_say() -> None:
    samples, channels, _ = np.indices((3, 4, 3))
    expected = {
        "batch norm": channels == 0,
        "layer norm": samples == 0,
        "instance norm": (samples == 0) & (channels == 0),
        "group norm, 2 groups": (samples == 0) & (channels < 2),
    }
    for name, describe in DRAWN["NORMS"].items():
        np.testing.assert_array_equal(DRAWN["together"](describe), expected[name], err_msg=name)


def test_gradients_vanish_without_shortcuts_alone() -> None:
    """Each sigmoid lets at most 1/4 pass; a shortcut lets 1 pass besides."""
    from netweight import build

    def ratio(activation: Any, *, shortcuts: bool) -> float:
        found = netweight.gradients(DRAWN["deep"](activation, shortcuts=shortcuts))
        assert len(found.layers) == 21
        assert found.first_to_last is not None
        return found.layers[0].rms / found.layers[-2].rms

    assert ratio(build.sigmoid, shortcuts=False) < 1e-8
    assert ratio(build.sigmoid, shortcuts=True) > 0.1
    assert 0.1 < ratio(build.relu, shortcuts=False) < 10


def test_the_worked_backward_is_that_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    example = runpy.run_path(str(ROOT / "examples" / "backward_by_hand.py"))
    graph, x, weights = example["numbers"]()
    steps = list(example["steps"](graph, x, weights))
    w = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}
    values = [torch.tensor(x, requires_grad=True)]
    f = torch.nn.functional
    for number in (1, 2):
        values.append(f.conv2d(values[-1], w[f"conv{number}.weight"], w[f"conv{number}.bias"], padding=1))
        values.append(f.relu(values[-1]))
        values.append(f.max_pool2d(values[-1], 2))
    values.append(values[-1].flatten(1))
    values.append(f.linear(values[-1], w["fc.weight"], w["fc.bias"]))
    for value in values:
        value.retain_grad()
    loss = f.cross_entropy(values[-1], torch.tensor([example["LABEL"]]))
    loss.backward()
    assert example["loss_of"](values[-1].detach().numpy())[0] == pytest.approx(loss.item(), rel=1e-5)
    assert [step.op for step in steps] == ["linear", "reshape", *["max_pool", "relu", "conv"] * 2]
    compared = set()
    for step, before, after in zip(steps, values[-2::-1], values[:0:-1], strict=True):
        np.testing.assert_allclose(step.arrives, after.grad, rtol=1e-4, atol=1e-6)
        given, *others = step.passed.items()
        np.testing.assert_allclose(given[1], before.grad, rtol=1e-4, atol=1e-6)
        for name, grad in others:
            np.testing.assert_allclose(grad, w[name].grad, rtol=1e-4, atol=1e-6)
            compared.add(name)
    assert compared == set(weights)


_CURVES = (
    "celu", "elu", "hardshrink", "hardsigmoid", "hardswish", "leaky_relu", "selu", "softshrink", "gelu", "log_sigmoid",
    "mish", "sigmoid", "silu", "softplus", "softsign", "tanh", "tanhshrink", "relu", "relu6",
)  # fmt: skip


@pytest.mark.parametrize("name", _CURVES)
def test_curves_are_those_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    curve = np.array(netweight.explain("op", name).curve)  # type: ignore[union-attr]
    x = torch.tensor(curve[:, 0], requires_grad=True)
    y = getattr(torch.nn.functional, {"log_sigmoid": "logsigmoid"}.get(name, name))(x)
    y.sum().backward()
    np.testing.assert_allclose(curve[:, 1], y.detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(curve[:, 2], x.grad, rtol=1e-7, atol=1e-12)  # some constants of PyTorch are float32
    assert (curve[0, 0], curve[-1, 0], len(curve)) == ((-8, 8, 65) if name == "relu6" else (-4, 4, 65))


@pytest.mark.parametrize("name", ["conv", "prelu", "glu", "threshold", "softmax", "add"])
def test_others_have_no_curve(name: str) -> None:
    assert netweight.explain("op", name).curve == ()  # type: ignore[union-attr]


def test_a_curve_in_characters() -> None:
    """ReLU from -4 to 4: on the axis, then to the top right corner; its gradient 1 at a quarter of the height."""
    lines = str(netweight.explain("op", "relu")).splitlines()
    at = lines.index("  * value, . gradient")
    rows = [line[10:] for line in lines[at + 2 : at + 15]]
    assert rows[0][32] == "|"
    assert rows[0][64] == "*"
    assert rows[12][:33] == "*" * 33
    assert rows[9][48:] == "." * 17  # 12 - 12 / 4
    assert rows[6][48] == "*"
    assert lines[at + 2].split()[0] == "4"
    assert lines[at + 15].split() == ["-4", "4"]


def test_printed_accuracies_of_alexnet() -> None:
    """What notes print is not AlexNet's: no published error leaves it, and 96.43 is the rest of ResNet's 3.57.

    Krizhevsky et al. 2012, Table 2 and abstract: 40.7, 38.1, 36.7, 37.5 top-1, 18.2, 16.4, 15.4, 15.3, 17.0 top-5.
    He et al. 2016, Table 5: 3.57 top-5; Table 3, ten crops: 22.85 top-1.
    """
    top1, top5 = (40.7, 38.1, 36.7, 37.5), (18.2, 16.4, 15.4, 15.3, 17.0)
    assert max(100 - error for error in top1) == pytest.approx(63.3)
    assert max(100 - error for error in top5) == pytest.approx(84.7)
    assert pytest.approx(96.43) == 100 - 3.57
    assert round(100 - 22.85) == 77
    for text in ("59.3 %", "63.3 %", "81.8 %", "84.7 %", "77.15 %", "100 - 3.57"):
        assert text in PAGE
