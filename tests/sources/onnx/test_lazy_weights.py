"""Large weights stay in the file: what is read, put together again, is what protobuf reads."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from google.protobuf.message import DecodeError  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import files, read_graph, read_model  # noqa: E402
from netweight.sources.onnx.lazy_weights import is_cut, restore_all, without_weights  # noqa: E402

WEIGHTS = np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32)


def model() -> Any:
    small = numpy_helper.from_array(np.ones(32, np.float32), "b")
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Gemm", ["h", "v"], ["y"])]
    entry, output = (helper.make_tensor_value_info(name, 1, (1, size)) for name, size in (("x", 64), ("y", 3)))
    stored = [numpy_helper.from_array(WEIGHTS, "w"), small, helper.make_tensor("v", 1, (32, 3), [0.5] * 96)]
    graph = helper.make_graph(nodes, "g", [entry], [output], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small file that is read as if it were a large one."""
    monkeypatch.setattr(files, "_WALKED", 1)
    monkeypatch.setattr(files, "_LARGE", 1000)
    file = tmp_path / "model.onnx"
    file.write_bytes(model().SerializeToString())
    return file


def test_only_what_is_large_and_raw_is_cut(path: Path) -> None:
    """w has 64 x 32 x 4 = 8,192 bytes; b is small; v is written as numbers of the field ``float_data``."""
    read = read_model(path)
    assert [is_cut(stored) for stored in read.graph.initializer] == [True, False, False]
    assert path.stat().st_size - read.ByteSize() > 7_500
    graph = read_graph(read)
    np.testing.assert_array_equal(graph.weights()["w"], WEIGHTS)
    restore_all(read)
    assert read == model()


def test_a_file_that_changed_is_noticed(path: Path) -> None:
    read = read_model(path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(FormatError, match=r"expected .*model.onnx' as it was when the model was read, got one written"):
        read_graph(read).weights()
    path.unlink()
    with pytest.raises(FormatError, match=r"expected the weights in .*model.onnx', got none: No such file"):
        read_graph(read).weights()


def test_another_model_saved_over_it_is_noticed(path: Path) -> None:
    """Of the same size: only when it was written tells them apart."""
    read, before = read_model(path), path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(FormatError, match="as it was when the model was read"):
        read_graph(read).weights()


def test_a_file_name_that_is_no_text(path: Path) -> None:
    """Bytes of Latin-1, as an old archive has them."""
    odd = path.rename(path.with_name(os.fsdecode(b"mod\xe8le of 1.onnx")))
    np.testing.assert_array_equal(read_graph(read_model(odd)).weights()["w"], WEIGHTS)


def test_a_weight_that_says_it_lies_elsewhere_is_not_cut(tmp_path: Path) -> None:
    made = model()
    made.graph.initializer[0].data_location = 1
    file = tmp_path / "model.onnx"
    file.write_bytes(made.SerializeToString())
    assert without_weights(file, least=1000) is None


def test_broken_files_are_broken_either_way(tmp_path: Path) -> None:
    """Whatever is left out can be put in again, and protobuf refuses what it refuses without us."""
    whole = model().SerializeToString()
    file = tmp_path / "model.onnx"
    rng = random.Random(0)
    outcomes = {"same": 0, "refused": 0, "not cut": 0}
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 3))):
            at = rng.choice((rng.randrange(len(data)), rng.randrange(300), len(data) - 1 - rng.randrange(500)))
            data[at] = rng.randrange(256)
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)) :]
        file.write_bytes(bytes(data) or b"\0")
        outcomes[_outcome(file, bytes(data) or b"\0")] += 1
    assert min(outcomes.values()) > 30


def _outcome(file: Path, data: bytes) -> str:
    cut = without_weights(file, least=1000)
    if cut is None:
        return "not cut"
    expected, found = onnx.ModelProto(), onnx.ModelProto()
    try:
        expected.ParseFromString(data)
    except DecodeError:
        with pytest.raises(DecodeError):
            found.ParseFromString(cut)
        return "refused"
    found.ParseFromString(cut)
    restore_all(found)
    assert found.SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True)
    return "same"
