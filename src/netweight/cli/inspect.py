"""``netweight models`` and ``netweight doctor``: what there is, and whether it works."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from netweight.app import doctor as health
from netweight.app import models as networks
from netweight.cli.streams import out
from netweight.cli.usage import Verb
from netweight.cli.values import one_of


@click.command(cls=Verb)
@click.option("--costs", is_flag=True, help="Weigh each: params, MACs, peak activations.")
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
def models(*, costs: bool, form: str) -> None:
    """The built-in networks."""
    found = networks.models(costs=costs)
    if form == "json":
        out(json.dumps([asdict(model) for model in found], indent=2))
        return
    width = max(len(model.name) for model in found)
    for model in found:
        figures = "" if model.params is None else f"{model.params:>13,} params {model.macs:>15,} MACs  "
        out(f"{model.name:<{width}}  {figures}{model.about}")


@click.command(cls=Verb)
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
def doctor(*, form: str) -> None:
    """What is installed and usable, and why not."""
    checks = health.doctor()
    if form == "json":
        out(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            out(f"{check.state:<9} {check.name:<12} {check.detail}")
    if any(check.state == "broken" and check.required for check in checks):
        raise SystemExit(1)
