"""What the command says to one who gives it too little, too much, or something else."""

import shlex

import pytest

from netweight.cli.main import cli, run
from netweight.cli.usage import Verb

REFUSED = {
    "alexnet --nonsense": ("show: expected a flag that it has, got --nonsense", "netweight show --help lists them"),
    "alexnet -Z": ("show: expected a flag that it has, got -Z", "netweight show --help lists them"),
    "alexnet --json": ("show: expected a flag that it has, got --json", "did you mean --format json?"),
    "alexnet --iec": ("show: expected a flag that it has, got --iec", "did you mean --units iec?"),
    "doctor --json": ("doctor: expected a flag that it has, got --json", "did you mean --format json?"),
    "alexnet --colum macs": ("show: expected a flag that it has, got --colum", "did you mean --columns?"),
    "--verison": ("show: expected a flag that it has, got --verison", "did you mean --version?"),
    "export lenet5 --externa": ("export: expected a flag that it has, got --externa", "did you mean --external?"),
    "alexnet --top": ("top: expected a value, got none", "--top N"),
    "alexnet -o": ("output: expected a value, got none", "--output FILE"),
    "alexnet --format": ("format: expected a value, got none", "--format table|json|csv|markdown|html"),
    "alexnet --top five": ("top: expected a whole number, got 'five'", ""),
    "alexnet --top 1.5": ("top: expected a whole number, got '1.5'", ""),
    "run lenet5 --seed x": ("seed: expected a whole number, got 'x'", ""),
    "alexnet --format jsn": ("format: expected table, json, csv, markdown or html, got 'jsn'", "--format json"),
    "alexnet --units metric": ("units: expected si, iec or raw, got 'metric'", ""),
    "models --format csv": ("format: expected table or json, got 'csv'", ""),
    "alexnet --strict=1": ("strict: expected no value, got one", "--strict"),
    "export lenet5 --internal=1": ("internal: expected no value, got one", "--internal"),
    "-q": ("show: expected MODEL, got none", "netweight alexnet"),
    "show": ("show: expected MODEL, got none", "netweight alexnet"),
    "run": ("run: expected MODEL, got none", "netweight run lenet5"),
    "export": ("export: expected MODEL, got none", "netweight export lenet5 -o lenet5.onnx"),
    "export lenet5": ("export: expected --output FILE, got none", "netweight export lenet5 -o lenet5.onnx"),
    "alexnet resnet50": ("show: expected MODEL and flags, got also 'resnet50'", "netweight show --help"),
    "doctor x y": ("doctor: expected flags alone, got also 'x y'", "netweight doctor --help"),
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_is_refused_is_an_error_like_all_others(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    message, fix = REFUSED[arguments]
    assert run(shlex.split(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error[E101]: {message}\n" + (f"  fix: {fix}\n" if fix else "")


def test_words_of_a_flag_may_be_written_large(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--format", "JSON"]) == 0
    assert capsys.readouterr().out.startswith("[")


def test_the_command_alone_greets_with_three_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert len(lines) < 10
    assert max(map(len, lines)) <= 80
    assert len([line for line in lines if line.startswith("  netweight ")]) == 3


def test_every_command_refuses_in_our_words() -> None:
    context = cli.make_context("netweight", ["doctor"], resilient_parsing=True)
    commands = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    assert [name for name, command in commands.items() if not isinstance(command, Verb)] == []
