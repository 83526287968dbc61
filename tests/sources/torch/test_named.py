"""Models that a text names: in the user's own files and modules, and architectures of packages."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="modules need PyTorch")

import netweight  # noqa: E402
from netweight.errors import (  # noqa: E402
    CaptureError,
    FormatError,
    MissingExtraError,
    UnknownNameError,
    UsageError,
)
from sources.torch import torchvision_shim  # noqa: E402

NET = '''
import torch
from torch import nn

class Net(nn.Module):
    """216 weights of a convolution, 16 of normalisation, 8 * 10 + 10 of a linear layer."""

    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, 10)

    @classmethod
    def wide(cls):
        return cls(16)

    def forward(self, x):
        return self.fc(torch.relu(self.bn1(self.conv1(x))).mean((2, 3)))

net = Net()

def with_inputs():
    return Net(), (2, 3, 32, 32)

def by_name():
    return Net(), {"x": torch.zeros(1, 3, 16, 16)}

def raises():
    raise ValueError("no such width")

def returns_nothing():
    Net()

def three():
    return Net(), 1, 2

number = 3
'''
PARAMS = 3 * 8 * 9 + 2 * 8 + 8 * 10 + 10
MACS = 8 * 3 * 3 * 3 * 32 * 32 + 8 * 10


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with a file and a package of models; what is imported from it is forgotten afterwards."""
    (tmp_path / "wn_file.py").write_text(NET)
    package = tmp_path / "wn_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text("from wn_package.blocks import *\n" + NET)
    (package / "blocks.py").write_text("LATER = 1\n")
    (package / "relative.py").write_text("from .blocks import LATER\nfrom .net import Net\n")
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("wn_"):
            del sys.modules[name]


@pytest.mark.parametrize(
    "name",
    [
        "wn_file.py:Net",
        "wn_file.py:net",
        "./wn_file.py:Net",
        "wn_file:Net",
        "wn_package.net:Net",
        "wn_package/net.py:net",
    ],
)
def test_modules_by_name(here: Path, name: str) -> None:
    path = list(sys.path)
    profile = netweight.weigh(name, (1, 3, 32, 32))
    assert (profile.totals.params, profile.totals.macs) == (PARAMS, MACS)
    assert (profile.model.name, profile.model.source) == ("Net", "pytorch")
    assert profile.notes == ()
    assert sys.path == path


def test_names_in_names_and_options(here: Path) -> None:
    wide = netweight.weigh("wn_file.py:Net.wide", (1, 3, 32, 32))
    assert wide.totals.params == 3 * 16 * 9 + 2 * 16 + 16 * 10 + 10
    assert netweight.weigh("wn_file.py:Net:width=16", (1, 3, 32, 32)) == wide


def test_inputs_that_come_with_the_module(here: Path) -> None:
    profile = netweight.weigh("wn_file.py:with_inputs")
    assert profile.model.inputs[0].shape == (2, 3, 32, 32)
    assert profile.notes == ("the input is the one that wn_file.py:with_inputs returns",)
    assert netweight.weigh("wn_file.py:by_name").model.inputs[0].shape == (1, 3, 16, 16)
    assert netweight.weigh("wn_file.py:with_inputs", (1, 3, 8, 8)).model.inputs[0].shape == (1, 3, 8, 8)
    with pytest.raises(UsageError, match="expected the batch in the input's shape, got 4 beside an input"):
        netweight.weigh("wn_file.py:with_inputs", batch=4)


def test_a_batch_of_a_guess(here: Path) -> None:
    profile = netweight.weigh("wn_file.py:Net", batch=4)
    assert profile.model.inputs[0].shape == (4, 3, 224, 224)
    assert profile.notes == (
        "no input was given: float32[4, 3, 224, 224] is a guess from the convolution 'conv1', at 224 x 224",
    )


def test_a_file_is_read_anew_and_a_device_is_kept(here: Path) -> None:
    (here / "wn_file.py").write_text(
        NET.replace("width=8", "width=4") + "\nassert net.fc.weight.device.type == 'cpu'\n"
    )
    assert netweight.weigh("wn_file.py:net").totals.params == 3 * 4 * 9 + 2 * 4 + 4 * 10 + 10
    (here / "wn_file.py").write_text(NET.replace("net = Net()", "with torch.device('meta'):\n    net = Net(width=4)"))
    assert netweight.weigh("wn_file.py:net").totals.params == 3 * 4 * 9 + 2 * 4 + 4 * 10 + 10


def test_a_file_may_be_called_like_a_module_that_is_loaded(here: Path) -> None:
    (here / "json.py").write_text(NET)
    assert netweight.weigh("json.py:Net").totals.params == PARAMS
    assert sys.modules["json"] is json


