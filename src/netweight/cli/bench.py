"""``netweight bench``: how long a model takes on engines, measured."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import bench as verb
from netweight.app.identify import OnnxFile, identify
from netweight.cli.options import checkpoint_option, limit_option, parse_dims, verbose_option
from netweight.cli.run import parsed_arrays
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, form_of, one_of
from netweight.files import write_text
from netweight.units import whole

_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv"}
_INTERRUPTED = 130


@click.command(name="bench", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@click.option(
    "--engine", "engines", multiple=True, metavar="NAME,...", shell_complete=completing("engine"),
    help="onnxruntime, openvino, litert, torch, torch-compile, reference.  [default: onnxruntime]",
)  # fmt: skip
@click.option(
    "--input", "inputs", multiple=True, metavar="[NAME:]FILE|SHAPE", help="x.npy, or a shape to fill: x:1x3x224x224."
)
@click.option("--batch", metavar="N,...", help="Samples at once: 1,2,4,8 for the curve of throughput.  [default: 1]")
@click.option("--threads", type=WHOLE, default=1, metavar="N", help="Threads of a call.  [default: 1]")
@click.option("--precision", metavar="NAME", help="fp32, bf16, fp16 or int8.  [what the engine does by itself]")
@click.option("--seconds", type=float, default=3.0, metavar="S", help="For each engine at each batch.  [default: 3]")
@click.option("--layers", is_flag=True, help="Every kernel, not the dearest alone.")
@click.option("--strict", is_flag=True, help="Exit 1 where an engine fails or a measurement is marked.")
@click.option(
    "--dim", "dims", multiple=True, metavar="NAME=SIZE", help="Size of what an ONNX model leaves open; repeat."
)
@click.option("--seed", type=WHOLE, default=0, metavar="N", help="Of random inputs and weights.  [default: 0]")
@checkpoint_option
@click.option("--format", "form", type=one_of("table", "json", "csv"), default="table", help="[default: table]")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@limit_option
@verbose_option
def bench(model: str, **flags: Any) -> None:
    """How long MODEL takes on engines that are installed here, each in a process of its own, in turns.

    \b
      netweight bench resnet50 --engine onnxruntime,openvino,torch
      netweight bench mobilenet_v2 --engine openvino --precision bf16
      netweight bench model.onnx --batch 1,2,4,8 -o curve.csv
      netweight bench model.tflite --engine litert --threads 2
    """  # noqa: D301
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    names = [name for text in flags["engines"] or ("onnxruntime",) for name in text.split(",") if name]
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.bench(
            model,
            parsed_arrays(flags["inputs"], nest=not isinstance(identify(model), OnnxFile)),
            engine=names,
            batch=None if flags["batch"] is None else [whole(part, "batch") for part in flags["batch"].split(",")],
            threads=flags["threads"],
            precision=flags["precision"],
            seconds=flags["seconds"],
            seed=flags["seed"],
            weights=flags["checkpoint"],
            dims=parse_dims(flags["dims"]),
        )
    for path, form in targets.items():
        write_text(path, _rendered(found, form, layers=True))
        say(f"wrote {path}")
    width = get_terminal_size().columns if is_terminal() else None
    out_rendered(_rendered(found, flags["form"], layers=flags["layers"], width=width))
    click.get_current_context().exit(_code(found, strict=flags["strict"]))


def _rendered(found: verb.Bench, form: str, *, layers: bool, width: int | None = None) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case _:
            return found.to_text(width=width, layers=layers)


def _code(found: verb.Bench, *, strict: bool) -> int:
    """130 after an interrupt, 2 where no engine ran, 1 where a strict reader would not believe it."""
    if any(note.startswith("interrupted") for note in found.notes):
        return _INTERRUPTED
    if all(row.state == "failed" for row in found.rows):
        return 2
    return int(strict and any(row.state != "measured" or row.disturbed for row in found.rows))
