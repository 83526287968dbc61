"""Reads broken copies of TFLite files until told to stop; what is no answer is printed with the seed of it.

    python -W ignore tests/sources/tflite/fuzz.py --seconds 30 --seed 0 [--cases N] [--only SEED]

An answer is a profile, or an error of netweight. Anything else that is raised, a case that takes longer than
``--limit`` seconds of CPU, and one that needs more memory than the process may have, are failures: exit status 1.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from netweight.analysis.cost import weigh_graph
from netweight.errors import NetweightError
from netweight.sources.tflite.flat import Flat
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import read_network

ROOT = Path(__file__).parents[3]
MEMORY = 4 << 30
NASTY = (
    -(1 << 63),
    -(1 << 31),
    -129,
    -2,
    -1,
    0,
    1,
    2,
    3,
    4,
    7,
    127,
    128,
    255,
    1 << 16,
    (1 << 31) - 1,
    1 << 40,
    1 << 62,
)
NASTY_FLOATS = (0.0, -1.0, 1e-30, 0.5, 1e38, float("inf"), float("nan"))


class TooLongError(BaseException):
    """A case took longer than it may; no ``except Exception`` on the way catches it."""


class Noting(Flat):
    """Notes where each number of the file's structure lies, offsets and lengths too."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.places: list[tuple[str, int]] = []

    def number(self, letter: str, at: int) -> Any:
        self.places.append((letter, at))
        return super().number(letter, at)

    def _vector(self, kind: str, start: int) -> Any:
        found = super()._vector(kind, start)
        if kind in "iqf" and len(kind) == 1:
            width = struct.calcsize(f"<{kind}")
            self.places += [(kind, start + 4 + width * at) for at in range(min(len(found), 64))]
        return found


def files() -> list[tuple[str, bytes]]:
    """One file for each operator, and the small networks."""
    sys.path.insert(0, str(ROOT))
    from tests.sources.tflite.operators import CASES

    made = [(label, case.file()) for label, case in sorted(CASES.items())]
    networks = sorted((ROOT / "tests" / "models" / "tflite").glob("*.tflite"))
    return made + [(path.stem, path.read_bytes()) for path in networks]


def mutated(data: bytes, places: list[tuple[str, int]], rng: random.Random) -> bytes:
    """A broken copy: cut, bytes flipped, or numbers of the structure replaced by others, or by their neighbours."""
    broken = bytearray(data)
    kind = rng.random()
    if kind < 0.1:
        return bytes(broken[: rng.randrange(len(broken))])
    if kind < 0.25:
        for _ in range(rng.choice((1, 1, 2, 5, 40))):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        return bytes(broken)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        letter, at = rng.choice(places)
        _, other = rng.choice(
            [place for place in rng.sample(places, min(50, len(places))) if place[0] == letter] or places
        )
        width = struct.calcsize(f"<{letter}")
        if rng.random() < 0.4:
            broken[at : at + width] = data[other : other + width]
        elif letter in "fd":
            struct.pack_into(f"<{letter}", broken, at, rng.choice(NASTY_FLOATS))
        else:
            number = rng.choice((*NASTY, rng.randrange(-16, 64), len(data) - at))
            broken[at : at + width] = (number % (1 << 8 * width)).to_bytes(width, "little")
    return bytes(broken)


def attempt(broken: bytes) -> str:
    """Weigh it and say what came out: ``profile``, or the class of the error."""
    try:
        read = read_network(parse_model(broken))
        weigh_graph(read.graph)
    except NetweightError as error:
        str(error)
        return type(error).__name__
    return "profile"


def _late(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TooLongError


def main() -> int:
    """Run until the time is over, or a case fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--cases", type=int, default=1 << 62)
    parser.add_argument("--limit", type=float, default=10)
    parser.add_argument("--only", type=int)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _late)
    sources = []
    for label, data in files():
        noting = Noting(data)
        noting.root("Model", b"TFL3")
        sources.append((label, data, noting.places))
    found: Counter[str] = Counter()
    end, seed, failures = time.monotonic() + asked.seconds, asked.seed if asked.only is None else asked.only, 0
    while sum(found.values()) < asked.cases and time.monotonic() < end:
        rng = random.Random(seed)
        label, data, places = rng.choice(sources)
        broken = mutated(data, places, rng)
        signal.setitimer(signal.ITIMER_VIRTUAL, asked.limit)
        try:
            answer = attempt(broken)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            answer = f"FAILED {type(error).__name__}"
            failures += 1
            sys.stdout.write(f"seed {seed}, {label}: {type(error).__name__}: {error}\n")
            traceback.print_exc(limit=-6)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        found[answer] += 1
        if asked.only is not None:
            break
        seed += 1
    sys.stdout.write(f"{dict(found)} seeds {asked.seed} to {seed - 1}\n")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
