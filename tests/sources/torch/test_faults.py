"""A forward that raises: the line, the operator, what met there, where it came from, and what would fit."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import netweight
from netweight.cli.main import run
from netweight.errors import CaptureError, UnknownNameError
from netweight.ir import TensorSpec
from netweight.report.fault import fault_lines
from netweight.results.fault import Fault

_IMAGE = (1, 3, 6, 6)


class Fusion(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.table = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
        self.head = nn.Linear(26, 1)

    def forward(self, image: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        both = torch.cat([self.image(image), self.table(table)], dim=1)
        return self.head(both)


class Parts(nn.Module):
    """Layers of 8 channels, and what is done with them."""

    def __init__(self, forward: Callable[[Any, torch.Tensor], Any], **layers: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.does = forward

    def forward(self, x: torch.Tensor) -> Any:
        return self.does(self, x)


def _line(kind: Any, text: str) -> int:
    """Number of the first line of a class or function that has the text."""
    lines, first = inspect.getsourcelines(kind)
    return first + next(at for at, line in enumerate(lines) if text in line)


def _fault(module: nn.Module, inputs: Any = _IMAGE) -> Fault:
    fault = netweight.weigh(module, inputs).fault
    assert fault is not None
    return fault


def test_features_that_were_joined() -> None:
    """16 features of the image and 32 of the table meet a layer for 26."""
    profile = netweight.weigh(Fusion(), ((2, 3, 8, 8), (2, 10)))
    fault = profile.fault
    assert fault is not None
    assert (fault.error, fault.layer, fault.kind, fault.op) == ("RuntimeError", "head", "Linear(26, 1)", "linear")
    assert fault.message == "mat1 and mat2 shapes cannot be multiplied (2x48 and 26x1)"
    (line,) = fault.lines
    assert (Path(line.file).name, line.line) == (Path(__file__).name, _line(Fusion, "self.head(both)"))
    assert line.code == "return self.head(both)"
    file, joined, made = line.file, _line(Fusion, "torch.cat"), _line(Fusion, "self.head =")
    name = Path(__file__).name
    assert fault.why == (f"48 features = 16 (image) + 32 (table), joined by cat at {name}:{joined}",)
    assert fault.fixes == (f"Linear(48, 1) at {file}:{made} fits",)
    assert [(one.role, one.shape) for one in fault.tensors] == [("input", (2, 48)), ("weight", (1, 26)), ("bias", (1,))]


def test_rows_and_notes_are_those_of_the_user_alone() -> None:
    """The layer that refuses is none that ran: neither its parameters nor the parts of it that PyTorch tried."""
    profile = netweight.weigh(Fusion(), ((2, 3, 8, 8), (2, 10)))
    assert not any(row.layer.startswith("head.") for row in profile.layers)
    assert not profile.notes or all("followed" not in note and "raised" not in note for note in profile.notes)
    assert (profile.coverage.complete, profile.coverage.stopped_at) == (False, "head")
    assert profile.coverage.unknown == ()


def _unflat(net: Any, x: torch.Tensor) -> Any:
    return net.fc(net.conv(x))


def _flat(net: Any, x: torch.Tensor) -> Any:
    y = net.conv(x).flatten(1)
    return net.fc(y)


def _viewed(net: Any, x: torch.Tensor) -> Any:
    y = net.conv(x)
    return y.view(1, 400)


def _permuted(net: Any, x: torch.Tensor) -> Any:
    y = net.conv(x).permute(0, 2, 3, 1)
    return y.view(1, 288)


def _next(net: Any, x: torch.Tensor) -> Any:
    return net.next(net.conv(x))


def _last(net: Any, x: torch.Tensor) -> Any:
    y = net.conv(x).permute(0, 2, 3, 1)
    return net.next(y)


def _pooled(net: Any, x: torch.Tensor) -> Any:
    a = net.conv(x)
    b = F.max_pool2d(a, 2)
    return torch.cat([a, b], 1)


def _wrong_dim(net: Any, x: torch.Tensor) -> Any:
    a = net.conv(x)
    return torch.cat([a, x], 2)


def _residual(net: Any, x: torch.Tensor) -> Any:
    return net.conv(x) + x


def _gated(net: Any, x: torch.Tensor) -> Any:
    a = net.conv(x)
    gate = a.mean((2, 3))
    return a * gate


def _scores(net: Any, x: torch.Tensor) -> Any:
    a = net.conv(x).flatten(2)
    return a @ a


def _vector(net: Any, x: torch.Tensor) -> Any:
    y = net.conv(x).mean((2, 3))
    return net.next(y)


@pytest.mark.parametrize(
    ("forward", "layers", "why", "fix"),
    [
        (_unflat, {"fc": nn.Linear(288, 4)}, "6 features come from conv (Conv2d(3, 8, 3, padding=1))",
         "self.conv(...).flatten(1) before it gives 8 * 6 * 6 = 288 features"),
        (_unflat, {"fc": nn.Linear(16, 4)}, "6 features come from conv", "Linear(6, 4) fits"),
        (_flat, {"fc": nn.Linear(16, 4)}, "288 features = 8 * 6 * 6, flattened at ", "Linear(288, 4) fits"),
        (_viewed, {}, "y is 1x8x6x6 of conv (Conv2d(3, 8, 3, padding=1)), 288 elements", "(1, -1) fits, and gives"),
        (_permuted, {}, "y is 1x6x6x8 of permute", "reshape in the place of view fits"),
        (_next, {"next": nn.Conv2d(16, 4, 3)}, "8 channels come from conv", "Conv2d(8, 4, 3) fits"),
        (_next, {"next": nn.Conv2d(16, 16, 3, groups=16)}, "8 channels", "Conv2d(8, 16, 3, groups=8) fits"),
        (_next, {"next": nn.ConvTranspose2d(16, 4, 2)}, "8 channels come from conv", "ConvTranspose2d(8, 4, 2) fits"),
        (_last, {"next": nn.Conv2d(8, 4, 3)}, "6 channels come from conv", "y.permute(0, 3, 1, 2) before it puts"),
        (_next, {"next": nn.Conv2d(8, 4, 11)}, "its input is 1x8x6x6 of conv", "Conv2d(8, 4, 11, padding=5) fits"),
        (_next, {"next": nn.BatchNorm2d(16)}, "8 channels come from conv", "BatchNorm2d(8) fits"),
        (_next, {"next": nn.GroupNorm(4, 12)}, "8 channels come from conv", "GroupNorm(4, 8) fits"),
        (_vector, {"next": nn.LayerNorm(64)}, "8 features come from mean", "LayerNorm(8) fits"),
        (_vector, {"next": nn.Conv2d(8, 4, 3)}, "y is 1x8 of mean", "it takes N x C x H x W, 4 dimensions, and was"),
        (_pooled, {}, "b is 1x8x3x3 of max_pool", "F.interpolate(b, size=(6, 6)) before it fits"),
        (_wrong_dim, {}, "x is 1x3x6x6 of input x", "dim=1 fits"),
        (_residual, {}, "x is 1x3x6x6 of input x", "conv as Conv2d(3, 3, 3, padding=1) at "),
        (_gated, {}, "gate is 1x8 of mean", "gate[..., None, None] fits"),
        (_scores, {}, "a is 1x8x36 of reshape", "a.transpose(-2, -1) fits, and gives 1x8x8"),
    ],
)  # fmt: skip
def test_what_met_and_what_fits(
    forward: Callable[[Any, torch.Tensor], Any], layers: dict[str, nn.Module], why: str, fix: str
) -> None:
    fault = _fault(Parts(forward, **layers))
    assert fault.lines[0].line == _line(forward, "return")
    assert any(text.startswith(why) for text in fault.why), fault.why
    assert any(text.startswith(fix) for text in fault.fixes), fault.fixes


def _beside(net: Any, x: torch.Tensor) -> Any:
    return torch.cat([net.conv(x), net.wide(x)], 1)


def _shortened(net: Any, x: torch.Tensor) -> Any:
    return torch.cat([net.conv(x), net.pool(net.conv(x))], 1)


def _viewed_unnamed(net: Any, x: torch.Tensor) -> Any:
    return net.fc(net.conv(x).view(x.size(0), 16))


def _half(net: Any, x: torch.Tensor) -> Any:
    return net.fc(net.conv(x))


@pytest.mark.parametrize(
    ("forward", "layers", "fixes"),
    [
        (_beside, {"wide": nn.Conv2d(3, 8, 5)},
         ["wide as Conv2d(3, 8, 5, padding=2)", "F.interpolate(the output of wide, size=(6, 6)) before"]),
        (_beside, {"wide": nn.Conv2d(3, 8, 2)}, ["F.interpolate(the output of wide, size=(6, 6)) before"]),
        (_shortened, {"pool": nn.MaxPool2d(2)}, ["F.interpolate(the output of pool, size=(6, 6)) before"]),
        (_viewed_unnamed, {"fc": nn.Linear(16, 4)},
         ["(1, -1) fits", "flatten(1) of the output of conv gives 1x288, for fc as Linear(288, 4)"]),
        (_half, {"fc": nn.Linear(6, 4).half()},
         ["the output of conv as torch.float16: .to(torch.float16)", "the module in the type of its input"]),
    ],
)  # fmt: skip
def test_a_fix_names_the_tensor_that_is_at_fault(
    forward: Callable[[Any, torch.Tensor], Any], layers: dict[str, nn.Module], fixes: list[str]
) -> None:
    fault = _fault(Parts(forward, **layers))
    assert len(fault.fixes) == len(fixes), fault.fixes
    assert all(told.startswith(text) for told, text in zip(fault.fixes, fixes, strict=True)), fault.fixes


class Rows(nn.Module):
    """A table that is asked for what a function makes of the ids."""

    def __init__(self, made: Callable[[torch.Tensor], torch.Tensor] | None) -> None:
        super().__init__()
        self.first = nn.Embedding(1, 8)
        self.table = nn.Embedding(16, 8)
        self.made = made
        self.register_buffer("far", torch.tensor([[1, 5, 200]]))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.first(ids * 0) + self.table(self.far if self.made is None else self.made(ids))


@pytest.mark.parametrize(
    ("made", "ids", "span", "fix"),
    [
        (lambda ids: ids, torch.full((1, 10), 500), "500 to 500", "Embedding(501, 8) at "),
        (lambda ids: torch.arange(ids.shape[1]), torch.zeros(1, 32, dtype=torch.int64), "0 to 31", "Embedding(32, 8)"),
        (None, torch.zeros(1, 3, dtype=torch.int64), "1 to 200", "Embedding(201, 8)"),
        (lambda ids: ids - 1, torch.tensor([[0, 3]]), "-1 to 2", "numbers from 0 to 15"),
    ],
)
def test_rows_that_a_table_does_not_have(made: Any, ids: torch.Tensor, span: str, fix: str) -> None:
    module = Rows(made)
    with pytest.raises(IndexError, match="index out of range in self"):
        module(ids)
    fault = _fault(module, ids)
    assert (fault.error, fault.message) == ("IndexError", "index out of range in self")
    assert f"the numbers are from {span}, and table.weight has rows 0 to 15" in fault.why
    assert fault.fixes[0].startswith(fix)


def test_rows_that_a_table_has_and_numbers_that_nobody_gave_are_no_fault() -> None:
    assert netweight.weigh(Rows(lambda ids: ids), torch.full((1, 10), 15)).fault is None
    assert netweight.weigh(Rows(lambda ids: ids - 1), TensorSpec((1, 10), "int64")).fault is None


def test_a_layer_as_is_said_to_fit_does() -> None:
    broken = Parts(_next, next=nn.Conv2d(16, 4, 3))
    assert _fault(broken).fixes == ("Conv2d(8, 4, 3) fits",)
    assert netweight.weigh(Parts(_next, next=nn.Conv2d(8, 4, 3)), _IMAGE).coverage.complete


_POSITIONS = """\
from torch import nn
class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = 64
    def forward(self, ids):
        _, t = ids.shape
        assert t <= self.block
        return ids
