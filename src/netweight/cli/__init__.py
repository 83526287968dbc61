"""Command line: arguments in, calls of ``netweight.app``, text out; no logic."""

from netweight.cli.main import main

__all__ = ["main"]
