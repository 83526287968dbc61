"""What the layers of a TFLite file are called: by the names that its converter left in the tensors that they write.

A converter joins the names of all that it fused: ``net/relu/Relu;net/bn/FusedBatchNormV3;net/conv2d/BiasAdd``. The one
that ends in what the operator is (``BiasAdd``, ``Conv2D``) names the layer, ``conv2d``; what all layers begin with is
left out. Where nobody left a name (``Identity``, ``StatefulPartitionedCall:0``), the operator is the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netweight.sources.onnx.naming import Place
from netweight.sources.recording import free_name

_PRODUCTS = ("biasadd", "conv2d", "depthwise", "matmul", "convolution", "conv2d_transpose", "conv3d")
_WORDS = frozenset({
    *_PRODUCTS, "relu", "relu6", "fusedbatchnormv3", "avgpool", "maxpool", "reshape", "add", "sub", "mul", "softmax",
    "sigmoid", "tanh", "concat", "mean", "pad", "transpose", "resizebilinear", "resizenearestneighbor", "prelu",
})  # fmt: skip
"""Last parts of names that say what an operator does, not which layer it is."""
_MADE_UP = re.compile(r"(?:identity|(?:stateful)?partitionedcall|tensor|arith|tfl)(?:[_.:]\w*|\d*)", re.IGNORECASE)


def layer_of(kind: str, name: str) -> str:
    """Path of the layer of an operator, empty if its tensor's name does not tell.

    >>> layer_of("CONV_2D", "net/relu/Relu;net/bn/FusedBatchNormV3;net/conv2d/BiasAdd;net/conv2d_9/Conv2D")
    'net.conv2d'
    """
    parts = [part for part in name.split(";") if not part.endswith(("/resource", "/resource1"))]
    own = kind.lower().replace("_", "")
    best = next((part for word in (*_PRODUCTS[:4], own) for part in parts if _last(part) == word), "")
    chosen = (best or (parts[0] if parts else "")).partition(":")[0].strip("/")
    if not chosen or _MADE_UP.fullmatch(chosen):
        return ""
    scope, slash, last = chosen.rpartition("/")
    return (scope if slash and last.lower() in _WORDS else chosen).replace("/", ".")


def _last(part: str) -> str:
    return part.rpartition("/")[2].lower()


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
