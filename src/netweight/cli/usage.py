"""A command that refuses its arguments as all our errors do: what was expected, what was found, what to do."""

from __future__ import annotations

import re
from typing import Any

import click

from netweight.cli.misspelt import other_flag
from netweight.cli.status import shown
from netweight.cli.values import flag_name
from netweight.errors import UsageError
from netweight.similar import similar

_EXAMPLES = {
    "show": "netweight alexnet",
    "explain": "netweight explain alexnet conv1",
    "memory": "netweight memory mobilenet_v2",
    "fit": "netweight fit mobilenet_v2 --bits 8 --limit 1MiB",
    "compare": "netweight compare resnet18 resnet34",
    "latency": "netweight latency resnet50 --device h100-sxm",
    "calibrate": "netweight calibrate --engine onnxruntime",
    "energy": "netweight energy alexnet",
    "bench": "netweight bench resnet50 --engine onnxruntime",
    "plan": "netweight plan problem.csv --capacity 1MiB -o plan.csv",
    "run": "netweight run lenet5",
    "evaluate": "netweight evaluate runs/lenet5/best.safetensors",
    "train": "netweight train lenet5",
    "gradcheck": "netweight gradcheck lenet5",
    "gradients": "netweight gradients lenet5",
    "export": "netweight export lenet5 -o lenet5.onnx",
}
"""What to type where a command is given nothing."""


class Verb(click.Command):
    """A command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does.

        Raises:
            UsageError: If a flag or an argument is unknown, missing, or one too many.
        """
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise usage_error(error, ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; what takes long is shown, and timed by ``ctx.obj``."""
        with shown(quiet=bool(ctx.params.get("quiet"))) as ctx.obj:
            return super().invoke(ctx)


def usage_error(error: click.UsageError, context: click.Context) -> UsageError:
    """What click refuses, as an error of ours."""
    name = context.info_name or "netweight"
    match error:
        case click.NoSuchOption():
            fix = _meant(error.option_name, context) or f"netweight {name} --help lists them"
            return UsageError(f"{name}: expected a flag that it has, got {error.option_name}", fix=fix)
        case click.BadOptionUsage():
            return _bad_use(error, context)
        case click.MissingParameter(param=param):
            wanted = _form(param) if isinstance(param, click.Option) else flag_name(param)
            return UsageError(f"{name}: expected {wanted}, got none", fix=_EXAMPLES.get(name, ""))
        case _:
            return _one_too_many(error, context)


def _one_too_many(error: click.UsageError, context: click.Context) -> UsageError:
    name = context.info_name or "netweight"
    extra = re.search(r"extra arguments? \((.*)\)", error.message, re.DOTALL)
    if extra is None:
        return UsageError(f"{name}: {error.message}", fix=f"netweight {name} --help")
    taken = " ".join(flag_name(param) for param in context.command.params if isinstance(param, click.Argument))
    return UsageError(
        f"{name}: expected {f'{taken} and flags' if taken else 'flags alone'}, got also {extra[1]!r}",
        fix=f"netweight {name} --help",
    )


def _bad_use(error: click.BadOptionUsage, context: click.Context) -> UsageError:
    """A flag without its value, or with one although it takes none."""
    params = context.command.params
    option = next((param for param in params if error.option_name in (*param.opts, *param.secondary_opts)), None)
    if not isinstance(option, click.Option) or option.is_flag:
        return UsageError(f"{error.option_name.lstrip('-')}: expected no value, got one", fix=error.option_name)
    return UsageError(f"{flag_name(option)}: expected a value, got none", fix=_form(option))


def _form(option: click.Option) -> str:
    """A flag with the form of its value: ``--top N``."""
    form = option.metavar or "|".join(getattr(option.type, "choices", ())) or option.type.name.upper()
    return f"{max(option.opts, key=len)} {form}"


def _meant(flag: str, context: click.Context) -> str:
    """Flags that look like an unknown one, or that have its word as a value: ``--format json`` for ``--json``."""
    options = [param for param in context.command.params if isinstance(param, click.Option)]
    word = flag.lstrip("-").lower()
    values = [
        f"{max(option.opts, key=len)} {word}" for option in options if word in getattr(option.type, "choices", ())
    ]
    names = [name for option in options for name in (*option.opts, *option.secondary_opts)] + ["--version", "--help"]
    begun = [name for name in names if name.startswith(flag)] if len(word) > 1 else []
    other = other_flag(flag, names)
    near = values or ([other] if other else begun or similar(flag, names)[:2])
    return f"did you mean {' or '.join(near)}?" if near else ""
