"""Branches, loops and functions: what is counted, how often, under which names, and what the notes say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import netweight  # noqa: E402
from netweight.errors import FormatError, UnsupportedOpError  # noqa: E402
from netweight.ir import Filled  # noqa: E402
from netweight.onnx_backend import run_model  # noqa: E402
from netweight.results.profile import Profile  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402

FLOAT, INT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
Nodes = Sequence[Any]
info = helper.make_tensor_value_info
node = helper.make_node


def stored(name: str, *shape: int) -> Any:
    """A weight, the same numbers for the same name."""
    rng = np.random.default_rng(len(name))
    return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)


def number(name: str, value: Any) -> Any:
    return numpy_helper.from_array(np.asarray(value), name)


def model(nodes: Nodes, inputs: Nodes, outputs: Nodes, initializers: Nodes = (), **more: Any) -> Any:
    opset = more.pop("opset", 17)
    graph = helper.make_graph(list(nodes), "net", list(inputs), list(outputs), list(initializers))
    opsets = [helper.make_opsetid("", opset), *more.pop("opsets", ())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)


def body(nodes: Nodes, inputs: Nodes, outputs: Nodes, initializers: Nodes = ()) -> Any:
    return helper.make_graph(list(nodes), "body", list(inputs), list(outputs), list(initializers))


def layers(profile: Profile) -> dict[str, int]:
    """How often each layer is called."""
    return {row.layer: row.calls for row in profile.layers if row.op != "input"}


def same_as_onnx_runtime(made: Any, *arrays: Any) -> list[Any]:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    expected = session.run(None, dict(zip(names, arrays, strict=True)))
    found = run_model(made, list(arrays))
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    return list(found)


# If: the else branch has a matrix of 4 x 16 and one of 16 x 4, the then branch one of 4 x 4.


def branches(condition: Nodes = (), inputs: Nodes = ()) -> Any:
    small = body([node("MatMul", ["x", "w"], ["a"], name="small")], [], [info("a", FLOAT, None)], [stored("w", 4, 4)])
    large = body(
        [node("MatMul", ["x", "u"], ["m"], name="up"), node("MatMul", ["m", "vv"], ["b"], name="down")],
        [],
        [info("b", FLOAT, None)],
        [stored("u", 4, 16), stored("vv", 16, 4)],
    )
    choice = node("If", ["c"], ["y"], name="choice", then_branch=small, else_branch=large)
    return model(
        [*condition, choice, node("Relu", ["y"], ["z"], name="last")],
        [info("x", FLOAT, [3, 4]), *inputs],
        [info("z", FLOAT, None)],
    )


def test_a_known_condition_leaves_one_branch() -> None:
    """Shape -> Gather -> Equal: 3 rows, so that the then branch runs: 3 * 4 * 4 MACs."""
    rows = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["rows"]),
        node("Equal", ["rows", "three"], ["c"]),
    ]
    made = branches(rows)
    made.graph.initializer.extend([number("zero", np.int64(0)), number("three", np.int64(3))])
    profile = netweight.weigh(made)
    assert layers(profile) == {"choice.small": 1, "last": 1}
    assert profile.totals.macs == 3 * 4 * 4
    assert profile.coverage.complete
    assert not profile.notes


def test_of_two_possible_branches_the_dearer_counts() -> None:
    made = branches(inputs=[info("c", BOOL, [])])
    profile = netweight.weigh(made)
    assert layers(profile) == {"choice.up": 1, "choice.down": 1, "last": 1}
    assert profile.totals.macs == 3 * 4 * 16 + 3 * 16 * 4
    assert profile.totals.params == 4 * 16 + 16 * 4
    (note,) = profile.notes
    assert note == (
        "If 'choice': which branch runs follows from numbers that only a run has; the else branch is counted, "
        "the then branch would be 48 MACs and 16 parameters"
    )
    assert not profile.coverage.complete


def test_the_first_branch_is_put_back_if_it_is_the_dearer_one() -> None:
    made = branches(inputs=[info("c", BOOL, [])])
    choice = next(entry for entry in made.graph.node if entry.op_type == "If")
    for attribute in choice.attribute:
        attribute.name = {"then_branch": "else_branch", "else_branch": "then_branch"}[attribute.name]
    profile = netweight.weigh(made)
    assert layers(profile) == {"choice.up": 1, "choice.down": 1, "last": 1}
    assert profile.totals.params == 4 * 16 + 16 * 4
    assert "the then branch is counted, the else branch would be 48 MACs" in profile.notes[0]


def test_a_weight_that_both_branches_read_counts_once() -> None:
    """Also one that is transposed before either branch: the branch that is dropped must not take it along."""
    shared = [info("a", FLOAT, None)]
    cheap = body([node("MatMul", ["x", "t"], ["a"], name="once")], [], shared)
    dear = body(
        [node("MatMul", ["x", "t"], ["m"], name="first"), node("MatMul", ["m", "t"], ["a"], name="second")], [], shared
    )
    for then, other in ((cheap, dear), (dear, cheap)):
        made = model(
            [
                node("Transpose", ["w"], ["t"], name="turned"),
                node("If", ["c"], ["y"], name="choice", then_branch=then, else_branch=other),
                node("MatMul", ["y", "t"], ["z"], name="third"),
            ],
            [info("x", FLOAT, [3, 4]), info("c", BOOL, [])],
            [info("z", FLOAT, None)],
            [stored("w", 4, 4)],
        )
        profile = netweight.weigh(made)
        assert profile.totals.params == 16
        assert profile.totals.macs == 3 * (3 * 4 * 4)
        for choice in (True, False):
            same_as_onnx_runtime(made, np.ones((3, 4), np.float32), np.array(choice))


def test_nested_unknown_branches_are_read_once_each() -> None:
    """Twelve levels: if the branches were read again at every level, there would be 3 ** 12 of them."""
    inner = body([node("Relu", ["x"], ["y0"])], [], [info("y0", FLOAT, None)])
    for level in range(1, 13):
        name = f"y{level}"
        other = body([node("Neg", ["x"], [f"n{level}"])], [], [info(f"n{level}", FLOAT, None)])
        choice = node("If", ["c"], [name], then_branch=inner, else_branch=other)
        inner = body([choice], [], [info(name, FLOAT, None)])
    made = model(
        [node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)],
        [info("x", FLOAT, [3, 4]), info("c", BOOL, [])],
        [info("y", FLOAT, None)],
    )
    assert len(netweight.weigh(made).notes) == 13


# Loop: a matrix of 4 x 4, once per iteration.


def looped(
    trips: Any = None, *, inputs: Nodes = (), condition: str = "", ends: Nodes | None = None, scanned: bool = False
) -> Any:
    again = ends or [node("Identity", ["going"], ["again"])]
    outputs = [info("again", BOOL, []), info("h_next", FLOAT, [3, 4])]
    nodes = [*again, node("MatMul", ["h", "w"], ["h_next"], name="step")]
    if scanned:
        nodes.append(node("Identity", ["h_next"], ["row"]))
        outputs.append(info("row", FLOAT, [3, 4]))
    inside = body(
        nodes, [info("i", INT, []), info("going", BOOL, []), info("h", FLOAT, [3, 4])], outputs, [stored("w", 4, 4)]
    )
    results = ["y", "rows"] if scanned else ["y"]
    loop = node("Loop", ["trips" if trips is not None or not condition else "", condition, "x"], results, name="loop")
    loop.attribute.add().CopyFrom(helper.make_attribute("body", inside))
    constants = [] if trips is None else [number("trips", np.int64(trips))]
    return model([loop], [info("x", FLOAT, [3, 4]), *inputs], [info(name, FLOAT, None) for name in results], constants)


def test_a_constant_trip_count_counts_that_often() -> None:
    made = looped(5, scanned=True)
    profile = netweight.weigh(made)
    assert profile.totals.macs == 5 * (3 * 4 * 4)
    assert profile.totals.params == 16, "the weight of the body is stored once"
    assert layers(profile)["loop.step"] == 5
    assert profile.coverage.complete
    assert netweight.capture(made).spec("rows").shape == (5, 3, 4)
    same_as_onnx_runtime(made, np.ones((3, 4), np.float32))


def test_a_loop_of_no_iterations_gives_what_it_got() -> None:
    made = looped(0, scanned=True)
    profile = netweight.weigh(made)
    assert profile.totals.macs == 0
    found = same_as_onnx_runtime(made, np.ones((3, 4), np.float32))
    assert found[1].shape == (0, 3, 4)


def test_an_unknown_trip_count_counts_one_iteration() -> None:
    made = looped(inputs=[info("trips", INT, [])], scanned=True)
    profile = netweight.weigh(made)
    assert profile.totals.macs == 3 * 4 * 4
    assert profile.notes == ("Loop 'loop': how often it runs is known in a run alone; one iteration is counted",)
    assert not profile.coverage.complete
    found = same_as_onnx_runtime(made, np.ones((3, 4), np.float32), np.array(4))
    assert found[1].shape == (4, 3, 4)


def test_a_trip_count_may_be_given_for_an_input() -> None:
    """Neg twice on the way to the loop: they stay in the graph, and their numbers are known."""
    made = looped(inputs=[info("given", INT, [])], scanned=True)
    twice = [node("Neg", ["given"], ["n"], name="n"), node("Neg", ["n"], ["trips"], name="m")]
    nodes = [*twice, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    given = {"given": Filled(netweight.TensorSpec((), "int64"), 4, 4)}
    profile = netweight.weigh(made, given)
    assert profile.totals.macs == 4 * (3 * 4 * 4)
    assert profile.notes == ("what follows from the numbers of input 'given' holds for those that were given: 4",)
    assert profile.coverage.complete
    assert {"n", "m"} <= layers(profile).keys()
    assert netweight.weigh(made).totals.macs == 3 * 4 * 4


def test_a_condition_of_data_may_end_a_counted_loop() -> None:
    ends = [
        node("ReduceMax", ["h"], ["top"], keepdims=0),
        node("Less", ["top", "limit"], ["again"]),
    ]
    made = looped(6, ends=ends)
    made.graph.initializer.append(number("limit", np.float32(3)))
    profile = netweight.weigh(made)
    assert profile.totals.macs == 6 * (3 * 4 * 4)
    assert profile.notes == ("Loop 'loop': all of its 6 iterations are counted, a run may end it earlier",)
    same_as_onnx_runtime(made, np.full((3, 4), 0.5, np.float32))


def test_only_a_condition_of_data_counts_one_iteration() -> None:
    """A while loop: its trip count is the largest number, or none."""
    ends = [
        node("ReduceMax", ["h"], ["top"], keepdims=0),
        node("Less", ["top", "limit"], ["again"]),
    ]
    for trips in (None, 2**63 - 1):
        made = looped(trips, condition="start", ends=ends)
        made.graph.initializer.extend([number("limit", np.float32(3)), number("start", np.bool_(True))])
        profile = netweight.weigh(made)
        assert profile.totals.macs == 3 * 4 * 4
        assert profile.notes == ("Loop 'loop': how often it runs is known in a run alone; one iteration is counted",)


def test_a_condition_that_is_known_ends_the_loop() -> None:
    ends = [node("Less", ["i", "last"], ["again"])]
    made = looped(100, ends=ends)
    made.graph.initializer.append(number("last", np.int64(6)))
    profile = netweight.weigh(made)
    assert profile.totals.macs == 7 * (3 * 4 * 4), "after the iteration that is number 6 the condition is false"
    assert profile.coverage.complete
    same_as_onnx_runtime(made, np.full((3, 4), 0.1, np.float32))


def test_too_many_iterations_are_not_read_one_by_one() -> None:
    made = looped(10**7, scanned=True)
    profile = netweight.weigh(made)
    assert profile.totals.macs == 3 * 4 * 4
    assert profile.notes == (
        "Loop 'loop': of 10,000,000 iterations one is counted, as all have more than 100,000 operators",
    )
    assert netweight.capture(made).spec("rows").shape == (10**7, 3, 4)


def test_a_state_that_grows_is_followed() -> None:
    """Concat in the loop: 1, 2, 3 rows; with an unknown trip count nobody knows how many."""
    inside = body(
        [
            node("Identity", ["going"], ["again"]),
            node("Concat", ["h", "x"], ["longer"], axis=0),
            node("MatMul", ["longer", "w"], ["h_next"], name="step"),
        ],
        [info("i", INT, []), info("going", BOOL, []), info("h", FLOAT, None)],
        [info("again", BOOL, []), info("h_next", FLOAT, None)],
        [stored("w", 4, 4)],
    )
    loop = node("Loop", ["trips", "", "x"], ["y"], name="loop", body=inside)
    inputs, outputs = [info("x", FLOAT, [1, 4])], [info("z", FLOAT, None)]
    nodes = [loop, node("Relu", ["y"], ["z"], name="last")]
    made = model(nodes, inputs, outputs, [number("trips", np.int64(3))])
    assert netweight.weigh(made).totals.macs == (2 + 3 + 4) * 4 * 4
    assert netweight.capture(made).spec("z").shape == (4, 4)
    made = model(nodes, [*inputs, info("trips", INT, [])], outputs)
    profile = netweight.weigh(made)
    assert [(op.op, op.layer) for op in profile.coverage.unknown] == [("onnx.Relu", "last")]
    assert "left out: the shape follows from how often Loop 'loop' runs" in profile.notes


@pytest.mark.parametrize("changes", [True, False])
def test_only_what_no_iteration_changes_is_known_in_all(*, changes: bool) -> None:
    """A state that starts as a constant is that constant in the first iteration alone, unless it is passed on."""
    passed_on = node("Add", ["k", "k"], ["k_next"]) if changes else node("Identity", ["k"], ["k_next"])
    inside = body(
        [
            node("Identity", ["going"], ["again"]),
            node("Reshape", ["h", "k"], ["r"], name="shaped"),
            node("MatMul", ["r", "w"], ["h_next"], name="step"),
            passed_on,
        ],
        [info("i", INT, []), info("going", BOOL, []), info("h", FLOAT, [3, 4]), info("k", INT, [2])],
        [info("again", BOOL, []), info("h_next", FLOAT, [3, 4]), info("k_next", INT, [2])],
        [stored("w", 4, 4)],
    )
    made = model(
        [node("Loop", ["trips", "", "x", "sizes"], ["y", "k_last"], name="loop", body=inside)],
        [info("x", FLOAT, [3, 4]), info("trips", INT, [])],
        [info("y", FLOAT, None)],
        [number("sizes", np.array([3, 4]))],
    )
    profile = netweight.weigh(made)
    assert [(op.op, op.layer) for op in profile.coverage.unknown] == (
        [("onnx.Reshape", "loop.shaped"), ("onnx.MatMul", "loop.step")] if changes else []
    )
    assert profile.totals.macs == (0 if changes else 3 * 4 * 4)


def test_loops_in_loops_share_layers_and_weights() -> None:
    inner = body(
        [
            node("Identity", ["g"], ["gg"]),
            node("Constant", [], ["w"], value=stored("w", 4, 4)),
            node("MatMul", ["k", "w"], ["kk"]),
        ],
        [info("j", INT, []), info("g", BOOL, []), info("k", FLOAT, [3, 4])],
        [info("gg", BOOL, []), info("kk", FLOAT, [3, 4])],
    )
    outer = body(
        [
            node("Identity", ["going"], ["again"]),
            node("Relu", ["h"], ["r"]),
            node("Loop", ["two", "", "r"], ["m"], body=inner),
            node("Relu", ["m"], ["h_next"]),
        ],
        [info("i", INT, []), info("going", BOOL, []), info("h", FLOAT, [3, 4])],
        [info("again", BOOL, []), info("h_next", FLOAT, [3, 4])],
    )
    made = model(
        [node("Loop", ["three", "", "x"], ["y"], name="loop", body=outer)],
        [info("x", FLOAT, [3, 4])],
        [info("y", FLOAT, None)],
        [number("two", np.int64(2)), number("three", np.int64(3))],
    )
    profile = netweight.weigh(made)
    assert layers(profile) == {"loop.relu": 3, "loop.loop": 6, "loop.relu_1": 3}
    assert profile.totals.params == 16
    assert profile.totals.macs == 6 * (3 * 4 * 4)
    same_as_onnx_runtime(made, np.ones((3, 4), np.float32))


# Scan


def scanned(opset: int = 17, **attributes: Any) -> Any:
    inside = body(
        [
            node("MatMul", ["h", "w"], ["p"], name="step"),
            node("Add", ["p", "part"], ["h_next"], name="plus"),
            node("Neg", ["h_next"], ["out"], name="minus"),
        ],
        [info("h", FLOAT, [3, 4]), info("part", FLOAT, [3, 4])],
        [info("h_next", FLOAT, [3, 4]), info("out", FLOAT, [3, 4])],
        [stored("w", 4, 4)],
    )
    shape = [3, 7, 4] if attributes.get("scan_input_axes") == [1] else [7, 3, 4]
    return model(
        [node("Scan", ["h0", "x"], ["h_last", "y"], name="scan", body=inside, num_scan_inputs=1, **attributes)],
        [info("h0", FLOAT, [3, 4]), info("x", FLOAT, shape)],
        [info("h_last", FLOAT, None), info("y", FLOAT, None)],
        opset=opset,
    )


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("input_back", [0, 1])
@pytest.mark.parametrize("output_back", [0, 1])
def test_the_trip_count_of_a_scan_is_a_size(axis: int, input_back: int, output_back: int) -> None:
    made = scanned(
        scan_input_axes=[axis],
        scan_output_axes=[-1 - axis],
        scan_input_directions=[input_back],
        scan_output_directions=[output_back],
    )
    profile = netweight.weigh(made)
    assert profile.totals.macs == 7 * (3 * 4 * 4)
    assert profile.totals.params == 16
    assert layers(profile)["scan.step"] == 7
    assert profile.coverage.complete
    rng = np.random.default_rng(0)
    shape = (3, 7, 4) if axis else (7, 3, 4)
    h0, x = rng.standard_normal((3, 4)), 0.1 * rng.standard_normal(shape)
    same_as_onnx_runtime(made, h0.astype(np.float32), x.astype(np.float32))


def test_a_scan_of_too_many_slices_is_not_read_slice_by_slice() -> None:
    made = scanned(scan_output_axes=[1])
    made.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 10**8
    profile = netweight.weigh(made)
    assert profile.totals.macs == 3 * 4 * 4
    assert "Scan 'scan': of 100,000,000 iterations one is counted" in profile.notes[0]
    assert netweight.capture(made).spec("y").shape == (3, 10**8, 4)


def test_inputs_of_a_scan_have_one_length() -> None:
    made = scanned()
    made.graph.node[0].input.append("x2")
    made.graph.input.append(info("x2", FLOAT, [6, 3, 4]))
    attribute = next(entry for entry in made.graph.node[0].attribute if entry.name == "num_scan_inputs")
    attribute.i = 2
    inside = next(entry for entry in made.graph.node[0].attribute if entry.name == "body").g
    inside.input.append(info("more", FLOAT, [3, 4]))
    with pytest.raises(FormatError, match=r"Scan: expected inputs of one length, got \[6, 7\]"):
        netweight.weigh(made)


def test_a_scan_of_opset_8_has_a_batch() -> None:
    inside = body(
        [node("Add", ["h", "part"], ["h_next"], name="plus"), node("Identity", ["h_next"], ["out"])],
        [info("h", FLOAT, [4]), info("part", FLOAT, [4])],
        [info("h_next", FLOAT, [4]), info("out", FLOAT, [4])],
    )
    scan = node("Scan", ["", "h0", "x"], ["h_last", "y"], name="scan", body=inside, num_scan_inputs=1)
    made = model(
        [scan],
        [info("h0", FLOAT, [2, 4]), info("x", FLOAT, [2, 5, 4])],
        [info("h_last", FLOAT, None), info("y", FLOAT, None)],
        opset=8,
    )
    profile = netweight.weigh(made)
    assert sum(row.adds for row in profile.layers if row.adds) == 2 * 5 * 4
    h0, x = np.ones((2, 4), np.float32), np.arange(40, dtype=np.float32).reshape(2, 5, 4)
    last, rows = run_model(made, [h0, x])
    np.testing.assert_array_equal(rows, 1 + np.cumsum(x, axis=1))
    np.testing.assert_array_equal(last, rows[:, -1])
    large = type(made)()
    large.CopyFrom(made)
    for entry in large.graph.input:
        entry.type.tensor_type.shape.dim[0].dim_value = 10**9
    profile = netweight.weigh(large)
    assert profile.notes == ("Scan 'scan': of 1,000,000,000 samples one is counted",)
    assert netweight.capture(large).spec("y").shape == (10**9, 5, 4)
    made.graph.initializer.append(number("lengths", np.array([5, 4])))
    made.graph.node[0].input[0] = "lengths"
    with pytest.raises(UnsupportedOpError, match="expected sequences of the same length"):
        netweight.weigh(made)


# Functions


def scale_by(overload: str, times: int) -> Any:
    nodes = [node("MatMul", ["p" if at == 0 else f"m{at - 1}", "q"], [f"m{at}"]) for at in range(times)]
    made = helper.make_function(
        "local", "Scale", ["p", "q"], [f"m{times - 1}"], nodes, [helper.make_opsetid("", 17)], []
    )
    if overload:
        made.overload = overload
    return made


def test_functions_of_the_file_and_their_overloads() -> None:
    first = node("Scale", ["x", "w"], ["a"], name="first", domain="local")
    second = node("Scale", ["a", "w"], ["y"], name="second", domain="local")
    second.overload = "twice"
    made = model(
        [first, second],
        [info("x", FLOAT, [3, 4])],
        [info("y", FLOAT, None)],
        [stored("w", 4, 4)],
        functions=[scale_by("", 1), scale_by("twice", 2)],
        opsets=[helper.make_opsetid("local", 1)],
    )
    profile = netweight.weigh(made)
    assert profile.totals.macs == 3 * (3 * 4 * 4)
    assert profile.totals.params == 16
    assert layers(profile) == {"first": 1, "second.matmul": 1, "second.matmul_1": 1}


def test_a_function_that_calls_itself_is_refused() -> None:
    again = helper.make_function(
        "local", "Again", ["p"], ["q"], [node("Again", ["p"], ["q"], domain="local")], [helper.make_opsetid("", 17)], []
    )
    made = model(
        [node("Again", ["x"], ["y"], domain="local")],
        [info("x", FLOAT, [3, 4])],
        [info("y", FLOAT, None)],
        functions=[again],
        opsets=[helper.make_opsetid("local", 1)],
    )
    with pytest.raises(FormatError, match="expected at most 64 levels of functions and control flow, got more"):
        netweight.weigh(made)


def test_functions_that_double_at_every_level_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty of them would be 2 ** 60 operators."""
    from netweight.sources.onnx import reader

    monkeypatch.setattr(reader, "_MOST", 1_000)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    functions = [helper.make_function("local", "F0", ["p"], ["q"], [node("Relu", ["p"], ["q"])], opsets, [])]
    for level in range(1, 60):
        twice = [
            node(f"F{level - 1}", ["p"], ["m"], domain="local"),
            node(f"F{level - 1}", ["m"], ["q"], domain="local"),
        ]
        functions.append(helper.make_function("local", f"F{level}", ["p"], ["q"], twice, opsets, []))
    made = model(
        [node("F59", ["x"], ["y"], domain="local")],
        [info("x", FLOAT, [3, 4])],
        [info("y", FLOAT, None)],
        functions=functions,
        opsets=[helper.make_opsetid("local", 1)],
    )
    with pytest.raises(FormatError, match="expected at most 1,000 calls of operators, got more"):
        netweight.weigh(made)


