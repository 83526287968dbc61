"""Sparse tensors in PyTorch programs: work by what is stored, bytes of elements and positions, PyTorch's numbers."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import netweight
from netweight.runtime import run
from netweight.sources.torch import capture_module
from sources.torch.alike import assert_alike

torch.sparse.check_sparse_tensor_invariants.disable()  # as it is, without the warning that it is
PLACES = torch.tensor([[0, 1, 1, 3], [2, 0, 2, 1]])
VALUES = torch.tensor([0.5, -1.0, 2.0, 0.25])
COO = torch.sparse_coo_tensor(PLACES, VALUES, (4, 3)).coalesce()
TWICE = torch.sparse_coo_tensor(torch.tensor([[0, 1, 0, 3], [2, 0, 2, 1]]), VALUES, (4, 3))
with warnings.catch_warnings():  # PyTorch says, once, that these layouts are in beta
    warnings.simplefilter("ignore")
    CSR, CSC = COO.to_sparse_csr(), COO.to_sparse_csc()
BLOCKS = torch.eye(4).to_sparse_bsr((2, 2))
NORMAL = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))


class Holding(nn.Module):
    """A program of a tensor that it holds and one that it is given; dense in the end."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], held: Tensor) -> None:
        super().__init__()
        self.function = function
        self.register_buffer("held", held)

    def forward(self, x: Tensor) -> Tensor:
        y = self.function(self.held, x)
        return y.to_dense() if y.layout is not torch.strided else y


def _longer(x: Tensor) -> Tensor:
    return torch.cat([x, x[:1]])


ANY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "@": lambda a, x: a @ x,
    "sparse.mm": torch.sparse.mm,
    "vector": lambda a, x: a @ x[:, 0],
    "addmm": lambda a, x: torch.addmm(torch.ones(4, 5), a, x, beta=2, alpha=3),
    "sparse.addmm": lambda a, x: torch.sparse.addmm(torch.ones(4, 5), a, x),
    "from the right": lambda a, x: x.T @ a.t(),
    "turned": lambda a, x: a.t() @ _longer(x),
    "dense": lambda a, x: a.to_dense() @ x,
    "scaled": lambda a, x: (2 * a) @ x,
    "sum": lambda a, x: a.sum() * x,
    "added": lambda a, x: (a + a) @ x,
    "added to dense": lambda a, x: (torch.ones(4, 3) + a) @ x,
    "bounded": lambda a, x: torch.relu(a) @ x,
    "wide": lambda a, x: a.double() @ x.double(),
    "rows first": lambda a, x: a.to_sparse_csr() @ x,
    "columns first": lambda a, x: a.to_sparse_csc() @ x,
}
OF_COO: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "times dense": lambda a, x: a * x[:, :4].T,
    "softmax": lambda a, x: torch.sparse.softmax(a, 1) @ x,
    "log_softmax": lambda a, x: torch.sparse.log_softmax(a, 0) @ x,
    "sum of rows": lambda a, x: torch.sparse.sum(a * x.sum(), 1),
    "times sparse": lambda a, x: torch.sparse.mm(a, a.t()) @ _longer(x),
    "square": lambda a, x: a.pow(2) @ x,
    "two": lambda a, x: torch.cat([a, a]) @ x,
    "one row": lambda a, x: (a * x.sum())[1],
    "chosen": lambda a, x: a.index_select(0, torch.tensor([1])) @ x,
    "opened": lambda a, x: torch.sparse_coo_tensor(a.coalesce().indices(), 2 * a.coalesce().values(), a.shape) @ x,
    "made": lambda a, x: torch.sparse_coo_tensor(PLACES, x.flatten()[:4], a.shape) @ x,
    "made and turned": lambda a, x: (
        torch.sparse_coo_tensor(PLACES, x.flatten()[: a._nnz()]).t().coalesce() @ _longer(x)
    ),
    "shares of edges": lambda a, x: (
        torch.sparse.softmax(torch.sparse_coo_tensor(PLACES, x.flatten()[:4], a.shape), 1) @ x
    ),
    "diagonal": lambda a, x: torch.sparse.spdiags(torch.ones(1, a.shape[1]), torch.tensor([0]), (3, 3)) @ x,
    "from outside": lambda a, x: COO @ x + 0 * a.sum(),
}
OTHERS: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Tensor]] = {
    "blocks": (lambda a, x: a @ _longer(x), BLOCKS),
    "blocks made dense": (lambda a, x: a.to_dense() @ _longer(x), BLOCKS),
    "blocks of a dense one": (lambda a, x: a.to_sparse_bsr((2, 2)) @ _longer(x), torch.eye(4)),
    "layer": (lambda a, x: F.linear(x.T, a, torch.ones(4)), CSR),
    "dense made sparse": (lambda a, x: a.to_sparse() @ _longer(x), torch.eye(4)),
    "sampled": (lambda a, x: torch.sparse.sampled_addmm(a, x.T[:4].T.sum() * torch.ones(4, 5), x.T) @ x, CSR),
    "mean of a row": (lambda a, x: torch.sparse.mm(a, x, "mean"), CSR),
    "largest of a row": (lambda a, x: torch.sparse.mm(a, x, "amax"), CSR),
    "said to be coalesced": (lambda a, x: (a * x.sum())._coalesced_(True) @ x, COO),
    "batch": (lambda a, x: torch.bmm(a, torch.stack([x, x])), torch.stack([COO.to_dense()] * 2).to_sparse()),
}


