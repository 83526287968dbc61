"""``netweight models`` and ``netweight doctor``: what there is, and whether it works."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict

import click

from netweight.app import doctor as health
from netweight.app import models as networks
from netweight.cli.networks import network_text, networks_text
from netweight.cli.streams import is_terminal, out
from netweight.cli.usage import Verb
from netweight.cli.values import completing, one_of
from netweight.errors import UsageError


@click.command(cls=Verb)
@click.argument("name", required=False, shell_complete=completing("builtin"))
@click.option("--costs", is_flag=True, help="Weigh each: params, MACs, peak activations.")
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
def models(name: str | None, *, costs: bool, form: str) -> None:
    """The built-in networks; with NAME the options of that one, its input, and where it is published."""
    if name is not None:
        if costs:
            raise UsageError(f"costs: expected no NAME beside it, got {name!r}", fix=f"netweight models {name}")
        one = networks.described(name)
        width = shutil.get_terminal_size().columns if is_terminal() else 100
        out(json.dumps(asdict(one), indent=2) if form == "json" else network_text(one, width))
        return
    found = networks.models(costs=costs)
    out(json.dumps([asdict(model) for model in found], indent=2) if form == "json" else networks_text(found))


@click.command(cls=Verb)
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
def doctor(*, form: str) -> None:
    """What is installed and usable, and why not.

    \b
      netweight doctor                   a line for each extra: ok, missing or broken
      netweight doctor --format json     the same for a script
    """  # noqa: D301
    checks = health.doctor()
    if form == "json":
        out(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            out(f"{check.state:<9} {check.name:<12} {check.detail}")
    if any(check.state == "broken" and check.required for check in checks):
        raise SystemExit(1)
