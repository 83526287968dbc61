"""``netweight devices``: what bounds are for, with sources."""

from __future__ import annotations

import json
from shutil import get_terminal_size

import click

from netweight.app import devices as verb
from netweight.cli.streams import is_terminal, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import completing, one_of
from netweight.errors import UsageError
from netweight.results.as_json import fields_of
from netweight.results.device import SCHEMA


@click.command(name="devices", cls=Verb)
@click.argument(
    "what", required=False, type=one_of("list", "show", "detect"), default="list", metavar="[list|show|detect]"
)
@click.argument("name", required=False, shell_complete=completing("device"))
@click.option("--format", "form", type=one_of("table", "json", "toml"), default="table", help="[default: table]")
def devices(what: str, name: str | None, form: str) -> None:
    """Devices that latency is bounded for: all of them, one with the source of every figure, or this machine.

    \b
      netweight devices
      netweight devices show h100
      netweight devices show stm32h743 --format toml     a file to change: latency --device ./my.toml
      netweight devices detect
    """  # noqa: D301
    if (what == "show") != (name is not None):
        got = "none" if name is None else f"{name!r} for {what}"
        raise UsageError(f"devices: expected a name for show alone, got {got}", fix="netweight devices show h100")
    found = verb.devices("detect" if what == "detect" else name)
    if form == "json":
        plain = {"schema": SCHEMA, "devices": [fields_of(device) for device in found]}
        out_rendered(json.dumps(plain, indent=2, allow_nan=False) + "\n")
        return
    if form == "toml":
        from netweight.report.device_file import to_toml

        if len(found) > 1:
            raise UsageError(
                "devices: expected one device for toml, got all", fix="netweight devices show h100 --format toml"
            )
        out_rendered(to_toml(found[0]))
        return
    from netweight.report.devices import device_text, list_text

    width = get_terminal_size().columns if is_terminal() else None
    out_rendered(list_text(found, width=width) if what == "list" else device_text(found[0], width=width))
