"""ONNX files on the command line: weighed, explained and run, and what is said of those that cannot be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import netweight as package  # noqa: E402
from netweight.cli.main import run  # noqa: E402
from netweight.errors import UnknownNameError, UsageError  # noqa: E402
from netweight.sources.onnx.batch import batched  # noqa: E402

Result = tuple[int, str, str]
Command = Callable[..., Result]
FLOAT = TensorProto.FLOAT


@pytest.fixture
def netweight(capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: object) -> Result:
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def network(rows: Any = "batch", *, nodes: list[Any] | None = None) -> Any:
    """A convolution and a ReLU inside of two modules, a mean and a linear layer."""
    rng = np.random.default_rng(0)
    stored = {"w": (4, 3, 3, 3), "b": (4,), "fc": (10, 4)}
    weights = [
        numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name) for name, shape in stored.items()
    ]
    graph = helper.make_graph(
        [
            helper.make_node(
                "Conv", ["input.1", "w", "b"], ["c"], name="/layer1/layer1.0/conv1/Conv", pads=[1, 1, 1, 1]
            ),
            helper.make_node("Relu", ["c"], ["r"], name="/layer1/layer1.0/Relu"),
            helper.make_node("Sigmoid", ["r"], ["s"], name="/layer1/layer1.0/Sigmoid"),
            helper.make_node("GlobalAveragePool", ["s"], ["g"], name="/pool/GlobalAveragePool"),
            helper.make_node("Flatten", ["g"], ["f"], name="/Flatten"),
            helper.make_node("Gemm", ["f", "fc"], ["y"], name="/fc/Gemm", transB=1),
            *(nodes or []),
        ],
        "main_graph",
        [helper.make_tensor_value_info("input.1", FLOAT, [rows, 3, 8, 8])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.onnx"
    onnx.save(network(), path)
    return path


def process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)


MACS = 4 * 3 * 3 * 3 * 8 * 8 + 10 * 4  # 6,912 of the convolution and 40 of the linear layer
PARAMS = 4 * 3 * 3 * 3 + 4 + 10 * 4


def test_a_file_is_weighed(netweight: Command, small: Path) -> None:
    code, out, err = netweight(small, "--dim", "batch=2")
    assert (code, err) == (0, "")
    assert out.startswith("small (onnx), input input.1 2x3x8x8 float32\n")
    assert re.search(r"^total +152 +13,904 ", out, re.MULTILINE)
    assert re.search(r"^layer1.0.conv1 \+[0-9] +conv, .* 3x3 p1 +2x4x8x8 ", out, re.MULTILINE)
    assert (MACS, PARAMS) == (6_952, 152)
    data = json.loads(netweight(small, "--dim", "batch=1", "--format", "json")[1])
    assert data["model"]["source"] == "onnx"
    assert data["totals"]["macs"] == MACS
    assert data["coverage"]["complete"] is True
    assert data["notes"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--dim", "batch=5"),
        ("--batch", "5"),
        ("--input", "5x3x8x8"),
        ("--input", "input.1:5x3x8x8"),
        ("--input", "input.1:5x3x8x8:f32"),
    ],
)
def test_the_size_of_an_open_dimension(netweight: Command, small: Path, arguments: tuple[str, ...]) -> None:
    data = json.loads(netweight(small, *arguments, "--format", "json")[1])
    assert data["model"]["inputs"] == [{"name": "input.1", "shape": [5, 3, 8, 8], "dtype": "float32"}]
    assert data["totals"]["macs"] == 5 * MACS


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (
            (),
            "error[E101]: input: expected a size for every dimension, got input.1: batch x 3 x 8 x 8",
            "fix: --dim batch=1",
        ),
        (("--dim", "bach=1"), "error[E102]: no symbolic dimension is called 'bach'", "did you mean batch?"),
        (("--dim", "batch"), "error[E101]: dim: expected NAME=SIZE, got 'batch'", "--dim batch=8"),
        (("--dim", "batch=x"), "error[E101]: dim: expected NAME=SIZE, got 'batch=x'", "--dim batch=8"),
        (("--dim", "batch=1", "--dim", "batch=2"), "error[E101]: dim: expected each name once, got 'batch' twice", ""),
        (("--dim", "batch=2", "--batch", "3"), "error[E101]: batch: expected a model that leaves its batch open", ""),
        (("--input", "x:1x3x8x8"), "error[E102]: no input of the model is called 'x'", "its inputs: input.1"),
        (
            ("--input", "1x3x8x8", "--input", "1x1"),
            "error[E101]: input: expected at most 1 inputs, got 2",
            "its inputs: input.1",
        ),
        (
            ("--input", "1x3x8x8", "--batch", "2"),
            "error[E101]: batch: expected the batch in the input's shape, got 2 beside an input",
            "",
        ),
        (("--input", "1x3"), "error[E101]: input: input.1: expected 4 dimensions, got 1x3", ""),
        (("--input", "scalar"), "error[E101]: input: input.1: expected 4 dimensions, got scalar", ""),
        (
            ("--input", "1x4x8x8"),
            "error[E103]: conv: expected",
            "  --> small.onnx: node '/layer1/layer1.0/conv1/Conv' (Conv, opset 17)\n",
        ),
        (
            ("--training", "--dim", "batch=1"),
            "error[E101]: training: expected a model with a training mode, got an ONNX model",
            "--optimizer sgd",
        ),
    ],
)
def test_what_cannot_be_weighed(
    netweight: Command, small: Path, arguments: tuple[str, ...], message: str, fix: str
) -> None:
    code, out, err = netweight(small, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert fix in err
    assert "Traceback" not in err


def test_a_batch_that_the_file_fixes(netweight: Command, tmp_path: Path) -> None:
    onnx.save(network(1), tmp_path / "fixed.onnx")
    assert netweight(tmp_path / "fixed.onnx", "-q")[0] == 0
    code, _, err = netweight(tmp_path / "fixed.onnx", "--batch", 4)
    assert code == 2
    assert "got the symbolic dimensions none" in err
    assert "fix: --input input.1:4x3x8x8" in err
    assert json.loads(netweight(tmp_path / "fixed.onnx", "--input", "4x3x8x8", "--format", "json")[1])["totals"][
        "macs"
    ] == (4 * MACS)


def test_a_size_that_the_file_fixes_is_another_in_a_run(netweight: Command, tmp_path: Path) -> None:
    onnx.save(network(1), tmp_path / "fixed.onnx")
    code, out, _ = netweight("run", tmp_path / "fixed.onnx", "--input", "4x3x8x8")
    assert (code, out.partition("  min")[0]) == (0, "y  float32[4, 10]")


def test_the_batch_is_told_from_other_open_dimensions() -> None:
    made = network()
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    assert package.weigh(made, batch=3, dims={"height": 8}).totals.macs == 3 * MACS
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "samples"
    assert package.weigh(made, batch=3, dims={"height": 8}).totals.macs == 3 * MACS
    made.graph.input.append(helper.make_tensor_value_info("other", FLOAT, ["tokens"]))
    with pytest.raises(UsageError, match="got the symbolic dimensions samples, height, tokens"):
        package.weigh(made, batch=3, dims={"height": 8, "tokens": 2})


@pytest.mark.parametrize(
    ("shapes", "dims", "symbol"),
    [
        ([[1, "n_tokens", 4]], {}, ""),
        ([["seq", "batch", 4]], {}, "batch"),
        ([["seq", "batch", 4]], {"batch": 3}, ""),
        ([["seq", "batch", 4]], {"seq": 10}, "batch"),
        ([["width", 4]], {}, ""),
        ([["sequence_length"]], {}, ""),
        ([["batch_size", "batch_seq"]], {}, "batch_size"),
        ([["s", "my_batch"]], {}, "my_batch"),
        ([["one_batch", "other_batch"]], {}, ""),
        ([["t", "N"]], {}, "N"),
        ([["b", "n", 3]], {}, ""),
        ([["s0", 3], ["s0", "s1"]], {}, "s0"),
        ([["s0", 3], ["s0", "s1"]], {"s0": 2}, ""),
        ([["s0", 3], ["s1", 3]], {}, ""),
        ([["s0", 3], [1, 3]], {}, ""),
        ([["Batch"]], {}, "Batch"),
    ],
)
def test_which_dimension_is_the_batch(shapes: list[Any], dims: dict[str, int], symbol: str) -> None:
    wanted = [helper.make_tensor_value_info(f"x{at}", FLOAT, shape) for at, shape in enumerate(shapes)]
    if symbol:
        assert batched(wanted, dims, 8) == ({symbol: 8, **dims}, {})
    else:
        with pytest.raises(UsageError, match="batch: expected a model that leaves its batch open, got"):
            batched(wanted, dims, 8)


def test_a_batch_of_one_is_a_batch(netweight: Command, small: Path) -> None:
    code, out, err = netweight(small, "--batch", 1, "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["totals"]["macs"] == MACS
    assert netweight("explain", small, "fc", "--batch", 1)[0] == 0
    assert netweight("run", small, "--batch", 1)[1].startswith("y  float32[1, 10]")
    assert package.weigh(small, batch=1).totals.macs == MACS
    assert package.run(small, batch=1).outputs["y"].shape == (1, 10)


def test_a_batch_beside_its_size() -> None:
    assert package.weigh(network(), batch=3, dims={"batch": 3}).totals.macs == 3 * MACS
    with pytest.raises(UsageError, match="got the symbolic dimensions batch, and batch=2"):
        package.weigh(network(), batch=1, dims={"batch": 2})


def test_a_batch_of_one_asks_nothing_of_a_file_that_fixes_it() -> None:
    made = network(1)
    assert package.weigh(made, batch=1).totals.macs == MACS
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    assert package.weigh(made, batch=1, dims={"height": 8}).totals.macs == MACS
    with pytest.raises(UsageError, match=r"expected a size for every dimension, got input\.1: 1 x 3 x height x 8"):
        package.weigh(made, batch=1)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_batch_without_a_name(batch: int) -> None:
    assert package.weigh(network(None), batch=batch).totals.macs == batch * MACS
    assert package.run(network(None), batch=batch).outputs["y"].shape == (batch, 10)


def test_two_inputs_of_which_one_has_another_open_size() -> None:
    made = network(None)
    made.graph.input.append(helper.make_tensor_value_info("other", FLOAT, [None, None]))
    with pytest.raises(UsageError, match="batch: expected a model that leaves its batch open"):
        package.weigh(made, batch=3)
    with pytest.raises(UsageError, match="expected a size for every dimension"):
        package.weigh(made, batch=1)


@pytest.mark.parametrize("name", ["input:0", "onnx::x_0", "a:b:c", "/pool/x.1:2", "x"])
def test_an_array_for_an_input_of_any_name(
    netweight: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made = network()
    made.graph.input[0].name = made.graph.node[0].input[0] = name
    onnx.save(made, tmp_path / "named.onnx")
    monkeypatch.chdir(tmp_path)
    for file in ("x.npy", "0:x.npy"):
        np.save(tmp_path / file, np.ones((2, 3, 8, 8), np.float32))
        code, out, err = netweight("run", "named.onnx", "--input", f"{name}:{file}")
        assert (code, err) == (0, "")
        assert out.startswith("y  float32[2, 10]")
    code, out, err = netweight("run", "named.onnx", "--input", f"{name}:{tmp_path / 'x.npy'}")
    assert (code, err) == (0, "")


def test_an_array_that_is_not_there(netweight: Command, small: Path) -> None:
    code, _, err = netweight("run", small, "--input", "input:0:missing.npy")
    assert code == 2
    assert err.startswith("error[E107]: file: expected arrays in 'missing.npy', got none")


@pytest.mark.parametrize(
    "name", ["0", "onnx::x_0", "a::b", "input 1", "größe", "input:0", "serving:1:2", "/pool/x.1", "-x", "1:f32"]
)
def test_an_input_of_any_name(netweight: Command, tmp_path: Path, name: str) -> None:
    made = network()
    made.graph.input[0].name = made.graph.node[0].input[0] = name
    onnx.save(made, tmp_path / "named.onnx")
    code, out, err = netweight(tmp_path / "named.onnx", "--input", f"{name}:2x3x8x8:f32", "-q")
    assert (code, err) == (0, "")
    assert netweight(tmp_path / "named.onnx", "--input", f"{name}:2x3x8x8", "-q") == (0, out, "")


@pytest.mark.parametrize(
    "layer", ["layer1.0.conv1", "/layer1/layer1.0/conv1/Conv", "/layer1/layer1.0/conv1", "/layer1/layer1.0/conv1/"]
)
def test_a_layer_is_explained_by_its_path(netweight: Command, small: Path, layer: str) -> None:
    code, out, err = netweight("explain", small, layer, "--dim", "batch=1")
    assert (code, err) == (0, "")
    assert "6,912" in out
    assert "layer1.0.conv1" in out


@pytest.mark.parametrize(
    ("layer", "shown"),
    [("/layer1/layer1.0/Relu", "layer1.0.relu"), ("/layer1", "layer1"), ("/Flatten", "flatten"), ("/fc", "fc")],
)
def test_modules_and_operators_are_explained_too(netweight: Command, small: Path, layer: str, shown: str) -> None:
    assert shown in netweight("explain", small, layer, "--batch", 2)[1]


def test_a_layer_that_is_not_there(netweight: Command, small: Path) -> None:
    code, _, err = netweight("explain", small, "/layer1/layer1.0/conv9/Conv", "--dim", "batch=1")
    assert code == 2
    assert err.startswith("error[E102]: no layer of small is called 'layer1.0.conv9")
    assert "did you mean layer1.0.conv1" in err


def test_a_model_object_is_weighed_too() -> None:
    profile = package.weigh(network(), (2, 3, 8, 8))
    assert (profile.model.name, profile.model.source) == ("main_graph", "onnx")
    assert profile.totals.macs == 2 * MACS
    assert package.capture(network(), {"input.1": package.TensorSpec((1, 3, 8, 8))}).spec("y").shape == (1, 10)
    assert package.explain(network(), "fc", dims={"batch": 3}).row.macs == 3 * 40
    assert package.weigh(network(), optimizer="sgd", dims={"batch": 1}).training is not None


def test_sizes_are_whole_numbers() -> None:
    with pytest.raises(UsageError, match="dim: expected a whole number from 0 on for 'batch', got -1"):
        package.weigh(network(), dims={"batch": -1})
    with pytest.raises(UsageError, match=r"expected a shape, a tensor, .*, got 'big' for 'input.1'"):
        package.weigh(network(), {"input.1": "big"})
    with pytest.raises(UsageError, match="dim: expected an ONNX model, got batch for another"):
        package.weigh("alexnet", dims={"batch": 1})


def test_a_partial_report_says_what_is_missing(netweight: Command, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["y"], ["sizes"], name="/up/Cast", to=TensorProto.INT64),
        helper.make_node("Reshape", ["y", "sizes"], ["a"], name="/up/Reshape"),
        helper.make_node("Relu", ["a"], ["z"], name="/up/Relu"),
    ]
    made = network(1, nodes=nodes)
    made.graph.output.append(helper.make_tensor_value_info("z", FLOAT, None))
    onnx.save(made, tmp_path / "partial.onnx")
    code, out, err = netweight(tmp_path / "partial.onnx", "--strict")
    assert code == 1
    assert "1 later operator depends on it and is unknown" in out
    assert err.startswith("strict: ")


# Files that are none


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "file: expected an ONNX model in"),
        (b"", "file: expected an ONNX model, got the empty file"),
        (b"\x80\x02}q", "file: expected an ONNX model, got a pickle"),
        (b"PK\x03\x04rest", "file: expected an ONNX model, got a zip archive"),
        (b"not a model at all", "file: expected an ONNX model"),
    ],
)
def test_files_that_are_no_model(netweight: Command, tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    for command in ("show", "run"):
        code, out, err = netweight(command, path)
        assert (code, out) == (2, "")
        assert err.startswith(f"error[E107]: {message}")


def test_a_directory_and_a_truncated_file(netweight: Command, tmp_path: Path, small: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    assert "got the directory" in netweight(tmp_path / "folder.onnx")[2]
    (tmp_path / "cut.onnx").write_bytes(small.read_bytes()[:-40])
    code, _, err = netweight(tmp_path / "cut.onnx")
    assert code == 2
    assert err.startswith("error[E107]")


def test_no_framework_is_imported_for_a_file(small: Path) -> None:
    code = (
        "import sys; from netweight.cli.main import run; "
        f"assert run([{str(small)!r}, '-q', '--dim', 'batch=1']) == 0; "
        "sys.exit(', '.join({'torch', 'onnxruntime'} & sys.modules.keys()) or 0)"
    )
    found = process(code)
    assert found.returncode == 0, found.stderr


def test_without_onnx_it_says_what_to_install(small: Path) -> None:
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from netweight.cli.main import run\n"
        f"assert run(['alexnet', '-q']) == 0; sys.exit(run([{str(small)!r}]))"
    )
    found = process(code)
    assert found.returncode == 2
    assert found.stderr == (
        "error[E108]: model: expected onnx for this file, got none\n  fix: pip install 'netweight[onnx]'\n"
    )


def test_doctor_knows_onnx(netweight: Command) -> None:
    out = netweight("doctor")[1]
    assert re.search(r"^usable +onnx +\d", out, re.MULTILINE)
    assert re.search(r"^(usable|missing) +onnxruntime ", out, re.MULTILINE)


def expected(x: Any) -> Any:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(network().SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"input.1": x})[0]


@pytest.mark.parametrize("written", ["x.npy", "input.1:x.npy", "x.npz"])
def test_a_file_is_run(netweight: Command, small: Path, written: str) -> None:
    x = np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)
    target = small.with_name("y.npz")
    *name, file = written.split(":")
    if file == "x.npy":
        np.save(small.with_name(file), x)
    else:
        np.savez(small.with_name(file), **{"input.1": x})
    argument = ":".join([*name, str(small.with_name(file))])
    code, out, err = netweight("run", small, "--input", argument, "-o", target)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"y  float32\[2, 10\]  min \S+, mean \S+, max \S+\n", out)
    with np.load(target) as found:
        np.testing.assert_allclose(found["y"], expected(x), rtol=1e-5, atol=1e-6)


def test_without_an_input_one_is_made_and_it_says_so(netweight: Command, small: Path) -> None:
    target = small.with_name("y.npy")
    code, out, err = netweight("run", small, "--batch", 2, "--seed", 3, "-o", target)
    assert code == 0
    assert err == "note: input input.1 is random: 2x3x8x8 float32, from N(0, 1), seed 3\n"
    x = np.random.default_rng(3).standard_normal((2, 3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(np.load(target), expected(x), rtol=1e-5, atol=1e-6)
    assert netweight("run", small, "--batch", 2, "--seed", 3)[1] == out
    assert netweight("run", small, "--batch", 2, "--seed", 4)[1] != out


def test_the_same_run_writes_the_same_bytes(netweight: Command, small: Path) -> None:
    for name in ("a.npz", "b.npz"):
        assert netweight("run", small, "--dim", "batch=1", "-o", small.with_name(name))[0] == 0
    assert small.with_name("a.npz").read_bytes() == small.with_name("b.npz").read_bytes()
    assert sorted(path.name for path in small.parent.iterdir()) == ["a.npz", "b.npz", "small.onnx"]


def test_built_in_networks_and_graphs_are_run(netweight: Command, tmp_path: Path) -> None:
    code, out, err = netweight("run", "mlp:widths=5-3-2")
    assert code == 0
    assert err == (
        "note: input x is random: 1x5 float32, from N(0, 1), seed 0\n"
        "note: the weights are random, seed 0: mlp comes without numbers\n"
    )
    from netweight.ir.serial import graph_to_json

    (tmp_path / "graph.json").write_text(graph_to_json(package.capture("mlp:widths=5-3-2")))
    assert netweight("run", tmp_path / "graph.json")[1] == out
    np.save(tmp_path / "x.npy", np.ones((1, 5), np.float32))
    code, _, err = netweight("run", "mlp:widths=5-3-2", "--input", tmp_path / "x.npy")
    assert code == 0
    assert "input x" not in err


def test_numbers_that_follow_from_numbers_are_run_too(netweight: Command, tmp_path: Path) -> None:
    nodes = [helper.make_node("NonZero", ["y"], ["where"])]
    made = network(1, nodes=nodes)
    made.graph.output.append(helper.make_tensor_value_info("where", TensorProto.INT64, None))
    onnx.save(made, tmp_path / "found.onnx")
    code, out, _ = netweight("run", tmp_path / "found.onnx")
    assert code == 0
    assert "where  int64[2, 10]  min 0, mean 2.25, max 9" in out


def test_weights_beside_the_file_are_opened_only_to_run(netweight: Command, tmp_path: Path) -> None:
    path = tmp_path / "beside.onnx"
    onnx.save(network(1), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    alone = tmp_path / "alone.onnx"
    onnx.save(network(1), alone)
    assert netweight("run", path)[1] == netweight("run", alone)[1]
    (tmp_path / "weights.bin").unlink()
    assert json.loads(netweight(path, "--format", "json")[1])["totals"]["macs"] == MACS
    code, out, err = netweight("run", path)
    assert (code, out) == (2, "")
    assert err.startswith("error[E107]: file: expected the external data of 'beside.onnx', got none")


def test_weights_outside_of_the_folder_are_refused(netweight: Command, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(1000))
    (tmp_path / "inner").mkdir()
    made = network(1)
    weight = made.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../secret.bin")
    path = tmp_path / "inner" / "out.onnx"
    path.write_bytes(made.SerializeToString())
    code, out, err = netweight("run", path)
    assert (code, out) == (2, "")
    assert err.startswith("error[E107]: file: expected the external data of 'out.onnx', got none")


@pytest.mark.parametrize(
    ("array", "arguments", "message"),
    [
        (np.ones((1, 4, 8, 8), np.float32), (), "error[E103]: conv: expected"),
        (np.ones((1, 3, 8, 8), np.complex64), (), "error[E101]: run: expected 'input.1' of type"),
        (None, ("--input", "y:{x}"), "error[E102]: no input of the model is called 'y'"),
        (None, ("--input", "{x}", "--input", "{x}"), "error[E101]: input: expected at most 1 inputs, got 2"),
        (None, ("--input", "a:{x}", "--input", "{x}"), "error[E101]: input: expected a name of its own for all 2"),
        (None, ("--input", "nowhere.npy"), "error[E107]: file: expected arrays in 'nowhere.npy', got none"),
        (None, ("--input", "{x}", "-o", "y.txt"), "error[E101]: output: expected a file name ending in .npy or .npz"),
        (
            None,
            ("--input", "{x}", "-o", "no/such/y.npz"),
            "error[E101]: output: expected a file in a folder that is there",
        ),
        (None, ("--input", "1x3x9x9", "--seed", "-1"), "error[E101]: seed: expected a whole number from 0 on, got -1"),
    ],
)
def test_what_cannot_be_run(
    netweight: Command, small: Path, array: Any, arguments: tuple[str, ...], message: str
) -> None:
    x = small.with_name("x.npy")
    np.save(x, np.ones((1, 3, 8, 8), np.float32) if array is None else array)
    given = [argument.format(x=x) for argument in arguments] or ["--input", str(x)]
    code, out, err = netweight("run", small, *given)
    assert (code, out) == (2, "")
    assert err.startswith(message)


@pytest.mark.parametrize("output", ["y.txt", "no/such/y.npz"])
def test_where_the_outputs_go_is_looked_at_before_they_are_computed(
    netweight: Command, small: Path, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netweight.app.run.run", lambda *_, **__: pytest.fail("computed"))
    code, out, err = netweight("run", small, "-o", output)
    assert (code, out) == (2, "")
    assert err.startswith("error[E101]: output: expected a file")


@pytest.mark.parametrize(("said", "shown"), [("Unable to allocate 7 TiB",) * 2, ("", "no more memory")])
def test_a_network_that_does_not_fit_into_memory(
    netweight: Command, small: Path, said: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(*_: Any, **__: Any) -> Any:
        raise MemoryError(said)

    monkeypatch.setattr("netweight.app.run.run", execute)
    code, out, err = netweight("run", small)
    assert (code, out) == (2, "")
    assert err == f"error[E101]: memory: expected a network that fits, got: {shown}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_device_without_room(small: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "netweight", "run", str(small), "--dim", "batch=1"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.endswith("\nerror[E101]: output: expected to write it, got: No space left on device\n")


def test_archives_that_are_none(netweight: Command, small: Path) -> None:
    broken = small.with_name("x.npz")
    broken.write_bytes(b"PK\x03\x04 no archive")
    assert netweight("run", small, "--input", broken)[2].startswith("error[E107]: file: expected arrays in")
    np.savez_compressed(broken, x=np.arange(1000.0))
    whole = broken.read_bytes()
    broken.write_bytes(whole[:60] + bytes(40) + whole[100:])
    assert netweight("run", small, "--input", broken)[2].startswith("error[E107]: file: expected arrays in")


def test_parts_that_a_file_does_not_have(small: Path) -> None:
    from netweight import run as execute

    x = np.ones((1, 3, 8, 8), np.float32)
    (whole,), nested = execute(small, x).outputs.values(), execute(small, {"input": {"1": x}})
    assert nested.notes == ()
    np.testing.assert_array_equal(next(iter(nested.outputs.values())), whole)
    with pytest.raises(UnknownNameError, match=r"no input of the model is called 'input\.2'"):
        execute(small, {"input": {"2": x}})


def test_pickles_are_refused(netweight: Command, small: Path) -> None:
    np.save(small.with_name("x.npy"), np.array([object()], object), allow_pickle=True)
    code, _, err = netweight("run", small, "--input", small.with_name("x.npy"))
    assert code == 2
    assert "Object arrays cannot be loaded when allow_pickle=False" in err
