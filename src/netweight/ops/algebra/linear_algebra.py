"""Systems of linear equations; matrices are the last two dimensions.

Shapes
    solve             x (*batch, n, n), b (*batch, n, k)  y (*batch, n, k): x y = b
    solve_triangular  the same, x a triangle

Counts are those of the textbook algorithms, without the search for pivots: Gaussian elimination takes n(n-1)/2
divisions and (n-1)n(2n-1)/6 multiplications and subtractions each; a triangular system with k right sides k n(n-1)/2 of
both, and k n divisions unless its diagonal is ones. They are no MACs: no tool counts them so.

Source: torch.linalg; Golub & Van Loan, Matrix Computations, 4th edition, sections 3.1 and 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, OpDef, Saves, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class TriangularAttrs:
    """Attributes of a triangular system.

    Attributes:
        upper: The triangle on and above the diagonal, else on and below; what lies on the other side is not read.
        unitriangular: Its diagonal is ones and not read.
    """

    upper: bool
    unitriangular: bool = False


def check_square(op: str, x: TensorSpec) -> int:
    """Rows of square matrices."""
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{op}: expected square matrices (..., n, n), got {x.shape}")
    return x.shape[-1]


def matrices(x: TensorSpec) -> int:
    """How many matrices there are."""
    return math.prod(x.shape[:-2])


def work(count: int, **each: int) -> Cost:
    """``each`` operations, by kind, for every matrix."""
    return Cost(**{kind: product(matrices=count, each=number) for kind, number in each.items()})


def elimination(n: int) -> dict[str, int]:
    """Work of Gaussian elimination."""
    inner = (n - 1) * n * (2 * n - 1) // 6
    return {"divs": n * (n - 1) // 2, "muls": inner, "adds": inner}


def substitution(n: int, sides: int, *, unit: bool = False) -> dict[str, int]:
    """Work of a triangular system."""
    inner = sides * n * (n - 1) // 2
    return {"muls": inner, "adds": inner, "divs": 0 if unit else sides * n}


def together(*parts: Mapping[str, int]) -> dict[str, int]:
    """Work added up by kind."""
    kinds = {kind for part in parts for kind in part}
    return {kind: sum(part.get(kind, 0) for part in parts) for kind in sorted(kinds)}


def product_work(count: int, rows: int, inner: int, columns: int) -> Cost:
    """Work of matrix products within a gradient."""
    return Cost(macs=product(matrices=count, rows=rows, inner=inner, columns=columns))


def matrix_extent(_attrs: Any, *_specs: TensorSpec) -> Extent:
    """All of a matrix."""
    return Mixes((-2, -1))


def flipped(x: Array) -> Array:
    """Transposed and, if complex, conjugated."""
    return np.conj(np.swapaxes(x, -1, -2))


def register_matrix(
    name: str,
    *,
    inputs: tuple[str, ...] = ("x",),
    shape: Callable[..., Any],
    cost: Callable[..., Cost],
    forward: Callable[..., Any],
    backward: Callable[..., tuple[Array | None, ...]],
    backward_cost: Callable[..., Cost],
    saves: Saves,
    attrs: type | None = None,
    extras: tuple[str, ...] = (),
) -> OpDef:
    """Register an operator of matrices: what it has in common with the others."""
    return define(
        name=name,
        kind="transform",
        attrs=attrs,
        inputs=inputs,
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=saves,
        extras=extras,
        extent=matrix_extent,
    )


def solve_shape(op: str, x: TensorSpec, b: TensorSpec) -> TensorSpec:
    """Same as ``b``."""
    n = check_square(op, x)
    if len(b.shape) != len(x.shape) or b.shape[:-1] != (*x.shape[:-2], n):
        raise ShapeError(f"{op}: expected b of shape {(*x.shape[:-2], n, 'k')}, got {b.shape}")
    return b


def solve_cost(_attrs: None, x: TensorSpec, b: TensorSpec) -> Cost:
    """Elimination, and two triangular systems, the lower with ones on its diagonal."""
    n, sides = b.shape[-2:]
    lower, upper = substitution(n, sides, unit=True), substitution(n, sides)
    return work(matrices(x), **together(elimination(n), lower, upper))


def solve_forward(_attrs: None, x: Array, b: Array) -> Array:
    """x⁻¹ b."""
    return np.linalg.solve(x, b)


def solve_backward(_attrs: None, grad_y: Array, x: Array, _b: Array, *, y: Array) -> tuple[Array, Array]:
    """grad_b solves the transposed system with grad_y; grad_x = -grad_b y'."""
    grad_b = np.linalg.solve(flipped(x), grad_y)
    return -grad_b @ flipped(y), grad_b


