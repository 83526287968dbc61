"""What to do about an error, in the words of whoever reads it: keywords in Python, flags in a shell."""

from __future__ import annotations

import re
from typing import Any

_INPUTS = r"--input '?[^\s',;]+'?(?: --input '?[^\s',;]+'?)*"
_INPUT = r"--input '?(?:([^\s',;:]+):)?(scalar|\d+(?:x\d+)*)(?::([a-z]+[0-9]+))?'?(?=\s|$)"
_DIMS = r"--dim [\w.]+=\d+(?: --dim [\w.]+=\d+)*"
_DIM = r"--dim ([\w.]+)=(\d+)"
_BATCH = r"--batch (\d+)"
_TYPES = {"f": "float", "i": "int", "u": "uint", "bf": "bfloat"}


def in_python(text: str) -> str:
    """A text as Python prints it: inputs, sizes and the batch as arguments where they are flags.

    >>> in_python("--input x:1x3x8x8 --input ids:1x16:i64")
    "inputs={'x': (1, 3, 8, 8), 'ids': TensorSpec((1, 16), 'int64')}"
    >>> in_python("--input 1x3x224x224")
    'inputs=(1, 3, 224, 224)'
    >>> in_python("--dim batch=8 --dim seq=128: the smallest that fit")
    "dims={'batch': 8, 'seq': 128}: the smallest that fit"
    """
    text = re.sub(_INPUTS, _arguments, text)
    text = re.sub(
        _DIMS, lambda found: f"dims={ {name: int(size) for name, size in re.findall(_DIM, found[0])}!r}", text
    )
    return re.sub(_BATCH, r"batch=\1", text)


def _arguments(flags: re.Match[str]) -> str:
    """``inputs=...`` for some flags; the flags themselves where one is a placeholder or something else."""
    text, colon = flags[0].removesuffix(":"), ":" * flags[0].endswith(":")
    given: list[tuple[str, str, str]] = re.findall(_INPUT, text)
    return flags[0] if len(given) != text.count("--input ") else f"inputs={_inputs(given)}{colon}"


def _inputs(given: list[tuple[str, str, str]]) -> str:
    """The only input, several by name, or a tuple of them."""
    values = [_value(shape, kind) for _, shape, kind in given]
    if len(given) == 1 and not given[0][0]:
        return values[0]
    if not all(name for name, _, _ in given):
        return f"({', '.join(values)})"
    parts = [f"{name!r}: {value}" for (name, _, _), value in zip(given, values, strict=True)]
    return f"{{{', '.join(parts)}}}"


def _value(shape: str, kind: str) -> str:
    sizes: tuple[Any, ...] = () if shape == "scalar" else tuple(int(size) for size in shape.split("x"))
    if not kind and sizes:
        return repr(sizes)
    letters = kind.rstrip("0123456789")
    name = f"{_TYPES.get(letters, letters)}{kind[len(letters) :]}" if kind else "float32"
    return f"TensorSpec({sizes!r}, {name!r})"
