"""Throughput over the batch, two stages, the roofline: by hand, as text, CSV and SVG."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import netweight
from netweight import build
from netweight.analysis.latency.curve import knee, two_stages
from netweight.cli.main import run
from netweight.errors import UsageError
from netweight.results.latency import KernelLatency
from netweight.results.throughput import Point

Captured = pytest.CaptureFixture[str]


def point(batch: int, rate: float | None) -> Point:
    return Point(batch=batch, latency_bound_s=None, throughput_bound_per_second=rate, limited_by=None)


def test_the_knee_is_the_smallest_batch_with_nine_tenths_of_the_most() -> None:
    assert knee([point(1, 10.0), point(2, 19.0), point(4, 36.0), point(8, 40.0)]) == 4
    assert knee([point(1, 35.9), point(8, 40.0)]) == 8
    assert knee([point(1, 40.0), point(8, 40.0)]) == 1
    assert knee([point(1, 10.0), point(2, None)]) is None
    assert knee([]) is None


def rows(*times: float | None) -> list[KernelLatency]:
    return [
        KernelLatency(
            layer=f"l{at}", layers=(f"l{at}",), op="conv", kind="conv", dtype="float32", rate="fp32", macs=1,
            ops_total=2, weight_bytes=1, input_bytes=1, output_bytes=1, compute_s=t, memory_s=0.0, bound_s=t,
            limited_by="compute", intensity=1.0,
        )
        for at, t in enumerate(times)
    ]  # fmt: skip


def test_two_stages_are_cut_where_they_are_most_even() -> None:
    found = two_stages(rows(1.0, 2.0, 2.0, 4.0), 8)
    assert found is not None
    assert (found.cut_before, found.first_s, found.second_s, found.latency_s) == ("l3", 5.0, 4.0, 9.0)
    assert found.throughput_per_second == 8 / 5.0
    assert two_stages(rows(1.0), 1) is None
    assert two_stages(rows(1.0, None), 1) is None
    assert two_stages(rows(0.0, 1.0, 0.0), 1) is None
    last = two_stages(rows(1.0, 0.0, 9.0), 1)
    assert last is not None
    assert (last.cut_before, last.throughput_per_second) == ("l2", pytest.approx(1 / 9))


def test_a_batch_reads_the_weights_once() -> None:
    """AlexNet on an H100: 244 MB at 3.35 TB/s are 73 us for any batch, its arithmetic 22 us a sample: 87 us for 4."""
    found = netweight.throughput("alexnet", device="h100", batch=(256, 1, 4))
    assert [p.batch for p in found.points] == [1, 4, 256]
    assert [p.limited_by for p in found.points] == ["memory", "compute", "compute"]
    whole = netweight.latency("alexnet", device="h100", batch=4).totals
    assert found.points[1].latency_bound_s == whole.overlap_bound_s
    assert found.points[1].throughput_bound_per_second == pytest.approx(4 / (whole.overlap_bound_s or 1))
    assert found.knee == 4
    assert found.stages is not None
    assert found.stages.cut_before == "fc7"
    with pytest.raises(UsageError, match="at least 1 sample"):
        netweight.throughput("alexnet", device="h100", batch=(1, 0))


def test_the_command_over_batches(capsys: Captured, tmp_path: Path) -> None:
    files = [tmp_path / "c.csv", tmp_path / "c.svg", tmp_path / "c.json"]
    arguments = [arg for file in files for arg in ("-o", str(file))]
    assert run(["latency", "alexnet", "--device", "l4", "--throughput", "1,64", *arguments]) == 0
    out = capsys.readouterr().out
    assert "two stages on two such devices, cut before fc7: 578 us and 279 us" in out
    assert out.splitlines()[-1].startswith("alexnet on l4: from batch 64 on")
    table = list(csv.DictReader(files[0].read_text().splitlines()))
    assert [row["batch"] for row in table] == ["1", "64"]
    dots = ET.fromstring(files[1].read_text()).findall("{*}circle")
    assert len(dots) == 2
    assert [dot.get("fill") for dot in dots] == ["#3b6fb6", "#c00"]
    assert float(dots[0].get("cx") or 0) < float(dots[1].get("cx") or 0)
    assert float(dots[0].get("cy") or 0) > float(dots[1].get("cy") or 0)
    assert '"schema": "netweight/throughput/1"' in files[2].read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--throughput", "0,1"], "at least 1 sample"),
        (["--throughput", "many"], "many"),
        (["--throughput", "1", "--batch", "2"], "the batch alone to change"),
        (["--throughput", "1", "--input", "1x3x224x224"], "the batch alone to change"),
        (["--throughput", "1", "--roofline"], "the batch alone to change"),
        (["-o", "x.png"], "a file name ending in"),
    ],
)
def test_bad_input(capsys: Captured, flags: list[str], message: str) -> None:
    assert run(["latency", "alexnet", "--device", "l4", *flags]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_the_roofline_as_a_picture() -> None:
    found = netweight.latency("alexnet", device="h100")
    svg = found.to_svg()
    assert svg == netweight.latency("alexnet", device="h100").to_svg()
    root = ET.fromstring(svg)
    dots = {title.text: dot for dot in root.findall("{*}circle") if (title := dot.find("{*}title")) is not None}
    assert len(dots) == sum(bool(row.intensity and row.bound_s) for row in found.layers)
    names = {(text or "").partition(":")[0]: dot for text, dot in dots.items()}
    fc6, conv2 = names["fc6"], names["conv2"]
    assert "0.5 operations per byte, 45.1 us, memory-bound" in next(
        text or "" for text in dots if (text or "").startswith("fc6")
    )
    assert float(fc6.get("cx") or 0) < float(conv2.get("cx") or 0)
    assert float(fc6.get("r") or 0) > float(conv2.get("r") or 0)
    assert fc6.get("fill") != conv2.get("fill")
    labels = [
        (float(t.get("x") or 0), float(t.get("y") or 0)) for t in root.findall("{*}text") if "%" in (t.text or "")
    ]
    heights = sorted(y for _, y in labels)
    assert min(b - a for a, b in pairwise(heights)) >= 13


def test_the_roofline_in_characters(capsys: Captured) -> None:
    assert run(["latency", "alexnet", "--device", "h100", "--roofline"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "alexnet on NVIDIA H100 SXM5 80 GB, batch 1: roofline, bound"
    assert max(map(len, lines)) <= 80
    grid = [line[8:] for line in lines[1:19]]
    columns = {letter: next(row.index(letter) for row in grid if letter in row) for letter in "AC"}
    heights = {letter: next(at for at, row in enumerate(grid) if letter in row) for letter in "AC"}
    assert re.match(r"A  fc6: 0.5 operations per byte, 45.1 us, memory-bound", lines[21])
    assert lines[23].startswith("C  conv2")
    assert columns["A"] < columns["C"]
    assert heights["A"] > heights["C"]


def test_a_network_without_work_has_an_empty_picture() -> None:
    found = netweight.latency(build.graph(lambda x: build.permute(x, 1, 0), (2, 3)), device="h100")
    assert "no kernel has operations" in found.to_roofline()
    assert ET.fromstring(found.to_svg()).findall("{*}circle") == []


def test_every_kernel_is_a_line_of_csv() -> None:
    found = netweight.latency("alexnet", device="h100")
    table = list(csv.DictReader(found.to_csv().splitlines()))
    assert [row["layer"] for row in table] == [row.layer for row in found.layers]
    assert sum(float(row["bound_s"]) for row in table) == pytest.approx(found.totals.serial_bound_s)
    assert table[0]["layers"] == "conv1 relu1"
    assert table[0]["predicted_s"] == ""