# Messages


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda inside: inside.input.pop(), "Loop: expected a body of 3 inputs, got 2"),
        (lambda inside: inside.output.pop(), "Loop: expected a body of at least 2 outputs, got 1"),
    ],
)
def test_a_body_has_the_inputs_and_outputs_of_its_loop(change: Callable[[Any], Any], message: str) -> None:
    made = looped(3)
    change(next(entry for entry in made.graph.node[0].attribute if entry.name == "body").g)
    with pytest.raises(FormatError, match=message) as raised:
        netweight.weigh(made)
    assert raised.value.__notes__ == ["in node 'loop' (Loop, opset 17)"]


def test_an_error_is_located_in_the_innermost_node() -> None:
    made = looped(3)
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5
    with pytest.raises(netweight.ShapeError, match=r"matmul: .*") as raised:
        read_graph(made, place="net.onnx")
    assert raised.value.__notes__ == ["net.onnx: node 'step' (MatMul, opset 17)"]


def test_what_was_left_out_says_where_and_how_much_depends_on_it() -> None:
    made = model(
        [
            node("Reshape", ["x", "sizes"], ["a"], name="/up/Reshape"),
            node("Relu", ["a"], ["b"], name="/up/Relu"),
            node("Neg", ["b"], ["y"], name="/up/Neg"),
        ],
        [info("x", FLOAT, [3, 4]), info("sizes", INT, [2])],
        [info("y", FLOAT, None)],
    )
    profile = netweight.weigh(made)
    (note,) = profile.notes
    assert note == (
        "left out: Reshape '/up/Reshape': the shape follows from the numbers of 'sizes', which only a run has; "
        "2 later operators depend on it and are unknown"
    )
    assert sum(op.count for op in profile.coverage.unknown) == 3
