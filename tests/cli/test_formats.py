"""Every flag is followed by every format, or refused with a reason."""

import csv
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from netweight import weigh
from netweight.cli.main import run
from netweight.cli.outputs import FORMATS, SUFFIXES

Call = Callable[..., tuple[int, str, str]]
OF_LINES = ("--depth 1", "--top 2", "--sort macs", "--columns macs", "--fold")


@pytest.fixture
def lenet(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(flags: str) -> tuple[int, str, str]:
        code = run(["lenet5", *shlex.split(flags)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.mark.parametrize("flag", OF_LINES)
@pytest.mark.parametrize("target", ["--format json", "-o {}/a.json", "-o {}/a.md -o {}/a.json"])
def test_json_has_all_lines_and_says_so(flag: str, target: str, lenet: Call, tmp_path: Path) -> None:
    code, out, err = lenet(f"{flag} {target.replace('{}', str(tmp_path))}")
    name = flag.split(maxsplit=1)[0].lstrip("-")
    assert (code, out) == (2, "")
    assert err.startswith(f"error[E101]: {name}: expected a format with lines to choose, got json, which has every")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("units", ["si", "iec"])
def test_numbers_for_programs_have_no_prefix(form: str, units: str, lenet: Call, tmp_path: Path) -> None:
    for target in (f"--format {form}", f"-o {tmp_path}/a.{form}"):
        code, out, err = lenet(f"--units {units} {target}")
        assert (code, out) == (2, "")
        assert err.startswith(f"error[E101]: units: expected raw for {form}, whose numbers are in full")
    assert lenet(f"--units raw --format {form}") == lenet(f"--format {form}")


@pytest.mark.parametrize("subject", ["lenet5 conv1", "macs", "lenet5"])
def test_an_explanation_for_programs_has_no_prefix(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    for units in ("si", "iec"):
        assert run(["explain", *subject.split(), "--format", "json", "--units", units]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error[E101]: units: expected raw for json, whose numbers are in full")


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "table"])
def test_only_a_table_has_colour_and_only_stdout_a_sentence(form: str, lenet: Call) -> None:
    code, out, err = lenet(f"--color always --format {form}")
    assert (code, out) == (2, "")
    assert err.startswith(f"error[E101]: color: expected a table, got {form}")
    assert lenet(f"--color never --format {form}") == lenet(f"--format {form}")
    code, out, err = lenet(f"-q --format {form}")
    assert (code, out) == (2, "")
    assert err.startswith(f"error[E101]: quiet: expected the sentence alone on stdout, got --format {form}")


def test_the_sentence_beside_files(lenet: Call, tmp_path: Path) -> None:
    assert lenet(f"-q -o {tmp_path}/a.json") == lenet("-q") == lenet("-q --format table")
    assert json.loads((tmp_path / "a.json").read_text())["model"]["name"] == "lenet5"


def test_what_says_no_more_than_json_does_is_no_contradiction(lenet: Call) -> None:
    assert lenet("--format json --no-fold") == lenet("--format json")


@pytest.mark.parametrize("flag", ["", *OF_LINES, "--no-fold", "--units iec", "--convention inplace", "--bits 4"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_what_stdout_would_be(flag: str, suffix: str, lenet: Call, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    code, wanted, _ = lenet(f"{flag} --format {SUFFIXES[suffix]}")
    assert lenet(f"{flag} -o {path}")[:2] == (code, "")
    assert path.exists() == (code == 0)
    assert code != 0 or path.read_text() == wanted


def test_a_file_in_colour(lenet: Call, tmp_path: Path) -> None:
    lenet(f"--color always -o {tmp_path}/a.txt")
    lenet(f"-o {tmp_path}/b.txt")
    assert "\x1b[1m" in (tmp_path / "a.txt").read_text()
    assert "\x1b" not in (tmp_path / "b.txt").read_text()


def test_a_format_that_is_named_is_printed_beside_files(lenet: Call, tmp_path: Path) -> None:
    assert lenet(f"--format table -o {tmp_path}/a.json") == lenet("")
    assert lenet(f"--format csv -o {tmp_path}/a.json") == lenet("--format csv")
    assert lenet(f"-o {tmp_path}/a.json") == (0, "", "")


@pytest.mark.parametrize(("name", "fix"), [("x.pdf", "-o x.json"), ("x", "-o x.json"), ("-", "--format json writes")])
def test_an_ending_that_says_nothing(name: str, fix: str, lenet: Call) -> None:
    code, out, err = lenet(f"-o {name}")
    assert (code, out) == (2, "")
    assert err.startswith("error[E101]: output: expected a file name ending in .json, .csv, .md, .markdown, .html")
    assert f"  fix: {fix}" in err


def test_a_page_of_html_is_whole_and_loads_nothing(lenet: Call) -> None:
    page = lenet("--format html")[1]
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    assert "416,520" in page
    assert "<title>lenet5: what it costs</title>" in page
    assert not any(mark in page for mark in ("<script", "http", "src=", "href="))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_every_layer_and_figure_where_nothing_is_chosen(lenet: Call) -> None:
    profile = weigh("lenet5")
    rows = rows_of(lenet("--format csv")[1])
    assert [row["layer"] for row in rows] == [row.layer for row in profile.layers]
    for row, wanted in zip(rows, profile.layers, strict=True):
        for name in ("params", "macs", "flops", "adds", "bytes_read", "activation_count", "calls"):
            assert int(row[name]) == getattr(wanted, name)
    assert {"macs_formula", "weight_shapes", "settings"} <= rows[0].keys()


def test_csv_without_folding_has_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alexnet", "--no-fold", "--format", "csv"]) == 0
    rows = rows_of(capsys.readouterr().out)
    assert [(row["layer"], row["op"]) for row in rows] == [(row.layer, row.op) for row in weigh("alexnet").layers]


@pytest.mark.parametrize("flags", ["--depth 1", "--depth 2 --top 3", "--sort params --top 4", "--fold", "--fold --all"])
def test_csv_has_the_lines_that_are_asked_for(flags: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the Markdown table, whose figures in full are those of CSV; CSV alone has all columns."""
    all_lines = "" if "--fold" in flags else " --no-fold --all"

    def printed(form: str, more: str) -> str:
        assert run(["resnet18", *flags.split(), *more.split(), "--format", form]) == 0
        return capsys.readouterr().out

    rows = rows_of(printed("csv", ""))
    text = printed("markdown", f"--columns params,macs --units raw{all_lines}")
    lines = [line.strip("| ").split(" | ") for line in text.replace("\\", "").splitlines()[2:] if line[:2] == "| "]
    assert [[row["layer"], row["params"], row["macs"]] for row in rows] == lines[:-1]  # the total is last
    assert len(rows[0]) > 30
    assert sum(int(row["macs"]) for row in rows) == weigh("resnet18").totals.macs


def test_csv_has_the_columns_that_are_asked_for(lenet: Call) -> None:
    text = lenet("--format csv --columns macs,op,output,share,rf,size --sort macs --top 1")[1]
    assert text.splitlines() == [
        "layer,macs,op,output_shapes,share_percent,receptive_field,model_size_bytes",
        # C3 of 16 maps: 16 * 6 * 5 * 5 * 10 * 10 MACs, 57.62 % of 416,520; 16 * (6 * 25 + 1) weights of 4 bytes.
        f"C3,{16 * 6 * 25 * 100},conv,1x16x10x10,57.62,14x14,{4 * 16 * 151}",
        f"(12 more),{416_520 - 240_000},,,42.38,,{4 * (61_706 - 2_416)}",
    ]
    alone = rows_of(lenet("--format csv --columns share,macs")[1])
    assert [row["layer"] for row in alone] == [row.layer for row in weigh("lenet5").layers]
    assert sum(float(row["share_percent"]) for row in alone) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("form", ["", "--format csv", "--format markdown", "-q"])
@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--sort nothing", "no column is called 'nothing'"),
        ("--sort op", "sort: expected a numeric column, got 'op'"),
        ("--columns macs,nothing", "no column is called 'nothing'"),
        ("--top 0", "top: expected at least 1, got 0"),
        ("--depth 0", "depth: expected at least 1, got 0"),
    ],
)
def test_what_no_table_can_show_is_refused_before_the_model_is_looked_at(
    flag: str, message: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["nosuch", *flag.split(), *form.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
