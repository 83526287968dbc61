"""Gradients against finite differences: right ones pass, each way to be wrong is found and named, kinks are named."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import NetweightError, UsageError, build
from netweight.app.gradcheck import GradCheck
from netweight.cli.main import run
from netweight.ops import REGISTRY
from netweight.ops.table import not_differentiable
from netweight.runtime.differences import slope
from netweight.runtime.gradcheck import places
from netweight.runtime.program import Program

LENET = {"inputs": (1, 1, 32, 32), "coordinates": 4}


def _slope(along: Callable[[float], float], **more: float) -> Any:
    here = along(0.0)
    given = {"scale": 1.0, "size": 1.0, "accuracy": 1e-6, "typical": 1.0, **more}
    return slope(lambda step: along(step) - here, **given)


@pytest.mark.parametrize(
    ("along", "expected"),
    [
        (math.sin, 1.0),
        (lambda t: math.exp(3 * t), 3.0),
        (lambda t: (1 + t) ** 5, 5.0),
        (lambda _t: 2.0, 0.0),
        (lambda t: max(t - 1e-3, 0.0) + 2 * t, 2.0),  # a kink far away
        (lambda t: max(t - 5e-6, 0.0) + 2 * t, 2.0),  # one within the first step alone
        (lambda t: 1e-9 * t, 1e-9),
    ],
)
def test_a_slope_and_no_kink(along: Callable[[float], float], expected: float) -> None:
    found = _slope(along)
    assert not found.kink
    assert abs(found.value - expected) < 1e-8


def test_errors_of_second_order_cancel() -> None:
    """A cubic has central differences of h squared and of h squared / 4: (4 / 4 - 1) / 3 is 0."""
    assert abs(_slope(lambda t: t**3, scale=100.0).value) < 1e-12


def test_elements_are_drawn_once_the_largest_first() -> None:
    grad = np.float64([[0, 1, 2], [-7, 4, 5]])
    for count in (1, 2, 4):
        drawn = list(places(grad, count, np.random.default_rng(0)))
        assert drawn[0] == 3
        assert len(set(drawn)) == len(drawn) >= min(6, 3 * count)
    assert list(places(grad, 6, np.random.default_rng(0))) == [0, 1, 2, 3, 4, 5]


def test_random_weights_are_at_no_kink() -> None:
    """Batch normalisation of zeros gives its bias, which is 0 at first: ReLU would be at its kink everywhere."""
    graph = build.graph(lambda x: build.relu(build.batch_norm(x, name="bn")), (1, 3, 2, 2), name="zeros")
    x = np.zeros((1, 3, 2, 2), np.float32)
    found = netweight.gradcheck(graph, x)
    assert found.passed, str(found)
    assert any("are drawn around it" in note for note in found.notes)
    given = netweight.gradcheck(graph, x, netweight.initialize(graph))
    assert given["bn.bias"].reason == "every slope met a kink"
    assert not any("are drawn around it" in note for note in given.notes)


@pytest.mark.parametrize(
    "along", [abs, lambda t: max(t, 0.0), lambda t: abs(t - 2e-8), lambda t: max(-3 * t, t), lambda t: float(t > 0)]
)
def test_a_kink(along: Callable[[float], float]) -> None:
    assert _slope(along).kink


def test_small_beside_the_others_is_no_kink() -> None:
    """What bends by less than is looked for: a hundred-thousandth of a millionth of such slopes."""
    assert not _slope(lambda t: t + 1e-11 * abs(t)).kink
    assert _slope(lambda t: t + 1e-3 * abs(t)).kink


SMALL = {
    "lenet5": {"coordinates": 3},
    "mlp:widths=6-5-4-3,activation=sigmoid": {},
    "mlp:widths=6-5-4-3,activation=tanh": {},
    "shallow_cnn:widths=3-4": {"coordinates": 3},
    "bert_base:vocab_size=11,embed_dim=8,depth=1,num_heads=2,mlp_dim=8,max_length=6": {"inputs": (1, 4)},
}


@pytest.mark.parametrize("name", SMALL)
def test_networks_pass(name: str) -> None:
    found = netweight.gradcheck(name, **SMALL[name])
    graph = netweight.capture(name, SMALL[name].get("inputs"), training=SMALL[name].get("training", False))
    floating = [n for n, v in graph.values.items() if v.kind in ("parameter", "input") and "float" in v.spec.dtype]
    assert [entry.tensor for entry in found.tensors] == floating
    assert found.passed, str(found)
    assert all(entry.worst is not None for entry in found.tensors)
    assert found.largest_relative_error is not None
    assert 0 < found.largest_relative_error < 1e-5


def _broken(op: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[list[Any]], None]) -> None:
    """The operator with a backward whose gradients are changed."""
    right = REGISTRY[op]

    def backward(*given: Any, **saved: Any) -> Any:
        grads = list(right.backward(*given, **saved))
        change(grads)
        return tuple(grads)

    monkeypatch.setitem(REGISTRY.found, op, replace(right, backward=backward))


def _wrong(found: GradCheck) -> list[str]:
    return [entry.tensor for entry in found.tensors if not entry.passed]


def _scaled(at: int, by: float) -> Callable[[list[Any]], None]:
    def change(grads: list[Any]) -> None:
        grads[at] = grads[at] * by

    return change


def _one_element(grads: list[Any]) -> None:
    weight = grads[1].copy()
    smallest = np.unravel_index(np.abs(weight).argmin(), weight.shape)
    weight[smallest] += np.sqrt(np.mean(weight**2))
    grads[1] = weight


WEIGHTS = ["C1.weight", "C3.weight", "C5.weight"]
BREAKS = {
    "a bias twice": ("linear", _scaled(2, 2.0), ["F6.bias", "OUTPUT.bias"]),
    "a sign": ("conv", _scaled(1, -1.0), WEIGHTS),
    "nothing at all": ("conv", _scaled(1, 0.0), WEIGHTS),
    "one part in 10,000": ("conv", _scaled(1, 1.0001), WEIGHTS),
    "a million times": ("conv", _scaled(1, 1e6), WEIGHTS),
    "one element of many": ("conv", _one_element, WEIGHTS),
    "what is passed on": ("tanh", _scaled(0, 1.1), ["x", "C1.weight", "C1.bias"]),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_wrong_backward_is_found_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    op, change, expected = BREAKS[name]
    _broken(op, monkeypatch, change)
    found = netweight.gradcheck("lenet5", coordinates=4)
    wrong = _wrong(found)
    assert set(expected) <= set(wrong), str(found)
    if name != "what is passed on":
        assert wrong == expected
    assert not found.passed
    assert f"nearest to the output {wrong[-1]}" in str(found)


def test_a_gradient_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    _broken("linear", monkeypatch, _scaled(2, math.nan))
    found = netweight.gradcheck("mlp")
    assert _wrong(found) == ["fc1.bias", "fc2.bias"]
    assert found["fc1.bias"].reason == "backward gives infinite numbers or NaN"
    assert found["fc1.bias"].largest_relative_error is None
    assert "NaN" not in json.dumps(found.to_dict()["tensors"][0])
    json.loads(found.to_json(), parse_constant=pytest.fail)


def test_a_small_gradient_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where gradients vanish, a first layer without any is still found: no floor hides what differences see."""
    name = "mlp:widths=" + "-".join(["6"] * 9) + ",activation=sigmoid"
    assert netweight.gradcheck(name, coordinates=3).passed
    right = REGISTRY["linear"]

    def backward(attrs: Any, grad: Any, x: Any, weight: Any, bias: Any, **saved: Any) -> Any:
        grad_x, grad_weight, grad_bias = right.backward(attrs, grad, x, weight, bias, **saved)
        first = np.abs(grad).max() < 1e-4
        return grad_x, grad_weight * (0 if first else 1), grad_bias

    monkeypatch.setitem(REGISTRY.found, "linear", replace(right, backward=backward))
    assert _wrong(netweight.gradcheck(name, coordinates=3))[:1] == ["fc1.weight"]


