"""From what the user named to a network at its bit widths: what verbs that weigh nothing begin with."""

from __future__ import annotations

from netweight.app.asked import Asked
from netweight.app.faults import refused
from netweight.app.identify import Given, Model, Stored, resolve
from netweight.app.load import load, read_stored
from netweight.app.loaded import Loaded
from netweight.app.own_rules import held
from netweight.app.weigh import at_widths
from netweight.errors import FormatError
from netweight.ir import Graph
from netweight.own_rules import OwnRules


def network(
    verb: str, model: Model, asked: Asked, *, bits: int | str | None = None, rules: OwnRules | None = None
) -> Loaded:
    """The whole network of a model, its numbers at the widths that are asked for.

    Args:
        verb: What asks for it, for messages.
        model: What the user named.
        asked: How it is to be described.
        bits: Bit widths, None for those that it has.
        rules: What operators of the user's own cost.

    Raises:
        FormatError: If it is a stored report, which has no network in it.
        CaptureError: If the module's forward raises.
    """
    what = resolve(model)
    if isinstance(what, Stored):
        stored = read_stored(what.path)
        if not isinstance(stored, Graph):
            raise FormatError(
                f"{verb}: expected a network, got the report {what.path.name!r}",
                fix=f"netweight {verb} with the model that it was made from",
            )
        what = Given(stored, "json")
    with held(rules):
        found = load(what, asked)
    if found.fault is not None:
        raise refused(f"{verb}: expected the module to run to its end", found.fault) from found.error
    return at_widths(found, bits)
