"""``netweight MODEL``: what it costs."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netweight.analysis.optimizers import OPTIMIZERS
from netweight.app.weigh import weigh
from netweight.cli.options import limit_option, model_options, parse_dims, parse_inputs, units_option, verbose_option
from netweight.cli.streams import is_terminal, out, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, one_of
from netweight.errors import UsageError
from netweight.files import write_text
from netweight.report import terminal
from netweight.report.fault import fault_lines
from netweight.report.summary import incomplete, summary_line
from netweight.report.table import COLUMNS, Options

if TYPE_CHECKING:
    from netweight.app.profile import Profile

_FORMATS = ("table", "json", "csv", "markdown")
_WITH_FAULT = ("table", "markdown")  # where a reader of stdout sees why a report is partial
_SUFFIXES = {".json": "json", ".csv": "csv", ".md": "markdown", ".markdown": "markdown", ".txt": "table"}


@click.command(cls=Verb)
@click.argument("model")
@model_options
@click.option(
    "--convention", "conventions", multiple=True, metavar="NAME", help="Activation convention; repeat for several."
)
@click.option("--method", metavar="NAME", default="forward", help="Weigh another method of a PyTorch module.")
@click.option("--decode", is_flag=True, help="Weigh one token after others, with their keys and values in memory.")
@click.option("--past", type=WHOLE, metavar="N", help="Tokens before the one of --decode.  [default: 2048]")
@click.option("--optimizer", metavar="NAME", help=f"Weigh a step of training: {', '.join(OPTIMIZERS)}.")
@click.option("--checkpoint", multiple=True, metavar="GLOB", help="Modules that run twice and keep less; repeat.")
@click.option("--freeze", multiple=True, metavar="GLOB", help="Parameters that are not trained; repeat.")
@click.option("--depth", type=WHOLE, metavar="N", help="Sum modules at this depth; 1 is the outermost.")
@click.option("--fold/--no-fold", default=True, help="Show runs of equal blocks once.  [default: fold]")
@click.option("--sort", metavar="COLUMN", help="Largest first.")
@click.option("--top", type=WHOLE, metavar="N", help="Only the first N lines, the rest summed.")
@click.option("--columns", metavar="A,B,...", help=f"Of: {', '.join(COLUMNS)}.")
@click.option("--format", "form", type=one_of(*_FORMATS), default="table", help="On stdout.  [default: table]")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", help="Write to .json, .csv, .md or .txt; repeat."
)
@units_option
@click.option("--color", type=one_of("auto", "always", "never"), default="auto", help="[default: auto]")
@click.option("--strict", is_flag=True, help="Exit 1 if not all is counted exactly: an unknown operator, a guess.")
@click.option("-q", "--quiet", is_flag=True, help="Only the last line.")
@limit_option
@verbose_option
def show(model: str, **flags: Any) -> int:
    """What MODEL costs: a table by layer, totals, one summary sentence."""
    options = _table_options(flags)
    targets = [(Path(name), _format_of(Path(name))) for name in flags["outputs"]]
    start = time.perf_counter()
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        profile = weigh(
            model,
            parse_inputs(flags["inputs"]),
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            optimizer=flags["optimizer"],
            checkpoint=flags["checkpoint"],
            freeze=flags["freeze"],
            method=flags["method"],
            decode=flags["decode"],
            past=flags["past"],
            **({"conventions": flags["conventions"]} if flags["conventions"] else {}),
        )
    if flags["verbose"]:
        elapsed = 1000 * (time.perf_counter() - start)
        say(f"weighed {profile.coverage.nodes} operator calls in {elapsed:.0f} ms")
    if flags["quiet"]:
        out(summary_line(profile, units=options.units))
    elif not targets or flags["form"] != "table":
        _print(profile, options, flags["form"], flags["color"])
    if profile.fault is not None and (flags["quiet"] or targets or flags["form"] not in _WITH_FAULT):
        for line in fault_lines(profile.fault):
            say(line)
    for path, form in targets:
        write_text(path, _render(profile, options, form))
    return _verdict(profile, strict=flags["strict"])


def _verdict(profile: Profile, *, strict: bool) -> int:
    """Exit code: 1 for a report that is partial, or that is incomplete although ``--strict`` is given."""
    if strict and not profile.coverage.complete:
        say(f"strict: {'; '.join(incomplete(profile))}")
    elif not profile.coverage.stopped_at:
        return 0
    return 1


def _table_options(flags: dict[str, Any]) -> Options:
    chosen = (
        {"columns": tuple(key.strip() for key in flags["columns"].split(","))} if flags["columns"] is not None else {}
    )
    columns = chosen.get("columns", Options().columns)
    if flags["sort"] in COLUMNS and flags["sort"] not in columns:
        chosen["columns"] = (*columns, flags["sort"])
    return Options(
        depth=flags["depth"], fold=flags["fold"], sort=flags["sort"], top=flags["top"], units=flags["units"], **chosen
    )


def _format_of(path: Path) -> str:
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"output: expected a file name ending in {', '.join(_SUFFIXES)}, got {path.name!r}")
    return form


def _render(profile: Profile, options: Options, form: str) -> str:
    match form:
        case "json":
            return profile.to_json() + "\n"
        case "csv":
            return profile.to_csv()
        case "markdown":
            from netweight.report.markdown import to_markdown

            return to_markdown(profile, options)
        case _:
            return terminal.to_text(profile, options)


def _print(profile: Profile, options: Options, form: str, color: str) -> None:
    if form == "table":
        width = shutil.get_terminal_size((80, 24)).columns if is_terminal() else None
        text = terminal.to_text(profile, options, width=width, color=_wants_color(color))
    else:
        text = _render(profile, options, form)
    out_rendered(text)


def _wants_color(color: str) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal() and os.environ.get("TERM") != "dumb"
