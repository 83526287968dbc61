"""Every form in which a module's inputs can be given, and what is said of those that cannot be."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="modules need PyTorch")

import netweight  # noqa: E402
from netweight import TensorSpec, UsageError  # noqa: E402
from netweight.errors import CaptureError  # noqa: E402
from netweight.ir import Filled  # noqa: E402

nn = torch.nn


class Sum(nn.Module):
    """Two inputs of one size."""

    def forward(self, a, b, scale=1.0):
        return a * scale + b


class Nested(nn.Module):
    def forward(self, pair, more):
        return pair[0] + pair[1] + more["c"]["d"]


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 8)

    def forward(self, ids, mask=None):
        y = self.embed(ids)
        return y if mask is None else y * mask.unsqueeze(-1)


def inputs_of(model: Any, inputs: Any, **settings: Any) -> list[tuple[str, tuple[int, ...], str]]:
    profile = netweight.weigh(model, inputs, **settings)
    assert profile.coverage.stopped_at is None, profile.notes
    return [(found.name, found.shape, found.dtype) for found in profile.model.inputs]


X = ("x", (2, 3, 8, 8), "float32")


@pytest.mark.parametrize(
    "inputs",
    [
        (2, 3, 8, 8),
        [2, 3, 8, 8],
        torch.Size((2, 3, 8, 8)),
        TensorSpec((2, 3, 8, 8)),
        torch.zeros(2, 3, 8, 8),
        torch.zeros(2, 3, 8, 8, device="meta"),
        torch.zeros(2, 8, 8, 3).permute(0, 3, 1, 2),
        ((2, 3, 8, 8),),
        [TensorSpec((2, 3, 8, 8))],
        (torch.zeros(2, 3, 8, 8),),
    ],
    ids=lambda inputs: type(inputs).__name__,
)
def test_one_input(inputs: Any) -> None:
    """PyTorch calls the argument of a layer ``input``; alone it is ``x``, as everywhere here."""
    assert inputs_of(nn.Conv2d(3, 4, 3), inputs) == [X]


def test_one_input_by_name() -> None:
    assert inputs_of(nn.Conv2d(3, 4, 3), {"input": (2, 3, 8, 8)}) == [("input", *X[1:])]


def test_types() -> None:
    assert inputs_of(nn.Conv2d(3, 4, 3, dtype=torch.float16), TensorSpec((1, 3, 8, 8), "float16"))[0][2] == "float16"
    assert inputs_of(nn.ReLU(), torch.zeros(3, dtype=torch.bfloat16)) == [("x", (3,), "bfloat16")]
    assert inputs_of(nn.Identity(), TensorSpec((), "int64")) == [("x", (), "int64")]


@pytest.mark.parametrize(
    "inputs",
    [
        ((2, 5), (2, 5)),
        [(2, 5), TensorSpec((2, 5))],
        (torch.zeros(2, 5), (2, 5)),
        {"a": (2, 5), "b": torch.zeros(2, 5)},
        {"b": (2, 5), "a": (2, 5)},
        {"a": (2, 5), "b": (2, 5), "scale": 2.0},
        ((2, 5), (2, 5), 2.0),
    ],
    ids=lambda inputs: type(inputs).__name__,
)
def test_several_inputs(inputs: Any) -> None:
    """What is no tensor, spec or shape goes to the forward as it is."""
    assert sorted(inputs_of(Sum(), inputs)) == [("a", (2, 5), "float32"), ("b", (2, 5), "float32")]


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Both:
    left: Any
    right: Any

    def __getitem__(self, at: int) -> Any:
        return (self.left, self.right)[at]


@pytest.mark.parametrize(
    ("pair", "names"),
    [
        ([(2, 5), (2, 5)], ("pair.0", "pair.1")),
        (((2, 5), torch.zeros(2, 5)), ("pair.0", "pair.1")),
        (Pair((2, 5), (2, 5)), ("pair.0", "pair.1")),
        (Both((2, 5), (2, 5)), ("pair.left", "pair.right")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nested_inputs(pair: Any, names: tuple[str, ...]) -> None:
    found = inputs_of(Nested(), {"pair": pair, "more": {"c": {"d": (2, 5)}}})
    assert [name for name, *_ in found] == [*names, "more.c.d"]
    assert inputs_of(Nested(), (pair, {"c": {"d": (2, 5)}})) == found


def test_tensors_keep_to_themselves() -> None:
    """A real tensor is neither written nor kept, whatever the module does with its input."""

    class InPlace(nn.Module):
        def forward(self, x):
            return x.add_(1)

    given = torch.zeros(4)
    assert inputs_of(InPlace(), given) == [("x", (4,), "float32")]
    whole = torch.zeros(4, dtype=torch.int64)
    netweight.weigh(InPlace(), whole)
    assert given.sum() == whole.sum() == 0


def test_numbers_of_whole_inputs_are_seen() -> None:
    """Token ids decide which way a program goes; so they are zeros, or what the caller says."""

    class Chooses(nn.Module):
        def __init__(self):
            super().__init__()
            self.low, self.high = nn.Linear(4, 4), nn.Linear(4, 400)

        def forward(self, ids, x):
            assert ids.min() >= 0
            return (self.high if ids.max() > 50 else self.low)(x)

    def macs(ids: Any) -> int:
        profile = netweight.weigh(Chooses(), {"ids": ids, "x": (1, 4)})
        assert profile.coverage.stopped_at is None, profile.notes
        return profile.totals.macs

    assert macs(TensorSpec((1, 128), "int64")) == 4 * 4
    assert macs(torch.full((1, 128), 99)) == 4 * 400
    assert macs(Filled(TensorSpec((1, 128), "int64"), 0, 99)) == 4 * 400
    assert macs(Filled(TensorSpec((1, 128), "int64"), 7, 7)) == 4 * 4
    assert macs(Filled(TensorSpec((1, 128), "bool"), 1, 1)) == 4 * 4


def test_filled_inputs_are_always_the_same() -> None:
    seen = []

    class Looks(nn.Module):
        def forward(self, ids):
            seen.append(ids.clone())
            return ids + 1

    for _ in range(2):
        netweight.weigh(Looks(), Filled(TensorSpec((64,), "int64"), 3, 9))
    assert torch.equal(*seen)
    assert set(seen[0].tolist()) == set(range(3, 10))


GUESSES = [
    (nn.Sequential(nn.Conv2d(3, 4, 3)), "float32[2, 3, 224, 224] is a guess from the convolution '0', at 224 x 224"),
    (nn.Conv1d(5, 4, 3), "float32[2, 5, 1024] is a guess from the convolution 'itself', at length 1024"),
    (nn.Conv3d(3, 4, 3), "float32[2, 3, 16, 112, 112] is a guess from the convolution 'itself', 16 x 112 x 112"),
    (nn.ConvTranspose1d(5, 4, 3), "float32[2, 5, 1024] is a guess"),
    (nn.Sequential(nn.Flatten(), nn.Linear(7, 4)), "float32[2, 7] is a guess from the linear layer '1'"),
    (Tokens(), "int64[2, 128] is a guess from the embedding 'embed', 128 tokens"),
    (nn.LSTM(6, 4), "float32[128, 2, 6] is a guess from the recurrent layer 'itself', 128 steps"),
    (nn.GRU(6, 4, batch_first=True), "float32[2, 128, 6] is a guess"),
]


@pytest.mark.parametrize(("module", "note"), GUESSES, ids=[type(module).__name__ for module, _ in GUESSES])
def test_a_guess_is_said(module: Any, note: str) -> None:
    profile = netweight.weigh(module, batch=2)
    assert profile.coverage.stopped_at is None
    assert any(found.startswith(f"no input was given: {note}") for found in profile.notes), profile.notes
    assert not netweight.weigh(module, [profile.model.inputs[0].shape] if not isinstance(module, Tokens) else (
        TensorSpec((2, 128), "int64")
    )).notes  # fmt: skip


@pytest.mark.parametrize(
    ("module", "inputs", "message", "fix"),
    [
        (nn.ReLU(), None, r"expected an input, as none can be guessed", "--input input:1x3x224x224"),
        (Sum(), None, r"expected an input for each of a, b, as none can be guessed", "--input a:1x3x224x224"),
        (nn.ReLU(), 5, r"expected a shape, a tensor, or a tuple or dict of them, got 5", "inputs=(1, 3, 224, 224)"),
        (nn.ReLU(), "1x3", r"expected a shape, a tensor, or a tuple or dict of them, got '1x3'", "inputs=(1, 3)"),
        (nn.ReLU(), (1, -3), r"expected sizes of at least 0, got \(1, -3\)", ""),
        (nn.ReLU(), TensorSpec((1, 3), "int4"), r"expected an element type that PyTorch has, got 'int4'", ""),
        (Sum(), {"a": (1,), "scal": 1}, r"no input of the module is called 'scal'", "did you mean scale?"),
        (Sum(), {"zz": (1,)}, r"no input of the module is called 'zz'", "its forward takes a, b, scale"),
    ],
)
def test_what_cannot_be_an_input(module: Any, inputs: Any, message: str, fix: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        netweight.weigh(module, inputs)
    assert fix in raised.value.fix


def test_a_batch_beside_an_input_is_refused() -> None:
    with pytest.raises(UsageError, match="expected the batch in the input's shape, got 4 beside an input"):
        netweight.weigh(nn.ReLU(), (1, 3), batch=4)


@pytest.mark.parametrize("inputs", [(1, 5), ((1, 4), (1, 4))])
def test_an_input_that_nothing_accepts(inputs: Any) -> None:
    """Nothing ran, so there is nothing to report."""
    with pytest.raises(CaptureError, match=r"expected Conv2d to run, got (Runtime|Type)Error: .*before any operator"):
        netweight.weigh(nn.Conv2d(3, 4, 3), inputs)


class Steered(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        if x.shape[0] > 1:
            x = torch.relu(x)
        return self.fc(x)


@pytest.mark.filterwarnings("ignore")
def test_other_kinds_of_modules() -> None:
    """What PyTorch makes of a module costs what the module costs."""
    module, x = Steered().eval(), torch.zeros(2, 4)
    exported = torch.export.export(module, (x,))
    kinds = (torch.jit.script(module), torch.jit.trace(module, x), torch.compile(module), exported.module())
    for kind in (module, *kinds):
        profile = netweight.weigh(kind, (2, 4))
        assert (profile.totals.macs, profile.totals.params) == (2 * 4 * 3, 4 * 3 + 3), type(kind)
    with pytest.raises(CaptureError, match="got an ExportedProgram") as raised:
        netweight.weigh(exported, (2, 4))
    assert raised.value.fix == "weigh its module()"
    with pytest.raises(CaptureError, match="got the class Steered") as raised:
        netweight.weigh(Steered, (2, 4))
    assert raised.value.fix == "weigh an instance: Steered(...)"


def test_parameters_that_nothing_reads_are_said() -> None:
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 3)
            self.head = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
            self.token = nn.Parameter(torch.zeros(5))
            self.tied = self.fc.weight

        def forward(self, x):
            return self.fc(x)

    profile = netweight.weigh(Aside(), (1, 4))
    unread = 3 * 2 + 2 + 2 * 2 + 2 + 5
    assert (profile.totals.active_params, profile.totals.params) == (4 * 3 + 3, 4 * 3 + 3 + unread)
    assert profile.notes == (f"{unread} parameters are not read, and do no work: token, head",)
    assert profile.coverage.complete
