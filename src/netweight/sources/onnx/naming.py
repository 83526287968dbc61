"""What the layers of an ONNX file are called: by the modules that its exporter wrote down, else by its node names.

Exporters of PyTorch leave the module path in the node's name (``/layer1/layer1.0/conv1/Conv``) or in its metadata. A
module whose path has one operator lends it its name; others number theirs: ``layer1.0.add``, ``layer1.0.relu_1``. A
module that is called again has the same layers again, as in a capture.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netweight.sources.onnx.checks import check_text

if TYPE_CHECKING:
    from onnx import NodeProto

SCOPES = "pkg.torch.onnx.name_scopes"
CLASSES = "pkg.torch.onnx.class_hierarchy"
LAYER = "netweight.layer"
"""Keys of a node's metadata: module paths and classes as PyTorch's exporter writes them, and the layer as we do."""
RULES = "pkg.onnxscript.rewriter.rule_name"
FOLDED = "FuseBatchNorm"
"""Key of the rewriting rules that made a node, and the name of the one that folds batch normalisation."""
_DEEPEST = 200
"""Levels of a path: a name with more is not taken for one, as reading it would take the square of their number."""
_MADE_UP = re.compile(r"(?:val_|onnx::\w+_)?\d+|.*[cC]onst.*")
_OPERATOR = re.compile(
    r"(?:add|sub|rsub|mul|div|where|masked_fill|full|full_like|zeros|ones|triu|tril|slice|unsqueeze|expand|_to_copy|clone)"
    r"(?:_\d+)?"
)
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_NUMBER_IN_WORDS = re.compile(
    r"(?:.*[._])?(?:zero|zeros|one|ones|two|half|eps|epsilon|inf|neg_?inf|min|max|minimum|maximum|lower|upper|fill)"
    r"|.*_(?:zero_point|recip|quantized)|scalar.*|[a-z]|.*_default(?:_\d+)?",
    re.IGNORECASE,
)
_LEAVES = "torch.nn.modules."
_FREE = frozenset({
    "averagepool", "celu", "clip", "dropout", "elu", "flatten", "gelu", "globalaveragepool", "globalmaxpool",
    "hardsigmoid", "hardswish", "identity", "leakyrelu", "logsoftmax", "maxpool", "mish", "relu", "selu", "sigmoid",
    "softmax", "softplus", "softsign", "tanh",
})  # fmt: skip
"""Operators without weights that a whole module is made of."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call of the file belongs.

    Attributes:
        module: Path of the module around it.
        name: What the call itself is called, unique in the file; empty for a call that nobody named.
        kind: Operator, in small letters.
        classes: Class of the module and of those around it, by path.
        again: Key that equal calls share: those of another iteration of a loop, or of a module that is called again.
        reads: Weights that the call reads, as far as names tell.
        scoped: Whether the module is a scope of the exporter, which numbers a module that is called again.
        folded: Learned numbers per channel that were lost when the exporter folded batch normalisation into the call,
            as many as are possible: one, or two if the call had a bias of its own; none if nothing was folded.
    """

    module: str
    name: str
    kind: str
    classes: tuple[tuple[str, str], ...] = ()
    again: Hashable = None
    reads: tuple[str, ...] = ()
    scoped: bool = False
    folded: tuple[int, ...] = ()


def place_of(node: NodeProto, inside: str = "", again: Hashable = None) -> Place:
    """Where a node belongs; ``inside`` is the layer of the control-flow operator around it."""
    if node.metadata_props:
        place = _place_written(node, inside, again)
        if place is not None:
            return place
    kind, called = node.op_type.lower(), node.name
    if called.count("/") + called.count(".") > _DEEPEST:
        return Place(inside, "", kind, again=again)
    if called.startswith("/"):
        module = _joined(inside, _path(called.strip("/").split("/")[:-1]))
        reads = tuple([name for name in node.input[1:] if not name.startswith("/")])
        folded = (1, 2) if kind == "conv" and len(reads) == 2 and all(map(_is_from_conv, node.input[1:])) else ()
        return Place(module, "", kind, again=again, reads=reads, scoped=True, folded=folded)
    return Place(inside, called.replace("/", "."), kind, again=again)


def _place_written(node: NodeProto, inside: str, again: Hashable) -> Place | None:
    """Where the metadata of a node say that it belongs, None if they do not."""
    kind = node.op_type.lower()
    written = {entry.key: entry.value for entry in node.metadata_props}
    check_text(*written.values())
    scopes = _listed(written.get(SCOPES, ""))
    kinds = _listed(written.get(CLASSES, ""))
    named = [(_joined(inside, path), name.rpartition(".")[2]) for path, name in zip(scopes[:-1], kinds, strict=False)]
    classes = tuple((path, name) for path, name in named if path)
    if LAYER in written:
        return Place("", _joined(inside, written[LAYER]), kind, classes, again)
    if len(scopes) > 1:
        return _in_module(node, scopes[-2], kinds, inside, classes, again, folded=FOLDED in written.get(RULES, ""))
    return None


def _in_module(
    node: NodeProto,
    module: str,
    kinds: Sequence[str],
    inside: str,
    classes: tuple[tuple[str, str], ...],
    again: Hashable,
    *,
    folded: bool,
) -> Place:
    """A node whose metadata say the module; what batch normalisation was folded into belongs where its weights do."""
    kind = node.op_type.lower()
    if folded and len(node.input) > 1:
        weight, bias = node.input[1], node.input[2] if len(node.input) > 2 else ""
        lost = (1,) if bias == f"{weight}_bias" else (2,)
        owner, _, last = weight.rpartition(".")
        if owner and last == "weight":
            classes = tuple((path, name) for path, name in classes if path != _joined(inside, module))
            return Place(_joined(inside, owner), "", kind, classes, again, folded=lost)
        return Place(_joined(inside, module), "", kind, classes, again, folded=lost)
    if again is None and len(kinds) > 1 and kinds[-2].startswith(_LEAVES):
        reads = tuple([name for name in node.input if name.startswith(f"{module}.")])
        if reads or kind in _FREE:
            again = (module, kind, reads)  # PyTorch's own modules do nothing twice in one call
    return Place(_joined(inside, module), "", kind, classes, again)


def _is_from_conv(name: str) -> bool:
    """Whether PyTorch's exporter made a tensor while it folded: weights keep the names that they have in the module."""
    return name.startswith("onnx::Conv_")


