"""Names of tensor dimensions, for formulas that say what they multiply; and which dimensions there are."""

from functools import cache

from netweight.count import Count
from netweight.errors import ShapeError
from netweight.ir import TensorSpec

_SPATIAL = {0: (), 1: ("l",), 2: ("h", "w"), 3: ("d", "h", "w")}


def spatial_names(count: int) -> tuple[str, ...]:
    """Letters of ``count`` spatial dimensions: l, or h and w, or d, h and w."""
    return _SPATIAL.get(count) or tuple(f"s{i}" for i in range(count))


def kernel_dims(sizes: tuple[int, ...]) -> dict[str, int]:
    """Kernel sizes by name, for ``product``: ``{"k_h": 3, "k_w": 3}``."""
    return {f"k_{letter}": size for letter, size in zip(spatial_names(len(sizes)), sizes, strict=True)}


def out_dims(sizes: tuple[int, ...]) -> dict[str, int]:
    """Output sizes by name, for ``product``: ``{"h_out": 55, "w_out": 55}``."""
    return {f"{letter}_out": size for letter, size in zip(spatial_names(len(sizes)), sizes, strict=True)}


def named_shape(spec: TensorSpec, names: str = "") -> dict[str, int]:
    """Sizes of a tensor by name, outermost first.

    Args:
        spec: The tensor.
        names: Names separated by spaces; one may start with ``*`` and stands for the rest: ``*k`` for kernel sizes,
            ``*out`` for spatial sizes of an output, ``*in`` for those of an input, anything else numbered.

    >>> named_shape(TensorSpec((96, 3, 11, 11)), "c_out c_in/groups *k")
    {'c_out': 96, 'c_in/groups': 3, 'k_h': 11, 'k_w': 11}
    >>> named_shape(TensorSpec((2, 4)))
    {'d0': 2, 'd1': 4}
    >>> named_shape(TensorSpec((2, 4)), "hidden hidden")
    {'d0': 2, 'd1': 4}
    """
    return dict(zip(_dim_names(names, len(spec.shape)), spec.shape, strict=True))


def named_count(spec: TensorSpec, names: str = "") -> Count:
    """Number of elements, as the product of the sizes named as ``named_shape`` does."""
    return Count(spec.numel, (tuple(zip(_dim_names(names, len(spec.shape)), spec.shape, strict=True)),))


@cache
def _dim_names(names: str, rank: int) -> list[str]:
    words = names.split() if names else ["*d"]
    starred = [word for word in words if word.startswith("*")]
    rest = rank - len(words) + len(starred)
    full: list[str] = []
    for word in words:
        full.extend(_expand(word[1:], rest) if word in starred else [word])
    if len(full) != rank or len(set(full)) < len(full):  # a name used twice would count once
        full = [f"d{i}" for i in range(rank)]
    return full


def check_dims(op: str, shape: tuple[int, ...], *dims: int) -> None:
    """Refuse dimensions that a tensor of ``shape`` does not have; canonical attributes count from the front."""
    if len(set(dims)) < len(dims) or any(not 0 <= dim < len(shape) for dim in dims):
        listed = dims[0] if len(dims) == 1 else dims
        raise ShapeError(f"{op}: expected different dims from 0 to {len(shape) - 1}, got {listed} for shape {shape}")


def _expand(stem: str, count: int) -> list[str]:
    if stem == "k":
        return [f"k_{letter}" for letter in spatial_names(count)]
    if stem in {"out", "in"}:
        return [f"{letter}_{stem}" for letter in spatial_names(count)]
    return [f"{stem}{i}" for i in range(count)]
