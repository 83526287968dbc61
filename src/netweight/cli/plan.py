"""``netweight plan``: where the buffers of a CSV lie in an arena, and whether a plan holds."""

from __future__ import annotations

from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import plan as verb
from netweight.cli.options import limit_option, verbose_option
from netweight.cli.streams import is_terminal, out_rendered, say
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, form_of, one_of
from netweight.files import write_text
from netweight.report.planning import plan_sentence

_FORMS = {".csv": "csv", ".json": "json", ".txt": "table"}


@click.command(name="plan", cls=Verb)
@click.argument("problem", metavar="PROBLEM.csv", shell_complete=completing("file"))
@click.option("--capacity", metavar="SIZE", help="Bytes of the arena: 1MiB; without it the lowest plan is looked for.")
@click.option("--method", type=one_of(*verb.METHODS), default="best", help="[default: best]")
@click.option("--align", type=WHOLE, metavar="N", help="Offsets are multiples of N bytes.  [default: 1; 16 for tflm]")
@click.option("--seed", type=WHOLE, default=1, metavar="N", help="Of what the search draws at random.  [default: 1]")
@click.option("--node-limit", type=WHOLE, metavar="N", help="Buffers that the search places, also in vain.")
@click.option("--check", is_flag=True, help="Audit the offsets that the CSV has.")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", shell_complete=completing("file"),
    help="Write a .csv, .json or .txt; repeat.",
)  # fmt: skip
@click.option("--format", "form", type=one_of("table", "json", "csv"), help="On stdout.  [default: table]")
@limit_option
@verbose_option
def plan(problem: str, **flags: Any) -> None:
    """Where buffers lie in an arena; exits 1 if they do not fit, or if the plan to check does not hold.

    The CSV has the columns id, lower, upper, size, as MiniMalloc's, lifetimes half-open; alignment and offset may
    be there. The same seed and node limit give the same plan.

    \b
      netweight plan problem.csv --capacity 1MiB -o plan.csv
      netweight plan problem.csv --method tflm
      netweight plan --check plan.csv
    """  # noqa: D301
    forms = [(Path(name), form_of(Path(name), _FORMS)) for name in flags["outputs"]]
    found = verb.plan(
        problem,
        capacity=flags["capacity"],
        method=flags["method"],
        align=flags["align"],
        seed=flags["seed"],
        node_limit=flags["node_limit"],
        check=flags["check"],
    )
    good = found.fits if isinstance(found, verb.Plan) else found.sound
    if isinstance(found, verb.Plan) and forms:
        say(plan_sentence(found))
        if not good:
            say(f"nothing is written; what does not fit: {', '.join(found.left_out)}")
            forms = []
    for path, form in forms:
        write_text(path, _rendered(found, form, None))
    if flags["form"] or not flags["outputs"]:
        width = get_terminal_size().columns if is_terminal() else None
        out_rendered(_rendered(found, flags["form"] or "table", width))
    click.get_current_context().exit(0 if good else 1)


def _rendered(found: verb.Plan | verb.Audit, form: str, width: int | None) -> str:
    match form:
        case "json":
            return found.to_json() + "\n"
        case "csv":
            return found.to_csv()
        case _:
            return found.to_text(width=width)
