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
    "md": "--format markdown", "shape": "--input SHAPE", "inputshape": "--input SHAPE", "inputsize": "--input SHAPE",
    "size": "--input SHAPE", "resolution": "MODEL:resolution=SIZE", "dtype": "--bits", "precision": "--bits",
    "quantize": "--bits", "quant": "--bits", "int8": "--bits 8", "fp16": "--bits 16", "half": "--bits 16",
    "batchsize": "--batch", "bs": "--batch", "train": "--training", "backward": "--training",
    "nocolor": "--color never", "nocolour": "--color never", "colour": "--color",
    "out": "--output", "save": "--output", "limit": "--top", "only": "--top", "n": "--top",
    "memory": "--convention", "silent": "--quiet", "all": "--no-fold",
}  # fmt: skip
"""What others call a flag."""


def check_command(word: str, commands: Iterable[str]) -> None:
    """Refuse a word that is nearly a command and names no network.

    Raises:
        UnknownNameError: If it is one.
    """
    if not word.replace("-", "").isalpha():
        return
    from netweight import zoo  # the command that is asked for needs it, and --version does not

    if zoo.called(word):
        return
    meant = _COMMANDS.get(plain(word))
    near = [meant] if meant is not None else similar(word, commands)
    if near:
        asked = " or ".join(f"netweight {name}" for name in near)
        raise UnknownNameError(f"no command and no built-in network is called {word!r}", fix=f"did you mean {asked}?")


def other_flag(flag: str, known: Iterable[str]) -> str:
    """What a flag is called here, with its value; an empty text if nobody calls it so."""
    other = _FLAGS.get(plain(flag), "")
    return other if not other.startswith("--") or other.split()[0] in set(known) else ""
