"""``netweight MODEL``: what it costs."""

from __future__ import annotations

import sys
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from netweight.analysis.optimizers import OPTIMIZERS
from netweight.app.weigh import weigh
from netweight.cli.options import limit_option, model_options, parse_dims, parse_inputs, units_option, verbose_option
from netweight.cli.outputs import FORMATS, deliver, targets_of
from netweight.cli.streams import out, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, one_of
from netweight.report.summary import incomplete, summary_line
from netweight.report.table import COLUMNS, Options

if TYPE_CHECKING:
    from netweight.app.profile import Profile


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
@click.option("--format", "form", type=one_of(*FORMATS), default="table", help="On stdout.  [default: table]")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", help="Write to .json, .csv, .md, .html or .txt; repeat."
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
    targets = targets_of(_given(flags))
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
    deliver(profile, options, targets, color=flags["color"])
    return _verdict(profile, strict=flags["strict"])


def _given(flags: dict[str, Any]) -> dict[str, Any]:
    """Flags that are not left to their defaults."""
    source = click.get_current_context().get_parameter_source
    return {name: value for name, value in flags.items() if source(name) is not ParameterSource.DEFAULT}


def _verdict(profile: Profile, *, strict: bool) -> int:
    """Exit code: 1 for a report that is partial, or that is incomplete although ``--strict`` is given."""
    if strict and not profile.coverage.complete:
        say(f"strict: {'; '.join(incomplete(profile))}")
    elif profile.coverage.stopped_at:
        reason = next((note for note in profile.notes if note.startswith("partial: ")), "partial: the model raised")
        say(f"{reason} (at {profile.coverage.stopped_at})")
    else:
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
