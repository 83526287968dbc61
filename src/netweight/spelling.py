"""What to do about an error, in the words of whoever reads it: keywords in Python, flags in a shell."""

from __future__ import annotations

import re
from typing import Any, Self

_INPUTS = re.compile(r"--input '?[^\s',;]+'?(?: --input '?[^\s',;]+'?)*")
_INPUT = re.compile(r"--input '?(?:([^\s',;:]+):)?(scalar|\d+(?:x\d+)*)(?::([a-z]+[0-9]+))?'?(?=\s|$)")
_DIMS = re.compile(r"--dim [\w.]+=\d+(?: --dim [\w.]+=\d+)*")
_DIM = re.compile(r"--dim ([\w.]+)=(\d+)")
_BATCH = re.compile(r"--batch (\d+)")
_TYPES = {"f": "float", "i": "int", "u": "uint", "bf": "bfloat"}


class Either(str):
    """Text for Python, beside which stands that for the command.

    >>> text = Either("training=True", "--training")
    >>> str(text), text.command
    ('training=True', '--training')

    Attributes:
        command: The same as flags.
    """

    command: str

    def __new__(cls, python: str, command: str) -> Self:
        """The text that Python shows."""
        made = super().__new__(cls, python)
        made.command = command
        return made


def in_command(text: str) -> str:
    """A text as the command prints it."""
    return text.command if isinstance(text, Either) else text


def in_python(text: str) -> str:
    """A text as Python prints it: inputs, sizes and the batch as arguments where they are flags.

    >>> in_python("--input x:1x3x8x8 --input ids:1x16:i64")
    "inputs={'x': (1, 3, 8, 8), 'ids': TensorSpec((1, 16), 'int64')}"
    >>> in_python("--input 1x3x224x224")
    'inputs=(1, 3, 224, 224)'
    >>> in_python("--dim batch=8 --dim seq=128: the smallest that fit")
    "dims={'batch': 8, 'seq': 128}: the smallest that fit"
    """
    text = _INPUTS.sub(_arguments, text)
    text = _DIMS.sub(lambda found: f"dims={ {name: int(size) for name, size in _DIM.findall(found[0])}!r}", text)
    return _BATCH.sub(r"batch=\1", text)


def _arguments(flags: re.Match[str]) -> str:
    """``inputs=...`` for some flags; the flags themselves where one is a placeholder or something else."""
    text, colon = flags[0].removesuffix(":"), ":" * flags[0].endswith(":")
    given: list[tuple[str, str, str]] = _INPUT.findall(text)
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
