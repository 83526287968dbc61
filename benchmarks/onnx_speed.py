"""How long it takes to count the MACs of an ONNX file, beside onnx-tool: loading the file, shapes and counts.

ResNet-50 and ViT-B/16 are exported by netweight, weights included; the transformers are written here, node by node as
PyTorch's exporter writes them. Files are loaded from disk every time; imports are left out, except in the last table.

    pip install netweight[onnx] onnx-tool
    python benchmarks/onnx_speed.py [--rounds N] [--quick]
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from start import child_seconds
from timing import arguments, in_turns, markdown

from netweight import export
from netweight.analysis.cost import weigh_graph
from netweight.sources.onnx import read_graph, read_model

TOKENS, WIDTH, HEADS = 16, 32, 4
PEER = "onnx-tool"


def layer(at: int, x: str) -> tuple[list[Any], list[Any], str]:
    """Nodes and weights of one layer that reads ``x``, and the name of its output."""
    nodes: list[Any] = []
    weights: list[Any] = []

    def stored(part: str, array: Any) -> str:
        weights.append(numpy_helper.from_array(np.asarray(array), f"layers.{at}.{part}"))
        return weights[-1].name

    def op(kind: str, *inputs: str, part: str, **attributes: Any) -> str:
        output = f"/layers.{at}/{part}/{kind}_output_{len(nodes)}"
        name = f"/layers.{at}/{part}/{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [output], name=name, **attributes))
        return output

    def linear(part: str, y: str, before: int, after: int) -> str:
        product = op("MatMul", y, stored(f"{part}.weight", np.ones((before, after), np.float32)), part=part)
        return op("Add", stored(f"{part}.bias", np.ones(after, np.float32)), product, part=part)

    def norm(part: str, y: str) -> str:
        scale, shift = (stored(f"{part}.{name}", np.ones(WIDTH, np.float32)) for name in ("weight", "bias"))
        return op("LayerNormalization", y, scale, shift, part=part)

    def shaped(part: str, y: str, *sizes: int) -> str:
        return op("Reshape", y, stored(f"{part}.{len(nodes)}", np.array(sizes, np.int64)), part=part)

    y = norm("norm1", x)
    heads = []
    for name, order in (("q", (0, 2, 1, 3)), ("k", (0, 2, 3, 1)), ("v", (0, 2, 1, 3))):
        part = shaped("attn", linear(f"attn.{name}", y, WIDTH, WIDTH), 1, TOKENS, HEADS, WIDTH // HEADS)
        heads.append(op("Transpose", part, part="attn", perm=order))
    q, k, v = heads
    q = op("Mul", q, stored("attn.scale", np.float32(0.35)), part="attn")
    seen = op("Softmax", op("MatMul", q, k, part="attn"), part="attn", axis=-1)
    mixed = op("Transpose", op("MatMul", seen, v, part="attn"), part="attn", perm=(0, 2, 1, 3))
    x = op("Add", x, linear("attn.proj", shaped("attn", mixed, 1, TOKENS, WIDTH), WIDTH, WIDTH), part="attn")
    y = linear("mlp.fc1", norm("norm2", x), WIDTH, 4 * WIDTH)
    y = op("Relu", y, part="mlp")
    return nodes, weights, op("Add", x, linear("mlp.fc2", y, 4 * WIDTH, WIDTH), part="mlp")


def transformer(path: Path, nodes: int) -> None:
    """A file of a transformer with about that many nodes."""
    every: list[Any] = []
    stored: list[Any] = []
    x, at = "x", 0
    while len(every) < nodes:
        more, weights, x = layer(at, x)
        every += more
        stored += weights
        at += 1
    shape = (1, TOKENS, WIDTH)
    entry, output = (helper.make_tensor_value_info(name, 1, shape) for name in ("x", x))
    graph = helper.make_graph(every, "transformer", [entry], [output], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)


def ours(path: Path) -> int:
    return int(weigh_graph(read_graph(read_model(path)).graph).totals.macs)


def theirs(path: Path) -> int:
    import onnx_tool

    with contextlib.redirect_stdout(io.StringIO()):
        graph = onnx_tool.Model(str(path)).graph
        graph.shape_infer({})
        graph.profile()
    return int(sum(graph.macs))


def compared(paths: dict[str, Path], rounds: int) -> str:
    """Milliseconds of both tools, and ours as a share of theirs."""
    rows = []
    for name, path in paths.items():
        cases: dict[str, Callable[[], object]] = {
            "ours": lambda path=path: ours(path),
            PEER: lambda path=path: theirs(path),
        }
        seconds = in_turns(cases, rounds)
        count = len(onnx.load(path, load_external_data=False).graph.node)
        mine, peer = seconds["ours"], seconds[PEER]
        megabytes = f"{path.stat().st_size / 1e6:.1f}"
        macs = [f"{ours(path) / 1e9:.3f}", f"{theirs(path) / 1e9:.3f}"]
        rows.append(
            [name, f"{count:,}", megabytes, *macs, f"{1000 * mine:.0f}", f"{1000 * peer:.0f}", f"{mine / peer:.2f}"]
        )
    titles = ["model", "nodes", "MB", "GMACs", f"{PEER} GMACs", "netweight ms", f"{PEER} ms", "ratio"]
    return markdown(titles, rows)


def lengths(paths: dict[int, Path], rounds: int) -> str:
    """Time per node of files of several lengths."""
    seconds = in_turns({nodes: (lambda path=path: ours(path)) for nodes, path in paths.items()}, rounds)
    rows = [[f"{nodes:,}", f"{1000 * took:.0f}", f"{1e6 * took / nodes:.0f}"] for nodes, took in seconds.items()]
    return markdown(["nodes", "ms", "us per node"], rows)


def command(path: Path, rounds: int) -> str:
    """CPU of the whole command, start to finish, and what it imports."""
    code = "import sys; from netweight.cli.main import run; run([sys.argv[1]]); print('torch' in sys.modules)"

    def start() -> str:
        done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
        return done.stdout.splitlines()[-1]

    seconds = in_turns({"netweight model.onnx": start}, rounds, cost=child_seconds)
    rows = [[name, f"{1000 * took:.0f}", start()] for name, took in seconds.items()]
    return markdown(["command, 500 nodes", "CPU ms", "torch imported"], rows)


def main() -> None:
    chosen = arguments(__doc__, rounds=5)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        sizes = (500, 1000) if chosen.quick else (500, 1000, 5000, 20_000)
        chains = {nodes: Path(folder) / f"transformer{nodes}.onnx" for nodes in sizes}
        for nodes, path in chains.items():
            transformer(path, nodes)
        networks = {}
        for name in () if chosen.quick else ("resnet50", "vit_b_16"):
            networks[name] = Path(folder) / f"{name}.onnx"
            export(name, networks[name], external=False)
        size = sizes[-2] if not chosen.quick else sizes[0]
        networks[f"transformer of {size:,} nodes"] = chains[size]
        print(compared(networks, chosen.rounds))
        print()
        print(lengths({nodes: path for nodes, path in chains.items() if nodes > sizes[0]}, chosen.rounds))
        print()
        print(command(chains[sizes[0]], chosen.rounds))


if __name__ == "__main__":
    main()
