"""What the layers of a TFLite file are called: by the names that its converter left in the tensors that they write.

A converter joins the names of all that it fused: ``net/relu/Relu;net/bn/FusedBatchNormV3;net/conv2d/BiasAdd``. The one
that ends in ``BiasAdd``, else the last one that ends in what the operator is (``Conv2D``), names the layer, ``conv2d``:
what several layers share comes before. What all layers begin with is left out. Where nobody left a name (``Identity``,
``StatefulPartitionedCall:0``), the operator is the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netweight.sources.onnx.naming import Place
from netweight.sources.recording import free_name

_OWN = {
    "CONV_2D": "conv2d", "DEPTHWISE_CONV_2D": "depthwise", "FULLY_CONNECTED": "matmul", "BATCH_MATMUL": "matmul",
    "TRANSPOSE_CONV": "conv2d_transpose", "CONV_3D": "conv3d", "LOGISTIC": "sigmoid", "CONCATENATION": "concat",
}  # fmt: skip
"""What names end in that an operator has by itself, where that is not its own name."""
_WORDS = frozenset({
    *_OWN.values(), "add", "avgpool", "biasadd", "convolution", "fusedbatchnormv", "maxpool", "mean", "mul", "pad",
    "prelu", "relu", "reshape", "resizebilinear", "resizenearestneighbor", "softmax", "sub", "tanh", "transpose",
})  # fmt: skip
"""Last parts of names that say what an operator does, not which layer it is."""
_MADE_UP = re.compile(r"(?:identity|(?:stateful)?partitionedcall|tensor|arith|tfl)(?:[_.:]\w*|\d*)", re.IGNORECASE)


def layer_of(kind: str, name: str) -> str:
    """Path of the layer of an operator, empty if its tensor's name does not tell.

    >>> layer_of("CONV_2D", "net/relu/Relu;net/bn/FusedBatchNormV3;net/conv2d/BiasAdd;net/conv2d_9/Conv2D")
    'net.conv2d'
    """
    parts = [part for part in name.split(";") if not part.endswith(("/resource", "/resource1"))]
    own = _OWN.get(kind, kind.lower().replace("_", ""))
    biased = next((part for part in parts if _last(part) == "biasadd"), "")
    best = biased or next((part for part in reversed(parts) if _last(part) == own), "")
    chosen = (best or (parts[0] if parts else "")).partition(":")[0].strip("/")
    if not chosen or _MADE_UP.fullmatch(chosen):
        return ""
    scope, slash, last = chosen.rpartition("/")
    return (scope if slash and _last(last) in _WORDS else chosen).replace("/", ".")


def _last(part: str) -> str:
    """What a name ends in, without the number that a converter adds."""
    return part.rpartition("/")[2].lower().rstrip("0123456789")


def unique(places: Sequence[Place]) -> list[Place]:
    """Places with names of their own: without what all begin with, and numbered where several would be called alike."""
    common = _common([place.name for place in places if place.name])
    taken: set[str] = set()
    last: dict[str, int] = {}
    found: dict[object, str] = {}
    result = []
    for place in places:
        key = (place.module, place.again)
        name = found.get(key) if place.again is not None else None
        if name is None:
            wanted = place.name[common:] or place.kind
            name = free_name(".".join(filter(None, (place.module, wanted))), taken, last, mark="_")
            taken.add(name)
            found[key] = name
        result.append(Place("", name, place.kind, again=place.again))
    return result


def _common(names: Sequence[str]) -> int:
    """Length of the part, dot included, that all names begin with and that is the name of none."""
    paths = [name.split(".") for name in names]
    depth = 0
    while len(paths) > 1 and all(len(path) > depth + 1 for path in paths) and len({path[depth] for path in paths}) == 1:
        depth += 1
    return sum(len(part) + 1 for part in paths[0][:depth]) if depth else 0
