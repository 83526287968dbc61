"""How far rules hold: for the process, for a block, for a call; and those that a file brings along."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.own_rules.operators import LIBRARY, Gated
from torch import nn

import netweight
from netweight import Cost, Counted, TensorSpec, UsageError
from netweight.cli.main import run
from netweight.own_rules.table import registered_here

GATE = f"{LIBRARY}::gate"
EXAMPLE = Path(__file__).parents[2] / "examples" / "own_rule.py"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with registered_here():
        yield


def _rule(count: int) -> Any:
    def rule(*_args: Any, **_settings: Any) -> Counted:
        return Counted(None, Cost(logs=count))

    rule.__qualname__ = f"rule_{count}"
    return rule


def _logs(**asked: Any) -> int | None:
    rows = [
        row for row in netweight.weigh(Gated(), (3, 6), **asked).layers if GATE.endswith(row.op.rpartition("::")[2])
    ]
    return rows[0].logs


def test_of_the_process_a_block_and_a_call() -> None:
    netweight.rule(GATE)(_rule(1))
    assert _logs() == 1
    with netweight.rules({GATE: _rule(2)}):
        assert _logs() == 2
        assert _logs(rules={GATE: _rule(3)}) == 3
        with netweight.rules({}):
            assert _logs() == 2
    assert _logs() == 1


def test_a_block_ends_with_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), netweight.rules({GATE: _rule(2)}):
        raise ZeroDivisionError
    assert not netweight.weigh(Gated(), (3, 6)).coverage.own_rules


def test_a_second_rule_is_refused_unless_it_replaces() -> None:
    netweight.rule(GATE)(_rule(1))
    with pytest.raises(
        UsageError, match=rf"one rule of {GATE}, got another in test_scope.py:\d+ beside that in"
    ) as found:
        netweight.rule(GATE)(_rule(2))
    assert found.value.fix == "replace=True, or rules={...} for one call"
    assert _logs() == 1
    netweight.rule(GATE, replace=True)(_rule(2))
    assert _logs() == 2


def test_a_cell_that_is_run_again_replaces_its_rule(tmp_path: Path) -> None:
    for count in (1, 2):
        cell = tmp_path / f"cell_{count}.py"
        cost = f"netweight.Cost(logs={count})"
        cell.write_text(f"import netweight\ndef mine(*args, **settings):\n    return netweight.Counted(None, {cost})\n")
        netweight.rule(GATE)(runpy.run_path(str(cell), run_name="__main__")["mine"])
        assert _logs() == count


def test_the_decorator_gives_the_function_back() -> None:
    function = _rule(1)
    assert netweight.rule(GATE)(function) is function


WRONG = {
    "a dot": (f"{LIBRARY}.gate", f"an operator as library::name, got '{LIBRARY}.gate'", f"'{LIBRARY}::gate'"),
    "one colon": ("mylib:op", "an operator as library::name, got 'mylib:op'", "'mylib::op'"),
    "no library": ("op", "an operator as library::name, got 'op'", "'mylib::op'"),
    "nothing": ("::op", "an operator as library::name, got '::op'", "'mylib::op'"),
    "a number": (3, "an operator, or a class of functions or modules, got 3", "torch.nn.Module"),
    "a class of others": (int, "a class of functions or modules, got <class 'int'>", "torch.nn.Module"),
    "a module": (nn.ReLU(), r"a class of functions or modules, got ReLU", "torch.nn.Module"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_has_no_rules(name: str) -> None:
    target, says, fix = WRONG[name]
    for use in (lambda: netweight.rule(target), lambda: netweight.weigh(Gated(), (3, 6), rules={target: _rule(1)})):
        with pytest.raises(UsageError, match=says) as found:
            use()
        assert fix in found.value.fix


def test_rules_are_a_dict() -> None:
    wrong: Any = [_rule(1)]
    with pytest.raises(UsageError, match="expected a dict of functions, got a list"), netweight.rules(wrong):
        pass
    with pytest.raises(UsageError, match="rules: expected functions by name, got"):
        netweight.weigh(Gated(), (3, 6), rules=wrong)


def test_a_rule_of_an_operator_that_is_known_goes_first() -> None:
    def rule(x: TensorSpec, approximate: str = "none") -> Counted:
        return Counted(x, Cost(erfs=x.numel))

    profile = netweight.weigh(nn.GELU(), (3, 6), rules={"aten::gelu": lambda x, **_settings: rule(x)})
    assert profile.layers[-1].erfs == 18
    assert profile.layers[-1].op == "aten::gelu"


def test_a_file_brings_its_rules_to_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    args = [f"{EXAMPLE}:FeedForward", "--input", "4x16x64", "--strict"]
    assert run([*args, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    (row,) = [row for row in data["layers"] if row["op"] == "example::swiglu"]
    assert row["macs"] == 2 * (4 * 16 * 176) * 64
    assert data["coverage"]["complete"]
    assert [op["count"] for op in data["coverage"]["own_rules"]] == [1]
    assert run(["explain", f"{EXAMPLE}:FeedForward", "example::swiglu", "--input", "4x16x64"]) == 0
    shown = capsys.readouterr().out
    assert "2 * 4 * 16 * 176 * 64" in shown
    assert "Counted by your rule in own_rule.py:" in shown
    assert "Two products of matrices; per result a sigmoid and two products." in shown


def test_a_mistake_is_an_error_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.py"
    text = EXAMPLE.read_text(encoding="utf-8").replace("example::swiglu", "example_wrong::swiglu")
    text = text.replace("torch.ops.example.", "torch.ops.example_wrong.")
    path.write_text(text.replace("hidden, features = gate.shape", "hidden, features, _ = gate.shape"), encoding="utf-8")
    line = next(at for at, line in enumerate(path.read_text().splitlines(), 1) if "features, _ =" in line)
    assert run([f"{path}:FeedForward", "--input", "4x16x64"]) == 2
    err = capsys.readouterr().err
    assert "error[E110]: rule of example_wrong::swiglu: expected a Counted, got ValueError: not enough values" in err
    assert f"--> wrong.py:{line}: in swiglu_rule" in err


def test_weighing_leaves_no_rule_behind() -> None:
    netweight.weigh(Gated(), (3, 6), rules={GATE: _rule(3)})
    assert not netweight.weigh(Gated(), (3, 6)).coverage.own_rules
    assert torch.nn.Linear.forward.__qualname__ == "Linear.forward"
