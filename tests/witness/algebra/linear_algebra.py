from typing import Any

import torch


def _slogdet(_attrs: Any, x: Any) -> Any:
    sign, size = torch.linalg.slogdet(x)
    return sign + 0 * size, size


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
    "diag_embed": lambda attrs, x: torch.diag_embed(x, attrs.offset, attrs.dim1, attrs.dim2),
    "diagonal_scatter": lambda attrs, x, src: torch.diagonal_scatter(x, src, attrs.offset, attrs.dim1, attrs.dim2),
    "strided_view": lambda attrs, x: torch.as_strided(x, attrs.size, attrs.stride, attrs.offset),
}
