"""Products over named dimensions, as StableHLO writes them."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

from netweight.errors import FormatError
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers


@lowers("STABLEHLO_DOT_GENERAL")
def dot_general(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    """Samples first, then what is left of ``a``, then what is left of ``b``."""
    batch = call.numbers("lhs_batching_dimensions"), call.numbers("rhs_batching_dimensions")
    summed = call.numbers("lhs_contracting_dimensions"), call.numbers("rhs_contracting_dimensions")
    if a.rank + b.rank > len(ascii_letters):
        raise FormatError(f"{call.kind}: expected fewer dimensions, got {a.rank} and {b.rank}")
    left, right = list(ascii_letters[: a.rank]), list(ascii_letters[a.rank : a.rank + b.rank])
    for pairs in (batch, summed):
        for of_a, of_b in zip(*pairs, strict=True):
            right[of_b] = left[of_a]
    samples = [left[dim] for dim in batch[0]]
    gone = {left[dim] for dim in summed[0]} | set(samples)
    out = [*samples, *(c for c in left if c not in gone), *(c for c in right if c not in gone)]
    return call.op("einsum", EinsumAttrs(equation=f"{''.join(left)},{''.join(right)}->{''.join(out)}"), a, b)
