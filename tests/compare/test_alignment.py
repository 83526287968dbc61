"""Edits of a report of 300 layers, each of which comes back as what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netweight
from netweight.analysis.comparison import compare_profiles
from netweight.app.profile import Profile
from netweight.results.comparison import Comparison, LayerChange
from netweight.results.profile import LayerRow, Layers

LAYERS = 300
Rows = list[LayerRow]


def a_report() -> Profile:
    """A network of blocks, many of which are alike: convolution, normalisation, activation, 300 of them."""
    found = netweight.weigh("resnet18")
    by_op = {row.op: row for row in reversed(found.layers)}
    rows = [_block_row(by_op[("conv", "batch_norm", "relu")[at % 3]], at) for at in range(LAYERS)]
    return found.of(found, layers=Layers(rows))


def _block_row(row: LayerRow, at: int) -> LayerRow:
    """Width of a stage of 30 layers."""
    return widened(replace_row(row, layer=f"block{at // 3}.{row.op}"), 16 * (1 + at // 30))


def replace_row(row: LayerRow, **changed: Any) -> LayerRow:
    return LayerRow.of({**row.__dict__, **changed})


def widened(row: LayerRow, width: int) -> LayerRow:
    weights = {name: (width, *shape[1:]) for name, shape in row.weight_shapes.items()}
    return replace_row(row, weight_shapes=weights, output_shapes=((1, width, 7, 7),), params=10 * width)


REPORT = a_report()


def after(rows: Rows) -> Comparison:
    return compare_profiles(REPORT, REPORT.of(REPORT, layers=Layers(rows)))


def differing(rows: Rows) -> list[LayerChange]:
    return [row for row in after(rows).layers if row.status != "same"]


places = st.integers(0, LAYERS - 1)


@settings(max_examples=20)
@given(at=places)
def test_a_renamed_layer(at: int) -> None:
    rows = list(REPORT.layers)
    rows[at] = replace_row(rows[at], layer="another.name")
    (found,) = differing(rows)
    assert (found.status, found.before, found.after) == ("renamed", REPORT.layers[at].layer, "another.name")


@settings(max_examples=20)
@given(at=places)
def test_a_removed_layer(at: int) -> None:
    rows = list(REPORT.layers)
    gone = rows.pop(at)
    (found,) = differing(rows)
    assert (found.status, found.before, found.after) == ("removed", gone.layer, None)
    assert found.figures["params"].difference == -gone.params


@settings(max_examples=20)
@given(at=st.integers(0, LAYERS), like=places)
def test_an_inserted_layer(at: int, like: int) -> None:
    """Also one that is like its neighbours, so that only names tell which is new."""
    rows = list(REPORT.layers)
    rows.insert(at, replace_row(rows[like], layer="inserted"))
    (found,) = differing(rows)
    assert (found.status, found.before, found.after) == ("added", None, "inserted")


@settings(max_examples=20)
@given(at=places)
def test_a_layer_of_another_width(at: int) -> None:
    rows = list(REPORT.layers)
    rows[at] = widened(rows[at], 1000)
    (found,) = differing(rows)
    assert (found.status, found.before, found.after) == ("changed", rows[at].layer, rows[at].layer)
    assert not found.moved
    assert found.figures["params"].difference == 10_000 - REPORT.layers[at].params
    assert "output_shapes" in {one.name for one in found.settings}


@settings(max_examples=20)
@given(start=places, end=places)
def test_a_moved_layer(start: int, end: int) -> None:
    """One that goes past one other may be either of the two."""
    rows = list(REPORT.layers)
    taken = rows.pop(start)
    rows.insert(end, taken)
    found = differing(rows)
    assert [row.status for row in found] == (["moved"] if start != end else [])
    for row in found:
        assert row.before == row.after
        assert row.after == taken.layer or abs(start - end) == 1


@settings(max_examples=20)
@given(first=st.integers(0, 89), second=st.integers(120, 209), third=st.integers(240, LAYERS - 1))
def test_edits_together(first: int, second: int, third: int) -> None:
    """Of three stages, so that none of them can be taken for another."""
    rows = list(REPORT.layers)
    rows[third] = widened(rows[third], 1000)
    rows[second] = replace_row(rows[second], layer="another.name")
    gone = rows.pop(first)
    found = {(row.status, row.before, row.after) for row in differing(rows)}
    names = REPORT.layers.paths
    assert found == {
        ("removed", gone.layer, None),
        ("renamed", names[second], "another.name"),
        ("changed", names[third], names[third]),
    }


@pytest.mark.parametrize("by", [3, 30, 90])
def test_numbers_in_names_that_shift(by: int) -> None:
    """A block put in front, as in a Sequential: all later layers are renamed, and none but the new ones is added."""
    numbered = [replace_row(row, layer=f"features.{at}") for at, row in enumerate(REPORT.layers)]
    new = [replace_row(widened(row, 7), layer="") for row in numbered[:by]]
    shifted = [replace_row(row, layer=f"features.{at}") for at, row in enumerate([*new, *numbered])]
    before = REPORT.of(REPORT, layers=Layers(numbered))
    counts = compare_profiles(before, REPORT.of(REPORT, layers=Layers(shifted))).counts
    assert counts["added"] == by
    assert counts["renamed"] == LAYERS
    assert (counts["changed"], counts["removed"], counts["moved"]) == (0, 0, 0)


@pytest.mark.parametrize("edit", [list, lambda rows: rows[::-1], lambda rows: rows[:0], lambda rows: rows[7:90]])
def test_every_layer_is_in_one_line(edit: Callable[[Rows], Rows]) -> None:
    rows = edit(list(REPORT.layers))
    found = after(rows)
    assert sorted(row.before for row in found.layers if row.before) == sorted(REPORT.layers.paths)
    assert [row.after for row in found.layers if row.after] == [row.layer for row in rows]
    assert sum(row.figures["params"].difference or 0 for row in found.layers) == sum(r.params for r in rows) - sum(
        r.params for r in REPORT.layers
    )
