from typing import Any

import torch


def _slogdet(_attrs: Any, x: Any) -> Any:
    sign, size = torch.linalg.slogdet(x)
    return sign + 0 * size, size


def _weighted(columns: Any, rows: Any) -> Any:
    """Columns times rows, as many as both have, each pair with a weight of its own: signs of pairs cancel."""
    count = min(columns.shape[-1], rows.shape[-2])
    weights = torch.arange(1, count + 1, dtype=columns.dtype)
    return columns[..., :count] * weights @ rows[..., :count, :]


def _qr(_attrs: Any, x: Any) -> Any:
    return torch.linalg.qr(x)


def _svd(_attrs: Any, x: Any) -> Any:
    return torch.linalg.svd(x, full_matrices=False)


def _eigh(attrs: Any, x: Any) -> Any:
    return torch.linalg.eigh(x, "U" if attrs.upper else "L")


UP_TO_SIGN = {
    "qr": (_qr, lambda q, r: (_weighted(q[..., : r.shape[-1]], r),)),
    "svd": (_svd, lambda u, s, vh: (_weighted(u, vh), s)),
    "eigh": (_eigh, lambda values, vectors: (_weighted(vectors, vectors.mT), values)),
}
WITNESSES = {
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
