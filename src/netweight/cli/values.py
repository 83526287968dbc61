"""Values of flags: what each may be, and the error of one that is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netweight.errors import UsageError
from netweight.units import whole

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _Number = click.ParamType[int]
    _Choice = click.Choice[str]
else:  # generic in new versions of click alone
    _Number, _Choice = click.ParamType, click.Choice


def flag_name(param: click.Parameter | None) -> str:
    """What messages call a flag or an argument: ``format`` for ``--format``, else the word of the help."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len).lstrip("-")
    return (param.metavar or param.name or "argument").upper() if param is not None else "argument"


class Whole(_Number):
    """A whole number."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number.

        Raises:
            UsageError: If it is none.
        """
        del ctx
        return value if isinstance(value, int) else whole(value.strip(), flag_name(param))


class OneOf(_Choice):
    """One of a few words.

    Args:
        words: The words.
        hidden: Others that scripts use and no message names.
    """

    def __init__(self, words: Sequence[str], hidden: Sequence[str] = ()) -> None:
        super().__init__(words)
        self._hidden = frozenset(hidden)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word.

        Raises:
            UsageError: If it is none of them.
        """
        if value.lower() in self.choices or value in self._hidden:
            return str(value.lower())
        import difflib

        near = difflib.get_close_matches(value.lower(), self.choices, n=1)
        expected = f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        argument = isinstance(param, click.Argument)
        name, before = (ctx.info_name, ctx.command_path) if ctx and argument else (flag_name(param), "")
        fix = f"{before or f'--{name}'} {near[0]}" if near else ""
        raise UsageError(f"{name}: expected {expected}, got {value!r}", fix=fix)


WHOLE = Whole()


def one_of(*words: str, hidden: Sequence[str] = ()) -> OneOf:
    """Type of a flag whose value is one of these words, or one that is hidden."""
    return OneOf(words, hidden)


def completing(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What a shell is offered for a value of that kind; looked up when it asks."""

    def found(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from netweight.cli.candidates import candidates

        return candidates(kind, context, incomplete)

    return found


def form_of(path: Path, forms: Mapping[str, str]) -> str:
    """The format that a suffix stands for.

    Args:
        path: A file to write.
        forms: Formats by suffix.

    Raises:
        UsageError: If it stands for none.
    """
    form = forms.get(path.suffix.lower())
    if form is None:
        example = ".json" if ".json" in forms else next(iter(forms))
        raise UsageError(
            f"output: expected a file name ending in {', '.join(forms)}, got {path.name!r}",
            fix=f"--format {forms[example]} writes to stdout" if path.name == "-" else f"-o {path.stem}{example}",
        )
    return form
