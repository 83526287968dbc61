"""``netweight run`` and ``export`` of modules: the user's numbers are those that count, guesses are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import netweight  # noqa: E402
from netweight import TensorSpec, weigh  # noqa: E402
from netweight import run as execute  # noqa: E402
from netweight.cli.main import run as command  # noqa: E402
from netweight.errors import CaptureError, UnknownNameError, UsageError  # noqa: E402
from netweight.ir import Filled  # noqa: E402


class Branch(nn.Module):
    """Which way it goes only real data tell."""

    def forward(self, x: Any) -> Any:
        return x + 100 if x.mean() > 0 else x - 100


class Pair(nn.Module):
    """Two tensors in a list."""

    def forward(self, x: Any) -> Any:
        return x[0] - 2 * x[1]


class Rows(nn.Module):
    """Rows of a table, by an integer operator that has no rule and times a number that is read from the input."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(100, 4)

    def forward(self, ids: Any) -> Any:
        return self.table(torch.gcd(ids, torch.full_like(ids, 6))) * int(ids.amax())


class Scaled(nn.Module):
    """A number is read, and nothing else depends on it."""

    def forward(self, x: Any, n: Any) -> Any:
        return x * int(n)


class Both(NamedTuple):
    first: Any
    second: Any


PROGRAM = "from sources.torch.test_executed import Branch, Pair\n"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with arrays and a module of PyTorch modules."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, value in (("low", -5.0), ("high", 3.0)):
        np.save(tmp_path / f"{name}.npy", np.full((2,), value, np.float32))
    return tmp_path


def test_a_guess_is_not_run_unless_asked() -> None:
    x = np.full((2,), -5, np.float32)
    with pytest.raises(CaptureError, match="run: expected a network without guesses, got: a condition on a tensor is"):
        execute(Branch(), x)
    found = execute(Branch(), x, guesses=True)
    assert any("a condition on a tensor is taken to be" in note for note in found.notes)


def test_a_guess_is_not_exported_unless_asked(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(CaptureError, match="export: expected a network without guesses, got: a condition on a tensor"):
        netweight.export(Branch(), tmp_path / "net.onnx", (2,))
    assert not list(tmp_path.iterdir())
    found = netweight.export(Branch(), tmp_path / "net.onnx", (2,), guesses=True)
    assert any("a condition on a tensor is taken to be" in note for note in found.notes)


def test_the_commands_ask_too(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["run", "program:Branch", "--input", "low.npy"]) == 2
    assert "run: expected a network without guesses" in capsys.readouterr().err
    assert command(["run", "program:Branch", "--input", "low.npy", "--guess"]) == 0
    assert "note: a condition on a tensor is taken to be" in capsys.readouterr().err
    pytest.importorskip("onnx")
    assert command(["export", "program:Branch", "--input", "2", "-o", "net.onnx"]) == 2
    assert command(["export", "program:Branch", "--input", "2", "-o", "net.onnx", "--guess"]) == 0
    assert (program / "net.onnx").exists()


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor], ids=["array", "tensor"])
def test_numbers_that_are_run_are_those_that_the_program_sees(kind: Any) -> None:
    ids = [3, 6, 12, 9]
    module = Rows()
    (y,) = execute(module, kind(ids)).outputs.values()
    np.testing.assert_allclose(y, module(torch.tensor(ids)).detach().numpy())


@pytest.mark.parametrize("given", [Filled(TensorSpec((4,), "int64"), 1, 50), TensorSpec((4,), "int64")])
def test_random_numbers_are_those_that_the_program_sees(given: Any) -> None:
    seen = []

    class Seen(Rows):
        def forward(self, ids: Any) -> Any:
            seen.append(ids.clone())
            return super().forward(ids)

    module = Seen()
    for seed in (0, 1):
        found = execute(module, given, seed=seed)
        (y,) = found.outputs.values()
        np.testing.assert_allclose(y, Rows.forward(module, seen[-1]).detach().numpy())
        assert found.notes[0].endswith(f"seed {seed}")
    assert not torch.equal(seen[0], seen[1])


def test_work_that_is_left_out_is_no_complete_report(tmp_path: Path) -> None:
    ids = TensorSpec((4,), "int64")
    assert not weigh(Rows(), ids).coverage.complete
    pytest.importorskip("onnx")
    with pytest.raises(CaptureError, match="whose graph holds for all inputs, got: work on the numbers of an integer"):
        netweight.export(Rows(), tmp_path / "net.onnx", ids)


def test_a_number_that_is_read_is_said_in_an_export(tmp_path: Path) -> None:
    inputs = (TensorSpec((3,)), Filled(TensorSpec((), "int64"), 5, 5))
    assert weigh(Scaled(), inputs).coverage.complete
    pytest.importorskip("onnx")
    found = netweight.export(Scaled(), tmp_path / "net.onnx", inputs)
    assert found.notes == ("the program looked at numbers of an integer input: the file holds for numbers like those",)


@pytest.mark.parametrize("make", [
    lambda a, b: {"x": [a, b]}, lambda a, b: ([a, b],), lambda a, b: {"x": Both(a, b)},
    lambda a, b: ([torch.tensor(a, requires_grad=True), torch.tensor(b)],),
])  # fmt: skip
def test_nested_inputs(make: Any) -> None:
    found = execute(Pair(), make(np.full((2,), 5, np.float32), np.full((2,), 2, np.float32)))
    assert found.notes == ()
    np.testing.assert_array_equal(next(iter(found.outputs.values())), [1, 1])


def test_nested_inputs_of_the_command(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["run", "program:Pair", "--input", "x.0:low.npy", "--input", "x.1:high.npy"]) == 0
    found = capsys.readouterr()
    assert (found.out.partition("  ")[2], found.err) == ("float32[2]  min -11, mean -11, max -11\n", "")
    np.savez(program / "both.npz", **{"x.0": np.ones(2, np.float32), "x.1": np.ones(2, np.float32)})
    assert command(["run", "program:Pair", "--input", "both.npz"]) == 0
    assert command(["run", "program:Pair", "--input", "x:both.npz"]) == 2
    assert "expected no name before 'both.npz', whose arrays have their own, got 'x'" in capsys.readouterr().err


def test_inputs_that_are_not_those_of_the_module() -> None:
    with pytest.raises(UnknownNameError, match="no input of the module is called 'y'"):
        execute(nn.Identity(), {"y": np.ones(2, np.float32)})
    with pytest.raises(UsageError, match="expected an element type that PyTorch has, got 'str32'"):
        execute(nn.Identity(), np.array("a"))


def test_element_types_that_numpy_has_not() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for x in (torch.tensor([1.5, 2]).bfloat16(), np.array([1.5, 2], ml_dtypes.bfloat16)):
        (y,) = execute(nn.ReLU(), x).outputs.values()
        assert y.dtype == ml_dtypes.bfloat16
        assert y.tolist() == [1.5, 2]
    (y,) = execute(nn.ReLU(), np.array([1.5, 2], ">f4")).outputs.values()
    assert (y.dtype, y.tolist()) == (np.float32, [1.5, 2])
