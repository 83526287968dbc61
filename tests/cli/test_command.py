"""The command as a user meets it: output, errors, exit codes, streams."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netweight.cli.main import run
from netweight.cli.options import parse_input
from netweight.ir import Filled, TensorSpec
from netweight.report.table import COLUMNS
from netweight.version import __version__

Result = tuple[int, str, str]


@pytest.fixture
def netweight(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*arguments: str) -> Result:
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from netweight.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


def on_a_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """What the command prints on a terminal of that width."""
    leader, follower = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", **environment}
    env = {name: value for name, value in env.items() if value}
    command = [sys.executable, "-c", "from netweight.cli import main; main()", *arguments]
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=env) as child:
        os.close(follower)
        chunks = []
        try:
            while chunk := os.read(leader, 65536):
                chunks.append(chunk)
        except OSError:  # Linux says so at the end of a terminal
            pass
        assert child.wait() == 0
    os.close(leader)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def test_main_job(netweight: Callable[..., Result], golden: Callable[[str, str], None]) -> None:
    code, out, err = netweight("alexnet")
    assert (code, err) == (0, "")
    golden("alexnet.txt", out)
    for figure in ("60,965,224", "60,954,656", "724,406,816", "932,264", "440,928", "244 MB", "61.0 MB at 8"):
        assert figure in out


def test_show_is_the_default_command(netweight: Callable[..., Result]) -> None:
    assert netweight("show", "alexnet") == netweight("alexnet")
    assert netweight("--depth", "1", "alexnet") == netweight("alexnet", "--depth", "1")


def test_json_has_the_schema_and_raw_integers(netweight: Callable[..., Result]) -> None:
    code, out, _ = netweight("alexnet", "--format", "json")
    data = json.loads(out)
    assert code == 0
    assert data["schema"] == "netweight/profile/1"
    assert set(data) == {"schema", "model", "totals", "activations", "coverage", "layers", "modules", "notes"}
    assert data["totals"]["macs"] == 724_406_816
    assert data["layers"][1]["formulas"]["macs"] == "96 * 3 * 11 * 11 * 55 * 55"


def test_a_stored_report_is_shown_again(netweight: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert netweight("alexnet", "-o", str(path))[:2] == (0, "")
    assert netweight(str(path))[1] == netweight("alexnet")[1]


def test_several_files_by_suffix(netweight: Callable[..., Result], tmp_path: Path) -> None:
    names = ["a.json", "a.csv", "a.md", "a.txt", "a.html"]
    arguments = [part for name in names for part in ("-o", str(tmp_path / name))]
    assert netweight("alexnet", *arguments)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert (tmp_path / "a.md").read_text().startswith("| layer |")
    assert (tmp_path / "a.csv").read_text().startswith("layer,op,")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("8x4", "", (8, 4)),
        ("8,4", "", (8, 4)),
        ("0:8x4", "0", (8, 4)),
        ("1:2", "1", (2,)),
        ("scalar", "", TensorSpec(())),
        ("x:8:scalar", "x:8", TensorSpec(())),
        ("2:i64:0", "", Filled(TensorSpec((2,), "int64"), 0, 0)),
        ("mask:1x128:bool:1", "mask", Filled(TensorSpec((1, 128), "bool"), 1, 1)),
        ("a::b:1x128:i64:-3-7", "a::b", Filled(TensorSpec((1, 128), "int64"), -3, 7)),
    ],
)
def test_what_an_input_says(text: str, name: str, value: object) -> None:
    assert parse_input(text) == (name, value)


def test_the_command_as_a_module() -> None:
    command = [sys.executable, "-m", "netweight", "alexnet", "-q"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, process("alexnet", "-q").stdout)
    missing = [sys.executable, "-m", "netweight", "alexnot"]
    assert subprocess.run(missing, capture_output=True, text=True, check=False).returncode == 2


def test_quiet_and_verbose(netweight: Callable[..., Result]) -> None:
    code, out, err = netweight("alexnet", "-q", "-v")
    assert code == 0
    assert out.count("\n") == 1
    assert out.startswith("alexnet at 1x3x224x224 fp32: 61.0 M params, 244 MB, 724 MMACs")
    assert re.fullmatch(r"weighed 23 operator calls in \d+ ms\n", err)


def test_bits_and_batch_and_input(netweight: Callable[..., Result]) -> None:
    assert "int8: 61.0 M params, 61.0 MB, 724 MMACs, 1.46 GOP (1.45" in netweight("alexnet", "--bits", "8", "-q")[1]
    assert "1.45 GMACs" in netweight("alexnet", "--batch", "2", "-q")[1]
    assert netweight("alexnet", "--input", "x:2x3x224x224", "-q") == netweight("alexnet", "--batch", "2", "-q")
    assert "float16" in netweight("alexnet", "--input", "1x3x224x224:f16", "--bits", "16")[1]
    assert netweight("alexnet", "--convention", "inplace", "-q")[1].count("(inplace)") == 1


@pytest.mark.parametrize(("short", "dtype", "bits"), [("f16", "float16", 16), ("i8", "int8", 8), ("u8", "uint8", 8)])
def test_an_input_of_another_type_than_the_weights(
    netweight: Callable[..., Result], short: str, dtype: str, bits: int
) -> None:
    code, out, err = netweight("alexnet", "--input", f"1x3x224x224:{short}")
    assert (code, out) == (2, "")
    assert f"expected float32 as the weights of alexnet are, got {dtype}" in err
    assert f"fix: --bits {bits} has" in err
    assert netweight("alexnet", "--input", f"1x3x224x224:{short}", "--bits", str(bits))[0] == 0
    assert netweight("alexnet", "--input", "1x3x224x224:f32")[0] == 0


def test_columns_sort_top(netweight: Callable[..., Result]) -> None:
    out = netweight("alexnet", "--columns", "params,size", "--sort", "flops", "--top", "2")[1]
    heading, first, second, rest = out.splitlines()[2:6]
    assert heading.split() == ["layer", "params", "size", "FLOPs"]
    assert (first.split()[0], second.split()[0]) == ("conv2", "conv3")
    assert rest.startswith("(10 more)")


@pytest.mark.parametrize("key", [key for key, column in COLUMNS.items() if column.numeric])
def test_what_is_sorted_by_is_shown_once(key: str, netweight: Callable[..., Result]) -> None:
    def headings(*flags: str) -> list[str]:
        return netweight("lenet5", "--format", "markdown", *flags)[1].splitlines()[0].strip("| ").split(" | ")

    shown = ["layer", "op", COLUMNS[key].title]
    assert headings("--columns", f"op,{key}", "--sort", key) == shown
    assert headings("--columns", "op", "--sort", key) == shown


def test_explain_a_layer(netweight: Callable[..., Result], golden: Callable[[str, str], None]) -> None:
    code, out, _ = netweight("explain", "alexnet", "conv1")
    assert code == 0
    golden("explain_conv1.txt", out)
    assert "96 (c_out) * 3 (c_in/groups) * 11 (k_h) * 11 (k_w) * 55 (h_out) * 55 (w_out)" in out


def test_explain_a_module(netweight: Callable[..., Result]) -> None:
    out = netweight("explain", "resnet18", "layer1.0")[1]
    assert re.search(r"^ *conv1 .* 115,605,504 ", out, re.MULTILINE)
    assert re.search(r"^  layer1 +50 %", out, re.MULTILINE)
    assert re.search(r"^  the network +12.7 %", out, re.MULTILINE)


@pytest.mark.parametrize("word", ["macs", "MAC", "flops", "lecture", "E103", "receptive field", "params"])
def test_explain_a_term(netweight: Callable[..., Result], word: str) -> None:
    code, out, _ = netweight("explain", word)
    assert code == 0
    assert ": " in out


def test_models_and_doctor(netweight: Callable[..., Result]) -> None:
    code, out, _ = netweight("models")
    assert code == 0
    assert re.search(r"^alexnet +Krizhevsky", out, re.MULTILINE)
    listed = json.loads(netweight("models", "--format", "json")[1])
    assert len(listed) == len(out.splitlines())
    code, out, _ = netweight("doctor")
    assert code == 0
    assert re.search(r"^usable +numpy", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["alexnt"], "error[E102]: no built-in network is called 'alexnt'", "did you mean alexnet"),
        (["alexnet", "--batch", "-1"], "error[E101]: batch: expected at least 1 sample, got -1", ""),
        (["alexnet", "--bits", "0"], "error[E101]: bits: expected a width from 1 to 64, got 0 in '0'", ""),
        (["alexnet", "--bits", "65"], "error[E101]: bits: expected a width from 1 to 64, got 65", ""),
        (
            ["alexnet", "--input", "1xx3"],
            "error[E101]: input: expected [NAME:]SHAPE[:TYPE[:NUMBERS]], got",
            "--input 1x3x",
        ),
        (["alexnet", "--input", "y:1x3x224x224"], "error[E101]: input: expected the name x, got 'y'", ""),
        (["alexnet", "--input", "1x3x224x224:q7"], "error[E101]: input: expected a type of f16", ""),
        (["alexnet", "--input", "1x4x224x224", "--input", "1x1"], "error[E101]: input: expected one input, got 2", ""),
        (["alexnet", "--sort", "mac"], "error[E102]: no column is called 'mac'", "did you mean macs"),
        (["alexnet", "--convention", "lectur"], "error[E102]: no activation convention", "did you mean lecture"),
        (["alexnet", "-o", "x.pdf"], "error[E101]: output: expected a file name ending in .json", ""),
        (["alexnet", "-o", "no/such/dir/x.json"], "error[E101]: output: expected to write 'no/such/dir/x.json'", ""),
        (["nowhere.json"], "error[E107]: file: expected readable JSON in 'nowhere.json', got none: No such file", ""),
        (["explain", "alexnet", "conv9"], "error[E102]: no layer of alexnet is called 'conv9'", "did you mean conv"),
        (["explain", "mack"], "error[E102]: nothing is called 'mack': no term, and no network", "did you mean MAC"),
    ],
)
def test_bad_input(netweight: Callable[..., Result], arguments: list[str], message: str, fix: str) -> None:
    code, out, err = netweight(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith(message)
    assert fix in err
    assert "Traceback" not in err


def test_impossible_shapes_say_which_layer(netweight: Callable[..., Result]) -> None:
    code, _, err = netweight("alexnet", "--input", "1x3x8x8")
    assert code == 2
    assert re.search(r"--> in node 'pool1' \(max_pool\), from alexnet.py:\d+", err)


def test_foreign_json_is_refused(netweight: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "foreign.json"
    for text, reason in (('{"a": 1}', "got None"), ("{", "got other text"), ("[1]", "got a list"), ("\udcff", "UTF-8")):
        path.write_bytes(text.encode(errors="surrogateescape"))
        code, out, err = netweight(str(path))
        assert (code, out) == (2, "")
        assert err.startswith("error[E107]")
        assert reason in err
    assert netweight(str(tmp_path), "-q")[0] == 2
    assert "got the directory" in netweight(f"{tmp_path}/", "-q")[2]


def test_a_failed_write_leaves_the_old_file(netweight: Callable[..., Result], tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.mkdir()
    assert netweight("alexnet", "-o", str(target))[0] == 2
    assert list(tmp_path.iterdir()) == [target]


def test_strict_passes_when_all_is_known(netweight: Callable[..., Result]) -> None:
    assert netweight("alexnet", "--strict", "-q")[0] == 0


def test_strict_fails_on_an_unknown_operator(netweight: Callable[..., Result], tmp_path: Path) -> None:
    from netweight import capture
    from netweight.ir.serial import graph_to_json

    path = tmp_path / "graph.json"
    path.write_text(graph_to_json(capture("alexnet")).replace('"op": "local_response_norm"', '"op": "mystery"'))
    code, out, err = netweight(str(path), "--strict")
    assert code == 1
    assert "91.3 % of ops counted" in out
    assert "unknown op mystery" in out
    assert err == "strict: 1 unknown operator: mystery\n"
    assert netweight(str(path))[0] == 0


def test_help_starts_with_examples(netweight: Callable[..., Result]) -> None:
    code, out, err = netweight("--help")
    assert (code, err) == (0, "")
    assert out.index("netweight alexnet") < out.index("Commands:")


def test_the_version(netweight: Callable[..., Result]) -> None:
    assert netweight("--version")[:2] == (0, f"netweight {__version__}\n")


def test_a_broken_pipe_is_quiet() -> None:
    command = f"{sys.executable} -c 'from netweight.cli import main; main()' alexnet | head -1"
    found = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert found.stdout.startswith("alexnet")


def test_piped_output_is_plain_and_of_natural_width() -> None:
    found = process("alexnet", COLUMNS="40").stdout
    assert "\x1b" not in found
    assert "local_response_norm" in found


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_on_a_terminal_the_table_fits(columns: int) -> None:
    lines = on_a_terminal(columns, "alexnet", "--color", "never").splitlines()
    table = lines[2 : next(i for i, line in enumerate(lines) if line.startswith("total")) + 1]
    assert max(map(len, table)) <= columns
    assert "724,406,816" in table[-1]
    assert "conv1" in "".join(table)


def test_colour_follows_the_environment() -> None:
    assert "\x1b[" in on_a_terminal(100, "alexnet")
    assert "\x1b[" not in on_a_terminal(100, "alexnet", NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(100, "alexnet", TERM="dumb")
    assert "\x1b[" in process("alexnet", FORCE_COLOR="1").stdout
    assert "\x1b[" not in process("alexnet", FORCE_COLOR="1", NO_COLOR="1").stdout
    assert "\x1b[" in process("alexnet", "--color", "always").stdout