def is_weight_name(name: str) -> bool:
    """Whether a single number is called as a module calls what it learns: ``logit_scale``, ``blocks.0.gate``.

    What exporters make up, what quantising tools write beside weights, and plain numbers in words are constants.
    """
    return bool(_PATH.fullmatch(name)) and not is_made_up(name) and not _NUMBER_IN_WORDS.fullmatch(name)


def is_folded(name: str) -> bool:
    """Whether an exporter computed a tensor of constants: it made the name up, or took that of the operator."""
    return is_made_up(name) or _OPERATOR.fullmatch(name) is not None


def is_made_up(name: str) -> bool:
    """Whether an exporter made the name of a tensor up, so that the model does not know it."""
    return name.startswith("/") or _MADE_UP.fullmatch(name) is not None


def layer_names(places: Sequence[Place]) -> list[str]:
    """Name of the layer of each call: calls of one module that are its only ones share its path."""
    called_again = _repeats(places)
    keys = [called_again.get(at, at) if place.again is None else place.again for at, place in enumerate(places)]
    first = dict(zip(reversed(keys), reversed(places), strict=True))
    calls = Counter(place.module for place in first.values())
    parents = {prefix for place in first.values() for prefix in _prefixes(place.module)}
    used: Counter[str] = Counter()
    names: dict[Hashable, str] = {}
    for key in dict.fromkeys(keys):
        place = first[key]
        if place.name:
            names[key] = _joined(place.module, place.name)
        elif place.module and calls[place.module] == 1 and place.module not in parents:
            names[key] = place.module
        else:
            label = _joined(place.module, place.kind)
            names[key] = label if not used[label] else f"{label}_{used[label]}"
            used[label] += 1
    return [names[key] for key in keys]


def _repeats(places: Sequence[Place]) -> Mapping[int, int]:
    """Calls of a module that is called again, and the same ones of its first call.

    PyTorch's exporter writes ``relu_1`` for the second call of ``relu``. A module may have that name, too: it is called
    again if its operators are the same and read the same weights.
    """
    inside: dict[str, list[int]] = defaultdict(list)
    for at, place in enumerate(places):
        if place.scoped and place.again is None:
            for prefix in (*_prefixes(place.module), place.module):
                inside[prefix].append(at)
    first: dict[int, int] = {}
    for path in sorted(inside, key=len):
        base, _, number = path.rpartition("_")
        if number.isdigit() and base in inside:
            pairs = list(zip(inside[path], inside[base], strict=False))
            same = len(inside[path]) == len(inside[base]) and all(_is_same(places[a], places[b]) for a, b in pairs)
            first.update({a: first.get(b, b) for a, b in pairs} if same else {})
    return first


def _is_same(again: Place, before: Place) -> bool:
    return again.kind == before.kind and again.reads == before.reads


def layers_of_path(path: str) -> list[str]:
    """Names that the layer of a node may have, by the node's path; the likeliest first."""
    *scope, last = path.strip("/").split("/")
    around = _path(scope)
    return [_joined(around, last.lower()), around, _path([*scope, last]), ".".join([*scope, last]), path]


def _path(parts: Sequence[str]) -> str:
    """Module path of a scope: a part that repeats the one before goes on where that ended (``layer1/layer1.0``)."""
    path: list[str] = []
    for part in parts:
        if path and part.startswith(f"{path[-1]}."):
            path[-1] = part
        else:
            path.append(part)
    return ".".join(path)


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts))]


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _listed(text: str) -> list[str]:
    """A list of names that an exporter wrote as Python."""
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [str(item) for item in found] if isinstance(found, list) else []