def _after_relu() -> Any:
    return build.graph(lambda x: build.linear(build.relu(x), 2, name="fc"), (2, 3), name="kinked")


def test_kinks_are_named_and_not_compared() -> None:
    """relu(0) has no slope: those elements are named, all others are compared."""
    graph = _after_relu()
    x = np.float32([[0, 1, -1], [2, 0, 3]])
    found = netweight.gradcheck(graph, x, netweight.initialize(graph))
    assert found["x"].kinks == ((0, 0), (1, 1))
    assert found["x"].compared == 4
    assert found["x"].directions == 0
    assert found.passed
    assert "x[0, 0], x[1, 1]" in str(found)


def test_others_are_drawn_for_kinks() -> None:
    graph = build.graph(lambda x: build.linear(build.relu(x), 2, name="fc"), (1, 40), name="kinked")
    x = np.where(np.arange(40) % 2, 1, 0).astype(np.float32)[None]
    found = netweight.gradcheck(graph, x, netweight.initialize(graph), coordinates=5)["x"]
    assert found.compared == 5
    assert all(at[1] % 2 == 0 for at in found.kinks)
    assert found.kinks
    assert found.kinked_directions == 3
    assert found.directions == 0


def test_nothing_but_kinks_is_not_shown_to_be_right() -> None:
    graph = _after_relu()
    found = netweight.gradcheck(graph, np.zeros((2, 3), np.float32), netweight.initialize(graph))
    assert found["x"].reason == "every slope met a kink"
    assert _wrong(found) == ["x"]
    assert "UNKNOWN" in str(found)


def test_equal_maxima_are_a_kink() -> None:
    graph = build.graph(lambda x: build.max_pool2d(x, 2), (1, 1, 2, 2), name="pool")
    found = netweight.gradcheck(graph, np.float32([[[[1, 1], [0, -1]]]]), {})["x"]
    assert found.kinks == ((0, 0, 0, 0), (0, 0, 0, 1))
    assert found.passed


