"""PyTorch modules from the shell: what is printed where, and the exit codes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netweight.cli.main import run

NET = """
print("said on import")
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.relu(self.conv1(x)) + x

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.layer1 = nn.Sequential(Block(), Block())
        self.fc = nn.Linear(width, 10)

    def forward(self, x):
        print("said in forward")
        return self.fc(self.layer1(self.stem(x)).mean((2, 3)))

class Fails(Net):
    def forward(self, x):
        return self.fc(self.layer1(self.stem(x)))

class Mystery(nn.Module):
    def forward(self, x):
        return torch.special.bessel_j0(x) + 1

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 8)

    def forward(self, ids, mask):
        assert ids.max() > 50 and mask.all()
        return self.embed(ids) * mask.unsqueeze(-1)

class Pictures(nn.Module):
    def forward(self, pictures, settings):
        return sum(p.sum() for p in pictures) * settings["scale"]

def with_inputs():
    return Net(), torch.zeros(1, 3, 16, 16)

def raises():
    raise ValueError("no such luck")
"""

Result = tuple[int, str, str]


@pytest.fixture
def netweight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """The command, in a directory with a file of models."""
    pytest.importorskip("torch", reason="modules need PyTorch")
    (tmp_path / "shell_net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        sys.modules.pop("shell_net", None)
        code = run(arguments)
        sys.modules.pop("shell_net", None)
        out, err = capsys.readouterr()
        return code, out, err

    return call


MACS = 8 * 3 * 9 * 32 * 32 + 2 * 8 * 8 * 9 * 32 * 32 + 8 * 10


@pytest.mark.parametrize("name", ["shell_net:Net", "shell_net.py:Net"])
def test_a_report(netweight: Callable[..., Result], name: str) -> None:
    code, out, err = netweight(name, "--input", "1x3x32x32")
    assert code == 0
    assert err == "said on import\nsaid in forward\n"
    assert out.startswith("Net (pytorch), input x 1x3x32x32 float32\n")
    assert f"MACs                   {MACS:,}\n" in out
    assert out.endswith("; 100 % of ops counted\n")
    assert "note:" not in out
    assert "complete" not in out


def test_json_stays_json(netweight: Callable[..., Result]) -> None:
    data = json.loads(netweight("shell_net:Net", "--input", "1x3x32x32", "--format", "json")[1])
    assert data["totals"]["macs"] == MACS
    assert data["model"]["source"] == "pytorch"
    assert data["coverage"]["complete"] is True


def test_a_report_of_a_module_can_be_stored_and_shown(netweight: Callable[..., Result]) -> None:
    assert netweight("shell_net:Net", "-o", "net.json")[0] == 0
    assert netweight("net.json")[:2] == netweight("shell_net:Net")[:2]


def test_a_guess_says_so(netweight: Callable[..., Result]) -> None:
    code, out, _ = netweight("shell_net:Net", "--batch", "2")
    assert code == 0
    assert (
        "note: no input was given: float32[2, 3, 224, 224] is a guess from the convolution 'stem', at 224 x 224" in out
    )


def test_inputs_that_come_with_the_module(netweight: Callable[..., Result]) -> None:
    out = netweight("shell_net:with_inputs")[1]
    assert "input x 1x3x16x16 float32" in out
    assert "note: the input is the one that shell_net:with_inputs returns" in out


def test_depth_and_bits_and_options(netweight: Callable[..., Result]) -> None:
    out = netweight("shell_net:Net", "--depth", "1", "--bits", "8")[1]
    assert "layer1  Sequential" in out
    assert "int8" in out
    code, out, _ = netweight("shell_net:Net:width=4")
    assert code == 1
    assert "error[E104]: layer1.0.conv1 (Conv2d(" in out


def test_named_inputs_and_their_numbers(netweight: Callable[..., Result]) -> None:
    code, out, _ = netweight("shell_net:Tokens", "--input", "ids:1x128:i64:0-99", "--input", "mask:1x128:bool:1")
    assert code == 0
    assert out.startswith("Tokens (pytorch), input ids 1x128 int64, mask 1x128 bool\n")
    assert netweight("shell_net:Tokens", "--input", "1x128:i64:0-99", "--input", "1x128:bool:1")[1] == out
    code, out, _ = netweight("shell_net:Tokens", "--input", "ids:1x128:i64", "--input", "mask:1x128:bool:1")
    assert code == 1
    assert "raised AssertionError\n  --> shell_net.py:" in out


def test_inputs_in_lists_and_dicts(netweight: Callable[..., Result]) -> None:
    pictures = [part for at in range(2) for part in ("--input", f"pictures.{at}:3x8x8")]
    code, out, _ = netweight("shell_net:Pictures", *pictures, "--input", "settings.scale:scalar:f32")
    assert code == 0
    assert "input pictures.0 3x8x8 float32, pictures.1 3x8x8 float32, settings.scale  float32" in out


def test_explain_a_layer_of_a_module(netweight: Callable[..., Result]) -> None:
    code, out, err = netweight("explain", "shell_net:Net", "layer1.0.conv1", "--input", "1x3x32x32")
    assert code == 0
    assert out.startswith("Net: layer1.0.conv1 (conv)\n  shapes    1x8x32x32 -> 1x8x32x32, float32\n")
    assert "= 8 (c_out) * 8 (c_in/groups) * 3 (k_h) * 3 (k_w) * 32 (h_out) * 32 (w_out)" in out
    assert re.search(r"^  layer1\.0 +100 %", out, re.MULTILINE)
    assert re.search(r"^  MACs +589,824", out, re.MULTILINE)
    assert err == "said on import\nsaid in forward\n"
    code, _, err = netweight("explain", "shell_net:Net", "layer1.0.conv")
    assert code == 2
    assert "did you mean layer1.0.conv1" in err


def test_a_module_that_fails_is_reported_as_far_as_it_came(netweight: Callable[..., Result]) -> None:
    """8 channels of 32 x 32 do not fit the classifier: everything before it ran."""
    code, out, err = netweight("shell_net:Fails", "--input", "1x3x32x32")
    assert code == 1
    assert "complete               no: stopped at fc\n" in out
    assert "\nlayer1.[0-1].conv1 x2 +2  conv, relu, add" in out
    assert "partial, stopped at fc; 100 % of ops until then counted" in out.splitlines()[-1]
    assert out.count("raised RuntimeError: mat1 and mat2 shapes cannot be multiplied") == 1
    assert "error" not in err
    assert "Traceback" not in err
    data = json.loads(netweight("shell_net:Fails", "--input", "1x3x32x32", "--format", "json")[1])
    assert (data["coverage"]["complete"], data["coverage"]["stopped_at"]) == (False, "fc")


def test_strict(netweight: Callable[..., Result]) -> None:
    assert netweight("shell_net:Net", "--strict", "-q")[0] == 0
    code, out, err = netweight("shell_net:Mystery", "--input", "3", "--strict", "-q")
    assert code == 1
    assert out.endswith("; 50.0 % of ops counted\n")
    assert err.endswith("strict: 1 unknown operator: aten.special_bessel_j0\n")
    code, out, _ = netweight("shell_net:Mystery", "--input", "3")
    assert code == 0
    assert re.search(r"^complete +no: 1 unknown operator: aten.special_bessel_j0$", out, re.MULTILINE)
    stopped = netweight("shell_net:Fails", "--input", "1x3x32x32", "--strict", "-q")
    assert stopped[2].endswith("strict: stopped at fc\n")


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["shell_ne:Net"], "error[E102]: no Python module is called 'shell_ne'", "did you mean shell_net"),
        (["shell_net:Ne"], "error[E102]: no name in shell_net is called 'Ne'", "did you mean Net"),
        (["shell_net.py"], "error[E101]: model: expected FILE.py:NAME, got 'shell_net.py'", "shell_net.py:NAME"),
        (["shell_net:raises"], "error[E104]: model: expected shell_net:raises to give a module, got Val", ""),
        (["json:dumps:obj=1"], "error[E104]: model: expected json:dumps to be or return a torch.nn.Module", ""),
        (["alexnet:make"], "error[E101]: model: expected options as NAME=VALUE, got 'make'", "alexnet.py:make"),
        (["shell_net:Pictures"], "error[E101]: inputs: expected an input for each of pictures, settings", "--input pi"),
        (["shell_net:Net", "--input", "y:1x3x8x8"], "error[E102]: no input of the module is called 'y'", "takes x"),
        (["shell_net:Net", "--input", "1x3x8x8", "--batch", "2"], "error[E101]: batch: expected the batch in the", ""),
        (["shell_net:Net", "--input", "1x5x8x8"], "error[E104]: capture: expected Net to run, got RuntimeError", ""),
        (["shell_net:Net", "--input", "x:3", "--input", "4"], "error[E101]: input: expected names for all 2", ""),
        (["shell_net:Net", "--input", "x:3", "--input", "x:4"], "error[E101]: input: expected each name once", ""),
        (["shell_net:Net", "--input", "x:3", "--input", "x.0:4"], "error[E101]: input: expected 'x' to be an", ""),
        (["shell_net:Net", "--input", "3:i64:9-2"], "error[E101]: input: expected numbers FIRST-LAST with FIRST", ""),
        (["shell_net:Net", "--input", "3:f32:0-2"], "error[E101]: input: expected numbers for a type of whole", ""),
        (["alexnet", "--input", "x:1x3x224x224:i64:0-2"], "error[E101]: input: expected no numbers", ""),
        (["explain", "shell_net:raises", "fc"], "error[E104]: model: expected shell_net:raises to give a module", ""),
    ],
)  # fmt: skip
def test_bad_input(netweight: Callable[..., Result], arguments: list[str], message: str, fix: str) -> None:
    code, out, err = netweight(*arguments)
    err = err.removeprefix("said on import\n").removeprefix("said in forward\n")
    assert code == 2
    assert out == ""
    assert err.startswith(message)
    assert fix in err
    assert "Traceback" not in err


def test_where_the_users_code_raised(netweight: Callable[..., Result]) -> None:
    line = NET.splitlines().index('    raise ValueError("no such luck")') + 1
    assert f"\n  --> from shell_net.py:{line}\n" in netweight("shell_net:raises")[2]
    assert "Traceback" in netweight("shell_net:raises", "-vv")[2]


def process(code: str, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    found = os.environ.get("PYTHONPATH", "")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(path), found))), **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=path, check=False)


COMMAND = "import sys; sys.argv = ['netweight', *{arguments!r}]; from netweight.cli import main; main()"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')",
            "got none\n  fix: pip install 'netweight[torch]'",
        ),
        ("raise OSError('libtorch.so: cannot open shared object file')", "got OSError: libtorch.so: cannot open"),
    ],
)
@pytest.mark.parametrize("model", ["net.py:Net", "net:Net", "torchvision:resnet50", "timm:vgg11", "hf:config.json"])
def test_without_a_working_torch(tmp_path: Path, code: str, message: str, model: str) -> None:
    (tmp_path / "torch.py").write_text(code)
    (tmp_path / "net.py").write_text("")
    found = process(COMMAND.format(arguments=[model]), tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("error[E108]: model: expected PyTorch")
    assert message in found.stderr
    assert process(COMMAND.format(arguments=["alexnet", "-q"]), tmp_path).returncode == 0


def test_doctor_tells_missing_from_broken(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("__version__ = '2.5.1'\nclass version: cuda = '12.4'\n")
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    (tmp_path / "timm.py").write_text("import os\nos._exit(139)")
    (tmp_path / "transformers.py").write_text("__version__ = '5.0'\nclass PreTrainedModel: pass\n")
    found = process(COMMAND.format(arguments=["doctor", "--format", "json"]), tmp_path)
    assert found.returncode == 0, found.stderr
    states = {check["name"]: (check["state"], check["detail"]) for check in json.loads(found.stdout)}
    assert states["torch"] == (
        "broken",
        "2.5.1, for CUDA 12.4; expected 2.6 or newer: pip install --upgrade torch",
    )
    state, detail = states["torchvision"]
    assert state == "broken"
    assert detail.startswith(
        "installed, does not import: RuntimeError: operator torchvision::nms does not exist; torchvision was built for"
    )
    assert states["timm"][0] == "broken"
    assert "its import ends the process with code 139" in states["timm"][1]
    assert states["transformers"] == ("usable", "5.0")


def test_doctor_looks_behind_what_is_imported_late(tmp_path: Path) -> None:
    """transformers imports, and its models do not: the error that counts is the one that it hides."""
    (tmp_path / "transformers.py").write_text(
        "def __getattr__(name):\n"
        "    raise ImportError('requirements?') from RuntimeError('operator torchvision::nms does not exist')\n"
    )
    out = process(COMMAND.format(arguments=["doctor"]), tmp_path).stdout
    line = next(line for line in out.splitlines() if " transformers " in line)
    assert line.startswith("broken")
    assert "RuntimeError: operator torchvision::nms does not exist; torchvision was built for another PyTorch" in line


def test_doctor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from netweight.app import doctor as diagnosis

    monkeypatch.setattr(diagnosis, "_is_installed", lambda name: name == "numpy")
    found = {check.name: check for check in diagnosis.doctor()}
    assert found["torch"].detail == "for PyTorch modules; pip install 'netweight[torch]'"
    assert found["transformers"].detail == "for hf:PATH_TO_config.json; pip install transformers"
    assert found["pandas"].detail == "for Profile.to_pandas; pip install 'netweight[pandas]'"
    assert (found["click"].state, found["click"].required) == ("missing", True)


def test_built_in_names_import_no_torch(tmp_path: Path) -> None:
    """Also with options, and where a file or package of that name lies in the directory."""
    (tmp_path / "alexnet.py").write_text("raise SystemExit(9)")
    for arguments in (["alexnet", "-q"], ["mlp:widths=5-3-2", "-q"], ["explain", "alexnet", "conv1"], ["models"]):
        code = (
            "import sys; from netweight.cli.main import run; "
            f"assert run({arguments!r}) == 0; sys.exit('torch' in sys.modules)"
        )
        found = process(code, tmp_path)
        assert found.returncode == 0, found.stderr


def test_a_configuration_whose_import_fails_says_what_to_install(tmp_path: Path) -> None:
    """The class of the configuration is imported when it is asked for, as that of the model is."""
    (tmp_path / "transformers.py").write_text(
        "class Classes(dict):\n"
        "    def __getitem__(self, name):\n"
        "        raise ModuleNotFoundError('Llama') from RuntimeError('operator torchvision::nms does not exist')\n"
        "CONFIG_MAPPING = Classes(llama=None)\n"
    )
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    found = process(COMMAND.format(arguments=["hf:config.json"]), tmp_path)
    assert "error[E108]: model: expected transformers to import, for hf:, got RuntimeError" in found.stderr
    assert "torchvision was built for another PyTorch" in found.stderr
