"""What may stand where the user presses the tabulator: values of flags and arguments, by what they are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from netweight import limits, zoo

Found = Iterable[tuple[str, str]]
"""Values, each with a few words."""

_MODEL_FILES = (".onnx", ".tflite", ".json", ".py")
_PACKAGES = ("torchvision:", "timm:", "hf:")


written: ContextVar[tuple[str, ...]] = ContextVar("written", default=())
"""Words before the one that is completed; what a context knows of them is not complete, as the line is not."""


def candidates(kind: str, context: click.Context, incomplete: str) -> list[CompletionItem]:
    """Values of that kind that begin as what is written so far."""
    found = _KINDS[kind](context, incomplete)
    return [CompletionItem(value, help=says) for value, says in found if value.startswith(incomplete)]


def networks(_context: click.Context, incomplete: str) -> Found:
    """Built-in networks, and what follows their colon; files with models, and what is in a Python file."""
    name, colon, rest = incomplete.partition(":")
    if colon and name in zoo.names():
        yield from _options(name, rest)
    elif colon and name.endswith(".py"):
        yield from ((f"{name}:{found}", "") for found in _names_in(Path(name)))
    else:
        yield from ((network, zoo.about(network)) for network in zoo.names())
        yield from ((package, "an architecture of that package") for package in _PACKAGES)
        for path, says in _files(incomplete, _MODEL_FILES):
            yield (f"{path}:" if path.endswith(".py") else path), says


def _options(name: str, rest: str) -> Found:
    """Options of a network behind those that are written, or the default of the last."""
    done, comma, last = rest.rpartition(",")
    start = f"{name}:{done}{comma}"
    given = {part.partition("=")[0] for part in done.split(",")}
    for option in zoo.description(name).options:
        if "=" in last:
            yield f"{start}{option.name}={option.default}", option.about
        elif option.name not in given:
            yield f"{start}{option.name}=", option.about


def _names_in(path: Path) -> Iterable[str]:
    """Classes, functions and variables of a Python file, which is not run."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _files(incomplete: str, endings: tuple[str, ...]) -> Found:
    """Files with such an ending, all where there are none, and folders, as far as the path is written."""
    folder, slash, _ = incomplete.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield f"{folder}{slash}{entry.name}/", ""
        elif not endings or entry.name.lower().endswith(endings):
            yield f"{folder}{slash}{entry.name}", ""


def _subjects(context: click.Context, incomplete: str) -> Found:
    from netweight.report.terms import terms

    yield from networks(context, incomplete)
    yield from ((name, term.subject) for name, term in terms().items())
    yield "op", "an operator: its rules"


def _named() -> str:
    """The built-in network or stored report that is named; empty if none is."""
    found = (word for word in written.get() if word.partition(":")[0] in zoo.names() or word.endswith(".json"))
    return next(found, "")


def _layers(_context: click.Context, _incomplete: str) -> Found:
    """Layers and modules of the network that is named, if it is built in or a stored report."""
    from netweight.app.weigh import weigh

    if "op" in written.get():
        from netweight.ops import REGISTRY

        yield from ((name, "") for name in REGISTRY)
    elif named := _named():
        profile = weigh(named)
        yield from ((row.layer, row.op) for row in profile.layers)
        yield from ((row.module, row.kind) for row in profile.modules if row.module)
        if "explain" in written.get():
            yield from ((total, "of the network") for total in ("total", "params", "macs", "flops", "peak", "traffic"))


def _columns(_context: click.Context, incomplete: str) -> Found:
    """One column more, behind those that are written."""
    from netweight.report.columns import COLUMNS

    start = incomplete[: incomplete.rfind(",") + 1]
    given = start.split(",")
    yield from ((start + key, column.title) for key, column in COLUMNS.items() if key not in given)


def _sorts(_context: click.Context, _incomplete: str) -> Found:
    from netweight.report.columns import COLUMNS

    yield from ((key, column.title) for key, column in COLUMNS.items() if column.order is not None)


def _devices(_context: click.Context, _incomplete: str) -> Found:
    from netweight.analysis.devices.table import names

    yield from names().items()
    yield "detect", "this machine"


def _engines(_context: click.Context, _incomplete: str) -> Found:
    from netweight.engines.table import ENGINES

    yield from ((name, "") for name in ENGINES)


def _conventions(_context: click.Context, _incomplete: str) -> Found:
    from netweight.analysis.conventions import CONVENTIONS

    yield from ((name, "") for name in CONVENTIONS)
    if "memory" in written.get():
        yield "training", "a step of training"


def _optimizers(_context: click.Context, _incomplete: str) -> Found:
    from netweight.analysis.optimizers import OPTIMIZERS

    yield from ((name, "") for name in OPTIMIZERS)


def _inputs(_context: click.Context, _incomplete: str) -> Found:
    """The published input of a built-in network."""
    name = _named().partition(":")[0]
    if name in zoo.names():
        spec = zoo.description(name).input
        yield "x".join(map(str, spec.shape)), "as published"


def _bits(_context: click.Context, _incomplete: str) -> Found:
    yield from (("8", "int8"), ("16", "float16"), ("w8a8", ""), ("w4a16", ""), ("w4g32", "4 bits, a scale for 32"))


def _limits(_context: click.Context, _incomplete: str) -> Found:
    yield from ((f"{name}=", limits.text(name)) for name in limits.DEFAULTS)


_KINDS: dict[str, Callable[[click.Context, str], Found]] = {
    "network": networks,
    "builtin": lambda _context, _incomplete: ((name, zoo.about(name)) for name in zoo.names()),
    "subject": _subjects,
    "layer": _layers,
    "columns": _columns,
    "sort": _sorts,
    "convention": _conventions,
    "device": _devices,
    "engine": _engines,
    "optimizer": _optimizers,
    "input": _inputs,
    "bits": _bits,
    "limit": _limits,
    "file": lambda _context, incomplete: _files(incomplete, ()),
}
