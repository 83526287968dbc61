"""Subgraphs that operators call, variables, and what runs once before the first run."""

import numpy as np
import pytest

pytest.importorskip("tflite", reason="files are written with the package tflite")

from tests.sources.tflite.writing import Graph, Op, T, written

import netweight
from netweight import runtime
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import Read, read_network

TESTED = {
    "IF", "WHILE", "CALL", "CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "STABLEHLO_COMPOSITE",
    "STABLEHLO_WHILE", "UNIQUE",
}  # fmt: skip
X = T((2, 3))
W = T.of(np.arange(12, dtype=np.float32).reshape(4, 3))


def read(*graphs: Graph) -> Read:
    return read_network(parse_model(written(*graphs)))


def linear(rows: int) -> Graph:
    """A subgraph with one fully connected layer."""
    weight = T.of(np.ones((rows, 3), np.float32), name=f"w{rows}")
    ops = [Op("FULLY_CONNECTED", [0, 1, -1], [2], "FullyConnectedOptions")]
    return Graph([X, weight, T((2, rows))], [0], [2], ops)


def branching(condition: T) -> Graph:
    op = Op("IF", [0, 1], [2], "IfOptions", {"then_subgraph_index": 1, "else_subgraph_index": 2})
    given = [at for at, tensor in enumerate((condition, X)) if tensor.data is None]
    return Graph([condition, X, T((2, 4))], given, [2], [op])


def test_a_known_branch_is_read_alone() -> None:
    found = read(branching(T.of(np.array(False))), linear(4), linear(7))
    assert netweight.weigh(found.graph).totals.macs == 2 * 3 * 7
    assert found.exact


def test_of_two_branches_the_dearer_one_counts() -> None:
    found = read(branching(T((), "bool")), linear(4), linear(7))
    profile = netweight.weigh(found.graph)
    assert profile.totals.macs == 2 * 3 * 7
    assert profile.totals.params == 7 * 3
    assert any("the then branch would be 24 MACs and 12 parameters" in note for note in found.notes)


@pytest.mark.parametrize("kind", ["WHILE", "STABLEHLO_WHILE"])
def test_a_loop_whose_end_is_known_is_read_that_often(kind: str) -> None:
    """Three times a product of 3 x 3 on 2 rows: 3 * 2 * 9 MACs, and one weight of 9."""
    found = read(*looping(T.of(np.array(0, np.int32)), kind))
    profile = netweight.weigh(found.graph)
    assert profile.totals.macs == 3 * 2 * 9
    assert profile.totals.params == 9
    assert found.exact


def test_a_loop_whose_end_follows_from_an_input_counts_once() -> None:
    found = read(*looping(T((), "int32")))
    assert netweight.weigh(found.graph).totals.macs == 2 * 9
    assert any("one iteration is counted" in note for note in found.notes)
    assert not found.exact


