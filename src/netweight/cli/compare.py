"""``netweight compare``: what differs between two models."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import compare as verb
from netweight.app.comparison import Comparison, figure_of
from netweight.cli.options import model_options, parse_dims, parse_inputs, verbose_option
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import completing, form_of, one_of
from netweight.files import write_text

_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv", ".md": "markdown"}


@click.command(name="compare", cls=Verb)
@click.argument("before", metavar="A", shell_complete=completing("network"))
@click.argument("after", metavar="B", shell_complete=completing("network"))
@model_options
@click.option("--figure", default="macs", metavar="NAME", help="Whose change is explained: params, macs.  [macs]")
@click.option("--all", "all_rows", is_flag=True, help="Also layers that are the same.")
@click.option("--exit-code", "exit_code", is_flag=True, help="Exit 1 where they differ.")
@click.option(
    "--format", "form", type=one_of("table", "json", "csv", "markdown"), default="table", help="[default: table]"
)
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@verbose_option
def compare(before: str, after: str, **flags: Any) -> None:
    """What differs between A and B, layer by layer: changed, moved, renamed, added, removed, and what explains it.

    \b
      netweight compare resnet18 resnet34
      netweight compare mobilenet_v2 mobilenet_v2:width=0.5 --figure params
      netweight compare report.json net.py:Net --exit-code   a stored report against what is there now
      netweight compare model.onnx@main model.onnx           a file against what git's branch has
    """  # noqa: D301
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    figure = figure_of(flags["figure"])
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.compare(
            before,
            after,
            parse_inputs(flags["inputs"]),
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            as_written=flags["as_written"],
        )
    for path, form in targets.items():
        write_text(path, _rendered(found, form, figure, None, all_rows=flags["all_rows"]))
        say(f"wrote {path}")
    width = get_terminal_size().columns if is_terminal() else None
    out_rendered(_rendered(found, flags["form"], figure, width, all_rows=flags["all_rows"]))
    click.get_current_context().exit(1 if flags["exit_code"] and found.differs else 0)


def _rendered(found: Comparison, form: str, figure: str, width: int | None, *, all_rows: bool) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case "markdown":
            return found.to_markdown(figure=figure, all_rows=all_rows)
        case _:
            return found.to_text(figure=figure, width=width, all_rows=all_rows)
