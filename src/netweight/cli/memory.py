"""``netweight memory``: peak memory of activations under every convention, and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import memory as verb
from netweight.cli.options import (
    check_units,
    given_flags,
    model_options,
    parse_dims,
    parse_inputs,
    peak_limit_option,
    units_option,
    verbose_option,
)
from netweight.cli.plan_files import FORMS as PLAN_FORMS
from netweight.cli.plan_files import check_plans, plan_of, write_plans
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import completing, form_of, one_of
from netweight.errors import UsageError
from netweight.files import write_text

_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv", ".svg": "svg"}


@click.command(name="memory", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@model_options
@click.option(
    "--convention", "conventions", multiple=True, metavar="NAME", shell_complete=completing("convention"),
    help="Only this convention; repeat for several.  [default: all]",
)  # fmt: skip
@click.option("--reorder", is_flag=True, help="In the order of operators that holds the least.")
@click.option("--patches", metavar="GRID[@LAYER]", help="First layers patch by patch: 4x4@LAYER, 4x4, or auto.")
@click.option("--hold-input", is_flag=True, help="With --patches: the whole input lies in memory.")
@click.option("--format", "form", type=one_of("table", "json", "csv", "svg"), default="table", help="[default: table]")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write to {', '.join(_FORMATS)}; repeat.",
)  # fmt: skip
@click.option(
    "--plan", "plans", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help=f"Write offsets for a runtime to {', '.join(PLAN_FORMS)}; repeat.",
)  # fmt: skip
@units_option
@peak_limit_option
@verbose_option
def memory(model: str, **flags: Any) -> None:
    """Peak memory of MODEL's activations under every convention: when, what is alive, why the figures differ.

    \b
      netweight memory mobilenet_v2 --bits 8             all conventions side by side
      netweight memory resnet50 --convention inplace     one, with its timeline and plan
      netweight memory model.onnx --batch 8 -o peak.json every figure, tensor by tensor
      netweight memory resnet50 -o peak.svg              a picture of the timeline and the plan
      netweight memory alexnet --as-written              nothing folded or fused
      netweight memory densenet121 --reorder             operators in the order that holds the least
      netweight memory mobilenet_v2 --bits 8 --patches auto --limit 256KiB
      netweight memory model.tflite --plan planned.tflite --plan plan.h
      netweight memory mobilenet_v2 --patches 4x4@features.4 -o patched.onnx
    """  # noqa: D301
    given = given_flags(flags)
    models = [name for name in flags["outputs"] if flags["patches"] and Path(name).suffix.lower() == ".onnx"]
    flags["outputs"] = [name for name in flags["outputs"] if name not in models]
    targets = {Path(name): form_of(Path(name), _FORMATS) for name in flags["outputs"]}
    for form in (*targets.values(), flags["form"]):
        check_units(form, given.get("units", "raw"))
    check_plans(model, flags["plans"], flags)
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.memory(
            model,
            parse_inputs(flags["inputs"]),
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            conventions=flags["conventions"],
            as_written=flags["as_written"],
            reorder=flags["reorder"],
            patches=flags["patches"],
            limit=flags["limit"],
            hold_input=flags["hold_input"],
        )
    texts = {path: _rendered(found, form, flags["units"], None) for path, form in targets.items()}
    arena = plan_of(model, found) if flags["plans"] else None
    if models:
        _write_models(model, found, models, flags)
    for path, text in texts.items():
        write_text(path, text)
    if arena is not None:
        write_plans(model, flags["plans"], arena)
    if not (targets or arena) or "form" in given:
        width = get_terminal_size().columns if is_terminal() else None
        out_rendered(_rendered(found, flags["form"], flags["units"], width))


def _write_models(model: str, found: verb.Memory, names: Sequence[str], flags: Mapping[str, Any]) -> None:
    """The network in patches as ONNX files, in the types that the model has.

    Raises:
        UsageError: If no patches were found.
    """
    from netweight.app.export import export

    report = found.patches
    if report is None or not report.spelled:
        raise UsageError("output: expected patches that lower the peak, got none to write", fix="--patches 4x4@LAYER")
    order = next((name for name in found.conventions if name == "liveness"), next(iter(found.conventions)))
    for name in names:
        with redirect_stdout(sys.stderr):
            written = export(
                model, name, parse_inputs(flags["inputs"]), batch=flags["batch"], training=flags["training"],
                dims=parse_dims(flags["dims"]), patches=report.spelled, reorder=order if flags["reorder"] else None,
            )  # fmt: skip
        for note in written.notes:
            say(f"note: {note}")
        say(f"{name}: the network in patches, {report.spelled}")


def _rendered(found: verb.Memory, form: str, units: Any, width: int | None) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case "svg":
            return found.to_svg()
        case _:
            return found.to_text(units=units, width=width)
