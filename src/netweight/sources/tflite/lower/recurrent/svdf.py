"""A layer of filters of rank 1: over features, then over the steps that it remembers.

    s = feature weights x, appended to the state, whose oldest step goes
    y = activation(sum over ranks and steps of state * time weights + bias)

Source: Nakkiran et al. 2015, "Compressing deep neural networks using a rank-constrained topology".
"""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.functions import reduce
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.sources.onnx.lower.common import reshaped
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.contract.hybrid import real_weight
from netweight.sources.tflite.lower.scales import activated, quantized, real
from netweight.sources.tflite.tensors import weigh


@lowers("SVDF")
def svdf(call: TfliteCall, x: Tensor, features: Tensor, time: Tensor, bias: Tensor | None, state: Tensor) -> Any:
    """x (N, C), features (F, C), time (F, M), state (N, F * M)."""
    filters, memory = time.shape
    rank = call.option("rank")
    if rank < 1 or filters % rank:
        raise FormatError(f"{call.kind}: expected a rank that divides {filters} filters, got {rank}")
    for at, tensor in ((1, features), (2, time), (3, bias)):
        weigh(tensor, call.ins[at])
    samples = x.shape[0]
    new = call.op("linear", None, real(call, x, 0), real_weight(call, features, 1, 0), None)
    before = reshaped(call, real(call, state, 4), (samples, filters, memory))
    kept = call.op("slice", SliceAttrs(dim=2, start=1, stop=memory), before)
    steps = call.op("concat", ConcatAttrs(dim=2), kept, reshaped(call, new, (samples, filters, 1)))
    each = call.op("einsum", EinsumAttrs(equation="nfm,fm->nf"), steps, real_weight(call, time, 2, 0))
    units = reshaped(call, each, (samples, filters // rank, rank))
    y = reduce.sum(call, units, 2) if rank > 1 else reshaped(call, units, (samples, filters))
    if bias is not None:
        y = call.op("add", None, y, real_weight(call, bias, 3, 0))
    return quantized(call, activated(call, y))
