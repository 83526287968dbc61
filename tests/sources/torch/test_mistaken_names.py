"""Slips of a forward that Python itself refuses: names that are not there, tuples and None in the place of a tensor."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn

import netweight
from netweight.errors import CaptureError
from netweight.results.fault import Fault


class Net(nn.Module):
    """Layers of all kinds, and a forward that a test replaces."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.gru = nn.GRU(8, 16, batch_first=True)
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(16, 2)
        self.blocks = nn.ModuleDict({"first": nn.Linear(8, 8), "second": nn.Linear(8, 8)})
        self.silent = Silent()
        self.options = {"rate": {"keep": 0.5}}

    def forward(self, x: torch.Tensor) -> Any:
        raise NotImplementedError


class Silent(nn.Module):
    def forward(self, x: torch.Tensor) -> None:
        x.relu()


class Key(Net):
    def forward(self, x: torch.Tensor) -> Any:
        found = {"hidden": x.relu(), "logits": x}
        return found["logit"]


class Nested(Net):
    def forward(self, x: torch.Tensor) -> Any:
        return x.relu() * self.options["rate"]["kep"]


class Part(Net):
    def forward(self, x: torch.Tensor) -> Any:
        for name in ("first", "secnd"):
            x = self.blocks[name](x)
        return x


class Layer(Net):
    def forward(self, x: torch.Tensor) -> Any:
        y = x.relu()
        return self.conv_1(y)


class Method(Net):
    def forward(self, x: torch.Tensor) -> Any:
        return x.relu().flaten(1)


class Function(Net):
    def forward(self, x: torch.Tensor) -> Any:
        y = x.relu()
        return nn.functional.softmx(y, -1)  # type: ignore[attr-defined]


class Variable(Net):
    def forward(self, x: torch.Tensor) -> Any:
        hidden = x.relu()
        return hiden + hidden  # type: ignore[name-defined]  # noqa: F821


class State(Net):
    def forward(self, x: torch.Tensor) -> Any:
        y = self.lstm(x)
        return self.out(y)


class Weights(Net):
    def forward(self, x: torch.Tensor) -> Any:
        y = self.attend(x, x, x)
        return y + x


class Inline(Net):
    def forward(self, x: torch.Tensor) -> Any:
        return self.out(self.gru(x))


class Silence(Net):
    def forward(self, x: torch.Tensor) -> Any:
        y = self.silent(x)
        return self.out(y)


def _fault(module: nn.Module) -> Fault:
    fault = netweight.weigh(module, (1, 5, 8)).fault
    assert fault is not None
    return fault


@pytest.mark.parametrize(
    ("kind", "why", "fix"),
    [
        (Key, "the keys of found: 'logits', 'hidden'", "did you mean found['logits']?"),
        (Nested, "the keys of self.options['rate']: 'keep'", "did you mean self.options['rate']['keep']?"),
        (Part, "the keys of self.blocks: 'second', 'first'", "did you mean self.blocks['second']?"),
        (Layer, "y = 1x5x8 float32", "did you mean self.conv1?"),
        (Method, "x = 1x5x8 float32", "did you mean x.relu().flatten?"),
        (Function, "y = 1x5x8 float32", "did you mean nn.functional.softmax?"),
        (Variable, "hidden = 1x5x8 float32", "did you mean hidden?"),
        (State, "y is a tuple of 2, not a tensor; its first is 1x5x16; LSTM(8, 16) returns the output and (h, c)",
         "y, _ = self.lstm(x) at "),
        (Weights, "y is a tuple of 2, not a tensor; its first is 1x5x8; MultiheadAttention(8, 2) returns the",
         "y, _ = self.attend(x, x, x) at "),
        (Inline, "GRU(8, 16) returns the output and h", "self.gru(x)[0] is the output alone"),
        (Silence, "y is None: self.silent(x) returned nothing", "a return at the end of Silent.forward at "),
    ],
)  # fmt: skip
def test_what_is_there_and_what_may_be_meant(kind: type[Net], why: str, fix: str) -> None:
    fault = _fault(kind())
    assert fault.why[0].startswith(why), fault.why
    assert len(fault.fixes) == 1, fault.fixes
    assert fault.fixes[0].startswith(fix), fault.fixes
    assert fault.lines, "the line of the forward"


