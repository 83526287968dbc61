"""``netweight calibrate``: how long an engine takes on this machine, for ``netweight latency``."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import calibrate as verb
from netweight.cli.options import verbose_option
from netweight.cli.streams import is_terminal, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, one_of


@click.command(name="calibrate", cls=Verb)
@click.option(
    "--engine", default="onnxruntime", metavar="NAME", shell_complete=completing("engine"),
    help="onnxruntime, openvino or torch.  [default: onnxruntime]",
)  # fmt: skip
@click.option("--threads", type=WHOLE, default=1, metavar="N", help="Threads of a call.  [default: 1]")
@click.option(
    "-o", "--output", metavar="FILE", shell_complete=completing("file"), help="Instead of the user's data folder."
)
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
@verbose_option
def calibrate(**flags: Any) -> None:
    """How long an engine takes on this machine, by class of operators; `netweight latency` predicts by it.

    \b
      netweight calibrate
      netweight calibrate --engine openvino
      netweight calibrate --engine torch --threads 2 -o torch.json
    """  # noqa: D301
    found = verb.calibrate(flags["engine"], threads=flags["threads"], output=flags["output"])
    if flags["form"] == "json":
        out_rendered(found.to_json() + "\n")
    else:
        out_rendered(found.to_text(width=get_terminal_size().columns if is_terminal() else None))
