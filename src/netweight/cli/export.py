"""``netweight export``: a model as an ONNX file, or as a graph."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any

import click

from netweight.app import export as verb
from netweight.cli.options import (
    checkpoint_option,
    guess_option,
    limit_option,
    model_options,
    parse_dims,
    parse_inputs,
    verbose_option,
)
from netweight.cli.streams import out, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing


@click.command(cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@model_options
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    shell_complete=completing("file"),
    help=".onnx, or .json: the graph alone.",
)
@checkpoint_option
@click.option("--no-weights", is_flag=True, help="Zeros that take no room in the file.")
@click.option("--seed", type=WHOLE, default=0, metavar="N", help="Of random weights.  [default: 0]")
@click.option("--external/--internal", default=None, help="Weights in FILE.onnx.data.  [default: from 1 GiB on]")
@click.option(
    "--reorder", is_flag=False, flag_value="liveness", metavar="[CONVENTION]", shell_complete=completing("convention"),
    help="Operators in the order whose activations take the least.  [liveness]",
)  # fmt: skip
@guess_option
@limit_option
@verbose_option
def export(model: str, **flags: Any) -> None:
    """Write MODEL as an ONNX file, with its weights or, for a built-in network, random ones; or its graph as JSON."""
    with redirect_stdout(sys.stderr):  # a model's own code may print
        found = verb.export(
            model,
            flags["output"],
            parse_inputs(flags["inputs"]),
            batch=flags["batch"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            bits=flags["bits"],
            weights=False if flags["no_weights"] else flags["checkpoint"],
            seed=flags["seed"],
            external=flags["external"],
            guesses=flags["guess"],
            reorder=flags["reorder"],
            as_written=flags["as_written"],
        )
    for note in found.notes:
        say(f"note: {note}")
    written = [path for path in (found.path, found.data) if path is not None]
    out(" and ".join(f"{path} ({path.stat().st_size:,} bytes)" for path in written))
