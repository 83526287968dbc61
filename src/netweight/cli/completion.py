"""``netweight completion``: what a shell asks when the tabulator is pressed, and how it learns to ask."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
from click.shell_completion import ShellComplete

from netweight.cli.streams import out, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import one_of
from netweight.errors import UsageError
from netweight.files import write_text
from netweight.report.escape import plain

_BASH = r"""_netweight() {
    local line="${COMP_LINE:0:COMP_POINT}" value says word cut
    word="${line##*[[:space:]]}"
    cut="${word%"${word##*[:=]}"}"  # bash takes what is behind a colon or an equals sign for a word of its own
    COMPREPLY=()
    while IFS=$'\t' read -r value says; do
        COMPREPLY+=("${value#"$cut"}")
    done < <("$1" completion line "$line" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=/] ]]; then
        compopt -o nospace
    fi
}
complete -F _netweight netweight
"""
_ZSH = r"""#compdef netweight
_netweight() {
    local line="${(j: :)words[1,CURRENT]}" value says
    local -a ended open ended_says open_says
    while IFS=$'\t' read -r value says; do
        if [[ $value == *[:=/] ]]; then
            open+=("$value"); open_says+=("$value${says:+  $says}")
        else
            ended+=("$value"); ended_says+=("$value${says:+  $says}")
        fi
    done < <(netweight completion line "$line" 2>/dev/null)
    (( $#ended )) && compadd -l -d ended_says -a ended
    (( $#open )) && compadd -l -S '' -d open_says -a open
}
compdef _netweight netweight
"""
_FISH = "complete --command netweight --no-files --arguments '(netweight completion line (commandline -cp))'\n"
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
_LOADED = {"bash": ".bashrc", "zsh": ".zshrc"}


@click.command(cls=Verb)
@click.argument("what", metavar="bash|zsh|fish|install", type=one_of(*_SCRIPTS, "install", hidden=("line",)))
@click.argument("line", required=False, metavar="")
@click.option("--shell", type=one_of(*_SCRIPTS), help="Which shell to install it for.  [default: that of $SHELL]")
def completion(what: str, line: str | None, shell: str | None) -> None:
    """Let the shell complete commands, flags, networks, their options and layers, columns and terms.

    \b
      netweight completion install          for the shell of $SHELL, from its next start on
      netweight completion zsh              print what the shell has to run
      source <(netweight completion bash)   for this shell alone
    """  # noqa: D301
    if what == "line":
        found = completed(line or "")
        if found:
            out_rendered("\n".join(f"{plain(value)}\t{plain(says)}" for value, says in found))
    elif line is not None:
        raise UsageError(f"completion: expected no more than {what}, got {line!r}")
    elif what == "install":
        out("\n".join(install(shell or _own_shell())))
    else:
        out(_SCRIPTS[what].rstrip("\n"))


def completed(line: str) -> list[tuple[str, str]]:
    """What may stand at the end of a command line, each with a few words."""
    from netweight.cli.candidates import written
    from netweight.cli.main import cli

    words, incomplete = _parted(line)
    written.set(tuple(words))
    try:
        found = ShellComplete(cli, {}, "netweight", "").get_completions(words[1:], incomplete)
    except UsageError:  # the line is none that could be run
        return []
    values = {item.value: (item.help or "").split("\n")[0] for item in found}
    return list(values.items())


def _parted(line: str) -> tuple[list[str], str]:
    """Words that are written, and the beginning of the last."""
    try:
        words = shlex.split(line)
    except ValueError:  # a quote is open
        words = line.replace('"', " ").replace("'", " ").split()
    return (words, "") if not words or line[-1:].isspace() else (words[:-1], words[-1])


def _own_shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SCRIPTS:
        raise UsageError(
            f"completion: expected $SHELL to be {', '.join(_SCRIPTS)}, got {name or 'none'}",
            fix="netweight completion install --shell bash",
        )
    return name


def install(shell: str) -> list[str]:
    """Write what the shell runs at its start; what was done, a line each.

    Raises:
        UsageError: If a file cannot be written.
    """
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        script = config / "fish" / "completions" / "netweight.fish"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        script = data / "netweight" / f"completion.{shell}"
    try:
        script.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"output: expected to write {str(script)!r}, got: {error.strerror}") from error
    write_text(script, _SCRIPTS[shell])
    done = [f"wrote {script}"]
    if shell in _LOADED:
        done += _sourced(script, Path.home() / _LOADED[shell], shell)
    return [*done, f"it works from the next start of {shell} on"]


def _sourced(script: Path, start: Path, shell: str) -> list[str]:
    """Have the shell read the script when it starts, once."""
    line = f"source {shlex.quote(str(script))}"
    if shell == "zsh":
        line = f"autoload -Uz compinit && compinit && {line}"
    old = start.read_text(encoding="utf-8", errors="surrogateescape") if start.exists() else ""
    if line in old.splitlines():
        return []
    with start.open("a", encoding="utf-8") as file:
        file.write(f"{'' if old.endswith(chr(10)) or not old else chr(10)}{line}\n")
    return [f"added to {start}: {line}"]
