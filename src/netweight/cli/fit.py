"""``netweight fit``: whether a model fits, and what would make it fit."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import fit as verb
from netweight.cli.options import (
    check_units,
    given_flags,
    model_options,
    parse_dims,
    parse_inputs,
    units_option,
    verbose_option,
)
from netweight.cli.streams import is_terminal, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import completing, one_of


@click.command(name="fit", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@model_options
@click.option("--limit", metavar="SIZE", help="Bytes for activations: 256KiB.")
@click.option("--device", metavar="NAME", help="Its SRAM for activations, its flash for weights: stm32f746.")
@click.option(
    "--convention", metavar="NAME", shell_complete=completing("convention"),
    help="How activations are counted.  [liveness; tflm for .tflite]",
)  # fmt: skip
@click.option("--optimizer", metavar="NAME", help="A step of training with it, and the largest batch that fits.")
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
@units_option
@verbose_option
def fit(model: str, **flags: Any) -> None:
    """Whether MODEL fits into so much memory, or into a device, and what would make it fit; exits 1 if it does not.

    \b
      netweight fit mobilenet_v2 --bits 8 --limit 1MiB
      netweight fit lenet5 --device stm32f746
      netweight fit resnet50 --optimizer adam --batch 64 --limit 4GB   the batch that fits, what to checkpoint
    """  # noqa: D301
    check_units(flags["form"], given_flags(flags).get("units", "raw"))
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.fit(
            model,
            parse_inputs(flags["inputs"]),
            limit=flags["limit"],
            device=flags["device"],
            convention=flags["convention"],
            optimizer=flags["optimizer"],
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            as_written=flags["as_written"],
        )
    if flags["form"] == "json":
        out_rendered(found.to_json() + "\n")
    else:
        width = get_terminal_size().columns if is_terminal() else None
        out_rendered(found.to_text(units=flags["units"], width=width))
    click.get_current_context().exit(0 if found.fits else 1)
