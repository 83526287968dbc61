"""Which stored numbers are weights: the one rule.

Floating numbers that the file stores are weights. Whole numbers are weights where a product takes them as one (integer
convolutions, dequantising operators), and where plain operators turn them into floating ones: bytes that are cast,
wider words whose bits are taken apart, and words of up to 32 bits that are cast and then multiplied with what the
network computes. Positions, shapes, lengths and masks are constants: nothing turns them into the factor of a product.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Any

from netweight.ir import Quantization, ValueKind, bits_of, is_floating
from netweight.lazy import np
from netweight.ops.table import REGISTRY, OpDef
from netweight.sources.onnx.naming import is_folded, is_made_up
from netweight.sources.onnx.tensor import Tensor, is_integer, is_weight

PRODUCTS = frozenset({"conv", "linear", "matmul"})
"""Kinds of operators that multiply an activation with a weight."""
_LAYERS = frozenset({*PRODUCTS, "recurrent", "norm", "activation"})
"""Kinds of operators that have a place for weights."""
_DEQUANTIZED = frozenset({"dequantize", "dequantize_blocks"})
_LOOKED_UP = frozenset({"embedding", "index", "index_select", "gather", "gather_nd"})
_TAKEN_APART = frozenset({"bitwise_and", "bitwise_right_shift", "bitwise_left_shift", "remainder", "fmod"})
_DIVIDED = frozenset({"div", "floor_divide"})
_COMPARED = frozenset({
    "eq", "ge", "gt", "le", "lt", "ne", "isfinite", "isinf", "isnan", "logical_and", "logical_not", "logical_or",
    "logical_xor", "arange", "full", "one_hot",
})  # fmt: skip
"""What they make of numbers are no numbers of a weight any more."""
_ARITHMETIC = frozenset(
    {"add", "sub", "mul", "div", "pow", "neg", "exp", "exp2", "sqrt", "square", "abs", "reciprocal"}
)
_CARRYING = frozenset({"layout", "elementwise", "embedding"})
_SMALLEST_MASK, _LARGEST_MASK = 4, 1 << 24
_CUT_OFF = -1e4
"""What is added to scores that are to weigh nothing: as low, or lower."""
_BYTE = 8
_WORD = 32
_FARTHEST = 256
"""Calls between what is stored and what is cast: a longer chain is no unpacking."""


def kind_of(tensor: Tensor, reader: str, *, hollow: bool = False) -> ValueKind:
    """What a stored or made tensor is in the graph, by the operator that reads it.

    Args:
        tensor: The tensor.
        reader: The operator.
        hollow: Whether the weights were taken out of the file, so that equal numbers stand for those of a layer.
    """
    definition = REGISTRY.get(reader)
    kind = "" if definition is None else definition.kind
    if tensor.filled and not is_weight(tensor):
        spread = hollow and kind == "elementwise" and 1 < tensor.spec.numel == max(tensor.shape)
        return "parameter" if kind in _LAYERS or spread else "constant"
    if is_weight(tensor):
        plain = kind not in _LAYERS and reader not in _LOOKED_UP
        alone = tensor.spec.numel == 1 and plain and not _is_learned_number(tensor, reader)
        return "constant" if alone or (plain and is_mask(tensor)) else "parameter"
    if not (tensor.stored and tensor.rank):
        return "constant"
    if reader in _LOOKED_UP:
        return "parameter" if _is_narrow(tensor) else "constant"
    return "parameter" if reader in _DEQUANTIZED or kind in PRODUCTS else "constant"


def _is_learned_number(tensor: Tensor, reader: str) -> bool:
    """Whether a single number is a weight, which its name tells where it is a factor or a summand."""
    return not is_made_up(tensor.label) and (tensor.rank > 0 or reader in _ARITHMETIC)


def is_mask(tensor: Tensor) -> bool:
    """Whether all numbers of a table are 0 or one that cuts off: 1 that is multiplied, or a very low one that is added.

    Learned numbers are not like that: those of a network that was never trained are equal, or drawn. Where the numbers
    lie in another file, a table of scores without heads is one whose name the exporter made up.
    """
    if tensor.rank < 2 or not _SMALLEST_MASK <= tensor.spec.numel <= _LARGEST_MASK:
        return False
    if not tensor.known:
        rows, columns = tensor.shape[-2:]
        return is_folded(tensor.label) and tensor.rank in (2, 4) and rows == columns and rows**2 == tensor.spec.numel
    array = np.asarray(tensor.array(), np.float32).reshape(-1)
    other = array[array != 0]
    if not 0 < other.size < array.size:
        return False
    first = float(other[0])
    return (first == 1 or first <= _CUT_OFF) and bool((other == first).all())


def unpacks(definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None]) -> bool:
    """Whether a call on what is fixed makes floating weights of stored whole numbers, which are parameters then."""
    if definition.name == "cast":
        return is_floating(attrs.dtype) and _is_unpacked(tensors[0], narrow=True)
    if definition.name in _LOOKED_UP:  # the numbers of a code book
        table, places = (tensors[1], tensors[0]) if definition.name == "embedding" else (tensors[0], tensors[1])
        return table is not None and table.floating and _is_unpacked(places, narrow=True)
    return False


def mark_factor(tensor: Tensor | None) -> None:
    """Take whole numbers of up to 32 bits for a weight: what is made of them is multiplied with an activation."""
    if tensor is not None and tensor.fixed and tensor.floating and tensor.packed is None and tensor.pending is not None:
        _is_unpacked(tensor, narrow=False)


def mark_filled(tensor: Tensor) -> None:
    """Take equal numbers for a weight that is moved before a layer reads it."""
    while tensor.pending is not None and tensor.pending.inputs[0] is not None:
        tensor.learned = True
        tensor = tensor.pending.inputs[0]
    tensor.role = tensor.role or "parameter"


def mark_bias(op: str, tensors: Sequence[Tensor | None], products: Container[str]) -> None:
    """Take whole numbers for a bias that are added to a product of whole numbers, one of the values ``products``."""
    if op == "add" and any(tensor is not None and tensor.name in products for tensor in tensors):
        for tensor in tensors:
            if tensor is not None and tensor.stored and tensor.rank and is_integer(tensor.dtype):
                tensor.role = tensor.role or "parameter"


def mark_zero_point(weight: Tensor | None, zero_point: Tensor | None) -> None:
    """Whole numbers that are taken away from more of them are their zero points: stored beside them, no parameters."""
    if weight is None or zero_point is None or weight.packed is None or zero_point.packed is None:
        return
    of, beside = weight.packed, zero_point.packed
    if beside is of or zero_point.spec.numel >= weight.spec.numel or beside.spec.numel >= of.spec.numel:
        return
    beside.role = "constant"
    size = max(of.spec.numel // max(beside.spec.numel, 1), 1)
    of.quantization = replace(_beside(of), group_size=size, zero_point_bits=bits_of(beside.dtype))


def _beside(weight: Tensor) -> Quantization:
    """What is known to be stored beside the numbers of a weight, or of their packing."""
    return weight.quantization or Quantization(group_size=max(weight.spec.numel, 1), scale_bits=0)


def _mark_part(part: Tensor, packed: Tensor) -> None:
    """Note that a word of bits was taken out of stored numbers: together, all such words are the weights in them."""
    packed.parts[id(part)] = part.spec.numel
    elements = sum(packed.parts.values())
    if elements > packed.spec.numel:
        packed.quantization = replace(_beside(packed), elements=elements)


def _is_narrow(tensor: Tensor) -> bool:
    return is_integer(tensor.dtype) and bits_of(tensor.dtype) <= _BYTE


def _is_unpacked(tensor: Tensor | None, *, narrow: bool) -> bool:
    """Whether a tensor is made of stored whole numbers; what lies between is marked as work on weights."""
    chain = [] if tensor is None else list(_walked(tensor))
    found = [at for at, apart in chain if _is_packed(at, apart=apart, narrow=narrow)]
    if not found:
        return False
    for leaf in found:
        leaf.role, leaf.packed = leaf.role or "parameter", leaf
    for at, _ in reversed(chain):
        read = () if at.pending is None else _carried(at.pending.op, at.pending.inputs)
        packed = next((part.packed for part in read if part.packed is not None), None)
        if packed is not None:
            at.learned, at.packed = True, packed
            if _takes_apart(at) and not any(_is_part(part) for part in read):
                _mark_part(at, packed)
        if at.pending is not None and at.pending.op == "sub":
            beside = at.pending.inputs[1]
            _is_unpacked(beside, narrow=narrow)
            mark_zero_point(*at.pending.inputs)
    return True


def _is_packed(tensor: Tensor, *, apart: bool, narrow: bool) -> bool:
    if not tensor.stored or not tensor.rank or tensor.spec.numel == 1 or not is_integer(tensor.dtype):
        return False
    most = _BYTE if narrow and not apart else _WORD
    return bits_of(tensor.dtype) <= most


def _walked(tensor: Tensor) -> Iterator[tuple[Tensor, bool]]:
    """What a tensor is made of, nearest first, and whether bits were taken apart on the way."""
    waiting, seen = [(tensor, False)], {id(tensor)}
    while waiting and len(seen) < _FARTHEST:
        at, apart = waiting.pop(0)
        yield at, apart
        call = at.pending
        if call is None or call.op in _COMPARED or REGISTRY[call.op].kind not in _CARRYING:
            continue
        apart = apart or _takes_apart(at)
        for read in _carried(call.op, call.inputs):
            if read.fixed and id(read) not in seen:
                seen.add(id(read))
                waiting.append((read, apart))


def _takes_apart(tensor: Tensor) -> bool:
    """Whether the call that makes a tensor takes bits out of whole numbers: a division is a shift, too."""
    op = "" if tensor.pending is None else tensor.pending.op
    return op in _TAKEN_APART or (op in _DIVIDED and is_integer(tensor.dtype))


def _is_part(tensor: Tensor) -> bool:
    """Whether what a tensor is made of was taken apart already."""
    return any(_takes_apart(at) for at, _ in _walked(tensor))


def _carried(op: str, inputs: Sequence[Tensor | None]) -> Sequence[Tensor]:
    """Inputs whose numbers are those of the result: of bits that are taken apart not how far they are moved."""
    tensors = [tensor for tensor in inputs if tensor is not None]
    if op in ("embedding", "where"):
        return tensors[1:]
    if op == "sub" or op in _LOOKED_UP:
        return tensors[:1]
    if op in _TAKEN_APART or op in _DIVIDED:
        return [max(tensors, key=lambda tensor: tensor.spec.numel)]
    return tensors
