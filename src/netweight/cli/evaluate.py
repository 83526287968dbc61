"""``netweight evaluate``: how often the weights of a checkpoint are right."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import evaluate as verb
from netweight.cli.options import limit_option, verbose_option
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, form_of, one_of
from netweight.files import write_text

_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv", ".md": "markdown", ".svg": "svg"}


@click.command(name="evaluate", cls=Verb)
@click.argument("checkpoint", shell_complete=completing("file"))
@click.option(
    "--model", metavar="MODEL", shell_complete=completing("network"), help="The network.  [what the file names]"
)
@click.option(
    "--data", metavar="DATA", shell_complete=completing("file"), help="As `train` takes it.  [what it was trained on]"
)
@click.option(
    "--part", type=one_of("test", "validation", "train", "all"), default="test", help="Of the pictures.  [test]"
)
@click.option("--seed", type=WHOLE, metavar="N", help="Other parts.  [those of the training]")
@click.option("--skip-bad", is_flag=True, help="Leave out pictures that cannot be read.")
@click.option(
    "--format", "form", type=one_of("table", "json", "csv", "markdown", "svg"), default="table", help="[default: table]"
)
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@limit_option
@verbose_option
def evaluate(checkpoint: str, **flags: Any) -> None:
    """How often the network of CHECKPOINT is right: top-1, top-5, by class, which class it takes for which.

    \b
      netweight train lenet5 -o runs/lenet5
      netweight evaluate runs/lenet5/best.safetensors
      netweight evaluate runs/lenet5/best.safetensors --part train -o confusion.svg
    """  # noqa: D301
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    names = ("model", "data", "part", "seed", "skip_bad")
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.evaluate(checkpoint=checkpoint, **{name: flags[name] for name in names})
    for path, form in targets.items():
        write_text(path, _rendered(found, form, None))
        say(f"wrote {path}")
    out_rendered(_rendered(found, flags["form"], get_terminal_size().columns if is_terminal() else None))


def _rendered(found: verb.Evaluation, form: str, width: int | None) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case "svg":
            return found.to_svg()
        case _:
            return found.to_text(width=width, markdown=form == "markdown")
