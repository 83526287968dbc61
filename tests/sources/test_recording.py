"""What every source records into: names of values, memory of views, notes, and the graph that comes out."""

import pytest

from netweight.ir import Init, Quantization, TensorSpec, validate
from netweight.ops.move.layout import ReshapeAttrs
from netweight.sources.recording import Recording, free_name, is_view

PAIR = TensorSpec((2, 3))
FLAT = TensorSpec((6,))


def recorded() -> Recording[str]:
    """x, a weight, x + weight, the sum flat, and its square."""
    recording: Recording[str] = Recording()
    recording.add("x", PAIR, "input")
    recording.add("weight", PAIR, "parameter")
    recording.inits["weight"] = Init(kind="ones")
    (total,) = recording.emit("add", None, ("x", "weight"), [PAIR], "first")
    (flat,) = recording.emit("reshape", ReshapeAttrs(shape=(6,)), (total,), [FLAT], "first", recording.storages[total])
    recording.emit("square", None, (flat,), [FLAT], "second")
    return recording


def test_a_finished_graph_has_the_names_of_its_layers() -> None:
    recording = recorded()
    layers = [step.site for step in recording.nodes]
    names = recording.value_names(layers)
    graph = recording.graph("net", ("x",), recording.nodes[-1].outputs, layers=layers, names=names)
    validate(graph)
    assert [node.layer for node in graph.nodes] == ["first", "first", "second"]
    assert [node.outputs for node in graph.nodes] == [("first",), ("first:1",), ("second",)]
    assert graph.outputs == ("second",)
    assert graph.values["weight"].init == Init(kind="ones")


def test_a_view_lives_in_the_memory_of_what_it_shows() -> None:
    recording = recorded()
    layers = [step.site for step in recording.nodes]
    graph = recording.graph("net", ("x",), (), layers=layers, names=recording.value_names(layers))
    assert {name: value.storage for name, value in graph.values.items()} == {
        "x": "x", "weight": "weight", "first": "first", "first:1": "first", "second": "second",
    }  # fmt: skip


def test_labels_of_the_source_come_before_layers() -> None:
    recording = recorded()
    total, flat, square = (step.outputs[0] for step in recording.nodes)
    names = recording.value_names(["a", "a", "a"], {total: "sum", square: "weight"})
    assert [names[name] for name in (total, flat, square)] == ["sum", "a", "weight:1"]


def test_a_layer_is_needed_for_every_operator() -> None:
    with pytest.raises(ValueError, match="shorter"):
        recorded().value_names(["a", "a"])


def test_a_value_of_the_source_may_be_called_like_a_number() -> None:
    recording: Recording[None] = Recording()
    recording.add("%1", PAIR, "input")
    (first,) = recording.emit("square", None, ("%1",), [PAIR], None)
    assert first != "%1"
    assert len(recording.specs) == 2


def test_updates_and_quantisation_reach_the_graph() -> None:
    recording = recorded()
    recording.quantizations["weight"] = Quantization(group_size=3)
    recording.updates["weight"] = recording.nodes[0].outputs[0]
    layers = [step.site for step in recording.nodes]
    graph = recording.graph("net", ("x",), (), layers=layers, names=recording.value_names(layers))
    assert graph.updates == {"weight": "first"}
    assert graph.values["weight"].stored_bytes == 6 * 4 + 2 * 2  # two groups of three, a scale of 16 bits each


def test_notes_are_told_once_with_how_often_they_were_said() -> None:
    recording: Recording[None] = Recording()
    recording.note("a")
    recording.note("b", guess=True)
    recording.note("b", guess=True)
    recording.note("c")
    assert recording.told(without={"c"}) == ("a", "b (2 times)")
    assert list(recording.guesses) == ["b"]


def test_numbers_of_names_only_grow() -> None:
    taken = {"conv"}
    last: dict[str, int] = {}
    for number in range(1, 4):
        name = free_name("conv", taken, last, "_")
        assert name == f"conv_{number}"
        taken.add(name)
    assert last == {"conv": 3}


def test_only_views_of_the_table_are_views() -> None:
    assert [is_view(op) for op in ("reshape", "add", "aten.nonzero_static")] == [True, False, False]