def test_operators_without_gradient_are_all_named_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for op in ("relu", "tanh", "sigmoid"):
        monkeypatch.setitem(REGISTRY.found, op, replace(REGISTRY[op], backward=not_differentiable))
    graph = build.graph(lambda x: build.tanh(build.linear(build.relu(x, name="r"), 4), name="t"), (2, 3), name="steps")
    for verb in (netweight.gradcheck, netweight.gradients):
        with pytest.raises(NetweightError, match=r"expected operators with a gradient, got relu in r, tanh in t$"):
            verb(graph)


def test_whole_numbers_alone() -> None:
    graph = build.graph(lambda x: build.argmax(build.linear(x, 4), 1), (2, 3), name="steps")
    with pytest.raises(NetweightError, match="expected outputs of floating type, got none in 'steps'"):
        netweight.gradcheck(graph)


def test_dropout_and_statistics_of_the_batch() -> None:
    def describe(x: Any) -> Any:
        x = build.batch_norm(build.conv2d(x, 3, kernel_size=3, name="conv"), name="bn")
        return build.linear(build.flatten(build.dropout(build.tanh(x), 0.5)), 2, name="fc")

    graph = build.graph(describe, (3, 2, 5, 5), name="random", training=True)
    found = netweight.gradcheck(graph)
    assert {node.op for node in graph.nodes} >= {"dropout", "batch_norm_training"}
    assert found.passed, str(found)
    assert found["conv.bias"].gradient_rms is not None
    assert found["conv.bias"].gradient_rms < 1e-12, "batch normalisation takes off what a bias adds"
    assert found["bn.weight"].compared == 3


def _of_all_kernels(x: Any) -> Any:
    """Convolutions of each kind, normalisation, pooling of both kinds, a shortcut."""
    x = build.relu6(build.batch_norm(build.conv2d(x, 4, kernel_size=3, padding=1, name="columns"), name="bn1"))
    y = build.batch_norm(build.conv2d(x, 6, kernel_size=1, bias=False, name="pw"), name="bn2")
    y = build.max_pool2d(build.relu(y), 2)
    y = y + build.tanh(build.conv2d(y, 6, kernel_size=3, padding=1, groups=2, name="grouped"))
    return build.linear(build.flatten(build.adaptive_avg_pool2d(y, 1)), 3, name="fc")


@pytest.mark.parametrize(
    "model",
    ["lenet5", build.graph(_of_all_kernels, (3, 4, 6, 6), name="kinds", training=True)],
    ids=["lenet5", "kinds"],
)
def test_kernels_that_train_pass(model: Any) -> None:
    found = netweight.gradcheck(model, kernels="training", coordinates=2)
    assert found.passed, str(found)
    assert found.kernels == "training"
    assert "backward of the kernels that train against" in str(found)


def test_a_kernel_that_is_wrong_is_found_where_kernels_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Program.step

    def step(self: Any, *given: Any) -> Any:
        done = right(self, *given)
        return done._replace(grads={**done.grads, "fc1.bias": done.grads["fc1.bias"] * 1.01})

    monkeypatch.setattr(Program, "step", step)
    assert _wrong(netweight.gradcheck("mlp", kernels="training")) == ["fc1.bias"]
    assert netweight.gradcheck("mlp").passed


def test_the_seed_decides_and_nothing_else() -> None:
    first, again, other = (netweight.gradcheck("lenet5", seed=s, coordinates=2) for s in (1, 1, 2))
    assert first == again
    assert first.to_json() == again.to_json()
    assert first.tensors != other.tensors


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"coordinates": 0}, "coordinates: expected at least 1, got 0"),
        ({"tolerance": 0}, "tolerance: expected a number between 0 and 1, got 0"),
        ({"tolerance": float("nan")}, "tolerance: expected a number between 0 and 1, got nan"),
        ({"kernels": "fast"}, "kernels: expected reference or training, got 'fast'"),
        ({"seed": -1}, "seed: expected a whole number from 0 on, got -1"),
    ],
)
def test_arguments(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        netweight.gradcheck("mlp", **more)


def test_outputs_that_are_not_finite() -> None:
    graph = build.graph(build.log, (2,), name="log")
    with (
        pytest.raises(UsageError, match="expected finite outputs, got 'log' with infinite numbers or NaN"),
        np.errstate(all="ignore"),
    ):
        netweight.gradcheck(graph, np.float32([0, 1]), {})


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["gradcheck", "mlp", "-o", str(tmp_path / "g.json")]) == 0
    assert (
        capsys.readouterr().out.rstrip().splitlines()[-1].startswith("mlp: all 5 gradients agree within 1e-05: 31 of")
    )
    stored = json.loads((tmp_path / "g.json").read_text())
    assert stored["schema"] == "netweight/gradcheck/1"
    assert [tensor["compared"] for tensor in stored["tensors"]] == [5, 15, 3, 6, 2]
    _broken("linear", monkeypatch, _scaled(2, 1.5))
    assert run(["gradcheck", "mlp"]) == 1
    text = capsys.readouterr().out
    assert "fc1.bias[" in text
    assert "relative error 0.33, more than 1e-05" in text
    assert run(["gradcheck", "mlp", "-o", "x.svg"]) == 2
    assert run(["gradcheck", "mpl"]) == 2
    assert run(["gradcheck", "mlp", "--tolerance", "x"]) == 2
