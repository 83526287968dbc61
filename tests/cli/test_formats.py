"""Every flag is followed by every format, or refused with a reason."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

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
