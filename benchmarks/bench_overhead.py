"""What `netweight bench` adds to a call: its own loop beside a bare one of the engine's call, in turns.

Both loops run in one process on one session, A B A B, so that both meet the same machine. Processor seconds per call
are compared, which other programs do not disturb: `python benchmarks/bench_overhead.py`. The loop with nothing in it
says what its two looks at the clock cost, and how little of that is noise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from netweight.analysis.devices.detect import machine
from netweight.app.prepared import prepared
from netweight.engines.table import engine as engine_of
from netweight.measuring.worker import timed

NETWORKS = ("lenet5", "mobilenet_v2", "resnet50")
_CHUNK_S = 0.1
_EMPTY = 100_000


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="onnxruntime")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()
    engine = engine_of(args.engine)
    empty = min(cpu_per_call(lambda: own(nothing, _EMPTY), _EMPTY) for _ in range(5))
    bare = min(cpu_per_call(lambda: plain(nothing, _EMPTY), _EMPTY) for _ in range(5))
    say(f"{machine().cpu}, {args.engine} {engine.version()}, one thread")
    say(f"a call of nothing: {1e9 * empty:.0f} ns in bench's loop, {1e9 * bare:.0f} ns in a bare one")
    for name in args.networks.split(","):
        with tempfile.TemporaryDirectory() as folder:
            network, _, _ = prepared("bench", name, None, Path(folder))
            session = engine.load(network, threads=1, precision=None)
            say(line(name, session.call, args.rounds, empty - bare))
            session.close()


def line(name: str, call: Callable[[], None], rounds: int, added_s: float) -> str:
    """Both loops on a network, and what the looks at the clock are of a call."""
    warm = min(timed(call, _CHUNK_S, 1000))
    calls = max(3, round(_CHUNK_S / warm))
    pairs = []
    for at in range(rounds):
        loops = [plain, own] if at % 2 else [own, plain]
        found = {loop: cpu_per_call(lambda loop=loop: loop(call, calls), calls) for loop in loops}
        pairs.append((found[plain], found[own]))
    bare = median(one for one, _ in pairs)
    apart = sorted(mine / theirs - 1 for theirs, mine in pairs)
    low, high = apart[len(apart) // 4], apart[-len(apart) // 4]
    return (
        f"{name}: bare {1e3 * bare:.4g} ms a call; bench {100 * median(apart):+.2f} % (middle half of {rounds} pairs "
        f"{100 * low:+.2f} to {100 * high:+.2f} %); its looks at the clock are {100 * added_s / bare:.4f} % of a call"
    )


def plain(call: Callable[[], None], calls: int) -> None:
    """A bare loop."""
    for _ in range(calls):
        call()


def own(call: Callable[[], None], calls: int) -> None:
    """The loop of bench, for so many calls."""
    timed(call, 3600.0, calls)


def nothing() -> None:
    """A call that does nothing."""


def cpu_per_call(loop: Callable[[], None], calls: int) -> float:
    """Processor seconds of a call."""
    start = time.process_time()
    loop()
    return (time.process_time() - start) / calls


def say(text: str) -> None:
    """On stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
