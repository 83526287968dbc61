"""``netweight latency``: how long a model takes on a device, and what limits it."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import latency as verb
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
from netweight.cli.values import WHOLE, completing, one_of


@click.command(name="latency", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@model_options
@click.option(
    "--device", metavar="NAME", shell_complete=completing("device"),
    help="What it runs on: h100, stm32h743, ./my.toml, detect; `netweight devices` has them.",
)  # fmt: skip
@click.option(
    "--engine", metavar="NAME", shell_complete=completing("engine"),
    help="Predict what it takes on this machine: onnxruntime, openvino, torch.",
)  # fmt: skip
@click.option(
    "--calibration", metavar="FILE", shell_complete=completing("file"), help="Instead of the one that is stored."
)
@click.option("--threads", type=WHOLE, default=1, metavar="N", help="Threads of the stored calibration.  [default: 1]")
@click.option("--precision", metavar="NAME", help="Peak that arithmetic of floats meets: tf32.  [that of their type]")
@click.option(
    "--resident", type=one_of("none", "weights", "all"), default="weights",
    help="What may stay on the chip where it fits.  [default: weights]",
)  # fmt: skip
@click.option("--all", "all_rows", is_flag=True, help="Also kernels that compute and move nothing.")
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
@units_option
@verbose_option
def latency(model: str, **flags: Any) -> None:
    """The least time that a device can take for MODEL, kernel by kernel, and what limits each.

    \b
      netweight latency resnet50 --device h100 --batch 8
      netweight latency mobilenet_v2 --device stm32h743 --bits 8
      netweight latency resnet50 --device h100 --precision tf32
      netweight latency resnet50                                  predicted for this machine, after `calibrate`
    """  # noqa: D301
    check_units(flags["form"], given_flags(flags).get("units", "raw"))
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.latency(
            model,
            parse_inputs(flags["inputs"]),
            device=flags["device"],
            engine=flags["engine"],
            calibration=flags["calibration"],
            threads=flags["threads"],
            batch=flags["batch"],
            bits=flags["bits"],
            precision=flags["precision"],
            resident=flags["resident"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            as_written=flags["as_written"],
        )
    if flags["form"] == "json":
        out_rendered(found.to_json() + "\n")
    else:
        width = get_terminal_size().columns if is_terminal() else None
        out_rendered(found.to_text(units=flags["units"], width=width, all_rows=flags["all_rows"]))
