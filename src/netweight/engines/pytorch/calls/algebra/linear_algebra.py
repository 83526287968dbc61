"""PyTorch's calls: linear algebra."""

from __future__ import annotations

from typing import Any

import torch


def _slogdet(_attrs: Any, x: Any) -> Any:
    sign, size = torch.linalg.slogdet(x)
    return sign + 0 * size, size


def _qr(_attrs: Any, x: Any) -> Any:
    return torch.linalg.qr(x)


def _svd(_attrs: Any, x: Any) -> Any:
    return torch.linalg.svd(x, full_matrices=False)


def _eigh(attrs: Any, x: Any) -> Any:
    return torch.linalg.eigh(x, "U" if attrs.upper else "L")


CALLS = {
    "qr": _qr,
    "svd": _svd,
    "eigh": _eigh,
    "cholesky": lambda _attrs, x: torch.linalg.cholesky(x),
    "inverse": lambda _attrs, x: torch.linalg.inv(x),
    "det": lambda _attrs, x: torch.linalg.det(x),
    "slogdet": _slogdet,
    "solve": lambda _attrs, x, b: torch.linalg.solve(x, b),
    "solve_triangular": lambda attrs, x, b: torch.linalg.solve_triangular(
        x, b, upper=attrs.upper, unitriangular=attrs.unitriangular
    ),
    "eigvalsh": lambda attrs, x: torch.linalg.eigvalsh(x, "U" if attrs.upper else "L"),
    "svdvals": lambda _attrs, x: torch.linalg.svdvals(x),
}