"""


def test_an_assertion_without_a_text_has_its_line_and_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gpt.py").write_text(_POSITIONS)
    monkeypatch.chdir(tmp_path)
    assert run(["gpt.py:Positions", "--input", "1x512:i64"]) == 2
    first, *others = capsys.readouterr().err.splitlines()
    assert first.endswith("got AssertionError at the model's own forward, before any operator")
    assert others == [
        "  --> gpt.py:8: assert t <= self.block",
        "  why: t = 512, self.block = 64",
    ]


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(10, 4)

    def forward(self, batch: Any) -> Any:
        return self.fc(batch["x"])


def test_a_dict_that_is_wanted(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(CaptureError) as found:
        netweight.capture(Named(), (1, 10))
    assert found.value.why == "batch is a tensor, 1x10, and is asked for 'x': it wants a dict"
    assert found.value.fix == "--input batch.x:1x10"
    assert not [one for one in recwarn if "non-tuple" in str(one.message)]
    assert netweight.weigh(Named(), {"batch": {"x": (1, 10)}}).totals.macs == 10 * 4


class Two(nn.Module):
    def forward(self, image: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        return image + table


@pytest.mark.parametrize("count", [1, 3])
def test_arguments_that_are_missing_or_too_many(count: int) -> None:
    with pytest.raises(CaptureError) as found:
        netweight.weigh(Two(), ((1, 3),) * count)
    assert found.value.fix == "an input for each of image, table: --input image:SHAPE --input table:SHAPE"
    assert found.value.__notes__[0].endswith(
        "def forward(self, image: torch.Tensor, table: torch.Tensor) -> torch.Tensor:"
    )


def test_keys_and_names_that_are_not_there() -> None:
    def asks(net: Any, x: torch.Tensor) -> Any:
        found = {"logits": net.conv(x)}
        return found["logit"]

    fault = _fault(Parts(asks))
    assert (fault.error, fault.message, fault.why) == ("KeyError", "'logit'", ("the keys of found: 'logits'",))
    assert fault.fixes == ("did you mean found['logits']?",)


def test_an_index_that_is_out_of_bounds() -> None:
    def picks(net: Any, x: torch.Tensor) -> Any:
        y = net.conv(x)
        return y[:, 9]

    fault = _fault(Parts(picks))
    assert fault.error == "IndexError"
    assert fault.why == ("y is 1x8x6x6 of conv (Conv2d(3, 8, 3, padding=1))",)


def test_an_error_that_the_program_handles_is_no_fault() -> None:
    def tries(net: Any, x: torch.Tensor) -> Any:
        y = net.conv(x)
        try:
            return y @ y.new_zeros(3, 3)
        except RuntimeError:
            return y

    profile = netweight.weigh(Parts(tries), _IMAGE)
    assert profile.fault is None
    assert profile.coverage.complete


_FILE = """\
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(10, 4)
        self.second = nn.Linear(5, 2)
    def forward(self, x):
        return self.second(self.first(x))
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "net.py").write_text(_FILE)
    monkeypatch.chdir(tmp_path)
    return "net.py:Net"


