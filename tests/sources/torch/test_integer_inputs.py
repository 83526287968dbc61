"""Inputs that are integers keep their numbers while the model runs; what is computed from them is not lost."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netweight import TensorSpec, run, weigh  # noqa: E402
from netweight.sources.torch import capture_module  # noqa: E402
from netweight.sources.torch.inputs import Arguments  # noqa: E402


class Picture(nn.Module):
    """Bytes to numbers between 0 and 1, then a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Any) -> Any:
        return self.conv(x.float() / 255)


class Masked(nn.Module):
    """Embeddings of tokens, those of the padding token put to zero."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 4)

    def forward(self, ids: Any) -> Any:
        return self.table(ids) * (ids != 0).float()[:, :, None]


def test_floating_work_on_bytes_is_counted_and_runs() -> None:
    module = Picture()
    profile = weigh(module, TensorSpec((1, 3, 8, 8), "uint8"))
    assert [row.op for row in profile.layers] == ["input", "cast", "div_scalar", "conv"]
    assert profile.layers[2].divs == 3 * 8 * 8
    assert profile.notes == ()
    picture = torch.randint(0, 256, (1, 3, 8, 8), dtype=torch.uint8)
    capture = capture_module(module, TensorSpec((1, 3, 8, 8), "uint8"))
    (y,) = run(capture.graph, {"x": picture.numpy()}, capture.weights()).outputs.values()
    np.testing.assert_allclose(y, module(picture).detach().numpy(), rtol=1e-5, atol=1e-6)


def same_for_other_numbers(function: Any, *given: Any) -> Any:
    """The capture of a function of integers, whose graph gives what PyTorch gives for other numbers too."""
    capture = capture_module(Does(function), tuple(torch.zeros_like(tensor) for tensor in given))
    assert capture.error is None
    arrays = dict(zip(capture.graph.inputs, (tensor.numpy() for tensor in given), strict=True))
    ours = run(capture.graph, arrays, capture.weights()).outputs
    for output, theirs in zip(capture.graph.outputs, Arguments.leaves_of(function(*given)), strict=True):
        np.testing.assert_allclose(ours[output], theirs.numpy(), rtol=1e-6)
    return capture


class Does(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *given: Any) -> Any:
        return self.function(*given)


def test_work_among_integers_is_counted_and_runs() -> None:
    profile = weigh(Masked(), TensorSpec((1, 5), "int64"))
    assert {row.op: row.ops_total for row in profile.layers if row.ops_total} == {"ne": 5, "mul": 5 * 4}
    assert profile.notes == ()
    same_for_other_numbers(lambda ids: (ids != 3).cumsum(1) * (ids != 3), torch.tensor([[1, 3, 2], [3, 3, 4]]))
    same_for_other_numbers(
        lambda mask: (1.0 - mask[:, None, None, :].expand(2, 1, 3, 3).float()) * -100, torch.tensor([[1, 1, 0]] * 2)
    )


def test_written_numbers_are_followed() -> None:
    """What is read after the write is what was written, not what the graph had before."""

    def shifted(ids: Any) -> Any:
        masked = ids + 1
        view = masked[:, 1:]
        masked[:, 1] = 7
        return masked.float() * 2, view.float()

    ids = torch.tensor([[1, 2, 3]])
    capture = capture_module(Does(shifted), ids)
    assert capture.notes == ()
    for numbers in (ids, ids + 4):
        ours = run(capture.graph, {capture.graph.inputs[0]: numbers.numpy()}, capture.weights()).outputs
        for output, theirs in zip(capture.graph.outputs, shifted(numbers), strict=True):
            np.testing.assert_array_equal(ours[output], theirs.numpy())


def written_sum(ids: Any) -> Any:
    """As graph packages count: a sum written into all but the first of zeros."""
    found = ids.new_zeros(5)
    torch.cumsum(ids[0], 0, out=found[1:])
    return found + 1, found[2:] * 2


BOOKKEEPING: dict[str, Any] = {
    "nonzero": lambda ids: (ids > 1).nonzero(),
    "where": lambda ids: torch.where(ids > 1)[1],
    "argwhere": lambda ids: torch.argwhere(ids > 1),
    "mask": lambda ids: ids[ids > 1],
    "masked_select": lambda ids: ids.masked_select(ids != 3),
    "cumsum": lambda ids: (ids != 0).cumsum(1) * (ids != 0).long(),
    "unique": lambda ids: torch.unique(ids, return_inverse=True, return_counts=True),
    "unique_consecutive": lambda ids: torch.unique_consecutive(ids.flatten()),
    "sort": lambda ids: ids.flatten().sort(),
    "argsort": lambda ids: ids.argsort(descending=True),
    "topk": lambda ids: ids.topk(1),
    "one_hot": lambda ids: nn.functional.one_hot(ids, 10),
    "bincount": lambda ids: torch.bincount(ids.flatten()),
    "searchsorted": lambda ids: torch.searchsorted(ids.flatten().sort()[0], ids),
    "bucketize": lambda ids: torch.bucketize(ids, torch.tensor([1, 3])),
    "isin": lambda ids: torch.isin(ids, torch.tensor([1, 2])),
    "repeat_interleave": lambda ids: torch.repeat_interleave(ids.flatten(), ids.flatten()),
    "gather": lambda ids: ids.gather(1, (ids > 1).long()),
    "scatter into zeros": lambda ids: torch.zeros(2, 5, dtype=torch.int64).scatter_(1, ids, 1),
    "degree": lambda ids: torch.zeros(5).scatter_add_(0, ids[0], torch.ones(4))[ids[0]],
    "index_put into zeros": lambda ids: torch.zeros(5, 5).index_put_((ids[0], ids[1]), torch.ones(4)),
    "copy into zeros": lambda ids: torch.zeros(2, 4, dtype=torch.int64).copy_(ids) + 1,
    "running sum into a part": written_sum,
    "diff": lambda ids: ids.diff(dim=1),
    "cummax": lambda ids: ids.cummax(1),
    "median": lambda ids: ids.median(1),
    "meshgrid": lambda ids: torch.meshgrid(ids[0], ids[1], indexing="ij"),
    "pad": lambda ids: nn.functional.pad(ids, (0, 2), value=1),
    "floor": lambda ids: torch.div(ids, 2, rounding_mode="floor"),
}


@pytest.mark.parametrize("name", BOOKKEEPING)
def test_bookkeeping_on_given_integers_is_recorded(name: str) -> None:
    """The graph gives what PyTorch gives, so all of the work is in it, and nothing was guessed."""
    function, ids = BOOKKEEPING[name], torch.tensor([[1, 3, 2, 0], [3, 3, 4, 0]])
    capture = capture_module(Does(function), ids)
    assert capture.exact
    assert capture.notes == ()
    assert capture.graph.nodes
    ours = run(capture.graph, {capture.graph.inputs[0]: ids.numpy()}, capture.weights()).outputs
    for output, theirs in zip(capture.graph.outputs, Arguments.leaves_of(function(ids)), strict=True):
        np.testing.assert_allclose(ours[output], theirs.numpy(), rtol=1e-6)


def picked(x: Any, ids: Any) -> Any:
    return x[ids.nonzero()[:, 0]] * 2


def test_a_size_that_given_numbers_decide_is_exact() -> None:
    profile = weigh(Does(picked), (torch.randn(4, 3), torch.tensor([0, 1, 1, 0])))
    assert [row.output_shapes for row in profile.layers if row.op == "mul_scalar"] == [((2, 3),)]
    assert profile.notes == ()
    assert profile.coverage.complete


def test_a_size_that_made_up_numbers_decide_is_a_guess() -> None:
    profile = weigh(Does(picked), (torch.randn(4, 3), TensorSpec((4,), "int64")))
    assert [row.output_shapes for row in profile.layers if row.op == "mul_scalar"] == [((0, 3),)]
    assert not profile.coverage.complete
    assert "numbers of an input that has none, which are taken to be zeros" in profile.notes[0]


def test_a_size_that_no_floating_work_reads_is_no_guess() -> None:
    """How many different ids there are is not known, and nothing but their number follows from it."""

    def function(x: Any, ids: Any) -> Any:
        values, places = torch.unique(ids, return_inverse=True)
        return x[places] * 2, values + 1

    profile = weigh(Does(function), (torch.randn(4, 3), TensorSpec((4,), "int64")))
    assert profile.coverage.complete
    assert any("which are taken to be zeros" in note for note in profile.notes)


def test_products_of_constants_are_counted() -> None:
    """As with parameters and buffers on the meta device, which have no numbers."""

    class Rotary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("frequencies", torch.rand(4))

        def forward(self, x: Any) -> Any:
            positions = torch.arange(x.shape[1], dtype=x.dtype)
            angles = (self.frequencies[None, :, None] @ positions[None, None, :]).transpose(1, 2)
            return x * angles.cos()

    found = weigh(Rotary(), (2, 5, 4))
    assert {row.op: row.ops_total for row in found.layers if row.ops_total} == {
        "matmul": 2 * 4 * 5, "cos": 4 * 5, "mul": 2 * 5 * 4,
    }  # fmt: skip
    assert found.notes == ()
    assert found.totals.macs == weigh(Rotary().to("meta"), (2, 5, 4)).totals.macs
    x = torch.randn(2, 5, 4)
    module = Rotary()
    capture = capture_module(module, x)
    (y,) = run(capture.graph, {"x": x.numpy()}, capture.weights()).outputs.values()
    np.testing.assert_allclose(y, module(x).numpy(), rtol=1e-5, atol=1e-6)


PRODUCTS: dict[str, Any] = {
    "mm": lambda a, b: torch.mm(a[0], b[0]),
    "bmm": torch.bmm,
    "matmul": torch.matmul,
    "mv": lambda a, b: torch.mv(a[0], b[0, :, 0]),
    "dot": lambda a, b: torch.dot(a[0, 0], b[0, :, 0]),
    "addmm": lambda a, b: torch.addmm(b[0, :1], a[0], b[0]),
    "baddbmm": lambda a, b: torch.baddbmm(b[:, :1], a, b),
    "einsum": lambda a, b: torch.einsum("nij,njk->nik", a, b),
    "linear": lambda a, b: nn.functional.linear(a, b[0].mT),
    "conv1d": lambda a, b: nn.functional.conv1d(a, b.permute(2, 0, 1)[:, :1].expand(-1, a.shape[1], -1)[..., :2]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_product_of_constants_is_counted(name: str) -> None:
    a, b = torch.randn(2, 3, 4), torch.randn(2, 4, 5)
    product = PRODUCTS[name]
    counted = weigh(Does(lambda x: x.sum() * product(a, b)), (1,)).totals.macs
    assert counted == weigh(Does(product), (a, b)).totals.macs
    assert counted > 0
