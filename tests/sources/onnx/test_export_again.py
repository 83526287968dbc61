"""A file that is read and written again and again does not grow, and stays the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.helper import make_node as node  # noqa: E402

import netweight  # noqa: E402

FLOAT = TensorProto.FLOAT
HIDDEN = 4


def normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def network(nodes: list[Any], x: tuple[int, ...], stored: dict[str, Any], outputs: tuple[str, ...] = ("y",)) -> Any:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, x)],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def recurrent(kind: str, gates: int, direction: str, *, states: bool) -> Any:
    """A layer with a bias, whose steps are read without the dimension of the directions, as exporters write it."""
    ways = 2 if direction == "bidirectional" else 1
    names = ["h0"] if kind == "GRU" else ["h0", "c0"]
    stored = {
        "w": normal(ways, gates * HIDDEN, 6), "r": normal(ways, gates * HIDDEN, HIDDEN),
        "b": normal(ways, 2 * gates * HIDDEN), **{name: normal(ways, 2, HIDDEN) for name in names},
        "sizes": np.array([0, 0, -1]), "axes": np.array([0]),
    }  # fmt: skip
    read = ["x", "w", "r", "b", "", *(names if states else [])]
    nodes = [
        node(kind, read, ["s", "h"], hidden_size=HIDDEN, direction=direction),
        node("Transpose", ["s"], ["t"], perm=[0, 2, 1, 3]), node("Reshape", ["t", "sizes"], ["y"]),
    ]  # fmt: skip
    return network(nodes, (5, 2, 6), stored, ("y", "h"))


def in_other_order() -> Any:
    """An LSTM whose gates the file puts in ONNX's order, as PyTorch's exporter does for cells."""
    stored = {"wi": normal(16, 6), "wh": normal(16, HIDDEN), "bi": normal(16), "bh": normal(16), "a": np.array([0])}
    stored |= {f"n{at}": np.array([HIDDEN * at]) for at in range(5)}
    nodes = []
    for name in ("wi", "wh", "bi", "bh"):
        cuts = ((0, 1), (3, 4), (1, 3))
        nodes += [node("Slice", [name, f"n{a}", f"n{b}", "a"], [f"{name}{a}"]) for a, b in cuts]
        nodes.append(node("Concat", [f"{name}0", f"{name}3", f"{name}1"], [f"{name}s"], axis=0))
    nodes.append(node("Concat", ["bis", "bhs"], ["bs"], axis=0))
    nodes += [node("Unsqueeze", [f"{name}s", "a"], [name + "u"]) for name in ("wi", "wh", "b")]
    nodes.append(node("LSTM", ["x", "wiu", "whu", "bu"], ["y"], hidden_size=HIDDEN))
    return network(nodes, (5, 2, 6), stored)


NETWORKS = {
    "lstm": recurrent("LSTM", 4, "forward", states=False),
    "lstm with states": recurrent("LSTM", 4, "forward", states=True),
    "lstm both ways": recurrent("LSTM", 4, "bidirectional", states=True),
    "gru both ways": recurrent("GRU", 3, "bidirectional", states=True),
    "gates in another order": in_other_order(),
    "bytes": network(
        [
            node("Cast", ["q"], ["f"], to=FLOAT), node("Mul", ["f", "s"], ["w"]), node("MatMul", ["x", "w"], ["y"]),
        ],
        (2, 6), {"q": np.arange(24, dtype=np.int8).reshape(6, 4), "s": normal(1, 4)},
    ),
    "equal numbers": network(
        [node("ConstantOfShape", ["n"], ["k"]), node("Add", ["x", "k"], ["y"])], (32, 32), {"n": np.array([32, 32])}
    ),
    "a convolution": network(
        [
            node("Conv", ["x", "w", "b"], ["c"], name="/stem/conv/Conv"), node("Relu", ["c"], ["r"]),
            node("Flatten", ["r"], ["f"]), node("Gemm", ["f", "v"], ["y"], name="/head/Gemm"),
        ],
        (1, 3, 6, 6), {"w": normal(4, 3, 3, 3), "b": normal(4), "v": normal(64, 5)},
    ),
}  # fmt: skip


def test_equal_numbers_take_no_room(tmp_path: Path) -> None:
    """A kilobyte is more than a shape and one number; 1,024 numbers are four."""
    netweight.export(NETWORKS["equal numbers"], tmp_path / "e.onnx")
    assert (tmp_path / "e.onnx").stat().st_size < 1024


@pytest.mark.parametrize("name", NETWORKS)
def test_written_twice_is_written_once(name: str, tmp_path: Path) -> None:
    made = NETWORKS[name]
    x = normal(*[dim.dim_value for dim in made.graph.input[0].type.tensor_type.shape.dim])
    wanted, plain = netweight.run(made, x).outputs, netweight.weigh(made).totals
    sizes, nodes = [], []
    model: Any = made
    for at in range(4):
        path = tmp_path / f"{at}.onnx"
        netweight.export(model, path)
        model = path
        sizes.append(path.stat().st_size)
        nodes.append(len(onnx.load(path).graph.node))
        totals = netweight.weigh(path).totals
        assert (totals.params, totals.macs) == (plain.params, plain.macs)
        found = netweight.run(path, x).outputs
        for ours, theirs in zip(found.values(), wanted.values(), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert nodes[1] <= nodes[0]
    assert nodes[2] == nodes[3] == nodes[1]
    assert sizes[1] <= sizes[0] + 64  # names are numbered anew
    assert sizes[3] <= sizes[1] + 64
