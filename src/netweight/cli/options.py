"""Flags that several commands share, and what their texts mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from netweight.errors import UsageError
from netweight.ir import TensorSpec

_DTYPES = {
    "f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64",
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64", "u8": "uint8", "bool": "bool",
}  # fmt: skip

Decorator = Callable[[Any], Any]


def model_options(function: Any) -> Any:
    """--input, --batch, --bits: what is weighed."""
    for decorate in reversed(_MODEL_OPTIONS):
        function = decorate(function)
    return function


_MODEL_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--input", "inputs", multiple=True, metavar="[NAME:]SHAPE[:TYPE]", help="Input shape: 1x3x224x224:f16."
    ),
    click.option("--batch", type=int, default=1, metavar="N", help="Samples at once.  [default: 1]"),
    click.option("--bits", metavar="BITS", help="8, w8a8, w4g32, or by layer: 'conv*=8,fc*=w4'."),
    click.option("--training", is_flag=True, help="Batch statistics and dropout, as in a training step."),
)

units_option: Decorator = click.option(
    "--units", type=click.Choice(["si", "iec", "raw"]), default="si", help="MB, MiB, or plain integers.  [default: si]"
)
verbose_option: Decorator = click.option(
    "-v", "--verbose", count=True, help="Say more on stderr; -vv shows where an error comes from."
)


def parse_inputs(texts: tuple[str, ...]) -> TensorSpec | tuple[int, ...] | None:
    """What ``weigh`` takes as ``inputs``, or None when no flag was given.

    Raises:
        UsageError: If a text is no shape, or there are several inputs.
    """
    if not texts:
        return None
    if len(texts) > 1:
        raise UsageError(f"input: expected one input, got {len(texts)}: built-in networks have one, called x")
    return parse_input(texts[0])


def parse_input(text: str) -> TensorSpec | tuple[int, ...]:
    """Spec from ``[NAME:]SHAPE:TYPE``, or just the shape, which leaves the type to the network.

    Raises:
        UsageError: If the text is none.
    """
    match = re.fullmatch(r"(?:(?P<name>[A-Za-z_]\w*):)?(?P<shape>\d+(?:[x,]\d+)*)(?::(?P<dtype>\w+))?", text.strip())
    if match is None:
        raise UsageError(
            f"input: expected [NAME:]SHAPE[:TYPE], got {text!r}", fix="--input 1x3x224x224 or x:8x3x224x224:f16"
        )
    if match["name"] not in (None, "x"):
        raise UsageError(f"input: expected the name x, got {match['name']!r}")
    shape = tuple(int(size) for size in re.split("[x,]", match["shape"]))
    if match["dtype"] is None:
        return shape
    dtype = _DTYPES.get(match["dtype"], match["dtype"])
    if dtype not in _DTYPES.values():
        raise UsageError(f"input: expected a type of {', '.join(_DTYPES)}, got {match['dtype']!r}")
    return TensorSpec(shape, dtype)


def write_file(path: Path, text: str) -> None:
    """Write the whole text or nothing: a new file takes the place of the old one when it is complete.

    Raises:
        UsageError: If the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"output: expected to write {str(path)!r}, got: {error.strerror}") from error
