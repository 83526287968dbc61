"""Files of ``netweight memory --plan``: a memory plan for a runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netweight.app.arena import arena_of_file, arena_of_memory, file_with_plan
from netweight.app.identify import TfliteFile, resolve
from netweight.cli.streams import say
from netweight.errors import UsageError
from netweight.files import whole_file
from netweight.report.header import to_header
from netweight.results.arena import Arena
from netweight.results.memory import Memory

FORMS = (".tflite", ".h", ".json")
_AS_IT_STANDS = ("inputs", "dims", "batch", "bits", "training", "reorder", "as_written", "conventions")
"""Options under which a plan would not be that of the file."""


def check_plans(model: str, names: Sequence[str], flags: Mapping[str, Any]) -> None:
    """Refuse what no plan is written for, before anything is measured.

    Args:
        model: The model as it was named.
        names: Files to write.
        flags: Options of the command.

    Raises:
        UsageError: If a file is of no form that is known, or the model, or an option, is none for it.
    """
    for name in names:
        if Path(name).suffix.lower() not in FORMS:
            raise UsageError(f"plan: expected a file name ending in {', '.join(FORMS)}, got {Path(name).name!r}")
    file = names and isinstance(resolve(model), TfliteFile)
    into = next((name for name in names if Path(name).suffix.lower() == ".tflite"), None)
    if into is not None and not file:
        raise UsageError(
            f"plan: expected a TFLite model to write {Path(into).name!r} from, got {model}", fix="--plan plan.json"
        )
    if names and flags["patches"]:
        raise UsageError("plan: expected a network that runs as a whole, got --patches", fix="leave one of them out")
    given = next((name for name in _AS_IT_STANDS if flags[name]), None) if file else None
    if given is not None and not (given == "conventions" and flags[given] == ("tflm",)):
        option = {"inputs": "input", "dims": "dim", "conventions": "convention"}.get(given, given)
        raise UsageError(f"plan: expected a TFLite model as its file has it, got --{option.replace('_', '-')}")


def plan_of(model: str, found: Memory) -> Arena:
    """The plan: of a TFLite file that of its tensors, else that of the convention that is shown.

    Args:
        model: The model as it was named.
        found: What was measured.

    Raises:
        NetweightError: If there is no plan.
    """
    what = resolve(model)
    return arena_of_file(what.path) if isinstance(what, TfliteFile) else arena_of_memory(found)


def write_plans(model: str, names: Sequence[str], arena: Arena) -> None:
    """Write the files, each whole or not at all, and none if one of them cannot be made.

    Args:
        model: The model as it was named.
        names: Files to write.
        arena: The plan.

    Raises:
        UsageError: If one cannot be written.
        FormatError: If the plan cannot be put into the model's file.
    """
    contents = {Path(name): _content(Path(name).suffix.lower(), model, arena) for name in names}
    proved = "proved optimal" if arena.proved_optimal else f"no plan takes less than {arena.lower_bound_bytes:,}"
    alone = "" if arena.runtime_bytes is None else f"; the interpreter alone takes {arena.runtime_bytes:,}"
    for path, content in contents.items():
        with whole_file(path) as file:
            file.write(content)
        say(f"{path}: {len(arena.tensors)} tensors in an arena of {arena.arena_bytes:,} bytes, {proved}{alone}")


def _content(form: str, model: str, arena: Arena) -> bytes:
    match form:
        case ".json":
            return (arena.to_json() + "\n").encode()
        case ".h":
            return to_header(arena).encode()
        case _:
            return file_with_plan(Path(model), arena)
