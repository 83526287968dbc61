"""``netweight memory --plan``: plans for runtimes, and what none is written for."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.sources.tflite.writing import Graph, Op, T, written

import netweight as package
from netweight.cli.main import run
from netweight.report.header import to_header
from netweight.results.arena import Arena, Placed
from netweight.sources.tflite.arena import METADATA, packed, plan_in_file
from netweight.sources.tflite.files import read_model

VWW = Path(__file__).parents[1] / "models" / "tflite" / "mlperf_vww_96_int8.tflite"
Captured = pytest.CaptureFixture[str]


def _arrays(header: str) -> dict[str, list[int]]:
    found = re.findall(r"int64_t (\w+)\[\d+\] = \{(.*?)\};", header, re.DOTALL)
    return {name: [int(part) for part in re.findall(r"^  (-?\d+),", body, re.MULTILINE)] for name, body in found}


def test_one_plan_in_three_forms(capsys: Captured, tmp_path: Path) -> None:
    names = [tmp_path / f"planned{suffix}" for suffix in (".tflite", ".h", ".json")]
    assert run(["memory", str(VWW), *[word for name in names for word in ("--plan", str(name))]]) == 0
    out, err = capsys.readouterr()
    said = "32 tensors in an arena of 55,296 bytes, proved optimal; the interpreter alone takes 73,728"
    assert (out, err) == ("", "".join(f"{name}: {said}\n" for name in names))
    plain = json.loads(names[2].read_text())
    in_file = plan_in_file(read_model(names[0]))
    assert in_file is not None
    assert (plain["arena_bytes"], plain["runtime_bytes"], plain["offsets"]) == (55_296, 73_728, list(in_file))
    assert {row["index"]: row["offset_bytes"] for row in plain["tensors"]} == {
        at: offset for at, offset in enumerate(in_file) if offset >= 0
    }
    arrays = _arrays(names[1].read_text())
    assert arrays["mlperf_vww_96_int8_offsets"] == list(in_file)
    sizes = {row["index"]: row["nbytes"] for row in plain["tensors"]}
    assert arrays["mlperf_vww_96_int8_sizes"] == [sizes.get(at, 0) for at in range(len(in_file))]
    assert "#define MLPERF_VWW_96_INT8_ARENA_BYTES 55296\n" in names[1].read_text()


def test_any_network_has_a_plan_for_other_runtimes(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    assert run(["memory", "lenet5", "--bits", "8", "--convention", "tflm", "--plan", str(path)]) == 0
    plain = json.loads(path.read_text())
    found = package.memory("lenet5", bits=8, conventions="tflm").conventions["tflm"]
    assert found.plan is not None
    assert (plain["convention"], plain["alignment_bytes"]) == ("tflm", 16)
    assert (plain["arena_bytes"], plain["runtime_bytes"]) == (found.plan.arena_bytes, None)
    assert [row["offset_bytes"] for row in plain["tensors"]] == [row.offset_bytes for row in found.tensors]
    assert [(row["name"], row["nbytes"], row["first_step"], row["last_step"]) for row in plain["tensors"]] == [
        (row.name, row.nbytes, row.first_step, row.last_step) for row in found.tensors
    ]


def test_a_report_can_be_asked_for_beside_it(capsys: Captured, tmp_path: Path) -> None:
    assert run(["memory", "lenet5", "--plan", str(tmp_path / "plan.h"), "--format", "csv"]) == 0
    assert capsys.readouterr().out == package.memory("lenet5").to_csv()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc, which compiles the header, is not installed")
def test_a_compiler_takes_the_header_whatever_names_have(tmp_path: Path) -> None:
    names = ["a */ b /* c", "line\nbreak", "ends in a backslash\\", "??/", "é", '"']
    tensors = [
        Placed(index=at + 1, name=name, nbytes=16, offset_bytes=16 * at, first_step=1, last_step=2)
        for at, name in enumerate(names)
    ]
    arena = Arena(
        model="1 odd/name*/", convention="tflm", arena_bytes=96, lower_bound_bytes=80, proved_optimal=False,
        alignment_bytes=16, tensor_count=8, tensors=tuple(tensors), notes=("a note */",),
    )  # fmt: skip
    program = """
    #include <stdio.h>
    #include "plan.h"
    int main(void) {
      int i; for (i = 0; i < MODEL_1_ODD_NAME_TENSOR_COUNT; i++)
        printf("%d %d ", (int) model_1_odd_name_offsets[i], (int) model_1_odd_name_sizes[i]);
      printf("%d", MODEL_1_ODD_NAME_ARENA_BYTES); return 0; }
    """
    (tmp_path / "plan.h").write_text(to_header(arena))
    (tmp_path / "main.c").write_text(program)
    built = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-trigraphs", "main.c", "-o", "main"]
    subprocess.run(built, cwd=tmp_path, check=True)
    printed = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=True).stdout
    assert printed == "-1 0 0 16 16 16 32 16 48 16 64 16 80 16 -1 0 96"
    assert "no plan takes less than 80. */" in to_header(arena)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet5", "--plan", "plan.tflite"], "plan: expected a TFLite model to write 'plan.tflite' from, got lenet5"),
        (["lenet5", "--plan", "plan.bin"], "expected a file name ending in .tflite, .h, .json, got 'plan.bin'"),
        (["lenet5", "--plan", "plan.h", "--patches", "auto"], "expected a network that runs as a whole"),
        (["lenet5", "--plan", "plan.h", "--convention", "lecture"], "expected a convention with an arena, got lecture"),
        ([str(VWW), "--plan", "plan.h", "--batch", "2"], "expected a TFLite model as its file has it, got --batch"),
        ([str(VWW), "--plan", "plan.h", "--input", "1x9"], "as its file has it, got --input"),
        ([str(VWW), "--plan", "plan.h", "--bits", "8"], "as its file has it, got --bits"),
        ([str(VWW), "--plan", "plan.h", "--reorder"], "as its file has it, got --reorder"),
        ([str(VWW), "--plan", "plan.h", "--as-written"], "as its file has it, got --as-written"),
        ([str(VWW), "--plan", "plan.h", "--convention", "inplace"], "as its file has it, got --convention"),
    ],
)
def test_what_no_plan_is_written_for(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["memory", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_where_the_file_has_the_plan_of_another_model(capsys: Captured, tmp_path: Path) -> None:
    graph = Graph([T((1, 4)), T((1, 4))], [0], [1], [Op("RELU", [0], [1])])
    model = tmp_path / "model.tflite"
    model.write_bytes(written(graph, metadata={METADATA: packed((0,) * 3)}))
    assert run(["memory", str(model), "--plan", str(tmp_path / "plan.json"), "--plan", str(tmp_path / "b.tflite")]) == 2
    assert "the plan in the file is that of another model" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [model]
