import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from netweight import Graph, Profile, TensorSpec, build, weigh
from netweight.analysis import cost
from netweight.errors import CaptureError, FormatError, ShapeError, UnknownNameError, UsageError
from netweight.ir import Node, Value
from netweight.results.from_json import profile_from_dict
from netweight.results.profile import LayerRow


def test_a_layer_called_twice_costs_twice_and_owns_its_parameters_once() -> None:
    """The builder numbers calls apart; a capture gives calls of one module the same layer."""

    def describe(x: build.Symbol) -> build.Symbol:
        weight = build.parameter(x, "shared", (8, 8))
        return build.linear(build.linear(x, 8, weight=weight, bias=False), 8, weight=weight, bias=False)

    graph = build.graph(describe, (2, 8))
    assert weigh(graph).totals.params == 64
    nodes = tuple(replace(node, layer="fc") for node in graph.nodes)
    row = weigh(replace(graph, nodes=nodes)).layers[-1]
    assert (row.layer, row.calls, row.params, row.macs) == ("fc", 2, 64, 2 * (2 * 8 * 8))
    assert row.formulas["macs"] == "2 * (2 * 8 * 8)"


def test_calls_that_are_alike_are_priced_once_and_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """``c`` and ``first`` are as ``b``; ``a`` reads an input, ``second`` owns no parameters, ``d`` has other sizes."""
    priced: list[str] = []
    price = cost.call_row

    def counted(graph: Graph, node: Node, *rest: Any, **more: Any) -> LayerRow:
        priced.append(node.layer)
        return price(graph, node, *rest, **more)

    monkeypatch.setattr(cost, "call_row", counted)

    def describe(x: build.Symbol) -> build.Symbol:
        weight = build.parameter(x, "shared", (8, 8))
        for name in ("a", "b", "c"):
            x = build.linear(x, 8, bias=False, name=name)
        x = build.linear(x, 8, weight=weight, bias=False, name="first")
        x = build.linear(x, 8, weight=weight, bias=False, name="second")
        return build.linear(x, 4, bias=False, name="d")

    rows = weigh(build.graph(describe, (2, 8))).layers
    assert priced == ["a", "b", "second", "d"]
    assert [(row.layer, row.params) for row in rows[1:]] == [
        ("a", 64), ("b", 64), ("c", 64), ("first", 64), ("second", 0), ("d", 32),
    ]  # fmt: skip


def test_every_row_has_every_figure() -> None:
    """Rows are not made by their constructor; the flatten owns nothing and does nothing."""
    names = {field.name for field in fields(LayerRow)}
    assert all(set(vars(row)) == names for row in weigh("alexnet").layers)


def test_unknown_operators_are_listed_and_not_zero() -> None:
    spec = TensorSpec((4,))
    values = {name: Value(name=name, spec=spec, kind="input" if name == "x" else "activation") for name in "xyz"}
    nodes = (
        Node(op="mystery", inputs=("x",), outputs=("y",), layer="block.mystery"),
        Node(op="relu", inputs=("y",), outputs=("z",), layer="block.relu"),
    )
    profile = weigh(Graph(name="g", values=values, nodes=nodes, inputs=("x",), outputs=("z",)))
    assert not profile.coverage.complete
    (unknown,) = profile.coverage.unknown
    assert (unknown.op, unknown.layer, unknown.count) == ("mystery", "block.mystery", 1)
    row = profile.layers[1]
    assert (row.macs, row.flops, row.ops_total, row.kind) == (None, None, None, "unknown")
    assert profile.coverage.counted == 1
    assert json.loads(profile.to_json())["layers"][1]["macs"] is None
    assert "50.0 % of ops counted" in str(profile)


def test_modules_sum_to_their_parents() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        with build.scope(x, "outer", "Outer"):
            for index in range(2):
                with build.scope(x, str(index), "Inner"):
                    x = build.linear(x, 8, name="fc")
            return build.relu(x)

    profile = weigh(build.graph(describe, (1, 8)))
    by_path = {row.module: row for row in profile.modules}
    assert list(by_path) == ["", "outer", "outer.0", "outer.1"]
    assert by_path["outer"].kind == "Outer"
    for name in ("params", "macs", "flops", "activation_count", "bytes_read"):
        inner = sum(getattr(by_path[path], name) for path in ("outer.0", "outer.1"))
        own = sum(getattr(row, name) for row in profile.layers if row.layer == "outer.relu")
        assert getattr(by_path["outer"], name) == inner + own
    assert by_path[""].macs == profile.totals.macs


