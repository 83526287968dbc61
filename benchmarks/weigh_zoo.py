"""CPU time of weighing: every built-in network, and chains that show how the time grows.

    python benchmarks/weigh_zoo.py [--rounds N] [--quick]

Each figure is ``netweight.weigh(name)`` in a process that has imported netweight: the network is described anew, then
weighed. ResNet-50 has a target.
"""

from __future__ import annotations

import functools

from timing import arguments, in_turns, markdown

import netweight
from netweight import build

TARGET_MS = {"resnet50": 60}
LENGTHS = (100, 1_000, 10_000, 100_000)
LONGEST_ROUNDS = 3  # the longest chain takes as long as everything else together
TITLES = ("network", "nodes", "ms", "us per node")


def chain(x: build.Symbol, *, nodes: int) -> build.Symbol:
    """Convolution and ReLU in turns."""
    for _ in range(nodes // 2):
        x = build.relu(build.conv2d(x, 8, kernel_size=3, padding=1))
    return x


def weigh_chain(nodes: int) -> netweight.Profile:
    return netweight.weigh(build.graph(chain, (1, 8, 16, 16), name="chain", nodes=nodes))


def zoo_table(names: list[str], rounds: int) -> str:
    nodes = {name: len(netweight.capture(name).nodes) for name in names}
    seconds = in_turns({name: functools.partial(netweight.weigh, name) for name in names}, rounds)
    rows = []
    for name, cost in seconds.items():
        bold = "**" if name in TARGET_MS else ""
        target = f" (target {TARGET_MS[name]})" if name in TARGET_MS else ""
        per_node = f"{1e6 * cost / nodes[name]:.0f}"
        rows.append([f"{bold}{name}{bold}", str(nodes[name]), f"{bold}{1e3 * cost:.1f}{bold}{target}", per_node])
    return markdown(TITLES, rows)


def chain_table(lengths: tuple[int, ...], rounds: int) -> str:
    seconds: dict[int, float] = {}
    for group, turns in ((lengths[:-1], rounds), (lengths[-1:], min(rounds, LONGEST_ROUNDS))):
        seconds |= in_turns({nodes: functools.partial(weigh_chain, nodes) for nodes in group}, turns)
    rows = [[f"chain of {n:,}", str(n), f"{1e3 * s:.1f}", f"{1e6 * s / n:.0f}"] for n, s in seconds.items()]
    return markdown(TITLES, rows)


def main(argv: list[str] | None = None) -> None:
    chosen = arguments(__doc__, rounds=15, argv=argv)
    names = ["lenet5", "alexnet", "resnet50"] if chosen.quick else [model.name for model in netweight.models()]
    print(zoo_table(names, chosen.rounds), end="\n\n")
    print(chain_table(LENGTHS[:2] if chosen.quick else LENGTHS, chosen.rounds))


if __name__ == "__main__":
    main()
