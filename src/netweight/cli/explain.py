"""``netweight explain``: why a layer costs what it costs, or what a term means."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import Any

import click

from netweight.app import explain as verb
from netweight.cli.options import limit_option, model_options, parse_dims, parse_inputs, units_option, verbose_option
from netweight.cli.streams import out, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import one_of
from netweight.report.explain import explanation_text, term_text
from netweight.report.glossary import term


@click.command(cls=Verb)
@click.argument("subject", metavar="MODEL|TERM")
@click.argument("layer", required=False)
@model_options
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
@units_option
@limit_option
@verbose_option
def explain(subject: str, layer: str | None, **flags: Any) -> None:
    """Where the numbers of a LAYER come from; without LAYER, what a TERM or an error code means."""
    if layer is None:
        found = term(subject)
        out(json.dumps(asdict(found), indent=2) if flags["form"] == "json" else term_text(found).rstrip())
        return
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the explanation
        explanation = verb.explain(
            subject,
            layer,
            parse_inputs(flags["inputs"]),
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
        )
    if flags["form"] == "json":
        out_rendered(json.dumps(asdict(explanation), indent=2))
    else:
        out_rendered(explanation_text(explanation, units=flags["units"]))
