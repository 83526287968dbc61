"""``netweight latency``: how long a model takes on a device, and what limits it."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import latency as verb
from netweight.app.throughput import USUAL, Throughput, throughput
from netweight.cli.options import (
    check_units,
    given_flags,
    model_options,
    parse_dims,
    parse_inputs,
    units_option,
    verbose_option,
)
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, form_of, one_of
from netweight.errors import UsageError
from netweight.files import write_text
from netweight.units import whole

_USUAL = ",".join(map(str, USUAL))
_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv", ".svg": "svg", ".md": "markdown"}


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
@click.option("--roofline", is_flag=True, help="A picture: which kernels wait for memory, which compute.")
@click.option(
    "--throughput", is_flag=False, flag_value=_USUAL, metavar="[N,...]",
    help=f"Over batches of these sizes instead.  [{_USUAL}]",
)  # fmt: skip
@click.option(
    "--format", "form", type=one_of("table", "json", "csv", "svg", "markdown"), default="table",
    help="[default: table]",
)  # fmt: skip
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@units_option
@verbose_option
def latency(model: str, **flags: Any) -> None:
    """The least time that a device can take for MODEL, kernel by kernel, and what limits each.

    \b
      netweight latency resnet50 --device h100 --batch 8
      netweight latency mobilenet_v2 --device stm32h743 --bits 8
      netweight latency resnet50 --device h100 --precision tf32
      netweight latency resnet50                          predicted for this machine, after `calibrate`
      netweight latency resnet50 --device h100 --roofline -o roofline.svg
      netweight latency resnet50 --device h100 --throughput 1,8,64 -o curve.csv
    """  # noqa: D301
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    for form in (*targets.values(), flags["form"]):
        check_units(form, given_flags(flags).get("units", "raw"))
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = _throughput(model, flags) if flags["throughput"] is not None else _latency(model, flags)
    for path, form in targets.items():
        write_text(path, _rendered(found, form, flags, None))
        say(f"wrote {path}")
    width = get_terminal_size().columns if is_terminal() else None
    out_rendered(_rendered(found, flags["form"], flags, width))


def _latency(model: str, flags: dict[str, Any]) -> verb.Latency:
    return verb.latency(model, parse_inputs(flags["inputs"]), batch=flags["batch"], **_common(flags))


def _throughput(model: str, flags: dict[str, Any]) -> Throughput:
    """Over the sizes of batches that are given.

    Raises:
        UsageError: If an input, a batch or a roofline is asked for as well.
    """
    for name in ("inputs", "batch", "roofline"):
        if flags[name]:
            raise UsageError(f"throughput: expected the batch alone to change, got {name} as well", fix="leave one out")
    sizes = [whole(part, "throughput") for part in flags["throughput"].split(",")]
    return throughput(model, batch=sizes, **_common(flags))


def _common(flags: dict[str, Any]) -> dict[str, Any]:
    names = (
        "device", "engine", "calibration", "threads", "bits", "precision", "resident", "training", "as_written",
    )  # fmt: skip
    return {**{name: flags[name] for name in names}, "dims": parse_dims(flags["dims"])}


def _rendered(found: verb.Latency | Throughput, form: str, flags: dict[str, Any], width: int | None) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case "svg":
            return found.to_svg()
        case _ if isinstance(found, Throughput):
            return found.to_markdown() if form == "markdown" else found.to_text(width=width)
        case "markdown":
            return found.to_markdown(units=flags["units"], all_rows=flags["all_rows"])
        case _ if flags["roofline"]:
            return found.to_roofline(width=width)
        case _:
            return found.to_text(units=flags["units"], width=width, all_rows=flags["all_rows"])
