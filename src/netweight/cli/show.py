"""``netweight MODEL``: what it costs."""

from __future__ import annotations

import sys
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from netweight.analysis.optimizers import OPTIMIZERS
from netweight.app.weigh import weigh
from netweight.cli.options import (
    causal_option,
    given_flags,
    limit_option,
    model_options,
    parse_dims,
    parse_inputs,
    units_option,
    verbose_option,
)
from netweight.cli.outputs import FORMATS, Target, deliver, targets_of
from netweight.cli.streams import out, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, one_of
from netweight.report.columns import COLUMNS, column_key, sort_key
from netweight.report.summary import incomplete, summary_line
from netweight.report.table import Options

if TYPE_CHECKING:
    from netweight.app.profile import Profile


@click.command(cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@model_options
@click.option(
    "--convention",
    "conventions",
    multiple=True,
    shell_complete=completing("convention"),
    metavar="NAME",
    help="Activation convention; repeat for several.",
)
@causal_option
@click.option("--method", metavar="NAME", default="forward", help="Weigh another method of a PyTorch module.")
@click.option("--decode", is_flag=True, help="Weigh one token after others, with their keys and values in memory.")
@click.option("--past", type=WHOLE, metavar="N", help="Tokens before the one of --decode.  [default: 2048]")
@click.option(
    "--optimizer",
    shell_complete=completing("optimizer"),
    metavar="NAME",
    help=f"Weigh a step of training: {', '.join(OPTIMIZERS)}.",
)
@click.option(
    "--checkpoint",
    multiple=True,
    shell_complete=completing("layer"),
    metavar="GLOB",
    help="Modules that run twice and keep less; repeat.",
)
@click.option(
    "--freeze",
    multiple=True,
    shell_complete=completing("layer"),
    metavar="GLOB",
    help="Parameters that are not trained; repeat.",
)
@click.option("--depth", type=WHOLE, metavar="N", help="Sum modules at this depth; 1 is the outermost.")
@click.option("--fold/--no-fold", default=True, help="Show runs of equal blocks once.  [default: fold]")
@click.option("--all", "every", is_flag=True, help="Every layer in a line of its own, also those that cost nothing.")
@click.option("--sort", shell_complete=completing("sort"), metavar="COLUMN", help="Largest first.")
@click.option("--top", type=WHOLE, metavar="N", help="Only the first N lines, the rest summed.")
@click.option("--columns", shell_complete=completing("columns"), metavar="A,B,...", help=f"Of: {', '.join(COLUMNS)}.")
@click.option("--format", "form", type=one_of(*FORMATS), default="table", help="On stdout.  [default: table]")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    shell_complete=completing("file"),
    help="Write to .json, .csv, .md, .html or .txt; repeat.",
)
@units_option
@click.option("--color", type=one_of("auto", "always", "never"), default="auto", help="[default: auto]")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit 1 if not all is counted exactly: an unknown operator, a guess at what the network does.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only the last line.")
@limit_option
@verbose_option
def show(model: str, **flags: Any) -> int:
    """What MODEL costs: a table by layer, totals, one summary sentence."""
    options = _table_options(flags)
    options.check()
    given = given_flags(flags)
    targets = targets_of(given)
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
            count_causal=flags["count_causal"],
            as_written=flags["as_written"],
            **({"conventions": flags["conventions"]} if flags["conventions"] else {}),
        )
    if flags["verbose"]:
        _say_times(profile.coverage.nodes, time.perf_counter() - start, all_stages=flags["verbose"] > 1)
    if flags["quiet"]:
        out(summary_line(profile, units=options.units))
    deliver(profile, options, targets, given)
    if profile.fault is not None and not any(map(_shows_fault, targets)):
        from netweight.report.fault import fault_lines

        for line in fault_lines(profile.fault):
            say(line)
    return _verdict(profile, strict=flags["strict"])


def _shows_fault(target: Target) -> bool:
    """Whether a reader of stdout sees there why the report is partial."""
    return target.path is None and target.form in ("table", "markdown", "html")


def _say_times(calls: int, elapsed: float, *, all_stages: bool) -> None:
    """How long it took; what was imported is apart, as the next command in the same process would not wait for it."""
    times = click.get_current_context().obj.seconds
    for what, seconds in times.items():
        if all_stages or what.startswith("importing"):
            say(f"{what}: {1000 * seconds:.0f} ms")
    imported = sum(seconds for what, seconds in times.items() if what.startswith("importing"))
    say(f"weighed {calls} operator calls in {1000 * (elapsed - imported):.0f} ms")


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
    if flags["sort"] is not None and sort_key(flags["sort"]) not in map(column_key, columns):
        chosen["columns"] = (*columns, flags["sort"])
    return Options(
        depth=flags["depth"],
        fold=flags["fold"],
        every=flags["every"],
        sort=flags["sort"],
        top=flags["top"],
        units=flags["units"],
        **chosen,
    )