@pytest.mark.parametrize("held", [COO, TWICE, CSR, CSC], ids=["coo", "coo, a place twice", "csr", "csc"])
@pytest.mark.parametrize("function", ANY.values(), ids=list(ANY))
@pytest.mark.filterwarnings("ignore:Sparse")
def test_any_layout(function: Callable[[Tensor, Tensor], Tensor], held: Tensor) -> None:
    assert_alike(Holding(function, held), NORMAL)


@pytest.mark.parametrize("held", [COO, TWICE], ids=["coo", "coo, a place twice"])
@pytest.mark.parametrize("function", OF_COO.values(), ids=list(OF_COO))
@pytest.mark.filterwarnings("ignore:Sparse")
def test_lists_of_places(function: Callable[[Tensor, Tensor], Tensor], held: Tensor) -> None:
    assert_alike(Holding(function, held), NORMAL)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.filterwarnings("ignore:Sparse")
def test_other_layouts(name: str) -> None:
    assert_alike(Holding(*OTHERS[name]), NORMAL)


@pytest.mark.parametrize(("held", "stored"), [(COO, 4), (TWICE, 4), (CSR, 4), (CSC, 4), (BLOCKS, 8)])
def test_a_product_takes_what_is_stored(held: Tensor, stored: int) -> None:
    report = netweight.weigh(Holding(lambda a, x: a @ x, held), (held.shape[1], 5))
    assert report.coverage.complete
    assert report.totals.macs == stored * 5
    assert any(f"{stored * 5:,} MACs, where dense ones take {held.shape[0] * held.shape[1] * 5:,}" in note
               for note in report.notes)  # fmt: skip
    assert report.totals.buffers == stored


class Layer(nn.Module):
    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight, self.first = nn.Parameter(weight), nn.Linear(5, 5, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.weight @ self.first(x)


@pytest.mark.parametrize(
    ("weight", "nbytes"),
    [
        (COO, 4 * 4 + 2 * 4 * 8),  # four numbers of four bytes, a row and a column of eight for each
        (CSR, 4 * 4 + 4 * 8 + 5 * 8),  # a column for each, and where four rows begin and the last ends
    ],
    ids=["coo", "csr"],
)
def test_a_sparse_parameter(weight: Tensor, nbytes: int) -> None:
    report = netweight.weigh(Layer(weight), (3, 5), training=True)
    assert report.totals.params == 25 + 4
    assert report.totals.model_size_bytes == 25 * 4 + nbytes
    assert report.totals.macs == 3 * 25 + 4 * 5
    assert report.training is not None
    # the first weight; through the product for the elements, and for what they are multiplied with
    assert report.training.backward_macs == 3 * 25 + 2 * 4 * 5
    assert sum(row.model_size_bytes for row in report.layers) == report.totals.model_size_bytes


def test_a_sparse_input() -> None:
    class Graph(nn.Module):
        def forward(self, adjacency: Tensor, x: Tensor) -> Tensor:
            return torch.sparse.mm(adjacency, x)

    report = netweight.weigh(Graph(), (TWICE, (3, 5)))
    inputs = {row.layer: row.activation_bytes for row in report.layers if row.op == "input"}
    assert inputs == {"adjacency.values": 16, "adjacency.indices": 64, "x": 60}
    assert report.totals.macs == 20


@pytest.mark.filterwarnings("ignore:The PyTorch API of SparseSemiStructuredTensor")
def test_two_in_four_are_multiplied() -> None:
    conversions = pytest.importorskip("torch.sparse._semi_structured_conversions")
    from torch.sparse import SparseSemiStructuredTensorCUTLASS

    dense = (
        torch.tensor([[1.0, 2.0, 0.0, 0.0], [0.0, 3.0, 0.0, 4.0]] * 4, dtype=torch.float16).repeat(4, 4).view(32, 16)
    )
    packed, meta = conversions.sparse_semi_structured_from_dense_cutlass(dense.repeat(1, 2))
    layer = nn.Linear(32, 32, dtype=torch.float16)
    kept = SparseSemiStructuredTensorCUTLASS(
        dense.repeat(1, 2).shape, packed=packed, meta=meta, packed_t=None, meta_t=None, compressed_swizzled_bitmask=None
    )
    layer.weight = nn.Parameter(kept, requires_grad=False)
    report = netweight.weigh(layer, torch.randn(8, 32).half())
    assert report.totals.macs == 8 * 32 * 32 // 2
    assert report.totals.params == 32 * 32 // 2 + 32
    # half of the elements, two bits for the place of each, and the bias
    assert report.totals.model_size_bytes == 2 * 512 + 512 * 2 // 8 + 2 * 32
    assert layer.weight is not None
    assert type(layer.weight.data) is SparseSemiStructuredTensorCUTLASS
    capture = capture_module(layer, torch.randn(8, 32).half())
    x = torch.randn(8, 32).half()
    results = run(capture.graph, {capture.graph.inputs[0]: x.numpy()}, capture.weights()).outputs
    expected = F.linear(x, dense.repeat(1, 2), layer.bias).detach().numpy()
    np.testing.assert_allclose(results[capture.graph.outputs[0]], expected, rtol=1e-2, atol=1e-2)


def test_what_has_no_rule_is_unknown_by_its_name() -> None:
    report = netweight.weigh(Holding(lambda a, x: (a * x.sum()).narrow_copy(0, 0, 2) @ x, COO), (3, 5))
    assert [unknown.op for unknown in report.coverage.unknown] == ["aten.narrow_copy"]
    assert not report.coverage.complete