def test_what_a_model_imports_when_it_runs_is_found(here: Path) -> None:
    (here / "wn_later.py").write_text(
        "from torch import nn\n"
        "class Late(nn.Module):\n def forward(self, x):\n  import wn_package.blocks\n  return x + 1\n"
    )
    assert netweight.weigh("wn_later.py:Late", (3,)).coverage.complete


@pytest.mark.parametrize(
    ("name", "error", "message", "fix"),
    [
        ("wn_file.py:Ne", UnknownNameError, "no name in wn_file.py is called 'Ne'", "did you mean Net or net"),
        (
            "wn_file.py:zzzzz",
            UnknownNameError,
            "no name in wn_file.py is called 'zzzzz'",
            "it has Net, net, with_inputs, by_name, raises",
        ),
        ("wn_file.py:Net.wid", UnknownNameError, "no name in wn_file.py is called 'wid'", "did you mean wide"),
        ("wn_fil.py:Net", UnknownNameError, "no Python file is called 'wn_fil.py'", "did you mean wn_file.py"),
        ("no/such/dir/a.py:Net", UnknownNameError, "no Python file is called 'no/such/dir/a.py'", ""),
        ("wn_packag.net:Net", UnknownNameError, "no Python module is called 'wn_packag'", "did you mean wn_package"),
        ("wn_package.ne:Net", UnknownNameError, "no Python module is called 'wn_package.ne'", "wn_package.net"),
        ("qqqqq:Net", UnknownNameError, "no Python module is called 'qqqqq'", "a file is named FILE.py:NAME"),
        ("wn_file.py:raises", CaptureError, "expected wn_file.py:raises to give a module, got ValueError: no such", ""),
        ("wn_file.py:returns_nothing", CaptureError, r"be or return a torch.nn.Module, .* got None", "no return"),
        ("wn_file.py:number", CaptureError, "be or return a torch.nn.Module, .* got a value of type int", ""),
        ("wn_file.py:three", CaptureError, "got a tuple of Net, int, int", ""),
        ("wn_file.py:Net:depth=3", CaptureError, "got TypeError: .*unexpected keyword argument 'depth'", "NAME=VALUE"),
        ("torch:nn.Linear", CaptureError, "got TypeError: .*missing 2 required positional arg", "torch:nn.Linear:NAME"),
        ("wn_file.py:net:width=3", UsageError, "expected no options, as wn_file.py:net is a module, got width", ""),
        (
            "wn_package/relative.py:Net",
            CaptureError,
            "got ImportError: attempted relative import",
            "package.module:NAME",
        ),
    ],
)
def test_what_names_no_module(here: Path, name: str, error: type[Exception], message: str, fix: str) -> None:
    with pytest.raises(error, match=message) as raised:
        netweight.weigh(name)
    assert fix in raised.value.fix


@pytest.mark.parametrize(
    ("code", "message", "place", "fix"),
    [
        ("x = 1\ny = 1 / 0\n", "got ZeroDivisionError: division by zero", "from wn_broken.py:2", ""),
        ("x = 1\ny = (\n", "got SyntaxError: ", "from wn_broken.py:2", ""),
        ("import sys\nsys.exit(3)\n", "got SystemExit: 3", "from wn_broken.py:2", ""),
        (
            "import wn_nowhere\n",
            "got ModuleNotFoundError: No module named 'wn_nowhere'",
            "wn_broken.py:1",
            "install wn_",
        ),
        ("import torch\ntorch.zeros(2) @ torch.zeros(3)\n", "got RuntimeError: inconsistent", "wn_broken.py:2", ""),
    ],
)
@pytest.mark.parametrize("name", ["wn_broken.py:Net", "wn_broken:Net"])
def test_code_that_does_not_import(here: Path, name: str, code: str, message: str, place: str, fix: str) -> None:
    (here / "wn_broken.py").write_text(code)
    with pytest.raises(CaptureError, match=message) as raised:
        netweight.weigh(name)
    assert place in raised.value.__notes__[0]
    assert fix in raised.value.fix
    assert "wn_broken" not in sys.modules


def test_where_a_factory_raises(here: Path) -> None:
    with pytest.raises(CaptureError) as raised:
        netweight.weigh("wn_file.py:raises")
    line = NET.splitlines().index('    raise ValueError("no such width")') + 1
    assert raised.value.__notes__ == [f"from wn_file.py:{line}"]
    assert isinstance(raised.value.__cause__, ValueError)


# Packages.

