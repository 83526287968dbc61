"""CPU time of a cold start: what a user waits for before the first line.

    python benchmarks/start.py [--rounds N] [--quick]

User + system time of a child process, as the kernel counts it. The second table says which imports it is spent on.
"""

from __future__ import annotations

import functools
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping

from timing import arguments, in_turns, markdown

RUN = "from netweight.cli import main; main()"
BASELINE = "python -c pass"
TARGET_MS = 150
SHOWN = 15

COMMANDS = {
    BASELINE: ("pass",),
    'python -c "import click, rich.console, rich.table"': ("import click, rich.console, rich.table",),
    "netweight --help": (RUN, "--help"),
    "netweight alexnet": (RUN, "alexnet"),
    "netweight resnet50": (RUN, "resnet50"),
}


def environment(cache: str) -> dict[str, str]:
    """As installed: modules are compiled once, at the first start, and read from a cache afterwards."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": cache}


def start(words: tuple[str, ...], env: Mapping[str, str], *flags: str) -> str:
    """Run Python code with arguments; what it writes to stderr."""
    command = [sys.executable, *flags, "-c", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, text=True)
    return done.stderr


def child_seconds(job: Callable[[], object]) -> float:
    """User and system time of the child that ``job`` starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    job()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def start_table(env: Mapping[str, str], rounds: int) -> str:
    cases = {name: functools.partial(start, words, env) for name, words in COMMANDS.items()}
    seconds = in_turns(cases, rounds, cost=child_seconds)
    rows = []
    for name, cost in seconds.items():
        target = str(TARGET_MS) if name.startswith("netweight") else ""
        rows.append([f"`{name}`", f"{1e3 * cost:.0f}", f"{cost / seconds[BASELINE]:.1f}", target])
    return markdown(["command", "CPU ms", "ratio to an empty start", "target ms"], rows)


def import_table(env: Mapping[str, str], model: str) -> str:
    """The modules that take longest by themselves; wall time, measured by the interpreter, which slows it down."""
    lines = start((RUN, model), env, "-X", "importtime")
    found = re.findall(r"^import time:\s*(\d+) \|\s*(\d+) \|\s*(\S+)$", lines, re.MULTILINE)
    slowest = sorted(((int(own), int(whole), name) for own, whole, name in found), reverse=True)[:SHOWN]
    rows = [[f"`{name}`", f"{own / 1e3:.1f}", f"{whole / 1e3:.1f}"] for own, whole, name in slowest]
    everything = sum(int(own) for own, _, _ in found) / 1e3
    rows.append([f"all {len(found)} modules", f"{everything:.1f}", ""])
    return markdown([f"imported by `netweight {model}`", "own ms", "with what it imports"], rows)


def main(argv: list[str] | None = None) -> None:
    chosen = arguments(__doc__, rounds=21, argv=argv)
    with tempfile.TemporaryDirectory() as cache:
        env = environment(cache)
        print(start_table(env, chosen.rounds), end="\n\n")
        print(import_table(env, "alexnet"))


if __name__ == "__main__":
    main()
