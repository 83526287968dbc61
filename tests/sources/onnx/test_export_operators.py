"""Every operator that can be written gives, run by somebody else, what our own definition gives."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

from cases import CASES
from cases.shared import hold
from netweight.errors import UnsupportedOpError
from netweight.ops import REGISTRY
from netweight.ops.random.dropout import DropoutAttrs
from netweight.ops.table import forward

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from netweight.sources.onnx.write import RULES
from sources.onnx.exporting import checked, feeds, one_node, run_elsewhere

# ONNX has nothing for them: decompositions, complex numbers, and what came after the operator set that we write.
MISSING = {
    "bitcast", "cholesky", "complex", "conj", "eigh", "eigvalsh", "fft", "inverse", "irfft", "linear_attention", "mode",
    "ngram_counts", "qr", "rfft", "solve", "solve_triangular", "sparse_matmul", "svd", "svdvals", "unique_consecutive",
    "view_as_complex", "view_as_real",
}  # fmt: skip


def is_all_padding(attrs: Any, inputs: Any) -> bool:
    """Whether ``output_padding`` is all that comes out of a transposed convolution: nobody else takes that."""
    sizes, kernel = inputs[0].shape[2:], inputs[1].shape[2:]
    each = zip(sizes, kernel, attrs.stride, attrs.dilation, attrs.padding, strict=True)
    return any((size - 1) * step + spread * (taps - 1) < sum(pad) for size, taps, step, spread, pad in each)


def nothing_to_reflect(attrs: Any, inputs: Any) -> bool:
    """Between the ends of a single element there is nothing: others divide by zero."""
    return bool(attrs.padding_mode == "reflection" and min(inputs[0].shape[2:]) == 1)


def moves_the_place(attrs: Any, inputs: Any) -> bool:
    """ONNX Runtime has no series, and the reference of ``onnx`` moves a coordinate to the border before cubic reads
    around it; PyTorch, and ONNX Runtime for pictures, move each element (tests/sources/onnx/test_resize.py).
    """
    return bool((attrs.mode, attrs.padding_mode, inputs[0].ndim) == ("cubic", "border", 3))


# Nobody else can run these settings; the model is only checked.
ALONE = {
    "conv_transpose": is_all_padding,
    "cast_float8": lambda *_: True,
    "deform_conv": lambda attrs, _: len(attrs.stride) != 2,
    "integer_conv": lambda _, inputs: inputs[3] is not None and inputs[3].ndim > 0,
    "dropout": lambda *_: True,
    "random": lambda *_: True,
    "grid_sample": lambda attrs, inputs: nothing_to_reflect(attrs, inputs) or moves_the_place(attrs, inputs),
    # ONNX says 0 for the place of a single output, its reference -1/2.
    "resize": lambda attrs, _: attrs.coordinates == "pytorch_half_pixel" and 1 in attrs.size,
    # ONNX Runtime does not clip what the cell's function reads, and calls the last state of no steps zero. Its softplus
    # overflows beyond 88, where cells that nothing bounds get to.
    "lstm": lambda attrs, inputs: attrs.clip is not None or "softplus" in names_of(attrs) or stops(inputs, 8),
    "gru": lambda _, inputs: stops(inputs, 6),
    "rnn": lambda _, inputs: stops(inputs, 6),
}


def names_of(attrs: Any) -> list[str]:
    return [name for name, *_ in attrs.activations]


def stops(inputs: Any, at: int) -> bool:
    """Whether a sample has no steps."""
    return len(inputs) > at and inputs[at] is not None and bool((inputs[at] == 0).any())


# Written with more terms or in another order than our definition sums them.
LOOSE = {"expm1", "log1p", "logcumsumexp", "lp_pool", "pow", "resize", "prod", "cumprod", "gru"}


def single(array: Any) -> Any:
    """In the precision that exported networks have."""
    if array is None:
        return None
    kinds = {"f": np.float32, "c": np.complex64}
    return np.asarray(array).astype(kinds.get(array.dtype.kind, array.dtype))


def check(name: str, attrs: Any, arrays: Any) -> None:
    """Write, check, run elsewhere, compare."""
    inputs = tuple(single(array) for array in arrays)
    graph = one_node(name, attrs, inputs)
    try:
        model = checked(graph)
    except UnsupportedOpError:
        return
    if name in ALONE and ALONE[name](attrs, inputs):
        return
    with np.errstate(all="ignore"):
        expected, _ = forward(REGISTRY[name], attrs, inputs)
    tolerance = 1e-3 if name in LOOSE else 2e-5
    for found, wanted in zip(run_elsewhere(model, feeds(graph, inputs), expected), expected, strict=True):
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        if wanted.dtype.kind in "fV":
            np.testing.assert_allclose(
                found.astype(float), wanted.astype(float), rtol=tolerance, atol=tolerance * scale_of(wanted)
            )
        else:
            np.testing.assert_array_equal(found, wanted)


def scale_of(array: Any) -> float:
    sizes = np.abs(array.astype(float))
    return float(max(1.0, sizes[np.isfinite(sizes)].max(initial=0)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(CASES.keys() - MISSING))
def test_written_operators_mean_the_same(name: str) -> None:
    hold(partial(check, name), CASES[name])


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_onnx_has_not_is_listed(name: str) -> None:
    if name in MISSING - {"bitcast", "linear_attention"}:
        assert name not in RULES
    else:
        assert name in RULES


def test_channels_that_are_dropped_as_a_whole() -> None:
    """Runtimes for inference leave dropout out: the factors are looked up in the model."""
    x = np.ones((4, 5, 2, 3), np.float32)
    graph = one_node("dropout", DropoutAttrs(p=0.5, features=True), (x,))
    model = checked(graph)
    assert [node.op_type for node in model.graph.node] == ["Expand", "Dropout", "Mul"]
    sizes = [list(numpy_helper.to_array(one)) for one in model.graph.initializer if one.data_type == TensorProto.INT64]
    assert sizes == [[4, 5, 1, 1]]
    assert run_elsewhere(model, feeds(graph, (x,)))[0].shape == x.shape
