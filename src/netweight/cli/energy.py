"""``netweight energy``: what a model costs in joules."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import energy as verb
from netweight.cli.options import model_options, parse_dims, parse_inputs, verbose_option
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import completing, form_of, one_of
from netweight.files import write_text

_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv", ".md": "markdown"}


@click.command(name="energy", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@model_options
@click.option("--table", default="horowitz45", metavar="NAME", help="Prices: horowitz45, ./my.toml.  [horowitz45]")
@click.option("--on-chip", metavar="SIZE", help="What fits on the chip: 256KiB.  [as much as is needed]")
@click.option("--rate", "rates", multiple=True, metavar="RATE", help="'385 g CO2: SOURCE' per kWh; repeat.")
@click.option("--measure", is_flag=True, help="Measure a run as well, where the machine has a counter.")
@click.option(
    "--engine", default="onnxruntime", metavar="NAME", shell_complete=completing("engine"),
    help="With --measure: what runs it.  [onnxruntime]",
)  # fmt: skip
@click.option("--meter", type=one_of("cpu", "gpu"), default="cpu", help="With --measure: the counter.  [cpu]")
@click.option("--seconds", type=float, default=5.0, metavar="S", help="With --measure: how long.  [5]")
@click.option("--all", "all_rows", is_flag=True, help="Also kernels that take nothing.")
@click.option(
    "--format", "form", type=one_of("table", "json", "csv", "markdown"), default="table", help="[default: table]"
)
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@verbose_option
def energy(model: str, **flags: Any) -> None:
    """Joules of one run of MODEL: operations and bytes by a table of prices, as a bracket; or measured.

    \b
      netweight energy alexnet
      netweight energy mobilenet_v2 --bits 8 --on-chip 512KiB
      netweight energy resnet50 --measure --engine openvino
      netweight energy resnet50 --rate '385 g CO2: IEA 2024'
    """  # noqa: D301
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.energy(
            model,
            parse_inputs(flags["inputs"]),
            table=flags["table"],
            on_chip=flags["on_chip"],
            rates=flags["rates"],
            measure=flags["measure"],
            engine=flags["engine"],
            meter_of=flags["meter"],
            seconds=flags["seconds"],
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            as_written=flags["as_written"],
        )
    for path, form in targets.items():
        write_text(path, _rendered(found, form, None, all_rows=True))
        say(f"wrote {path}")
    width = get_terminal_size().columns if is_terminal() else None
    out_rendered(_rendered(found, flags["form"], width, all_rows=flags["all_rows"]))


def _rendered(found: verb.Energy, form: str, width: int | None, *, all_rows: bool) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case "markdown":
            return found.to_markdown(all_rows=all_rows)
        case _:
            return found.to_text(width=width, all_rows=all_rows)
