"""Tensors that a pickle of PyTorch describes: name, shape and type, found without making any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeGuard

from netweight.sources.weights.opcodes import Call, Name, Outside

_MOST = 200_000
"""Objects that are looked at."""
_DEEPEST = 1000
"""Characters of a path from which on nothing is looked at."""
_DIMS, _SIZE = 64, 1 << 63
_TYPES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def numel(self) -> int:
        """Elements."""
        return prod(self.shape)


def is_shape(sizes: Any) -> TypeGuard[Sequence[int]]:
    """Whether these are sizes that a tensor may have."""
    return (
        isinstance(sizes, list | tuple)
        and len(sizes) <= _DIMS
        and all(type(size) is int and 0 <= size < _SIZE for size in sizes)
    )


def tensors_in(value: Any) -> list[Stored]:
    """Tensors in what ``plain_pickle`` gives, each under the path to it; one object is looked at once."""
    found: list[Stored] = []
    seen: set[int] = set()
    left: list[tuple[str, Any]] = [("", value)]
    while left and len(seen) < _MOST:
        path, at = left.pop()
        if not isinstance(at, dict | list | tuple | Call) or id(at) in seen or len(path) > _DEEPEST:
            continue
        seen.add(id(at))
        tensor = _tensor(path, at)
        if tensor is not None:
            found.append(tensor)
        else:
            left.extend(reversed(_parts(path, at)))
    return found


def classes_in(value: Any) -> list[str]:
    """Classes of the objects at the top of a pickle, other than those of tensors and dicts."""
    if isinstance(value, Call) and isinstance(value.function, Name):
        name = value.args[0] if value.function.name in ("_reconstruct", "__newobj__") and value.args else value.function
        own = isinstance(name, Name) and name.module != "torch._utils"
        return [f"{name.module}.{name.name}"] if own else []
    return []


def _parts(path: str, at: Any) -> list[tuple[str, Any]]:
    if isinstance(at, Call):
        return [(path, at.state), (path, at.args)]
    items = at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ((None, x) for x in at)
    return [(_joined(path, key), part) for key, part in items]


def _joined(path: str, key: Any) -> str:
    if key is None or key in ("_parameters", "_buffers", "_modules"):
        return path
    return f"{path}.{key}" if path else str(key)


def _tensor(path: str, at: Any) -> Stored | None:
    """The tensor that a call would make, if it is such a call; a parameter is around one."""
    if not isinstance(at, Call) or not isinstance(at.function, Name) or not isinstance(at.args, tuple):
        return None
    if at.function.name in ("_rebuild_parameter", "_rebuild_parameter_with_state") and at.args:
        return _tensor(path, at.args[0])
    if not at.function.name.startswith("_rebuild_tensor") or len(at.args) < 3:
        return None
    storage, _, shape = at.args[:3]
    sizes = shape if isinstance(shape, tuple) else ()
    if not is_shape(sizes):
        return None
    return Stored(path, tuple(sizes), _dtype(storage, at.args))


def _dtype(storage: Any, args: tuple[Any, ...]) -> str:
    key = storage.key if isinstance(storage, Outside) else ()
    kind = next((part.name for part in key if isinstance(part, Name)), "") if isinstance(key, tuple) else ""
    named = next((part.name for part in args if isinstance(part, Name) and part.module == "torch"), "")
    return _TYPES.get(kind, named or "unknown type")