def solve_backward_cost(_attrs: Any, wanted: Wanted, x: TensorSpec, b: TensorSpec) -> Cost:
    """Two triangular systems, as the elimination is at hand; for ``x`` a product and a change of sign."""
    if not any(wanted):
        return FREE
    n, sides = b.shape[-2:]
    lower, upper = substitution(n, sides, unit=True), substitution(n, sides)
    cost = work(matrices(x), **together(lower, upper))
    return cost + _outer(x, sides) if wanted[0] else cost


def _outer(x: TensorSpec, sides: int) -> Cost:
    n, count = x.shape[-1], matrices(x)
    return product_work(count, n, sides, n) + work(count, adds=n * n)


def solve_triangular_cost(attrs: TriangularAttrs, x: TensorSpec, b: TensorSpec) -> Cost:
    """One triangular system."""
    n, sides = b.shape[-2:]
    return work(matrices(x), **substitution(n, sides, unit=attrs.unitriangular))


def solve_triangular_forward(attrs: TriangularAttrs, x: Array, b: Array) -> Array:
    """The triangle's inverse times b."""
    return np.linalg.solve(_triangle(attrs, x), b)


def solve_triangular_backward(
    attrs: TriangularAttrs, grad_y: Array, x: Array, _b: Array, *, y: Array
) -> tuple[Array, Array]:
    """As of any system, within the triangle that is read."""
    grad_b = np.linalg.solve(flipped(_triangle(attrs, x)), grad_y)
    part, skip = (np.triu, 1) if attrs.upper else (np.tril, -1)
    return part(-grad_b @ flipped(y), skip if attrs.unitriangular else 0), grad_b


def solve_triangular_backward_cost(attrs: TriangularAttrs, wanted: Wanted, x: TensorSpec, b: TensorSpec) -> Cost:
    """One triangular system; for ``x`` a product and a change of sign."""
    if not any(wanted):
        return FREE
    cost = solve_triangular_cost(attrs, x, b)
    return cost + _outer(x, b.shape[-1]) if wanted[0] else cost


def _triangle(attrs: TriangularAttrs, x: Array) -> Array:
    part = np.triu(x) if attrs.upper else np.tril(x)
    if not attrs.unitriangular:
        return part
    one = np.eye(x.shape[-1], dtype=x.dtype)
    return part * (1 - one) + one


SOLVE = register_matrix(
    "solve",
    inputs=("x", "b"),
    shape=lambda _attrs, x, b: solve_shape("solve", x, b),
    cost=solve_cost,
    forward=solve_forward,
    backward=solve_backward,
    backward_cost=solve_backward_cost,
    saves={"x": ("x", "b"), "y": ("x",)},
)
SOLVE_TRIANGULAR = register_matrix(
    "solve_triangular",
    attrs=TriangularAttrs,
    inputs=("x", "b"),
    shape=lambda _attrs, x, b: solve_shape("solve_triangular", x, b),
    cost=solve_triangular_cost,
    forward=solve_triangular_forward,
    backward=solve_triangular_backward,
    backward_cost=solve_triangular_backward_cost,
    saves={"x": ("x", "b"), "y": ("x",)},
)
