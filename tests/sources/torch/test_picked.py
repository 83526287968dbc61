"""Order, matrices and products with every setting, in PyTorch's numbers; how results lie in memory."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from sources.torch.alike import assert_alike  # noqa: E402


class Of(torch.nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Any) -> Any:
        return self.function(*tensors)


def _symmetric(x: Any) -> Any:
    return x @ x.mT + torch.diag(torch.arange(1.0, 1 + x.shape[-1]))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sort": lambda x: tuple(torch.sort(x, 1)),
    "sort down": lambda x: tuple(torch.sort(x, 0, descending=True)),
    "sort stable down": lambda x: tuple(torch.sort(x, dim=0, descending=True, stable=True)),
    "argsort down": lambda x: torch.argsort(x, 1, descending=True),
    "topk": lambda x: tuple(torch.topk(x, 2, 0)),
    "topk smallest": lambda x: tuple(torch.topk(x, 2, 1, largest=False)),
    "max": lambda x: tuple(torch.max(x, 0, keepdim=True)),
    "min": lambda x: tuple(torch.min(x, 1)),
    "kthvalue": lambda x: tuple(torch.kthvalue(x, 3, 0, keepdim=True)),
    "mode": lambda x: tuple(torch.mode(x.round(), 1, keepdim=True)),
    "qr": lambda x: torch.linalg.qr(x)[1].abs(),
    "qr complete": lambda x: torch.linalg.qr(x[:, :2], mode="complete")[1].abs(),
    "eigh of the upper half": lambda x: torch.linalg.eigh(_symmetric(x).triu(), UPLO="U")[0],
    "eigvalsh of the upper half": lambda x: torch.linalg.eigvalsh(_symmetric(x).triu(), UPLO="U"),
    "svd": lambda x: torch.linalg.svd(x[:, :2], full_matrices=True)[1],
    "addmm": lambda x: torch.addmm(x, x, x, beta=0.5, alpha=2.0),
    "addmm of nothing": lambda x: torch.addmm(x, x, x, beta=0.0),
    "addbmm": lambda x: torch.addbmm(x, x[None], x[None], beta=0.5, alpha=2.0),
    "addr": lambda x: torch.addr(x, x[0], x[1], beta=0.5, alpha=2.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_are_pytorchs(name: str) -> None:
    x = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    assert_alike(Of(FUNCTIONS[name]), x)


@pytest.mark.parametrize(("mode", "rows"), [("reduced", 2), ("complete", 4)])
def test_columns_of_a_matrix(mode: str, rows: int) -> None:
    found = assert_alike(Of(lambda x: torch.linalg.qr(x, mode=mode)[1].abs()), torch.randn(4, 2))
    assert found.graph.spec(found.graph.outputs[0]).shape == (rows, 2)


def test_nothing_is_added_where_beta_is_zero() -> None:
    found = assert_alike(Of(lambda x: torch.addmm(x, x, x, beta=0.0)), torch.randn(3, 3))
    assert [node.op for node in found.graph.nodes] == ["matmul"]


def test_heads_are_joined_by_a_view() -> None:
    """The kernel writes as the queries lie, here (N, L, H, E); LAPACK writes columns, whose transpose is a row."""

    def joined(x: torch.Tensor) -> torch.Tensor:
        q = x.transpose(1, 2)
        return F.scaled_dot_product_attention(q, q, q).transpose(1, 2).reshape(2, 4, 15)

    found = assert_alike(Of(joined), torch.randn(2, 4, 3, 5))
    values = found.graph.values
    made = {values[name].storage for node in found.graph.nodes for name in node.outputs}
    assert len(made - set(found.graph.inputs)) == 1
    found = assert_alike(Of(lambda x: torch.linalg.inv(x).mT.view(9)), torch.eye(3) + 0.1)
    assert "inverse" in [node.op for node in found.graph.nodes]