def test_json_round_trip_gives_an_equal_profile() -> None:
    profile = weigh("alexnet")
    again = Profile.of(profile_from_dict(json.loads(profile.to_json())))
    assert again == profile
    assert again.to_json() == profile.to_json()


@pytest.mark.parametrize(("factors", "gives"), [("1 * 2", 2), ("105415200 * 3", 316_245_600)])
def test_a_formula_that_does_not_give_its_figure_is_refused(factors: str, gives: int) -> None:
    data = weigh("alexnet").to_dict()
    data["layers"][1]["formulas"]["macs"] = factors
    with pytest.raises(FormatError, match=f"conv1: macs is 105415200, its formula gives {gives}"):
        profile_from_dict(data)


def test_equal_networks_have_equal_digests_whatever_their_names() -> None:
    def with_names(a: str, b: str) -> Profile:
        return weigh(build.graph(lambda x: build.linear(build.linear(x, 4, name=a), 4, name=b), (1, 4)))

    assert with_names("a", "b").model.digest == with_names("c", "d").model.digest
    assert weigh("alexnet").model.digest != weigh("alexnet", batch=2).model.digest


def test_which_values_are_the_outputs_is_in_the_digest() -> None:
    def returning(*wanted: int) -> str:
        def describe(x: build.Symbol) -> tuple[build.Symbol, ...]:
            made = build.relu(x, name="a"), build.relu(x, name="b")
            return tuple(made[at] for at in wanted)

        return weigh(build.graph(describe, (1, 4))).model.digest

    assert len({returning(0, 1), returning(1, 0), returning(0), returning(1)}) == 4
    assert returning(0, 1) == returning(0, 1)


def test_batch_multiplies_work_and_activations_and_no_parameter() -> None:
    one, four = weigh("alexnet"), weigh("alexnet", batch=4)
    assert four.totals.macs == 4 * one.totals.macs
    assert four.totals.params == one.totals.params
    assert four.activations["lecture"].total_count == 4 * one.activations["lecture"].total_count


def test_traffic_by_hand() -> None:
    """conv1: 34,944 parameters and the picture in, 96 maps out, four bytes each; a flatten moves nothing."""
    rows = {row.layer: row for row in weigh("alexnet").layers}
    assert rows["conv1"].bytes_read == 4 * (34_944 + 150_528)
    assert rows["conv1"].bytes_written == 4 * 290_400
    assert (rows["flatten"].bytes_read, rows["flatten"].bytes_written) == (0, 0)


def test_weighing_a_weighed_model_of_another_kind_is_refused() -> None:
    with pytest.raises(CaptureError, match="an ONNX model or a PyTorch module, got 3"):
        weigh(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("alexnt", UnknownNameError, "no built-in network is called 'alexnt'"),
        ("alexnet:classes=10", UnknownNameError, "no option of alexnet is called 'classes'"),
        ("alexnet:10", UsageError, "options as NAME=VALUE, got '10'"),
        ("nowhere/x.json", FormatError, "expected readable JSON in 'nowhere/x.json'"),
    ],
)
def test_models_that_are_none(model: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        weigh(model)


def test_impossible_shapes_name_the_layer_and_the_line() -> None:
    with pytest.raises(ShapeError, match="kernel to fit in the padded input") as caught:
        weigh("alexnet", (1, 3, 8, 8))
    (note,) = caught.value.__notes__
    assert note.startswith("in node 'pool1' (max_pool), from alexnet.py:")


def test_chains_of_twenty_thousand_nodes_are_weighed() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        for _ in range(20_000):
            x = build.relu(x)
        return x

    profile = weigh(build.graph(describe, (1, 4)))
    assert profile.coverage.nodes == 20_000
    assert profile.totals.ops_total == 80_000
    assert profile.activations["liveness"].peak_count == 8


def test_settings_that_would_have_no_effect_are_refused(tmp_path: Path) -> None:
    graph = build.graph(build.relu, (1, 4))
    for settings in ({"inputs": (1, 4)}, {"batch": 2}, {"training": True}):
        with pytest.raises(UsageError, match="expected a model that is still to be described, got a graph"):
            weigh(graph, **settings)  # type: ignore[arg-type]
    report = tmp_path / "report.json"
    report.write_text(weigh(graph).to_json())
    assert weigh(report) == weigh(graph)
    with pytest.raises(UsageError, match=r"bits: expected .*, got a report"):
        weigh(report, bits="8")
    with pytest.raises(UsageError, match="batch: expected the batch in the input's shape, got 2"):
        weigh("alexnet", (1, 3, 224, 224), batch=2)