_BLOCK = [
    "error[E104]: second (Linear(5, 2)) raised RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x4 and 5x2)",
    "  --> net.py:8: return self.second(self.first(x))",
    "  why: 4 features come from first (Linear(10, 4))",
    "  fix: Linear(4, 2) at net.py:6 fits",
]


def test_the_report_has_it_once(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([net, "--input", "1x10"]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    at = lines.index(_BLOCK[0])
    assert lines[at : at + 4] == _BLOCK
    assert "error" not in err
    assert (out + err).count("cannot be multiplied") == 1


@pytest.mark.parametrize("flags", [["-q"], ["--format", "json"], ["--format", "csv"], ["-o", "report.md"]])
def test_stderr_has_it_where_stdout_does_not(net: str, flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([net, "--input", "1x10", *flags]) == 1
    assert capsys.readouterr().err.splitlines() == _BLOCK


def test_json_has_it_and_is_read_back(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([net, "--input", "1x10", "--format", "json", "-o", "report.json"]) == 1
    fault = json.loads(capsys.readouterr().out)["fault"]
    assert (fault["error"], fault["layer"], fault["op"]) == ("RuntimeError", "second", "linear")
    assert fault["lines"] == [{"file": "net.py", "line": 8, "code": "return self.second(self.first(x))"}]
    assert fault["fixes"] == ["Linear(4, 2) at net.py:6 fits"]
    stored = netweight.weigh("report.json").fault
    assert stored is not None
    assert fault_lines(stored) == _BLOCK


def test_a_report_without_a_fault_has_none_in_json() -> None:
    assert "fault" not in netweight.weigh("alexnet").to_dict()


def test_weights_of_what_refused_are_in_no_figure() -> None:
    totals = netweight.weigh(nn.Sequential(nn.Linear(4, 8), nn.Linear(9, 8)), (1, 4)).totals
    assert (totals.params, dict(totals.weight_dtypes)) == (4 * 8 + 8, {"float32": 40})


class _OfDict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.fc(batch["image"])


def test_a_part_of_a_dict_that_is_named_alone_has_its_whole_name_in_the_fix() -> None:
    with pytest.raises(UnknownNameError, match="no input of the module is called 'image'") as caught:
        netweight.weigh(_OfDict(), {"image": (1, 8)})
    assert caught.value.fix == "--input batch.image:SHAPE"
    assert netweight.weigh(_OfDict(), {"batch": {"image": (1, 8)}}).totals.macs == 64


def test_an_input_that_was_tried_in_vain_is_not_said_to_be_drawn() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 62 * 62, 2))
    drawn = [note for note in netweight.run(network, guesses=True).notes if "is random" in note]
    assert drawn == ["input x is random: 1x3x64x64 float32, from N(0, 1), seed 0"]
