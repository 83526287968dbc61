"""Einstein summation over any number of tensors.

The equation is explicit and spelled out: one letter per dimension of each tensor, ``->``, the letters of the result.
``canonical_equation`` makes it so. A letter has one size wherever it stands; one that the result leaves out is summed.

Several tensors are contracted in pairs from left to right: the first with the second, the result with the third. A
letter is summed as soon as no later tensor and no result needs it. Values, costs and gradients follow that order.

The gradient of a tensor is again an einsum: the gradient of the result takes the place of the tensor. Letters that
only this tensor has are repeated, letters that it has twice (a diagonal) are zero off the diagonal.

Source: numpy.einsum; torch.einsum; ONNX Einsum.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from string import ascii_letters

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes, Permutes
from netweight.ops.table import COPIED, FREE, Cost, Wanted, define

_EXPLICIT = re.compile(r"[a-zA-Z]*(,[a-zA-Z]*)*->[a-zA-Z]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class EinsumAttrs:
    """Attributes of an Einstein summation.

    Attributes:
        equation: Letters of the tensors and of the result, as in ``"ij,jk->ik"``: no spaces, no ellipsis.
    """

    equation: str


def canonical_equation(equation: str, ranks: Sequence[int]) -> str:
    """The equation without spaces, with its result written out and letters in the place of an ellipsis.

    The dimensions of an ellipsis are aligned from the right, and come first in a result that is not written out,
    before the letters that stand once, in alphabetical order (capitals first).

    >>> canonical_equation("ij, jk", (2, 2)), canonical_equation("...ij,...jk->...ik", (4, 3))
    ('ij,jk->ik', 'abij,bjk->abik')

    Args:
        equation: As NumPy and PyTorch accept it.
        ranks: Number of dimensions of each tensor.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ShapeError(f"einsum: expected one term per tensor, got {equation!r} for {len(ranks)}")
    free = [letter for letter in ascii_letters if letter not in equation]
    counts = [
        rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in zip(terms, ranks, strict=True)
    ]
    most = max(counts)
    if min(counts) < 0 or most > len(free):
        raise ShapeError(f"einsum: expected as many letters as dimensions, got {equation!r} for {tuple(ranks)}")
    dots = "".join(free[:most])
    named = [term.replace("...", dots[most - count :]) for term, count in zip(terms, counts, strict=True)]
    if not arrow:
        once = sorted(letter for letter in set(left) - set(",.") if left.count(letter) == 1)
        right = dots + "".join(once)
    explicit = f"{','.join(named)}->{right.replace('...', dots)}"
    _terms(explicit)
    return explicit


@cache
def _terms(equation: str) -> tuple[tuple[str, ...], str]:
    """Letters of every tensor, and of the result."""
    if not _EXPLICIT.fullmatch(equation):
        raise ShapeError(f"einsum: expected an explicit equation such as 'ij,jk->ik', got {equation!r}")
    left, _, right = equation.partition("->")
    if len(set(right)) < len(right) or not set(right) <= set(left):
        raise ShapeError(f"einsum: expected each letter of the result once and in some tensor, got {equation!r}")
    return tuple(left.split(",")), right


@cache
def _steps(equation: str) -> tuple[tuple[str, str, str], ...]:
    """Pairs contracted one after the other: letters of the result so far, of the next tensor, of what they give."""
    terms, right = _terms(equation)
    so_far = terms[0]
    steps = []
    for index, term in enumerate(terms[1:], start=2):
        needed = set(right).union(*terms[index:])
        kept = "".join(letter for letter in dict.fromkeys(so_far + term) if letter in needed)
        made = right if index == len(terms) else kept
        steps.append((so_far, term, made))
        so_far = made
    return tuple(steps)


