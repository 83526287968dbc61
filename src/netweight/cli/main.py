"""The command, what it does with errors, and its exit codes.

Exit 0 fine; 1 a gate failed (``--strict``) or the model's own code did, so that the report is partial; 2 usage,
unreadable input, internal error; 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from netweight.cli.misspelt import check_command
from netweight.cli.streams import out, prepare, say
from netweight.errors import NetweightError, UsageError, in_command
from netweight.signals import EndedBySignals, interrupt_in

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_EXAMPLES = """\b
Examples:
  netweight alexnet                      what it costs, layer by layer
  netweight resnet50 --depth 1           summed by stage
  netweight vgg16 --sort params --top 5  the five heaviest layers
  netweight alexnet --bits 8             as an int8 network
  netweight alexnet -o alexnet.json      every figure, for a script
  netweight net.py:Net --input 1x3x32x32 a PyTorch module of your own
  netweight model.onnx --dim batch=8     an ONNX file, the size of an open dimension given
  netweight model.tflite                 a TFLite file, without any package
  netweight torchvision:resnet50         an architecture of torchvision, timm: or hf:config.json
  netweight explain alexnet conv1        where the numbers come from
  netweight explain model.onnx /layer1/conv1/Conv
  netweight explain macs                 what a term means
  netweight memory mobilenet_v2 --bits 8 peak memory under every convention, and why
  netweight run model.onnx --input x.npy -o y.npz
  netweight export resnet50 -o r.onnx    as an ONNX file
  netweight models                       the built-in networks

MODEL is one of these, tried in this order, options after a colon (mobilenet_v1:width=0.5):

\b
  torchvision:NAME, timm:NAME, hf:PATH   an architecture of that package, without weights
  FILE.py:NAME                           a PyTorch module, its class or a function that returns it, in a file
  FILE.onnx                              an ONNX model
  FILE.tflite                            a TFLite model
  FILE.json                              a stored report or graph
  NAME                                   a built-in network, also if something of yours is called so
  MODULE:NAME                            as FILE.py:NAME, in what `python -m MODULE` would find from here

NAME may return (module, inputs). Nothing is downloaded. `netweight MODEL` is short for `netweight show MODEL`."""


_GREETING = """\
netweight says what a neural network costs, layer by layer, and why.

  netweight resnet50                what it costs, layer by layer
  netweight explain resnet50 conv1  where its numbers come from
  netweight net.py:Net              a PyTorch module of yours; also model.onnx

`netweight models` lists what is built in, `netweight --help` all else."""


_COMMANDS = {
    "show": ("show", "What MODEL costs: a table by layer, totals, one sentence."),
    "explain": ("explain", "Where the numbers of a LAYER come from; what a TERM means."),
    "memory": ("memory", "Peak memory of activations under every convention, and why."),
    "fit": ("fit", "Whether MODEL fits into so much memory, and what would make it fit."),
    "compare": ("compare", "What differs between two models, layer by layer, and what explains it."),
    "energy": ("energy", "Joules of one run of MODEL, modelled by a table of prices, or measured."),
    "bench": ("bench", "How long MODEL takes on engines that are installed here, measured."),
    "calibrate": ("calibrate", "How long an engine takes on this machine; then `latency` predicts."),
    "devices": ("devices", "Devices that latency is bounded for, each figure with its source."),
    "latency": ("latency", "The least time that a device can take for MODEL, and what limits it."),
    "plan": ("plan", "Where buffers of a CSV go in an arena; whether a plan holds."),
    "run": ("run", "Run MODEL: its outputs and their ranges."),
    "evaluate": ("evaluate", "How often a trained network is right, by class."),
    "train": ("train", "Train MODEL on pictures: accuracy by epoch, and what the network costs."),
    "gradcheck": ("gradcheck", "Whether the gradients of MODEL are its derivatives, tensor by tensor."),
    "gradients": ("gradients", "How large the gradient of each layer of MODEL is: where it vanishes."),
    "export": ("export", "Write MODEL as an ONNX file, or its graph as JSON."),
    "models": ("inspect", "The built-in networks; the options of one."),
    "doctor": ("inspect", "What is installed and usable, and why not."),
    "completion": ("completion", "Let the shell complete what you type."),
}
"""Name of a command to the file that has it and its line in the help, for which no file is imported."""


class _ModelFirst(click.Group):
    """A group whose first argument may be a model: then the command is ``show``. Only the one asked for is imported."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*_COMMANDS, "--help", "-h", "--version"}:
            check_command(args[0], _COMMANDS)
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and what ``show`` takes: networks and flags."""
        from click.shell_completion import CompletionItem

        from netweight.cli.candidates import candidates

        if incomplete.startswith("-"):
            command = self.get_command(ctx, "show")
            assert command is not None
            shown = command.make_context("show", [], parent=ctx, resilient_parsing=True)
            return [*super().shell_complete(ctx, incomplete), *command.shell_complete(shown, incomplete)]
        commands = [
            CompletionItem(name, help=says) for name, (_, says) in _COMMANDS.items() if name.startswith(incomplete)
        ]
        return [*commands, *candidates("network", ctx, incomplete)]

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        file, _ = _COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(f"netweight.cli.{file}"), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(
    cls=_ModelFirst,
    help=f"What a neural network costs, layer by layer, and why.\n\n{_EXAMPLES}",
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(package_name="netweight", message="netweight %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """The command; alone it says how to begin."""
    if context.invoked_subcommand is None:
        out(_GREETING)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    code = 0
    with EndedBySignals() as ending:
        code = process(sys.argv[1:] if arguments is None else arguments)
    sys.exit(ending.code(code))


def process(arguments: Sequence[str]) -> int:
    """Run the command on the streams of this process, and return its exit code."""
    prepare()
    return run(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    try:
        code = cli.main(list(arguments), prog_name="netweight", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return _ended(error, arguments)
    return code if isinstance(code, int) else 0


def _ended(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what went wrong, and the exit code."""
    interrupt = interrupt_in(error)
    if interrupt is not None:
        return interrupt.code
    match error:
        case click.Abort() | KeyboardInterrupt():
            return 130
        case NetweightError():
            return _fail(error_parts(error), arguments)
        case click.ClickException():
            return _fail(error_parts(UsageError(error.format_message(), fix="netweight --help")), arguments)
        case _:
            return _fail(_unexpected(error), arguments)


def _unexpected(error: BaseException) -> list[str]:
    """What to say of an error that no rule of ours found: too little memory or room, else a mistake of netweight."""
    if isinstance(error, MemoryError):
        return [f"error[E101]: memory: expected a network that fits, got: {str(error) or 'no more memory'}"]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return [f"error[E101]: output: expected to write it, got: {error.strerror}"]
    return [f"error[E100]: internal error: {type(error).__name__}: {error}", "  fix: -vv shows where"]


def error_parts(error: NetweightError) -> list[str]:
    """What, where, why, and what to do, in parts."""
    lines = [f"error[{error.code}]: {error.message}"]
    lines.extend(f"  --> {note}" for note in getattr(error, "__notes__", ()))
    lines.extend(f"  why: {line}" for line in error.why.splitlines())
    lines.extend(f"  fix: {line}" for line in in_command(error.fix).splitlines())
    return lines


def _trace() -> list[str]:
    """Where the error that is handled comes from."""
    import traceback

    return traceback.format_exc().splitlines()


def _fail(parts: Sequence[str], arguments: Sequence[str]) -> int:
    trace = _trace() if "-vv" in arguments else []
    for part in (*trace, *parts):
        say(part)
    return 2
