"""``netweight gradcheck``: whether gradients are derivatives."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import gradcheck as verb
from netweight.app.identify import OnnxFile, identify
from netweight.cli.options import checkpoint_option, guess_option, limit_option, parse_dims, verbose_option
from netweight.cli.run import parsed_arrays
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, form_of, one_of
from netweight.files import write_text

_FORMATS = {".txt": "table", ".json": "json"}


@click.command(name="gradcheck", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@click.option(
    "--input", "inputs", multiple=True, metavar="[NAME:]FILE|SHAPE",
    help="x.npy, ids:x.npy, all of x.npz by name; a picture; or a shape to fill with random numbers: 1x3x32x32.",
)  # fmt: skip
@click.option("--batch", type=WHOLE, metavar="N", help="Samples at once, where no --input says.  [default: 1]")
@click.option("--training", is_flag=True, help="Statistics of the batch, dropout drops.")
@click.option(
    "--dim", "dims", multiple=True, metavar="NAME=SIZE", help="Size of what an ONNX model leaves open; repeat."
)
@click.option("--seed", type=WHOLE, default=0, metavar="N", help="Of all that is drawn.  [default: 0]")
@click.option(
    "--coordinates", type=WHOLE, metavar="N", help="Elements compared of each tensor.  [as some 10 s of work allow]"
)
@click.option(
    "--kernels", type=one_of(*verb.KERNELS), default="reference", help="Rules of the operators, or what trains."
)
@click.option("--tolerance", type=click.FLOAT, default=verb.TOLERANCE, metavar="X", help="[default: 1e-5]")
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@checkpoint_option
@guess_option
@limit_option
@verbose_option
def gradcheck(model: str, **flags: Any) -> None:
    """Compare the gradients of MODEL with central differences in float64; exits 1 if one is wrong.

    \b
      netweight gradcheck lenet5
      netweight gradcheck resnet18 --input 2x3x32x32 --training
      netweight gradcheck lenet5 --kernels training
      netweight gradcheck net.py:Net --input 1x3x32x32 --coordinates 50
    """  # noqa: D301
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.gradcheck(
            model,
            parsed_arrays(flags["inputs"], nest=not isinstance(identify(model), OnnxFile)),
            flags["checkpoint"],
            batch=flags["batch"],
            seed=flags["seed"],
            training=flags["training"],
            coordinates=flags["coordinates"],
            tolerance=flags["tolerance"],
            kernels=flags["kernels"],
            dims=parse_dims(flags["dims"]),
            guesses=flags["guess"],
        )
    for path, form in targets.items():
        write_text(path, _rendered(found, form, None))
        say(f"wrote {path}")
    out_rendered(_rendered(found, flags["form"], get_terminal_size().columns if is_terminal() else None))
    click.get_current_context().exit(0 if found.passed else 1)


def _rendered(found: verb.GradCheck, form: str, width: int | None) -> str:
    return found.to_json() + "\n" if form == "json" else found.to_text(width=width)
