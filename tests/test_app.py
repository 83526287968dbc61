"""What the user names is decided once, and the verbs of Python are those of the command."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import UsageError, backward, build, capture, initialize, run
from netweight.app.identify import BuiltIn, Given, Module, Named, OnnxFile, Stored, identify
from netweight.errors import CaptureError, FormatError
from netweight.ir import TensorSpec
from netweight.runtime import run as run_graph
from netweight.sources.names import Reference


def two(x: build.Symbol) -> build.Symbol:
    return build.linear(build.relu(build.linear(x, 4)), 2)


GRAPH = build.graph(two, (3, 5))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("alexnet", BuiltIn("alexnet", {})),
        ("mobilenet_v1:width=0.5", BuiltIn("mobilenet_v1", {"width": 0.5})),
        ("no_such_network", BuiltIn("no_such_network", {})),
        ("net.onnx", OnnxFile(Path("net.onnx"))),
        (Path("net.ONNX"), OnnxFile(Path("net.ONNX"))),
        ("net.json", Stored(Path("net.json"))),
        (Path("anything"), Stored(Path("anything"))),
        ("net.py:Net", Named(Reference(kind="file", place="net.py", name="Net"))),
        ("timm:resnet18", Named(Reference(kind="package", place="timm", name="resnet18"))),
        ("package.net:Net", Named(Reference(kind="module", place="package.net", name="Net"))),
        (GRAPH, Given(GRAPH)),
    ],
)
def test_what_a_model_is(model: Any, expected: object) -> None:
    assert identify(model) == expected


def test_what_models_of_frameworks_are() -> None:
    torch, onnx = pytest.importorskip("torch"), pytest.importorskip("onnx")
    module, proto = torch.nn.Linear(1, 1), onnx.ModelProto()
    assert identify(module) == Module(module)
    assert identify(proto) == OnnxFile(proto)
    with pytest.raises(CaptureError, match="got the class Linear") as caught:
        identify(torch.nn.Linear)
    assert caught.value.fix == "weigh an instance: Linear(...)"


def test_a_framework_that_was_never_imported_has_no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.delitem(sys.modules, "onnx", raising=False)
    with pytest.raises(CaptureError, match="got 3"):
        identify(3)  # type: ignore[arg-type]


def test_a_stored_file_is_read_once_after_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, report = tmp_path / "graph.json", tmp_path / "report.json"
    netweight.export(GRAPH, graph)
    report.write_text(netweight.weigh(GRAPH).to_json())
    reads: list[str] = []
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *rest: reads.append(path.name) or opened(path, *rest))
    assert netweight.weigh(str(graph)).layers == netweight.weigh(str(report)).layers == netweight.weigh(GRAPH).layers
    assert capture(graph) == GRAPH
    assert reads == [name for name in ("graph.json", "report.json", "graph.json") for _ in ("mark", "contents")]
    with pytest.raises(FormatError, match=r"expected a graph in '.*', got a report"):
        capture(report)


def test_a_graph_with_weights_runs_as_it_is() -> None:
    """No type is changed, nothing is drawn, and a missing input is an error."""
    weights = initialize(GRAPH, dtype="float64")
    x = np.random.default_rng(0).standard_normal((3, 5))
    done = run(GRAPH, {"x": x}, weights, keep=True)
    expected = run_graph(GRAPH, {"x": x}, weights)
    np.testing.assert_array_equal(done.outputs["linear_1"], expected.outputs["linear_1"])
    assert done.outputs["linear_1"].dtype == np.float64
    assert not done.notes
    assert set(backward(GRAPH, done, {"linear_1": np.ones((3, 2))})) == {"x", *weights}
    with pytest.raises(UsageError, match="an array for input 'x', got none"):
        run(GRAPH, None, weights)


def test_what_is_not_given_is_drawn_and_said() -> None:
    done = run("lenet5", seed=3)
    x = np.random.default_rng(3).standard_normal((1, 1, 32, 32)).astype(np.float32)
    graph = capture("lenet5")
    expected = run_graph(graph, {"x": x}, initialize(graph, seed=3))
    (name,) = graph.outputs
    np.testing.assert_array_equal(done.outputs[name], expected.outputs[name])
    assert done.notes == (
        "input x is random: 1x1x32x32 float32, from N(0, 1), seed 3",
        "the weights are random, seed 3: lenet5 comes without numbers",
    )
    zeros = {key: np.zeros_like(array) for key, array in initialize(graph).items()}
    assert not np.any(run("lenet5", x, zeros).outputs[name])
    assert run("lenet5", x, zeros).notes == ()


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("uint8", 0, 255), ("int8", -128, 127), ("int32", 0, 1), ("int64", 0, 1), ("bool", 0, 1)]
)
def test_whole_numbers_are_drawn_between_bounds_that_both_occur(dtype: str, low: int, high: int) -> None:
    graph = build.graph(build.flatten, TensorSpec((100, 100), dtype))
    done = run(graph)
    (drawn,) = done.outputs.values()
    assert (drawn.dtype, drawn.min(), drawn.max()) == (dtype, low, high)
    assert f"100x100 {dtype}, from {low} to {high}, seed 0" in done.notes[0]


def test_settings_reach_the_graph() -> None:
    assert next(iter(run("lenet5", batch=3).outputs.values())).shape[0] == 3
    kept = run("lenet5", keep="saved", wanted=["C1.weight"])
    assert kept.plan is not None
    assert kept.plan.trained == ("C1.weight",)
    calls: list[int] = []

    def linear(_attrs: None, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        calls.append(weight.shape[0])
        return x @ weight.T + bias

    run(GRAPH, seed=1, kernels={"linear": linear})
    assert calls == [4, 2]


def test_an_onnx_model_can_keep_its_values(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = tmp_path / "two.onnx"
    netweight.export(GRAPH, path, seed=5)
    x = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    plain, kept = run(path, x), run(path, x, keep=True)
    (name,) = plain.outputs
    np.testing.assert_allclose(kept.outputs[name], plain.outputs[name], rtol=1e-6)
    assert len(kept.values) > len(kept.outputs)
    expected = run_graph(GRAPH, {"x": x}, initialize(GRAPH, seed=5)).outputs["linear_1"]
    np.testing.assert_allclose(plain.outputs[name], expected, rtol=1e-5)


@pytest.mark.parametrize(
    "setting",
    [{"batch": 2}, {"inputs": (1, 5)}, {"training": True}, {"dims": {"n": 2}}],
    ids=lambda setting: next(iter(setting)),
)
def test_what_is_described_takes_no_other_description(setting: dict[str, Any], tmp_path: Path) -> None:
    graph, report = tmp_path / "graph.json", tmp_path / "report.json"
    netweight.export(GRAPH, graph)
    report.write_text(netweight.weigh(GRAPH).to_json())
    for model in (GRAPH, graph, report):
        with pytest.raises(UsageError, match=r"^(batch|inputs|training|dims?): expected"):
            netweight.weigh(model, **setting)
    for rest in ({"bits": "8"}, {"optimizer": "sgd"}, {"freeze": ["linear"]}, {"checkpoint": ["linear"]}):
        with pytest.raises(UsageError, match=r"^(bits|optimizer|freeze|checkpoint): expected"):
            netweight.weigh(report, **rest)


def test_what_a_module_is_made_of() -> None:
    found = netweight.explain("resnet18", "layer1")
    assert found.row.module == "layer1"
    assert [row.module for row in found.children] == ["layer1.0", "layer1.1"]
    assert [row.module for row in found.modules] == [""]
    assert found.row.params == sum(row.params for row in found.children) == 4 * (64 * 64 * 9 + 2 * 64)
    assert {row.layer.split(".")[0] for row in found.layers} == {"layer1"}
    inside = netweight.explain("resnet18", "layer1.0")
    assert [row.module for row in inside.modules] == ["", "layer1"]
    assert not inside.children


def test_a_module_with_one_module_inside_is_itself() -> None:
    """Everything of the outer one is in the inner one; the text is about the one that was asked for."""

    def nested(x: build.Symbol) -> build.Symbol:
        with build.scope(x, "outer", "Outer"), build.scope(x, "inner", "Inner"):
            return build.linear(x, 2, name="fc")

    graph = build.graph(nested, (1, 3))
    for name in ("outer", "outer.inner"):
        title = str(netweight.explain(graph, name)).splitlines()[0]
        assert title == f"nested: {name} ({name.split('.')[-1].title()}, 1 layer)"


def test_children_of_a_module_are_those_right_below_it() -> None:
    found = netweight.explain("resnet18", "layer1")
    assert [row.module for row in found.children] == ["layer1.0", "layer1.1"]  # type: ignore[union-attr]
    whole = netweight.explain("resnet18", "layer1.0")
    assert [row.layer for row in whole.layers] == [  # type: ignore[union-attr]
        row.layer for row in netweight.weigh("resnet18").layers if row.layer.startswith("layer1.0.")
    ]
