"""Settings of a configuration of transformers, which holds others: of its encoder, its backbone, its towers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def setting(config: Any, *names: str) -> Any:
    """The first of these settings that has a value: in the configuration, or else in one that it holds; None if none.

    Args:
        config: A configuration, or any object with settings.
        names: What the setting may be called, the likeliest first.
    """
    for held in _within(config):
        for name in names:
            value = getattr(held, name, None)
            if value is not None:
                return value
    return None


def _within(config: Any) -> Iterator[Any]:
    """The configuration and those that it holds, the outer ones first."""
    waiting = [config]
    for held in waiting:
        yield held
        inner = [value for name, value in vars(held).items() if name.endswith("_config") and hasattr(value, "__dict__")]
        waiting.extend(value for value in inner if not any(value is known for known in waiting))