def test_a_name_like_no_other_has_no_suggestion() -> None:
    class Odd(Net):
        def forward(self, x: torch.Tensor) -> Any:
            return {"a": x.relu()}["zebra"], self.quux

    assert _fault(Odd()).fixes == ()


def test_a_sequence_hands_on_the_whole_tuple() -> None:
    fault = _fault(nn.Sequential(nn.LSTM(8, 16), nn.Linear(16, 2)))
    assert fault.why == ("LSTM(8, 16) returns the output and (h, c)",)
    assert fault.fixes[0].startswith("a module of your own between 0 and 1 that returns x[0]")


def test_a_forward_that_returns_nothing_is_noted() -> None:
    line = inspect.getsourcelines(Silent.forward)[1]
    (note,) = netweight.weigh(Silent(), (1, 3)).notes
    assert note.startswith("forward at ")
    assert note.endswith(f":{line} returns None: a return may be missing")
    assert not netweight.weigh(nn.ReLU(), (1, 3)).notes


class Three(nn.Module):
    """A picture, tokens and features, each read by a layer that says what it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.table = nn.Embedding(100, 8)
        self.fc = nn.Linear(12, 8)

    def forward(self, image: torch.Tensor, ids: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return self.fc(features) + self.conv(image).mean((2, 3)) + self.table(ids).mean(1)


def test_missing_arguments_are_shown_with_sizes_that_fit() -> None:
    """What was given stays: 32 x 32, where a guess would be 224 x 224."""
    with pytest.raises(CaptureError) as found:
        netweight.weigh(Three(), (1, 3, 32, 32))
    assert found.value.fix == (
        "an input for each of image, ids, features, such as "
        "--input image:1x3x32x32 --input ids:1x128:i64 --input features:1x12"
    )
    taken = {"image": (1, 3, 32, 32), "ids": netweight.TensorSpec((1, 128), "int64"), "features": (1, 12)}
    assert netweight.weigh(Three(), taken).coverage.complete


class Sums(nn.Module):
    """Two layers of one input, and what joins their outputs."""

    def __init__(self, a: nn.Module, b: nn.Module, join: Any) -> None:
        super().__init__()
        self.a, self.b, self.join = a, b, join
        self.scale = nn.Parameter(torch.ones(10))

    def forward(self, x: torch.Tensor) -> Any:
        return self.join(self, self.a(x), self.b(x))


@pytest.mark.parametrize(
    ("a", "b", "join", "shape", "fixes"),
    [
        (nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3, padding=1), lambda _net, a, b: a + b, (1, 3, 8, 8),
         ["a as Conv2d(3, 8, 3, padding=1) gives 8x8 too", "F.interpolate(a, size=(8, 8)) before it fits"]),
        (nn.Linear(8, 6), nn.Linear(8, 4), lambda _net, a, b: a @ b.transpose(-2, -1), (1, 5, 8),
         ["b as Linear(8, 6) fits", "a as Linear(8, 4) fits"]),
        (nn.Linear(8, 6), nn.Linear(8, 4), lambda net, a, _b: a * net.scale, (1, 8),
         ["scale of 6 at ", "a as Linear(8, 10) fits"]),
        (nn.Linear(8, 6), nn.Linear(8, 4), lambda net, _a, b: net.scale @ b.transpose(0, 1), (2, 8),
         ["b as Linear(8, 10) fits", "scale of 4 at "]),
        (nn.Conv2d(3, 8, 3, padding=1), nn.Identity(), lambda _net, a, _b: a * a.mean((2, 3)), (2, 3, 8, 8),
         ["x[..., None, None] fits"]),
    ],
)  # fmt: skip
def test_sizes_that_do_not_meet_and_one_plain_change(
    a: nn.Module, b: nn.Module, join: Any, shape: tuple[int, ...], fixes: list[str]
) -> None:
    """Sizes that are equal by chance, as of 8 channels and 8 rows, are not taken for one another."""
    fault = netweight.weigh(Sums(a, b, join), shape).fault
    assert fault is not None
    assert len(fault.fixes) == len(fixes), fault.fixes
    assert all(told.startswith(text) for told, text in zip(fault.fixes, fixes, strict=True)), fault.fixes
