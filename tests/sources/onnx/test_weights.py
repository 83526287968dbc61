"""Which stored numbers are parameters: one network spelled in the ways that exporters and quantising tools have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.helper import make_node as node  # noqa: E402

import netweight  # noqa: E402

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
SCALES = 8
WEIGHTS = 16 * 8


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return rng().standard_normal(shape).astype(np.float32)


def integers(dtype: Any, *shape: int) -> Any:
    bounds = np.iinfo(dtype)
    return rng().integers(bounds.min, bounds.max, shape, dtype, endpoint=True)


def network(nodes: list[Any], stored: dict[str, Any], x: tuple[int, ...] = (2, 16), dtype: int = FLOAT) -> Any:
    """A model of ``x`` to ``y``; what is stored may be a tensor already."""
    kept = [
        array if isinstance(array, TensorProto) else numpy_helper.from_array(np.asarray(array), name)
        for name, array in stored.items()
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", dtype, x)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        kept,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def multiplied(nodes: list[Any], **stored: Any) -> Any:
    """Nodes that make ``f`` of 16 x 8 numbers, times a scale per column, times ``x``."""
    scaled = [node("Mul", ["f", "s"], ["w"]), node("MatMul", ["x", "w"], ["y"])]
    return network([*nodes, *scaled], {"s": np.abs(normal(1, SCALES)), **stored})


def to(kind: int, x: str, y: str) -> Any:
    return node("Cast", [x], [y], to=kind)


TAKEN_APART = [
    node("BitwiseAnd", ["q", "mask"], ["low"]), node("BitShift", ["q", "four"], ["high"], direction="RIGHT"),
    node("Concat", ["low", "high"], ["n"], axis=0),
]  # fmt: skip
NIBBLES = {"q": integers(np.uint8, 8, 8), "mask": np.uint8(15), "four": np.uint8(4)}
PACKED = {
    "concatenated, then cast": multiplied([*TAKEN_APART, to(FLOAT, "n", "f")], **NIBBLES),
    "cast, then concatenated": multiplied(
        [*TAKEN_APART[:2], to(FLOAT, "low", "l"), to(FLOAT, "high", "h"), node("Concat", ["l", "h"], ["f"], axis=0)],
        **NIBBLES,
    ),
    "divided": multiplied(
        [node("Mod", ["q", "m"], ["low"]), node("Div", ["q", "m"], ["high"]), TAKEN_APART[2], to(FLOAT, "n", "f")],
        q=integers(np.uint8, 8, 8), m=np.uint8(16),
    ),
    "shifted by a table": multiplied(
        [
            node("Unsqueeze", ["q", "axis"], ["u"]), to(TensorProto.UINT32, "u", "words"),
            node("BitShift", ["words", "shifts"], ["v"], direction="RIGHT"), node("BitwiseAnd", ["v", "mask"], ["n"]),
            node("Reshape", ["n", "sizes"], ["r"]), to(FLOAT, "r", "f"),
        ],
        q=integers(np.int32, 2, 8), axis=np.array([1]), mask=np.uint32(15), sizes=np.array([16, 8]),
        shifts=(4 * np.arange(8, dtype=np.uint32)).reshape(1, 8, 1),
    ),
}  # fmt: skip
BYTES = {"q": integers(np.int8, 16, 8)}
WHOLE = {
    "cast": multiplied([to(FLOAT, "q", "f")], **BYTES),
    "int4": multiplied([to(FLOAT, "q", "f")], q=helper.make_tensor("q", TensorProto.INT4, [16, 8], [3] * 128)),
    "turned, then cast": multiplied(
        [
            node("Reshape", ["q", "sizes"], ["r"]), node("Transpose", ["r"], ["t"]), node("Identity", ["t"], ["i"]),
            to(FLOAT, "i", "f"),
        ],
        q=integers(np.int8, 16, 8), sizes=np.array([8, 16]),
    ),
    "int16": multiplied([to(FLOAT, "q", "f")], q=integers(np.int16, 16, 8)),
    "int32": multiplied([to(FLOAT, "q", "f")], q=integers(np.int32, 16, 8) // 2**24),
    "zero points, floating": multiplied(
        [to(FLOAT, "q", "a"), to(FLOAT, "z", "b"), node("Sub", ["a", "b"], ["f"])], **BYTES, z=integers(np.int8, 1, 8)
    ),
    "zero points, whole": multiplied(
        [
            to(TensorProto.INT32, "q", "a"), to(TensorProto.INT32, "z", "b"), node("Sub", ["a", "b"], ["d"]),
            to(FLOAT, "d", "f"),
        ],
        **BYTES, z=integers(np.int8, 1, 8),
    ),
}  # fmt: skip


def size(name: str) -> int:
    """Bytes of the weights and scales, by hand: 128 weights, 8 floating scales, 8 zero points if it has some."""
    bits = {"int4": 4, "int16": 16, "int32": 32}.get(name, 4 if name in PACKED else 8)
    return WEIGHTS * bits // 8 + 4 * SCALES + (SCALES if name.startswith("zero") else 0)


@pytest.mark.parametrize("name", [*WHOLE, *PACKED])
def test_weights_of_whole_numbers(name: str) -> None:
    profile = netweight.weigh({**WHOLE, **PACKED}[name])
    assert profile.coverage.complete
    assert profile.totals.params == WEIGHTS + SCALES
    assert profile.totals.model_size_bytes == size(name)
    assert profile.totals.macs == 2 * WEIGHTS


@pytest.mark.parametrize("name", [*WHOLE, *PACKED])
def test_they_run_as_onnx_runtime_does(name: str) -> None:
    runtime = pytest.importorskip("onnxruntime")
    model = {**WHOLE, **PACKED}[name]
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x = normal(2, 16)
    (wanted,) = session.run(None, {"x": x})
    found = netweight.run(model, x).outputs["y"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def test_a_code_book() -> None:
    """16 numbers that four bits choose from: the book, the packed places and the scales are the weights."""
    chosen = [*TAKEN_APART, to(INT64, "n", "places"), node("Gather", ["book", "places"], ["f"])]
    totals = netweight.weigh(multiplied(chosen, **NIBBLES, book=normal(16))).totals
    assert totals.params == WEIGHTS + 16 + SCALES
    assert totals.model_size_bytes == WEIGHTS // 2 + 4 * (16 + SCALES)


@pytest.mark.parametrize("first", ["cast", "gather"])
def test_a_table_of_bytes(first: str) -> None:
    """30 rows of 8 bytes, and a scale for each row."""
    stored = {"q": integers(np.int8, 30, 8), "s": normal(30, 1)}
    if first == "cast":
        nodes = [to(FLOAT, "q", "f"), node("Mul", ["f", "s"], ["w"]), node("Gather", ["w", "x"], ["y"])]
    else:
        nodes = [
            node("Gather", ["q", "x"], ["g"]), node("Gather", ["s", "x"], ["t"]), to(FLOAT, "g", "f"),
            node("Mul", ["f", "t"], ["y"]),
        ]  # fmt: skip
    totals = netweight.weigh(network(nodes, stored, (1, 5), INT64)).totals
    assert (totals.params, totals.model_size_bytes) == (30 * 8 + 30, 30 * 8 + 4 * 30)


def test_a_bias_of_whole_numbers() -> None:
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]), node("MatMulInteger", ["xq", "q", "xz"], ["i"]),
        node("Add", ["i", "b"], ["ib"]), to(FLOAT, "ib", "f"), node("Mul", ["f", "xs"], ["y"]),
    ]  # fmt: skip
    totals = netweight.weigh(network(nodes, {**BYTES, "b": integers(np.int32, 8)})).totals
    assert (totals.params, totals.model_size_bytes) == (WEIGHTS + 8, WEIGHTS + 4 * 8)


TABLE = {"table": normal(30, 8), "places": normal(10, 8)}
NO_WEIGHTS = {
    "positions": (
        [
            node("Gather", ["table", "x"], ["a"]), node("Gather", ["places", "at"], ["b"]),
            node("Add", ["a", "b"], ["y"]),
        ],
        {**TABLE, "at": np.arange(5).reshape(1, 5)}, 30 * 8 + 10 * 8,
    ),
    "angles": (
        [
            node("Gather", ["table", "x"], ["a"]), to(FLOAT, "at", "f"), node("Mul", ["f", "speed"], ["angle"]),
            node("Sin", ["angle"], ["b"]), node("Add", ["a", "b"], ["y"]),
        ],
        {"table": TABLE["table"], "at": np.arange(5).reshape(5, 1), "speed": normal(8)}, 30 * 8 + 8,
    ),
    "a mask of truth": (
        [node("Gather", ["table", "x"], ["a"]), node("Where", ["mask", "a", "low"], ["y"])],
        {"table": TABLE["table"], "mask": np.tril(np.ones((5, 8), bool)), "low": np.float32(-1e9)}, 30 * 8,
    ),
    **{
        f"a mask of {low}": (
            [node("Gather", ["table", "x"], ["a"]), node("Add", ["a", "mask"], ["y"])],
            {"table": TABLE["table"], "mask": np.triu(np.full((5, 8), low, np.float32), 1)}, 30 * 8,
        )
        for low in (-np.inf, -65504.0, np.finfo(np.float32).min)
    },
    "a mask of ones": (
        [node("Gather", ["table", "x"], ["a"]), node("Mul", ["a", "mask"], ["y"])],
        {"table": TABLE["table"], "mask": np.tril(np.ones((5, 8), np.float32))}, 30 * 8,
    ),
    "lengths": (
        [
            node("Gather", ["table", "x"], ["a"]), node("Transpose", ["a"], ["t"], perm=[1, 0, 2]),
            node("RNN", ["t", "w", "r", "", "long"], ["y"], hidden_size=4),
        ],
        {"table": TABLE["table"], "w": normal(1, 4, 8), "r": normal(1, 4, 4), "long": np.array([3], np.int32)},
        30 * 8 + 4 * 8 + 4 * 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_WEIGHTS)
def test_what_is_no_weight(name: str) -> None:
    nodes, stored, params = NO_WEIGHTS[name]
    assert netweight.weigh(network(nodes, stored, (1, 5), INT64)).totals.params == params


def test_a_bias_of_the_size_of_a_mask_is_a_weight() -> None:
    nodes = [node("Gather", ["table", "x"], ["a"]), node("Add", ["a", "bias"], ["y"])]
    for bias in (normal(5, 8), np.zeros((5, 8), np.float32), np.full((5, 8), -0.1, np.float32)):
        stored = {"table": TABLE["table"], "bias": bias}
        assert netweight.weigh(network(nodes, stored, (1, 5), INT64)).totals.params == 30 * 8 + 5 * 8


@pytest.mark.parametrize(
    ("form", "params"),
    [
        ({"value_floats": [0.5] * 8}, 8),
        ({"value": numpy_helper.from_array(normal(8))}, 8),
        ({"value": numpy_helper.from_array(normal(1, 8))}, 8),
        ({"value_float": 0.5}, 0),
        ({"value": numpy_helper.from_array(np.float32(0.5))}, 0),
    ],
)
def test_constants_in_every_form(form: dict[str, Any], params: int) -> None:
    nodes = [node("Constant", [], ["b"], **form), node("MatMul", ["x", "w"], ["h"]), node("Add", ["h", "b"], ["y"])]
    assert netweight.weigh(network(nodes, {"w": normal(16, 8)})).totals.params == WEIGHTS + params


def test_a_weight_in_a_constant() -> None:
    nodes = [
        node("Constant", [], ["k"], value_floats=normal(WEIGHTS).tolist()),
        node("Constant", [], ["n"], value_ints=[16, 8]),
        node("Reshape", ["k", "n"], ["w"]), node("MatMul", ["x", "w"], ["y"]),
    ]  # fmt: skip
    assert netweight.weigh(network(nodes, {})).totals.params == WEIGHTS


def test_equal_numbers_are_no_weight_but_in_the_place_of_one() -> None:
    made = node("ConstantOfShape", ["n"], ["k"])
    added = [node("Add", ["x", "k"], ["y"])]
    assert netweight.weigh(network([made, *added], {"n": np.array([2, 16])})).totals.params == 0
    factor = [node("MatMul", ["x", "k"], ["y"])]
    assert netweight.weigh(network([made, *factor], {"n": np.array([16, 8])})).totals.params == WEIGHTS


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("logit_scale", 1), ("blocks.0.gate", 1), ("onnx::Mul_7", 0), ("val_3", 0), ("/Constant_output_0", 0),
        ("scalar_tensor_default", 0), ("epsilon", 0), ("one", 0), ("net/sqrt/y:0", 0), ("w_zero_point", 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("through", [(), ("Exp",)])
def test_a_number_is_learned_if_it_is_called_so(name: str, params: int, through: tuple[str, ...]) -> None:
    nodes = [node(op, [name], ["factor"]) for op in through]
    nodes += [node("MatMul", ["x", "w"], ["h"]), node("Mul", ["h", "factor" if through else name], ["y"])]
    stored = {"w": normal(16, 8), name: np.float32(2)}
    assert netweight.weigh(network(nodes, stored)).totals.params == WEIGHTS + params


def test_the_scale_of_an_integer_product_is_no_parameter() -> None:
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]),
        node("MatMulInteger", ["xq", "q", "xz", "w_zero_point"], ["i"]),
        to(FLOAT, "i", "f"), node("Mul", ["xs", "w_scale"], ["s"]), node("Mul", ["f", "s"], ["y"]),
    ]  # fmt: skip
    stored = {**BYTES, "w_scale": np.float32(0.1), "w_zero_point": np.int8(3)}
    assert netweight.weigh(network(nodes, stored)).totals.params == WEIGHTS


def test_what_nothing_reads_is_left_out() -> None:
    nodes = [
        node("MatMul", ["x", "w"], ["y"]), node("MatMul", ["x", "dead"], ["h"]), node("Relu", ["h"], ["nobody"]),
    ]  # fmt: skip
    model = network(nodes, {"w": normal(16, 8), "dead": normal(16, 64)})
    profile = netweight.weigh(model)
    assert (profile.totals.params, profile.totals.macs) == (WEIGHTS, 2 * WEIGHTS)
    assert profile.coverage.complete
    assert profile.notes == ("left out, as nothing reads what they make: 1 MatMul, 1 Relu",)
    assert list(netweight.run(model, normal(2, 16)).outputs) == ["y"]


def test_tables_that_only_choose_are_no_weights() -> None:
    """A table that is cut, cast and compared with a number is a mask, whatever its numbers; a factor is a weight."""
    chosen = [
        node("Slice", ["table", "begin", "end"], ["cut"]), node("Greater", ["cut", "half"], ["mask"]),
        node("Where", ["mask", "x", "low"], ["y"]),
    ]  # fmt: skip
    stored = {
        "table": normal(2, 32), "begin": np.array([0, 0]), "end": np.array([2, 16]),
        "half": np.float32(0.5), "low": np.float32(-np.inf),
    }  # fmt: skip
    found = netweight.weigh(network(chosen, stored))
    assert (found.totals.params, found.totals.model_size_bytes) == (0, 0)
    factor = netweight.weigh(network([*chosen[:2], node("Mul", ["x", "cut"], ["y"])], stored))
    assert factor.totals.params == 2 * 32
    threshold = [node("Greater", ["x", "t"], ["mask"]), node("Where", ["mask", "x", "low"], ["y"])]
    learned = netweight.weigh(network(threshold, {"t": normal(16), "low": np.float32(0)}))
    assert learned.totals.params == 16


def test_the_bias_of_a_product_is_one() -> None:
    nodes = [node("MatMul", ["x", "w"], ["h"]), node("Add", ["b", "h"], ["y"])]
    totals = netweight.weigh(network(nodes, {"w": normal(16, 8), "b": normal(8)})).totals
    assert (totals.params, totals.params_no_bias) == (WEIGHTS + 8, WEIGHTS)
