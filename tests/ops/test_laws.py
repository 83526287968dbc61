"""Every operator, every law. Add an operator and this file tests it."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from cases import BATCHED, CASES, LINEAR, STRAIGHT_THROUGH
from cases.shared import GATE, drawn, hold
from netweight.ops import REGISTRY
from netweight.ops.extent import Mixes, Permutes, Slides, Spreads
from netweight.ops.table import as_tuple
from netweight.testing import (
    check_adjoint,
    check_backward,
    check_backward_cost,
    check_batch,
    check_dims,
    check_extent,
    check_formulas,
    check_saves,
    check_shape,
    check_view,
    specs_of,
)

DIFFERENTIABLE = [name for name, op in REGISTRY.items() if op.differentiable]

WIDER = {
    "batch_norm_training": "statistics are of the whole batch: a receptive field is that of one sample",
    "local_response_norm": "channels are mixed: a receptive field is of places",
    "view_as_complex": "a pair of numbers becomes one: it has no place",
}
"""Operators of which an output depends on more than their rule says, and why that is meant."""


CHOOSES = {
    "adaptive_max_pool", "amax", "amin", "cummax", "cummin", "kthvalue", "max", "max_pool", "max_pool_with_indices",
    "min", "min_pool", "mode", "sort", "topk",
}  # fmt: skip
"""Operators of which an output is one of many elements."""

UP_TO = {
    "diagonal", "diagonal_scatter", "einsum", "gather", "gather_nd", "grid_sample", "index", "index_add", "index_copy",
    "index_put", "index_select", "masked_scatter", "max_unpool", "pixel_unshuffle", "reverse_sequence", "roi_align",
    "roi_align_max", "roi_pool", "scaled_dot_product_attention", "scatter", "scatter_add", "scatter_nd",
    "scatter_nd_add", "scatter_nd_reduce", "scatter_reduce", "slogdet", "strided_view", "unfold", "write_sequence",
}  # fmt: skip
"""Operators of which an output may depend on all that the rule says: data decides on what it does, or other tensors,
or channels take what a window holds."""


def test_every_operator_has_cases() -> None:
    assert CASES.keys() == REGISTRY.keys()


@pytest.mark.parametrize("name", REGISTRY)
def test_laws(name: str) -> None:
    """Each case against all laws."""
    op = REGISTRY[name]

    def all_laws(attrs: Any, inputs: Any) -> None:
        check_shape(op, attrs, inputs)
        check_formulas(op, attrs, inputs)
        check_view(op, attrs, inputs)
        check_dims(op, attrs, inputs)
        if name in BATCHED:
            check_batch(op, attrs, inputs, BATCHED[name])
        if not op.differentiable:
            return
        if name not in STRAIGHT_THROUGH:
            check_backward(op, attrs, inputs, np.random.default_rng(0))
        check_saves(op, attrs, inputs, np.random.default_rng(0))
        check_backward_cost(op, attrs, inputs, np.random.default_rng(0))
        if name in LINEAR:
            check_adjoint(op, attrs, inputs, np.random.default_rng(0))

    hold(all_laws, CASES[name])


@pytest.mark.parametrize("name", REGISTRY)
def test_extents_speak_of_dimensions_that_there_are(name: str) -> None:
    op = REGISTRY[name]

    def speaks_of_its_dimensions(attrs: Any, inputs: Any) -> None:
        specs = specs_of(inputs)
        rank, y = len(specs[0].shape), as_tuple(op.shape(attrs, *specs))[0]
        match op.extent(attrs, *specs):
            case Permutes(order):
                assert len(order) == len(y.shape)
                assert all(dim is None or 0 <= dim < rank for dim in order)
            case Slides(kernel_size, stride, dilation):
                assert len(kernel_size) == len(stride) == len(dilation) <= rank
            case Spreads(taps, scale):
                assert len(taps) == len(scale) <= rank
            case Mixes(dims):
                assert all(dim < max(rank, 1) for dim in dims)

    for attrs, inputs in drawn(CASES[name]):
        if inputs and inputs[0] is not None:
            speaks_of_its_dimensions(attrs, inputs)


WEIGHT_FIRST = {
    "matmul": lambda _, inputs: inputs[0].ndim == 2 < inputs[1].ndim,
    "einsum": lambda attrs, _: attrs.equation.partition("->")[2][:1] not in attrs.equation.partition(",")[0],
}
"""Whether the first tensor is what all samples are multiplied with: a rule speaks of the positions of samples."""


def has_places(name: str, attrs: Any, inputs: Any) -> bool:
    """Whether a case is one that a rule speaks of.

    Padding may be what stands at the other end: windows at the edge then reach over everything.
    """
    around = getattr(attrs, "padding_mode", "zeros") != "zeros"
    return not around and not (name in WEIGHT_FIRST and WEIGHT_FIRST[name](attrs, inputs))


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if name not in WIDER])
def test_receptive_fields_grow_as_said(name: str) -> None:
    """By no less, and by no more than some position shows."""
    reached = []

    def check(attrs: Any, inputs: Any) -> None:
        orders = 8 if name in CHOOSES else 1
        reached.append(check_extent(REGISTRY[name], attrs, inputs, np.random.default_rng(0), orders=orders))

    hold(check, CASES[name], GATE, partial(has_places, name))
    shown = [all_of_it for all_of_it in reached if all_of_it is not None]
    assert any(shown) or not shown or name in UP_TO


@pytest.mark.parametrize("name", sorted(WIDER))
def test_exceptions_are_needed(name: str) -> None:
    def reaches_as_far_as_said(attrs: Any, inputs: Any) -> bool:
        try:
            return check_extent(REGISTRY[name], attrs, inputs, np.random.default_rng(0)) is not False
        except AssertionError:
            return False

    assert not all(reaches_as_far_as_said(*case) for case in drawn(CASES[name], 10))
