"""``netweight plan`` from the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import netweight
from netweight.cli.main import cli
from netweight.placement import Buffer

ROWS = "id,lower,upper,size\n0,0,2,32\n1,1,5,28\n2,2,6,36\n3,3,6,16\n4,4,6,8\n5,5,8,64\n6,6,9,10\n7,7,9,40\n"


@pytest.fixture
def problem(tmp_path: Path) -> str:
    path = tmp_path / "problem.csv"
    path.write_text(ROWS)
    return str(path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plan", *arguments])


def test_the_table_ends_with_a_sentence(problem: str) -> None:
    result = call(problem)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["buffer", "from..before", "bytes", "offset", "end"]
    assert lines[-1] == "problem.csv: 8 buffers in 124 bytes by size, proved the lowest"


def test_a_plan_that_is_written_holds(problem: str, tmp_path: Path) -> None:
    plan = str(tmp_path / "plan.csv")
    written = call(problem, "--capacity", "124", "-o", plan)
    assert (written.exit_code, written.stdout) == (0, "")
    assert "fits into 124" in written.stderr
    assert Path(plan).read_text().splitlines()[0] == "id,lower,upper,size,offset"
    checked = call("--check", plan)
    assert checked.exit_code == 0
    assert checked.stdout == "plan.csv: 8 buffers in 124 bytes, no byte more than any plan needs; the plan holds\n"


def test_what_does_not_fit_is_named_and_nothing_is_written(problem: str, tmp_path: Path) -> None:
    # alive at step 5 are 36 + 16 + 8 + 64 = 124 bytes
    result = call(problem, "--capacity", "123", "-o", str(tmp_path / "plan.csv"))
    assert result.exit_code == 1
    assert "does not fit into 123, as no plan does: 1 buffer too many" in result.stderr
    assert "nothing is written; what does not fit: 4" in result.stderr
    assert not (tmp_path / "plan.csv").exists()


def test_json_has_every_figure(problem: str) -> None:
    found = json.loads(call(problem, "--format", "json").stdout)
    assert found["schema"] == "netweight/plan/1"
    assert (found["height_bytes"], found["lower_bound_bytes"], found["proved"], found["fits"]) == (124, 124, True, True)
    assert found["buffers"][2]["size_bytes"] == 36


def test_a_plan_that_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("id,lower,upper,size,offset\na,0,2,32,0\nb,1,5,28,16\n")
    result = call("--check", str(path))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "overlap: b and a are on the same 16 bytes from step 1 on",
        "bad.csv: 2 buffers in 44 bytes, where any plan needs 60 or more; the plan does not hold",
    ]


def test_bytes_wasted_against_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("id,lower,upper,size,offset\na,0,2,10,0\nb,1,3,10,15\n")
    result = call("--check", str(path))
    assert result.exit_code == 0
    assert "25 bytes, 5 bytes (25.0 %) above what no plan can do without; the plan holds" in result.stdout
    assert call("--check", str(path), "--capacity", "24").exit_code == 1
    aligned = call("--check", str(path), "--align", "10")
    assert (aligned.exit_code, aligned.stdout.splitlines()[0][:12]) == (1, "alignment: b")


def test_tflm_aligns_to_16_unless_told(problem: str) -> None:
    assert json.loads(call(problem, "--method", "tflm", "--format", "json").stdout)["height_bytes"] % 16 == 0
    rows = [(10, 0, 1), (20, 1, 2), (30, 2, 3), (40, 3, 4), (50, 0, 1)]
    buffers = [Buffer(str(at), first, last + 1, size) for at, (size, first, last) in enumerate(rows)]
    assert netweight.plan(buffers, method="tflm", align=1).height_bytes == 90
    assert netweight.plan(buffers).height_bytes == 80


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--capacity", "much"], "units: expected a size in bytes (256 KiB, 1.5 MB), got 'much'"),
        (["--align", "0"], "align: expected a whole number from 1 on, got 0"),
        (["--node-limit", "0"], "node-limit: expected a whole number from 1 on, got 0"),
        (["--seed", "-1"], "seed: expected a whole number from 0 on, got -1"),
        (["--method", "bst"], "method: expected best, size, lifetime, area, breadth, tflm or cp-sat, got 'bst'"),
        (["-o", "plan.xls"], "output: expected a file name ending in .csv, .json, .txt, got 'plan.xls'"),
    ],
)
def test_flags_that_do_not_fit(problem: str, flags: list[str], message: str) -> None:
    result = call(problem, *flags)
    assert isinstance(result.exception, netweight.UsageError)
    assert result.exception.message == message


def test_python_takes_buffers_alone() -> None:
    with pytest.raises(netweight.UsageError, match="expected the path of a CSV, or buffers, got 4"):
        netweight.plan(4)  # type: ignore[arg-type]
    with pytest.raises(netweight.UsageError, match="expected an offset for every buffer"):
        netweight.plan([Buffer("a", 0, 1, 1)], check=True)


def given(folder: Path, text: str) -> str:
    path = folder / "given.csv"
    path.write_text(text)
    return str(path)


def test_pinned_buffers_are_said(tmp_path: Path) -> None:
    one = call(given(tmp_path, "id,lower,upper,size,offset\na,0,2,10,90\nb,0,2,10,\n")).stdout.splitlines()
    assert one[-2] == "note: without the offset column (or offsets) all buffers are planned anew"
    assert one[-1].endswith("100 bytes by size, proved the lowest while 1 buffer stays where the offset column puts it")
    two = call(given(tmp_path, "id,lower,upper,size,offset\na,0,2,10,90\nb,0,2,10,0\n")).stdout
    assert two.endswith("while 2 buffers stay where the offset column puts them\n")


def test_tflm_counts_the_last_size_rounded_in_plan_bound_and_capacity(tmp_path: Path) -> None:
    path = given(tmp_path, "id,lower,upper,size\na,0,2,404\n")  # 26 * 16 = 416
    found = json.loads(call(path, "--method", "tflm", "--format", "json").stdout)
    assert (found["height_bytes"], found["lower_bound_bytes"], found["proved"]) == (416, 416, True)
    assert "the last one's too: 12 bytes above its end" in found["notes"][0]
    assert json.loads(call(path, "--method", "tflm", "--capacity", "410", "--format", "json").stdout)["left_out"] == [
        "a"
    ]
    assert call(path, "--method", "tflm", "--capacity", "416").exit_code == 0


def test_a_solver_that_was_not_asked(problem: str) -> None:
    assert "note: cp-sat was not asked: the greedy plan by size" in call(problem, "--method", "cp-sat").stdout
    assert "not asked" not in call(problem).stdout


def test_no_buffers(tmp_path: Path) -> None:
    head = "id,lower,upper,size,offset\n"
    assert call(given(tmp_path, head)).stdout == "given.csv: no buffers to place\n"
    assert call("--check", given(tmp_path, head)).stdout == "given.csv: no buffers to check\n"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("id,lower,upper,size,offset\na,0,2,3,0\nb,0,2,3,104\n", "an alignment of 8, or no offset"),
        ("id,lower,upper,size,offset\na,0,2,3,0\nb,0,2,3,0\n", "--check lists all overlaps"),
        ("id;lower;upper;size\na;0;2;3\n", "separate the fields by commas"),
        ("Name,Start,End,Bytes\na,0,2,3\n", "id, lower (first step), upper (step after the last), size (bytes)"),
        ("id,lower,upper,size\na,0,2,-3\n", "look at the order of the columns"),
        ("id,lower,upper,size\na,2,2,3\n", "alive at step 2 alone is lower 2, upper 3"),
    ],
)
def test_what_to_do(tmp_path: Path, text: str, fix: str) -> None:
    result = call(given(tmp_path, text), "--method", "tflm")
    assert isinstance(result.exception, netweight.NetweightError)
    assert fix in result.exception.fix


def test_offset_and_alignment_of_what_is_out_of_line(tmp_path: Path) -> None:
    path = given(tmp_path, "id,lower,upper,size,offset\na,0,2,3,0\nb,0,2,3,104\n")
    result = call("--check", path, "--align", "16")
    assert result.stdout.splitlines()[0] == "alignment: b begins at 104, no multiple of 16"
    assert json.loads(call("--check", path, "--align", "16", "--format", "json").stdout)["out_of_line"] == ["b"]


def test_long_names_leave_lines_that_fit() -> None:
    made = netweight.plan([Buffer(f"{'layer/' * 20}{at}", at, at + 2, 10**9) for at in range(3)], capacity=10**9)
    text = made.to_text(width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(f"/layer/{at} " in text for at in range(3))