NMS = "raise RuntimeError('operator torchvision::nms does not exist')\n"
LAZY = """
CONFIG_MAPPING = {"bert": type("C", (), {"from_dict": staticmethod(lambda d: type("B", (), {})())})}
def __getattr__(name):
    try:
        raise RuntimeError("operator torchvision::nms does not exist")
    except RuntimeError as error:
        raise ModuleNotFoundError(f"Could not import module {name!r}") from error
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Puts a package of that name in front of any that is installed."""
    made: list[str] = []

    def loaded() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] in made]

    def make(name: str, code: str) -> None:
        made.append(name)
        for other in loaded():
            monkeypatch.delitem(sys.modules, other)
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)

    yield make
    for name in loaded():
        del sys.modules[name]


@pytest.mark.parametrize("name", ["torchvision", "timm", "transformers"])
def test_a_package_that_is_installed_and_broken(package: Any, tmp_path: Path, name: str) -> None:
    package(name, NMS if name != "transformers" else LAZY)
    (tmp_path / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    prefix, model = ("hf", str(tmp_path)) if name == "transformers" else (name, "resnet50")
    with pytest.raises(MissingExtraError) as raised:
        netweight.weigh(f"{prefix}:{model}")
    assert raised.value.message == (
        f"model: expected {name} to import, for {prefix}:, got RuntimeError: operator torchvision::nms does not exist"
    )
    assert raised.value.fix.startswith("torchvision was built for another PyTorch: install both together")


@pytest.mark.parametrize(("prefix", "name"), [("torchvision", "torchvision"), ("timm", "timm"), ("hf", "transformers")])
def test_a_package_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prefix: str, name: str
) -> None:
    def find(wanted: str, *_: Any) -> None:
        if wanted == name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [type("Finder", (), {"find_spec": staticmethod(find)}), *sys.meta_path])
    with pytest.raises(MissingExtraError, match=f"expected {name}, which has the architectures of {prefix}:, got none"):
        netweight.weigh(f"{prefix}:{tmp_path}")


TIMM = """
import torch
from torch import nn
def list_models(): return ["tiny", "tinier"]
def list_pretrained(pattern): return ["tiny.in1k"]
def is_model(name): return name in list_models()
def create_model(name, pretrained, num_classes=10, in_chans=3, numbers=False):
    assert pretrained is False
    if numbers:
        assert torch.zeros(1).item() == 0
    model = nn.Sequential(nn.Conv2d(in_chans, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, num_classes))
    model.pretrained_cfg = {"input_size": (3, 64, 48)}
    model.register_buffer("kept", torch.zeros(1))
    return model
"""


def test_an_architecture_of_timm(package: Any) -> None:
    package("timm", TIMM)
    profile = netweight.weigh("timm:tiny", batch=2)
    assert (profile.model.name, profile.model.source) == ("tiny", "timm")
    assert profile.model.inputs[0].shape == (2, 3, 64, 48)
    assert profile.notes == ("no input was given: it is a picture of the default size, 64 x 48, for timm:tiny",)
    assert profile.totals.params == 3 * 4 * 9 + 4 + 4 * 10 + 10
    assert netweight.weigh("timm:tiny.in1k").totals == netweight.weigh("timm:tiny").totals
    assert netweight.weigh("timm:tiny:num_classes=5").totals.params == profile.totals.params - 5 * 4 - 5
    assert netweight.weigh("timm:tiny:in_chans=1").model.inputs[0].shape == (1, 1, 64, 48)
    assert netweight.weigh("timm:tiny", (1, 3, 8, 8)).notes == ()


def test_code_that_needs_numbers_gets_them(package: Any) -> None:
    package("timm", TIMM)
    register = torch.nn.Module.register_parameter
    assert netweight.weigh("timm:tiny:numbers=true").totals == netweight.weigh("timm:tiny").totals
    assert torch.nn.Module.register_parameter is register


@pytest.mark.parametrize(
    ("name", "message", "fix"),
    [
        ("tin", "no model of timm is called 'tin'", "did you mean tiny or tinier"),
        ("zzzzzzzz", "no model of timm is called 'zzzzzzzz'", "lists them"),
        ("tiny.in22k", "no model of timm is called 'tiny.in22k'", "did you mean tiny.in1k"),
        ("hf-hub:some/where", "no model of timm is called 'hf-hub:some/where'", ""),
    ],
)
def test_names_that_timm_does_not_have(package: Any, name: str, message: str, fix: str) -> None:
    package("timm", TIMM)
    with pytest.raises(UnknownNameError, match=message) as raised:
        netweight.weigh(f"timm:{name}")
    assert fix in raised.value.fix


@pytest.fixture
def torchvision() -> Any:
    return torchvision_shim.models()


