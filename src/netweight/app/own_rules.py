"""Rules of the user's for one call."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from netweight.own_rules import OwnRules


def held(rules: OwnRules | None) -> AbstractContextManager[None]:
    """A block in which they hold; what knows of rules is imported where there are some."""
    if rules is None:
        return nullcontext()
    from netweight.own_rules.table import rules as holding

    return holding(rules)
