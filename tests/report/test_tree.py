"""Trees of modules: what is folded, what joins the line beside it, what is closed; the figures stay those of all."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netweight import Profile, weigh
from netweight.report.entries import NUMBERS
from netweight.report.names import span_of
from netweight.report.opening import fitting
from netweight.report.outline import Outline, outline_of
from netweight.report.tree import cut, leaves_of, tree_of
from netweight.results.profile import LayerRow

LENET = weigh("lenet5")
WORK = {"conv": (10, 4), "relu": (0, 0), "norm": (0, 2), "pool": (0, 0), "wte": (0, 50), "input": (0, 0)}
KINDS = {"conv": "conv", "relu": "activation", "norm": "norm", "pool": "pool", "wte": "embedding", "input": "input"}


def row(layer: str, op: str = "conv", **changed: object) -> LayerRow:
    """A layer of few figures; an embedding has a matrix, what else has parameters a vector."""
    macs, params = WORK[op]
    shapes = {"weight": (5, 10) if op == "wte" else (2,)} if params else {}
    figures = {**dict.fromkeys(NUMBERS, 0), "macs": macs, "params": params, "calls": 1, "weight_shapes": shapes}
    words = {"layer": layer, "op": op, "kind": KINDS[op], "input_shapes": ((1,),), "output_shapes": ((1,),)}
    return replace(LENET.layers[1], **{**figures, **words, "settings": {}, **changed})  # type: ignore[arg-type]


def profile(*rows: LayerRow) -> Profile:
    macs, params = (sum(int(getattr(row, name) or 0) for row in rows) for name in ("macs", "params"))
    return replace(LENET, layers=rows, modules=(), totals=replace(LENET.totals, macs=macs, params=params))


def shown(outline: Outline) -> list[str]:
    return [f"{'  ' * item.depth}{item.name}" for item in outline.items]


def lines(*rows: LayerRow, **options: object) -> list[str]:
    """What is shown of a network with an input, but for that."""
    first, *others = shown(outline_of(profile(row("x", "input"), *rows), **options))  # type: ignore[arg-type]
    assert first == "x"
    return others


def test_blocks_are_folded_at_any_depth() -> None:
    rows = [row(f"a.{i}.b.{j}.conv{k}") for i in range(2) for j in range(3) for k in (1, 2)]
    assert lines(*rows) == ["a.[0-1].b.[0-2].conv[1-2] x12"]
    rows[-1] = replace(rows[-1], macs=11)
    assert lines(*rows) == [
        "a",
        "  0.b.[0-2].conv[1-2] x6",
        "  1",
        "    b.[0-1].conv[1-2] x4",
        "    b.2",
        "      conv1",
        "      conv2",
    ]


def test_layers_of_a_list_with_functions_between_are_one_line_each() -> None:
    rows = [part for i in range(9) for part in (row(f"layers.{i}"), row(f"relu_{i}" if i else "relu", "relu"))]
    assert lines(*rows) == ["layers.[0-8] x9", "relu +8"]
    assert lines(*rows, every=True) == ["layers.[0-8] x9", "relu_[0-8] x9"]
    assert lines(*rows, fold=False, every=True)[:3] == ["layers", "  0", "  1"]
    nested = [replace(part, layer=f"net.{part.layer}") for part in rows]
    assert lines(*nested, row("head")) == ["net", "  layers.[0-8] x9", "  relu +8", "head"]


def test_steps_of_a_loop_are_folded_where_the_first_differs() -> None:
    steps = [part for i in range(1, 100) for part in (row(f"matmul_{i}"), row(f"tanh_{i}", "relu"))]
    assert lines(row("matmul"), *steps) == ["matmul", "matmul_[1-99] x99 +1"]
    assert lines(row("matmul"), *steps, every=True) == ["matmul", "matmul_[1-99] x99", "tanh_[1-99] x99"]
    both = [row(f"matmul_{i}", macs=10 + i % 2) for i in range(1, 9)]
    assert lines(*both) == ["matmul_[1,3..7] x4", "matmul_[2,4..8] x4"]


@pytest.mark.parametrize("changed", [{"macs": 9}, {"adds": 1}, {"output_shapes": ((2,),)}, {"settings": {"stride": 2}}])
def test_layers_that_differ_stay_apart(changed: dict[str, object]) -> None:
    assert lines(row("fc.0"), row("fc.1", **changed)) == ["fc", "  0", "  1"]
    assert lines(row("fc.0"), row("fc.1")) == ["fc.[0-1] x2"]


def test_names_without_numbers_are_not_folded() -> None:
    assert lines(row("q"), row("k"), row("v")) == ["q", "k", "v"]


def test_idle_layers_join_the_layer_before_them_else_behind_else_across_a_module() -> None:
    block = [row("conv"), row("bn", "norm"), row("relu", "relu"), row("down.0"), row("down.1", "norm")]
    assert lines(*block, row("add", "relu")) == ["conv +2", "down.0 +2"]
    block[4:] = [row("down.1"), row("add", "relu")]
    assert lines(*block) == ["conv +3", "down.[0-1] x2"]
    assert lines(row("ln", "norm"), row("fc")) == ["fc +1"]
    assert lines(row("a.0"), row("a.1"), row("drop", "relu"), row("fc")) == ["a.[0-1] x2", "fc +1"]


def test_idle_layers_far_from_any_other_are_one_line() -> None:
    rows = [row("stem"), row("a.p"), row("a.q"), row("b.p"), row("b.q"), row("ln", "norm"), row("c.p"), row("c.q")]
    assert lines(*rows, row("relu", "relu"))[-1] == "  q"
    assert "ln +1" in lines(*rows, row("relu", "relu"))


def test_what_people_look_for_has_a_line() -> None:
    assert lines(row("conv"), row("pool", "pool"), row("wte", "wte")) == ["conv", "pool", "wte"]
    unknown = row("odd", "relu", macs=None)
    assert lines(row("conv"), unknown) == ["conv", "odd"]
    # Sorted by a figure, a layer that has some of it has a line.
    assert lines(row("conv"), row("relu", "relu", exps=3), sort="exps") == ["conv", "relu"]
    assert lines(row("conv"), row("relu", "relu", flops=3), sort="flops") == ["conv +1"]


def test_a_network_without_macs_and_parameters_shows_all() -> None:
    assert lines(row("sin", "relu"), row("cos", "relu")) == ["sin", "cos"]


def test_work_of_a_module_itself_stands_beside_its_parts() -> None:
    rows = [row("a.b.in"), row("a.b"), row("a.b.out"), row("c")]
    outline = outline_of(profile(*rows))
    assert shown(outline) == ["a", "  b.in", "  b", "  b.out", "c"]
    assert [item.entry.label for item in outline.items if item.entry] == ["a.b.in", "a.b", "a.b.out", "c"]


def test_modules_at_a_depth_have_the_sums_of_all_below_wherever_they_run() -> None:
    rows = [row("a.0"), row("b.0"), row("relu", "relu"), row("a.1", macs=5), row("b.1", "wte")]
    outline = outline_of(profile(*rows), depth=1)
    found = {item.name: item.entry.numbers for item in outline.items if item.entry}
    assert {name: numbers["macs"] for name, numbers in found.items()} == {"a": 15, "b": 10, "relu": 0}
    assert found["b"]["params"] == 4 + 50


def test_the_dearest_modules_are_open() -> None:
    rows = [row(f"{part}.{name}", macs=macs) for part, macs in (("a", 1), ("b", 9), ("c", 5)) for name in "pqr"]
    tree = tree_of(profile(*rows))
    opened = {room: [bool(part.parts) for part in fitting(tree, "macs", room)[0].parts] for room in (5, 6, 8, 9, 12)}
    assert opened == {
        5: [False] * 3,
        6: [False, True, False],
        8: [False, True, False],
        9: [False, True, True],
        12: [True] * 3,
    }
    assert fitting(tree, "macs", 6)[1] == 6  # layers of a and c
    with_list = [*rows, *(row(f"d.{at}.{name}", macs=99) for at in "xyz" for name in "pqrstuvw")]
    closed, hidden = fitting(tree_of(profile(*with_list)), "macs", 12)
    assert [len(part.parts) for part in closed.parts] == [0, 3, 0, 3]
    assert hidden == 6 + 24


NAMES = st.lists(
    st.sampled_from(
        ["a", "b.0", "b.1", "b.2", "c.0.x", "c.0.y", "c.1.x", "c.1.y", "relu", "relu_1", "d.e.f", "d.e", "d"]
    ),
    unique=True,
    min_size=1,
)


@given(
    NAMES, st.data(), st.booleans(), st.booleans(), st.sampled_from([None, 1, 2, 9]), st.sampled_from([None, "macs"])
)
def test_no_figure_is_lost(
    names: list[str], data: st.DataObject, fold: bool, every: bool, depth: int | None, fit: str | None
) -> None:
    rows = [row(name, data.draw(st.sampled_from(list(WORK)))) for name in names]
    outline = outline_of(profile(*rows), fold=fold, every=every, depth=depth, fit=fit)
    entries = [item.entry for item in outline.items if item.entry]
    for name in ("macs", "params", "calls"):
        assert sum(entry.numbers[name] or 0 for entry in entries) == sum(getattr(row, name) for row in rows)
    if depth is None and outline.hidden == 0:
        assert sum(entry.repeat * (1 + len(entry.joined)) for entry in entries) == len(rows)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_cut_keeps_all_layers(depth: int) -> None:
    tree = tree_of(weigh("googlenet"))
    whole = sum(entry.numbers["macs"] or 0 for entry in leaves_of(tree))
    assert sum(entry.numbers["macs"] or 0 for entry in leaves_of(cut(tree, depth))) == whole == 1_582_671_872


@pytest.mark.parametrize(
    ("names", "span"),
    [
        (["0", "1", "2"], "[0-2]"),
        (["layer9", "layer10"], "layer[9-10]"),
        (["conv1_1", "conv1_2"], "conv1_[1-2]"),
        (["a1.b1", "a2.b2"], "a[1-2].b[1-2]"),
        (["x", "x_1", "x_2"], "x_[0-2]"),
        (["n0", "n2", "n4", "n6"], "n[0,2..6]"),
        (["n1", "n5", "n6", "n20"], "n[1..20]"),
        (["n1", "n5", "n6"], "n[1,5,6]"),
        (["007", "008"], "[007-008]"),
    ],
)
def test_one_name_for_several(names: list[str], span: str) -> None:
    assert span_of(names) == span


def test_paths_of_any_length_have_a_tree() -> None:
    deep = ".".join("0" * 5000)
    assert lines(row(deep), row("a." * 3000 + "b"))[0].startswith("0.0.0")
