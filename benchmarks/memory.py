"""MiniMalloc's eleven placement problems, and problems of 20,000 buffers: height, bound and CPU time.

python benchmarks/memory.py                 the search on all of them; needs Numba for A to K
python benchmarks/memory.py --problems ADH  some of them
python benchmarks/memory.py --cp-sat 60     OR-Tools beside it, with so much deterministic time for each
python benchmarks/memory.py --quick         the small synthetic problems alone
"""

import argparse
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from netweight.placement import Buffer, Placement, best
from netweight.placement.csv_file import read
from netweight.placement.fast import compiled
from netweight.placement.restarts import fit_under
from netweight.placement.second_opinion import second_opinion

PROBLEMS = Path(__file__).parent.parent / "tests" / "placement" / "minimalloc"
CAPACITY = 1_048_576


def chain(count: int) -> list[Buffer]:
    """Residual blocks, some with a branch, one after the other."""
    draw, lives, step = random.Random(0), [], 0
    while len(lives) < count:
        size = draw.choice((16, 24, 32, 64, 96, 160)) * draw.choice((49, 196, 784)) * 4
        depth = draw.randint(2, 4)
        lives.append((step, step + depth + 2, size))
        lives.extend((step + at + 1, step + at + 3, size * draw.choice((1, 1, 2, 4, 6))) for at in range(depth))
        if draw.random() < 0.3:
            lives.append((step + 1, step + depth + 2, size // 2))
        step += depth + 1
    return [Buffer(str(number), *life) for number, life in enumerate(lives[:count])]


def training(count: int) -> list[Buffer]:
    """Activations that live until their gradient is made, and the gradients."""
    draw, lives, last = random.Random(0), [], count
    for step in range(count // 2):
        size = draw.choice((16, 32, 64, 96)) * draw.choice((49, 196, 784)) * 4
        lives += [(step, last - step, size), (last - step - 1, last - step + 1, size)]
    return [Buffer(str(number), *life) for number, life in enumerate(lives)]


def row(name: str, buffers: list[Buffer], plan: Callable[[], Placement]) -> Placement:
    """Print a line of the table."""
    start = time.process_time()
    found = plan()
    spent = time.process_time() - start
    above = 100 * (found.height / found.lower_bound - 1)
    cells = (name, len(buffers), f"{found.height:,}", f"{found.lower_bound:,}", f"{above:.2f}", found.method)
    print("|", " | ".join(map(str, (*cells, f"{found.nodes:,}", f"{spent:.2f}"))), "|", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", default="ABCDEFGHIJK")
    parser.add_argument("--nodes", type=int, default=500_000, help="placements to try for each")
    parser.add_argument("--cp-sat", type=float, default=0, metavar="EFFORT")
    parser.add_argument("--lowest", action="store_true", help="go on below the capacity")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    print("| problem | buffers | bytes | bound | above, % | method | nodes | CPU, s |")
    print("|---|---:|---:|---:|---:|---|---:|---:|")
    capacity = None if asked.lowest else CAPACITY
    if not asked.quick:
        fit_under([Buffer("a", 0, 1, 1)], 1, 1, **compiled())  # what is compiled once is not of the first problem
        for name in asked.problems:
            buffers = list(read(PROBLEMS / f"{name}.1048576.csv"))
            row(name, buffers, partial(best, buffers, capacity=capacity, nodes=asked.nodes))
            if asked.cp_sat:
                row(name, buffers, partial(second_opinion, buffers, capacity=capacity, effort=asked.cp_sat))
    for made in (chain, training):
        buffers = made(500 if asked.quick else 20_000)
        row(made.__name__, buffers, partial(best, buffers))


if __name__ == "__main__":
    main()
