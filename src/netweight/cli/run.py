"""``netweight run``: what a network makes of its inputs, on the reference runtime."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import run as verb
from netweight.app.identify import OnnxFile, identify
from netweight.array_files import check_output, described, read_arrays, write_arrays
from netweight.cli.options import (
    as_written_option,
    checkpoint_option,
    guess_option,
    limit_option,
    nested,
    parse_dims,
    parse_input,
    verbose_option,
)
from netweight.cli.streams import is_terminal, out, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing
from netweight.data.pictures import SUFFIXES
from netweight.errors import UsageError
from netweight.files import write_text
from netweight.given_files import is_there


@click.command(name="run", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@click.option(
    "--input", "inputs", multiple=True, metavar="[NAME:]FILE|SHAPE",
    help="x.npy, ids:x.npy, all of x.npz by name; a picture; or a shape to fill with random numbers: x:1x3x224x224.",
)  # fmt: skip
@click.option("--batch", type=WHOLE, metavar="N", help="Samples at once, where no --input says.  [default: 1]")
@click.option(
    "--dim", "dims", multiple=True, metavar="NAME=SIZE", help="Size of what an ONNX model leaves open; repeat."
)
@click.option("--seed", type=WHOLE, default=0, metavar="N", help="Of random inputs and weights.  [default: 0]")
@click.option("--show", "layers", multiple=True, metavar="LAYER", help="Its feature maps and kernels; repeat.")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help="Write the outputs to .npz, or the only one to .npy; what --show shows to .svg; repeat.",
)  # fmt: skip
@click.option(
    "--engine", "engines", multiple=True, metavar="NAME,...", shell_complete=completing("engine"),
    help="Run it on these as well, and compare: onnxruntime, openvino, litert, torch, reference.",
)  # fmt: skip
@click.option("--threads", type=WHOLE, default=1, metavar="N", help="With --engine: threads of a call.  [default: 1]")
@click.option("--precision", metavar="NAME", help="With --engine: fp32, bf16, fp16 or int8.")
@checkpoint_option
@as_written_option
@guess_option
@limit_option
@verbose_option
def run(model: str, **flags: Any) -> None:
    """Run MODEL: its outputs, their ranges; on the reference runtime, which is exact and not fast, or on engines.

    \b
      netweight run lenet5
      netweight run model.onnx --input x.npy -o y.npz
      netweight run lenet5 --input digit.png --show C1 -o maps.svg
      netweight run resnet18 --engine onnxruntime,openvino,torch,reference
    """  # noqa: D301
    pictures, arrays = _outputs(flags)
    if flags["engines"]:
        _on_engines(model, flags, arrays)
        return
    if flags["layers"]:
        _shown(model, flags, pictures, arrays)
        return
    from netweight.runtime.kernels import KERNELS

    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the outputs
        found = verb.run(
            model,
            parsed_arrays(flags["inputs"], nest=not isinstance(identify(model), OnnxFile)),
            batch=flags["batch"],
            seed=flags["seed"],
            dims=parse_dims(flags["dims"]),
            guesses=flags["guess"],
            as_written=flags["as_written"],
            weights=flags["checkpoint"],
            kernels=KERNELS["fast"],
        )
    _told(found, arrays)


def _told(found: Any, files: list[Path]) -> None:
    """Notes, outputs into files, and a line for each output."""
    for note in found.notes:
        say(f"note: {note}")
    for path in files:
        write_arrays(path, found.outputs)
    for name, array in found.outputs.items():
        out(f"{name}  {described(array)}")


def _outputs(flags: dict[str, Any]) -> tuple[list[Path], list[Path]]:
    """Files of pictures and of arrays.

    Raises:
        UsageError: If one cannot be written, or a picture is asked for and no layer.
    """
    files = [Path(name) for name in flags["outputs"]]
    pictures = [path for path in files if path.suffix.lower() == ".svg"]
    for path in files:
        if path not in pictures:
            check_output(path)
    if pictures and not flags["layers"]:
        raise UsageError(f"output: expected --show with {pictures[0].name!r}, got none", fix="--show LAYER")
    if flags["layers"] and flags["engines"]:
        raise UsageError("show: expected our own runtime, which has every layer, got --engine as well")
    return pictures, [path for path in files if path not in pictures]


def _shown(model: str, flags: dict[str, Any], pictures: list[Path], arrays: list[Path]) -> None:
    """The run, and what layers of it see: as files, else in characters."""
    from netweight.app.shown import shown
    from netweight.report.maps.picture import to_svg
    from netweight.report.maps.text import to_text

    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the outputs
        found, maps = shown(
            model,
            parsed_arrays(flags["inputs"], nest=not isinstance(identify(model), OnnxFile)),
            flags["layers"],
            batch=flags["batch"],
            seed=flags["seed"],
            weights=flags["checkpoint"],
            dims=parse_dims(flags["dims"]),
            guesses=flags["guess"],
            as_written=flags["as_written"],
        )
    for path in pictures:
        write_text(path, to_svg(maps))
        say(f"wrote {path}")
    _told(found, arrays)
    if not pictures:
        out_rendered("\n" + to_text(maps, width=get_terminal_size().columns if is_terminal() else None))


def _on_engines(model: str, flags: dict[str, Any], files: list[Path]) -> None:
    """The same network and inputs on several engines, and how far their outputs are apart."""
    from netweight.app.compared import compared
    from netweight.report.bench.compared import to_text

    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the outputs
        found = compared(
            model,
            parsed_arrays(flags["inputs"], nest=not isinstance(identify(model), OnnxFile)),
            engine=[name for text in flags["engines"] for name in text.split(",") if name],
            batch=flags["batch"],
            seed=flags["seed"],
            dims=parse_dims(flags["dims"]),
            guesses=flags["guess"],
            threads=flags["threads"],
            precision=flags["precision"],
            weights=flags["checkpoint"],
        )
    for note in found.notes:
        say(f"note: {note}")
    for path in files:
        write_arrays(path, found.outputs)
    out_rendered(to_text(found, width=get_terminal_size().columns if is_terminal() else None))
    click.get_current_context().exit(2 if all(row.reason for row in found.rows) else 0)


def parsed_arrays(texts: tuple[str, ...], *, nest: bool) -> Any:
    """Arrays of files and specs of random inputs, by name or in order; ``x.0`` may be a part of ``x``.

    Raises:
        UsageError: If only some have a name, or one is there twice.
    """
    found = [pair for text in texts for pair in _parts(text)]
    names = [name for name, _ in found if name]
    if not names:
        values = tuple(value for _, value in found)
        return (values[0] if len(values) == 1 else values) if values else None
    if len(names) < len(found) or len(set(names)) < len(names):
        raise UsageError(f"input: expected a name of its own for all {len(found)} inputs or for none, got {names}")
    return nested(found) if nest else dict(found)


def _parts(text: str) -> list[tuple[str, Any]]:
    suffix = Path(text).suffix.lower()
    if suffix not in (".npy", ".npz", *SUFFIXES):
        return [parse_input(text)]
    name, path = _name_and_file(text)
    if suffix in SUFFIXES:
        return [(name, path)]
    arrays = read_arrays(path)
    if isinstance(arrays, dict) and name:
        raise UsageError(f"input: expected no name before {path.name!r}, whose arrays have their own, got {name!r}")
    return list(arrays.items()) if isinstance(arrays, dict) else [(name, arrays)]


def _name_and_file(text: str) -> tuple[str, Path]:
    """Where ``NAME:FILE`` is parted: both may have colons, so the longest file that is there decides."""
    colons = [at for at, letter in enumerate(text) if letter == ":"]
    cuts = [("", text), *((text[:at], text[at + 1 :]) for at in colons)]
    name, path = next(((name, path) for name, path in cuts if is_there(Path(path))), cuts[-1])
    return name, Path(path)
