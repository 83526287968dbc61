"""``netweight explain``: why a network costs what it costs, and what the words mean."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import Any

import click

from netweight.analysis.conventions import DEFAULT_CONVENTIONS
from netweight.app import explain as verb
from netweight.cli.options import (
    causal_option,
    check_units,
    given_flags,
    limit_option,
    model_options,
    parse_dims,
    parse_inputs,
    units_option,
    verbose_option,
)
from netweight.cli.streams import is_terminal, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import completing, one_of


@click.command(cls=Verb)
@click.argument("subject", metavar="[MODEL|TERM|op]", required=False, shell_complete=completing("subject"))
@click.argument("layer", metavar="[LAYER|TOTAL|OPERATOR]", required=False, shell_complete=completing("layer"))
@model_options
@causal_option
@click.option("--optimizer", metavar="NAME", help="Explain a step of training with it.")
@click.option(
    "--convention", "conventions", multiple=True, metavar="NAME", help="Of activation memory, for peak; repeat."
)
@click.option("--format", "form", type=one_of("table", "json"), default="table", help="[default: table]")
@units_option
@limit_option
@verbose_option
def explain(subject: str | None, layer: str | None, **flags: Any) -> None:
    """Where the numbers come from, and what the words mean.

    \b
      netweight explain                    all words, by subject
      netweight explain stride             a word, or an error code: E103
      netweight explain alexnet            where the figures of a network come from
      netweight explain alexnet conv1      a layer or module, with its own numbers
      netweight explain alexnet peak       a total: params size macs flops activations peak traffic training
      netweight explain op softplus        an operator: its rules, with file and line
    """  # noqa: D301
    check_units(flags["form"], given_flags(flags).get("units", "raw"))
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the explanation
        explanation = verb.explain(
            subject,
            layer,
            parse_inputs(flags["inputs"]),
            batch=flags["batch"],
            bits=flags["bits"],
            training=flags["training"],
            dims=parse_dims(flags["dims"]),
            count_causal=flags["count_causal"],
            as_written=flags["as_written"],
            optimizer=flags["optimizer"],
            conventions=flags["conventions"] or DEFAULT_CONVENTIONS,
        )
    if flags["form"] == "json":
        out_rendered(json.dumps(asdict(explanation), indent=2))
    else:
        width = shutil.get_terminal_size().columns if is_terminal() else None
        out_rendered(explanation.to_text(units=flags["units"], width=width))
