"""Flags that several commands share, and what their texts mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from netweight import limits
from netweight.cli.values import WHOLE, completing, one_of
from netweight.errors import UsageError
from netweight.ir import Filled, TensorSpec, is_floating
from netweight.units import whole

_DTYPES = {
    "f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64",
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64", "u8": "uint8", "bool": "bool",
}  # fmt: skip

_INPUT = re.compile(
    r"(?:(?P<name>.+?):)??(?P<shape>[0-9]+(?:[x,][0-9]+)*|scalar)"
    r"(?::(?P<dtype>(?!scalar$)[A-Za-z_]\w*)(?::(?P<first>-?[0-9]+)(?:-(?P<last>-?[0-9]+))?)?)?",
    re.DOTALL,
)
"""A name may be any text, as in ONNX: what stands before the shortest end that reads as shape, type and numbers."""

_MOST = (1 << 64) - 1  # of an unsigned type

Decorator = Callable[[Any], Any]


def model_options(function: Any) -> Any:
    """--input, --batch, --bits: what is weighed."""
    for decorate in reversed(_MODEL_OPTIONS):
        function = decorate(function)
    return function


as_written_option: Decorator = click.option(
    "--as-written",
    is_flag=True,
    help="Leave the model as it stands: conversions to integers are operators; memory folds and fuses nothing.",
)

_MODEL_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="[NAME:]SHAPE[:TYPE[:NUMBERS]]",
        shell_complete=completing("input"),
        help="Input: 1x3x224x224, 1x128:i64; several by name: ids:1x128:i64:0-30521, mask:1x128:bool:1.",
    ),
    click.option("--batch", type=WHOLE, metavar="N", help="Samples at once, where no --input says.  [default: 1]"),
    click.option(
        "--dim",
        "dims",
        multiple=True,
        metavar="NAME=SIZE",
        help="Size of what an ONNX model leaves open: batch=8; repeat.",
    ),
    click.option(
        "--bits",
        metavar="BITS",
        shell_complete=completing("bits"),
        help="8, w8a8, w4g32, or by layer: 'conv*=8,fc*=w4'.",
    ),
    click.option("--training", is_flag=True, help="Batch statistics and dropout, as in a training step."),
    as_written_option,
)

units_option: Decorator = click.option(
    "--units", type=one_of("si", "iec", "raw"), default="si", help="MB, MiB, or plain integers.  [default: si]"
)


def given_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Flags of the command that runs which are not left to their defaults."""
    source = click.get_current_context().get_parameter_source
    return {name: value for name, value in flags.items() if source(name) is not ParameterSource.DEFAULT}


def check_units(form: str, units: str) -> None:
    """Refuse units of the user in a format whose numbers are for programs.

    Args:
        form: The format.
        units: What the user gave; ``"raw"`` if nothing.

    Raises:
        UsageError: If the format has no units.
    """
    if form in ("json", "csv") and units != "raw":
        raise UsageError(
            f"units: expected raw for {form}, whose numbers are in full and whose names say the unit, got {units}",
            fix="leave it out, or --format table",
        )


causal_option: Decorator = click.option(
    "--count-causal",
    type=one_of("full", "half"),
    default="full",
    help="Pairs of causal attention that count: all, or those that the mask leaves.  [default: full]",
)
guess_option: Decorator = click.option(
    "--guess",
    is_flag=True,
    help="Go on where only real data tell what the network does; the notes say what is guessed.",
)
checkpoint_option: Decorator = click.option(
    "--checkpoint", metavar="FILE", shell_complete=completing("file"), help="Weights that `netweight train` wrote."
)
verbose_option: Decorator = click.option(
    "-v", "--verbose", count=True, help="Say more on stderr; -vv shows where an error comes from."
)