def _sizes(attrs: EinsumAttrs, shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """Size of every letter."""
    terms, _ = _terms(attrs.equation)
    if [len(term) for term in terms] != [len(shape) for shape in shapes]:
        listed = ", ".join(map(str, shapes))
        raise ShapeError(f"einsum: expected tensors of as many dimensions as {attrs.equation!r} says, got {listed}")
    sizes: dict[str, int] = {}
    for letter, size in itertools.chain(
        *(zip(term, shape, strict=True) for term, shape in zip(terms, shapes, strict=True))
    ):
        if sizes.setdefault(letter, size) != size:
            raise ShapeError(
                f"einsum: expected one size for {letter!r} in {attrs.equation!r}, got {sizes[letter]}, {size}"
            )
    return sizes


def einsum_shape(attrs: EinsumAttrs, *xs: TensorSpec) -> TensorSpec:
    """Sizes of the letters of the result."""
    sizes = _sizes(attrs, [x.shape for x in xs])
    _, right = _terms(attrs.equation)
    return TensorSpec(tuple(sizes[letter] for letter in right), xs[0].dtype)


def einsum_cost(attrs: EinsumAttrs, *xs: TensorSpec) -> Cost:
    """Per pair, the product of the sizes of all its letters: MACs if a letter is summed, else multiplications.

    A single tensor costs one addition per element that is summed, and nothing if it is only rearranged.
    """
    sizes = _sizes(attrs, [x.shape for x in xs])
    terms, right = _terms(attrs.equation)
    if len(terms) == 1:
        summed = set(terms[0]) - set(right)
        return Cost(adds=_volume(terms[0], sizes)) if summed else FREE
    return sum((_pair_cost(*step, sizes) for step in _steps(attrs.equation)), start=FREE)


def _pair_cost(first: str, second: str, made: str, sizes: dict[str, int]) -> Cost:
    volume = _volume(first + second, sizes)
    return Cost(macs=volume) if set(first + second) - set(made) else Cost(muls=volume)


def _volume(letters: Iterable[str], sizes: dict[str, int]) -> int:
    """Product of the sizes of the letters, each once."""
    return product({letter: sizes[letter] for letter in letters})


def einsum_forward(attrs: EinsumAttrs, *xs: Array) -> Array:
    """Contract from left to right; numbers of half precision in single precision."""
    if any(x.dtype.kind in "Vf" and x.dtype.itemsize == 2 for x in xs):
        return einsum_forward(attrs, *(x.astype(np.float32) for x in xs)).astype(xs[0].dtype)
    if len(xs) == 1:
        return np.array(np.einsum(attrs.equation, xs[0]))  # a copy: NumPy would return a view of a transpose
    y = xs[0]
    for (first, second, made), x in zip(_steps(attrs.equation), xs[1:], strict=True):
        y = np.asarray(np.einsum(f"{first},{second}->{made}", y, x))
    return y


def einsum_backward(attrs: EinsumAttrs, grad_y: Array, *xs: Array) -> tuple[Array, ...]:
    """Back through the pairs, last first."""
    terms, right = _terms(attrs.equation)
    if len(xs) == 1:
        return (_spread(grad_y, right, terms[0], xs[0].shape),)
    steps = _steps(attrs.equation)
    before = [xs[0]]  # what each pair was contracted from
    for (first, second, made), x in zip(steps[:-1], xs[1:-1], strict=True):
        before.append(np.asarray(np.einsum(f"{first},{second}->{made}", before[-1], x)))
    grads = []
    grad = grad_y
    for (first, second, made), y, x in zip(reversed(steps), reversed(before), reversed(xs), strict=False):
        grads.append(_pair_gradient(grad, made, y, first, x, second))
        grad = _pair_gradient(grad, made, x, second, y, first)
    return (grad, *reversed(grads))


def einsum_backward_cost(attrs: EinsumAttrs, wanted: Wanted, *xs: TensorSpec) -> Cost:
    """Per pair and gradient the product of the sizes of the letters of the result and of the other operand.

    MACs where a letter is summed, else multiplications. Results of pairs that a gradient reads are computed again, and
    counted. A single tensor is only spread out.
    """
    if len(xs) == 1:
        return COPIED if wanted[0] else FREE
    sizes = _sizes(attrs, [x.shape for x in xs])
    cost = FREE
    for index, (first, second, made) in enumerate(_steps(attrs.equation)):
        if any(wanted[: index + 1]):
            cost += _pair_cost(made, second, _shared(first, made + second), sizes)
        if wanted[index + 1]:
            cost += _pair_cost(made, first, _shared(second, made + first), sizes)
        if any(wanted[index + 2 :]):
            cost += _pair_cost(first, second, made, sizes)
    return cost


def _pair_gradient(grad: Array, made: str, other: Array, theirs: str, x: Array, ours: str) -> Array:
    """Gradient of ``x`` with letters ``ours``, contracted with ``other`` to letters ``made``."""
    shared = _shared(ours, made + theirs)
    return _spread(np.asarray(np.einsum(f"{made},{theirs}->{shared}", grad, other)), shared, ours, x.shape)


def _shared(ours: str, others: str) -> str:
    """Letters, each once, that also stand in ``others``."""
    return "".join(letter for letter in dict.fromkeys(ours) if letter in others)


def _spread(grad: Array, has: str, wants: str, shape: tuple[int, ...]) -> Array:
    """``grad`` with letters ``has`` as an array with letters ``wants``: repeated along new ones, zero off diagonals."""
    distinct = "".join(dict.fromkeys(wants))
    size = dict(zip(wants, shape, strict=True))
    ordered = np.einsum(f"{has}->{''.join(letter for letter in distinct if letter in has)}", grad)
    aligned = ordered.reshape([size[letter] if letter in has else 1 for letter in distinct])
    result = np.zeros(shape, grad.dtype)
    diagonal = np.einsum(f"{wants}->{distinct}", result) if wants else result  # a view that can be written
    diagonal[...] = aligned
    return result


def einsum_extent(attrs: EinsumAttrs, *_xs: TensorSpec) -> Extent:
    """A permutation where nothing is summed; else all positions of the dimensions that do not stay where they are.

    A tensor without the first letter of the result, the samples, is taken for a weight: it brings no positions.
    """
    terms, right = _terms(attrs.equation)
    if len(terms) == 1 and sorted(terms[0]) == sorted(right):
        return Permutes(tuple(terms[0].index(letter) for letter in right))
    carriers = [term for term in terms if right[:1] in term]
    moved = {
        -place
        for term in carriers
        for place in range(1, len(term) + 1)
        if place > len(right) or term[-place] != right[-place]
    }
    return Mixes(tuple(sorted(moved)))


EINSUM = define(
    name="einsum",
    kind="matmul",
    attrs=EinsumAttrs,
    inputs=("*xs",),
    shape=einsum_shape,
    cost=einsum_cost,
    forward=einsum_forward,
    backward=einsum_backward,
    backward_cost=einsum_backward_cost,
    saves=("xs",),
    extent=einsum_extent,
)
