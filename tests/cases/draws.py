"""What the case strategies draw from."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

Case = tuple[Any, tuple[Any, ...]]

SEEDS = st.integers(0, 2**32 - 1)


def generator(draw: DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(SEEDS))


def normal(draw: DrawFn, *shape: int) -> Any:
    return generator(draw).standard_normal(shape)


def distinct(draw: DrawFn, *shape: int) -> Any:
    """Numbers at least 0.01 apart and away from zero, in random order: no ties, no kinks."""
    size = int(np.prod(shape))
    values = (np.arange(size) - size / 2 + 0.25) * 0.02
    return generator(draw).permutation(values).reshape(shape)


def shapes(min_dims: int = 1, max_dims: int = 4, max_side: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, max_side), min_size=min_dims, max_size=max_dims).map(tuple)
