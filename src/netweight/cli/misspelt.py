"""Commands and flags that somebody may have meant who wrote another word."""

from __future__ import annotations

from collections.abc import Iterable

from netweight.errors import UnknownNameError
from netweight.similar import plain, similar

_COMMANDS = {
    "help": "--help", "version": "--version", "list": "models", "ls": "models", "networks": "models", "zoo": "models",
    "weigh": "show", "summary": "show", "info": "show", "profile": "show", "count": "show", "print": "show",
    "why": "explain", "describe": "explain", "define": "explain", "term": "explain", "terms": "explain",
    "predict": "run", "infer": "run", "execute": "run", "forward": "run", "convert": "export", "save": "export",
    "check": "doctor", "env": "doctor", "diagnose": "doctor",
}  # fmt: skip
"""What others call a command."""
_FLAGS = {
    "json": "--format json", "csv": "--format csv", "markdown": "--format markdown", "md": "--format markdown",
    "table": "--format table", "shape": "--input SHAPE", "inputshape": "--input SHAPE", "inputsize": "--input SHAPE",
    "size": "--input SHAPE", "resolution": "MODEL:resolution=SIZE", "dtype": "--bits", "precision": "--bits",
    "quantize": "--bits", "quant": "--bits", "int8": "--bits 8", "fp16": "--bits 16", "half": "--bits 16",
    "batchsize": "--batch", "bs": "--batch", "train": "--training", "backward": "--training", "iec": "--units iec",
    "raw": "--units raw", "nocolor": "--color never", "nocolour": "--color never", "colour": "--color",
    "out": "--output", "save": "--output", "limit": "--top", "only": "--top", "n": "--top",
    "memory": "--convention", "silent": "--quiet", "all": "--no-fold",
}  # fmt: skip
"""What others call a flag."""


def check_command(word: str, commands: Iterable[str], *, is_network: bool) -> None:
    """Refuse a word that is nearly a command and is nothing to weigh.

    Raises:
        UnknownNameError: If it is one.
    """
    known = list(commands)
    if is_network or word in known:
        return
    meant = _COMMANDS.get(plain(word))
    near = [meant] if meant is not None else similar(word, known)
    if near:
        asked = " or ".join(f"netweight {name}" for name in near)
        raise UnknownNameError(f"no built-in network is called {word!r}, and no command", fix=f"did you mean {asked}?")


def flag_meant(flag: str, known: Iterable[str]) -> str:
    """The flag that was meant, as one writes it; an empty text if none is close."""
    flags = list(known)
    other = _FLAGS.get(plain(flag), "")
    if other.startswith("--") and other.split()[0] not in flags:
        other = ""
    return other or " or ".join(similar(flag, flags))