def looping(start: T, kind: str = "WHILE") -> tuple[Graph, Graph, Graph]:
    table = {"WHILE": "WhileOptions", "STABLEHLO_WHILE": "StablehloWhileOptions"}[kind]
    op = Op(kind, [0, 1], [2, 3], table, {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    given = [at for at, tensor in enumerate((start, X)) if tensor.data is None]
    network = Graph([start, X, T((), "int32"), X], given, [3], [op])
    count, three, one = T((), "int32"), T.of(np.array(3, np.int32)), T.of(np.array(1, np.int32))
    condition = Graph([count, X, three, T((), "bool")], [0, 1], [3], [Op("LESS", [0, 2], [3])])
    weight = T.of(np.ones((3, 3), np.float32))
    steps = [
        Op("ADD", [0, 2], [4], "AddOptions"), Op("FULLY_CONNECTED", [1, 3, -1], [5], "FullyConnectedOptions"),
    ]  # fmt: skip
    return network, condition, Graph([count, X, one, weight, count, X], [0, 1], [4, 5], steps)


@pytest.mark.parametrize(
    ("kind", "table", "option"),
    [
        ("CALL", "CallOptions", "subgraph"),
        ("STABLEHLO_COMPOSITE", "StableHLOCompositeOptions", "decomposition_subgraph_index"),
    ],
)
def test_a_call_is_what_it_calls(kind: str, table: str, option: str) -> None:
    network = Graph([X, T((2, 4))], [0], [1], [Op(kind, [0], [1], table, {option: 1})])
    assert netweight.weigh(read(network, linear(4)).graph).totals.macs == 2 * 3 * 4


def test_a_subgraph_that_calls_itself_is_refused() -> None:
    again = Graph([X, T((2, 4))], [0], [1], [Op("CALL", [0], [1], "CallOptions", {"subgraph": 1})])
    with pytest.raises(netweight.FormatError, match="at most 32 levels of subgraphs"):
        read(again, again)


def remembering() -> tuple[Graph, Graph]:
    """x + state, which becomes the state; ones at the start."""
    handle, state = T((), "resource"), {"shared_name": "state"}
    ops = [
        Op("CALL_ONCE", [], [], "CallOnceOptions", {"init_subgraph_index": 1}),
        Op("VAR_HANDLE", [], [1], "VarHandleOptions", state), Op("READ_VARIABLE", [1], [2]),
        Op("ADD", [0, 2], [3], "AddOptions"), Op("ASSIGN_VARIABLE", [1, 3], []),
    ]  # fmt: skip
    first = Graph(
        [handle, T.of(np.ones((2, 3), np.float32))], [], [],
        [Op("VAR_HANDLE", [], [0], "VarHandleOptions", state), Op("ASSIGN_VARIABLE", [0, 1], [])],
    )  # fmt: skip
    return Graph([X, handle, X, X], [0], [3], ops), first


def test_a_variable_is_a_buffer_with_a_next_state() -> None:
    found = read(*remembering())
    totals = netweight.weigh(found.graph).totals
    assert (totals.params, totals.buffers) == (0, 6)
    assert list(found.graph.updates) == ["state"]
    x = np.full((2, 3), 5, np.float32)
    (y,) = runtime.run(found.graph, {found.graph.inputs[0]: x}, found.weights()).outputs.values()
    np.testing.assert_array_equal(y, x + 1)


def test_what_runs_once_is_no_work_of_a_run() -> None:
    found = read(*remembering())
    assert [node.op for node in found.graph.nodes] == ["add"]


def test_what_differs_follows_from_numbers_and_is_unknown() -> None:
    numbers = T((5,), "int32")
    network = Graph([numbers, numbers, numbers], [0], [1], [Op("UNIQUE", [0], [1, 2], "UniqueOptions")])
    found = read(network)
    assert not netweight.weigh(found.graph).coverage.complete
    assert any(note.startswith("left out: UNIQUE 0") for note in found.notes)


def test_a_custom_operator_is_unknown_by_its_name() -> None:
    network = Graph([X, T((2, 9))], [0], [1], [Op("CUSTOM", [0], [1], custom="MyOwn")])
    (unknown,) = netweight.weigh(read(network).graph).coverage.unknown
    assert unknown.op == "tflite.MyOwn"


def test_a_rule_of_the_users_counts_a_custom_operator() -> None:
    """2 rows of 9 results from 3 numbers each: 54 MACs, as the rule says."""
    network = Graph([X, T((2, 9))], [0], [1], [Op("CUSTOM", [0], [1], custom="MyOwn")])

    def own(x: netweight.TensorSpec) -> netweight.Counted:
        return netweight.Counted(netweight.TensorSpec((2, 9)), netweight.Cost(macs=9 * x.numel))

    with netweight.rules({"tflite::MyOwn": own}):
        profile = netweight.weigh(read(network).graph)
    assert profile.totals.macs == 9 * 2 * 3
    assert profile.coverage.complete


def test_an_operator_that_the_table_does_not_have_is_unknown_with_the_reason() -> None:
    network = Graph([X, T((2, 9))], [0], [1], [Op("LSH_PROJECTION", [0], [1])])
    found = read(network)
    assert "LSH_PROJECTION: it hashes bytes, which the table does not have" in found.notes
