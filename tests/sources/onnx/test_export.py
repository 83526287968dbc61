"""``netweight.export`` and its command: files, weights, names, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import Graph, TensorSpec, UnsupportedOpError, UsageError, build
from netweight.cli.main import run as command
from netweight.errors import CaptureError, FormatError, UnknownNameError
from netweight.ir import Node, Value
from netweight.ops.pointwise.unary import CastAttrs

onnx = pytest.importorskip("onnx")

from netweight.sources.onnx.model import read_graph  # noqa: E402
from netweight.sources.onnx.write.writer import to_onnx  # noqa: E402


def describe(x: build.Symbol) -> build.Symbol:
    """A convolution whose weight is large enough to lie beside the model, and a linear layer whose weight is not."""
    x = build.relu(build.conv2d(x, 32, kernel_size=3, padding=1, name="conv"), name="relu")
    x = build.flatten(build.adaptive_avg_pool2d(x, 1, name="pool"), 1, name="flatten")
    return build.linear(x, 3, name="fc")


def small() -> Graph:
    return build.graph(describe, (1, 4, 8, 8), name="small")


def test_files_are_written_whole(tmp_path: Path) -> None:
    graph = small()
    weights = netweight.initialize(graph, seed=3)
    found = netweight.export(graph, tmp_path / "small.onnx", weights=weights)
    assert (found.path, found.data, found.notes) == (tmp_path / "small.onnx", None, ())
    model = onnx.load(found.path)
    stored = {entry.name: onnx.numpy_helper.to_array(entry) for entry in model.graph.initializer}
    np.testing.assert_array_equal(stored["conv.weight"], weights["conv.weight"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["small.onnx"]


def test_large_weights_beside_the_model(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    import onnxruntime

    graph = small()
    weights = netweight.initialize(graph)
    inside = netweight.export(graph, tmp_path / "inside.onnx", weights=weights)
    beside = netweight.export(graph, str(tmp_path / "beside.onnx"), weights=weights, external=True)
    assert beside.data == tmp_path / "beside.onnx.data"
    # 32 x 4 x 3 x 3 floats are 4,608 bytes; the 384 bytes of fc.weight and all biases are less than 1 KiB.
    assert beside.data.stat().st_size == 4608
    onnx.checker.check_model(str(beside.path), full_check=True)
    x = np.ones((1, 4, 8, 8), np.float32)
    ours, theirs = (onnxruntime.InferenceSession(found.path).run(None, {"x": x})[0] for found in (inside, beside))
    np.testing.assert_array_equal(ours, theirs)
    again = netweight.export(beside.path, tmp_path / "again.onnx")
    assert netweight.weigh(again.path).totals == netweight.weigh(graph).totals
    outside = onnx.load(beside.path, load_external_data=False)
    assert outside.graph.initializer[0].external_data[0].value == "beside.onnx.data"


def test_same_files_in_two_runs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        netweight.export("lenet5", tmp_path / name / "net.onnx", external=True)
    for name in ("net.onnx", "net.onnx.data"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    target = tmp_path / "old.onnx"
    target.write_bytes(b"old")
    with pytest.raises(UsageError, match=r"expected an array for parameter 'conv.weight', got none"):
        netweight.export(small(), target, weights={}, external=True)
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("old.onnx", b"old")]


def test_what_is_refused(tmp_path: Path) -> None:
    graph = small()
    with pytest.raises(UsageError, match=r"expected a file name ending in .onnx or .json, got 'net.pb'"):
        netweight.export(graph, tmp_path / "net.pb")
    with pytest.raises(UsageError, match=r"expected to write '.*net.onnx', got: No such file"):
        netweight.export(graph, tmp_path / "missing" / "net.onnx")
    with pytest.raises(UsageError, match=r"expected floating numbers in 'conv', got int8, which is for figures only"):
        netweight.export(graph, tmp_path / "net.onnx", bits="8")
    wrong = {**netweight.initialize(graph), "fc.bias": np.zeros(4)}
    with pytest.raises(UsageError, match=r"expected 'fc.bias' of shape \(3,\), got \(4,\)"):
        netweight.export(graph, tmp_path / "net.onnx", weights=wrong)
    with pytest.raises(FormatError, match="got none"):
        netweight.export(tmp_path / "none.onnx", tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def unknown(*ops: tuple[str, Any, str]) -> Graph:
    """A chain of operators, each with its attributes and the type of its result."""
    values = [Value(name="x", spec=TensorSpec((2, 2)), kind="input")]
    nodes = []
    for at, (op, attrs, dtype) in enumerate(ops):
        values.append(Value(name=f"y{at}", spec=TensorSpec((2, 2), dtype)))
        nodes.append(Node(op=op, attrs=attrs, inputs=(values[at].name,), outputs=(f"y{at}",), layer=f"layer{at}"))
    named = {value.name: value for value in values}
    return Graph(name="unknown", values=named, nodes=tuple(nodes), inputs=("x",), outputs=(values[-1].name,))


def test_all_missing_operators_are_named_at_once() -> None:
    graph = unknown(
        ("cholesky", None, "float32"),
        ("onnx.Foo", None, "float32"),
        ("cholesky", None, "float32"),
        ("bitcast", CastAttrs(dtype="int32"), "int32"),
        ("cast", CastAttrs(dtype="int4"), "int4"),
        ("cast", CastAttrs(dtype="complex64"), "complex64"),
    )
    expected = (
        r"expected operators that ONNX 20 has, got bitcast before operator set 26, cast of complex numbers, "
        r"cholesky \(2\), numbers of type int4, onnx.Foo"
    )
    with pytest.raises(UnsupportedOpError, match=expected):
        to_onnx(graph)


def test_bits_that_are_floating(tmp_path: Path) -> None:
    found = netweight.export(small(), tmp_path / "half.onnx", bits="16")
    onnx.checker.check_model(str(found.path), full_check=True)
    assert netweight.weigh(found.path).totals.model_size_bytes == 2 * netweight.weigh(small()).totals.params


def test_layers_and_modules_in_the_file() -> None:
    graph = build.graph(lambda x: build.relu(build.linear(x, 4, name="fc"), name="act"), (2, 3, 4), name="named")
    twice = replace(graph.nodes[-1], outputs=("again",), inputs=graph.nodes[-1].outputs)  # the same layer once more
    again = Value(name="again", spec=graph.spec(graph.outputs[0]))
    graph = replace(
        graph,
        modules={"fc": "Linear"},
        values={**graph.values, "again": again},
        nodes=(*graph.nodes, twice),
        outputs=("again",),
    )
    model = to_onnx(graph)
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    # Three ONNX nodes are the linear layer: Reshape, Gemm, Reshape.
    kinds = {node.name: {entry.key: entry.value for entry in node.metadata_props} for node in model.graph.node}
    assert kinds["fc"]["pkg.torch.onnx.class_hierarchy"] == "['named', 'Linear', 'Reshape']"
    assert kinds["fc.gemm"]["netweight.layer"] == "fc"
    read = read_graph(model).graph
    assert read.modules == {"fc": "Linear"}
    assert names[-2:] == ["act", "act_1"]
    assert {node.layer for node in read.nodes} == {"fc", "act"}


def test_outputs_that_no_operator_makes() -> None:
    values = {"x": Value(name="x", spec=TensorSpec((2,)), kind="input")}
    graph = Graph(name="", values=values, nodes=(), inputs=("x",), outputs=("x",))
    model = to_onnx(graph)
    onnx.checker.check_model(model, full_check=True)
    assert [output.name for output in model.graph.output] == ["x.output"]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "net.onnx"
    assert command(["export", "lenet5", "-o", str(target), "--seed", "4"]) == 0
    out, err = capsys.readouterr()
    assert err == "note: the weights are random, seed 4: lenet5 comes without numbers\n"
    assert out == f"{target} ({target.stat().st_size:,} bytes)\n"
    assert command(["export", str(target), "-o", str(tmp_path / "copy.onnx"), "--external"]) == 0
    out, err = capsys.readouterr()
    assert (err, " and " in out) == ("", True)
    assert command(["export", "lenet5", "-o", str(target), "--no-weights"]) == 0
    assert "zeros that take no room" in capsys.readouterr().err
    assert target.stat().st_size < 5_000
    assert command(["export", "lenet5", "-o", str(target), "--bits", "8"]) == 2
    assert "error[E101]: export: expected floating numbers in 'C1', got int8" in capsys.readouterr().err


def test_weights_of_another_network(tmp_path: Path) -> None:
    graph = small()
    weights = {**netweight.initialize(graph, seed=3), "fc.weigth": np.ones(2)}
    with pytest.raises(UnknownNameError, match=r"no weight of the network is called 'fc\.weigth'"):
        netweight.export(graph, tmp_path / "net.onnx", weights=weights)


def test_a_branch_that_is_guessed(tmp_path: Path) -> None:
    """Of ``a * a if c else -a`` one arm would be the file."""
    helper, kind = onnx.helper, onnx.TensorProto
    arms = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(op, given, [name])], name, [], [helper.make_tensor_value_info(name, kind.FLOAT, [2])]
        )
        for name, op, given in (("then", "Mul", ["a", "a"]), ("else", "Neg", ["a"]))
    }
    given = [
        helper.make_tensor_value_info("c", kind.BOOL, []),
        helper.make_tensor_value_info("a", kind.FLOAT, [2]),
    ]
    node = helper.make_node("If", ["c"], ["y"], **arms)
    model = helper.make_model(
        helper.make_graph([node], "g", given, [helper.make_tensor_value_info("y", kind.FLOAT, [2])])
    )
    with pytest.raises(CaptureError, match="export: expected a network without guesses, got: If"):
        netweight.export(model, tmp_path / "net.onnx")
    found = netweight.export(model, tmp_path / "net.onnx", guesses=True)
    assert any("which branch runs" in note for note in found.notes)
