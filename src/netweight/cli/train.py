"""``netweight train``: trains a network on pictures."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from shutil import get_terminal_size
from typing import Any

import click

from netweight.app import train as verb
from netweight.cli.options import limit_option, verbose_option
from netweight.cli.streams import is_terminal, out, out_rendered
from netweight.cli.usage import Verb
from netweight.cli.values import WHOLE, completing, one_of
from netweight.data.split import FRACTIONS
from netweight.errors import UsageError
from netweight.report.train.text import HEAD, cells, closing, line
from netweight.results.training_run import Epoch

_NUMBER = click.FLOAT
_INTERRUPTED = 130
_NONE = ("", "none")


@click.command(name="train", cls=Verb)
@click.argument("model", shell_complete=completing("network"))
@click.option(
    "--data", default="digits", metavar="DATA", shell_complete=completing("file"),
    help="digits; a folder of MNIST, of CIFAR, or with one of pictures per class; FILE.npz.  [digits]",
)  # fmt: skip
@click.option("--epochs", type=WHOLE, default=20, metavar="N", help="[default: 20]")
@click.option("--batch", type=WHOLE, default=32, metavar="N", help="Pictures at once.  [default: 32]")
@click.option(
    "--optimizer", type=one_of("sgd", "momentum", "rmsprop", "adam", "adamw"), default="adamw", help="[default: adamw]"
)
@click.option(
    "--lr", type=_NUMBER, metavar="X", help="Learning rate.  [0.003; 0.1 of sgd, 0.02 of momentum, 0.001 of adam]"
)
@click.option("--momentum", type=_NUMBER, default=0.9, metavar="X", help="Of momentum.  [default: 0.9]")
@click.option("--nesterov", is_flag=True, help="Momentum with the gradient ahead of the step.")
@click.option("--weight-decay", type=_NUMBER, metavar="X", help="[0.05 of adamw, 0 of others]")
@click.option(
    "--schedule", default="cosine", metavar="NAME", help="constant, step:10:0.1, cosine, one-cycle.  [cosine]"
)
@click.option("--warmup", type=_NUMBER, default=0.0, metavar="EPOCHS", help="[default: 0]")
@click.option("--loss", type=one_of("cross_entropy", "mse"), default="cross_entropy", help="[default: cross_entropy]")
@click.option("--loss-weights", metavar="X,...", help="Of each output.  [1; 0.3 or 0.4 of auxiliary ones]")
@click.option("--label-smoothing", type=_NUMBER, default=0.0, metavar="X", help="[default: 0]")
@click.option("--clip-norm", type=_NUMBER, metavar="X", help="Of all gradients together.")
@click.option("--clip-value", type=_NUMBER, metavar="X", help="Of each gradient.")
@click.option("--accumulate", type=WHOLE, default=1, metavar="N", help="Batches of one update.  [default: 1]")
@click.option("--freeze", multiple=True, metavar="PATTERN", help="Parameters that stay; repeat.")
@click.option("--lr-of", multiple=True, metavar="PATTERN=X", help="Factor of their learning rate; repeat.")
@click.option(
    "--augment",
    multiple=True,
    metavar="NAME[:X],...",
    help="shift:2, rotate:10, mixup, none; repeat.  [shift:2 from 16 pixels on]",
)
@click.option("--weights", metavar="FILE", shell_complete=completing("file"), help="Checkpoint to begin with.")
@click.option("--replace", multiple=True, metavar="PATTERN", help="Parameters that are drawn anew instead; repeat.")
@click.option("--split", "fractions", metavar="X,Y,Z", help="Train, validation, test.  [0.7,0.1,0.2]")
@click.option("--size", metavar="CxHxW", help="Of a picture, where the network takes any.")
@click.option("--seed", type=WHOLE, default=0, metavar="N", help="Of all that is drawn.  [default: 0]")
@click.option("--skip-bad", is_flag=True, help="Leave out pictures that cannot be read.")
@click.option("-o", "--output", metavar="FOLDER", help="Checkpoints, a line per epoch, curves.")
@click.option("--resume", is_flag=True, help="Go on in that folder.")
@click.option("--format", "form", type=one_of("table", "json", "svg"), default="table", help="[default: table]")
@limit_option
@verbose_option
def train(model: str, **flags: Any) -> None:
    """Train MODEL on pictures: accuracy epoch by epoch, at the end on the test part, with what the network costs.

    \b
      netweight train lenet5
      netweight train lenet5 --epochs 5 --optimizer momentum --lr 0.02 -o runs/lenet5
      netweight train mobilenet_v2:width=0.35 --size 3x32x32 --data photos --augment flip,crop:4
      netweight train lenet5 -o runs/lenet5 --resume
    """  # noqa: D301
    form = flags.pop("form")
    del flags["verbose"]
    given = {
        **flags,
        "fractions": FRACTIONS if flags["fractions"] is None else _numbers("split", flags["fractions"]),
        "loss_weights": None if flags["loss_weights"] is None else _numbers("loss weights", flags["loss_weights"]),
        "size": None if flags["size"] is None else _numbers("size", flags["size"], by="x"),
        "augment": [name for text in flags["augment"] for name in text.split(",") if name not in _NONE]
        if flags["augment"]
        else None,
        "lr_of": dict(_factor(text) for text in flags["lr_of"]),
    }
    lines = _Lines(sys.stdout) if form == "table" else None
    with redirect_stdout(sys.stderr):  # a model's own code may print, and stdout is for the report
        found = verb.train(model, told=lines, **given)
    width = get_terminal_size().columns if is_terminal() else None
    match form:
        case "json":
            out_rendered(found.to_json() + "\n")
        case "svg":
            out_rendered(found.to_svg())
        case _:
            out("\n".join(["", *closing(found, width)]))
    if found.interrupted:
        click.get_current_context().exit(_INTERRUPTED)


class _Lines:
    """Prints a line per epoch as it ends.

    Args:
        stdout: Where to; a model's own code may print elsewhere meanwhile.
    """

    def __init__(self, stdout: Any) -> None:
        self._stdout = stdout
        self._headed = False

    def __call__(self, epoch: Epoch, _of: int) -> None:
        with redirect_stdout(self._stdout):
            if not self._headed:
                out(line(HEAD))
                self._headed = True
            out(line(cells(epoch)))
        self._stdout.flush()


def _numbers(name: str, text: str, *, by: str = ",") -> list[float]:
    """Numbers of a text.

    Raises:
        UsageError: If one is none.
    """
    try:
        return [float(part) for part in text.split(by)]
    except ValueError:
        form = "CxHxW" if by == "x" else "X,Y,..."
        raise UsageError(f"{name}: expected numbers as {form}, got {text!r}") from None


def _factor(text: str) -> tuple[str, float]:
    pattern, sign, factor = text.rpartition("=")
    if not sign or not pattern:
        raise UsageError(f"lr-of: expected PATTERN=FACTOR, got {text!r}", fix="--lr-of 'features.*=0.1'")
    return pattern, _numbers("lr-of", factor)[0]
