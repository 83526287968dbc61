"""Laws about where things are: what a receptive field grows by, whose memory an output takes, what dimensions are."""

from __future__ import annotations

from typing import Any

import numpy as np

from netweight.ops.extent import Extent, Mixes, Permutes, Reshapes, Slides, Spreads
from netweight.ops.table import OpDef
from netweight.testing.laws import Array, Inputs, gradients, run, specs_of

_POSITIONS = 5


def check_extent(op: OpDef, attrs: Any, inputs: Inputs, rng: np.random.Generator, *, orders: int = 1) -> bool | None:
    """No output position depends on more of the first tensor than ``extent`` says.

    A 1 goes into one position of the output's gradient at a time; where the gradient of the first tensor is not zero,
    that position depends on it.

    Args:
        op: The operator.
        attrs: Its attributes.
        inputs: Its tensors.
        rng: Which positions are asked.
        orders: In how many orders the elements of the first tensor are tried: what chooses one of them (a maximum)
            depends on others each time.

    Returns:
        Whether some positions depend on all that the rule says: a rule that is too large never has them. None where
        the rule says that there is nothing but one position to depend on.
    """
    x = inputs[0] if inputs else None
    if x is None or not x.ndim or x.dtype.kind not in "fc":
        return None
    extent = op.extent(attrs, *specs_of(inputs))
    if isinstance(extent, Mixes) and any(dim < -x.ndim for dim in extent.dims):
        return None  # it speaks of a tensor with more dimensions
    allowed = np.array(_allowed(extent, x.shape))
    windowed = len(
        extent.kernel_size if isinstance(extent, Slides) else extent.taps if isinstance(extent, Spreads) else allowed
    )
    most = np.minimum(allowed, x.shape)[-windowed:]
    if (most == 1).all():
        most = np.zeros(0)
    widest = np.zeros(windowed, int)
    for touched in _touched(op, attrs, inputs, rng, orders):
        spans = touched.max(0) - touched.min(0) + 1
        assert (spans <= allowed).all(), f"{op.name}: {extent} allows {allowed} positions of {x.shape}, got {spans}"
        widest = np.maximum(widest, spans[-windowed:])
    return bool((widest == most).all()) if most.size else None


def _touched(op: OpDef, attrs: Any, inputs: Inputs, rng: np.random.Generator, orders: int) -> list[Array]:
    """Positions of the first tensor that one output position depends on, for some positions."""
    x = inputs[0]
    places: dict[tuple[int, ...], list[Array]] = {}
    for draw in range(orders):
        given = (x if not draw else rng.permutation(x.ravel()).reshape(x.shape), *inputs[1:])
        outputs, saved = run(op, attrs, given)
        y = outputs[0]
        if not y.size or y.dtype.kind not in "fc":
            return []
        if not draw:
            some = rng.choice(y.size, min(y.size, _POSITIONS), replace=False)
            places = {tuple(int(i) for i in np.unravel_index(at, y.shape)): [] for at in (*some, y.size // 2)}
        for place, found in places.items():
            grads = [np.zeros_like(output) for output in outputs]
            grads[0][place] = 1
            grad = gradients(op, attrs, tuple(grads), given, saved)[0]
            if grad is not None:
                found.append(np.argwhere(grad != 0))
    joined = [np.concatenate(found) for found in places.values() if found]
    return [touched for touched in joined if len(touched)]


def _allowed(extent: Extent, shape: tuple[int, ...]) -> tuple[int, ...]:
    """How many positions along each dimension the rule lets one output position depend on."""
    rank = len(shape)
    match extent:
        case Mixes(dims):
            mixed = {dim % rank for dim in dims if -rank <= dim < rank}
            return tuple(size if dim in mixed else 1 for dim, size in enumerate(shape))
        case Slides():
            windows = zip(extent.kernel_size, extent.dilation, strict=True)
            spans = [(k - 1) * d + 1 for k, d in windows]
            return (*shape[: rank - len(spans)], *spans)
        case Spreads():
            return (*shape[: rank - len(extent.taps)], *extent.taps)
        case Permutes(order):
            return tuple(1 if dim in order else size for dim, size in enumerate(shape))
        case Reshapes():
            return (1,) * rank


def check_view(op: OpDef, attrs: Any, inputs: Inputs) -> None:
    """Outputs of a view share the memory of the first tensor; those of any other operator do not."""
    outputs, _ = run(op, attrs, inputs)
    for output in outputs:
        shared = [x for x in inputs if isinstance(x, np.ndarray) and np.shares_memory(output, x)]
        if op.view:
            assert not output.size or any(x is inputs[0] for x in shared), f"{op.name}: expected a view"
        else:
            assert not shared, f"{op.name}: expected memory of its own"


def check_dims(op: OpDef, attrs: Any, inputs: Inputs) -> None:
    """Names of dimensions: as many as a tensor has, and each the same size wherever it stands.

    Where an operand is a vector and no matrix, the result has fewer dimensions than names, too.
    """
    outputs, _ = run(op, attrs, inputs)
    tensors = dict(zip(op.slot_names(len(inputs)), inputs, strict=True))
    if not any(_too_short(op.dims.get(slot, ""), x) for slot, x in tensors.items()):
        tensors["y"] = outputs[0]
    sizes: dict[str, int] = {}
    for slot, names in op.dims.items():
        tensor = tensors.get(slot)
        if tensor is None:
            continue
        for name, size in _named(op, slot, names.split(), tensor.shape):
            assert sizes.setdefault(name, size) == size, f"{op.name}: {name} is {sizes[name]} and {size}"
    for name, size in sizes.items():
        whole, _, parts = name.partition("/")
        if parts and whole in sizes:
            assert sizes[whole] == size * getattr(attrs, parts), f"{op.name}: {name} is {size} of {sizes[whole]}"


def _too_short(names: str, tensor: Array | None) -> bool:
    """Whether a tensor has fewer dimensions than there are names beside the starred one."""
    return tensor is not None and "*" in names and tensor.ndim < len(names.split()) - 1


def _named(op: OpDef, slot: str, names: list[str], shape: tuple[int, ...]) -> list[tuple[str, int]]:
    """Single dimensions with their names; those behind a star may be any number.

    A tensor of fewer dimensions than a batch has (a vector in a product of matrices) is named by none.
    """
    starred = [at for at, name in enumerate(names) if name.startswith("*")]
    if not starred:
        assert len(names) == len(shape), f"{op.name}: {slot} has {len(shape)} dimensions, named {' '.join(names)}"
        return list(zip(names, shape, strict=True))
    (star,) = starred
    after = len(names) - star - 1
    if len(shape) < len(names) - 1:
        return []
    return [*zip(names[:star], shape, strict=False), *zip(names[star + 1 :], shape[len(shape) - after :], strict=True)]