@pytest.mark.parametrize(
    ("name", "shapes", "words"),
    [
        ("resnet18", [(2, 3, 224, 224)], "a picture of the published size, 224 x 224"),
        ("inception_v3", [(2, 3, 299, 299)], "a picture of the published size, 299 x 299"),
        ("vit_b_16", [(2, 3, 224, 224)], "a picture of the published size, 224 x 224"),
        ("vit_b_16:image_size=64", [(2, 3, 64, 64)], "a picture of the published size, 64 x 64"),
        ("lraspp_mobilenet_v3_large", [(2, 3, 520, 520)], "a picture of the published size, 520 x 520"),
        ("r3d_18", [(2, 3, 16, 112, 112)], "16 frames of the published size, 112 x 112"),
        ("regnet_y_400mf", [(2, 3, 224, 224)], "a picture of the published size, 224 x 224"),
    ],
)
def test_architectures_of_torchvision(torchvision: Any, name: str, shapes: Any, words: str) -> None:
    profile = netweight.weigh(f"torchvision:{name}", batch=2, conventions=())
    assert profile.model.source == "torchvision"
    assert [found.shape for found in profile.model.inputs] == shapes
    name = name.partition(":")[0]
    assert profile.notes[0] == f"no input was given: it is {words}, for torchvision:{name}"
    assert profile.coverage.stopped_at is None


def test_a_name_that_torchvision_does_not_have(torchvision: Any) -> None:
    with pytest.raises(UnknownNameError, match="no model of torchvision is called 'resnet5'") as raised:
        netweight.weigh("torchvision:resnet5")
    assert "did you mean resnet50" in raised.value.fix


CONFIGS = {
    "BertModel": ({"model_type": "bert", "num_hidden_layers": 1}, {"input_ids": (2, 128)}),
    "GPT2LMHeadModel": ({"model_type": "gpt2", "n_layer": 1, "n_positions": 32}, {"input_ids": (2, 32)}),
    "T5ForConditionalGeneration": (
        {"model_type": "t5", "num_layers": 1, "num_decoder_layers": 1},
        {"input_ids": (2, 128), "decoder_input_ids": (2, 128)},
    ),
    "ViTForImageClassification": (
        {"model_type": "vit", "num_hidden_layers": 1, "image_size": 64},
        {"pixel_values": (2, 3, 64, 64)},
    ),
    "CLIPModel": (
        {"model_type": "clip", "text_config": {"num_hidden_layers": 1}, "vision_config": {"num_hidden_layers": 1}},
        {"input_ids": (2, 77), "pixel_values": (2, 3, 224, 224)},
    ),
    "TimesformerModel": (
        {"model_type": "timesformer", "num_hidden_layers": 1, "num_frames": 2, "image_size": 32},
        {"pixel_values": (2, 2, 3, 32, 32)},
    ),
    "WhisperForConditionalGeneration": (
        {"model_type": "whisper", "encoder_layers": 1, "decoder_layers": 1},
        {"input_features": (2, 80, 3000), "decoder_input_ids": (2, 128)},
    ),
    "ASTForAudioClassification": (
        {"model_type": "audio-spectrogram-transformer", "num_hidden_layers": 1, "max_length": 64},
        {"input_values": (2, 64, 128)},
    ),
}


@pytest.fixture
def transformers() -> Any:
    found = pytest.importorskip("transformers", reason="transformers is not installed")
    torchvision_shim.models()
    return found


@pytest.mark.parametrize("architecture", CONFIGS)
def test_architectures_of_transformers(transformers: Any, tmp_path: Path, architecture: str) -> None:
    settings, shapes = CONFIGS[architecture]
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**settings, "architectures": [architecture]}))
    profile = netweight.weigh(f"hf:{path}", batch=2, conventions=())
    assert (profile.model.name, profile.model.source) == (architecture, "transformers")
    assert {found.name: found.shape for found in profile.model.inputs} == shapes
    assert any(note.startswith("no input was given: it is ") for note in profile.notes)
    assert profile.coverage.stopped_at is None
    assert netweight.weigh(f"hf:{tmp_path}", batch=2, conventions=()) == profile


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, FormatError, "hf: expected a readable config.json: .*, got none: No such file"),
        ("{", FormatError, "hf: expected a readable config.json: .*: Expecting"),
        ("[]", FormatError, "hf: expected a config.json with a model_type, got .* without one"),
        ("{}", FormatError, "hf: expected a config.json with a model_type, got .* without one"),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, text: str | None, error: type[Exception], message: str) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(error, match=message):
        netweight.weigh(f"hf:{tmp_path / 'config.json'}")


def test_an_unknown_type_of_model(transformers: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "brt", "auto_map": {}}')
    with pytest.raises(UnknownNameError, match="no type of model in transformers is called 'brt'") as raised:
        netweight.weigh(f"hf:{tmp_path}")
    assert "did you mean b" in raised.value.fix
