#!/usr/bin/env python3
"""A run of whole networks on the fast kernels beside ONNX Runtime's in fp32: batch 1, one thread, CPU time, in turns.

pip install 'netweight[onnx,fast]' onnxruntime
python benchmarks/runs.py [--rounds N] [--quick]
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
import onnxruntime
from timing import arguments, in_turns, markdown

import netweight
from netweight.runtime import run
from netweight.runtime.kernels import KERNELS

MODELS = ("mobilenet_v2", "alexnet", "vgg16", "resnet50")


def measured(model: str, rounds: int, folder: Path) -> tuple[str, ...]:
    """The row of a network."""
    graph = netweight.capture(model)
    weights = netweight.initialize(graph)
    name = graph.inputs[0]
    x = np.random.default_rng(0).normal(size=graph.spec(name).shape).astype(np.float32)
    path = folder / f"{model}.onnx"
    netweight.export(model, path, weights=weights)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: x}

    def ours() -> object:
        return run(graph, {name: x}, weights, kernels=KERNELS["fast"]).outputs[graph.outputs[0]]

    def theirs() -> object:
        return session.run(None, feeds)[0]

    expected = np.asarray(theirs())
    apart = float(np.abs(np.asarray(ours()) - expected).max() / np.abs(expected).max())
    seconds = in_turns({"ours": ours, "theirs": theirs}, rounds)
    mine, other = seconds["ours"], seconds["theirs"]
    return model, f"{1e3 * mine:.1f}", f"{1e3 * other:.1f}", f"{mine / other:.2f}", f"{apart:.0e}"


def main() -> None:
    """Print the table."""
    chosen = arguments(__doc__, rounds=9)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measured(model, chosen.rounds, Path(folder)) for model in (MODELS[:1] if chosen.quick else MODELS)]
    print(markdown(("network", "ours, ms", "ONNX Runtime, ms", "ratio", "apart"), rows))


if __name__ == "__main__":
    main()
