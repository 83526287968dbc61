"""Every operator by itself: shapes, types and numbers are those of LiteRT."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.sources.tflite.operators import CASES, Case

from netweight import runtime
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import Read, read_network

litert = pytest.importorskip("ai_edge_litert.interpreter", reason="the witness is LiteRT: pip install ai-edge-litert")


def interpreter(data: bytes, *, reference: bool) -> Any:
    """LiteRT's reference kernels, or those that it takes itself."""
    kinds = litert.OpResolverType
    which = kinds.BUILTIN_REF if reference else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    made = litert.Interpreter(model_content=data, experimental_op_resolver_type=which, num_threads=1)
    made.allocate_tensors()
    return made


def drawn(shape: Any, dtype: Any, seed: int) -> np.ndarray:
    """Numbers that every operator takes: reals from 0.1 to 2, integers from 0 on where they may be positions."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.random(shape) < 0.5
    if kind.kind == "c":
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(kind)
    if kind.kind == "f":
        return rng.uniform(0.1, 2, shape).astype(kind)
    return rng.integers(0 if kind.itemsize > 1 else np.iinfo(kind).min, 4 if kind.itemsize > 1 else 127, shape).astype(
        kind
    )


def both(data: bytes, *, reference: bool) -> tuple[Read, list[np.ndarray], list[np.ndarray]]:
    """What we read, what LiteRT makes of drawn inputs, and what we make of them."""
    theirs = interpreter(data, reference=reference)
    read = read_network(parse_model(data))
    given = {}
    for at, (name, detail) in enumerate(zip(read.graph.inputs, theirs.get_input_details(), strict=True)):
        given[name] = drawn(detail["shape"], detail["dtype"], at)
        theirs.set_tensor(detail["index"], given[name])
    theirs.invoke()
    expected = [theirs.get_tensor(detail["index"]) for detail in theirs.get_output_details()]
    done = runtime.run(read.graph, given, read.weights())
    return read, expected, list(done.outputs.values())


@pytest.mark.parametrize("label", sorted(CASES))
def test_litert_computes_the_same(label: str) -> None:
    case: Case = CASES[label]
    _, expected, found = both(case.file(), reference=case.reference)
    assert [(y.shape, y.dtype) for y in found] == [(y.shape, y.dtype) for y in expected]
    for y, z in zip(found, expected, strict=True):
        if case.values and z.dtype.kind in "iu" and z.dtype.itemsize <= 2:
            assert np.abs(y.astype(int) - z.astype(int)).max(initial=0) <= 1
        elif case.values:
            np.testing.assert_allclose(y, z, rtol=2e-5, atol=2e-5)


if __name__ == "__main__":  # the files, to look at
    for label, case in CASES.items():
        Path(f"{label}.tflite").write_bytes(case.file())