def _raise_limits(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> None:
    """Other limits until the command is done."""
    context.with_resource(limits.raised(**_limits(texts)))


def _limits(texts: tuple[str, ...]) -> dict[str, str]:
    found = dict(text.partition("=")[::2] for text in texts)
    for name, amount in found.items():
        if not amount:
            raise UsageError(f"limit: expected NAME=AMOUNT, got {name!r}", fix="--limit file=1GB")
    return found


limit_option: Decorator = click.option(
    "--limit", multiple=True, expose_value=False, callback=_raise_limits, metavar="NAME=AMOUNT",
    shell_complete=completing("limit"),
    help=f"What an odd model may take: {', '.join(limits.DEFAULTS)}; repeat.",
)  # fmt: skip


def _raise_limits_but_size(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> str | None:
    """The limits that have a name are raised; the size that has none is a peak."""
    sizes = [text for text in texts if "=" not in text]
    _raise_limits(context, option, tuple([text for text in texts if "=" in text]))
    if len(sizes) > 1:
        raise UsageError(f"limit: expected one size, got {' and '.join(sizes)}", fix="--limit 256KiB")
    return sizes[0] if sizes else None


peak_limit_option: Decorator = click.option(
    "--limit", multiple=True, callback=_raise_limits_but_size, metavar="SIZE|NAME=AMOUNT",
    shell_complete=completing("limit"),
    help=f"With --patches: the peak to reach, 256KiB. Or what an odd model may take: {', '.join(limits.DEFAULTS)}.",
)  # fmt: skip


Input = Filled | TensorSpec | tuple[int, ...]


def parse_inputs(texts: tuple[str, ...]) -> Any:
    """What ``weigh`` takes as ``inputs``: one input, a tuple, or a dict by name; None when no flag was given.

    Raises:
        UsageError: If a text is not an input, a name is there twice, or only some have one.
    """
    if not texts:
        return None
    parsed = [parse_input(text) for text in texts]
    names = [name for name, _ in parsed if name]
    if not names:
        return parsed[0][1] if len(parsed) == 1 else tuple(value for _, value in parsed)
    if len(names) < len(parsed):
        raise UsageError(f"input: expected names for all {len(parsed)} inputs or for none, got {', '.join(names)}")
    return nested(parsed)


def parse_dims(texts: tuple[str, ...]) -> dict[str, int]:
    """Sizes of dimensions by name.

    Raises:
        UsageError: If a text is no ``NAME=SIZE``, or a name is there twice.
    """
    found: dict[str, int] = {}
    for text in texts:
        name, _, size = text.rpartition("=")
        if not name or not re.fullmatch("[0-9]+", size):
            raise UsageError(f"dim: expected NAME=SIZE, got {text!r}", fix="--dim batch=8")
        if name in found:
            raise UsageError(f"dim: expected each name once, got {name!r} twice")
        found[name] = whole(size, "dim")
    return found


def parse_input(text: str) -> tuple[str, Input]:
    """Name, which may be empty, and input of ``[NAME:]SHAPE[:TYPE[:NUMBERS]]``; the shape alone leaves the type open.

    Raises:
        UsageError: If the text does not have that form.
    """
    match = _INPUT.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"input: expected [NAME:]SHAPE[:TYPE[:NUMBERS]], got {text!r}",
            fix="--input 1x3x224x224, x:8x3x224x224:f16, or ids:1x128:i64:0-30521",
        )
    name = match["name"] or ""
    shape = (
        tuple(whole(size, "input") for size in re.split("[x,]", match["shape"])) if match["shape"] != "scalar" else ()
    )
    if match["dtype"] is None:
        return name, shape or TensorSpec(())
    dtype = _DTYPES.get(match["dtype"], match["dtype"])
    if dtype not in _DTYPES.values():
        raise UsageError(f"input: expected a type of {', '.join(_DTYPES)}, got {match['dtype']!r}")
    spec = TensorSpec(shape, dtype)
    if match["first"] is None:
        return name, spec
    first, last = (
        whole(match["first"], "input", most=_MOST),
        whole(match["last"] or match["first"], "input", most=_MOST),
    )
    if is_floating(dtype):
        raise UsageError(f"input: expected numbers for a type of whole numbers or bool, got them for {dtype}")
    if last < first:
        raise UsageError(f"input: expected numbers FIRST-LAST with FIRST below LAST, got {first}-{last}")
    return name, Filled(spec, first, last)


def nested(named: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Inputs by name; ``images.0`` and ``images.1`` are a list ``images``, ``x.mask`` is in a dict ``x``."""
    found: dict[str, Any] = {}
    for name, value in named:
        at = found
        *parents, last = name.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
            if not isinstance(at, dict):
                raise UsageError(f"input: expected {parent!r} to be an input or to have parts, got both in {name!r}")
        if last in at:
            raise UsageError(f"input: expected each name once, got {name!r} twice")
        at[last] = value
    return {name: _with_lists(value) for name, value in found.items()}


def _with_lists(value: Any) -> Any:
    """Dicts with keys 0, 1, 2 ... as lists."""
    if not isinstance(value, dict):
        return value
    if set(value) == {str(at) for at in range(len(value))}:
        return [_with_lists(value[str(at)]) for at in range(len(value))]
    return {name: _with_lists(part) for name, part in value.items()}
