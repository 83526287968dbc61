"""Activation memory as text, tables and pictures."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

import netweight
from netweight import build
from netweight.app.memory import Memory
from netweight.errors import UnknownNameError, UsageError
from netweight.report.memory.bars import spans_of, timeline_lines
from netweight.report.memory.plan import plan_lines
from netweight.report.width import width_of
from netweight.results.memory import Plan, Step

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def mobilenet() -> Memory:
    return netweight.memory("mobilenet_v2", bits=8)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(mobilenet: Memory, width: int) -> None:
    lines = mobilenet.to_text(width=width).splitlines()
    assert max(map(width_of, lines)) <= width
    text = " ".join(" ".join(lines).split())
    for figure in ("1,404,928", "1,505,280", "1,705,984", "<- peak", "proved optimal"):
        assert figure in text


def test_every_convention_has_its_tensors_and_a_reason(mobilenet: Memory) -> None:
    text = mobilenet.to_text()
    for name, found in mobilenet.conventions.items():
        start = text.index(f"\n{name}: {found.peak_bytes:,} bytes")
        part = text[start : text.index("why:", start)]
        assert all(f"{tensor.name}" in part and f"{tensor.nbytes:,}" in part for tensor in found.live)
        assert f"why: {found.why}" in text
    assert len({found.why for found in mobilenet.conventions.values()}) == len(mobilenet.conventions)


def test_units(mobilenet: Memory) -> None:
    assert "1.40 MB" in mobilenet.to_text()
    assert "1.34 MiB" in mobilenet.to_text(units="iec")
    assert "MB" not in mobilenet.to_text(units="raw").partition("lecture:")[0]


def steps(*alive: int) -> tuple[Step, ...]:
    return tuple(Step(layer=f"l{at}", op="conv", alive_bytes=nbytes) for at, nbytes in enumerate(alive, 1))


def test_steps_are_folded_into_the_worst_of_each_part() -> None:
    spans = spans_of(steps(1, 5, 2, 9, 9, 3, 4), 4, lines=3)
    assert [(one.first, one.last, one.at, one.worst.alive_bytes, one.at_peak) for one in spans] == [
        (1, 3, 2, 5, False), (4, 6, 4, 9, True), (7, 7, 7, 4, False),
    ]  # fmt: skip
    assert [(one.first, one.last) for one in spans_of(steps(1, 2), 2, lines=3)] == [(1, 1), (2, 2)]
    assert spans_of((), 0) == ()
    assert len(spans_of(steps(*range(1, 1000)), 999)) <= 24


def test_bars_are_as_long_as_their_bytes(mobilenet: Memory) -> None:
    found = replace(mobilenet.conventions["liveness"], steps=steps(10, 40, 20, 1, 0), peak_step=2)
    title, *lines = timeline_lines("liveness", found, None)
    assert title == "timeline, liveness: bytes alive at 5 steps"
    assert [line.count("█") for line in lines] == [10, 40, 20, 1, 0]
    assert [line.endswith("<- peak") for line in lines] == [False, True, False, False, False]


def test_a_plan_says_what_is_proved(mobilenet: Memory) -> None:
    found = mobilenet.conventions["liveness"]
    assert next(plan_lines("liveness", found)).endswith("an arena of 1,505,280 bytes, proved optimal")
    loose = Plan(arena_bytes=110, lower_bound_bytes=100, proved_optimal=False, method="size", greedy_bytes=120)
    first = next(plan_lines("liveness", replace(found, plan=loose)))
    assert first.endswith("an arena of 110 bytes, at most 10 bytes (10 %) above what is possible")
    assert list(plan_lines("lecture", mobilenet.conventions["lecture"])) == []


def test_json_has_every_figure(mobilenet: Memory) -> None:
    found = json.loads(mobilenet.to_json())
    assert found["schema"] == "netweight/memory/1"
    liveness = found["conventions"]["liveness"]
    assert max(step["alive_bytes"] for step in liveness["steps"]) == liveness["peak_bytes"] == 1_505_280
    assert len(liveness["steps"]) == 66
    assert {"name", "shape", "dtype", "nbytes", "first_step", "last_step", "offset_bytes"} == set(
        liveness["tensors"][0]
    )
    assert liveness["plan"]["arena_bytes"] == 1_505_280
    assert found["conventions"]["lecture"]["plan"] is None


def test_csv_has_a_line_for_each_convention(mobilenet: Memory) -> None:
    rows = list(csv.DictReader(io.StringIO(mobilenet.to_csv())))
    assert [row["convention"] for row in rows] == list(mobilenet.conventions)
    liveness = rows[1]
    assert (liveness["peak_bytes"], liveness["peak_step"], liveness["arena_proved_optimal"]) == ("1505280", "5", "true")
    assert liveness["live"] == "features.2.conv.0.2=1204224 features.2.conv.1.2=301056"
    assert rows[0]["arena_bytes"] == ""


def shapes(text: str, kind: str) -> dict[str, ET.Element]:
    """Shapes that stand for a tensor, by their titles."""
    found = {}
    for shape in ET.fromstring(text).iter(f"{SVG}{kind}"):
        title = shape.find(f"{SVG}title")
        if title is not None and title.text is not None and title.text != "peak":
            found[title.text.partition(":")[0]] = shape
    return found


def test_the_picture_is_the_same_every_time_and_has_every_tensor(mobilenet: Memory) -> None:
    text = mobilenet.to_svg()
    assert text == netweight.memory("mobilenet_v2", bits=8).to_svg()
    names = {tensor.name for tensor in mobilenet.conventions["liveness"].tensors}
    assert set(shapes(text, "path")) == set(shapes(text, "rect")) == names
    assert "1,505,280 bytes" in text
    assert mobilenet.to_svg("mcunet-v1") != text
    assert set(shapes(mobilenet.to_svg("segment-overlap"), "rect")) == set()  # no plan: one panel


def test_rectangles_are_where_and_when_the_plan_says(mobilenet: Memory) -> None:
    found = mobilenet.conventions["tflm"]
    rects = shapes(mobilenet.to_svg("tflm"), "rect")
    assert found.plan is not None
    width, height = (960 - 92 - 16) / len(found.steps), 300 / found.plan.arena_bytes
    bottom = 58 + 300 + 58 + 300
    for tensor in found.tensors:
        rect = {name: float(rects[tensor.name].attrib[name]) for name in ("x", "y", "width", "height")}
        assert tensor.offset_bytes is not None
        assert rect["x"] == pytest.approx(92 + width * (tensor.first_step - 1), abs=0.02)
        assert rect["width"] == pytest.approx(width * (tensor.last_step - tensor.first_step + 1), abs=0.02)
        assert rect["y"] + rect["height"] == pytest.approx(bottom - height * tensor.offset_bytes, abs=0.02)
        assert rect["height"] == pytest.approx(height * tensor.nbytes, abs=0.02)


def test_names_cannot_act_on_terminal_sheet_or_page() -> None:
    odd = 'x\x1b[31m<script>"&'
    graph = build.graph(lambda x: build.linear(x, 3, bias=False, name="=cmd()"), (1, 4))
    values = {odd if name == "x" else name: value for name, value in graph.values.items()}
    values[odd] = replace(values[odd], name=odd, storage=odd)
    nodes = tuple(
        replace(node, inputs=tuple(odd if name == "x" else name for name in node.inputs)) for node in graph.nodes
    )
    found = netweight.memory(replace(graph, values=values, nodes=nodes, inputs=(odd,), name=odd))
    assert "\x1b" not in found.to_text() + found.to_svg() + found.to_csv() + found.to_json() + repr(found)
    assert "<script>" not in found.to_svg() + found._repr_html_()
    ET.fromstring(found.to_svg())
    assert "'=cmd()" in found.to_csv()


def test_a_picture_of_what_has_no_steps(mobilenet: Memory) -> None:
    with pytest.raises(UsageError, match="svg: expected a convention with steps, got training"):
        mobilenet.to_svg("training")
    with pytest.raises(UnknownNameError, match="no convention of this report is called 'livenes'"):
        mobilenet.to_svg("livenes")


def test_a_large_network_is_drawn_in_a_thousand_columns() -> None:
    def deep(x: build.Symbol) -> build.Symbol:
        for _ in range(2500):
            x = build.relu(x)
        return x

    found = netweight.memory(build.graph(deep, (1, 8)), conventions="liveness")
    rects = shapes(found.to_svg(), "rect")
    assert 400 < len(rects) < 2501
    assert "up to 105 to a line" in found.to_text()
